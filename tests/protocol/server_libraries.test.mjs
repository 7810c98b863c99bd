// SPDX-License-Identifier: MIT
//
// npm's `pusher`, the stock server library for Node, against the HTTP API. PHP's are in tests/php.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import Pusher from 'pusher';
import nacl from 'tweetnacl';

import { Client } from './support/client.mjs';
import { ran } from './support/compatibility.mjs';
import { APP, withRelay } from './support/relay.mjs';
import { until } from './support/wait.mjs';
import { Receiver } from './support/webhook.mjs';

const VERSION = createRequire(import.meta.url)('pusher/package.json').version;
const MASTER = Buffer.alloc(32, 'k').toString('base64');

withRelay('npm pusher', async (context) => {
  context.hook = await Receiver.start();
  return { args: ['--subscription-count', 'true', '--webhooks', `${context.hook.url} channel:private-hooked`] };
}, (context) => {
  let pusher;
  let client;
  const options = () => ({ appId: APP.id, key: APP.key, secret: APP.secret, host: '127.0.0.1', port: context.relay.port, useTLS: false });
  const json = async (response) => {
    assert.equal((await response).status, 200);
    return (await response).json();
  };
  /** What was published on a channel up to now, as [name, data]. */
  const heard = async (channel, whose = client) => (await whose.settle())
    .filter((frame) => frame.channel === channel && !frame.event.startsWith('pusher')).map(({ event, data }) => [event, data]);
  /** Counts follow the sockets of other workers a moment later. */
  const counted = (count) => until(async () =>
    (await json(pusher.get({ path: '/channels/a', params: { info: 'subscription_count' } }))).subscription_count === count, `${count} subscriptions`);
  const refused = (status, call) => assert.rejects(call, (error) => {
    assert.equal(error.status, status, `${error.stack} ${error.body}`);
    assert.ok(error.body.length > 10, error.body);
    return true;
  });

  before(async () => {
    pusher = new Pusher(options());
  });
  after(() => context.hook.stop());

  test('questions to an empty server', async () => {
    assert.deepEqual(await json(pusher.get({ path: '/channels' })), { channels: {} });
    assert.deepEqual(await json(pusher.get({ path: '/channels', params: { filter_by_prefix: 'presence-', info: 'user_count' } })), { channels: {} });
    assert.deepEqual(await json(pusher.get({ path: '/channels/nobody' })), { occupied: false });
    assert.deepEqual(await json(pusher.get({ path: '/channels/presence-nobody/users' })), { users: [] });
    client = await Client.connect(context.relay);
    await client.subscribe('a');
  });

  test('trigger(): one channel, several, without the sender, with info', async () => {
    const other = await Client.connect(context.relay);
    await other.subscribe('a');
    await counted(2);
    await client.settle();
    assert.deepEqual(await json(pusher.trigger('a', 'ev', { msg: 'é/\u2028"', n: 1.5 })), {});
    assert.deepEqual(await heard('a'), [['ev', JSON.stringify({ msg: 'é/\u2028"', n: 1.5 })]]);
    await pusher.trigger('a', 'text', 'as it is');
    assert.deepEqual(await heard('a'), [['text', 'as it is']]);
    await other.settle();
    await json(pusher.trigger(['a', 'b'], 'ev', 1, { socket_id: client.socketId }));
    assert.deepEqual(await heard('a'), []);
    assert.deepEqual(await heard('a', other), [['ev', '1']]);
    assert.deepEqual(await json(pusher.trigger(['a', 'empty'], 'ev', 2, { info: 'subscription_count' })),
      { channels: { a: { subscription_count: 2 }, empty: { subscription_count: 0 } } });
    await json(pusher.trigger(Array.from({ length: 100 }, (_, i) => `many-${i}`), 'ev', 3));
    await other.end();
    await counted(1);
    await client.settle();
  });

  test('triggerBatch(): ten events in order, ten of full size, with info', async () => {
    const batch = Array.from({ length: 10 }, (_, i) => ({ channel: 'a', name: `b${i}`, data: { i } }));
    assert.deepEqual(await json(pusher.triggerBatch(batch)), {});
    assert.deepEqual(await heard('a'), batch.map(({ name }, i) => [name, `{"i":${i}}`]));
    const full = batch.map(({ name }) => ({ channel: 'a', name, data: '"'.repeat(10240) }));
    await json(pusher.triggerBatch(full));
    assert.equal((await heard('a')).length, 10);
    const answer = await json(pusher.triggerBatch([{ channel: 'a', name: 'n', data: 1, info: 'subscription_count' }, { channel: 'b', name: 'n', data: 1 }]));
    assert.equal(answer.batch.length, 2);
    assert.equal(answer.batch[0].subscription_count, 1);
    assert.deepEqual(answer.batch[1], {});
    await refused(400, pusher.triggerBatch([...batch, batch[0]]));
    await client.settle();
  });

  test('users: sign-in, sendToUser(), terminateUserConnections()', async () => {
    const user = await Client.connect(context.relay);
    user.send({ event: 'pusher:signin', data: pusher.authenticateUser(user.socketId, { id: '42', user_info: { name: 'Zoë' } }) });
    await user.event('pusher:signin_success');
    await user.subscribe('#server-to-user-42');
    assert.deepEqual(await json(pusher.sendToUser('42', 'hi', { a: 1 })), {});
    assert.equal((await user.event('hi')).data, '{"a":1}');
    assert.deepEqual(await json(pusher.terminateUserConnections('43')), {});
    assert.deepEqual(await heard('#server-to-user-42', user), []);
    assert.deepEqual(await json(pusher.terminateUserConnections('42')), {});
    assert.equal((await user.closed()).code, 4009);
  });

  test('get(): channels, one channel, its users', async () => {
    const channel = 'presence-room';
    const { auth, channel_data: channelData } = pusher.authorizeChannel(client.socketId, channel, { user_id: '7', user_info: { name: 'Zoë' } });
    assert.equal((await client.subscribe(channel, { auth, channelData })).presence.count, 1);
    assert.deepEqual(await json(pusher.get({ path: '/channels', params: { filter_by_prefix: 'presence-', info: 'user_count' } })),
      { channels: { [channel]: { user_count: 1 } } });
    const one = await json(pusher.get({ path: `/channels/${channel}`, params: { info: ['user_count'] } }));
    assert.equal(one.occupied, true);
    assert.equal(one.user_count, 1);
    assert.deepEqual(await json(pusher.get({ path: `/channels/${channel}/users` })), { users: [{ id: '7' }] });
  });

  test('private and encrypted channels', async () => {
    await client.subscribe('private-x', pusher.authorizeChannel(client.socketId, 'private-x'));
    const secretive = new Pusher({ ...options(), encryptionMasterKeyBase64: MASTER });
    const channel = 'private-encrypted-x';
    const { auth, shared_secret: secret } = secretive.authorizeChannel(client.socketId, channel);
    await client.subscribe(channel, { auth });
    await json(secretive.trigger(channel, 'ev', { hello: 'world' }));
    const box = JSON.parse((await client.event('ev', channel)).data);
    const [text, nonce, key] = [box.ciphertext, box.nonce, secret].map((value) => new Uint8Array(Buffer.from(value, 'base64')));
    assert.equal(Buffer.from(nacl.secretbox.open(text, nonce, key)).toString(), '{"hello":"world"}');
  });

  test('webhook() takes a real webhook', async () => {
    const channel = 'private-hooked';
    await client.subscribe(channel, pusher.authorizeChannel(client.socketId, channel));
    const { headers, body } = await context.hook.request(APP);
    const webhook = pusher.webhook({ headers, rawBody: body.toString() });
    assert.ok(webhook.isValid());
    assert.equal(webhook.getEvents()[0].channel, channel);
    assert.equal(pusher.webhook({ headers, rawBody: `${body} ` }).isValid(), false);
  });

  test('refusals have a status and a sentence', async (t) => {
    await refused(413, pusher.trigger('a', 'ev', 'x'.repeat(10241)));
    await refused(400, pusher.trigger('c'.repeat(165), 'ev', 1));
    await refused(400, pusher.trigger('a', 'pusher:own', 1));
    await refused(400, pusher.get({ path: '/channels/a/users' }));
    await refused(400, pusher.get({ path: '/channels', params: { info: 'user_count' } }));
    await refused(401, new Pusher({ ...options(), secret: 'wrong' }).trigger('a', 'ev', 1));
    await refused(401, new Pusher({ ...options(), key: 'other' }).get({ path: '/channels' }));
    await refused(404, pusher.get({ path: '/nothing' }));
    await client.end();
    ran(t, 'pusher (npm)', VERSION, 'every call, webhook(), encrypted channels, refusals');
  });
});

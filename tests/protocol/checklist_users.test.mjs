// SPDX-License-Identifier: MIT
//
// Points 45 to 53 of the checklist: users, cache and encrypted channels. docs/compatibility.md is
// made from the names and results of these tests.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { test } from 'node:test';

import { api, events } from './support/api.mjs';
import { Client } from './support/client.mjs';
import { connected, disconnect, first, pusherJs, signUser, subscribed } from './support/pusher_js.mjs';
import { APP, withRelay } from './support/relay.mjs';
import { until } from './support/wait.mjs';
import { Receiver } from './support/webhook.mjs';

const require = createRequire(import.meta.url);
const Pusher = require('pusher');

const B8 = 'e0cd87b7b0b5d9a2be2505e7547f8819e3e08731fab6bdb64f33bf70f21c455c';
/* Vector E2: a master key, and the secret of the channel private-encrypted-bla that follows from it. */
const MASTER = Buffer.from('dGhpcyBpcyAzMiBieXRlcyAxMjM0NTY3ODkwMTIzNDU=', 'base64');
const SECRET = 'Lus02C2MQ8pkjER+4ia/35w+ih3DUMu0coDhmFkARQ0=';

const TTL_MS = 700;

withRelay('users and caches', {}, (context) => {
  let names = 0;
  const fresh = (name) => `${name}-${++names}`;
  const connect = (options) => Client.connect(context.relay, options);
  const end = (...clients) => Promise.all(clients.map((client) => client.end()));
  const publish = async (channel, name, data) => assert.equal((await events(context.relay, { name, channel, data })).status, 200);
  const stock = async (options) => {
    const client = pusherJs(context.relay, options);
    await connected(client);
    return client;
  };
  const signIn = async (client, userData) => {
    client.send({ event: 'pusher:signin', data: { auth: signUser(APP, client.socketId, userData), user_data: userData } });
    return client.event('pusher:signin_success');
  };

  test('point 45: sign-in answers signin_success with the same user_data string and no channel key', async () => {
    assert.equal(signUser(APP, '123456.7890', '{"id":"7"}'), `key1:${B8}`, 'vector B8');
    const client = await connect();
    for (const userData of ['{"id":"7"}', '{"id":"7","user_info":{"name":"Zo\\u00e9","url":"\\/"}}']) {
      const frame = await signIn(client, userData);
      assert.ok(!('channel' in frame));
      const data = typeof frame.data === 'string' ? JSON.parse(frame.data) : frame.data;
      assert.equal(data.user_data, userData);
    }
    client.send({ event: 'pusher:signin', data: { auth: `key1:${B8}`, user_data: '{"id":"7"}' } });
    await client.errorFrame();
    await end(client);
    const js = await stock({ user: { id: '7' } });
    js.signin();
    await until(() => js.user.user_data?.id === '7', 'pusher-js is signed in');
    await disconnect(js);
  });

  test('point 46: sign-in with a second, different id on the same connection fails with pusher:error', async () => {
    const client = await connect();
    await signIn(client, '{"id":"7"}');
    const userData = '{"id":"8"}';
    client.send({ event: 'pusher:signin', data: { auth: signUser(APP, client.socketId, userData), user_data: userData } });
    await client.errorFrame();
    assert.deepEqual(await client.settle(), []);
    await end(client);
  });

  test("point 47: after sign-in an event published to #server-to-user-7 reaches all that user's connections only", async () => {
    const [one, two, other] = [await stock({ user: { id: '7' } }), await stock({ user: { id: '7' } }), await stock({ user: { id: '8' } })];
    const stranger = await connect();
    const heard = [one, two, other].map((js) => js.inbox(js.user, 'hello'));
    for (const js of [one, two, other]) js.signin();
    const isReady = (js) => js.channel(`#server-to-user-${js === other ? 8 : 7}`)?.subscribed || js.user.serverToUserChannel?.subscribed;
    await until(() => [one, two, other].every(isReady), 'all are signed in');
    const library = new Pusher({ appId: APP.id, key: APP.key, secret: APP.secret, host: '127.0.0.1', port: String(context.relay.port), useTLS: false });
    await library.sendToUser('7', 'hello', { n: 1 });
    for (const inbox of heard.slice(0, 2)) assert.deepEqual((await first(inbox)).data, { n: 1 });
    await library.sendToUser('8', 'hello', { n: 2 });
    assert.deepEqual((await first(heard[2])).data, { n: 2 }, 'the first that the other user hears');
    assert.deepEqual(await stranger.settle(), []);
    await disconnect(one, two, other);
    await end(stranger);
  });

  test('point 48: watchlist: initial online and offline lists, then changes; more than 100 ids gives 4302 and a working sign-in', async () => {
    const [a, b] = [fresh('user'), fresh('user')];
    const watched = await connect();
    await signIn(watched, JSON.stringify({ id: a }));
    const js = await stock({ user: { id: fresh('watcher'), watchlist: [a, b] } });
    const online = js.inbox(js.user.watchlist, 'online');
    const offline = js.inbox(js.user.watchlist, 'offline');
    js.signin();
    assert.deepEqual((await first(online)).data.user_ids, [a]);
    assert.deepEqual((await first(offline)).data.user_ids, [b]);
    const [twice, again] = [await connect(), await connect()];
    for (const client of [twice, again]) await signIn(client, JSON.stringify({ id: b }));
    assert.deepEqual((await first(online)).data.user_ids, [b]);
    await end(twice);
    await end(watched);
    assert.deepEqual((await first(offline)).data.user_ids, [a], 'b still has a connection');
    await end(again);
    assert.deepEqual((await first(offline)).data.user_ids, [b]);
    await disconnect(js);

    const client = await connect();
    const many = Array.from({ length: 101 }, (_, i) => `many-${i}`);
    await signIn(client, JSON.stringify({ id: 'collector', watchlist: many }));
    assert.equal((await client.errorFrame()).code, 4302);
    const frame = await client.event('pusher_internal:watchlist_events');
    assert.ok(!('channel' in frame));
    assert.deepEqual(JSON.parse(frame.data).events, [{ name: 'offline', user_ids: many.slice(0, 100) }]);
    await end(client);
  });

  test('point 49: terminate_connections closes signed-in connections of that id and leaves presence-only ones', async () => {
    const [one, two, other, member] = [await connect(), await connect(), await connect(), await connect()];
    for (const client of [one, two]) await signIn(client, '{"id":"out"}');
    await signIn(other, '{"id":"in"}');
    await member.subscribe(fresh('presence-out'), { user: 'out' });
    const { status, body } = await api(context.relay, 'POST', '/apps/app1/users/out/terminate_connections', { body: '{}' });
    assert.deepEqual([status, body], [200, '{}']);
    for (const client of [one, two]) assert.equal((await client.closed()).code, 4009);
    for (const client of [other, member]) assert.deepEqual(await client.settle(), []);
    await end(other, member);
  });

  test('point 50: publish, then subscribe to cache-x: success, then the event with its real name, channel and data', async () => {
    for (const kind of ['cache', 'private-cache', 'presence-cache', 'private-encrypted-cache']) {
      const channel = fresh(kind);
      await publish(channel, 'old.event', 'gone');
      await publish(channel, 'App\\Events\\Price', '{"price":"1.0"}');
      const client = await connect();
      client.ask(channel, kind === 'presence-cache' ? { user: '1' } : {});
      await client.event('pusher_internal:subscription_succeeded', channel);
      assert.deepEqual(await client.settle(), [{ event: 'App\\Events\\Price', channel, data: '{"price":"1.0"}' }]);
      assert.deepEqual(client.raw.slice(1).map((text) => JSON.parse(text).event).slice(0, 2),
        ['pusher_internal:subscription_succeeded', 'App\\Events\\Price']);
      await end(client);
    }
    const channel = fresh('cache');
    await publish(channel, 'price', '{"price":2}');
    const js = await stock();
    const heard = js.inbox(js, 'price');
    await subscribed(js, channel);
    assert.deepEqual((await first(heard)).data, { price: 2 });
    await disconnect(js);
  });

  test('point 53: private-encrypted- data passes byte for byte and decrypts in pusher-js', async () => {
    const channel = 'private-encrypted-bla';
    assert.equal(createHash('sha256').update(channel).update(MASTER).digest('base64'), SECRET, 'vector E2');
    const [client, js] = [await connect(), await stock({ sharedSecret: () => SECRET })];
    await client.subscribe(channel);
    const heard = js.inbox(await subscribed(js, channel), 'secret');
    const text = JSON.stringify({ nonce: 'bm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5u', ciphertext: '8tUMLtD5UHhn0JUw87aCgAHb+gqForyITu3eApZVwt31' }).replaceAll('/', '\\/');
    await publish(channel, 'secret', text);
    assert.equal((await client.event('secret', channel)).data, text);
    assert.deepEqual((await first(heard)).data, { hello: 'world' }, 'vector E3');
    const library = new Pusher({ appId: APP.id, key: APP.key, secret: APP.secret, host: '127.0.0.1', port: String(context.relay.port),
      useTLS: false, encryptionMasterKeyBase64: MASTER.toString('base64') });
    await library.trigger(channel, 'secret', { from: 'npm' });
    assert.deepEqual((await first(heard)).data, { from: 'npm' });
    await disconnect(js);
    await end(client);
  });
});

let receiver;
withRelay('cache times', async () => {
  receiver = await Receiver.start();
  return { file: `[app:app1]\nkey = key1\nsecret = secret1\ncache_ttl_ms = ${TTL_MS}\nwebhooks = ${receiver.url} cache_miss\n`, apps: [] };
}, (context) => {
  const publish = (channel, name, data) => events(context.relay, { name, channel, data });

  test('point 51: an empty cache gives success, then pusher:cache_miss with data, and one webhook for many simultaneous misses', async () => {
    const channel = 'cache-empty';
    const clients = await Promise.all(Array.from({ length: 20 }, () => Client.connect(context.relay)));
    for (const client of clients) client.ask(channel);
    for (const client of clients) {
      await client.event('pusher_internal:subscription_succeeded', channel);
      assert.deepEqual(await client.event('pusher:cache_miss', channel), { event: 'pusher:cache_miss', channel, data: '{}' });
    }
    await receiver.event({ name: 'cache_miss', channel });
    const js = pusherJs(context.relay);
    await connected(js);
    const misses = js.inbox(js, 'pusher:cache_miss');
    await subscribed(js, 'cache-other');
    await first(misses);
    await receiver.event({ name: 'cache_miss', channel: 'cache-other' });
    assert.deepEqual(receiver.events.items, [], 'one event a channel');
    await disconnect(js);
    await Promise.all(clients.map((client) => client.end()));
  });

  test('point 52: a cached event disappears after its time and survives the last unsubscribe before that', async () => {
    const channel = 'cache-times';
    const start = performance.now();
    await publish(channel, 'e', 'x');
    const one = await Client.connect(context.relay);
    await one.subscribe(channel);
    const isEarly = performance.now() - start < TTL_MS - 50;
    if (isEarly) await one.event('e', channel);
    await one.end();
    const survivor = await Client.connect(context.relay);
    await survivor.subscribe(channel);
    const frame = await survivor.inbox.take(({ event }) => event === 'e' || event === 'pusher:cache_miss', 'the cached event');
    if (performance.now() - start < TTL_MS - 50) assert.equal(frame.event, 'e');
    await survivor.end();
    await until(async () => {
      const client = await Client.connect(context.relay);
      await client.subscribe(channel);
      const { event } = await client.inbox.take(({ event: name }) => name === 'e' || name === 'pusher:cache_miss', 'event or miss');
      await client.end();
      return event === 'pusher:cache_miss';
    }, 'the cached event is gone');
    assert.ok(performance.now() - start >= TTL_MS - 20, 'not before its time');
  });

  test('the webhook receiver is closed', () => receiver.stop());
});

// SPDX-License-Identifier: MIT
//
// Signing in: who is believed, what stays as it was when it fails, the user's own channel, and
// presence channels joined as the user.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Client } from './support/client.mjs';
import { counters, Publisher } from './support/publish.mjs';
import { APP, withRelay } from './support/relay.mjs';
import { signChannel, signUser } from './support/sign.mjs';
import { askSignIn, signIn } from './support/users.mjs';

withRelay('sign-in', {}, (context) => {
  const connect = () => Client.connect(context.relay);
  const endAll = (...clients) => Promise.all(clients.map((client) => client.end()));
  const askPresence = (client, channel) =>
    client.send({ event: 'pusher:subscribe', data: { channel, auth: signChannel(APP, client.socketId, channel) } });

  test('user_data comes back as the bytes that it was', async () => {
    const client = await connect();
    await signIn(client, '{ "id" : "7", "user_info":{"n":12345678901234567890,"u":"http:\\/\\/x\\u00e9"},"more":[1e400] }');
    await client.end();
  });

  test('what fails is told, counted, and leaves all as it was', async () => {
    const client = await connect();
    const before = await counters(context.relay);
    await client.subscribe('public');
    const good = signUser(APP, client.socketId, '{"id":"7"}');
    const wrong = [
      [undefined, null],
      ['{"id":"7"}', null],
      [{}, null],
      [{ auth: good }, null],
      [{ auth: good, user_data: { id: '7' } }, null],
      [{ auth: [good], user_data: '{"id":"7"}' }, null],
      [{ user_data: '{"id":"7"}' }, 4009],
      [{ auth: '', user_data: '{"id":"7"}' }, 4009],
      [{ auth: good.replace('key1', 'key2'), user_data: '{"id":"7"}' }, 4009],
      [{ auth: good, user_data: '{"id": "7"}' }, 4009],
      [{ auth: good.slice(0, -1), user_data: '{"id":"7"}' }, 4009],
      [{ auth: good.toUpperCase(), user_data: '{"id":"7"}' }, 4009],
    ];
    for (const [data, code] of wrong) {
      client.send({ event: 'pusher:signin', data });
      assert.equal((await client.errorFrame()).code, code, JSON.stringify(data));
    }
    for (const text of ['', 'x', '[]', '"7"', '{}', '{"id":7}', '{"id":null}', '{"id":""}', '{"id":true}', `{"id":"${'u'.repeat(129)}"}`,
      '{"id":"\\ud800"}', '{"id":"7","watchlist":"8"}', '{"id":"7","watchlist":[{}]}', '{"id":"7","watchlist":[""]}',
      `{"id":"7","user_info":"${'x'.repeat(1023)}"}`]) {
      askSignIn(client, text);
      assert.equal((await client.errorFrame()).code, null, text);
    }
    client.ask('#server-to-user-7');
    await client.errorFrame();
    askPresence(client, 'presence-a');
    await client.errorFrame();
    const after = await counters(context.relay);
    assert.equal(after('signin_errors') - before('signin_errors'), wrong.length + 15);
    assert.equal(after('signins'), before('signins'));
    await signIn(client, `{"id":"${'u'.repeat(128)}","user_info":"${'x'.repeat(1022)}"}`);
    assert.equal((await counters(context.relay))('signins') - before('signins'), 1);
    client.inbox.items.splice(0);
    assert.deepEqual(await client.settle(), []);
    await client.end();
  });

  test('the signature of another socket, or of a channel, is none', async () => {
    const [one, two] = [await connect(), await connect()];
    askSignIn(two, { id: '7' }, { auth: signUser(APP, one.socketId, '{"id":"7"}') });
    assert.match((await two.errorFrame()).message, /^Invalid signature/);
    askSignIn(two, { id: '7' }, { auth: signChannel(APP, two.socketId, 'presence-a', '{"id":"7"}') });
    assert.match((await two.errorFrame()).message, /^Invalid signature/);
    await endAll(one, two);
  });

  test('a repeated sign-in is fine, one as another user is refused and changes nothing', async () => {
    const client = await connect();
    await signIn(client, { id: '7', user_info: { v: 1 } });
    await signIn(client, { id: '7', user_info: { v: 2 } });
    askSignIn(client, { id: '8' });
    assert.match((await client.errorFrame()).message, /another user/);
    askPresence(client, 'presence-again');
    const frame = await client.event('pusher_internal:subscription_succeeded', 'presence-again');
    assert.deepEqual(JSON.parse(frame.data).presence.hash, { 7: { v: 2 } });
    await client.end();
  });

  test("only the user's own channel, and only after signing in", async () => {
    const client = await connect();
    client.ask('#server-to-user-7');
    await client.event('pusher_internal:subscription_error', '#server-to-user-7');
    await client.event('pusher:subscription_error', '#server-to-user-7');
    assert.equal((await client.errorFrame()).code, 4009);
    await signIn(client, { id: '7' });
    for (const name of ['#server-to-user-', '#server-to-user-8', '#server-to-user-77', '#server-to-user-7 ', '#server-to-user', '#x', '#',
      'x#server-to-user-7']) {
      client.ask(name);
      await client.errorFrame();
      await client.event('pusher:subscription_error', name);
    }
    assert.deepEqual(await client.subscribe('#server-to-user-7'), {});
    client.send({ event: 'client-x', channel: '#server-to-user-7', data: {} });
    assert.match((await client.errorFrame()).message, /private and presence channels only/);
    await client.end();
  });

  test('ids that no channel name can hold sign in, too', async () => {
    const client = await connect();
    await signIn(client, { id: 'a b/\u00e9' });
    client.ask('#server-to-user-a b/\u00e9');
    await client.errorFrame();
    askPresence(client, 'presence-odd');
    const frame = await client.event('pusher_internal:subscription_succeeded', 'presence-odd');
    assert.deepEqual(JSON.parse(frame.data).presence.ids, ['a b/\u00e9']);
    await client.end();
  });

  test("what is published to a user reaches all the user's subscribed connections and nobody else", async () => {
    const clients = [await connect(), await connect(), await connect(), await connect(), await connect()];
    const [one, two, other, silent, stranger] = clients;
    const publisher = await Publisher.connect(context.relay);
    for (const client of [one, two, silent]) await signIn(client, { id: 'u1' });
    await signIn(other, { id: 'u2' });
    for (const client of [one, two]) await client.subscribe('#server-to-user-u1');
    await other.subscribe('#server-to-user-u2');
    await publisher.publish('#server-to-user-u1', 'hello', { n: 1 });
    for (const client of [one, two]) {
      assert.deepEqual(await client.event('hello'), { event: 'hello', channel: '#server-to-user-u1', data: '{"n":1}' });
    }
    one.unsubscribe('#server-to-user-u1');
    await one.settle();
    await publisher.publish('#server-to-user-u1', 'hello', { n: 2 });
    await two.event('hello');
    for (const client of [one, other, silent, stranger]) assert.deepEqual(await client.settle(), []);
    publisher.close();
    await endAll(...clients);
  });

  test('presence without channel_data takes id and user_info of the sign-in', async () => {
    const [watcher, client] = [await connect(), await connect()];
    const channel = 'presence-user';
    await watcher.subscribe(channel, { user: 'w' });
    askPresence(client, channel);
    assert.match((await client.errorFrame()).message, /sign-in/);
    await signIn(client, '{"id":"7","user_info":{"n":12345678901234567890},"watchlist":[]}');
    askPresence(client, channel);
    const frame = await client.event('pusher_internal:subscription_succeeded', channel);
    assert.match(JSON.parse(frame.data).presence.ids.join(), /7/);
    const added = await watcher.event('pusher_internal:member_added', channel);
    assert.equal(added.data, '{"user_id":"7","user_info":{"n":12345678901234567890}}');
    client.send({ event: 'client-x', channel, data: {} });
    assert.equal((await watcher.event('client-x')).user_id, '7');
    await client.end();
    assert.equal((await watcher.event('pusher_internal:member_removed', channel)).data, '{"user_id":"7"}');
    await watcher.end();
  });

  test('presence with channel_data overrides, and must be signed with it', async () => {
    const client = await connect();
    const channel = 'presence-override';
    await signIn(client, { id: '7', user_info: { name: 'signed in' } });
    client.send({ event: 'pusher:subscribe', data: { channel, auth: signChannel(APP, client.socketId, channel), channel_data: '{"user_id":"9"}' } });
    assert.match((await client.errorFrame()).message, /^Invalid signature/);
    client.send({ event: 'pusher:subscribe', data: { channel, auth: signChannel(APP, client.socketId, channel, '{"user_id":"9"}') } });
    assert.match((await client.errorFrame()).message, /^Invalid signature/);
    const { presence } = await client.subscribe(channel, { user: '9', info: { name: 'given' } });
    assert.deepEqual(presence, { ids: ['9'], hash: { 9: { name: 'given' } }, count: 1 });
    await client.end();
  });

  test('a user that comes by sign-in and by channel_data is one member', async () => {
    const [one, two, watcher] = [await connect(), await connect(), await connect()];
    const channel = 'presence-one';
    await watcher.subscribe(channel, { user: 'w' });
    await signIn(one, { id: '7', user_info: { v: 1 } });
    askPresence(one, channel);
    await one.event('pusher_internal:subscription_succeeded', channel);
    const { presence } = await two.subscribe(channel, { user: 7, info: { v: 2 } });
    assert.equal(presence.count, 2);
    assert.deepEqual(presence.hash['7'], { v: 1 });
    await watcher.event('pusher_internal:member_added', channel);
    await one.end();
    await two.settle();
    assert.deepEqual(await watcher.settle(), []);
    await two.end();
    await watcher.event('pusher_internal:member_removed', channel);
    await watcher.end();
  });
});

withRelay('sign-in while keys are rotated', {
  apps: [],
  file: '[app:app1]\nkey = key2\nsecret = secret2\nprevious_key = key1\nprevious_secret = secret1\n',
}, (context) => {
  test('both pairs are believed, by whichever key the client connected', async () => {
    const pairs = [{ key: 'key1', secret: 'secret1' }, { key: 'key2', secret: 'secret2' }];
    for (const { key } of pairs) {
      for (const app of pairs) {
        const client = await Client.connect(context.relay, { key });
        await signIn(client, { id: '7' }, { app });
        client.app = app;
        await client.subscribe('private-a');
        await client.subscribe('presence-a', { user: '7' });
        for (const wrong of [{ key: 'key1', secret: 'secret2' }, { key: 'key2', secret: 'secret1' }]) {
          askSignIn(client, { id: '7' }, { app: wrong });
          assert.match((await client.errorFrame()).message, /^Invalid signature/);
        }
        askSignIn(client, { id: '7' }, { app: { key: 'key3', secret: 'secret1' } });
        assert.match((await client.errorFrame()).message, /^Invalid key/);
        await client.end();
      }
    }
  });
});

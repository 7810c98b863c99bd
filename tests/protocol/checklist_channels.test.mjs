// SPDX-License-Identifier: MIT
//
// Points 17 to 44 of the checklist: subscriptions, presence, client events. docs/compatibility.md is
// made from the names and results of these tests.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Client } from './support/client.mjs';
import { Publisher } from './support/publish.mjs';
import { connected, disconnect, first, pusherJs, signUser, subscribed } from './support/pusher_js.mjs';
import { APP, withRelay } from './support/relay.mjs';
import { hmac, signChannel } from './support/sign.mjs';
import { until } from './support/wait.mjs';

const QUIET = { id: 'quiet', key: 'quietkey', secret: 'secret2' };
const FILE = `[app:quiet]
key = quietkey
secret = secret2
client_events = false
`;

const B = { socket: '123456.7890', channel: 'private-orders.42', signature: 'bdd475f80b386ea44d12b6ac1f848ed2853eb632b576e891f6cc8daa57fae4b0' };

withRelay('channels', { file: FILE }, (context) => {
  let publisher;
  let rooms = 0;
  before(async () => { publisher = await Publisher.connect(context.relay); });
  after(() => publisher.close());

  const fresh = (name) => `${name}-${++rooms}`;
  const connect = (options) => Client.connect(context.relay, options);
  const end = (...clients) => Promise.all(clients.map((client) => client.end()));
  const stock = async (options) => {
    const client = pusherJs(context.relay, options);
    await connected(client);
    return client;
  };
  const join = async (channel, user, info) => {
    const client = await connect();
    client.presence = (await client.subscribe(channel, { user, info })).presence;
    return client;
  };
  /** The sentence of a refusal; the channel-level frames that come with it are checked and taken. */
  const refused = async (client, channel) => {
    const error = await client.errorFrame();
    await client.event('pusher_internal:subscription_error', channel);
    await client.event('pusher:subscription_error', channel);
    return error;
  };

  test('point 17: a public subscribe answers subscription_succeeded with channel and data "{}"', async () => {
    const client = await connect();
    client.ask('news');
    const frame = await client.event('pusher_internal:subscription_succeeded');
    assert.deepEqual(frame, { event: 'pusher_internal:subscription_succeeded', channel: 'news', data: '{}' });
    const js = await stock();
    assert.deepEqual((await subscribed(js, 'news')).succeeded, {});
    await disconnect(js);
    await end(client);
  });

  test('point 18: auth empty, null or absent is accepted for public channels', async () => {
    const client = await connect();
    for (const [i, auth] of [{ auth: '' }, { auth: null }, {}].entries()) {
      client.send({ event: 'pusher:subscribe', data: { channel: `open${i}`, ...auth } });
      await client.event('pusher_internal:subscription_succeeded', `open${i}`);
    }
    await end(client);
  });

  test('point 19: a private subscribe succeeds with the signature of this socket and fails with that of any other', async () => {
    assert.equal(signChannel(APP, B.socket, B.channel), `key1:${B.signature}`, 'vector B6');
    const [client, other] = [await connect(), await connect()];
    await client.subscribe(B.channel);
    other.ask(B.channel, { auth: `key1:${B.signature}` });
    assert.match((await refused(other, B.channel)).message, /Invalid signature/);
    other.ask(B.channel, { auth: signChannel(APP, client.socketId, B.channel) });
    assert.equal((await refused(other, B.channel)).code, 4009);
    const js = await stock();
    await subscribed(js, B.channel);
    await disconnect(js);
    await end(client, other);
  });

  test('point 20: a wrong key in auth fails even with a right signature', async () => {
    const client = await connect();
    const channel = fresh('private-key');
    const right = signChannel(APP, client.socketId, channel).split(':')[1];
    for (const key of ['quietkey', 'key', 'KEY1', '']) {
      client.ask(channel, { auth: `${key}:${right}` });
      assert.match((await refused(client, channel)).message, /\w/, key);
    }
    assert.deepEqual(await client.settle(), []);
    await end(client);
  });

  test('point 21: a presence signature is checked over the received channel_data bytes', async () => {
    for (const channelData of ['{"user_id":"a\\/b","user_info":{"u":"\\/"}}', '{"user_id":"7","user_info":{"name":"Zo\\u00e9"}}',
      '{ "user_id" : 7 , "user_info" : { "name" : "Zoë" } }']) {
      const client = await connect();
      await client.subscribe(fresh('presence-bytes'), { channelData });
      const channel = fresh('presence-bytes');
      client.ask(channel, { channelData: JSON.stringify(JSON.parse(channelData)), auth: signChannel(APP, client.socketId, channel, channelData) });
      if (JSON.stringify(JSON.parse(channelData)) !== channelData) await refused(client, channel);
      await end(client);
    }
  });

  test('point 22: channel_data sent on a private channel is part of the signed string', async () => {
    const client = await connect();
    await client.subscribe(fresh('private-data'), { channelData: '{"any":"thing"}' });
    const channel = fresh('private-data');
    client.ask(channel, { channelData: '{"any":"thing"}', auth: signChannel(APP, client.socketId, channel) });
    await refused(client, channel);
    await end(client);
  });

  test('point 23: a presence subscribe without channel_data fails unless the connection is signed in; then it uses the user', async () => {
    const client = await connect();
    const channel = fresh('presence-signed');
    client.ask(channel);
    await refused(client, channel);
    const userData = '{"id":"7","user_info":{"name":"A"}}';
    client.send({ event: 'pusher:signin', data: { auth: signUser(APP, client.socketId, userData), user_data: userData } });
    await client.event('pusher:signin_success');
    assert.deepEqual((await client.subscribe(channel)).presence, { ids: ['7'], hash: { 7: { name: 'A' } }, count: 1 });
    await end(client);
    const js = await stock({ user: { id: '9', info: { name: 'B' } }, channelData: false });
    js.signin();
    const room = await subscribed(js, fresh('presence-signed'));
    assert.deepEqual(room.members.me, { id: '9', info: { name: 'B' } });
    await disconnect(js);
  });

  test('point 24: a failed subscription leaves the connection open and other subscriptions alive', async () => {
    const client = await connect();
    const channel = fresh('alive');
    await client.subscribe(channel);
    client.ask('private-x', { auth: 'key1:00' });
    await refused(client, 'private-x');
    await publisher.publish(channel, 'e', 'still here');
    assert.equal((await client.event('e', channel)).data, 'still here');
    await end(client);
  });

  test('point 25: names with a space, slash, colon or more than 164 characters are refused, a,b;c=d@e.f_g-h is accepted', async () => {
    const client = await connect();
    for (const channel of ['a b', 'a/b', 'a:b', 'ä', '']) {
      client.ask(channel, { auth: '' });
      await refused(client, channel);
    }
    client.ask('x'.repeat(165));
    await client.errorFrame();
    await client.settle();
    for (const channel of ['a,b;c=d@e.f_g-h', 'x'.repeat(164)]) await client.subscribe(channel);
    await end(client);
  });

  test('point 26: names starting with # are refused except #server-to-user- of the signed-in user', async () => {
    const client = await connect();
    for (const channel of ['#other', '#server-to-user-7', '#server-to-user-']) {
      client.ask(channel);
      await client.errorFrame();
    }
    const userData = '{"id":"7"}';
    client.send({ event: 'pusher:signin', data: { auth: signUser(APP, client.socketId, userData), user_data: userData } });
    await client.event('pusher:signin_success');
    client.ask('#server-to-user-8');
    await client.errorFrame();
    await client.settle();
    assert.deepEqual(await client.subscribe('#server-to-user-7'), {});
    await end(client);
  });

  test('point 27: privatex and presence_x are public', async () => {
    const client = await connect();
    for (const channel of ['privatex', 'presence_x', 'private', 'presence', 'cachex']) {
      client.ask(channel, { auth: '' });
      assert.equal((await client.event('pusher_internal:subscription_succeeded', channel)).data, '{}');
    }
    assert.deepEqual(await client.settle(), []);
    await end(client);
  });

  test('point 28: unsubscribe stops delivery at once, has no reply, and is harmless for an unknown channel', async () => {
    const client = await connect();
    const channel = fresh('leave');
    await client.subscribe(channel);
    client.unsubscribe(channel);
    client.unsubscribe('never-joined');
    assert.deepEqual(await client.settle(), []);
    await publisher.publish(channel, 'e', 'x');
    assert.deepEqual(await client.settle(), []);
    await end(client);
  });

  test('point 29: a second subscribe to the same channel does not double deliveries', async () => {
    const client = await connect();
    const channel = fresh('twice');
    await client.subscribe(channel);
    client.ask(channel);
    await client.errorFrame();
    await publisher.publish(channel, 'e', '1');
    await publisher.publish(channel, 'last', '2');
    await client.event('last', channel);
    assert.deepEqual(client.inbox.items.map(({ event }) => event), ['e']);
    await end(client);
  });

  test('point 30: closing the socket removes all subscriptions within one loop turn', async () => {
    const watcher = await join('presence-all', 'w');
    const client = await connect();
    for (let i = 0; i < 50; i++) await client.subscribe(`all-${i}`);
    await client.subscribe('presence-all', { user: '7' });
    await watcher.event('pusher_internal:member_added');
    client.socket.terminate();
    await watcher.event('pusher_internal:member_removed');
    for (let i = 0; i < 50; i++) assert.equal(await publisher.publish(`all-${i}`, 'e', 'x'), 1);
    assert.deepEqual(await watcher.settle(), []);
    await end(watcher);
  });

  test("point 31: the joiner's own id is in ids, hash and count", async () => {
    const client = await join(fresh('presence-own'), '7', { name: 'A' });
    assert.deepEqual(client.presence, { ids: ['7'], hash: { 7: { name: 'A' } }, count: 1 });
    await end(client);
    const js = await stock({ user: { id: '9', info: { name: 'B' } } });
    const room = await subscribed(js, fresh('presence-own'));
    assert.deepEqual([room.members.count, room.members.me], [1, { id: '9', info: { name: 'B' } }]);
    await disconnect(js);
  });

  test('point 32: with two connections of user 7 others see one member_added and, after the last close, one member_removed', async () => {
    const channel = fresh('presence-two');
    const js = await stock({ user: { id: 'w' } });
    const room = await subscribed(js, channel);
    const [added, removed] = [js.inbox(room, 'pusher:member_added'), js.inbox(room, 'pusher:member_removed')];
    const [one, two] = [await join(channel, '7'), await join(channel, '7')];
    assert.equal((await first(added)).data.id, '7');
    await end(one);
    const marker = await join(channel, 'marker');
    assert.equal((await first(added)).data.id, 'marker');
    assert.equal(removed.items.length, 0);
    await end(two);
    assert.equal((await first(removed)).data.id, '7');
    assert.deepEqual([added.items, removed.items], [[], []]);
    await disconnect(js);
    await end(marker);
  });

  test('point 33: the joiner does not receive its own member_added', async () => {
    const channel = fresh('presence-self');
    const [one, two] = [await join(channel, '1'), await join(channel, '2')];
    await one.event('pusher_internal:member_added', channel);
    assert.deepEqual(await two.settle(), []);
    assert.deepEqual(await one.settle(), []);
    await end(one, two);
  });

  test('point 34: ids is an array of distinct strings, hash an object with exactly those keys, count their number', async () => {
    const channel = fresh('presence-list');
    const clients = [];
    for (const user of ['1', '2', '2', 3, '3', 'zoë']) clients.push(await join(channel, user));
    const { ids, hash, count } = clients.at(-1).presence;
    assert.ok(Array.isArray(ids) && ids.every((id) => typeof id === 'string'));
    assert.deepEqual([...ids].sort(), ['1', '2', '3', 'zoë']);
    assert.deepEqual(Object.keys(hash).sort(), [...ids].sort());
    assert.equal(count, ids.length);
    await end(...clients);
  });

  test('point 35: numeric user_id 10 appears as "10" in hash and in client-event user_id', async () => {
    const channel = fresh('presence-number');
    const [one, two] = [await join(channel, 10), await join(channel, '11')];
    assert.deepEqual(two.presence.ids.sort(), ['10', '11']);
    assert.ok('10' in two.presence.hash);
    one.send({ event: 'client-x', channel, data: {} });
    assert.equal((await two.event('client-x', channel)).user_id, '10');
    await end(one, two);
  });

  test('point 36: member_added data is a string with only user_id and user_info', async () => {
    const channel = fresh('presence-added');
    const one = await join(channel, '1');
    const two = await connect();
    await two.subscribe(channel, { channelData: '{"user_id":"2","user_info":{"a":1},"secret":"s","socket_id":"1.1"}' });
    const { data } = await one.event('pusher_internal:member_added', channel);
    assert.equal(typeof data, 'string');
    assert.deepEqual(JSON.parse(data), { user_id: '2', user_info: { a: 1 } });
    await end(one, two);
  });

  test('point 37: the 101st distinct member is refused, a second connection of an existing member is not', async () => {
    const channel = fresh('presence-full');
    const clients = await Promise.all(Array.from({ length: 100 }, (_, i) => join(channel, String(i))));
    const late = await connect();
    late.ask(channel, { user: '100' });
    await refused(late, channel);
    const again = await join(channel, '5');
    assert.equal(again.presence.count, 100);
    await end(...clients, late, again);
  });

  test('point 38: user_info above 1 KB and user_id above 128 characters are refused', async () => {
    const client = await connect();
    const info = (bytes) => 'x'.repeat(bytes - 2);
    const cases = [[{ user: '1', info: info(1024) }, true], [{ user: '1', info: info(1025) }, false],
      [{ user: 'u'.repeat(128) }, true], [{ user: 'u'.repeat(129) }, false]];
    for (const [member, isFine] of cases) {
      const channel = fresh('presence-large');
      if (isFine) {
        await client.subscribe(channel, member);
      } else {
        client.ask(channel, member);
        await refused(client, channel);
      }
    }
    await end(client);
  });

  test('point 39: client events are accepted only on joined private and presence channels, with the app flag on', async () => {
    const [one, two] = [await connect(), await connect()];
    const channel = fresh('private-events');
    await two.subscribe(channel);
    for (const [event, name] of [['client-x', channel], ['client-x', 'public'], ['not-client', channel], ['client-x', 'private-nobody']]) {
      one.send({ event, channel: name, data: {} });
      await one.errorFrame();
    }
    await one.subscribe('public');
    one.send({ event: 'client-x', channel: 'public', data: {} });
    await one.errorFrame();
    assert.deepEqual(await two.settle(), []);
    await one.subscribe(channel);
    one.send({ event: 'client-x', channel, data: {} });
    await two.event('client-x', channel);
    const quiet = await connect({ app: QUIET });
    await quiet.subscribe(channel);
    quiet.send({ event: 'client-x', channel, data: {} });
    assert.match((await quiet.errorFrame()).message, /enable/);
    await end(one, two, quiet);
  });

  test('point 40: a client event is never echoed to the sender and is delivered to all others', async () => {
    const channel = fresh('private-echo');
    const [one, two, js] = [await connect(), await connect(), await stock()];
    for (const client of [one, two]) await client.subscribe(channel);
    const heard = js.inbox(await subscribed(js, channel), 'client-x');
    one.send({ event: 'client-x', channel, data: { a: 1 } });
    await two.event('client-x', channel);
    assert.deepEqual((await first(heard)).data, { a: 1 });
    js.channel(channel).trigger('client-y', { b: 2 });
    for (const client of [one, two]) assert.equal((await client.event('client-y', channel)).data, '{"b":2}');
    assert.deepEqual(await one.settle(), []);
    await disconnect(js);
    await end(one, two);
  });

  test('point 41: the 11th event within a second gets 4301 as a frame, is dropped, and the connection stays', async () => {
    const channel = fresh('private-rate');
    const [one, two] = [await connect(), await connect()];
    for (const client of [one, two]) await client.subscribe(channel);
    /* As one piece, so that a slow machine can't stretch it over a second. */
    one.socket._socket.cork();
    for (let i = 0; i < 11; i++) one.send({ event: `client-${i}`, channel, data: {} });
    one.socket._socket.uncork();
    assert.equal((await one.errorFrame()).code, 4301);
    for (let i = 0; i < 10; i++) await two.event(`client-${i}`, channel);
    assert.deepEqual(await one.settle(), []);
    assert.deepEqual(await two.settle(), []);
    await until(async () => {
      one.send({ event: 'client-later', channel, data: {} });
      return (await one.settle()).length === 0;
    }, 'events are accepted again');
    await two.event('client-later', channel);
    await end(one, two);
  });

  test("point 42: on presence channels the relayed frame has the sender's user_id as a string and ignores a forged one", async () => {
    const channel = fresh('presence-sender');
    const [one, two] = [await join(channel, 7), await join(channel, '8')];
    one.send({ event: 'client-x', channel, data: {}, user_id: '99', extra: true });
    const frame = await two.event('client-x', channel);
    assert.equal(frame.user_id, '7');
    assert.deepEqual(Object.keys(frame).sort(), ['channel', 'data', 'event', 'user_id']);
    const secret = fresh('private-sender');
    for (const client of [one, two]) await client.subscribe(secret);
    one.send({ event: 'client-x', channel: secret, data: {}, user_id: '99' });
    assert.ok(!('user_id' in await two.event('client-x', secret)));
    await end(one, two);
  });

  test('point 43: object data and string data both arrive unchanged in pusher-js, missing data is accepted', async () => {
    const channel = fresh('private-kinds');
    const [one, js] = [await connect(), await stock()];
    await one.subscribe(channel);
    const heard = js.inbox(await subscribed(js, channel), 'client-x');
    for (const data of ['{"a":{"b":[1,null,"\\u2028"]}}', '"text"', '"{\\"json\\":1}"', '[1,2]', '12', 'true']) {
      one.send(`{"event":"client-x","channel":"${channel}","data":${data}}`);
      const plain = JSON.parse(data);
      let expected = plain;
      if (typeof plain === 'string') {
        try { expected = JSON.parse(plain); } catch { /* pusher-js leaves it as text */ }
      }
      assert.deepEqual((await first(heard)).data, expected, data);
    }
    one.send({ event: 'client-x', channel });
    await first(heard);
    await disconnect(js);
    await end(one);
  });

  test('point 44: a client event is not stored in the cache of a cache channel', async () => {
    const channel = fresh('private-cache-events');
    const [one, two, late] = [await connect(), await connect(), await connect()];
    for (const client of [one, two]) {
      await client.subscribe(channel);
      await client.event('pusher:cache_miss', channel);
    }
    one.send({ event: 'client-x', channel, data: {} });
    await two.event('client-x', channel);
    await late.subscribe(channel);
    await late.event('pusher:cache_miss', channel);
    assert.deepEqual(await late.settle(), []);
    await end(one, two, late);
  });
});

test('the signatures that these tests make are those of the reference', () => {
  assert.equal(hmac('7ad3773142a6692b25b8', '1234.1234:private-foobar').toString('hex'),
    '58df8b0c36d6982b82c3ecf6b4662e34fe8c25bba48f5369f135bf843651c3a4');
  assert.equal(signUser({ key: 'key1', secret: 'secret1' }, '123456.7890', '{"id":"7"}').split(':')[1],
    'e0cd87b7b0b5d9a2be2505e7547f8819e3e08731fab6bdb64f33bf70f21c455c');
});

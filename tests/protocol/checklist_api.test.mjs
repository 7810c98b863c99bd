// SPDX-License-Identifier: MIT
//
// Points 54 to 67 of the checklist: the HTTP API. docs/compatibility.md is made from the names and
// results of these tests.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';

import { api, batch, events, get, nowSeconds, send, signedParams, stringToSign } from './support/api.mjs';
import { Client } from './support/client.mjs';
import { APP, withRelay } from './support/relay.mjs';
import { hmac } from './support/sign.mjs';

const Pusher = createRequire(import.meta.url)('pusher');

const A = { id: '3', key: '278d425bdf160c739803', secret: '7ad3773142a6692b25b8' };
const COUNTING = { id: 'counting', key: 'countingkey', secret: 'secret2' };
const FILE = `[app:3]
key = ${A.key}
secret = ${A.secret}
[app:counting]
key = countingkey
secret = secret2
subscription_count = true
`;

withRelay('HTTP API', { file: FILE }, (context) => {
  let names = 0;
  const fresh = (name) => `${name}-${++names}`;
  const connect = (options) => Client.connect(context.relay, options);
  const end = (...clients) => Promise.all(clients.map((client) => client.end()));
  const publish = (body, options) => events(context.relay, body, options);
  const library = (app = APP) => new Pusher({ appId: app.id, key: app.key, secret: app.secret, host: '127.0.0.1', port: String(context.relay.port), useTLS: false });
  const is = (answer, status, text = '') => {
    assert.equal(answer.status, status, `${text} ${answer.body}`);
    if (status === 200) {
      assert.equal(typeof answer.json, 'object', `${text} ${answer.body}`);
      assert.ok(!Array.isArray(answer.json));
    } else {
      assert.match(answer.body, /\w+ \w+/, `${text}: an error is a sentence`);
    }
    return answer;
  };

  test('point 54: the vectors verify, one changed byte in body, path, key or value gives 401', async () => {
    const body = '{"name":"foo","channels":["project-3"],"data":"{\\"some\\":\\"data\\"}"}';
    const vector = signedParams(A, 'POST', '/apps/3/events', {}, body, { timestamp: 1353088179 });
    assert.equal(vector.auth_signature, 'da454824c97ba181a32ccc17a72625ba02771f50b50e1e7430e47a1f3f457e6c', 'vector A5');
    assert.equal(hmac(APP.secret, 'GET\n/apps/app1/channels/presence-room/users\nauth_key=key1&auth_timestamp=1700000000&auth_version=1.0').toString('hex'),
      '73b7e770eceba1a5db243bd0453090d1308fc4cd247224972ea2f6dbb4750050', 'vector B3');
    is(await publish(body, { app: A }), 200, 'A5 with the time of now');
    const flip = (text, at) => text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ 1) + text.slice(at + 1);
    const changed = (change) => publish(body, { app: A, change });
    for (const at of [2, 10, body.length - 3]) is(await changed((parts) => ({ ...parts, body: flip(parts.body, at) })), 401, `body byte ${at}`);
    is(await changed((parts) => ({ ...parts, target: parts.target.replace('/events', '/batch_events') })), 401, 'path');
    is(await changed((parts) => ({ ...parts, target: parts.target.replace('auth_version=1.0', 'auth_versioN=1.0&x=1') })), 401, 'a parameter more');
    is(await changed((parts) => ({ ...parts, target: parts.target.replace(A.key, flip(A.key, 3)) })), 401, 'key');
    is(await changed((parts) => ({ ...parts, target: flip(parts.target, parts.target.length - 1) })), 401, 'signature');
    is(await publish(body, { app: A, sign: { timestamp: nowSeconds() }, change: (parts) => ({ ...parts, target: parts.target.replace(/auth_timestamp=(\d+)/, (all, n) => `auth_timestamp=${Number(n) + 1}`) }) }), 401, 'value');
  });

  test('point 55: timestamps 601 s off, either way, give 401, 599 s pass', async () => {
    for (const [offset, status] of [[-602, 401], [602, 401], [-595, 200], [595, 200]]) {
      is(await get(context.relay, '/channels', {}, { sign: { timestamp: nowSeconds() + offset } }), status, String(offset));
    }
    assert.match((await get(context.relay, '/channels', {}, { sign: { timestamp: nowSeconds() - 700 } })).body, /[Tt]imestamp/);
  });

  test('point 56: body_md5 missing on a non-empty body, or wrong, gives 401', async () => {
    const body = { name: 'e', channel: 'c', data: 'x' };
    is(await publish(body, { params: { body_md5: undefined } }), 401);
    is(await publish(body, { params: { body_md5: 'd41d8cd98f00b204e9800998ecf8427e' } }), 401);
    is(await publish(body), 200);
  });

  test('point 57: info=a%2Cb verifies against the decoded comma, a path prefix in front of /apps/ does not break the signature', async () => {
    const client = await connect();
    await client.subscribe('presence-comma', { user: '1' });
    const params = { info: 'user_count,subscription_count' };
    const query = signedParams(COUNTING, 'GET', '/apps/counting/channels/presence-comma', params);
    assert.match(stringToSign('GET', '/x', query), /info=user_count,subscription_count/);
    is(await get(context.relay, '/channels', { filter_by_prefix: 'presence-', info: 'user_count' }), 200);
    const answer = await api(context.relay, 'GET', '/apps/app1/channels/presence-comma', { params: { info: 'user_count,cache' } });
    is(answer, 200, 'a comma that is sent as %2C');
    is(await api(context.relay, 'GET', '/apps/app1/channels', { prefix: '/some/where' }), 200, 'prefix');
    await end(client);
  });

  test('point 58: success is exactly 200 with a JSON object, errors carry readable text', async () => {
    const answer = is(await publish({ name: 'e', channel: 'c', data: 'x' }), 200);
    assert.equal(answer.body, '{}');
    assert.match(answer.headers['content-type'], /^application\/json/);
    is(await publish({ name: 'e', channel: 'c' }), 400, 'no data');
    is(await publish('{'), 400, 'no JSON');
    is(await publish({ name: 'e', channel: 'c', data: { a: 1 } }), 400, 'data is no string');
    is(await publish({ channel: 'c', data: 'x' }), 400, 'no name');
    is(await publish({ name: 'e', data: 'x' }), 400, 'no channel');
    is(await publish({ name: 'e', channel: 'a b', data: 'x' }), 400, 'channel name');
    is(await publish({ name: 'e', channel: 'c', data: 'x', socket_id: 'nonsense' }), 400, 'socket_id');
    is(await send(context.relay, 'GET', { target: '/apps/nobody/channels' }), 404, 'unknown application');
    is(await send(context.relay, 'GET', { target: '/apps/app1/channels' }), 401, 'unsigned');
    is(await api(context.relay, 'GET', '/apps/app1/nothing'), 404, 'unknown path');
  });

  test('point 59: data of 10240 bytes passes, 10241 gives 413, 101 channels and 11 batch events give 400', async () => {
    const client = await connect();
    const channel = fresh('large');
    await client.subscribe(channel);
    is(await publish({ name: 'e', channel, data: 'x'.repeat(10240) }), 200);
    assert.equal((await client.event('e', channel)).data.length, 10240);
    is(await publish({ name: 'e', channel, data: 'x'.repeat(10241) }), 413);
    const list = (count) => Array.from({ length: count }, (_, i) => `c${i}`);
    is(await publish({ name: 'e', channels: [...list(99), channel], data: 'x' }), 200);
    await client.event('e', channel);
    is(await publish({ name: 'e', channels: [...list(100), channel], data: 'x' }), 400);
    const items = (count) => list(count).map(() => ({ name: 'b', channel, data: 'x' }));
    is(await batch(context.relay, items(10)), 200);
    for (let i = 0; i < 10; i++) await client.event('b', channel);
    is(await batch(context.relay, items(11)), 400);
    assert.deepEqual(await client.settle(), [], 'what is refused delivers nothing');
    await end(client);
  });

  test('point 60: channel and channels are both accepted, socket_id excludes exactly that connection', async () => {
    const [one, two] = [await connect(), await connect()];
    const channel = fresh('both');
    for (const client of [one, two]) await client.subscribe(channel);
    is(await publish({ name: 'single', channel, data: '1' }), 200);
    is(await publish({ name: 'several', channels: [channel, channel, fresh('both')], data: '2' }), 200);
    is(await publish({ name: 'others', channel, data: '3', socket_id: one.socketId }), 200);
    for (const [client, expected] of [[one, ['single', 'several']], [two, ['single', 'several', 'others']]]) {
      const frames = [];
      for (const name of expected) frames.push(await client.event(name, channel));
      assert.deepEqual(frames.map(({ data }) => data), ['1', '2', '3'].slice(0, expected.length));
      assert.deepEqual(await client.settle(), []);
    }
    await end(one, two);
  });

  test('point 61: info on events returns one entry per channel, batch returns an array of the same length and order', async () => {
    const relay = context.relay;
    const [one, two] = [await connect({ app: COUNTING }), await connect({ app: COUNTING })];
    const [room, open, empty] = [fresh('presence-info'), fresh('info'), fresh('info')];
    for (const [i, client] of [one, two].entries()) {
      await client.subscribe(room, { user: String(i) });
      await client.subscribe(open);
    }
    const answer = is(await publish({ name: 'e', channels: [room, open, empty], data: 'x', info: 'user_count,subscription_count' }, { app: COUNTING }), 200);
    assert.deepEqual(Object.keys(answer.json.channels).sort(), [room, open, empty].sort());
    assert.equal(answer.json.channels[room].user_count, 2);
    assert.equal(answer.json.channels[open].subscription_count, 2);
    const list = [{ name: 'e', channel: empty, data: 'x' }, { name: 'e', channel: room, data: 'x', info: 'user_count' },
      { name: 'e', channel: open, data: 'x', info: 'subscription_count' }];
    assert.deepEqual(is(await batch(relay, list, { app: COUNTING }), 200).json, { batch: [{}, { user_count: 2 }, { subscription_count: 2 }] });
    assert.deepEqual(is(await batch(relay, list.slice(0, 1), { app: COUNTING }), 200).json, {});
    await end(one, two);
  });

  test('point 62: GET /channels returns an object also when empty, lists occupied channels only, honours filter_by_prefix', async () => {
    const relay = context.relay;
    assert.deepEqual(is(await get(relay, '/channels', {}, { app: A }), 200).json, { channels: {} });
    const client = await connect({ app: A });
    await client.subscribe('presence-listed', { user: '1' });
    await client.subscribe('listed');
    await client.subscribe('left');
    client.unsubscribe('left');
    await client.settle();
    await publish({ name: 'e', channel: 'cache-unoccupied', data: 'x' }, { app: A });
    assert.deepEqual(Object.keys((await get(relay, '/channels', {}, { app: A })).json.channels).sort(), ['listed', 'presence-listed']);
    assert.deepEqual((await get(relay, '/channels', { filter_by_prefix: 'presence-', info: 'user_count' }, { app: A })).json,
      { channels: { 'presence-listed': { user_count: 1 } } });
    const stock = await (await library(A).get({ path: '/channels', params: { filter_by_prefix: 'list' } })).json();
    assert.deepEqual(stock, { channels: { listed: {} } });
    await end(client);
  });

  test('point 63: info=user_count without a presence prefix is 400, /users on a non-presence channel is 400', async () => {
    is(await get(context.relay, '/channels', { info: 'user_count' }), 400);
    is(await get(context.relay, '/channels', { info: 'user_count', filter_by_prefix: 'pres' }), 400);
    is(await get(context.relay, '/channels/open', { info: 'user_count' }), 400);
    is(await get(context.relay, '/channels/open/users'), 400);
    const client = await connect();
    const room = fresh('presence-users');
    await client.subscribe(room, { user: '7' });
    assert.deepEqual(is(await get(context.relay, `/channels/${room}/users`), 200).json, { users: [{ id: '7' }] });
    await end(client);
  });

  test('point 64: GET /channels/NAME always has occupied, cache is null or data and ttl', async () => {
    const relay = context.relay;
    const channel = fresh('cache-asked');
    assert.deepEqual(is(await get(relay, `/channels/${channel}`, { info: 'cache' }), 200).json, { occupied: false, cache: null });
    is(await publish({ name: 'e', channel, data: '{"a":1}' }), 200);
    const { json } = is(await get(relay, `/channels/${channel}`, { info: 'cache' }), 200);
    assert.equal(json.occupied, false);
    assert.equal(json.cache.data, '{"a":1}');
    assert.ok(Number.isInteger(json.cache.ttl) && json.cache.ttl > 0 && json.cache.ttl <= 1800);
    const client = await connect();
    await client.subscribe('asked');
    assert.deepEqual(is(await get(relay, '/channels/asked'), 200).json, { occupied: true });
    await end(client);
  });

  test('point 65: user_count counts users, subscription_count connections', async () => {
    const clients = await Promise.all(Array.from({ length: 5 }, () => connect({ app: COUNTING })));
    const [room, open] = [fresh('presence-count'), fresh('count')];
    for (const [i, client] of clients.entries()) {
      await client.subscribe(room, { user: String(i % 2) });
      await client.subscribe(open);
    }
    assert.deepEqual(is(await get(context.relay, `/channels/${room}`, { info: 'user_count' }, { app: COUNTING }), 200).json, { occupied: true, user_count: 2 });
    assert.deepEqual(is(await get(context.relay, `/channels/${open}`, { info: 'subscription_count' }, { app: COUNTING }), 200).json, { occupied: true, subscription_count: 5 });
    await end(...clients);
  });

  test('point 66: publishing names starting with pusher: or pusher_internal: is refused', async () => {
    for (const name of ['pusher:error', 'pusher_internal:member_added', 'pusher:']) {
      is(await publish({ name, channel: 'c', data: 'x' }), 400, name);
      is(await batch(context.relay, [{ name: 'e', channel: 'c', data: 'x' }, { name, channel: 'c', data: 'x' }]), 400, name);
    }
  });

  test('point 67: a full batch of 10 events of 10 KB each, escaped, fits the request size limit', async () => {
    const client = await connect();
    const channel = fresh('full');
    await client.subscribe(channel);
    const full = (to, data) => batch(context.relay, Array.from({ length: 10 }, () => ({ name: 'e', channel: to, data })));
    is(await full(fresh('nobody'), '\u0001'.repeat(10240)), 200, 'six bytes each in JSON: more than a client may fall behind at once');
    const data = '"'.repeat(10240); /* two bytes each, the most that JSON text needs */
    is(await full(channel, data), 200);
    for (let i = 0; i < 10; i++) assert.equal((await client.event('e', channel)).data, data);
    const answer = await library().triggerBatch(Array.from({ length: 10 }, () => ({ name: 'f', channel, data: 'y'.repeat(10240) })));
    assert.equal(answer.status, 200);
    for (let i = 0; i < 10; i++) assert.equal((await client.event('f', channel)).data.length, 10240);
    await end(client);
  });
});

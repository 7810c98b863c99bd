// SPDX-License-Identifier: MIT
//
// Points 1 to 16 of the checklist: connecting, liveness, errors. docs/compatibility.md is made from
// the names and results of these tests.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Client } from './support/client.mjs';
import { connected, disconnect, first, pusherJs } from './support/pusher_js.mjs';
import { frame, upgrade } from './support/raw.mjs';
import { APP, Relay, withRelay } from './support/relay.mjs';
import { within } from './support/wait.mjs';

const OFF = { id: 'off', key: 'offkey', secret: 'secret2' };
const SMALL = { id: 'small', key: 'smallkey', secret: 'secret3' };
const SAFE = { id: 'safe', key: 'safekey', secret: 'secret4' };

const FILE = `[app:off]
key = offkey
secret = secret2
enabled = false
[app:small]
key = smallkey
secret = secret3
max_connections = 1
[app:safe]
key = safekey
secret = secret4
tls_only = true
`;

const PROBES = 20;
const PERIOD_MS = 150;

/** The next WebSocket ping, which `ws` answers by itself. */
const ping = (client) => client.pings.take(() => true, 'a WebSocket ping');

withRelay('connection', async () => ({ file: FILE }), (context) => {
  const connect = (options) => Client.connect(context.relay, options);
  const open = (options) => Client.open(context.relay, options);

  test('point 1: GET /app/KEY upgrades for an unknown key and then closes with 4001', async () => {
    const raw = await upgrade(context.relay, { path: '/app/nobody?protocol=7', established: false });
    assert.equal(raw.status, 101);
    assert.equal((await raw.closed()).code, 4001);
    const client = pusherJs(context.relay, { app: { ...APP, key: 'nobody' } });
    const failed = await first(client.errors);
    assert.equal(failed.data.error.data.code, 4001);
    await within(new Promise((resolve) => {
      if (client.connection.state === 'disconnected') resolve();
      client.connection.bind('disconnected', resolve);
    }), () => 'pusher-js gives up');
  });

  test('point 2: the first frame is pusher:connection_established with string data, a socket_id and an activity_timeout', async () => {
    const client = await connect();
    assert.equal(JSON.parse(client.raw[0]).event, 'pusher:connection_established');
    assert.equal(typeof client.established.data, 'string');
    const data = JSON.parse(client.established.data);
    assert.match(data.socket_id, /^\d+\.\d+$/);
    assert.ok(Number.isInteger(data.activity_timeout) && data.activity_timeout > 0);
    await client.end();
    const stock = pusherJs(context.relay);
    await connected(stock);
    assert.match(stock.connection.socket_id, /^\d+\.\d+$/);
    await disconnect(stock);
  });

  test('point 3: protocol 5, 6 and 7 are accepted, 3 is closed with 4007', async () => {
    for (const protocol of [5, 6, 7]) await (await connect({ query: `?protocol=${protocol}` })).end();
    assert.equal((await open({ query: '?protocol=3' }).closed()).code, 4007);
  });

  test('point 4: missing client and version and unknown query parameters do not fail the connection', async () => {
    for (const query of ['?protocol=7', '', '?protocol=7&version=x.y.z', '?protocol=7&foo=bar&flash=false&a[]=1', '?%00=1&protocol=7']) {
      await (await connect({ query })).end();
    }
  });

  test('point 5: another path closes with 4005 after the upgrade, a plain request for it is 404', async () => {
    for (const path of ['/', '/app', '/nothing/here', '/app/key1/extra']) {
      const raw = await upgrade(context.relay, { path, established: false });
      assert.equal(raw.status, 101, path);
      assert.equal((await raw.closed()).code, 4005, path);
    }
    assert.equal((await context.relay.request('/nothing/here')).status, 404);
  });

  test('point 6: a disabled application closes with 4003, one over its quota with 4004, a TLS-only one on ws with 4000', async () => {
    assert.equal((await open({ app: OFF }).closed()).code, 4003);
    const only = await connect({ app: SMALL });
    assert.equal((await open({ app: SMALL }).closed()).code, 4004);
    await only.end();
    await (await Client.connectWhenRoom(context.relay, { app: SMALL })).end();
    assert.equal((await open({ app: SAFE }).closed()).code, 4000);
  });

  test('point 7: simultaneous connections never share a socket_id', async () => {
    const clients = await Promise.all(Array.from({ length: 200 }, () => connect()));
    assert.equal(new Set(clients.map(({ socketId }) => socketId)).size, clients.length);
    await Promise.all(clients.map((client) => client.end()));
  });

  test('point 8: pusher:ping without data is answered by pusher:pong', async () => {
    const client = await connect();
    client.send('{"event":"pusher:ping"}');
    await client.event('pusher:pong');
    await client.end();
  });

  test('point 9: a WebSocket ping is answered by a pong with the same payload, at one per second, without penalty', async () => {
    const client = await connect();
    for (let i = 0; i < 40; i++) {
      client.socket.ping(`ping ${i}`);
      assert.equal(await client.pongs.take(() => true, 'a pong'), `ping ${i}`);
    }
    client.socket.ping('');
    assert.equal(await client.pongs.take(() => true, 'an empty pong'), '');
    assert.deepEqual(await client.settle(), []);
    await client.end();
  });

  test('point 13: a binary message, invalid UTF-8 (1007) and an over-long message (1009) do no harm', async () => {
    const witness = await connect();
    const cases = [[frame(2, 'binary'), 1003], [frame(1, Buffer.from('{"event":"\xff"}', 'latin1')), 1007],
      [frame(1, `{"event":"pusher:ping","data":"${'x'.repeat(20000)}"}`), 1009]];
    for (const [bytes, code] of cases) {
      const raw = await upgrade(context.relay);
      raw.socket.write(bytes);
      assert.equal((await raw.closed()).code, code);
      raw.socket.destroy();
    }
    assert.deepEqual(await witness.settle(), []);
    await witness.end();
  });

  test('point 14: malformed JSON yields a pusher:error with object data and keeps the connection', async () => {
    const client = await connect();
    for (const text of ['{', 'nonsense', '[]', '"x"', '{"event":1}', '{"data":{}}', '']) {
      client.send(text);
      const error = await client.errorFrame();
      assert.match(error.message, /\w/);
    }
    assert.deepEqual(await client.settle(), []);
    await client.end();
    const stock = pusherJs(context.relay);
    await connected(stock);
    stock.send_event('nonsense', {});
    assert.equal((await first(stock.errors)).data.type, 'PusherError');
    assert.equal(stock.connection.state, 'connected');
    await disconnect(stock);
  });

  test('point 15: data of every pusher:error is an object, data of connection_established is a string', async () => {
    const client = await connect({ query: '?protocol=5' });
    assert.equal(typeof client.established.data, 'string');
    const bad = ['x', { event: 'unknown' }, { event: 'pusher:subscribe', data: { channel: 'private-x', auth: 'key1:00' } },
      { event: 'pusher:subscribe', data: { channel: 'a b' } }, { event: 'client-x', channel: 'public', data: {} }, { event: 'pusher:signin', data: {} }];
    for (const message of bad) {
      client.send(message);
      const { data } = await client.event('pusher:error');
      assert.equal(typeof data, 'object', JSON.stringify(message));
      assert.ok(data !== null && 'code' in data && typeof data.message === 'string');
    }
    await client.end();
  });

  test('point 16: for protocol 5 a pusher:error precedes a server-side 4xxx close', async () => {
    const client = open({ key: 'nobody', query: '?protocol=5' });
    assert.equal((await client.errorFrame()).code, 4001);
    assert.equal((await client.closed()).code, 4001);
    const modern = open({ key: 'nobody', query: '?protocol=7' });
    assert.equal((await modern.closed()).code, 4001);
    assert.equal(modern.raw.length, 0);
  });
});

const TIMES = ['--activity-timeout-ms', String(PERIOD_MS), '--ping-grace-ms', '0', '--pong-timeout-ms', '2000'];

withRelay('liveness', { args: TIMES }, (context) => {
  test('point 10: an idle client gets a WebSocket ping and stays connected for 20 probe periods by answering with pong', async () => {
    const client = await Client.connect(context.relay);
    for (let i = 0; i < PROBES; i++) await ping(client);
    assert.deepEqual(await client.settle(), []);
    await client.end();
  });

  test('point 11: a client that answers nothing is closed with 4201 after the pong timeout', async () => {
    const client = await Client.connect(context.relay, { autoPong: false });
    await ping(client);
    const asked = performance.now();
    assert.equal((await client.closed()).code, 4201);
    assert.ok(performance.now() - asked > 1900, 'not before the pong timeout');
  });
});

for (const workers of [1, 2]) {
  test(`point 12: shutdown closes every client with 4200, ${workers} worker${workers > 1 ? 's' : ''}`, async () => {
    const relay = await Relay.start({ workers });
    const clients = await Promise.all(Array.from({ length: 20 }, () => Client.connect(relay)));
    const stock = pusherJs(relay);
    await connected(stock);
    const states = stock.inbox(stock.connection, 'state_change');
    relay.signal('SIGTERM');
    for (const client of clients) assert.equal((await client.closed()).code, 4200);
    assert.equal((await first(states)).data.current, 'connecting', 'pusher-js comes back');
    await disconnect(stock);
    await relay.stop();
  });
}

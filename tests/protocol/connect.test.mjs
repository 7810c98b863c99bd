// SPDX-License-Identifier: MIT
//
// Connecting: the upgrade, connection_established, protocol versions, refusals with their close
// codes. Numbers in front of test names are explained in README.md.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Client } from './support/client.mjs';
import { counters } from './support/publish.mjs';
import { tcp } from './support/raw.mjs';
import { APP, withRelay } from './support/relay.mjs';
import { within } from './support/wait.mjs';

const query = (text) => ({ query: text });

withRelay('connect', { args: ['--activity-timeout-ms', '77000'] }, (context) => {
  const connect = (options) => Client.connect(context.relay, options);
  const open = (options) => Client.open(context.relay, options);

  test('1. an unknown key is upgraded, then closed with 4001', async () => {
    const { code, reason } = await open({ key: 'nobody' }).closed();
    assert.equal(code, 4001);
    assert.match(reason, /\w/);
  });

  test('1. a refusal is counted', async () => {
    const refused = (await counters(context.relay))('sessions_refused');
    await open({ key: 'nobody' }).closed();
    await open(query('?protocol=3')).closed();
    assert.equal((await counters(context.relay))('sessions_refused'), refused + 2);
  });

  test('a message is counted once', async () => {
    const client = await connect();
    const before = (await counters(context.relay))('messages_in');
    await client.settle();
    assert.equal((await counters(context.relay))('messages_in'), before + 1);
    await client.end();
  });

  test('1. a key that only begins like a good one is unknown', async () => {
    for (const key of ['key', 'key11', 'KEY1', `${'k'.repeat(2000)}`, 'key1%00', '%6bey2']) {
      assert.equal((await open({ key }).closed()).code, 4001, key);
    }
  });

  test('2. the first frame is connection_established with string data', async () => {
    const client = await connect();
    assert.deepEqual(Object.keys(client.established).sort(), ['data', 'event']);
    assert.equal(typeof client.established.data, 'string');
    const data = JSON.parse(client.established.data);
    assert.match(data.socket_id, /^\d+\.\d+$/);
    assert.equal(data.activity_timeout, 77);
    await client.end();
  });

  test('3. protocols 5, 6 and 7 are accepted', async () => {
    for (const protocol of [5, 6, 7]) {
      await (await connect(query(`?protocol=${protocol}`))).end();
    }
  });

  test('3. protocols 1 to 3 are closed with 4007', async () => {
    for (const protocol of [1, 2, 3]) {
      assert.equal((await open(query(`?protocol=${protocol}`)).closed()).code, 4007, `protocol ${protocol}`);
    }
  });

  test('3. a protocol that is no number closes with a code below 4100', async () => {
    for (const protocol of ['x', '-1', '', '99999999999999999999']) {
      const { code } = await open(query(`?protocol=${protocol}`)).closed();
      assert.ok(code >= 4000 && code < 4100, `protocol=${protocol}: ${code}`);
    }
  });

  test('4. client, version and unknown query parameters are optional', async () => {
    for (const text of ['?protocol=7', '?protocol=7&flash=false&x=y&client', '?x&&=&protocol=7&client=js', '?protocol=7&version=not-a-version']) {
      await (await connect(query(text))).end();
    }
  });

  test('5. an upgrade on another path is closed with 4005', async () => {
    for (const path of ['/', '/apps/key1', '/app', '/app/key1/more', '/up', '/application/key1']) {
      assert.equal((await open({ path }).closed()).code, 4005, path);
    }
  });

  test('5. a plain request on another path is 404, with a sentence', async () => {
    const { status, body } = await context.relay.request('/nothing');
    assert.equal(status, 404);
    assert.match(body, /\/app\/KEY/);
  });

  test('a plain request for /app/KEY says what the address is for', async () => {
    const { status, body } = await context.relay.request('/app/key1');
    assert.equal(status, 426);
    assert.match(body, /WebSocket/);
  });

  test('an offer of HTTP/2 is passed over', async () => {
    const raw = await tcp(context.relay);
    let answer = '';
    raw.socket.on('data', (bytes) => (answer += bytes));
    raw.socket.write('GET /up HTTP/1.1\r\nHost: relay\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n'
      + 'HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n');
    raw.socket.write('GET /up HTTP/1.1\r\nHost: relay\r\nConnection: close\r\n\r\n');
    await within(raw.ended, () => `two answers: ${answer}`);
    assert.equal(answer.match(/HTTP\/1\.1 200 /g)?.length, 2, answer);
  });

  test('/up answers GET and HEAD, nothing else', async () => {
    const { status, body, headers } = await context.relay.request('/up');
    assert.equal(status, 200);
    assert.deepEqual(JSON.parse(body), { status: 'ok' });
    assert.match(headers['content-type'], /^application\/json/);
    assert.equal((await context.relay.request('/up?ready=1')).status, 200);
    const head = await context.relay.request('/up', { method: 'HEAD' });
    assert.equal(head.status, 200);
    assert.equal(head.body, '');
    assert.equal((await context.relay.request('/up', { method: 'POST' })).status, 405);
  });

  test('7. socket ids differ', async () => {
    const clients = await Promise.all(Array.from({ length: 50 }, () => connect()));
    assert.equal(new Set(clients.map(({ socketId }) => socketId)).size, 50);
    await Promise.all(clients.map((client) => client.end()));
  });

  test('8. ping without data is answered by pong', async () => {
    const client = await connect();
    client.send({ event: 'pusher:ping' });
    const pong = await client.event('pusher:pong');
    assert.deepEqual(pong.data, {});
    assert.ok(!('channel' in pong));
    await client.end();
  });

  test('9. a WebSocket ping is answered by the same bytes', async () => {
    const client = await connect();
    for (const bytes of ['', 'x', 'y'.repeat(125)]) {
      client.socket.ping(bytes);
      await client.pongs.take((got) => got === bytes, `pong of ${bytes.length} bytes`);
    }
    await client.end();
  });

  test('9. pings are not limited like messages', async () => {
    const client = await connect();
    for (let i = 0; i < 20; i++) client.socket.ping(`p${i}`);
    for (let i = 0; i < 20; i++) await client.pongs.take((got) => got === `p${i}`, `pong ${i}`);
    assert.deepEqual(await client.settle(), []);
    await client.end();
  });

  test('16. protocol 5 gets the error as a frame before the close, too', async () => {
    const client = open({ key: 'nobody', query: '?protocol=5&client=java-client&version=2.4.4' });
    const error = await client.errorFrame();
    assert.equal(error.code, 4001);
    assert.equal((await client.closed()).code, 4001);
  });

  test('a subprotocol is not chosen unless asked, compression not unless offered', async () => {
    const client = await connect();
    assert.equal(client.socket.protocol, '');
    assert.equal(client.socket.extensions, '');
    await client.end();
  });

  test('a client may offer compression', async () => {
    const client = await connect({ perMessageDeflate: true });
    assert.deepEqual(await client.settle(), []);
    await client.end();
  });

  test('a normal close is answered by the same code', async () => {
    const client = await connect();
    client.socket.close(1000, 'bye');
    assert.equal((await client.closed()).code, 1000);
  });

  test('no log line holds a secret', async () => {
    await (await connect()).end();
    assert.doesNotMatch(context.relay.output, new RegExp(APP.secret));
  });
});

const SECOND = { id: 'app2', key: 'key2', secret: 'secret2' };

withRelay('applications', { apps: [APP, SECOND] }, (context) => {
  test('each has its own key and secret', async () => {
    const first = await Client.connect(context.relay);
    const second = await Client.connect(context.relay, { app: SECOND });
    await first.subscribe('private-a');
    await second.subscribe('private-a');
    second.ask('private-b', { auth: `${SECOND.key}:${'0'.repeat(64)}` });
    await second.errorFrame();
    await first.end();
    await second.end();
  });

  test('channels of the same name are apart', async () => {
    const first = await Client.connect(context.relay);
    const second = await Client.connect(context.relay, { app: SECOND });
    await first.subscribe('private-room');
    await second.subscribe('private-room');
    const third = await Client.connect(context.relay, { app: SECOND });
    await third.subscribe('private-room');
    third.send({ event: 'client-x', channel: 'private-room', data: {} });
    await second.event('client-x');
    assert.deepEqual(await first.settle(), []);
    await Promise.all([first, second, third].map((client) => client.end()));
  });
});

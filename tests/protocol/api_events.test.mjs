// SPDX-License-Identifier: MIT
//
// Publishing by the HTTP API: who gets what, byte for byte, once, in order; what is refused, and
// that nothing of a refused request is delivered.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { api, batch, events } from './support/api.mjs';
import { Client } from './support/client.mjs';
import { counters } from './support/publish.mjs';
import { Redis } from './support/redis.mjs';
import { APP, Relay, withRelay } from './support/relay.mjs';
import { until } from './support/wait.mjs';

const SMALL = { id: 'small', key: 'smallkey', secret: 'smallsecret' };
const FILE = `[app:small]
key = smallkey
secret = smallsecret
payload_bytes = 20
event_channels = 2
batch_events = 2
channel_name_bytes = 10
event_name_bytes = 5
`;

withRelay('events by HTTP', { file: FILE }, (context) => {
  const connect = (options) => Client.connect(context.relay, options);
  const publish = (body, options) => events(context.relay, body, options);
  const ok = (answer) => {
    assert.deepEqual([answer.status, answer.headers['content-type'], answer.body], [200, 'application/json', '{}'], answer.body);
  };

  test('everybody on the channel gets it but the excluded socket', async () => {
    const clients = await Promise.all(Array.from({ length: 6 }, () => connect()));
    await Promise.all(clients.map((client) => client.subscribe('private-all')));
    for (const left of clients) {
      ok(await publish({ name: 'e', data: left.socketId, channel: 'private-all', socket_id: left.socketId }));
    }
    ok(await publish({ name: 'last', data: 'x', channels: ['private-all'], socket_id: '1.1' }));
    for (const client of clients) {
      await client.event('last');
      assert.deepEqual((await client.settle()).map((frame) => frame.data), clients.filter((other) => other !== client).map((other) => other.socketId));
      await client.end();
    }
  });

  test('data passes byte for byte', async () => {
    const client = await connect();
    await client.subscribe('bytes');
    const texts = ['', 'plain', '"quoted"', '12345678901234567890', '1.0', '1e400', '{"a":1,"a":2}', ' { } ', '\u2028\u2029\u0000\u001f\u007f', 'é😀',
      '<\\/script>', '\\u0041', '['.repeat(500)];
    for (const data of texts) ok(await publish({ name: 'e', data, channel: 'bytes' }));
    for (const data of texts) assert.equal((await client.event('e')).data, data);
    /* The same text escaped in other ways. */
    ok(await publish('{"name":"\\u0065","data":"\\u0041\\/\\ud83d\\ude00","channel":"b\\u0079tes"}'));
    assert.deepEqual(await client.event('e'), { event: 'e', data: 'A/😀', channel: 'bytes' });
    await client.end();
  });

  test('a channel that is named twice gets it once', async () => {
    const client = await connect();
    await client.subscribe('twice');
    await client.subscribe('other');
    ok(await publish({ name: 'e', data: 'x', channels: ['twice', 'other', 'twice'], channel: 'other' }));
    ok(await publish({ name: 'end', data: 'x', channels: ['twice', 'other'] }));
    await client.event('end', 'twice');
    await client.event('end', 'other');
    assert.deepEqual((await client.settle()).map((frame) => frame.channel).sort(), ['other', 'twice']);
    await client.end();
  });

  test('a batch keeps its order, also on one channel', async () => {
    const client = await connect();
    await client.subscribe('order');
    for (let i = 0; i < 20; i++) {
      ok(await batch(context.relay, Array.from({ length: 10 }, (_, n) => ({ name: 'e', data: String(10 * i + n), channel: 'order' }))));
    }
    for (let i = 0; i < 200; i++) assert.equal((await client.event('e')).data, String(i));
    await client.end();
  });

  test('an event of a batch leaves out its own socket', async () => {
    const one = await connect();
    const two = await connect();
    await one.subscribe('batch-left');
    await two.subscribe('batch-left');
    ok(await batch(context.relay, [{ name: 'e', data: '1', channel: 'batch-left', socket_id: one.socketId },
      { name: 'e', data: '2', channel: 'batch-left', socket_id: two.socketId }, { name: 'end', data: '', channel: 'batch-left' }]));
    await one.event('end');
    await two.event('end');
    assert.deepEqual((await one.settle()).map(({ data }) => data), ['2']);
    assert.deepEqual((await two.settle()).map(({ data }) => data), ['1']);
    await one.end();
    await two.end();
  });

  test('nothing of a refused request is delivered', async () => {
    const client = await connect();
    await client.subscribe('whole');
    const good = { name: 'e', data: 'x', channel: 'whole' };
    for (const [bad, status] of [[{ ...good, name: 'pusher:x' }, 400], [{ ...good, data: { x: 1 } }, 400], [{ ...good, channel: 'a b' }, 400],
      [{ ...good, data: 'y'.repeat(10241) }, 413], [{ ...good, socket_id: 'x' }, 400], [{ ...good, info: 'users' }, 400], [5, 400]]) {
      assert.equal((await batch(context.relay, [good, bad])).status, status);
    }
    assert.equal((await publish({ name: 'e', data: 'x', channels: ['whole', 'a b'] })).status, 400);
    assert.equal((await publish('{"name":"e","data":"x","channel":"whole"')).status, 400);
    ok(await publish({ name: 'end', data: '', channel: 'whole' }));
    await client.event('end');
    assert.deepEqual(await client.settle(), []);
    await client.end();
  });

  test("the application's own limits, at n and n + 1", async () => {
    const send = (body) => publish(body, { app: SMALL });
    const status = async (body) => (await send(body)).status;
    assert.equal(await status({ name: 'a'.repeat(5), data: 'x', channel: 'c' }), 200);
    assert.equal(await status({ name: 'a'.repeat(6), data: 'x', channel: 'c' }), 400);
    assert.equal(await status({ name: 'e', data: 'x'.repeat(20), channel: 'c' }), 200);
    const large = await send({ name: 'e', data: 'x'.repeat(21), channel: 'c' });
    assert.equal(large.status, 413);
    assert.match(large.body, /exceeds the allowed maximum \(20 bytes\)/);
    assert.equal(await status({ name: 'e', data: 'é'.repeat(11), channel: 'c' }), 413);
    assert.equal(await status({ name: 'e', data: 'x', channel: 'c'.repeat(10) }), 200);
    assert.equal(await status({ name: 'e', data: 'x', channel: 'c'.repeat(11) }), 400);
    assert.equal(await status({ name: 'e', data: 'x', channels: ['a', 'b'] }), 200);
    assert.equal(await status({ name: 'e', data: 'x', channels: ['a', 'b', 'c'] }), 400);
    const list = (length) => Array.from({ length }, () => ({ name: 'e', data: 'x', channel: 'c' }));
    assert.equal((await batch(context.relay, list(2), { app: SMALL })).status, 200);
    assert.equal((await batch(context.relay, list(3), { app: SMALL })).status, 400);
  });

  test('applications are apart', async () => {
    const own = await connect({ app: SMALL });
    const other = await connect();
    await own.subscribe('same');
    await other.subscribe('same');
    ok(await publish({ name: 'e', data: 'x', channel: 'same' }, { app: SMALL }));
    await own.event('e');
    assert.deepEqual(await other.settle(), []);
    await own.end();
    await other.end();
  });

  test('parameters in the query instead of a body', async () => {
    const client = await connect();
    await client.subscribe('q1');
    await client.subscribe('q2');
    ok(await api(context.relay, 'POST', '/apps/app1/events', { params: { name: 'e', data: '{"x":"é & ü"}', channel: 'q1' } }));
    assert.equal((await client.event('e', 'q1')).data, '{"x":"é & ü"}');
    ok(await api(context.relay, 'POST', '/apps/app1/events', { params: { name: 'e', data: '1', 'channels[]': 'q2' } }));
    await client.event('e', 'q2');
    assert.equal((await api(context.relay, 'POST', '/apps/app1/events', { params: { name: 'e', data: '1' } })).status, 400);
    await client.end();
  });

  test('the old way: the channel in the path, the data as the body, 202', async () => {
    const client = await connect();
    await client.subscribe('old');
    const answer = await api(context.relay, 'POST', '/apps/app1/channels/old/events', { params: { name: 'e' }, body: '{"raw":"data"}\n' });
    assert.deepEqual([answer.status, answer.body], [202, '']);
    assert.equal((await client.event('e')).data, '{"raw":"data"}\n');
    assert.equal((await api(context.relay, 'POST', '/apps/app1/channels/old/events', { body: 'x' })).status, 400, 'no name');
    assert.equal((await api(context.relay, 'POST', '/apps/app1/channels/a%20b/events', { params: { name: 'e' }, body: 'x' })).status, 400);
    await client.end();
  });

  test('an event between HTTP and clients is counted', async () => {
    const before = await counters(context.relay);
    ok(await batch(context.relay, [{ name: 'e', data: '', channel: 'a' }, { name: 'e', data: '', channel: 'b' }]));
    assert.equal((await publish({})).status, 400);
    const now = await counters(context.relay);
    const more = (name) => now(name) - before(name);
    assert.deepEqual(['api_events', 'api_requests', 'api_errors'].map(more), [2, 2, 1]);
  });
});

describe('events by HTTP over Redis', () => {
  let redis;
  let relays;
  before(async () => {
    redis = await Redis.start();
    relays = await Promise.all([1, 2].map((workers) => Relay.start({ workers,
      args: ['--engine', 'redis', '--redis', `unix:${redis.socket}`, '--redis-timeout-ms', '500', '--redis-backoff-max-ms', '100'] })));
    await Promise.all(relays.map((relay) => until(async () => (await relay.request('/up?ready=1')).status === 200, 'ready')));
  });
  after(async () => {
    await Promise.all(relays.map((relay) => relay.stop()));
    await redis.stop();
  });

  test('what is published at one relay reaches the clients of all, once', async () => {
    const clients = await Promise.all(relays.map((relay) => Client.connect(relay)));
    await Promise.all(clients.map((client) => client.subscribe('private-a')));
    for (const [i, relay] of relays.entries()) {
      assert.equal((await events(relay, { name: 'e', data: String(i), channel: 'private-a' })).status, 200);
      for (const client of clients) assert.equal((await client.event('e')).data, String(i));
    }
    /* The excluded socket is another relay's. */
    await events(relays[0], { name: 'e', data: 'x', channel: 'private-a', socket_id: clients[1].socketId });
    await events(relays[0], { name: 'end', data: '\u0001'.repeat(10240), channel: 'private-a' });
    for (const client of clients) await client.event('end');
    assert.deepEqual((await clients[0].settle()).map(({ data }) => data), ['x']);
    assert.deepEqual(await clients[1].settle(), []);
    for (const client of clients) await client.end();
  });

  test('without Redis nothing is accepted', async () => {
    await redis.kill();
    for (const relay of relays) {
      await until(async () => (await relay.request('/up?ready=1')).status === 503, 'not ready');
      const answer = await events(relay, { name: 'e', data: '', channel: 'a' });
      assert.equal(answer.status, 503);
      assert.match(answer.body, /no connection to Redis/);
    }
    await redis.up();
    for (const relay of relays) {
      await until(async () => (await events(relay, { name: 'e', data: '', channel: 'a' })).status === 200, 'accepted again');
    }
  });
});

// SPDX-License-Identifier: MIT
//
// Idempotency keys of the HTTP API: the same key gets the same answer and one delivery, whatever
// connection and worker the repetition comes by, also while the first one is on its way.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { api, batch, events } from './support/api.mjs';
import { Client } from './support/client.mjs';
import { counters } from './support/publish.mjs';
import { APP, Relay, withRelay } from './support/relay.mjs';
import { until } from './support/wait.mjs';

const OTHER = { id: 'other', key: 'otherkey', secret: 'othersecret' };
const publish = (relay, body, key, options) => events(relay, body, { headers: key === undefined ? {} : { 'Idempotency-Key': key }, ...options });

withRelay('idempotency keys', { apps: [APP, OTHER] }, (context) => {
  const channel = 'private-once';
  const body = (data = 'x') => ({ name: 'e', data, channel });
  /** What a subscriber of the channel got while `during` ran. */
  const delivered = async (during) => {
    const client = await Client.connect(context.relay);
    await client.subscribe(channel);
    await during();
    assert.equal((await events(context.relay, { name: 'end', data: '', channel })).status, 200);
    await client.event('end');
    const frames = await client.settle();
    await client.end();
    return frames.map(({ data }) => data);
  };

  test('a repetition gets the same answer and delivers nothing', async () => {
    const before = await counters(context.relay);
    const asking = { ...body(), info: 'subscription_count' };
    assert.deepEqual(await delivered(async () => {
      const first = await publish(context.relay, asking, 'k1');
      assert.deepEqual([first.status, first.body], [200, '{"channels":{"private-once":{"subscription_count":1}}}']);
      for (let i = 0; i < 5; i++) {
        const again = await publish(context.relay, asking, 'k1');
        assert.deepEqual([again.status, again.body, again.headers['content-type']], [200, first.body, 'application/json']);
      }
    }), ['x']);
    assert.equal((await counters(context.relay))('api_repeats') - before('api_repeats'), 5);
  });

  test('many at once deliver once', async () => {
    for (let round = 0; round < 5; round++) {
      assert.deepEqual(await delivered(async () => {
        const answers = await Promise.all(Array.from({ length: 20 }, () => publish(context.relay, { ...body(), info: 'subscription_count' }, `many-${round}`)));
        for (const answer of answers) assert.deepEqual([answer.status, answer.body], [200, answers[0].body]);
      }), ['x']);
    }
  });

  test('the key as a header, quoted or not, or as a member of the body', async () => {
    assert.deepEqual(await delivered(async () => {
      assert.equal((await publish(context.relay, body(), 'ways')).status, 200);
      assert.equal((await publish(context.relay, body(), '"ways"')).status, 200);
      assert.equal((await events(context.relay, body(), { headers: { 'x-idempotency-key': 'ways' } })).status, 200);
    }), ['x']);
    assert.deepEqual(await delivered(async () => {
      for (let i = 0; i < 2; i++) assert.equal((await events(context.relay, { ...body('y'), idempotency_key: 'member' })).status, 200);
    }), ['y']);
    assert.deepEqual(await delivered(async () => {
      const list = { batch: [body('1'), body('2')], idempotency_key: 'batch' };
      for (let i = 0; i < 2; i++) assert.equal((await api(context.relay, 'POST', '/apps/app1/batch_events', { body: list })).status, 200);
    }), ['1', '2']);
    assert.deepEqual(await delivered(async () => {
      const old = () => api(context.relay, 'POST', `/apps/app1/channels/${channel}/events`, { params: { name: 'e' }, body: 'raw', headers: { 'Idempotency-Key': 'old' } });
      for (let i = 0; i < 2; i++) assert.deepEqual((({ status, body: text }) => [status, text])(await old()), [202, '']);
    }), ['raw']);
  });

  test('the same key for another request is refused', async () => {
    assert.deepEqual(await delivered(async () => {
      assert.equal((await publish(context.relay, body(), 'other')).status, 200);
      const refused = await publish(context.relay, body('y'), 'other');
      assert.equal(refused.status, 422);
      assert.match(refused.body, /idempotency key/);
      assert.equal((await batch(context.relay, [body()], { headers: { 'Idempotency-Key': 'other' } })).status, 422);
    }), ['x']);
  });

  test('keys of different applications and without a key are apart', async () => {
    assert.deepEqual(await delivered(async () => {
      for (let i = 0; i < 2; i++) assert.equal((await publish(context.relay, body('no key'))).status, 200);
      for (let i = 0; i < 2; i++) assert.equal((await publish(context.relay, body('empty'), '')).status, 200);
      assert.equal((await publish(context.relay, body('y'), 'apps', { app: OTHER })).status, 200);
      assert.equal((await publish(context.relay, body('z'), 'apps')).status, 200);
    }), ['no key', 'no key', 'empty', 'empty', 'z']);
  });

  test('a refused request leaves its key unused', async () => {
    assert.deepEqual(await delivered(async () => {
      assert.equal((await publish(context.relay, { ...body(), data: 5 }, 'refused')).status, 400);
      assert.equal((await publish(context.relay, body(), 'refused', { sign: { secret: 'wrong' } })).status, 401);
      assert.equal((await publish(context.relay, body(), 'refused')).status, 200);
    }), ['x']);
  });

  test('the length of a key, at n and n + 1', async () => {
    assert.equal((await publish(context.relay, body(), 'k'.repeat(255))).status, 200);
    const long = await publish(context.relay, body(), 'k'.repeat(256));
    assert.equal(long.status, 400);
    assert.match(long.body, /255 bytes/);
    assert.equal((await events(context.relay, { ...body(), idempotency_key: 'é'.repeat(128) })).status, 400);
    assert.equal((await events(context.relay, { ...body(), idempotency_key: 5 })).status, 400);
  });
});

describe('bounds of idempotency keys', () => {
  const body = { name: 'e', data: 'x', channel: 'c' };
  const repeats = async (relay) => (await counters(relay))('api_repeats');

  test('keys end after their time', async () => {
    const relay = await Relay.start({ args: ['--idempotency-ms', '300'] });
    assert.equal((await publish(relay, body, 'k')).status, 200);
    await until(async () => {
      assert.equal((await publish(relay, body, 'k')).status, 200);
      return (await counters(relay))('api_events') >= 2;
    }, 'the key to end');
    assert.equal((await publish(relay, { ...body, data: 'y' }, 'another')).status, 200);
    await relay.stop();
  });

  test('the oldest goes when there are too many', async () => {
    const relay = await Relay.start({ args: ['--idempotency-keys', '4'] });
    for (let i = 0; i < 10; i++) assert.equal((await publish(relay, body, String(i))).status, 200);
    assert.equal((await counters(relay))('api_keys_forgotten'), 6);
    assert.equal((await publish(relay, body, '9')).status, 200);
    assert.equal(await repeats(relay), 1);
    assert.equal((await publish(relay, body, '0')).status, 200);
    assert.equal(await repeats(relay), 1);
    await relay.stop();
  });

  test('0 keys: none are remembered', async () => {
    const relay = await Relay.start({ args: ['--idempotency-keys', '0'] });
    for (let i = 0; i < 2; i++) assert.equal((await publish(relay, body, 'k')).status, 200);
    assert.equal((await counters(relay))('api_events'), 2);
    await relay.stop();
  });

  test('the relay ends while requests are on their way', async () => {
    const relay = await Relay.start({ workers: 2 });
    const asking = { ...body, info: 'subscription_count' };
    const answers = Array.from({ length: 50 }, (_, i) => publish(relay, asking, `end-${i % 5}`).catch(() => ({ status: 0 })));
    await answers[0];
    await relay.stop();
    for (const { status } of await Promise.all(answers)) assert.ok([0, 200, 503].includes(status), String(status));
  });
});

// SPDX-License-Identifier: MIT
//
// Spools with engine redis: what is picked up reaches the clients of every relay, and is done in the
// file only when Redis has taken it.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import { Client } from './support/client.mjs';
import { counters } from './support/publish.mjs';
import { Redis } from './support/redis.mjs';
import { APP, Relay } from './support/relay.mjs';
import { readSpool, record, writeSpool } from './support/spool.mjs';
import { until } from './support/wait.mjs';

const FAST = ['--redis-timeout-ms', '500', '--redis-backoff-max-ms', '50', '--spool-look-ms', '20'];
const COUNT = 200;

const numbered = (count) => Array.from({ length: count }, (_, i) => record(APP, 'news', 'e', { n: i }));
const numbers = (client) => client.inbox.items.filter(({ event }) => event === 'e').map(({ data }) => JSON.parse(data).n);
const upTo = (count) => Array.from({ length: count }, (_, i) => i);
const emptied = (file) => until(async () => (await readSpool(file)).waiting === 0, 'the spool to be empty');
const counted = (relay, name, predicate) => until(async () => predicate((await counters(relay))(name)), `${name}`);

for (const workers of [1, 2]) {
  describe(`spools with redis, ${workers} worker${workers > 1 ? 's' : ''}`, () => {
    let folder;
    let redis;
    let files = 0;
    const newPath = () => path.join(folder, `spool-${++files}`);
    const start = (...args) =>
      Relay.start({ workers, args: ['--engine', 'redis', '--redis', `unix:${redis.socket}`, ...FAST, ...args], ready: false });
    before(async () => {
      folder = await mkdtemp(path.join(tmpdir(), 'clairon-spools-'));
      redis = await Redis.start();
    });
    after(async () => {
      await redis.stop();
      await rm(folder, { recursive: true, force: true });
    });

    /** A relay with a spool and a client on its channel. */
    async function begin(t) {
      const file = newPath();
      const relay = await start('--spool', file);
      t.after(() => relay.stop());
      await relay.logged('ready');
      const client = await subscribed(t, relay);
      return { file, relay, client };
    }

    async function subscribed(t, relay) {
      const client = await Client.connect(relay);
      t.after(() => client.end());
      await client.subscribe('news');
      return client;
    }

    test('clients of all relays get it once', async (t) => {
      const { file, relay, client } = await begin(t);
      const other = await start();
      t.after(() => other.stop());
      await other.logged('ready');
      const elsewhere = await subscribed(t, other);
      await writeSpool(file, APP, numbered(COUNT));
      for (const each of [client, elsewhere]) {
        await until(() => numbers(each).length >= COUNT, 'all events');
        assert.deepEqual(numbers(each), upTo(COUNT));
      }
      await emptied(file);
      await counted(relay, 'spool_replayed', (value) => value === COUNT);
      assert.equal((await counters(relay))('spool_repeated'), 0);
    });

    test('one that Redis refuses stays in the file until it is taken', async (t) => {
      const { file, relay, client } = await begin(t);
      await redis.call('ACL', 'SETUSER', 'default', '-publish');
      t.after(() => redis.call('ACL', 'SETUSER', 'default', '+publish'));
      await writeSpool(file, APP, numbered(3));
      await until(async () => (await readSpool(file)).tried > 0, 'an attempt');
      const answered = await client.subscribe('meanwhile').then(() => readSpool(file));
      assert.ok(answered.waiting > 0);
      assert.deepEqual(numbers(client), []);
      await redis.call('ACL', 'SETUSER', 'default', '+publish');
      await until(() => numbers(client).length >= 3, 'all events');
      await emptied(file);
      assert.deepEqual(numbers(client), upTo(3));
      assert.equal((await readSpool(file)).replayed, 3);
      assert.equal((await counters(relay))('redis_dropped'), 0);
    });

    test('the beacon counts who listens to everything', async (t) => {
      const listening = (count) => until(async () => (await redis.call('PUBSUB', 'NUMSUB', 'clairon:1:relays'))[1] === count, `${count} workers`);
      const { relay } = await begin(t);
      await listening(workers);
      await redis.kill();
      await until(async () => (await relay.request('/up?ready=1')).status === 503, 'it notices');
      await redis.up();
      await listening(workers);
      await until(async () => (await relay.request('/up?ready=1')).status === 200, 'it is ready again');
    });

    test('while Redis is away nothing is lost', async (t) => {
      const file = newPath();
      await redis.kill();
      await writeSpool(file, APP, numbered(COUNT));
      const relay = await start('--spool', file);
      t.after(() => relay.stop());
      await relay.logged('spool_begin');
      await counted(relay, 'redis_failures', (value) => value > 2);
      const { replayed, waiting } = await readSpool(file);
      assert.equal(replayed, 0);
      assert.ok(waiting > 0);
      await redis.up();
      await emptied(file);
      assert.equal((await readSpool(file)).replayed, COUNT);
    });

    test('Redis killed in the middle: the rest follows, in order', async (t) => {
      const count = 3000;
      const { file, client } = await begin(t);
      await writeSpool(file, APP, numbered(count));
      await until(async () => (await readSpool(file)).replayed > 0, 'a beginning');
      await redis.kill();
      await redis.up();
      await emptied(file);
      assert.equal((await readSpool(file)).replayed, count);
      await until(() => numbers(client).includes(count - 1), 'the last event');
      const seen = numbers(client);
      assert.deepEqual(seen, [...new Set(seen)].sort((a, b) => a - b), 'in order, none twice');
      /* Redis may die between its answer to us and its message to the subscribers. */
      assert.ok(seen.length > count - 1000, `${seen.length} of ${count}`);
    });
  });
}

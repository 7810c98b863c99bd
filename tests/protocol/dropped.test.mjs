// SPDX-License-Identifier: MIT
//
// What the relay counts of its publishers: what they tell to have dropped, numbers that are missing
// and numbers that come again.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { Client } from './support/client.mjs';
import { counters, Publisher, Resp } from './support/publish.mjs';
import { Redis } from './support/redis.mjs';
import { APP, Relay, withRelay } from './support/relay.mjs';
import { until } from './support/wait.mjs';

const REASONS = ['outbox_events', 'outbox_bytes', 'spool_full', 'spool_disk', 'spool_expired', 'spool_torn', 'spool_refused'];

/** What `during` adds to counters. */
async function added(relay, names, during) {
  const before = await counters(relay);
  await during();
  const now = await counters(relay);
  return Object.fromEntries(names.map((name) => [name, now(name) - before(name)]));
}

withRelay('what publishers tell', {}, (context) => {
  let link;
  before(async () => {
    link = await Resp.connect({ path: context.relay.socket });
    await link.call('AUTH', APP.id, APP.secret);
  });
  after(() => link.close());
  const names = [...REASONS, 'other'].map((reason) => `publisher_dropped_${reason}`);

  test('DROPPED adds up by reason', async () => {
    const all = await added(context.relay, names, async () => {
      assert.equal(await link.call('DROPPED', ...REASONS.flatMap((reason, i) => [reason, i + 1])), 'OK');
      assert.equal(await link.call('dropped', 'outbox_events', 10), 'OK');
      assert.equal(await link.call('DROPPED', 'new_reason', 3, 'outbox_events', 0, '', 4), 'OK');
    });
    assert.deepEqual(all, Object.fromEntries(names.map((name, i) => [name, [11, 2, 3, 4, 5, 6, 7, 7][i]])));
  });

  test('nothing is counted of one that is wrong', async () => {
    const all = await added(context.relay, names, async () => {
      for (const args of [['x'], ['outbox_events', 1, 'spool_full'], ['outbox_events', '-1'], ['outbox_events', ''], ['outbox_events', '1x'],
        ['spool_full', 5, 'outbox_events', '9'.repeat(19)], ['outbox_events', '0x10'], ['outbox_events', ' 1']]) {
        await assert.rejects(link.call('DROPPED', ...args), /^Error: ERR (syntax: DROPPED|wrong number)/, JSON.stringify(args));
      }
      await assert.rejects(link.call('DROPPED'), /wrong number/);
    });
    assert.deepEqual(all, Object.fromEntries(names.map((name) => [name, 0])));
    assert.equal(await link.call('ECHO', 'still here'), 'still here');
  });

  test('only publishers may tell', async () => {
    const stranger = await Resp.connect({ path: context.relay.socket });
    await assert.rejects(stranger.call('DROPPED', 'outbox_events', 1), /NOAUTH/);
    stranger.close();
  });
});

withRelay('numbers of a connection', {}, (context) => {
  const SEQUENCE = ['sequence_gaps', 'sequence_repeats'];
  /** Publishes with these numbers on a connection of its own and tells what was counted. */
  const publish = (...sequences) => added(context.relay, SEQUENCE, async () => {
    const publisher = await Publisher.connect(context.relay);
    for (const item of sequences) {
      const { sequence, ...options } = typeof item === 'number' ? { sequence: item } : item;
      await publisher.publish('news', 'e', {}, { sequence: BigInt(sequence), ...options }).catch(() => {});
    }
    publisher.close();
  });
  const counts = (sequence_gaps, sequence_repeats) => ({ sequence_gaps, sequence_repeats });

  test('in order: nothing to count, wherever they begin', async () => {
    assert.deepEqual(await publish(1, 2, 3), counts(0, 0));
    assert.deepEqual(await publish(1000, 1001), counts(0, 0));
  });

  test('missing numbers are counted one by one', async () => {
    assert.deepEqual(await publish(1, 3), counts(1, 0));
    assert.deepEqual(await publish(1, 2, 10, 11, 15), counts(10, 0));
  });

  test('repeated and late numbers', async () => {
    assert.deepEqual(await publish(1, 2, 2, 3), counts(0, 1));
    assert.deepEqual(await publish(5, 3, 4, 6), counts(0, 2));
  });

  test('one that was refused is not missing', async () => {
    assert.deepEqual(await publish(1, { sequence: 2, text: 'x'.repeat(100000) }, 3), counts(0, 0));
  });

  test('another publisher begins anew, and 0 is no number', async () => {
    assert.deepEqual(await publish(7, { sequence: 1, publisher: 9n }, { sequence: 2, publisher: 9n }), counts(0, 0));
    assert.deepEqual(await publish(7, 0, 8), counts(0, 0));
  });
});

for (const workers of [1, 2]) {
  describe(`numbers over Redis, ${workers} worker${workers > 1 ? 's' : ''}`, () => {
    let redis;
    let relay;
    let client;
    before(async () => {
      redis = await Redis.start();
      relay = await Relay.start({ workers, args: ['--engine', 'redis', '--redis', `unix:${redis.socket}`] });
      client = await Client.connect(relay);
      await client.subscribe('news');
    });
    after(async () => {
      await client.end();
      await relay.stop();
      await redis.stop();
    });

    test('what publishers tell all relays is counted once in each', async () => {
      const teller = await Resp.connect({ path: redis.socket });
      const other = await Relay.start({ workers, args: ['--engine', 'redis', '--redis', `unix:${redis.socket}`] });
      try {
        await until(async () => (await teller.call('PUBSUB', 'NUMSUB', 'clairon:1:relays'))[1] === 2 * workers, 'all to listen');
        for (const text of ['DROPPED outbox_events', 'DROPPED outbox_events x', 'DROPPED', '', 'outbox_events 1', 'DROPPED  1 1',
          `DROPPED${' spool_full 1'.repeat(1000)}`, 'DROPPED outbox_events 3 new_reason 2']) {
          await teller.call('PUBLISH', 'clairon:1:relays', text);
        }
        for (const each of [relay, other]) {
          await until(async () => (await counters(each))('publisher_dropped_other') >= 2, 'it to be told');
          const count = await counters(each);
          assert.deepEqual([...REASONS, 'other'].map((reason) => count(`publisher_dropped_${reason}`)), [3, 0, 0, 0, 0, 0, 0, 2]);
          assert.match((await each.logged('redis_error')).reason, /not of the form DROPPED/);
        }
      } finally {
        await other.stop();
        teller.close();
      }
    });

    test('are counted for each publisher and channel', async () => {
      const publishers = [await Publisher.overRedis({ path: redis.socket }, APP), await Publisher.overRedis({ path: redis.socket }, APP)];
      for (const [i, sequence] of [[0, 5], [1, 1], [0, 6], [0, 9], [1, 2], [1, 2], [0, 8], [1, 4], [0, 0], [0, 10]]) {
        await publishers[i].publish('news', 'e', {}, { channelSequence: BigInt(sequence) });
      }
      await publishers[0].publish('news', 'last', {}, { channelSequence: 11n });
      await client.event('last');
      await until(async () => {
        const count = await counters(relay);
        return count('sequence_gaps') === 3 && count('sequence_repeats') === 2;
      }, 'three missing, two repeated');
      for (const publisher of publishers) publisher.close();
    });
  });
}

// SPDX-License-Identifier: MIT
//
// Cache channels: what a subscriber is told first, what fills the cache and what does not, and
// that between the success and the live events none is doubled or missed.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';

import { Client } from './support/client.mjs';
import { counters, Publisher } from './support/publish.mjs';
import { Relay, withRelay } from './support/relay.mjs';
import { until } from './support/wait.mjs';
import { Receiver } from './support/webhook.mjs';

const KINDS = ['cache-', 'private-cache-', 'private-encrypted-cache-', 'presence-cache-'];
let number = 0;
const unused = (kind) => `${kind}${++number}`;
const member = (channel, user = 'u') => (channel.startsWith('presence-') ? { user } : {});
const join = async (relay, channel, user) => {
  const client = await Client.connect(relay);
  await client.subscribe(channel, member(channel, user));
  return client;
};
/* The frames of the channel in their order, from the success frame on. */
const frames = async (client, channel) => {
  await client.settle();
  return client.raw.map((text) => JSON.parse(text)).filter((frame) => frame.channel === channel);
};
const SUCCESS = 'pusher_internal:subscription_succeeded';

withRelay('cache channels', {}, (context) => {
  const publish = async (channel, event, data, options) => {
    const publisher = await Publisher.connect(context.relay);
    await publisher.publish(channel, event, data, options);
    publisher.close();
  };

  for (const kind of KINDS) {
    test(`${kind}: filled while nobody is on it, kept after the last has left`, async () => {
      const channel = unused(kind);
      await publish(channel, 'first', { n: 1 });
      await publish(channel, 'App\\Events\\Second', '{"n" :2.0}');
      const client = await join(context.relay, channel, 'a');
      const [success, cached, ...rest] = await frames(client, channel);
      assert.equal(success.event, SUCCESS);
      assert.deepEqual(cached, { event: 'App\\Events\\Second', channel, data: '{"n" :2.0}' });
      assert.deepEqual(rest, []);
      await client.end();
      const next = await join(context.relay, channel, 'b');
      assert.equal((await frames(next, channel))[1].event, 'App\\Events\\Second');
      await next.end();
    });

    test(`${kind}: empty`, async () => {
      const channel = unused(kind);
      const client = await join(context.relay, channel);
      const [success, miss, ...rest] = await frames(client, channel);
      assert.equal(success.event, SUCCESS);
      assert.deepEqual(miss, { event: 'pusher:cache_miss', channel, data: '{}' });
      assert.deepEqual(rest, []);
      /* A second socket's miss is its own, the first hears nothing of it. */
      const second = await join(context.relay, channel);
      assert.equal((await frames(second, channel))[1].event, 'pusher:cache_miss');
      await publish(channel, 'now', {});
      await client.event('now', channel);
      await second.event('now', channel);
      client.unsubscribe(channel);
      await client.settle();
      client.raw.length = 0;
      await client.subscribe(channel, member(channel));
      assert.deepEqual((await frames(client, channel)).map(({ event }) => event), [SUCCESS, 'now']);
      await client.end();
      await second.end();
    });
  }

  test('other names that look like it are not cached', async () => {
    for (const channel of ['cachet', 'private-cached', 'presence-cache_x', 'my-cache-1', 'private-encrypted-x-cache-']) {
      await publish(channel, 'e', {});
      const client = await join(context.relay, channel);
      assert.deepEqual((await frames(client, channel)).map(({ event }) => event), [SUCCESS], channel);
      await client.end();
    }
  });

  test('joiner, event, others: member_added comes behind them', async () => {
    const channel = unused('presence-cache-');
    await publish(channel, 'e', {});
    const first = await join(context.relay, channel, '1');
    const second = await join(context.relay, channel, '2');
    const third = await join(context.relay, channel, '2');
    assert.deepEqual((await frames(first, channel)).map(({ event }) => event),
      [SUCCESS, 'e', 'pusher_internal:member_added']);
    for (const client of [second, third]) {
      const [success, ...rest] = await frames(client, channel);
      assert.deepEqual(JSON.parse(success.data).presence.ids, ['1', '2']);
      assert.deepEqual(rest.map(({ event }) => event), ['e']);
    }
    await second.end();
    await third.end();
    assert.equal(JSON.parse((await first.event('pusher_internal:member_removed', channel)).data).user_id, '2');
    await first.end();
  });

  test('client events are not kept, an excluded socket does not matter', async () => {
    const channel = unused('private-cache-');
    const [one, two] = [await join(context.relay, channel), await join(context.relay, channel)];
    await publish(channel, 'kept', {}, { socketId: one.socketId });
    await two.event('kept', channel);
    one.send({ event: 'client-typing', channel, data: {} });
    await two.event('client-typing', channel);
    const late = await join(context.relay, channel);
    assert.equal((await frames(late, channel))[1].event, 'kept');
    assert.ok(!(await frames(one, channel)).some(({ event }) => event === 'kept'));
    for (const client of [one, two, late]) await client.end();
  });

  test('a double does not come back into the cache', async () => {
    const channel = unused('cache-');
    const id = randomBytes(16);
    await publish(channel, 'old', {}, { id });
    await publish(channel, 'new', {});
    await publish(channel, 'old', {}, { id });
    const client = await join(context.relay, channel);
    assert.equal((await frames(client, channel))[1].event, 'new');
    await client.end();
  });

  test('unsubscribing before the answer leaves nothing behind', async () => {
    const channel = unused('presence-cache-');
    const watcher = await join(context.relay, channel, 'w');
    const client = await Client.connect(context.relay);
    for (let i = 0; i < 20; i++) {
      client.ask(channel, { user: 'x' });
      client.unsubscribe(channel);
      client.ask(channel.replace('presence-', ''));
      client.unsubscribe(channel.replace('presence-', ''));
    }
    await client.settle();
    await client.end();
    const last = await join(context.relay, channel, 'y');
    assert.deepEqual(JSON.parse((await frames(last, channel))[0].data).presence.ids.sort(), ['w', 'y']);
    await watcher.end();
    await last.end();
  });

  test('under a stream of events each subscriber begins with the last and misses none', async () => {
    const channel = unused('cache-');
    const publisher = await Publisher.connect(context.relay);
    await publisher.publish(channel, 'n', '0');
    const clients = await Promise.all(Array.from({ length: 12 }, () => Client.connect(context.relay)));
    let isOver = false;
    const stream = (async () => {
      let n = 0;
      while (!isOver) await publisher.publish(channel, 'n', String(++n));
      return n;
    })();
    for (const client of clients) await client.subscribe(channel);
    isOver = true;
    const last = String(await stream);
    for (const client of clients) {
      if (!client.inbox.items.some(({ data }) => data === last)) {
        await client.inbox.take(({ event, data }) => event === 'n' && data === last, 'the last event');
      }
      const [success, ...events] = await frames(client, channel);
      assert.equal(success.event, SUCCESS);
      const numbers = events.map(({ data }) => Number(data));
      assert.deepEqual(numbers, Array.from({ length: numbers.length }, (unused_, i) => numbers[0] + i));
      await client.end();
    }
    publisher.close();
  });

  test('hits and misses are counted', async () => {
    const channel = unused('cache-');
    const before = await counters(context.relay);
    await (await join(context.relay, channel)).end();
    await publish(channel, 'e', {});
    await (await join(context.relay, channel)).end();
    const now = await counters(context.relay);
    assert.equal(now('cache_misses') - before('cache_misses'), 1);
    assert.equal(now('cache_hits') - before('cache_hits'), 1);
  });
});

withRelay('cache bounds', { args: ['--cache-channels', '3', '--cache-ttl-ms', '60000'] }, (context) => {
  test('the oldest goes when there are too many', async () => {
    const publisher = await Publisher.connect(context.relay);
    const list = Array.from({ length: 12 }, () => unused('cache-'));
    for (const channel of list) await publisher.publish(channel, 'e', {});
    publisher.close();
    /* The bound is a worker's. */
    const bound = 3 * context.workers;
    let hits = 0;
    for (const channel of list) {
      const client = await join(context.relay, channel);
      if ((await frames(client, channel))[1].event === 'e') hits++;
      await client.end();
    }
    assert.ok(hits > 0 && hits <= bound, `${hits} of at most ${bound}`);
    assert.equal((await counters(context.relay))('cache_evictions'), list.length - hits);
  });
});

test('an event disappears when its time is over; no cache at all with cache_channels = 0', async () => {
  const relay = await Relay.start({ args: ['--cache-ttl-ms', '50'] });
  const publisher = await Publisher.connect(relay);
  await publisher.publish('cache-short', 'e', {});
  await until(async () => {
    const client = await join(relay, 'cache-short');
    const second = (await frames(client, 'cache-short'))[1];
    await client.end();
    return second.event === 'pusher:cache_miss';
  }, 'the cached event to go');
  publisher.close();
  await relay.stop();
  const none = await Relay.start({ args: ['--cache-channels', '0'] });
  const other = await Publisher.connect(none);
  await other.publish('cache-x', 'e', {});
  other.close();
  const client = await join(none, 'cache-x');
  assert.equal((await frames(client, 'cache-x'))[1].event, 'pusher:cache_miss');
  await client.end();
  await none.stop();
});

for (const workers of [1, 2]) {
  test(`webhooks of channels, members and misses, ${workers} worker(s)`, async () => {
    const hook = await Receiver.start();
    const relay = await Relay.start({ workers, args: ['--webhook-delay-ms', '0'],
      apps: [], file: `[app:app1]\nkey = key1\nsecret = secret1\nwebhooks = ${hook.url}\n` });
    const clients = await Promise.all(Array.from({ length: 8 }, () => join(relay, 'cache-none')));
    await hook.event({ name: 'channel_occupied', channel: 'cache-none' });
    await hook.event({ name: 'cache_miss', channel: 'cache-none' });
    const first = await join(relay, 'presence-cache-room', '7');
    const second = await join(relay, 'presence-cache-room', '7');
    await hook.event({ name: 'channel_occupied', channel: 'presence-cache-room' });
    await hook.event({ name: 'member_added', channel: 'presence-cache-room', user_id: '7' });
    await first.end();
    await second.end();
    await hook.event({ name: 'member_removed', channel: 'presence-cache-room', user_id: '7' });
    await hook.event({ name: 'channel_vacated', channel: 'presence-cache-room' });
    const publisher = await Publisher.connect(relay);
    await publisher.publish('cache-none', 'e', {});
    publisher.close();
    /* Those who leave by a restart are nobody's news. */
    await relay.stop();
    for (const client of clients) assert.equal((await client.closed()).code, 4200);
    const left = hook.events.items.filter(({ name }) => name !== 'cache_miss');
    assert.deepEqual(left, []);
    assert.deepEqual(hook.events.items.filter(({ channel }) => channel === 'cache-none'), []);
    await hook.stop();
  });
}

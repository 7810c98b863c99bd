// SPDX-License-Identifier: MIT
//
// Cache channels with the Redis engine: filled while nobody is on them, by patterns; by name where
// Redis refuses patterns; after a loss of the link; by several relays.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { Client } from './support/client.mjs';
import { busChannel, counters, Publisher } from './support/publish.mjs';
import { Redis } from './support/redis.mjs';
import { APP, Relay } from './support/relay.mjs';
import { until } from './support/wait.mjs';

const KINDS = ['cache-', 'private-cache-', 'private-encrypted-cache-', 'presence-cache-'];
const FAST = ['--redis-timeout-ms', '500', '--redis-backoff-max-ms', '100', '--unsubscribe-delay-ms', '50'];
let number = 0;
const unused = (kind) => `${kind}${++number}`;
const user = (channel) => (channel.startsWith('presence-') ? { user: 'u' } : {});
/* What comes behind the success frame. */
const second = async (relay, channel) => {
  const client = await Client.connect(relay);
  await client.subscribe(channel, user(channel));
  await client.settle();
  const frames = client.raw.map((text) => JSON.parse(text)).filter((frame) => frame.channel === channel);
  await client.end();
  assert.equal(frames.length, 2);
  return frames[1];
};

for (const workers of [1, 2]) {
  describe(`cache channels over Redis, ${workers} worker${workers > 1 ? 's' : ''}`, () => {
    let redis;
    let relay;
    let publisher;
    const start = () => Relay.start({ workers, args: ['--engine', 'redis', '--redis', `unix:${redis.socket}`, ...FAST] });
    const ready = () => until(async () => (await relay.request('/up?ready=1')).status === 200
      && (await redis.call('PUBSUB', 'NUMPAT')) === 4, 'the patterns');
    /* What is published now gets through. */
    const heard = () => until(async () => {
      const before = (await counters(relay))('publishes');
      await publisher.publish(unused('cache-probe-'), 'e', {});
      return until(async () => (await counters(relay))('publishes') > before, 'a message', 200).catch(() => false);
    }, 'messages to come');

    before(async () => {
      redis = await Redis.start();
      relay = await start();
      publisher = await Publisher.overRedis({ path: redis.socket }, APP);
      await ready();
    });
    after(async () => {
      publisher.close();
      await relay.stop();
      await redis.stop();
    });

    for (const kind of KINDS) {
      test(`${kind}: filled while nobody is on it, delivered once to who is`, async () => {
        const channel = unused(kind);
        assert.equal((await second(relay, channel)).event, 'pusher:cache_miss');
        /* Worker by worker one link heard it. */
        assert.equal(await publisher.publish(channel, 'e', { n: 1 }), workers);
        const client = await Client.connect(relay);
        await client.subscribe(channel, user(channel));
        await client.event('e', channel);
        await publisher.publish(channel, 'live', {});
        await client.event('live', channel);
        await client.settle();
        assert.equal(client.raw.filter((text) => text.includes('"live"')).length, 1);
        await client.end();
        assert.equal((await second(relay, channel)).event, 'live');
        assert.equal((await redis.call('PUBSUB', 'NUMSUB', busChannel(APP.id, channel)))[1], 0);
      });
    }

    test('what is not signed, or of nobody here, fills nothing', async () => {
      const channel = unused('cache-');
      const stranger = await Publisher.overRedis({ path: redis.socket }, { ...APP, secret: 'wrong' });
      const refused = (await counters(relay))('envelopes_refused');
      await stranger.publish(channel, 'e', {});
      stranger.close();
      const foreign = await Publisher.overRedis({ path: redis.socket }, { id: 'foreign', key: 'k', secret: 's' });
      await foreign.publish(channel, 'e', {});
      foreign.close();
      for (const name of ['clairon:1:{x}:app1:cache-x', 'clairon:1:{1}:app1:cache-x y', 'clairon:1:{1}:a:b:cache-x', `other${busChannel(APP.id, channel)}`]) {
        await redis.call('PUBLISH', name, 'x');
      }
      await heard();
      assert.equal((await counters(relay))('envelopes_refused'), refused + 1);
      assert.equal((await second(relay, channel)).event, 'pusher:cache_miss');
    });

    test('a client event passes between relays and is kept by neither', async () => {
      const channel = unused('private-cache-');
      const other = await start();
      const [here, there] = [await Client.connect(relay), await Client.connect(other)];
      await here.subscribe(channel);
      await there.subscribe(channel);
      here.send({ event: 'client-e', channel, data: {} });
      await there.event('client-e', channel);
      assert.equal((await second(relay, channel)).event, 'pusher:cache_miss');
      assert.equal((await second(other, channel)).event, 'pusher:cache_miss');
      await publisher.publish(channel, 'kept', {});
      await here.event('kept', channel);
      await there.event('kept', channel);
      assert.equal((await second(relay, channel)).event, 'kept');
      assert.equal((await second(other, channel)).event, 'kept');
      await here.end();
      await there.end();
      await other.stop();
    });

    test('a subscription made while Redis is away is confirmed when it is back', async () => {
      const channel = unused('presence-cache-');
      await publisher.publish(channel, 'before', {});
      await heard();
      await redis.kill();
      for (let i = 0; i < workers; i++) await relay.logged('redis_away', ({ link }) => link === 'subscriber');
      const client = await Client.connect(relay);
      client.ask(channel, { user: '1' });
      client.ask('cache-off');
      assert.deepEqual(await client.settle(), []);
      client.unsubscribe('cache-off');
      await redis.up();
      await client.event('pusher_internal:subscription_succeeded', channel);
      await client.event('before', channel);
      publisher = await Publisher.overRedis({ path: redis.socket }, APP);
      await publisher.publish(channel, 'after', {});
      await client.event('after', channel);
      await client.end();
    });
  });
}

test('a Redis user that may not use patterns gets cache channels by name', async () => {
  const redis = await Redis.start();
  await redis.call('ACL', 'SETUSER', 'default', '-psubscribe');
  const named = await Relay.start({ workers: 2, args: ['--engine', 'redis', '--redis', `unix:${redis.socket}`, ...FAST] });
  const publisher = await Publisher.overRedis({ path: redis.socket }, APP);
  await named.logged('redis_patterns');
  const client = await Client.connect(named);
  for (const channel of ['cache-a', 'presence-cache-b', 'plain']) {
    await client.subscribe(channel, user(channel));
    assert.equal(await publisher.publish(channel, 'e', {}), 1);
    await client.event('e', channel);
  }
  assert.equal((await second(named, 'cache-a')).event, 'e');
  await client.end();
  await redis.subscribed(busChannel(APP.id, 'cache-a'), 0);
  publisher.close();
  await named.stop();
  await redis.stop();
});

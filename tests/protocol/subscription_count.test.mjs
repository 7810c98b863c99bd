// SPDX-License-Identifier: MIT
//
// pusher_internal:subscription_count: to everybody on every change while few are there, now and
// then with many; the last state is always told.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Client } from './support/client.mjs';
import { Relay, withRelay } from './support/relay.mjs';
import { Receiver } from './support/webhook.mjs';

const COUNT = 'pusher_internal:subscription_count';
const file = (lines) => `[app:app1]\nkey = key1\nsecret = secret1\n${lines.join('\n')}\n`;
const count = async (client, channel, wanted) =>
  client.inbox.take((frame) => frame.event === COUNT && frame.channel === channel
    && frame.data === `{"subscription_count":${wanted}}`, `the count ${wanted} of ${channel}`);
const counts = (client) => client.raw.map((text) => JSON.parse(text)).filter(({ event }) => event === COUNT)
  .map(({ data }) => JSON.parse(data).subscription_count);

withRelay('subscription counts', { apps: [], file: file(['subscription_count = true']) }, (context) => {
  const connect = () => Client.connect(context.relay);

  for (const channel of ['room', 'private-room', 'cache-room', 'private-cache-room', 'private-encrypted-room']) {
    test(`every change on ${channel}`, async () => {
      const [one, two, three] = [await connect(), await connect(), await connect()];
      await one.subscribe(channel);
      await count(one, channel, 1);
      await two.subscribe(channel);
      await count(two, channel, 2);
      await count(one, channel, 2);
      await three.subscribe(channel);
      for (const client of [one, two, three]) await count(client, channel, 3);
      two.unsubscribe(channel);
      await count(one, channel, 2);
      await count(three, channel, 2);
      await three.end();
      await count(one, channel, 1);
      assert.deepEqual(counts(two), [2, 3]);
      assert.deepEqual(counts(one), [1, 2, 3, 2, 1]);
      /* The success frame is first, the last event or the miss second. */
      const order = one.raw.map((text) => JSON.parse(text)).filter((frame) => frame.channel === channel).map(({ event }) => event);
      assert.equal(order[0], 'pusher_internal:subscription_succeeded');
      assert.equal(order.indexOf(COUNT), channel.includes('cache-') ? 2 : 1);
      await one.end();
      await two.end();
    });
  }

  test('none on presence channels, none for a second subscribe that fails', async () => {
    const [one, two] = [await connect(), await connect()];
    await one.subscribe('presence-room', { user: '1' });
    await two.subscribe('presence-room', { user: '2' });
    await one.subscribe('again');
    await count(one, 'again', 1);
    one.ask('again');
    await one.errorFrame();
    one.ask('private-again', { auth: 'key1:0' });
    await one.errorFrame();
    await one.settle();
    assert.deepEqual(counts(one), [1]);
    await two.settle();
    assert.deepEqual(counts(two), []);
    await one.end();
    await two.end();
  });
});

for (const workers of [1, 2]) {
  test(`with more than a hundred the last state is told, ${workers} worker(s)`, async () => {
    const hook = await Receiver.start();
    const relay = await Relay.start({ workers, apps: [], args: ['--subscription-count-ms', '400', '--webhook-delay-ms', '0'],
      file: file(['subscription_count = true', `webhooks = ${hook.url} subscription_count`]) });
    const watcher = await Client.connect(relay);
    await watcher.subscribe('crowd');
    const crowd = await Promise.all(Array.from({ length: 119 }, () => Client.connect(relay)));
    await Promise.all(crowd.map((client) => client.subscribe('crowd')));
    await count(watcher, 'crowd', 120);
    await hook.event({ name: 'subscription_count', channel: 'crowd', subscription_count: 120 });
    const seen = counts(watcher);
    /* Up to a hundred each time, then one at once and the last in the end; more on a slow machine.
     * Those who wait for a worker's first subscription come in together. */
    assert.ok(seen.length < 119, `${seen.length} frames`);
    assert.ok(seen.filter((n) => n <= 100).length >= 50);
    await Promise.all(crowd.slice(0, 10).map((client) => client.end()));
    await count(watcher, 'crowd', 110);
    await Promise.all(crowd.slice(10).map((client) => client.end()));
    await count(watcher, 'crowd', 1);
    await watcher.end();
    await hook.event({ name: 'subscription_count', channel: 'crowd', subscription_count: 0 });
    await relay.stop();
    await hook.stop();
  });
}

test('off by default', async () => {
  const relay = await Relay.start();
  const client = await Client.connect(relay);
  await client.subscribe('room');
  assert.deepEqual(await client.settle(), []);
  await client.end();
  await relay.stop();
});

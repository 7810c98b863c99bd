// SPDX-License-Identifier: MIT
//
// The Redis engine: subscriptions that are confirmed, several relays, and Redis away, frozen,
// killed, restarted, or full of things that are not ours.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { Client } from './support/client.mjs';
import { busChannel, clientText, envelope, Publisher } from './support/publish.mjs';
import { freePort, Redis } from './support/redis.mjs';
import { APP, Relay } from './support/relay.mjs';
import { signIn } from './support/users.mjs';
import { until } from './support/wait.mjs';

const FAST = ['--redis-timeout-ms', '500', '--redis-backoff-max-ms', '100', '--unsubscribe-delay-ms', '50'];

for (const workers of [1, 2]) {
  describe(`redis engine, ${workers} worker${workers > 1 ? 's' : ''}`, () => {
    let redis;
    let relay;
    let publisher;
    const startRelay = () => Relay.start({ workers, args: ['--engine', 'redis', '--redis', `unix:${redis.socket}`, ...FAST] });
    const ready = async () => (await relay.request('/up?ready=1')).status === 200;
    const isReady = (wanted) => until(async () => (await ready()) === wanted, `/up?ready=1 to be ${wanted ? 200 : 503}`);
    const newPublisher = () => Publisher.overRedis({ path: redis.socket }, APP);
    const connect = (to = relay) => Client.connect(to);

    before(async () => {
      redis = await Redis.start();
      relay = await startRelay();
      publisher = await newPublisher();
      await isReady(true);
    });
    after(async () => {
      publisher.close();
      await relay.stop();
      await redis.stop();
    });

    test('an event published to Redis arrives', async () => {
      const client = await connect();
      await client.subscribe('private-a');
      assert.equal(await publisher.publish('private-a', 'e', { n: 1 }), 1);
      assert.equal((await client.event('e', 'private-a')).data, '{"n":1}');
      await client.end();
    });

    test('an event for a user arrives at who has signed in', async () => {
      const client = await connect();
      await signIn(client, { id: '7' });
      await client.subscribe('#server-to-user-7');
      assert.equal(await publisher.publish('#server-to-user-7', 'e', { n: 1 }), 1);
      assert.equal((await client.event('e', '#server-to-user-7')).data, '{"n":1}');
      await client.end();
    });

    test('one subscription at Redis for many clients, gone after the last', async () => {
      const bus = busChannel(APP.id, 'shared');
      const clients = await Promise.all(Array.from({ length: 6 }, () => connect()));
      await Promise.all(clients.map((client) => client.subscribe('shared')));
      await redis.subscribed(bus, 1);
      assert.equal(await publisher.publish('shared', 'e', {}), 1);
      await Promise.all(clients.map((client) => client.event('e')));
      await Promise.all(clients.map((client) => client.end()));
      await redis.subscribed(bus, 0);
    });

    test('leaving and coming back within the delay keeps the subscription', async () => {
      const client = await connect();
      for (let i = 0; i < 20; i++) {
        await client.subscribe('flapping');
        await publisher.publish('flapping', `e${i}`, {});
        await client.event(`e${i}`);
        client.unsubscribe('flapping');
      }
      await client.end();
    });

    test('unsigned, wrongly signed, foreign and broken messages are dropped and counted', async () => {
      const client = await connect();
      await client.subscribe('guarded');
      const bus = busChannel(APP.id, 'guarded');
      const text = clientText('forged', 'guarded', {});
      await redis.call('PUBLISH', bus, envelope({ text }));
      await redis.call('PUBLISH', bus, envelope({ text, secret: 'wrong', app: APP.id, channel: 'guarded' }));
      await redis.call('PUBLISH', bus, envelope({ text, secret: APP.secret, app: APP.id, channel: 'other' }));
      await redis.call('PUBLISH', bus, envelope({ text, secret: APP.secret, app: APP.id, channel: 'guarded', version: 9 }));
      await redis.call('PUBLISH', bus, 'x');
      await redis.call('PUBLISH', bus, '');
      await publisher.publish('guarded', 'good', {});
      await client.event('good');
      assert.deepEqual(client.inbox.items, []);
      await client.end();
    });

    test('a message of monstrous size costs the link, which comes back', async () => {
      const client = await connect();
      await client.subscribe('monster');
      await redis.call('PUBLISH', busChannel(APP.id, 'monster'), 'y'.repeat(20000000));
      await until(async () => {
        await publisher.publish('monster', 'after', {});
        return client.inbox.items.some(({ event }) => event === 'after');
      }, 'an event after it');
      await client.end();
    });

    test('a client event goes round, once', async () => {
      const [one, two] = [await connect(), await connect()];
      await one.subscribe('private-chat');
      await two.subscribe('private-chat');
      one.send({ event: 'client-x', channel: 'private-chat', data: { a: 1 } });
      await two.event('client-x');
      await publisher.publish('private-chat', 'marker', {});
      await one.event('marker');
      await two.event('marker');
      assert.deepEqual(one.inbox.items, []);
      assert.deepEqual(two.inbox.items, []);
      await one.end();
      await two.end();
    });

    test('two relays: events and client events reach both', async () => {
      const second = await startRelay();
      const [one, two] = [await connect(), await connect(second)];
      await one.subscribe('private-both');
      await two.subscribe('private-both');
      assert.equal(await publisher.publish('private-both', 'e', {}), 2);
      await one.event('e');
      await two.event('e');
      one.send({ event: 'client-hello', channel: 'private-both', data: 'hi' });
      assert.equal((await two.event('client-hello')).data, 'hi');
      await publisher.publish('private-both', 'not-for-one', {}, { socketId: one.socketId });
      await two.event('not-for-one');
      await publisher.publish('private-both', 'end', {});
      await one.event('end');
      assert.deepEqual(one.inbox.items, []);
      await one.end();
      await two.end();
      await second.stop();
    });

    test('killed Redis: sockets stay, live but not ready; after the restart all is subscribed again', async () => {
      const clients = await Promise.all(Array.from({ length: 5 }, () => connect()));
      for (const [i, client] of clients.entries()) for (let c = 0; c <= i; c++) await client.subscribe(`again-${c}`);
      publisher.close();
      await redis.kill();
      await isReady(false);
      const { status, body } = await relay.request('/up?ready=1');
      assert.equal(status, 503);
      assert.match(JSON.parse(body).reason, /Redis/);
      assert.equal((await relay.request('/up')).status, 200);
      for (const client of clients) assert.deepEqual(await client.settle(), []);

      const late = await connect();
      late.ask('late');
      assert.deepEqual(await late.settle(), [], 'no success before Redis confirmed');

      await redis.up();
      await isReady(true);
      await late.event('pusher_internal:subscription_succeeded', 'late');
      publisher = await newPublisher();
      for (let c = 0; c < 5; c++) {
        await redis.subscribed(busChannel(APP.id, `again-${c}`), 1);
        await publisher.publish(`again-${c}`, `back-${c}`, {});
      }
      for (const [i, client] of clients.entries()) {
        for (let c = 0; c <= i; c++) await client.event(`back-${c}`);
        assert.deepEqual(await client.settle(), []);
      }
      await publisher.publish('late', 'e', {});
      await late.event('e');
      await Promise.all([...clients, late].map((client) => client.end()));
    });

    test('frozen Redis: no success before it goes on', async () => {
      redis.freeze();
      const client = await connect();
      try {
        client.ask('frozen');
        await isReady(false);
        assert.deepEqual(await client.settle(), []);
      } finally {
        redis.thaw();
      }
      await client.event('pusher_internal:subscription_succeeded', 'frozen');
      await isReady(true);
      await client.end();
    });

    test('a link that Redis closes is made again', async () => {
      const client = await connect();
      await client.subscribe('cut');
      for (let i = 0; i < 3; i++) {
        await redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
        await redis.subscribed(busChannel(APP.id, 'cut'), 1);
        await until(async () => (await publisher.publish('cut', `e${i}`, {})) === 1, 'a subscriber');
        await client.event(`e${i}`);
      }
      assert.deepEqual((await client.settle()).filter(({ event }) => event.startsWith('pusher')), []);
      await client.end();
    });

    test('unsubscribing while Redis is away', async () => {
      const client = await connect();
      await client.subscribe('gone');
      publisher.close();
      await redis.kill();
      await isReady(false);
      client.unsubscribe('gone');
      client.ask('never');
      client.unsubscribe('never');
      await client.settle();
      await redis.up();
      publisher = await newPublisher();
      await isReady(true);
      await redis.subscribed(busChannel(APP.id, 'gone'), 0);
      await redis.subscribed(busChannel(APP.id, 'never'), 0);
      await client.end();
    });

    test('many channels at once', async () => {
      const client = await connect();
      await Promise.all(Array.from({ length: 90 }, (_, i) => client.subscribe(`bulk-${i}`)));
      for (let i = 0; i < 90; i++) await publisher.publish(`bulk-${i}`, `e${i}`, {});
      for (let i = 0; i < 90; i++) await client.event(`e${i}`, `bulk-${i}`);
      await client.end();
    });

    test('2,000 events in order', async () => {
      const client = await connect();
      await client.subscribe('ordered');
      publisher.link.write(Buffer.concat(Array.from({ length: 2000 }, (_, i) => publisher.command('ordered', 'e', i))));
      for (let i = 0; i < 2000; i++) await publisher.link.reply();
      for (let i = 0; i < 2000; i++) assert.equal((await client.event('e')).data, String(i));
      await client.end();
    });
  });
}

test('the relay starts without Redis, waits, and is ready when Redis comes', async () => {
  const redis = await Redis.start();
  await redis.kill();
  const relay = await Relay.start({ args: ['--engine', 'redis', '--redis', `unix:${redis.socket}`, ...FAST], ready: false });
  await until(async () => (await relay.request('/up').catch(() => ({}))).status === 200, '/up');
  assert.equal((await relay.request('/up?ready=1')).status, 503);
  const client = await Client.connect(relay);
  client.ask('a');
  assert.deepEqual(await client.settle(), []);
  await redis.up();
  await client.event('pusher_internal:subscription_succeeded', 'a');
  await client.end();
  await relay.stop();
  await redis.stop();
});

test('redis:// with a password, over TCP; a wrong password is told in the log, without it', async () => {
  const redis = await Redis.start({ port: await freePort() });
  await redis.call('CONFIG', 'SET', 'requirepass', 'redis-secret');
  redis.password = 'redis-secret';
  const relay = await Relay.start({ args: ['--engine', 'redis', ...FAST], env: { CLAIRON_REDIS: `redis://:redis-secret@127.0.0.1:${redis.port}/0` } });
  const client = await Client.connect(relay);
  await client.subscribe('a');
  await client.end();
  await relay.stop();
  assert.doesNotMatch(relay.output, /redis-secret/);

  const wrong = await Relay.start({ args: ['--engine', 'redis', ...FAST], env: { CLAIRON_REDIS: `redis://:wrong-secret@127.0.0.1:${redis.port}` }, ready: false });
  await until(() => /WRONGPASS|password/i.test(wrong.output), 'a log line about the password');
  assert.doesNotMatch(wrong.output, /wrong-secret/);
  assert.equal((await wrong.request('/up?ready=1')).status, 503);
  await wrong.stop();
  await redis.stop();
});

test('a Redis user who may do nothing but publish and subscribe is enough', async () => {
  const redis = await Redis.start({ port: await freePort() });
  await redis.call('ACL', 'SETUSER', 'chat', 'on', '>chat-secret', 'resetchannels', '&clairon:*', '+publish', '+subscribe', '+unsubscribe', '+ping');
  const relay = await Relay.start({ args: ['--engine', 'redis', ...FAST], env: { CLAIRON_REDIS: `redis://chat:chat-secret@127.0.0.1:${redis.port}` } });
  const client = await Client.connect(relay);
  await client.subscribe('a');
  await client.end();
  await relay.stop();
  await redis.stop();
});

test('SIGTERM while Redis is away or frozen ends in time', async () => {
  const redis = await Redis.start();
  const start = () => Relay.start({ args: ['--engine', 'redis', '--redis', `unix:${redis.socket}`, ...FAST] });
  const first = await start();
  const second = await start();
  redis.freeze();
  const client = await Client.connect(first);
  client.ask('x');
  await first.stop({ ms: 8000 });
  redis.thaw();
  await redis.kill();
  await until(async () => (await second.request('/up?ready=1')).status === 503, 'not ready');
  await second.stop({ ms: 8000 });
  await redis.stop();
});

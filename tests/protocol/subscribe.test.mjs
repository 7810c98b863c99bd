// SPDX-License-Identifier: MIT
//
// Subscribing and unsubscribing: public channels, names, repeats, and that published events reach
// exactly who subscribed.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Client } from './support/client.mjs';
import { Publisher } from './support/publish.mjs';
import { withRelay } from './support/relay.mjs';

withRelay('subscribe', {}, (context) => {
  let publisher;
  before(async () => {
    publisher = await Publisher.connect(context.relay);
  });
  after(() => publisher.close());
  const connect = () => Client.connect(context.relay);

  test('17. a public subscription is confirmed with channel and data "{}"', async () => {
    const client = await connect();
    client.ask('my-channel');
    assert.deepEqual(await client.event('pusher_internal:subscription_succeeded'),
      { event: 'pusher_internal:subscription_succeeded', channel: 'my-channel', data: '{}' });
    await client.end();
  });

  test('18. auth may be empty, null or absent on a public channel', async () => {
    const client = await connect();
    client.send({ event: 'pusher:subscribe', data: { channel: 'a', auth: '' } });
    client.send({ event: 'pusher:subscribe', data: { channel: 'b', auth: null } });
    client.send({ event: 'pusher:subscribe', data: { channel: 'c' } });
    for (const channel of ['a', 'b', 'c']) await client.event('pusher_internal:subscription_succeeded', channel);
    await client.end();
  });

  test('an event reaches every subscriber, byte for byte, and nobody else', async () => {
    const clients = await Promise.all(Array.from({ length: 6 }, connect));
    for (const client of clients.slice(0, 5)) await client.subscribe('news');
    const text = '{"event":"App\\\\Events\\\\Caf\u00e9","data":"{\\"a\\":1e400,\\"b\\":12345678901234567890}","channel":"news"}';
    await publisher.publish('news', '', '', { text });
    for (const client of clients.slice(0, 5)) {
      await client.event('App\\Events\\Caf\u00e9', 'news');
      assert.equal(client.raw.at(-1), text);
    }
    assert.deepEqual(await clients[5].settle(), []);
    await Promise.all(clients.map((client) => client.end()));
  });

  test('the excluded socket gets nothing', async () => {
    const [one, two] = [await connect(), await connect()];
    await one.subscribe('room');
    await two.subscribe('room');
    await publisher.publish('room', 'first', {}, { socketId: one.socketId });
    await publisher.publish('room', 'second', {});
    assert.equal((await one.inbox.take(() => true, 'an event')).event, 'second');
    assert.equal((await two.inbox.take(() => true, 'an event')).event, 'first');
    await one.end();
    await two.end();
  });

  test('a message id is delivered once', async () => {
    const client = await connect();
    await client.subscribe('once');
    const id = Buffer.alloc(16, 7);
    await publisher.publish('once', 'first', {}, { id });
    await publisher.publish('once', 'again', {}, { id });
    await publisher.publish('once', 'last', {});
    assert.equal((await client.inbox.take(() => true, 'an event')).event, 'first');
    assert.equal((await client.inbox.take(() => true, 'an event')).event, 'last');
    await client.end();
  });

  test('24. a refused subscription leaves the others alive', async () => {
    const client = await connect();
    await client.subscribe('good');
    client.ask('private-x', { auth: 'key1:0' });
    await client.errorFrame();
    await publisher.publish('good', 'still', {});
    await client.event('still', 'good');
    await client.end();
  });

  test('25. names outside the alphabet are refused', async () => {
    const client = await connect();
    const bad = ['a b', 'a/b', 'a:b', '', 'a\n', 'caf\u00e9', 'a#b', 'private-a b', '\u0000', 'a'.repeat(165), 'a\\b', 'a"b', '{}'];
    for (const channel of bad) {
      client.send({ event: 'pusher:subscribe', data: { channel, auth: '' } });
      await client.errorFrame();
    }
    assert.deepEqual((await client.settle()).filter(({ event }) => event === 'pusher_internal:subscription_succeeded'), []);
    await client.end();
  });

  test('25. the whole alphabet and the longest name are accepted', async () => {
    const client = await connect();
    await client.subscribe('a,b;c=d@e.f_g-h');
    await client.subscribe('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-=@,.;');
    await client.subscribe('n'.repeat(164));
    await client.subscribe(`private-${'n'.repeat(156)}`);
    await client.end();
  });

  test('26. names that begin with # are refused without a sign-in', async () => {
    const client = await connect();
    for (const channel of ['#x', '#server-to-user-7', '#']) {
      client.ask(channel);
      await client.errorFrame();
    }
    await client.end();
  });

  test('27. privatex and presence_x are public', async () => {
    const client = await connect();
    for (const channel of ['privatex', 'presence_x', 'private_', 'Private-x', 'private', 'presence']) {
      client.send({ event: 'pusher:subscribe', data: { channel } });
      await client.event('pusher_internal:subscription_succeeded', channel);
    }
    await client.end();
  });

  test('28. unsubscribe stops delivery, has no reply, is harmless for unknown channels', async () => {
    const client = await connect();
    await client.subscribe('x');
    await client.subscribe('y');
    client.unsubscribe('x');
    client.unsubscribe('never');
    client.unsubscribe('a b');
    assert.deepEqual((await client.settle()).filter(({ event }) => event !== 'pusher:error'), []);
    await publisher.publish('x', 'gone', {});
    await publisher.publish('y', 'here', {});
    assert.equal((await client.inbox.take(() => true, 'an event')).event, 'here');
    await client.end();
  });

  test('28. after unsubscribing one can subscribe again', async () => {
    const client = await connect();
    for (let i = 0; i < 5; i++) {
      await client.subscribe('again');
      await publisher.publish('again', `round-${i}`, {});
      await client.event(`round-${i}`);
      client.unsubscribe('again');
    }
    await client.end();
  });

  test('subscribe, unsubscribe and subscribe in one go', async () => {
    const client = await connect();
    client.ask('fast');
    client.unsubscribe('fast');
    client.ask('fast');
    await client.event('pusher_internal:subscription_succeeded', 'fast');
    await client.settle();
    await publisher.publish('fast', 'one', {});
    await publisher.publish('fast', 'two', {});
    await client.event('two');
    // The first subscription may have been confirmed before it ended: then there are two confirmations,
    // and never one behind a message.
    const rest = client.inbox.items.map(({ event }) => event);
    const confirmed = rest[0] === 'pusher_internal:subscription_succeeded' ? 1 : 0;
    assert.deepEqual(rest.slice(confirmed), ['one']);
    await client.end();
  });

  test('29. a second subscribe neither doubles deliveries nor confirms again', async () => {
    const client = await connect();
    await client.subscribe('twice');
    client.ask('twice');
    const frames = await client.settle();
    assert.deepEqual(frames.filter(({ event }) => event === 'pusher_internal:subscription_succeeded'), []);
    await publisher.publish('twice', 'one', {});
    await publisher.publish('twice', 'two', {});
    await client.event('two');
    assert.equal(client.inbox.items.filter(({ event }) => event === 'one').length, 1);
    await client.end();
  });

  test('30. a closed socket is gone from its channels', async () => {
    const stays = await connect();
    await stays.subscribe('presence-room', { user: 'stays' });
    const leaves = await connect();
    await leaves.subscribe('presence-room', { user: 'leaves' });
    await stays.event('pusher_internal:member_added', 'presence-room');
    leaves.socket.terminate();
    const removed = await stays.event('pusher_internal:member_removed', 'presence-room');
    assert.deepEqual(JSON.parse(removed.data), { user_id: 'leaves' });
    await stays.end();
  });

  test('one publish to a channel without subscribers is fine', async () => {
    assert.equal(typeof await publisher.publish('empty', 'x', {}), 'number');
  });

  test('many channels and many clients', async () => {
    const clients = await Promise.all(Array.from({ length: 20 }, connect));
    await Promise.all(clients.map(async (client, i) => {
      for (let c = 0; c <= i; c++) await client.subscribe(`many-${c}`);
    }));
    for (let c = 0; c < 20; c++) await publisher.publish(`many-${c}`, `event-${c}`, {});
    for (const [i, client] of clients.entries()) {
      for (let c = 0; c <= i; c++) await client.event(`event-${c}`, `many-${c}`);
      assert.deepEqual(await client.settle(), []);
    }
    await Promise.all(clients.map((client) => client.end()));
  });
});

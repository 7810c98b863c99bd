// SPDX-License-Identifier: MIT
//
// Private channels: signatures over exact bytes, keys, and what is refused.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Client } from './support/client.mjs';
import { Publisher } from './support/publish.mjs';
import { withRelay } from './support/relay.mjs';
import { signChannel } from './support/sign.mjs';

withRelay('private', {}, (context) => {
  let publisher;
  let client;
  before(async () => {
    publisher = await Publisher.connect(context.relay);
    client = await Client.connect(context.relay);
  });
  after(async () => {
    publisher.close();
    await client.end();
  });

  /** Asks with this auth and expects the error, naming the channel, and nothing else. */
  async function refused(channel, auth, rest = {}) {
    client.send({ event: 'pusher:subscribe', data: { channel, auth, ...rest } });
    const error = await client.errorFrame();
    const frames = await client.settle();
    assert.ok(frames.every(({ event }) => event.endsWith(':subscription_error')), JSON.stringify(frames));
    return error;
  }

  test('19. a right signature subscribes and events arrive', async () => {
    assert.deepEqual(await client.subscribe('private-orders.42'), {});
    await publisher.publish('private-orders.42', 'order.shipped', { id: 42 });
    assert.equal((await client.event('order.shipped')).data, '{"id":42}');
  });

  test('19. the signature of another socket is refused', async () => {
    const other = await Client.connect(context.relay);
    const auth = signChannel(context.relay.app, other.socketId, 'private-a');
    const error = await refused('private-a', auth);
    assert.match(error.message, /private-a/);
    await other.end();
  });

  test('19. the signature of another channel is refused', async () => {
    await refused('private-a', signChannel(context.relay.app, client.socketId, 'private-b'));
  });

  test('19. every altered digit is refused', async () => {
    const auth = signChannel(context.relay.app, client.socketId, 'private-a');
    for (const at of [0, 1, 31, 62, 63]) {
      const index = auth.length - 64 + at;
      const other = auth[index] === '0' ? '1' : '0';
      await refused('private-a', auth.slice(0, index) + other + auth.slice(index + 1));
    }
  });

  test('19. a signature that is cut, long, empty or of another type is refused', async () => {
    const auth = signChannel(context.relay.app, client.socketId, 'private-a');
    for (const wrong of [auth.slice(0, -1), `${auth}0`, 'key1:', 'key1', '', ':', auth.slice(5), null, 5, {}, [], true, auth.toUpperCase()]) {
      await refused('private-a', wrong);
    }
    client.send({ event: 'pusher:subscribe', data: { channel: 'private-a' } });
    await client.errorFrame();
    await client.settle();
  });

  test('20. a wrong key with a right signature is refused', async () => {
    const auth = signChannel({ ...context.relay.app, key: 'other' }, client.socketId, 'private-a');
    await refused('private-a', auth);
  });

  test('20. the signature of another secret is refused', async () => {
    await refused('private-a', signChannel({ ...context.relay.app, secret: 'other' }, client.socketId, 'private-a'));
  });

  test('22. channel_data on a private channel is part of the signed text', async () => {
    await client.subscribe('private-data', { channelData: '{"user_id":"7"}' });
    const without = signChannel(context.relay.app, client.socketId, 'private-data2');
    await refused('private-data2', without, { channel_data: '{"user_id":"7"}' });
  });

  test('encrypted and cache variants ask for a signature as well', async () => {
    await client.subscribe('private-encrypted-x');
    await refused('private-encrypted-y', '');
    await refused('private-cache-y', '');
    await refused('private-', '');
    client.ask('private-');
    await client.settle();
  });

  test('a publisher needs no signature of a channel, only its secret', async () => {
    await client.subscribe('private-z');
    await publisher.publish('private-z', 'x', 'plain text');
    assert.equal((await client.event('x', 'private-z')).data, 'plain text');
  });
});

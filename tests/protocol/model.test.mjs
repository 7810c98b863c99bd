// SPDX-License-Identifier: MIT
//
// Random clients against a model of what each must see: subscribing, leaving, vanishing, coming
// back, publishing with and without an excluded socket, client events, presence by user. Every
// frame is expected exactly once and none is left over. The seed is printed and can be given by
// CLAIRON_TEST_SEED.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Client } from './support/client.mjs';
import { Publisher } from './support/publish.mjs';
import { withRelay } from './support/relay.mjs';

const STEPS = 400;
const CLIENTS = 8;
const USERS = ['u0', 'u1', 'u2'];
const CHANNELS = ['public-a', 'public-b', 'private-a', 'private-b', 'presence-a', 'presence-b'];

/** mulberry32: the same steps for the same seed. */
function randomOf(seed) {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return { below: (n) => Math.floor(next() * n), of: (list) => list[Math.floor(next() * list.length)] };
}

class Model {
  constructor(relay, publisher) {
    this.relay = relay;
    this.publisher = publisher;
    this.clients = [];
    this.count = 0;
  }

  on(channel, except) {
    return this.clients.filter((client) => client !== except && client.joined.has(channel));
  }

  has(channel, user, except) {
    return this.on(channel, except).some((client) => client.user === user);
  }

  async connect(user) {
    const client = await Client.connect(this.relay);
    client.user = user;
    client.joined = new Set();
    this.clients.push(client);
  }

  /** Others hear of a user's first connection and of the end of the last. */
  async heard(event, channel, user, except) {
    for (const other of this.on(channel, except)) {
      const frame = await other.event(event, channel);
      assert.equal(JSON.parse(frame.data).user_id, user);
    }
  }

  async join(client, channel) {
    const isPresence = channel.startsWith('presence-');
    const isNew = isPresence && !this.has(channel, client.user, client);
    const { presence } = await client.subscribe(channel, isPresence ? { user: client.user } : {});
    client.joined.add(channel);
    if (!isPresence) return;
    assert.deepEqual([...presence.ids].sort(), [...new Set(this.on(channel).map(({ user }) => user))].sort());
    if (isNew) await this.heard('pusher_internal:member_added', channel, client.user, client);
  }

  async leave(client, channel) {
    client.unsubscribe(channel);
    assert.deepEqual(await client.settle(), []);
    await this.left(client, channel);
  }

  async left(client, channel) {
    client.joined.delete(channel);
    if (channel.startsWith('presence-') && !this.has(channel, client.user, client)) {
      await this.heard('pusher_internal:member_removed', channel, client.user, client);
    }
  }

  async vanish(client) {
    client.socket.terminate();
    await client.closed();
    this.clients.splice(this.clients.indexOf(client), 1);
    for (const channel of [...client.joined]) await this.left(client, channel);
    assert.deepEqual(client.inbox.items, []);
  }

  async publish(channel, except) {
    const name = `event-${this.count++}`;
    await this.publisher.publish(channel, name, { n: this.count }, except ? { socketId: except.socketId } : {});
    for (const client of this.on(channel, except)) await client.event(name, channel);
  }

  async whisper(client, channel) {
    const name = `client-${this.count++}`;
    client.send({ event: name, channel, data: { n: this.count } });
    for (const other of this.on(channel, client)) {
      const frame = await other.event(name, channel);
      assert.equal(frame.user_id, channel.startsWith('presence-') ? client.user : undefined);
    }
    /* Nobody may have been there to wait for: it must be on its way before somebody joins. */
    assert.deepEqual(await client.settle(), []);
  }

  async step(random) {
    const client = random.of(this.clients);
    const channel = random.of(CHANNELS);
    const isJoined = client.joined.has(channel);
    switch (random.below(8)) {
      case 0: case 1: case 2:
        return isJoined ? this.publish(channel) : this.join(client, channel);
      case 3:
        return isJoined ? this.leave(client, channel) : this.publish(channel);
      case 4:
        return this.publish(channel, client);
      case 5: case 6:
        return isJoined && !channel.startsWith('public-') ? this.whisper(client, channel) : this.publish(channel);
      default:
        await this.vanish(client);
        return this.connect(random.of(USERS));
    }
  }
}

withRelay('model', { args: ['--message-rate', '0', '--client-event-rate', '1000'] }, (context) => {
  const seed = Number(process.env.CLAIRON_TEST_SEED ?? Date.now() % 1000000);

  test(`${STEPS} random steps, CLAIRON_TEST_SEED=${seed}`, { timeout: 120000 }, async () => {
    const random = randomOf(seed);
    const publisher = await Publisher.connect(context.relay);
    const model = new Model(context.relay, publisher);
    for (let i = 0; i < CLIENTS; i++) await model.connect(random.of(USERS));
    for (let i = 0; i < STEPS; i++) {
      await model.step(random).catch((error) => {
        throw new Error(`step ${i}, CLAIRON_TEST_SEED=${seed}: ${error.message}`, { cause: error });
      });
    }
    for (const client of model.clients) assert.deepEqual(await client.settle(), []);
    publisher.close();
    await Promise.all(model.clients.map((client) => client.end()));
  });
});

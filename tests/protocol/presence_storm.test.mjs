// SPDX-License-Identifier: MIT
//
// Many clients of few users join, leave, leave before they were let in, and vanish, all at once and
// in random order. Who applies the joins and leaves it sees to the list it started from must end
// with the list that a newcomer gets.

import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';

import { Client } from './support/client.mjs';
import { withRelay } from './support/relay.mjs';
import { until } from './support/wait.mjs';

const CHANNEL = 'presence-storm';
const CLIENTS = 30;
const USERS = 7;
const STEPS = 40;

withRelay('presence storm', {}, (context) => {
  const connect = () => Client.connect(context.relay);

  async function storm(client, user) {
    for (let step = 0; step < STEPS; step++) {
      client.ask(CHANNEL, { user });
      if (randomInt(2)) await client.settle();
      client.unsubscribe(CHANNEL);
      if (randomInt(4) === 0) await client.settle();
    }
    if (randomInt(2)) client.ask(CHANNEL, { user });
    if (randomInt(2)) client.socket.terminate();
  }

  /** The list that `frames` make of `ids`; a join of a member or a leaving of a stranger is wrong. */
  function follow(ids, frames) {
    const members = new Set(ids);
    for (const { event, data } of frames) {
      const { user_id: id } = JSON.parse(data);
      if (event === 'pusher_internal:member_added') {
        assert.ok(!members.has(id), `${id} joined twice`);
        members.add(id);
      } else {
        assert.equal(event, 'pusher_internal:member_removed');
        assert.ok(members.delete(id), `${id} left without having been there`);
      }
    }
    return [...members].sort();
  }

  test('lists agree in the end', async () => {
    const witness = await connect();
    const start = await witness.subscribe(CHANNEL, { user: 'witness' });
    const clients = await Promise.all(Array.from({ length: CLIENTS }, connect));
    await Promise.all(clients.map((client, i) => storm(client, `u${i % USERS}`)));
    const left = clients.filter(({ socket }) => socket.readyState === socket.OPEN);
    await Promise.all(left.map((client) => client.settle()));
    const frames = [];
    await until(async () => {
      const newcomer = await connect();
      const expected = [...(await newcomer.subscribe(CHANNEL, { user: 'witness' })).presence.ids].sort();
      await newcomer.end();
      frames.push(...await witness.settle());
      return JSON.stringify(follow(start.presence.ids, frames)) === JSON.stringify(expected);
    }, 'the lists to agree');
    await Promise.all(left.map((client) => client.end()));
    await until(async () => {
      frames.push(...await witness.settle());
      return follow(start.presence.ids, frames).length === 1;
    }, 'only the witness to be left');
    await witness.end();
  });
});

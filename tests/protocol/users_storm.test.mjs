// SPDX-License-Identifier: MIT
//
// Many who sign in, sign in again, leave, vanish and are terminated at once: whoever watches ends
// with the truth and was never told the same twice. CLAIRON_TEST_SEED repeats a run.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { api } from './support/api.mjs';
import { Client } from './support/client.mjs';
import { withRelay } from './support/relay.mjs';
import { askSignIn, signIn, watched } from './support/users.mjs';
import { until } from './support/wait.mjs';

const USERS = Array.from({ length: 8 }, (_, i) => `user-${i}`);
const ACTORS = 12;
const STEPS = 40;
const seed = Number(process.env.CLAIRON_TEST_SEED ?? Date.now() % 1e6);

function randomOf(state) {
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

/** What a watcher believes of each user, by what it was told. */
async function follow(relay, id) {
  const client = await Client.connect(relay);
  await signIn(client, { id, watchlist: USERS });
  const beliefs = new Map();
  const learn = (lists) => {
    for (const [state, ids] of Object.entries(lists)) {
      for (const user of ids) {
        assert.notEqual(beliefs.get(user), state, `${id} was told twice that ${user} is ${state}`);
        beliefs.set(user, state);
      }
    }
  };
  learn(await watched(client));
  assert.equal(beliefs.size, USERS.length);
  /** Takes in all that has come. */
  const catchUp = async () => {
    for (const frame of await client.settle()) {
      client.inbox.push(frame);
      learn(await watched(client));
    }
  };
  return { client, beliefs, catchUp };
}

withRelay('users in a storm', {}, (context) => {
  test(`watchers end with the truth (seed ${seed})`, async () => {
    const watchers = [await follow(context.relay, 'watcher-1'), await follow(context.relay, 'watcher-2')];
    const signedIn = new Map(); /* client to user, of those who stay */

    const actor = async (random) => {
      let client = null;
      let user = null;
      for (let step = 0; step < STEPS; step++) {
        const isGone = client !== null && client.socket.readyState !== 1;
        if (client === null || isGone) {
          client = await Client.connect(context.relay);
          user = USERS[random(USERS.length)];
          askSignIn(client, { id: user, watchlist: USERS.slice(random(USERS.length)) });
          continue;
        }
        switch (random(6)) {
          case 0:
            askSignIn(client, { id: user, watchlist: USERS.slice(0, random(USERS.length)) });
            break;
          case 1:
            client.socket.terminate();
            break;
          case 2:
            client.socket.close(1000);
            break;
          case 3:
            await api(context.relay, 'POST', `/apps/app1/users/${USERS[random(USERS.length)]}/terminate_connections`, { body: '{}' });
            break;
          default:
            client.send({ event: 'pusher:ping' });
            await Promise.race([client.event('pusher:pong').catch(() => {}), client.closing]);
        }
      }
      if (client.socket.readyState === 1) signedIn.set(client, user);
      else await client.closing;
    };

    await Promise.all(Array.from({ length: ACTORS }, (_, i) => actor(randomOf(seed + i))));
    /* Whoever is left either stays or is just being closed. */
    for (const client of [...signedIn.keys()]) {
      client.inbox.items.splice(0);
      await client.settle().catch(() => signedIn.delete(client));
    }
    const online = new Set(signedIn.values());
    const isTrue = ({ beliefs }) => USERS.every((user) => beliefs.get(user) === (online.has(user) ? 'online' : 'offline'));
    for (const watcher of watchers) {
      await until(async () => {
        await watcher.catchUp();
        return isTrue(watcher);
      }, 'the watchers to know the truth');
    }
    const newcomer = await follow(context.relay, 'newcomer');
    assert.ok(isTrue(newcomer));
    for (const watcher of [...watchers, newcomer]) {
      await watcher.catchUp();
      assert.ok(isTrue(watcher), 'and to keep it');
      await watcher.client.end();
    }
    for (const client of signedIn.keys()) await client.end();
  });
});

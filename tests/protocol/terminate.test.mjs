// SPDX-License-Identifier: MIT
//
// POST users/ID/terminate_connections: who is closed, and what others hear of it.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { api } from './support/api.mjs';
import { Client } from './support/client.mjs';
import { counters } from './support/publish.mjs';
import { withRelay } from './support/relay.mjs';
import { signIn, watched } from './support/users.mjs';

withRelay('termination', {}, (context) => {
  const connect = (options) => Client.connect(context.relay, options);
  const terminate = async (id) => {
    const { status, body } = await api(context.relay, 'POST', `/apps/app1/users/${id}/terminate_connections`, { body: '{}' });
    assert.deepEqual({ status, body }, { status: 200, body: '{}' });
  };

  test("closes all the user's connections with 4009, for protocol 5 behind an error frame", async () => {
    const clients = [await connect(), await connect(), await connect(), await connect({ query: '?protocol=5' })];
    const [watcher, other, member] = [await connect(), await connect(), await connect()];
    const before = await counters(context.relay);
    await signIn(watcher, { id: 'watcher', watchlist: ['out', 'outside'] });
    await watched(watcher);
    for (const client of clients) await signIn(client, { id: 'out' });
    await signIn(other, { id: 'outside' });
    assert.equal((await watched(watcher)).online.includes('out'), true);
    await clients[0].subscribe('presence-room', { user: 'another' });
    await member.subscribe('presence-room', { user: 'out' });
    await terminate('out');
    for (const client of clients) {
      assert.deepEqual(await client.closed(), { code: 4009, reason: 'You got disconnected by the app.' });
    }
    assert.equal((await clients[3].event('pusher:error')).data.code, 4009);
    assert.deepEqual(JSON.parse((await member.event('pusher_internal:member_removed')).data), { user_id: 'another' });
    for (;;) {
      const { offline } = await watched(watcher);
      if (offline?.includes('out')) break;
    }
    for (const client of [other, member]) assert.deepEqual(await client.settle(), []);
    assert.equal((await counters(context.relay))('terminated') - before('terminated'), clients.length);
    const again = await connect();
    await signIn(again, { id: 'out' });
    for (const client of [again, watcher, other, member]) await client.end();
  });

  test('a user whom nobody is signed in as is no error', async () => {
    const client = await connect();
    await signIn(client, { id: 'stays' });
    for (const id of ['nobody', 'stay', 'stayss', 'sta%79', 'a%20b']) {
      if (id !== 'sta%79') await terminate(id);
    }
    assert.deepEqual(await client.settle(), []);
    await client.end();
  });

  test('what waits to be told of others goes with the connection', async () => {
    const [one, two] = [await connect(), await connect()];
    await signIn(one, { id: 'going', watchlist: ['coming'] });
    await watched(one);
    for (let i = 0; i < 10; i++) {
      const client = await connect();
      client.send({ event: 'pusher:ping' });
      await signIn(client, { id: 'going', watchlist: ['coming', 'going'] });
    }
    await signIn(two, { id: 'coming', watchlist: ['going'] });
    await terminate('going');
    assert.equal((await one.closed()).code, 4009);
    for (;;) {
      if ((await watched(two)).offline) break;
    }
    await two.end();
  });
});

// SPDX-License-Identifier: MIT
//
// Watchlists: what a user who signs in is told of others, first and later.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Client } from './support/client.mjs';
import { withRelay } from './support/relay.mjs';
import { askSignIn, signIn, watched } from './support/users.mjs';

let last = 0;
const fresh = (count) => Array.from({ length: count }, () => `user-${++last}`);

withRelay('watchlists', { args: ['--watchlist', '5'] }, (context) => {
  const connect = () => Client.connect(context.relay);
  const enter = async (id, watchlist) => {
    const client = await connect();
    await signIn(client, { id, ...(watchlist === undefined ? {} : { watchlist }) });
    return client;
  };
  const endAll = (...clients) => Promise.all(clients.map((client) => client.end()));

  test('the first list is one frame, with both events or one', async () => {
    const [a, b, c, w, v] = fresh(5);
    const there = await enter(a);
    const one = await enter(w, [a, b, c, a]);
    assert.deepEqual(await watched(one), { online: [a], offline: [b, c] });
    const two = await enter(v, [a, w]);
    assert.deepEqual(await watched(two), { online: [a, w].sort() });
    const three = await enter(c, [b]);
    assert.deepEqual(await watched(three), { offline: [b] });
    assert.deepEqual(await watched(one), { online: [c] });
    for (const client of [one, two, three]) assert.deepEqual(await client.settle(), []);
    await endAll(there, one, two, three);
  });

  test('without a watchlist nothing is told', async () => {
    const [a, b, c, d] = fresh(4);
    for (const [id, watchlist] of [[a, undefined], [b, []], [c, null]]) {
      const client = await enter(id, watchlist);
      const other = await enter(d);
      assert.deepEqual(await client.settle(), []);
      await endAll(client, other);
    }
  });

  test('a user is online while one of its connections is signed in', async () => {
    const [a, w] = fresh(2);
    const watcher = await enter(w, [a]);
    assert.deepEqual(await watched(watcher), { offline: [a] });
    const clients = [await enter(a), await enter(a), await enter(a), await enter(a)];
    assert.deepEqual(await watched(watcher), { online: [a] });
    const lastOne = clients.pop();
    await endAll(...clients);
    await lastOne.settle();
    assert.deepEqual(await watcher.settle(), []);
    await lastOne.end();
    assert.deepEqual(await watched(watcher), { offline: [a] });
    const again = await enter(a);
    assert.deepEqual(await watched(watcher), { online: [a] });
    again.socket.terminate();
    assert.deepEqual(await watched(watcher), { offline: [a] });
    await watcher.end();
  });

  test('connections that are not signed in, or fail to, are nobody', async () => {
    const [a, w] = fresh(2);
    const watcher = await enter(w, [a]);
    await watched(watcher);
    const client = await connect();
    await client.subscribe('presence-watch', { user: a });
    askSignIn(client, { id: a }, { auth: 'key1:x' });
    await client.errorFrame();
    assert.deepEqual(await watcher.settle(), []);
    await endAll(client, watcher);
  });

  test('all who watch are told, on all their connections', async () => {
    const [a, v, w] = fresh(3);
    const watchers = [await enter(v, [a]), await enter(w, [a]), await enter(w, [a]), await enter(w)];
    const silent = watchers.pop();
    for (const watcher of watchers) await watched(watcher);
    const client = await enter(a);
    for (const watcher of watchers) assert.deepEqual(await watched(watcher), { online: [a] });
    await client.end();
    for (const watcher of watchers) assert.deepEqual(await watched(watcher), { offline: [a] });
    assert.deepEqual(await silent.settle(), []);
    await endAll(silent, ...watchers);
  });

  test('users watch themselves and each other', async () => {
    const [a, b] = fresh(2);
    const one = await enter(a, [a, b]);
    assert.deepEqual(await watched(one), { online: [a], offline: [b] });
    const two = await enter(b, [a, b]);
    assert.deepEqual(await watched(two), { online: [a, b].sort() });
    assert.deepEqual(await watched(one), { online: [b] });
    await two.end();
    assert.deepEqual(await watched(one), { offline: [b] });
    await one.end();
  });

  test('a repeated sign-in replaces the list and is no leaving', async () => {
    const [a, b, c, v, w] = fresh(5);
    const other = await enter(v, [w]);
    await watched(other);
    const client = await enter(w, [a, b]);
    await watched(client);
    assert.deepEqual(await watched(other), { online: [w] });
    await signIn(client, { id: w, watchlist: [b, c] });
    assert.deepEqual(await watched(client), { offline: [b, c] });
    const [inA, inC] = [await enter(a), await enter(c)];
    assert.deepEqual(await watched(client), { online: [c] });
    await signIn(client, { id: w });
    await inC.end();
    for (const one of [client, other]) assert.deepEqual(await one.settle(), []);
    await endAll(inA, client, other);
  });

  test('more than the limit: the first are watched, 4302 says so, the sign-in works', async () => {
    const ids = fresh(7);
    const [w] = fresh(1);
    const there = [await enter(ids[4]), await enter(ids[5])];
    const client = await connect();
    await signIn(client, { id: w, watchlist: ids });
    assert.equal((await client.errorFrame()).code, 4302);
    assert.deepEqual(await watched(client), { online: [ids[4]], offline: ids.slice(0, 4).sort() });
    await client.subscribe(`#server-to-user-${w}`);
    await endAll(...there);
    assert.deepEqual(await watched(client), { offline: [ids[4]] });
    assert.deepEqual(await client.settle(), []);
    await client.end();
  });

  test('integers are their digits, ids of any characters come back', async () => {
    const [w] = fresh(1);
    const there = await enter('4711');
    const client = await connect();
    await signIn(client, `{"id":"${w}","watchlist":[4711,"a\\"b\\\\","\\u00e9\\n",12345678901234567890]}`);
    assert.deepEqual(await watched(client), { online: ['4711'], offline: ['12345678901234567890', 'a"b\\', '\u00e9\n'].sort() });
    await endAll(there, client);
  });

  test('many who come and go together end as they are', async () => {
    const ids = fresh(4);
    const [w] = fresh(1);
    const watcher = await enter(w, ids);
    const state = new Map((await watched(watcher)).offline.map((id) => [id, 'offline']));
    let clients = [];
    for (let round = 0; round < 6; round++) {
      const before = clients;
      clients = await Promise.all(ids.filter((_, i) => (i + round) % 3 !== 0).flatMap((id) => [enter(id), enter(id)]));
      await endAll(...before);
    }
    const expected = ids.map((_, i) => ((i + 5) % 3 !== 0 ? 'online' : 'offline'));
    while (ids.some((id, i) => state.get(id) !== expected[i])) {
      for (const [name, list] of Object.entries(await watched(watcher))) {
        for (const id of list) {
          assert.notEqual(state.get(id), name, `${id} is told ${name} twice`);
          state.set(id, name);
        }
      }
    }
    await endAll(...clients);
    await watcher.end();
  });
});

withRelay('watchlists switched off', { args: ['--watchlist', '0'] }, (context) => {
  test('nothing is told and nothing is an error', async () => {
    const [a, w] = fresh(2);
    const [watcher, client] = [await Client.connect(context.relay), await Client.connect(context.relay)];
    await signIn(watcher, { id: w, watchlist: Array.from({ length: 200 }, (_, i) => `many-${i}`) });
    await signIn(watcher, { id: w, watchlist: [a] });
    await signIn(client, { id: a });
    for (const one of [watcher, client]) assert.deepEqual(await one.settle(), []);
    for (const one of [watcher, client]) await one.end();
  });
});

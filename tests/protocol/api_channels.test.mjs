// SPDX-License-Identifier: MIT
//
// What the HTTP API tells of channels: gathered from all workers, right after the clients saw it.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { api, batch, events, get } from './support/api.mjs';
import { Client } from './support/client.mjs';
import { Resp } from './support/publish.mjs';
import { withRelay } from './support/relay.mjs';
import { signUser } from './support/sign.mjs';
import { until } from './support/wait.mjs';

withRelay('channels by HTTP', { file: '[app:empty]\nkey = emptykey\nsecret = emptysecret\n' }, (context) => {
  const connect = (options) => Client.connect(context.relay, options);
  const ask = async (path, params, options) => {
    const answer = await get(context.relay, path, params, options);
    assert.equal(answer.status, 200, answer.body);
    assert.equal(answer.headers['content-type'], 'application/json');
    return answer.json;
  };
  const status = async (path, params) => (await get(context.relay, path, params)).status;
  const vacated = (channel) => until(async () => !(await ask(`/channels/${channel}`)).occupied, `${channel} to be left`);

  test('an application without channels has an empty object', async () => {
    const answer = await get(context.relay, '/channels', {}, { app: { id: 'empty', key: 'emptykey', secret: 'emptysecret' } });
    assert.equal(answer.body, '{"channels":{}}');
  });

  test('counts of users and of subscriptions', async () => {
    const clients = await Promise.all(Array.from({ length: 5 }, () => connect()));
    for (const [i, client] of clients.entries()) {
      await client.subscribe('presence-c', { user: String(i % 2) });
      await client.subscribe('private-c');
    }
    assert.deepEqual(await ask('/channels/presence-c', { info: 'user_count,subscription_count' }), { occupied: true, user_count: 2, subscription_count: 5 });
    assert.deepEqual(await ask('/channels/private-c', { info: 'subscription_count' }), { occupied: true, subscription_count: 5 });
    assert.deepEqual(await ask('/channels/private-c'), { occupied: true });
    assert.deepEqual(await ask('/channels/presence-c/users'), { users: [{ id: '0' }, { id: '1' }] });
    assert.deepEqual(await ask('/channels/presence-c/stats'), { occupied: true, user_count: 2, connection_count: 5 });
    assert.deepEqual(await ask('/channels', { filter_by_prefix: 'presence-', info: 'user_count' }), { channels: { 'presence-c': { user_count: 2 } } });
    assert.deepEqual(await ask('/channels', { filter_by_prefix: 'private-c', info: 'subscription_count' }), { channels: { 'private-c': { subscription_count: 5 } } });
    for (const client of clients.slice(1)) client.unsubscribe('presence-c');
    await Promise.all(clients.map((client) => client.settle()));
    await until(async () => (await ask('/channels/presence-c', { info: 'user_count' })).user_count === 1, 'one user left');
    await Promise.all(clients.map((client) => client.end()));
    await vacated('presence-c');
    assert.deepEqual(await ask('/channels/presence-c', { info: 'user_count,subscription_count' }), { occupied: false, user_count: 0, subscription_count: 0 });
    assert.deepEqual(await ask('/channels/presence-c/users'), { users: [] });
  });

  test('info after publishing: as a map for an event, in order for a batch', async () => {
    const client = await connect();
    await client.subscribe('presence-i', { user: 'u' });
    await client.subscribe('i1');
    const all = 'user_count,subscription_count';
    const one = await events(context.relay, { name: 'e', data: 'x', channels: ['i1', 'presence-i', 'i1', 'nobody'], info: all });
    assert.deepEqual(one.json, { channels: { i1: { subscription_count: 1 }, 'presence-i': { user_count: 1, subscription_count: 1 }, nobody: { subscription_count: 0 } } });
    assert.deepEqual((await events(context.relay, { name: 'e', data: 'x', channel: 'i1', info: 'user_count' })).json, { channels: { i1: {} } });
    const list = [{ channel: 'presence-i' }, { channel: 'i1', info: 'subscription_count' }, { channel: 'nobody' }, { channel: 'presence-i', info: 'user_count' }];
    assert.deepEqual((await batch(context.relay, list.map((event) => ({ name: 'e', data: 'x', ...event })))).json,
      { batch: [{}, { subscription_count: 1 }, {}, { user_count: 1 }] });
    await client.end();
  });

  test('a list of many, by prefix, those of users left out', async () => {
    const client = await connect({ key: 'key1' });
    const names = Array.from({ length: 90 }, (_, i) => `many-${i}`);
    await Promise.all(names.map((name) => client.subscribe(name)));
    const data = JSON.stringify({ id: 'u1' });
    client.send({ event: 'pusher:signin', data: { auth: signUser(context.relay.app, client.socketId, data), user_data: data } });
    await client.event('pusher:signin_success');
    await client.subscribe('#server-to-user-u1');
    assert.deepEqual(Object.keys((await ask('/channels', { filter_by_prefix: 'many-' })).channels).sort(), [...names].sort());
    assert.deepEqual(Object.keys((await ask('/channels', { filter_by_prefix: 'many-1' })).channels).length, 11);
    assert.deepEqual(await ask('/channels', { filter_by_prefix: 'none' }), { channels: {} });
    const listed = Object.keys((await ask('/channels')).channels);
    assert.ok(names.every((name) => listed.includes(name)));
    assert.ok(!listed.some((name) => name.startsWith('#')));
    await client.end();
    await until(async () => Object.keys((await ask('/channels', { filter_by_prefix: 'many-' })).channels).length === 0, 'all to be left');
  });

  test('who watches over the ingest socket does not occupy', async () => {
    const link = await Resp.connect({ path: context.relay.socket });
    await link.call('AUTH', 'app1', 'secret1');
    await link.call('SUBSCRIBE', 'watched').catch(() => {});
    assert.deepEqual(await ask('/channels/watched', { info: 'subscription_count' }), { occupied: false, subscription_count: 0 });
    assert.deepEqual(await ask('/channels', { filter_by_prefix: 'watched' }), { channels: {} });
    link.close();
  });

  test("a cache channel's last event", async () => {
    assert.deepEqual(await ask('/channels/cache-h', { info: 'cache' }), { occupied: false, cache: null });
    await events(context.relay, { name: 'e', data: '{"x":"\\u00e9\\n"}', channel: 'cache-h' });
    const { cache } = await ask('/channels/cache-h', { info: 'cache' });
    assert.equal(cache.data, '{"x":"\\u00e9\\n"}');
    assert.ok(cache.ttl > 0 && cache.ttl <= 1800, String(cache.ttl));
    assert.deepEqual(await ask('/channels/plain', { info: 'cache' }), { occupied: false, cache: null });
  });

  test('names in the path are decoded', async () => {
    const client = await connect();
    await client.subscribe('a@b,c;d=e');
    for (const path of ['/channels/a@b,c;d=e', '/channels/a%40b%2Cc%3Bd%3De']) assert.deepEqual(await ask(path), { occupied: true });
    await client.end();
  });

  test('questions that make no sense', async () => {
    assert.equal(await status('/channels', { info: 'user_count' }), 400);
    assert.equal(await status('/channels', { info: 'user_count', filter_by_prefix: 'presence' }), 400);
    assert.equal(await status('/channels', { info: 'cache' }), 400);
    assert.equal(await status('/channels/private-a', { info: 'user_count' }), 400);
    assert.equal(await status('/channels/presence-a', { info: 'users' }), 400);
    assert.equal(await status('/channels/private-a/users'), 400);
    assert.equal(await status('/channels/a%20b'), 400);
    assert.equal(await status('/channels/a%00b'), 400);
    assert.equal(await status(`/channels/${'a'.repeat(165)}`), 400);
    assert.equal(await status('/channels/'), 404);
    assert.equal(await status('/channels/a/b'), 404);
    assert.equal(await status('/channels/a%2Fb'), 400);
  });

  test('terminate_connections closes the connections of that user on every worker', async () => {
    const clients = await Promise.all(Array.from({ length: 5 }, () => connect()));
    for (const [i, client] of clients.entries()) {
      const data = JSON.stringify({ id: i === 4 ? 'other' : 'u/1 x' });
      client.send({ event: 'pusher:signin', data: { auth: signUser(context.relay.app, client.socketId, data), user_data: data } });
      await client.event('pusher:signin_success');
    }
    /* PHP signs the id as it is and sends it encoded, or not. */
    const answer = await api(context.relay, 'POST', '/apps/app1/users/u/1%20x/terminate_connections', { body: {}, sign: { path: '/apps/app1/users/u/1 x/terminate_connections' } });
    assert.deepEqual([answer.status, answer.body], [200, '{}']);
    for (const client of clients.slice(0, 4)) assert.equal((await client.closed()).code, 4009);
    await clients[4].settle();
    assert.equal((await api(context.relay, 'POST', '/apps/app1/users/nobody/terminate_connections', { body: {} })).status, 200);
    await clients[4].end();
  });
});

// SPDX-License-Identifier: MIT
//
// Who may use the HTTP API: keys while they are rotated, applications that are disabled or keep it
// switched off, and what a refusal says. Vectors and their changes are in api_sign_test.c.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { api, events, get, nowSeconds, send, signedParams } from './support/api.mjs';
import { counters } from './support/publish.mjs';
import { APP, withRelay } from './support/relay.mjs';

const FILE = `[app:rotated]
key = newkey
secret = newsecret
previous_key = oldkey
previous_secret = oldsecret
[app:disabled]
key = disabledkey
secret = disabledsecret
enabled = false
[app:closed]
key = closedkey
secret = closedsecret
http_api = false
`;

withRelay('signatures of the HTTP API', { file: FILE }, (context) => {
  const body = { name: 'e', data: 'x', channel: 'c' };
  const refused = async (promise, status, words) => {
    const answer = await promise;
    assert.equal(answer.status, status, answer.body);
    assert.match(answer.headers['content-type'], /^text\/plain/);
    assert.match(answer.body, words);
    assert.ok(!answer.body.includes('secret1') && !answer.body.includes('newsecret'), 'no secret');
    return answer;
  };

  test('two keys at once while rotating, each with its own secret', async () => {
    const as = (key, secret) => events(context.relay, body, { app: { id: 'rotated', key, secret } });
    assert.equal((await as('newkey', 'newsecret')).status, 200);
    assert.equal((await as('oldkey', 'oldsecret')).status, 200);
    await refused(as('newkey', 'oldsecret'), 401, /Invalid signature/);
    await refused(as('oldkey', 'newsecret'), 401, /Invalid signature/);
    await refused(as('key1', 'secret1'), 401, /Unknown auth_key/);
  });

  test('disabled, switched off, unknown', async () => {
    await refused(events(context.relay, body, { app: { id: 'disabled', key: 'disabledkey', secret: 'disabledsecret' } }), 403, /disabled/);
    await refused(events(context.relay, body, { app: { id: 'disabled', key: 'disabledkey', secret: 'x' } }), 401, /signature/);
    await refused(events(context.relay, body, { app: { id: 'closed', key: 'closedkey', secret: 'closedsecret' } }), 403, /http_api/);
    await refused(events(context.relay, body, { app: { ...APP, id: 'nobody' } }), 404, /No application/);
    await refused(send(context.relay, 'POST', { target: '/apps/', body: '{}' }), 404, /No application/);
    await refused(send(context.relay, 'POST', { target: '/apps/app1', body: '{}' }), 404, /no such path/);
  });

  test('each missing part is named', async () => {
    const without = (name, extra = {}) => events(context.relay, body, { params: { [name]: undefined }, ...extra });
    await refused(send(context.relay, 'POST', { target: '/apps/app1/events', body: '{}' }), 401, /no auth_key.*proxy/);
    await refused(without('auth_key'), 401, /auth_key/);
    await refused(without('auth_version'), 401, /auth_version/);
    await refused(without('auth_timestamp'), 401, /auth_timestamp/);
    await refused(without('body_md5'), 401, /body_md5 is missing/);
    await refused(events(context.relay, body, { sign: { signature: '' } }), 401, /auth_signature is missing/);
    await refused(events(context.relay, body, { sign: { secret: 'wrong' } }), 401, /Invalid signature.*POST\\n\/apps\/app1\/events\\nauth_key=key1&/);
    await refused(events(context.relay, body, { sign: { timestamp: nowSeconds() - 601 } }), 401, /Timestamp expired/);
  });

  test('order of the checks: key, version, time, body, signature', async () => {
    const wrong = { auth_key: 'x', auth_version: '2', auth_timestamp: '1', body_md5: 'x' };
    const words = [/auth_key/, /auth_version/, /Timestamp/, /body_md5/, /signature/];
    for (const [i, name] of [...Object.keys(wrong), ''].entries()) {
      await refused(events(context.relay, body, { params: { ...wrong }, sign: { secret: 'wrong' } }), 401, words[i]);
      delete wrong[name];
    }
  });

  test('prefixes of proxies, arrays, paths signed before they were encoded', async () => {
    for (const prefix of ['/pfx', '/a/b%20c', '/', '/apps.example']) assert.equal((await events(context.relay, body, { prefix })).status, 200, prefix);
    const path = '/apps/app1/channels/presence-a';
    const params = signedParams(APP, 'GET', path, { info: 'user_count,subscription_count' });
    delete params.info;
    const query = Object.entries(params).map(([name, value]) => `${name}=${value}`).join('&');
    const answer = await send(context.relay, 'GET', { target: `${path}?info%5B0%5D=user_count&info%5B1%5D=subscription_count&${query}` });
    assert.deepEqual(answer.json, { occupied: false, user_count: 0, subscription_count: 0 });
    assert.equal((await api(context.relay, 'GET', '/apps/app1/channels/a%40b', { sign: { path: '/apps/app1/channels/a@b' } })).status, 200);
    assert.equal((await get(context.relay, '/channels/a%40b')).status, 200);
  });

  test('a signature is for its method, path and body', async () => {
    const other = (sign) => refused(events(context.relay, body, { sign }), 401, /\w/);
    await other({ method: 'GET' });
    await other({ path: '/apps/app1/batch_events' });
    await other({ path: '/apps/rotated/events' });
    await other({ body: '{}' });
    assert.equal((await api(context.relay, 'HEAD', '/apps/app1/channels')).status, 200);
    await refused(api(context.relay, 'GET', '/apps/app1/channels', { sign: { method: 'HEAD' } }), 401, /Invalid signature/);
  });

  test('headers of libraries do not matter', async () => {
    const libraries = ['pusher-http-php 7.2.6', 'pusher-http-ruby 2.0.3', 'pusher-http-node/5.2.0', 'pusher-http-go 5.1.1', 'pusher-http-python 3.3.3', 'x'.repeat(1000)];
    for (const name of libraries) {
      assert.equal((await events(context.relay, body, { headers: { 'X-Pusher-Library': name, 'User-Agent': name, Accept: '*/*', 'Content-Type': 'text/plain' } })).status, 200);
    }
  });

  test('a query with too many parameters', async () => {
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`p${i}`, '']));
    await refused(events(context.relay, body, { params: many }), 400, /more than 256 parameters/);
  });

  test('refusals are counted', async () => {
    const before = await counters(context.relay);
    await refused(events(context.relay, body, { sign: { secret: 'wrong' } }), 401, /signature/);
    const now = await counters(context.relay);
    assert.equal(now('api_errors') - before('api_errors'), 1);
    assert.equal(now('api_requests') - before('api_requests'), 1);
  });
});

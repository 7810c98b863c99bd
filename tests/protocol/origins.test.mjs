// SPDX-License-Identifier: MIT
//
// allowed_origins: which web pages may connect.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Client } from './support/client.mjs';
import { counters } from './support/publish.mjs';
import { withRelay } from './support/relay.mjs';

const app = (id, origins) => `[app:${id}]\nkey = key-${id}\nsecret = s\n${origins === undefined ? '' : `allowed_origins = ${origins}\n`}`;
const file = [app('any'), app('page', 'https://example.com, https://*.example.org'), app('host', 'localhost, *.test'), app('none', 'none')].join('');

withRelay('origins', { apps: [], file }, (context) => {
  const open = (id, origin) => Client.open(context.relay, { app: { id, key: `key-${id}`, secret: 's' }, ...(origin === undefined ? {} : { origin }) });

  for (const [id, good, bad] of [
    ['any', ['https://example.com', 'null', 'what is this'], []],
    ['page', ['https://example.com', 'HTTPS://EXAMPLE.COM', 'https://a.b.example.org'],
      ['http://example.com', 'https://example.com:444', 'https://example.org', 'https://example.com.evil.test', 'null', 'https://evil.test/.example.org']],
    ['host', ['http://localhost:5173', 'https://shop.test'], ['http://localhost.evil.example', 'https://test']],
    ['none', [], ['https://example.com', 'null']],
  ]) {
    test(`${id}: pages that may and pages that may not`, async () => {
      const before = (await counters(context.relay))('origins_refused');
      for (const origin of [undefined, ...good]) {
        const client = open(id, origin);
        await client.event('pusher:connection_established');
        await client.end();
      }
      if (id === 'page') { /* of many refusals only the first ones have a line */
        const line = context.relay.logged('refused', (fields) => fields.app === id);
        await open(id, 'https://evil.test/" code="1').closed();
        const { origin, code } = await line;
        assert.deepEqual([origin, code], ["https://evil.test/' code='1", '4009']);
      }
      for (const origin of bad) {
        const { code, reason } = await open(id, origin).closed();
        assert.equal(code, 4009, origin);
        assert.match(reason, /origin/);
      }
      assert.equal((await counters(context.relay))('origins_refused') - before, bad.length + (id === 'page' ? 1 : 0));
    });
  }
});

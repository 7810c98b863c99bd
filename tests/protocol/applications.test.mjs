// SPDX-License-Identifier: MIT
//
// Any number of applications: thousands start fast, take little memory, and are told apart.

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';

import { Client } from './support/client.mjs';
import { busChannel, clientText, envelope, Resp } from './support/publish.mjs';
import { Relay } from './support/relay.mjs';

const COUNT = 2000;
const KB_EACH_MAX = 8;

const all = (count, lines = '') => Array.from({ length: count }, (_, i) => `[app:a${i}]\nkey = k${i}\nsecret = s${i}\n${lines}`).join('');
const named = (i) => ({ id: `a${i}`, key: `k${i}`, secret: `s${i}` });
const residentKb = async (relay) => Number(/^VmRSS:\s+(\d+) kB/m.exec(await readFile(`/proc/${relay.pid}/status`, 'utf8'))[1]);
const isSanitized = async (relay) => /lib(a|t)san|libubsan/.test(await readFile(`/proc/${relay.pid}/maps`, 'utf8'));

for (const workers of [1, 2]) {
  test(`${COUNT} applications, ${workers} worker(s)`, async () => {
    const one = await Relay.start({ workers, apps: [], file: all(1) });
    const small = await residentKb(one);
    await one.stop();

    const began = Date.now();
    const relay = await Relay.start({ workers, apps: [], file: all(COUNT, 'webhooks = none\nallowed_origins = https://*.example.com\n') });
    assert.ok(Date.now() - began < 5000, 'it starts fast');
    if (!(await isSanitized(relay))) {
      const each = (await residentKb(relay) - small) / COUNT;
      assert.ok(each < KB_EACH_MAX, `${each.toFixed(1)} KB an application`);
    }

    const clients = await Promise.all([0, 1, 255, 256, 767, 768, COUNT - 1].map((i) => Client.connect(relay, { app: named(i) })));
    for (const client of clients) await client.subscribe('private-news');
    assert.equal((await Client.open(relay, { key: `k${COUNT}` }).closed()).code, 4001);
    const link = await Resp.connect({ path: relay.socket });
    await link.call('AUTH', `a${COUNT - 1}`, `s${COUNT - 1}`);
    await link.call('PUBLISH', busChannel(`a${COUNT - 1}`, 'private-news'), envelope({ text: clientText('hello', 'private-news', '1') }));
    await clients.at(-1).event('hello');
    for (const client of clients) assert.deepEqual(await client.settle(), [], 'the others hear nothing');

    // Half of them go, and come back in another order.
    await writeFile(relay.file, all(COUNT / 2));
    relay.signal('SIGHUP');
    await relay.logged('reloaded');
    assert.equal((await clients.at(-1).closed()).code, 4001);
    await clients[0].settle();
    await writeFile(relay.file, Array.from({ length: COUNT }, (_, i) => { const { id, key, secret } = named(COUNT - 1 - i); return `[app:${id}]\nkey = ${key}\nsecret = ${secret}\n`; }).join(''));
    relay.signal('SIGHUP');
    await relay.logged('reloaded');
    const back = await Client.connect(relay, { app: named(COUNT - 1) });
    await back.subscribe('private-news');
    await clients[3].settle();
    link.close();
    await relay.stop();
  });
}

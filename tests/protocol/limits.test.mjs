// SPDX-License-Identifier: MIT
//
// Bounds of connections: quotas of an application and of the relay, a disabled application, rates.

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';

import { Client } from './support/client.mjs';
import { counters } from './support/publish.mjs';
import { tcp } from './support/raw.mjs';
import { APP, withRelay } from './support/relay.mjs';
import { until, within } from './support/wait.mjs';

const folders = [];

async function configFile(text) {
  const folder = await mkdtemp(path.join(tmpdir(), 'clairon-conf-'));
  folders.push(folder);
  const file = path.join(folder, 'clairon.conf');
  await writeFile(file, text, { mode: 0o600 });
  return file;
}

after(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))));

const OFF = { id: 'off', key: 'offkey', secret: 'offsecret' };
const SMALL = { id: 'small', key: 'smallkey', secret: 'smallsecret' };

withRelay('quotas', async () => ({
  args: ['--config', await configFile(`
[app:off]
key = ${OFF.key}
secret = ${OFF.secret}
enabled = false

[app:small]
key = ${SMALL.key}
secret = ${SMALL.secret}
max_connections = 2
channels = 3
`)],
}), (context) => {
  test('6. a disabled application is closed with 4003', async () => {
    assert.equal((await Client.open(context.relay, { app: OFF }).closed()).code, 4003);
  });

  test('6. over the quota of the application it is 4004, and room comes back', async () => {
    const first = await Client.connect(context.relay, { app: SMALL });
    const second = await Client.connect(context.relay, { app: SMALL });
    assert.equal((await Client.open(context.relay, { app: SMALL }).closed()).code, 4004);
    await (await Client.connect(context.relay)).end();
    await first.end();
    await second.end();
    await (await Client.connectWhenRoom(context.relay, { app: SMALL })).end();
  });

  test('the channels of a connection are bounded', async () => {
    const client = await Client.connectWhenRoom(context.relay, { app: SMALL });
    for (const channel of ['a', 'b', 'private-c']) await client.subscribe(channel);
    client.ask('d');
    await client.errorFrame();
    client.unsubscribe('a');
    await client.subscribe('e');
    await client.end();
  });
});

withRelay('capacity', { args: ['--max-connections', '3'] }, (context) => {
  test('over capacity the upgrade is completed and closed with 4100', async () => {
    const clients = [];
    for (let i = 0; i < 3; i++) clients.push(await Client.connect(context.relay));
    const { code } = await Client.open(context.relay).closed();
    assert.equal(code, 4100);
    await clients.pop().end();
    clients.push(await Client.connectWhenRoom(context.relay));
    await Promise.all(clients.map((client) => client.end()));
  });
});

withRelay('upgrade rate', { args: ['--upgrade-rate', '20'] }, (context) => {
  test('connections above the rate wait and are served', async () => {
    const began = Date.now();
    const clients = await Promise.all(Array.from({ length: 50 }, () => Client.connect(context.relay)));
    assert.ok(Date.now() - began > 1000, 'the first 20 at once, 30 more at 20 a second');
    await Promise.all(clients.map((client) => client.end()));
  });
});

withRelay('message rate', { args: ['--message-rate', '5', '--message-burst', '10'] }, (context) => {
  test('a flood of messages harms nobody else', async () => {
    const loud = await Client.connect(context.relay);
    const quiet = await Client.connect(context.relay);
    for (let i = 0; i < 500; i++) loud.send({ event: 'pusher:ping' });
    await quiet.settle();
    loud.socket.terminate();
    await loud.closed();
    await quiet.end();
  });
});

withRelay('sizes', { args: ['--message-bytes', '2048', '--members', '3'], apps: [APP] }, (context) => {
  test('13. a message at the limit is handled, one byte more closes with 1009', async () => {
    const client = await Client.connect(context.relay);
    const around = JSON.stringify({ event: 'pusher:ping', data: '' }).length;
    client.send(JSON.stringify({ event: 'pusher:ping', data: 'x'.repeat(2048 - around) }));
    await client.event('pusher:pong');
    client.send(JSON.stringify({ event: 'pusher:ping', data: 'x'.repeat(2049 - around) }));
    assert.equal((await client.closed()).code, 1009);
  });

  test('13. what arrived before the bad frame is answered first', async () => {
    const client = await Client.connect(context.relay);
    client.send({ event: 'pusher:ping' });
    client.send('x'.repeat(3000));
    await client.event('pusher:pong');
    assert.equal((await client.closed()).code, 1009);
  });
});

withRelay('descriptors', { wrap: ['prlimit', '--nofile=72:72'] }, (context) => {
  test('when descriptors run short connections are turned away, others live on, and room comes back', async () => {
    const client = await Client.connect(context.relay);
    const raws = await Promise.all(Array.from({ length: 120 }, () => tcp(context.relay)));
    for (const raw of raws) raw.socket.on('data', (bytes) => (raw.answer = (raw.answer ?? '') + bytes));
    await within(Promise.any(raws.map(({ ended }) => ended)), () => 'a connection to be turned away');
    await until(() => raws.some(({ answer }) => answer?.startsWith('HTTP/1.1 503 ')), 'a connection to be told 503');
    assert.ok((await counters(context.relay))('connections_refused') > 0);
    await client.settle();
    for (const raw of raws) raw.socket.destroy();
    const again = await until(() => Client.connect(context.relay).catch(() => null), 'a connection to be served again');
    await again.end();
    await client.end();
  });
});

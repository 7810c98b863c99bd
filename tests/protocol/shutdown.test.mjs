// SPDX-License-Identifier: MIT
//
// The end: SIGTERM closes everybody with 4200 and ends within the bound, a second signal at once.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { test } from 'node:test';

import { Client } from './support/client.mjs';
import { Publisher } from './support/publish.mjs';
import { Relay } from './support/relay.mjs';
import { upgrade } from './support/raw.mjs';
import { within } from './support/wait.mjs';

for (const workers of [1, 2]) {
  const start = (args = []) => Relay.start({ workers, args });
  const name = (text) => `${text}, ${workers} worker${workers > 1 ? 's' : ''}`;

  test(name('12. SIGTERM closes every client with 4200, exit status 0'), async () => {
    const relay = await start();
    const clients = await Promise.all(Array.from({ length: 40 }, () => Client.connect(relay)));
    for (const client of clients.slice(0, 20)) await client.subscribe('presence-x', { user: client.socketId });
    relay.signal('SIGTERM');
    for (const client of clients) assert.equal((await client.closed()).code, 4200);
    await relay.stop({ signal: null });
  });

  test(name('SIGINT is the same'), async () => {
    const relay = await start();
    const client = await Client.connect(relay);
    relay.signal('SIGINT');
    assert.equal((await client.closed()).code, 4200);
    await relay.stop({ signal: null });
  });

  test(name('without clients it ends at once'), async () => {
    const relay = await start(['--drain-timeout-ms', '60000']);
    await relay.stop({ ms: 3000 });
  });

  test(name('a client that never answers delays the end by drain_timeout_ms at most'), async () => {
    const relay = await start(['--drain-timeout-ms', '300', '--close-timeout-ms', '60000']);
    const raw = await upgrade(relay);
    raw.socket.pause();
    const began = Date.now();
    await relay.stop({ ms: 5000 });
    assert.ok(Date.now() - began >= 200, 'it waited for the client');
    raw.socket.destroy();
  });

  test(name('a second signal ends it at once'), async () => {
    const relay = await start(['--drain-timeout-ms', '60000', '--close-timeout-ms', '60000']);
    const raw = await upgrade(relay);
    relay.signal('SIGTERM');
    await raw.closed();
    relay.signal('SIGTERM');
    await relay.stop({ signal: null, ms: 3000 });
    raw.socket.destroy();
  });

  test(name('while draining new connections are refused or told 4200'), async () => {
    const relay = await start(['--drain-timeout-ms', '3000', '--close-timeout-ms', '60000']);
    const raw = await upgrade(relay);
    relay.signal('SIGTERM');
    await raw.closed();
    const socket = net.connect(relay.port, '127.0.0.1');
    const outcome = await within(new Promise((resolve) => {
      socket.once('error', ({ code }) => resolve(code));
      socket.once('close', () => resolve('closed'));
    }), () => 'a refusal');
    assert.ok(['ECONNREFUSED', 'ECONNRESET', 'closed'].includes(outcome), outcome);
    raw.socket.destroy();
    await relay.stop({ signal: null });
  });

  test(name('/up?ready=1 says so while draining'), async () => {
    const relay = await start(['--drain-timeout-ms', '20000', '--close-timeout-ms', '60000']);
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const get = (path) => new Promise((resolve, reject) => {
      http.get(relay.url + path, { agent }, (response) => {
        let body = '';
        response.on('data', (part) => (body += part)).on('end', () => resolve({ status: response.statusCode, body }));
      }).on('error', reject);
    });
    assert.equal((await get('/up?ready=1')).status, 200);
    const raw = await upgrade(relay);
    relay.signal('SIGTERM');
    await raw.closed();
    const { status, body } = await get('/up?ready=1');
    assert.equal(status, 503);
    assert.match(JSON.parse(body).reason, /shutting down/);
    assert.equal((await get('/up')).status, 200);
    agent.destroy();
    raw.socket.destroy();
    await relay.stop({ signal: null });
  });

  test(name('an event published just before the signal still arrives'), async () => {
    const relay = await start();
    const client = await Client.connect(relay);
    await client.subscribe('news');
    const publisher = await Publisher.connect(relay);
    await publisher.publish('news', 'last', {});
    relay.signal('SIGTERM');
    await client.event('last');
    assert.equal((await client.closed()).code, 4200);
    await relay.stop({ signal: null });
    publisher.close();
  });

  test(name('the Unix socket goes with the process'), async () => {
    const relay = await start();
    assert.ok(existsSync(relay.socket));
    relay.signal('SIGTERM');
    await relay.exited;
    assert.ok(!existsSync(relay.socket));
    await relay.stop({ signal: null });
  });

  test(name('a publisher that is connected does not delay the end'), async () => {
    const relay = await start(['--drain-timeout-ms', '60000']);
    const publisher = await Publisher.connect(relay);
    await relay.stop({ ms: 3000 });
    await publisher.link.closed;
  });
}

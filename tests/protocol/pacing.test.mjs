// SPDX-License-Identifier: MIT
//
// After a mass disconnect: clients come back as fast as upgrade_rate says, those for whom there is
// no room in time hear so, and who is connected gets messages meanwhile. STORM=10000 is the long
// form; it prints figures.

import assert from 'node:assert/strict';
import net from 'node:net';
import { test } from 'node:test';

import { Client } from './support/client.mjs';
import { counters, Publisher } from './support/publish.mjs';
import { Relay } from './support/relay.mjs';
import { upgradeRequest } from './support/raw.mjs';
import { until } from './support/wait.mjs';

const STORM = Number(process.env.STORM ?? 1000);

/** A bare upgrade: resolves with the status of the answer, null if there is none. */
function knock(relay, sockets) {
  return new Promise((resolve) => {
    const socket = net.connect(relay.port, '127.0.0.1', () => socket.write(upgradeRequest('/app/key1')));
    sockets.push(socket);
    let text = '';
    let status = null;
    socket.on('data', (bytes) => {
      if (status !== null) return;
      text += bytes.toString('latin1');
      const found = /^HTTP\/1\.1 (\d+)/.exec(text);
      if (found) resolve(status = Number(found[1]));
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(status));
  });
}

for (const workers of [1, 2]) {
  test(`${STORM} clients come back, ${workers} worker(s)`, async () => {
    const relay = await Relay.start({ workers });
    const listener = await Client.connect(relay);
    await listener.subscribe('news');
    const publisher = await Publisher.connect(relay);
    for (let round = 0; round < 2; round++) {
      const sockets = [];
      const began = Date.now();
      const answers = Promise.all(Array.from({ length: STORM }, () => knock(relay, sockets)));
      let isOver = false;
      answers.then(() => (isOver = true));
      const latencies = [];
      do {
        const sent = performance.now();
        await publisher.publish('news', 'tick', '1');
        await listener.event('tick');
        latencies.push(performance.now() - sent);
      } while (!isOver);
      assert.deepEqual((await answers).filter((status) => status !== 101), []);
      latencies.sort((a, b) => a - b);
      if (process.env.STORM) {
        console.log(`round ${round}: all back after ${Date.now() - began} ms; delivery meanwhile: median ${latencies[latencies.length >> 1].toFixed(1)} ms, worst ${latencies.at(-1).toFixed(1)} ms`);
      }
      for (const socket of sockets) socket.destroy();
      await until(async () => (await counters(relay))('connections') === 1, 'the others are gone');
    }
    await relay.stop();
  });
}

test('who would wait too long gets 503 at once', async () => {
  const relay = await Relay.start({ args: ['--upgrade-rate', '10'] });
  const sockets = [];
  const statuses = [];
  for (let i = 0; i < 200; i++) knock(relay, sockets).then((status) => statuses.push(status));
  await until(() => statuses.filter((status) => status === 503).length >= 50, 'many are turned away');
  await until(() => statuses.filter((status) => status === 101).length >= 15, 'others are served at the rate');
  const counter = await counters(relay);
  assert.ok(counter('connections_refused') >= 50);
  assert.ok(counter('connections_refused') < 120, 'those who fit into ten seconds wait');
  for (const socket of sockets) socket.destroy();
  await relay.stop();
});

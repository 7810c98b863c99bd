// SPDX-License-Identifier: MIT
//
// Liveness with short times: probing silent clients, reaping those that do not answer, deadlines
// of requests and of the closing handshake.

import assert from 'node:assert/strict';
import net from 'node:net';
import { test } from 'node:test';

import { Client } from './support/client.mjs';
import { withRelay } from './support/relay.mjs';
import { within } from './support/wait.mjs';
import { frame, upgrade } from './support/raw.mjs';

const TIMES = ['--activity-timeout-ms', '1000', '--ping-grace-ms', '0', '--pong-timeout-ms', '400',
  '--close-timeout-ms', '300', '--request-timeout-ms', '500'];

withRelay('idle', { args: TIMES }, (context) => {
  test('10. an idle client gets a WebSocket ping, answers, and stays', async () => {
    const client = await Client.connect(context.relay);
    for (let i = 0; i < 3; i++) await client.pings.take(() => true, 'a ping');
    assert.deepEqual(await client.settle(), []);
    await client.end();
  });

  test('10. a client that talks is not asked', async () => {
    const client = await Client.connect(context.relay);
    const end = Date.now() + 1800;
    while (Date.now() < end) {
      await client.settle();
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.equal(client.pings.items.length, 0);
    await client.end();
  });

  test('11. a client that answers nothing is closed with 4201', async () => {
    const client = await Client.connect(context.relay, { autoPong: false });
    await client.pings.take(() => true, 'a ping');
    const { code } = await client.closed();
    assert.equal(code, 4201);
  });

  test('11. any message counts as an answer', async () => {
    const client = await Client.connect(context.relay, { autoPong: false });
    for (let i = 0; i < 2; i++) {
      await client.pings.take(() => true, 'a ping');
      client.send({ event: 'pusher:pong', data: {} });
    }
    await client.settle();
    client.socket.terminate();
  });

  test('a silent TCP connection is ended, with 408', async () => {
    const socket = net.connect(context.relay.port, '127.0.0.1');
    let text = '';
    socket.setEncoding('latin1').on('data', (part) => (text += part));
    await within(new Promise((resolve) => socket.on('close', resolve)), () => 'close of a silent connection');
    assert.ok(text === '' || text.startsWith('HTTP/1.1 408'), text);
  });

  test('half a request is ended, however slowly it comes', async () => {
    const socket = net.connect(context.relay.port, '127.0.0.1');
    const closed = new Promise((resolve) => socket.on('close', resolve));
    socket.on('error', () => {}).resume();
    const head = 'GET /app/key1 HTTP/1.1\r\nHost: x\r\nX-Slow: ';
    socket.write(head);
    const drip = setInterval(() => socket.write('x'), 50);
    await within(closed, () => 'close of a slow request');
    clearInterval(drip);
  });

  test('half a frame does not keep a connection alive', async () => {
    const raw = await upgrade(context.relay);
    raw.socket.write(frame(1, 'x'.repeat(100)).subarray(0, 50));
    const { code } = await raw.closed();
    assert.equal(code, 4201);
  });

  test('a peer that never answers the close frame is dropped', async () => {
    const raw = await upgrade(context.relay);
    raw.socket.write(frame(1, Buffer.from([0xff])));
    const { code } = await raw.closed();
    assert.equal(code, 1007);
    await within(raw.ended, () => 'end of a connection whose close frame is not answered');
  });
});

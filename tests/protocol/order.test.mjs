// SPDX-License-Identifier: MIT
//
// Many publishes to many sockets: all arrive, once, in order; on one channel and on many.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Client } from './support/client.mjs';
import { Publisher } from './support/publish.mjs';
import { withRelay } from './support/relay.mjs';
import { within } from './support/wait.mjs';

const EVENTS = 10000;
const SOCKETS = 100;

/** Counts "e" events in order, without keeping them; `done` when all have come. */
function countInOrder(client, events) {
  let next = 0;
  client.socket.removeAllListeners('message');
  return new Promise((resolve, reject) => {
    client.closing.then(({ code }) => reject(new Error(`closed with ${code} after ${next}`)));
    client.socket.on('message', (bytes) => {
      const expected = `{"event":"e","data":"${next}","channel":"ordered"}`;
      if (bytes.toString() !== expected) {
        reject(new Error(`${bytes} instead of ${expected}`));
        client.socket.terminate();
      } else if (++next === events) {
        resolve();
      }
    });
  });
}

withRelay('order', { args: ['--backlog-bytes', '4194304'] }, (context) => {
  test(`${EVENTS} publishes to ${SOCKETS} sockets arrive in order`, { timeout: 120000 }, async () => {
    const clients = await Promise.all(Array.from({ length: SOCKETS }, () => Client.connect(context.relay)));
    await Promise.all(clients.map((client) => client.subscribe('ordered')));
    const publisher = await Publisher.connect(context.relay);
    const done = clients.map((client) => countInOrder(client, EVENTS));
    let replies = 0;
    for (let i = 0; i < EVENTS;) {
      const commands = [];
      for (const end = i + 200; i < end; i++) {
        commands.push(publisher.command('ordered', 'e', '', { text: `{"event":"e","data":"${i}","channel":"ordered"}` }));
      }
      publisher.link.write(Buffer.concat(commands));
      for (const end = i; replies < end; replies++) assert.equal(typeof await publisher.link.reply(), 'number');
    }
    await within(Promise.all(done), () => 'all events at all sockets', 90000);
    publisher.close();
    await Promise.all(clients.map((client) => client.end()));
  });

  test('one publisher, many channels: each in order', async () => {
    const clients = await Promise.all(Array.from({ length: 10 }, () => Client.connect(context.relay)));
    await Promise.all(clients.flatMap((client) => Array.from({ length: 10 }, (_, c) => client.subscribe(`c${c}`))));
    const publisher = await Publisher.connect(context.relay);
    const commands = [];
    for (let i = 0; i < 500; i++) commands.push(publisher.command(`c${i % 10}`, 'e', i));
    publisher.link.write(Buffer.concat(commands));
    for (const client of clients) {
      const last = new Map();
      for (let i = 0; i < 500; i++) {
        const { channel, data } = await client.inbox.take(({ event }) => event === 'e', `event ${i}`);
        assert.ok((last.get(channel) ?? -1) < Number(data), `${channel}: ${data} after ${last.get(channel)}`);
        last.set(channel, Number(data));
      }
    }
    publisher.close();
    await Promise.all(clients.map((client) => client.end()));
  });

  test('two publishers: each in order', async () => {
    const client = await Client.connect(context.relay);
    await client.subscribe('shared');
    const publishers = await Promise.all([Publisher.connect(context.relay), Publisher.connect(context.relay)]);
    for (const [p, publisher] of publishers.entries()) {
      publisher.link.write(Buffer.concat(Array.from({ length: 1000 }, (_, i) => publisher.command('shared', `p${p}`, i))));
    }
    const next = [0, 0];
    while (next[0] + next[1] < 2000) {
      const { event, data } = await client.inbox.take(({ channel }) => channel === 'shared', 'an event');
      const p = Number(event.slice(1));
      assert.equal(Number(data), next[p]++);
    }
    publishers.forEach((publisher) => publisher.close());
    await client.end();
  });
});

// SPDX-License-Identifier: MIT
//
// authorization_timeout_ms: connections that prove nothing in time are closed.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Client } from './support/client.mjs';
import { counters } from './support/publish.mjs';
import { withRelay } from './support/relay.mjs';
import { askSignIn, signIn } from './support/users.mjs';

const TIMEOUT_MS = 300;
const CLOSED = { code: 4009, reason: 'Connection not authorized within timeout' };

withRelay('authorization timeout', { args: ['--authorization-timeout-ms', String(TIMEOUT_MS)] }, (context) => {
  test('who only subscribes to public channels, talks or fails is closed; who proves itself stays', async () => {
    const start = Date.now();
    const clients = await Promise.all(Array.from({ length: 7 }, () => Client.connect(context.relay)));
    const [silent, open, refused, failing, user, member, subscriber] = clients;
    await signIn(user, { id: '7' });
    await member.subscribe('presence-a', { user: '7' });
    await subscriber.subscribe('private-a');
    await open.subscribe('public');
    refused.ask('private-a', { auth: 'key1:x' });
    askSignIn(failing, { id: '7' }, { auth: 'key1:x' });
    for (const client of [silent, open, refused, failing]) {
      assert.deepEqual(await client.closed(), CLOSED);
      assert.ok(Date.now() - start >= TIMEOUT_MS - 20);
    }
    /* Once authorized, a connection stays so. */
    subscriber.unsubscribe('private-a');
    const late = await Client.connect(context.relay);
    assert.deepEqual(await late.closed(), CLOSED);
    assert.equal((await counters(context.relay))('authorization_timeouts'), 5);
    for (const client of [user, member, subscriber]) {
      client.inbox.items.splice(0);
      assert.deepEqual(await client.settle(), []);
      await client.end();
    }
  });

  test('for protocol 5 an error frame comes first; pinging does not help', async () => {
    const client = await Client.connect(context.relay, { query: '?protocol=5' });
    const timer = setInterval(() => {
      client.send({ event: 'pusher:ping' });
      client.socket.ping();
    }, 20);
    const error = await client.errorFrame();
    clearInterval(timer);
    assert.deepEqual(error, { code: CLOSED.code, message: CLOSED.reason });
    assert.deepEqual(await client.closed(), CLOSED);
  });
});

/* The one timer serves probing, pauses and this. */
withRelay('authorization timeout beside probes and pauses', {
  args: ['--authorization-timeout-ms', '250', '--activity-timeout-ms', '1000', '--ping-grace-ms', '0', '--pong-timeout-ms', '400',
    '--message-rate', '5', '--message-burst', '5'],
}, (context) => {
  test('an authorized client is probed as ever, a paused one is closed', async () => {
    const client = await Client.connect(context.relay);
    await client.subscribe('private-a');
    const flooding = await Client.connect(context.relay);
    for (let i = 0; i < 20; i++) flooding.send({ event: 'pusher:ping' });
    assert.deepEqual(await flooding.closed(), CLOSED);
    await client.pings.take(() => true, 'a probe');
    await client.pings.take(() => true, 'another one');
    await client.end();
  });
});

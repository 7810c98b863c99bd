// SPDX-License-Identifier: MIT
//
// The HTTP fallbacks by stock pusher-js, each transport alone: it must not notice that there is no
// WebSocket. The browser's side of it is tests/browser.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

import Echo from 'laravel-echo';

import { Client } from './support/client.mjs';
import { ran } from './support/compatibility.mjs';
import { Publisher, counters } from './support/publish.mjs';
import { PUSHER_JS, connected, first, pusherJs, subscribed } from './support/pusher_js.mjs';
import { ROOT, Relay, withRelay } from './support/relay.mjs';
import { Inbox, until, within } from './support/wait.mjs';

const TRANSPORTS = ['xhr_streaming', 'xhr_polling'];

/* No WebSocket, and an address for one that nobody answers at. */
const only = (transport, relay, options = {}) => pusherJs(relay, { wsPort: 1, httpHost: '127.0.0.1', httpPort: relay.port, enabledTransports: [transport], ...options });

const stateOf = (client, state) => within(new Promise((resolve) => {
  if (client.connection.state === state) resolve();
  client.connection.bind(state, resolve);
}), () => `pusher-js becomes ${state}; it is ${client.connection.state}`);

withRelay('pusher-js', { args: ['--activity-timeout-ms', '1000'] }, (context) => {
  for (const transport of TRANSPORTS) {
    for (const [name, { Pusher, version }] of Object.entries(PUSHER_JS)) {
      test(`${transport}: ${name} ${version} connects, subscribes and gets events`, async (t) => {
        const client = only(transport, context.relay, { Pusher });
        await connected(client);
        assert.equal(client.connection.connection.transport.name, transport);
        const channel = await subscribed(client, 'news');
        const events = client.inbox(channel, 'e');
        const publisher = await Publisher.connect(context.relay);
        for (let i = 0; i < 20; i++) await publisher.publish('news', 'e', JSON.stringify({ i, text: 'h\u00e9 \u2028 "x"' }));
        for (let i = 0; i < 20; i++) assert.deepEqual((await first(events)).data, { i, text: 'h\u00e9 \u2028 "x"' });
        publisher.close();
        client.disconnect();
        ran(t, 'pusher-js', version, `${transport} alone`);
      });
    }

    test(`${transport}: private, presence, whispers and sign-in`, async () => {
      const client = only(transport, context.relay, { user: { id: '7', info: { name: 'Ann' } } });
      await connected(client);
      client.signin();
      const name = `presence-${transport}`;
      const other = await Client.connect(context.relay);
      await other.subscribe(name, { user: '8' });
      const channel = await subscribed(client, name);
      assert.equal(channel.members.count, 2);
      assert.equal(channel.members.me.id, '7');
      assert.equal(JSON.parse((await other.event('pusher_internal:member_added', name)).data).user_id, '7');
      const whispers = client.inbox(channel, 'client-typing');
      other.send({ event: 'client-typing', channel: name, data: { on: true } });
      assert.deepEqual((await first(whispers)).data, { on: true });
      channel.trigger('client-back', { a: [1] });
      const back = await other.event('client-back', name);
      assert.equal(back.user_id, '7');
      await within(client.user.signinDonePromise, () => 'the sign-in');
      assert.equal(client.user.user_data.id, '7');
      client.disconnect();
      assert.equal(JSON.parse((await other.event('pusher_internal:member_removed', name)).data).user_id, '7');
      await other.end();
    });

    test(`${transport}: hundreds of subscriptions at once`, async () => {
      const client = only(transport, context.relay);
      const channels = Array.from({ length: 90 }, (_, i) => client.subscribe(`c${i}`));
      await until(() => channels.every((channel) => channel.subscribed), 'all are subscribed');
      client.disconnect();
    });

    test(`${transport}: an unknown key stops it, as by WebSocket`, async () => {
      const client = only(transport, context.relay, { app: { ...context.relay.app, key: 'nokey' } });
      await stateOf(client, 'disconnected');
      const { data } = await client.errors.take(({ data }) => data.error?.data?.code === 4001, 'the error 4001');
      assert.match(data.error.data.message, /key/);
    });
  }

  test('silence is bridged by their own pings', async () => {
    const clients = TRANSPORTS.map((transport) => only(transport, context.relay, { pongTimeout: 700 }));
    await Promise.all(clients.map(connected));
    const changes = clients.map((client) => client.inbox(client.connection, 'state_change'));
    await pause(2000); /* the activity time-out and the pong's */
    assert.deepEqual(changes.map(({ items }) => items), [[], []]);
    clients.forEach((client) => client.disconnect());
  });

  test('xhr_streaming: hundreds of kilobytes, nothing lost, the same socket', async () => {
    const client = only('xhr_streaming', context.relay);
    await connected(client);
    const id = client.connection.socket_id;
    const channel = await subscribed(client, 'much');
    const got = [];
    channel.bind('e', ({ n }) => got.push(n));
    const publisher = await Publisher.connect(context.relay);
    const filler = '\u00e9"\u{1F600}'.repeat(800);
    for (let n = 0; n < 200; n++) {
      await publisher.publish('much', 'e', JSON.stringify({ n, filler }));
      if (n % 5 === 0) await until(() => got.length > n - 20, () => `message ${n - 20} of ${got.length}`);
    }
    await until(() => got.length === 200, () => `${got.length} of 200`);
    assert.deepEqual(got, Array.from({ length: 200 }, (_, n) => n));
    assert.equal(client.connection.socket_id, id);
    assert.deepEqual(client.errors.items, []);
    publisher.close();
    client.disconnect();
  });
});

for (const workers of [1, 2]) {
  test(`a 4200 brings them back at once, ${workers} worker${workers > 1 ? 's' : ''}`, async () => {
    const relays = [await Relay.start({ workers }), await Relay.start({ workers })];
    /* What stands before both: the second serves what the first does not take any more. */
    const dial = (socket, [relay, ...rest]) => {
      const other = net.connect(relay.port, '127.0.0.1');
      let isConnected = false;
      other.on('connect', () => {
        isConnected = true;
        socket.pipe(other).pipe(socket);
      });
      other.on('error', () => (isConnected || rest.length === 0 ? socket.destroy() : dial(socket, rest)));
      socket.on('error', () => other.destroy());
    };
    const front = net.createServer((socket) => dial(socket, relays));
    await new Promise((resolve) => front.listen(0, '127.0.0.1', resolve));
    const clients = TRANSPORTS.map((transport) => only(transport, { app: relays[0].app, port: front.address().port }));
    await Promise.all(clients.map(connected));
    await Promise.all(clients.map((client) => subscribed(client, 'news')));
    const ids = clients.map((client) => client.connection.socket_id);
    /* Two requests of the stream; three polls and a send, the last poll waits: all are the first relay's. */
    await until(async () => (await counters(relays[0]))('xhr_requests') >= 6, 'the poll that waits');
    relays[0].signal('SIGTERM');
    for (const client of clients) await client.errors.take(({ data }) => JSON.stringify(data).includes('4200'), 'the close code 4200');
    await until(() => clients.every((client, i) => client.connection.state === 'connected' && client.connection.socket_id !== ids[i]
      && client.channel('news').subscribed), 'both are back');
    clients.forEach((client) => client.disconnect());
    await Promise.all([relays[0].stop({ signal: null }), relays[1].stop()]);
    front.close();
  });
}

test('the echo.js that clairon:install writes falls back where WebSockets are swallowed', async () => {
  const relay = await Relay.start({ workers: 2 });
  let swallowed = 0;
  const front = net.createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', (head) => {
      if (/^upgrade: websocket/im.test(head.toString('latin1'))) {
        swallowed++;
        return; /* and never a word */
      }
      const other = net.connect(relay.port, '127.0.0.1');
      other.on('error', () => socket.destroy());
      socket.on('error', () => other.destroy());
      other.write(head);
      socket.pipe(other).pipe(socket);
    });
  });
  await new Promise((resolve) => front.listen(0, '127.0.0.1', resolve));
  const env = { VITE_CLAIRON_APP_KEY: relay.app.key, VITE_CLAIRON_HOST: '127.0.0.1', VITE_CLAIRON_PORT: String(front.address().port), VITE_CLAIRON_SCHEME: 'http' };
  const window = {};
  const code = (await readFile(path.join(ROOT, 'laravel/resources/echo.js'), 'utf8'))
    .replace(/^import .*$/gm, '').replaceAll('import.meta.env', 'env');
  globalThis.window = window; /* where Echo looks for Pusher */
  new Function('window', 'Echo', 'Pusher', 'env', code)(window, Echo, PUSHER_JS['pusher-js'].Pusher, env);
  const { pusher } = window.Echo.connector;
  await connected(pusher);
  assert.equal(pusher.connection.connection.transport.name, 'xhr_streaming');
  assert.ok(swallowed > 0, 'the WebSocket was tried first');
  const events = new Inbox('events');
  await within(new Promise((resolve) => window.Echo.channel('news').listen('.e', (data) => events.push(data)).subscribed(resolve)), () => 'Echo subscribes');
  const publisher = await Publisher.connect(relay);
  await publisher.publish('news', 'e', '{"n":1}');
  assert.deepEqual(await first(events), { n: 1 });
  publisher.close();
  window.Echo.disconnect();
  delete globalThis.window;
  front.close();
  await relay.stop();
});

// SPDX-License-Identifier: MIT
//
// Points 72 and 73 of the checklist: stock browser clients from end to end (74 is in tests/php).
// docs/compatibility.md is made from the names and results of these tests.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';

import Echo2 from 'laravel-echo';

import { events } from './support/api.mjs';
import { ran } from './support/compatibility.mjs';
import { Passage } from './support/passage.mjs';
import { connected, disconnect, first, PUSHER_JS, pusherJs, subscribed } from './support/pusher_js.mjs';
import { Relay, withRelay } from './support/relay.mjs';
import { Inbox, until } from './support/wait.mjs';

const require = createRequire(import.meta.url);
const Echo1 = require('laravel-echo-1');
const ECHO = { 'laravel-echo': Echo2, 'laravel-echo-1': Echo1.default ?? Echo1 };
const version = (name) => JSON.parse(readFileSync(new URL(`node_modules/${name}/package.json`, import.meta.url))).version;

const SECRET = 'Rp+wpkNpL89qhqco1JkIG31AVXyU8PUVJBr1B2MvdoA='; /* vector E1's, good for any channel here */
const KINDS = ['news', 'private-news', 'presence-news', 'private-encrypted-news', 'cache-news', 'private-cache-news',
  'presence-cache-news', 'private-encrypted-cache-news'];

for (const workers of [1, 2]) {
  describe(`stock pusher-js, ${workers} worker${workers > 1 ? 's' : ''}`, () => {
    let relay;
    let passage;
    before(async () => {
      relay = await Relay.start({ workers });
      passage = await Passage.to(relay.port);
    });
    after(async () => {
      passage.close();
      await relay.stop();
    });

    test('point 72: pusher-js 7 and 8 connect, subscribe to all channel kinds, whisper, sign in, and resubscribe after a 4200 close', async (t) => {
      const clients = [];
      for (const { Pusher } of Object.values(PUSHER_JS)) {
        const client = pusherJs({ port: passage.port, app: relay.app }, { Pusher, user: { id: '7', info: { name: 'A' } }, sharedSecret: () => SECRET });
        await connected(client);
        for (const kind of KINDS) await subscribed(client, kind);
        client.heard = client.inbox(client.channel('news'), 'order.shipped');
        client.whispers = client.inbox(client.channel('private-news'), 'client-typing');
        client.own = client.inbox(client.user, 'hello');
        client.signin();
        clients.push(client);
      }
      const publish = async (channel, name, data) => assert.equal((await events(relay, { channel, name, data: JSON.stringify(data) })).status, 200);
      const works = async () => {
        await publish('news', 'order.shipped', { id: 42 });
        for (const client of clients) assert.deepEqual((await first(client.heard)).data, { id: 42 });
        for (const [i, client] of clients.entries()) {
          client.channel('private-news').trigger('client-typing', { from: i });
          assert.deepEqual((await first(clients[1 - i].whispers)).data, { from: i });
        }
        await until(() => clients.every(({ user }) => user.serverToUserChannel?.subscribed), 'both are signed in');
        await publish('#server-to-user-7', 'hello', { n: 1 });
        for (const client of clients) assert.deepEqual((await first(client.own)).data, { n: 1 });
      };
      await works();

      const old = relay;
      relay = await Relay.start({ workers });
      passage.target = relay.port;
      const back = clients.map((client) => client.inbox(client.connection, 'connected'));
      await old.stop();
      for (const inbox of back) await first(inbox);
      await until(() => clients.every((client) => KINDS.every((kind) => client.channel(kind).subscribed)), 'all channels are subscribed again');
      await works();
      for (const { version } of Object.values(PUSHER_JS)) {
        ran(t, 'pusher-js', version, 'every kind of channel, whispers, sign-in, server-to-user, reconnect after 4200');
      }
      await disconnect(...clients);
    });
  });
}

withRelay('stock laravel-echo', {}, (context) => {
  const options = (relay, broadcaster, user) => ({
    broadcaster, key: relay.app.key, client: pusherJs(relay, { user: { id: user, info: { id: user, name: `User ${user}` } } }), namespace: 'App.Events', withoutInterceptors: true,
  });
  const heard = (bind) => {
    const inbox = new Inbox('Echo');
    bind((...args) => inbox.push(args));
    return inbox;
  };
  const next = async (inbox) => (await first(inbox))[0];

  test("point 73: laravel-echo's here, joining, leaving, whisper and notification work with broadcaster 'reverb' and 'pusher'", async (t) => {
    const { relay } = context;
    let room = 0;
    for (const [library, Echo] of Object.entries(ECHO)) {
      for (const broadcaster of ['pusher', 'reverb']) {
        const name = `chat.${context.workers}.${++room}`;
        const [one, two] = [new Echo(options(relay, broadcaster, '1')), new Echo(options(relay, broadcaster, '2'))];
        const mine = one.join(name);
        const [here, joining, leaving] = ['here', 'joining', 'leaving'].map((verb) => heard((callback) => mine[verb](callback)));
        assert.deepEqual(await next(here), [{ id: '1', name: 'User 1' }]);
        const theirs = two.join(name);
        const theirHere = heard((callback) => theirs.here(callback));
        assert.deepEqual((await next(theirHere)).map(({ id }) => id).sort(), ['1', '2']);
        assert.deepEqual(await next(joining), { id: '2', name: 'User 2' });

        const typing = heard((callback) => mine.listenForWhisper('typing', callback));
        theirs.whisper('typing', { text: 'hm' });
        assert.deepEqual(await next(typing), { text: 'hm' });

        const user = one.private(`App.Models.User.${room}`);
        const notification = heard((callback) => user.notification(callback));
        const event = heard((callback) => user.listen('OrderShipped', callback));
        const named = heard((callback) => user.listen('.order.shipped', callback));
        await subscribed(one.connector.pusher, `private-App.Models.User.${room}`);
        const channel = `private-App.Models.User.${room}`;
        for (const [event_, data] of [['Illuminate\\Notifications\\Events\\BroadcastNotificationCreated', { id: 'n1', type: 'T' }],
          ['App\\Events\\OrderShipped', { order: 1 }], ['order.shipped', { order: 2 }]]) {
          await events(relay, { channel, name: event_, data: JSON.stringify(data) });
        }
        assert.deepEqual(await next(notification), { id: 'n1', type: 'T' });
        assert.deepEqual(await next(event), { order: 1 });
        assert.deepEqual(await next(named), { order: 2 });

        two.leave(name);
        assert.deepEqual(await next(leaving), { id: '2', name: 'User 2' });
        one.disconnect();
        two.disconnect();
        ran(t, 'laravel-echo', version(library), `broadcaster '${broadcaster}': here, joining, leaving, whisper, listen, notification`);
      }
    }
  });
});

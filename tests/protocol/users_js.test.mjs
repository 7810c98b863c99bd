// SPDX-License-Identifier: MIT
//
// Users with the clients that people use: pusher-js 7 and 8 sign in, hear of their user and of whom
// they watch; laravel-echo joins presence channels as who has signed in.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { describe, test } from 'node:test';

import Echo2 from 'laravel-echo';

import { api } from './support/api.mjs';
import { Publisher } from './support/publish.mjs';
import { connected, disconnect, first, PUSHER_JS, pusherJs, subscribed } from './support/pusher_js.mjs';
import { withRelay } from './support/relay.mjs';
import { Inbox, until } from './support/wait.mjs';

const Echo1 = createRequire(import.meta.url)('laravel-echo-1');
const echos = [['laravel-echo 2', Echo2], ['laravel-echo 1', Echo1.default ?? Echo1]];

/** The user channel is subscribed once the sign-in is through. */
const signedIn = (js) => until(() => js.user.serverToUserChannel?.subscribed, 'pusher-js is signed in');

withRelay('users of stock clients', {}, (context) => {
  let last = 0;
  const fresh = (name) => `${name}-${++last}`;

  for (const [name, { Pusher }] of Object.entries(PUSHER_JS)) {
    describe(name, () => {
      const stock = (user, options) => pusherJs(context.relay, { Pusher, user, ...options });

      test('user.bind hears what is published to the user', async () => {
        const [id, other] = [fresh('u'), fresh('u')];
        const clients = [stock({ id }), stock({ id }), stock({ id: other })];
        const heard = clients.map((js) => js.inbox(js.user, 'hello'));
        for (const js of clients) js.signin();
        for (const js of clients) await signedIn(js);
        const publisher = await Publisher.connect(context.relay);
        await publisher.publish(`#server-to-user-${id}`, 'hello', { n: 1 });
        await publisher.publish(`#server-to-user-${other}`, 'hello', { n: 2 });
        assert.deepEqual((await first(heard[0])).data, { n: 1 });
        assert.deepEqual((await first(heard[1])).data, { n: 1 });
        assert.deepEqual((await first(heard[2])).data, { n: 2 }, 'the first that this one hears');
        publisher.close();
        await disconnect(...clients);
      });

      test('user.watchlist.bind hears who is online, first and later', async () => {
        const [a, b] = [fresh('u'), fresh('u')];
        const there = stock({ id: a });
        there.signin();
        await signedIn(there);
        const watcher = stock({ id: fresh('u'), watchlist: [a, b] });
        const online = watcher.inbox(watcher.user.watchlist, 'online');
        const offline = watcher.inbox(watcher.user.watchlist, 'offline');
        watcher.signin();
        assert.deepEqual((await first(online)).data.user_ids, [a]);
        assert.deepEqual((await first(offline)).data.user_ids, [b]);
        const other = stock({ id: b });
        other.signin();
        assert.deepEqual((await first(online)).data.user_ids, [b]);
        await disconnect(there);
        assert.deepEqual((await first(offline)).data.user_ids, [a]);
        await disconnect(watcher, other);
      });

      test('a sign-in that is refused leaves pusher-js connected', async () => {
        const js = stock({ id: '7' }, { userAuthentication: { customHandler: (params, callback) => callback(null, { auth: 'key1:00', user_data: '{"id":"7"}' }) } });
        const channel = await subscribed(js, 'public');
        js.signin();
        const error = await first(js.errors);
        assert.equal(error.data.data.code, 4009);
        assert.equal(js.connection.state, 'connected');
        assert.equal(channel.subscribed, true);
        await disconnect(js);
      });

      test('a presence channel without channel_data is joined as the user', async () => {
        const [id, room] = [fresh('u'), fresh('presence-room')];
        const js = stock({ id, info: { name: 'A' } }, { channelData: false });
        js.signin();
        const channel = await subscribed(js, room);
        assert.deepEqual(channel.members.me, { id, info: { name: 'A' } });
        await disconnect(js);
      });

      test('a client that comes back signs in again', async () => {
        const js = stock({ id: fresh('u'), watchlist: ['nobody'] });
        const offline = js.inbox(js.user.watchlist, 'offline');
        js.signin();
        await signedIn(js);
        const { socket_id: before } = js.connection;
        js.disconnect();
        js.connect();
        await connected(js);
        await signedIn(js);
        assert.notEqual(js.connection.socket_id, before);
        for (let i = 0; i < 2; i++) assert.deepEqual((await first(offline)).data.user_ids, ['nobody']);
        const publisher = await Publisher.connect(context.relay);
        const heard = js.inbox(js.user, 'hello');
        await publisher.publish(`#server-to-user-${js.user.user_data.id}`, 'hello', { n: 1 });
        assert.deepEqual((await first(heard)).data, { n: 1 });
        publisher.close();
        await disconnect(js);
      });

      test('terminate_connections disconnects for good', async () => {
        const id = fresh('u');
        const js = stock({ id });
        js.signin();
        await signedIn(js);
        assert.equal((await api(context.relay, 'POST', `/apps/app1/users/${id}/terminate_connections`, { body: '{}' })).status, 200);
        await until(() => js.connection.state === 'disconnected', 'pusher-js gives up');
        await disconnect(js);
      });
    });
  }

  for (const [name, Echo] of echos) {
    test(`${name}: here, joining and leaving of members who have signed in`, async () => {
      const room = fresh('room');
      const join = (id) => {
        const js = pusherJs(context.relay, { user: { id, info: { id, name: `User ${id}` } }, channelData: false });
        js.signin();
        const echo = new Echo({ broadcaster: 'pusher', key: context.relay.app.key, client: js });
        const inboxes = { here: new Inbox('here'), joining: new Inbox('joining'), leaving: new Inbox('leaving') };
        const channel = echo.join(room);
        for (const [event, inbox] of Object.entries(inboxes)) channel[event]((data) => inbox.push(data));
        return { js, echo, channel, ...inboxes };
      };
      const one = join('1');
      assert.deepEqual(await first(one.here), [{ id: '1', name: 'User 1' }]);
      const two = join('2');
      const here = await first(two.here);
      assert.deepEqual(here.map(({ id }) => id).sort(), ['1', '2']);
      assert.deepEqual(await first(one.joining), { id: '2', name: 'User 2' });
      const heard = new Inbox('whisper');
      one.channel.listenForWhisper('typing', (data) => heard.push(data));
      two.channel.whisper('typing', { on: true });
      assert.deepEqual(await first(heard), { on: true });
      two.js.disconnect();
      assert.deepEqual(await first(one.leaving), { id: '2', name: 'User 2' });
      one.js.disconnect();
    });
  }
});

// SPDX-License-Identifier: MIT
//
// The clients that people use: pusher-js and laravel-echo (2.x and 1.x), unmodified, with a small
// auth endpoint like Laravel's.

import assert from 'node:assert/strict';
import http from 'node:http';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';

import Echo2 from 'laravel-echo';
import Pusher from 'pusher-js';

import { Publisher } from './support/publish.mjs';
import { APP, Relay } from './support/relay.mjs';
import { signChannel } from './support/sign.mjs';
import { Inbox, until } from './support/wait.mjs';

const Echo1 = createRequire(import.meta.url)('laravel-echo-1');
const echos = [['laravel-echo 2', Echo2], ['laravel-echo 1', Echo1.default ?? Echo1]];

/** Answers POST /broadcasting/auth for the user named in the header X-User. */
function authServer(seen) {
  const server = http.createServer((request, response) => {
    let body = '';
    request.on('data', (part) => (body += part));
    request.on('end', () => {
      const form = new URLSearchParams(body);
      const channel = form.get('channel_name');
      const user = request.headers['x-user'];
      seen.push(channel);
      if (channel.includes('forbidden')) {
        response.writeHead(403, { 'Content-Type': 'application/json' }).end('{"message":"forbidden"}');
        return;
      }
      const channelData = channel.startsWith('presence-') ? JSON.stringify({ user_id: user, user_info: { id: user, name: `User ${user}` } }) : undefined;
      const answer = { auth: signChannel(APP, form.get('socket_id'), channel, channelData) };
      if (channelData) answer.channel_data = channelData;
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(answer));
    });
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

for (const workers of [1, 2]) {
  describe(`stock clients, ${workers} worker${workers > 1 ? 's' : ''}`, () => {
    let relay;
    let auth;
    let publisher;
    const asked = [];
    const open = [];

    before(async () => {
      relay = await Relay.start({ workers });
      auth = await authServer(asked);
      publisher = await Publisher.connect(relay);
    });
    after(async () => {
      for (const client of open) client.disconnect();
      publisher.close();
      auth.close();
      await relay.stop();
    });

    const options = (user) => ({
      cluster: '', wsHost: '127.0.0.1', wsPort: relay.port, forceTLS: false, enabledTransports: ['ws'], disableStats: true,
      authEndpoint: `http://127.0.0.1:${auth.address().port}/broadcasting/auth`, auth: { headers: { 'X-User': user } },
    });
    const pusher = (user = '1') => {
      const client = new Pusher(APP.key, options(user));
      open.push(client);
      return client;
    };
    /** Everything an emitter emits for `name`, in an inbox. */
    const events = (target, name) => {
      const inbox = new Inbox(name);
      target.bind(name, (data, meta) => inbox.push({ data, meta }));
      return inbox;
    };
    const first = (inbox) => inbox.take(() => true, 'an event');

    test('72. pusher-js connects and has a socket id', async () => {
      const client = pusher();
      await first(events(client.connection, 'connected'));
      assert.match(client.connection.socket_id, /^\d+\.\d+$/);
      assert.equal(client.connection.state, 'connected');
    });

    test('72. pusher-js: public channel, event, bind and unbind', async () => {
      const client = pusher();
      const channel = client.subscribe('public');
      const got = events(channel, 'App\\Events\\Greeting');
      await first(events(channel, 'pusher:subscription_succeeded'));
      await publisher.publish('public', 'App\\Events\\Greeting', { text: 'h\u00e9llo \u{1f600}' });
      assert.deepEqual((await first(got)).data, { text: 'h\u00e9llo \u{1f600}' });
    });

    test('72. pusher-js: a private channel asks the endpoint and gets events; whisper', async () => {
      const [one, two] = [pusher('1'), pusher('2')];
      const channels = [one, two].map((client) => client.subscribe('private-chat'));
      await Promise.all(channels.map((channel) => first(events(channel, 'pusher:subscription_succeeded'))));
      const got = events(channels[1], 'client-typing');
      const echoed = events(channels[0], 'client-typing');
      for (const data of [{ a: [1, 'x'] }, 'text', 5, null]) {
        channels[0].trigger('client-typing', data);
        assert.deepEqual((await first(got)).data, data);
      }
      assert.equal(echoed.items.length, 0);
    });

    test('pusher-js: what the endpoint refuses is told as subscription_error', async () => {
      const channel = pusher().subscribe('private-forbidden');
      const { data } = await first(events(channel, 'pusher:subscription_error'));
      assert.equal(data.status, 403);
    });

    test('pusher-js: what the relay refuses is told as subscription_error and error', async () => {
      const client = new Pusher(APP.key, { ...options('1'), authorizer: () => ({ authorize: (id, done) => done(null, { auth: `${APP.key}:00` }) }) });
      open.push(client);
      const errors = events(client.connection, 'error');
      const channel = client.subscribe('private-x');
      const refused = events(channel, 'pusher:subscription_error');
      assert.equal((await first(errors)).data.data.code, 4009);
      assert.equal((await first(refused)).data.status, 401);
      assert.equal(client.connection.state, 'connected');
    });

    test('72. pusher-js: presence with members, me, added and removed', async () => {
      const [one, two] = [pusher('1'), pusher('2')];
      const channel = one.subscribe('presence-room');
      const added = events(channel, 'pusher:member_added');
      const removed = events(channel, 'pusher:member_removed');
      await first(events(channel, 'pusher:subscription_succeeded'));
      assert.equal(channel.members.count, 1);
      assert.deepEqual(channel.members.me, { id: '1', info: { id: '1', name: 'User 1' } });
      const other = two.subscribe('presence-room');
      await first(events(other, 'pusher:subscription_succeeded'));
      assert.equal(other.members.count, 2);
      assert.equal((await first(added)).data.id, '2');
      const got = events(channel, 'client-x');
      other.trigger('client-x', {});
      assert.equal((await first(got)).meta.user_id, '2');
      two.unsubscribe('presence-room');
      assert.equal((await first(removed)).data.id, '2');
      assert.equal(channel.members.count, 1);
    });

    test('pusher-js does not connect with an unknown key and does not try again', async () => {
      const client = new Pusher('nobody', options('1'));
      open.push(client);
      const errors = events(client.connection, 'error');
      assert.match(JSON.stringify((await first(errors)).data), /"code":4001/);
      await until(() => client.connection.state === 'disconnected', 'state disconnected');
    });

    test('72. after a 4200 pusher-js comes back by itself and resubscribes', async () => {
      const own = await Relay.start({ workers });
      const client = new Pusher(APP.key, { ...options('1'), wsPort: own.port });
      open.push(client);
      const channels = ['public', 'private-a', 'presence-b'].map((name) => client.subscribe(name));
      const succeeded = channels.map((channel) => events(channel, 'pusher:subscription_succeeded'));
      await Promise.all(succeeded.map(first));
      const socketId = client.connection.socket_id;
      const { port } = own;
      await own.stop();
      const again = await Relay.start({ workers, listen: `127.0.0.1:${port}` });
      await Promise.all(succeeded.map((inbox) => inbox.take(() => true, 'resubscription', 40000)));
      assert.notEqual(client.connection.socket_id, socketId);
      const other = await Publisher.connect(again);
      const got = events(channels[1], 'back');
      await other.publish('private-a', 'back', {});
      await first(got);
      other.close();
      client.disconnect();
      await again.stop();
    });

    for (const [name, Echo] of echos) {
      describe(name, () => {
        const echo = (broadcaster, user) => {
          const client = new Echo({ broadcaster, key: APP.key, Pusher, client: new Pusher(APP.key, options(user)) });
          open.push(client);
          return client;
        };
        const called = (subscribe) => {
          const inbox = new Inbox('callback');
          subscribe((data) => inbox.push({ data }));
          return inbox;
        };
        const take = async (inbox) => (await first(inbox)).data;

        for (const broadcaster of ['reverb', 'pusher']) {
          test(`73. ${broadcaster}: private channel, namespaced and dotted events`, async () => {
            const channel = echo(broadcaster, '1').private(`orders.${broadcaster}`);
            const plain = called((callback) => channel.listen('OrderShipped', callback));
            const dotted = called((callback) => channel.listen('.order.shipped', callback));
            await take(called((callback) => channel.subscribed(() => callback(true))));
            await publisher.publish(`private-orders.${broadcaster}`, 'App\\Events\\OrderShipped', { id: 1 });
            await publisher.publish(`private-orders.${broadcaster}`, 'order.shipped', { id: 2 });
            assert.deepEqual(await take(plain), { id: 1 });
            assert.deepEqual(await take(dotted), { id: 2 });
          });

          test(`73. ${broadcaster}: presence here, joining and leaving`, async () => {
            const room = `room.${broadcaster}.${name.at(-1)}`;
            const [one, two] = [echo(broadcaster, '1'), echo(broadcaster, '2')];
            const channel = one.join(room);
            const here = called((callback) => channel.here(callback));
            const joining = called((callback) => channel.joining(callback));
            const leaving = called((callback) => channel.leaving(callback));
            assert.deepEqual(await take(here), [{ id: '1', name: 'User 1' }]);
            const otherHere = called((callback) => two.join(room).here(callback));
            assert.deepEqual((await take(otherHere)).map(({ id }) => id).sort(), ['1', '2']);
            assert.deepEqual(await take(joining), { id: '2', name: 'User 2' });
            two.leave(room);
            assert.deepEqual(await take(leaving), { id: '2', name: 'User 2' });
          });

          test(`73. ${broadcaster}: whisper and notification`, async () => {
            const room = `whisper.${broadcaster}`;
            const [one, two] = [echo(broadcaster, '1'), echo(broadcaster, '2')].map((client) => client.private(room));
            await Promise.all([one, two].map((channel) => take(called((callback) => channel.subscribed(() => callback(true))))));
            const whispered = called((callback) => two.listenForWhisper('typing', callback));
            const notified = called((callback) => two.notification(callback));
            one.whisper('typing', { name: 'A' });
            assert.deepEqual(await take(whispered), { name: 'A' });
            await publisher.publish(`private-${room}`, 'Illuminate\\Notifications\\Events\\BroadcastNotificationCreated', { id: 'n1', type: 'x' });
            assert.deepEqual(await take(notified), { id: 'n1', type: 'x' });
          });

          test(`${broadcaster}: toOthers leaves out the sender's socket`, async () => {
            const [one, two] = [echo(broadcaster, '1'), echo(broadcaster, '2')];
            const channels = [one, two].map((client) => client.private(`others.${broadcaster}`));
            await Promise.all(channels.map((channel) => take(called((callback) => channel.subscribed(() => callback(true))))));
            const [mine, theirs] = channels.map((channel) => called((callback) => channel.listen('.sent', callback)));
            await publisher.publish(`private-others.${broadcaster}`, 'sent', { n: 1 }, { socketId: one.socketId() });
            await publisher.publish(`private-others.${broadcaster}`, 'sent', { n: 2 });
            assert.deepEqual(await take(mine), { n: 2 });
            assert.deepEqual(await take(theirs), { n: 1 });
          });
        }
      });
    }
  });
}

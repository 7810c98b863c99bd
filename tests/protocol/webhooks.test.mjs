// SPDX-License-Identifier: MIT
//
// Webhooks: what applications' endpoints are told, when and in which words. Endpoints that fail are
// in webhooks_failing.test.mjs.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { after, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import Pusher from 'pusher';

import { Client } from './support/client.mjs';
import { counters } from './support/publish.mjs';
import { APP, runProgram, withRelay } from './support/relay.mjs';
import { until } from './support/wait.mjs';
import { Receiver } from './support/webhook.mjs';

let last = 0;
const fresh = (prefix = '') => `${prefix}hook-${++last}`;

/** A relay whose only application posts everything to `context.hook`. */
const withHook = (args = [], item = (url) => url) => async (context) => {
  context.hook = await Receiver.start();
  return { args: ['--webhooks', item(context.hook.url, context), ...args] };
};

withRelay('webhooks', withHook(['--webhook-delay-ms', '20', '--subscription-count', 'true']), (context) => {
  after(() => context.hook.stop());
  const connect = () => Client.connect(context.relay);
  const next = (wanted) => context.hook.event(wanted);

  test('a channel that is occupied and vacated', async () => {
    const channel = fresh();
    const one = await connect();
    await one.subscribe(channel);
    assert.deepEqual(await next({ channel, name: 'channel_occupied' }), { name: 'channel_occupied', channel });
    const two = await connect();
    await two.subscribe(channel);
    await one.end();
    two.unsubscribe(channel);
    assert.deepEqual(await next({ channel, name: 'channel_vacated' }), { name: 'channel_vacated', channel });
    assert.equal(context.hook.events.items.filter((event) => event.channel === channel && event.name.startsWith('channel_')).length, 0);
    await two.end();
  });

  test('68. requests are signed over their raw bytes, and a stock library accepts them', async () => {
    const channel = fresh('private-');
    const client = await connect();
    context.hook.requests.items.splice(0);
    await client.subscribe(channel);
    const request = await context.hook.request(APP, ({ events }) => events.some((event) => event.channel === channel));
    const pusher = new Pusher({ appId: APP.id, key: APP.key, secret: APP.secret, host: '127.0.0.1' });
    const webhook = pusher.webhook({ headers: request.headers, rawBody: request.body.toString() });
    assert.ok(webhook.isValid());
    assert.ok(webhook.getEvents().some((event) => event.name === 'channel_occupied' && event.channel === channel));
    assert.equal(webhook.getTime().getTime(), request.time_ms);
    const other = new Pusher({ appId: APP.id, key: APP.key, secret: 'wrong', host: '127.0.0.1' });
    assert.equal(other.webhook({ headers: request.headers, rawBody: request.body.toString() }).isValid(), false);
    await client.end();
  });

  test('members come and go by user, not by connection', async () => {
    const channel = fresh('presence-');
    const one = await connect();
    const two = await connect();
    await one.subscribe(channel, { user: '7"\\', info: { name: 'A' } });
    assert.deepEqual(await next({ channel, name: 'member_added' }), { name: 'member_added', channel, user_id: '7"\\' });
    await two.subscribe(channel, { user: '7"\\' });
    await one.end();
    await two.end();
    assert.deepEqual(await next({ channel, name: 'member_removed' }), { name: 'member_removed', channel, user_id: '7"\\' });
    assert.equal(context.hook.events.items.filter((event) => event.channel === channel && event.name.startsWith('member_')).length, 0);
  });

  test('client events, with a user on presence channels only', async () => {
    for (const [channel, user] of [[fresh('private-'), undefined], [fresh('presence-'), '7']]) {
      const client = await connect();
      await client.subscribe(channel, { user });
      client.send({ event: 'client-typing', channel, data: { a: [1, 'é"', 1.0] }, user_id: 'forged' });
      client.send(`{"event":"client-typing","channel":"${channel}","data":"te\\"xt\\u2028"}`);
      const event = { name: 'client_event', channel, event: 'client-typing', socket_id: client.socketId,
        ...(user === undefined ? {} : { user_id: user }) };
      assert.deepEqual(await next({ channel, name: 'client_event' }), { ...event, data: '{"a":[1,"é\\"",1]}' });
      assert.deepEqual(await next({ channel, name: 'client_event' }), { ...event, data: 'te"xt\u2028' });
      await client.end();
    }
  });

  test('a cache channel without an event is told once', async () => {
    const channel = fresh('cache-');
    const clients = await Promise.all([connect(), connect(), connect()]);
    await Promise.all(clients.map((client) => client.subscribe(channel)));
    assert.deepEqual(await next({ channel, name: 'cache_miss' }), { name: 'cache_miss', channel });
    const marker = fresh();
    await clients[0].subscribe(marker);
    await next({ channel: marker, name: 'channel_occupied' });
    assert.equal(context.hook.events.items.filter((event) => event.channel === channel && event.name === 'cache_miss').length, 0);
    await Promise.all(clients.map((client) => client.end()));
  });

  test('counts of subscriptions', async () => {
    const channel = fresh();
    const one = await connect();
    const two = await connect();
    await one.subscribe(channel);
    assert.deepEqual(await next({ channel, name: 'subscription_count' }), { name: 'subscription_count', channel, subscription_count: 1 });
    await two.subscribe(channel);
    await next({ channel, name: 'subscription_count', subscription_count: 2 });
    await two.end();
    await next({ channel, name: 'subscription_count', subscription_count: 1 });
    await one.end();
  });
});

withRelay('webhooks and a short absence', withHook(['--webhook-delay-ms', '1000']), (context) => {
  after(() => context.hook.stop());

  test('69. who is back in time was never away', async () => {
    const channel = fresh('presence-');
    const marker = fresh();
    const one = await Client.connect(context.relay);
    await one.subscribe(channel, { user: 'x' });
    await context.hook.event({ channel, name: 'member_added' });
    await one.end();
    const two = await Client.connect(context.relay);
    await two.subscribe(channel, { user: 'x' });
    await two.subscribe(marker);
    two.unsubscribe(marker);
    await context.hook.event({ channel: marker, name: 'channel_vacated' });
    const told = context.hook.events.items.filter((event) => event.channel === channel).map((event) => event.name);
    assert.deepEqual(told.filter((name) => name !== 'channel_occupied'), []);
    assert.equal(told.filter((name) => name === 'channel_occupied').length, 1);
    await two.end();
  });
});

withRelay('webhook filters and batches', async (context) => {
  context.hooks = await Promise.all([Receiver.start(), Receiver.start(), Receiver.start()]);
  const [all, some, other] = context.hooks;
  return { args: ['--webhook-delay-ms', '10', '--webhook-batch', '10', '--webhooks',
    `${all.url}, ${some.url}?x=1 channel_vacated member_removed  channel:presence-a channel:private-, ${other.url} member_added`] };
}, (context) => {
  after(() => Promise.all(context.hooks.map((hook) => hook.stop())));

  test('each endpoint gets what it asked for', async () => {
    const [all, some, other] = context.hooks;
    const client = await Client.connect(context.relay);
    for (const channel of ['presence-a1', 'presence-b1', 'private-c', 'public']) {
      await client.subscribe(channel, channel.startsWith('presence') ? { user: '1' } : {});
      await all.event({ channel, name: 'channel_occupied' });
    }
    await client.end();
    for (const channel of ['presence-a1', 'presence-b1', 'private-c', 'public']) await all.event({ channel, name: 'channel_vacated' });
    await some.event({ channel: 'presence-a1', name: 'channel_vacated' });
    await some.event({ channel: 'presence-a1', name: 'member_removed' });
    await some.event({ channel: 'private-c', name: 'channel_vacated' });
    assert.deepEqual(some.events.items, []);
    assert.equal(some.requests.items[0].url, '/hook?x=1');
    await other.event({ channel: 'presence-a1', name: 'member_added' });
    await other.event({ channel: 'presence-b1', name: 'member_added' });
    assert.deepEqual(other.events.items, []);
  });

  test('what is ready together leaves together, in order', async () => {
    const [all] = context.hooks;
    const client = await Client.connect(context.relay);
    all.requests.items.splice(0);
    all.events.items.splice(0);
    let open;
    const opened = new Promise((resolve) => (open = resolve));
    all.answer = (response) => opened.then(() => response.writeHead(200).end('ok'));
    const channels = Array.from({ length: 45 }, (_, i) => `batch-${i}`);
    await client.subscribe('batch-first');
    await all.event({ channel: 'batch-first' });
    for (const channel of channels) await client.subscribe(channel);
    open();
    for (const channel of channels) await all.event({ channel, name: 'channel_occupied' });
    const sizes = all.requests.items.map(({ events }) => events.length);
    assert.ok(Math.max(...sizes) === 10 && sizes.length <= 7, JSON.stringify(sizes));
    if (context.workers === 1) {
      const told = all.requests.items.flatMap(({ events }) => events.map(({ channel }) => channel));
      assert.deepEqual(told, ['batch-first', ...channels]);
    }
    for (const request of all.requests.items.splice(0)) assert.equal(request.headers['x-pusher-key'], APP.key);
    await client.end();
  });
});

withRelay('webhooks of a storm', withHook(['--webhook-delay-ms', '30', '--webhook-batch', '7']), (context) => {
  after(() => context.hook.stop());

  test('beginnings and ends alternate, and add up to who is there', async () => {
    const rooms = Array.from({ length: 5 }, (_, i) => `presence-storm-${i}`);
    const clients = await Promise.all(Array.from({ length: 6 }, async (_, i) => {
      const client = await Client.connect(context.relay);
      return Object.assign(client, { user: `u${i % 4}`, in: new Set() });
    }));
    let seed = 20260101;
    const random = (below) => (seed = (seed * 1103515245 + 12345) % 2147483648) % below;
    for (let step = 0; step < 400; step++) {
      const client = clients[random(clients.length)];
      const room = rooms[random(rooms.length)];
      if (client.in.delete(room)) client.unsubscribe(room);
      else if (client.in.add(room)) await client.subscribe(room, { user: client.user });
      if (step % 50 === 49) await pause(40); /* some absences last longer than the delay */
    }
    for (const client of clients) await client.settle();
    /* Who there is, by the events so far; a second event of the same sense is a failure. */
    const there = () => {
      const now = new Set();
      for (const { name, channel, user_id: user = '' } of context.hook.events.items) {
        const key = `${channel} ${user}`;
        if (/occupied|added/.test(name)) assert.ok(!now.has(key) && now.add(key), `${name} ${key} twice`);
        else if (/vacated|removed/.test(name)) assert.ok(now.delete(key), `${name} ${key} twice`);
      }
      return [...now].sort().join();
    };
    const expected = [...new Set(clients.flatMap((client) => [...client.in].flatMap((room) => [`${room} `, `${room} ${client.user}`])))].sort().join();
    await until(() => there() === expected, 'events that add up');
    for (const client of clients) await client.end();
    await until(() => there() === '', 'everybody has left');
  });
});

withRelay('webhooks at the end', withHook(['--webhook-delay-ms', '60000']), (context) => {
  after(() => context.hook.stop());

  test('what is held back is told when the relay ends; its end itself vacates nothing', async () => {
    const client = await Client.connect(context.relay);
    await client.subscribe('presence-end', { user: '1' });
    client.unsubscribe('presence-end');
    /* Some of these have the same home, which thus has heard of the end. */
    const others = Array.from({ length: 16 }, (_, i) => `other-${i}`);
    for (const channel of others) await client.subscribe(channel);
    for (const channel of others) await context.hook.event({ name: 'channel_occupied', channel });
    await context.relay.stop();
    context.relay = null;
    await context.hook.event({ name: 'member_removed', channel: 'presence-end' });
    await context.hook.event({ name: 'channel_vacated', channel: 'presence-end' });
    assert.deepEqual(context.hook.events.items.filter(({ name }) => name === 'channel_vacated'), []);
  });
});

withRelay('webhooks and two pairs of keys', async (context) => {
  context.hook = await Receiver.start();
  return { apps: [], file: `[app:app1]\nkey = new\nsecret = newer\nprevious_key = key1\nprevious_secret = secret1\n`
    + `webhooks = ${context.hook.url} channel_occupied\n` };
}, (context) => {
  after(() => context.hook.stop());

  test('the older pair signs', async () => {
    const client = await Client.connect(context.relay);
    await client.subscribe('rotating');
    await context.hook.request(APP);
    await until(async () => (await counters(context.relay))('webhook_requests') === 1, 'the request is counted');
    const count = await counters(context.relay);
    assert.equal(count('webhook_events'), 1);
    assert.equal(count('webhook_dropped'), 0);
    await client.end();
  });
});

withRelay('webhooks that are reloaded', async (context) => {
  context.hooks = await Promise.all([Receiver.start(), Receiver.start()]);
  context.text = (secret, ...items) => `[relay]\nwebhook_retry_ms = 50\n[app:app1]\nkey = key1\nsecret = ${secret}\nwebhooks = ${items.join(', ')}\n`;
  const [stays, goes] = context.hooks;
  return { apps: [], file: context.text('secret1', `${stays.url} channel_occupied`, `${goes.url} channel_occupied`) };
}, (context) => {
  after(() => Promise.all(context.hooks.map((hook) => hook.stop())));

  test('what waits for an endpoint that stays is kept, with new keys and filters', async () => {
    const [stays, goes] = context.hooks;
    const { relay } = context;
    const client = await Client.connect(relay);
    stays.answer = goes.answer = Receiver.status(500);
    await client.subscribe('before');
    await stays.event({ channel: 'before' });
    await goes.event({ channel: 'before' });
    const added = await Receiver.start();
    context.hooks.push(added);
    await writeFile(relay.file, context.text('secret2', `${added.url} channel:new`, `${stays.url} channel:before channel:after`));
    relay.signal('SIGHUP');
    await relay.logged('reloaded');
    const tried = goes.count;
    stays.requests.items.splice(0);
    stays.answer = Receiver.status(204);
    await stays.request({ ...APP, secret: 'secret2' }, ({ events }) => events.some(({ channel }) => channel === 'before'));
    for (const channel of ['other', 'new-1', 'after']) await client.subscribe(channel);
    await stays.event({ channel: 'after', name: 'channel_occupied' });
    await added.event({ channel: 'new-1', name: 'channel_occupied' });
    for (const hook of context.hooks) assert.equal(hook.events.items.filter(({ channel }) => channel === 'other').length, 0);
    assert.equal(goes.count, tried);
    assert.equal((await counters(relay))('webhook_dropped'), 1);
    await client.end();
  });
});

test('a wrong item is refused at the start', async () => {
  const app = ['--app', 'a:k:s'];
  const wrong = await runProgram([...app, '--webhooks', 'http://h channel_gone']);
  assert.equal(wrong.code, 2);
  assert.match(wrong.errors, /webhooks.*names an event that does not exist/);
  assert.match((await runProgram([...app, '--webhooks', 'ftp://h'])).errors, /http:\/\//);
  for (const url of ['ftp://u:hidden@h/', 'http://u:hidden@h channel_gone', 'http:///?token=hidden'])
    assert.doesNotMatch((await runProgram([...app, '--webhooks', url])).errors, /hidden/);
});

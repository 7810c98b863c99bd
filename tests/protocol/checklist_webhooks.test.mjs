// SPDX-License-Identifier: MIT
//
// Points 68 to 71 of the checklist: webhooks. docs/compatibility.md is made from the names and
// results of these tests; more of webhooks is in webhooks.test.mjs and webhooks_failing.test.mjs.

import assert from 'node:assert/strict';
import net from 'node:net';
import { after, test } from 'node:test';
import Pusher from 'pusher';

import { Client } from './support/client.mjs';
import { Publisher } from './support/publish.mjs';
import { APP, withRelay } from './support/relay.mjs';
import { Receiver } from './support/webhook.mjs';

const DELAY_MS = 3000;
const RETRY_MS = 60;

withRelay('webhooks', async (context) => {
  context.hook = await Receiver.start();
  return { args: ['--webhooks', context.hook.url, '--webhook-delay-ms', String(DELAY_MS)] };
}, (context) => {
  after(() => context.hook.stop());

  test('point 68: the body signature verifies over raw bytes, Content-Type is exactly application/json, both X-Pusher- headers are there', async () => {
    const client = await Client.connect(context.relay);
    await client.subscribe('private-signed');
    const request = await context.hook.request(APP, ({ events }) => events.some(({ channel }) => channel === 'private-signed'));
    const webhook = new Pusher({ appId: APP.id, key: APP.key, secret: APP.secret, host: 'x' })
      .webhook({ headers: request.headers, rawBody: request.body.toString() });
    assert.ok(webhook.isValid());
    assert.deepEqual(webhook.getEvents().filter(({ channel }) => channel === 'private-signed'), [{ name: 'channel_occupied', channel: 'private-signed' }]);
    await client.end();
  });

  test('point 69: disconnect and return within 3 s sends neither channel_vacated nor member_removed', async () => {
    const room = 'presence-return';
    const one = await Client.connect(context.relay);
    await one.subscribe(room, { user: '7' });
    await context.hook.event({ name: 'member_added', channel: room });
    await one.end();
    const left = performance.now();
    const two = await Client.connect(context.relay);
    await two.subscribe(room, { user: '7' });
    assert.ok(performance.now() - left < DELAY_MS, 'back in time');
    /* What leaves later than those would have: */
    const marker = await Client.connect(context.relay);
    await marker.subscribe('marker');
    await marker.end();
    await context.hook.event({ name: 'channel_vacated', channel: 'marker' });
    const names = context.hook.events.items.filter(({ channel }) => channel === room).map(({ name }) => name);
    assert.ok(!names.includes('channel_vacated') && !names.includes('member_removed'), names.join());
    await two.end();
    await context.hook.event({ name: 'member_removed', channel: room, user_id: '7' });
    await context.hook.event({ name: 'channel_vacated', channel: room });
  });
});

withRelay('webhooks that fail', async (context) => {
  let failures = 0;
  context.hook = await Receiver.start({ answer: (response) => {
    response.writeHead(failures < 4 ? 500 : 204).end();
    failures += 1;
  } });
  return { args: ['--webhooks', context.hook.url, '--webhook-retry-ms', String(RETRY_MS)] };
}, (context) => {
  after(() => context.hook.stop());

  test('point 70: a 500 answer is retried with growing intervals, a 204 is final', async () => {
    const client = await Client.connect(context.relay);
    await client.subscribe('retried');
    const requests = [];
    for (let i = 0; i < 5; i++) requests.push(await context.hook.request(APP, ({ events }) => events[0].channel === 'retried'));
    const bodies = new Set(requests.map(({ body }) => body.toString()));
    assert.equal(bodies.size, 1, 'the same request again');
    const gaps = requests.slice(1).map(({ at }, i) => at - requests[i].at);
    for (const [i, gap] of gaps.entries()) assert.ok(gap >= RETRY_MS * 2 ** i * 0.7, `gap ${i}: ${gap} ms`);
    await client.subscribe('next');
    await context.hook.request(APP, ({ events }) => events[0].channel === 'next');
    assert.deepEqual(context.hook.requests.items, [], 'nothing came after the 204 but the next event');
    await client.end();
  });
});

let dead;
withRelay('webhooks to a dead host', async () => {
  /* Takes connections and never says a word. */
  dead = net.createServer((socket) => socket.on('error', () => {}));
  await new Promise((resolve) => dead.listen(0, '127.0.0.1', resolve));
  return { args: ['--webhooks', `http://127.0.0.1:${dead.address().port}/`] };
}, (context) => {
  test('point 71: webhook delivery to a dead host does not delay message delivery', async () => {
    const client = await Client.connect(context.relay);
    const publisher = await Publisher.connect(context.relay);
    await client.subscribe('alive');
    for (let i = 0; i < 100; i++) client.ask(i % 2 === 0 ? `other-${i}` : `cache-${i}`);
    client.inbox.items.splice(0);
    for (let i = 0; i < 200; i++) {
      const sent = performance.now();
      await publisher.publish('alive', `e${i}`, 'x');
      await client.event(`e${i}`, 'alive');
      assert.ok(performance.now() - sent < 2000, 'far sooner than any time-out of the endpoint');
    }
    publisher.close();
    client.socket.terminate();
  });
  after(() => dead.close());
});

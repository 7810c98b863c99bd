// SPDX-License-Identifier: MIT
//
// Webhook endpoints that fail in every way and come back: nothing is told twice to who said yes,
// nothing waits for them, and what they don't take is bounded and counted.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

import { Client } from './support/client.mjs';
import { Publisher, counters } from './support/publish.mjs';
import { APP, Relay, withRelay } from './support/relay.mjs';
import { within, until } from './support/wait.mjs';
import { Receiver, checkRequest } from './support/webhook.mjs';

const RETRY_MS = 10;
const settings = ['--webhook-retry-ms', String(RETRY_MS), '--webhook-delay-ms', '10'];

let last = 0;
const fresh = () => `failing-${++last}`;

const freePort = () => new Promise((resolve) => {
  const server = net.createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});

/** A connection handler for what no HTTP server would do. */
async function rawServer(handle) {
  const sockets = new Set();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    handle(socket);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: server.address().port,
    stop: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

withRelay('webhooks to an endpoint that fails', async (context) => {
  context.hook = await Receiver.start();
  return { args: [...settings, '--webhook-timeout-ms', '250', '--webhooks',
    `${context.hook.url.replace('//', '//user:hidden@')}?token=hidden channel_occupied`] };
}, (context) => {
  after(() => context.hook.stop());

  /** Answers the first requests by each of `answers`, the rest by 204; gives the requests for one event. */
  const through = async (answers) => {
    const { hook } = context;
    const channel = fresh();
    let at = 0;
    hook.requests.items.splice(0);
    hook.events.items.splice(0);
    hook.answer = (response, request) => (answers[at++] ?? Receiver.status(204))(response, request);
    const client = await Client.connect(context.relay);
    await client.subscribe(channel);
    for (let i = 0; i <= answers.length; i++) await hook.event({ channel, name: 'channel_occupied' });
    await client.end();
    const requests = hook.requests.items.splice(0);
    assert.equal(requests.length, answers.length + 1);
    for (const request of requests) {
      checkRequest(request, APP);
      assert.deepEqual(request.body, requests[0].body);
    }
    return requests;
  };

  test('70. answers that are not 2xx are retried with growing pauses', async () => {
    const answers = [500, 404, 302, 304, 503].map((status) => Receiver.status(status, { Location: '/elsewhere' }));
    const requests = await through(answers);
    for (const request of requests) assert.equal(request.url, '/hook?token=hidden');
    for (let i = 1; i < requests.length; i++) {
      assert.ok(requests[i].at - requests[i - 1].at >= RETRY_MS * 2 ** (i - 1) - 2, `pause ${i}`);
    }
    const failed = await context.relay.logged('webhook_failed');
    assert.match(failed.endpoint, /^http:\/\/127\.0\.0\.1:\d+\/hook$/);
    assert.equal(failed.app, APP.id);
    assert.match(failed.reason, /500/);
  });

  test('70. every 2xx is final', async () => {
    const { hook } = context;
    const statuses = [200, 201, 204, 299];
    const client = await Client.connect(context.relay);
    hook.requests.items.splice(0);
    for (const status of [...statuses, 200]) {
      hook.answer = Receiver.status(status);
      const channel = fresh();
      await client.subscribe(channel);
      await hook.event({ channel });
    }
    assert.equal(hook.requests.items.length, statuses.length + 1);
    await client.end();
  });

  test('one that hangs up or says nothing', async () => {
    await through([
      (response) => response.socket.destroy(),
      (response) => response.socket.end('HTTP/1.1 2'),
      (response) => response.socket.end('HELLO\r\n\r\n'),
      () => {}, /* no answer until the timeout */
    ]);
  });

  test('one that is slow to the byte', async () => {
    await through([(response) => {
      const text = 'HTTP/1.1 204 No Content\r\n\r\n';
      let at = 0;
      const timer = setInterval(() => response.socket?.writable && at < 20 ? response.socket.write(text[at++]) : clearInterval(timer), 20);
    }]);
  });

  test('a huge answer is not read to its end; its status counts', async () => {
    const huge = (status) => (response) => {
      response.writeHead(status);
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(65536)));
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    };
    await through([huge(500)]);
    let closed;
    const gone = new Promise((resolve) => (closed = resolve));
    context.hook.answer = (response) => {
      response.on('close', closed);
      huge(200)(response);
    };
    const before = (await counters(context.relay))('webhook_failures');
    const client = await Client.connect(context.relay);
    const channel = fresh();
    await client.subscribe(channel);
    await context.hook.event({ channel });
    await within(gone, () => 'the relay hangs up');
    context.hook.answer = Receiver.status(204);
    const marker = fresh();
    await client.subscribe(marker);
    await context.hook.event({ channel: marker });
    assert.equal((await counters(context.relay))('webhook_failures'), before);
    assert.equal(context.hook.events.items.filter((event) => event.channel === channel).length, 0);
    await client.end();
  });

  test('logs have neither password nor query', () => {
    assert.doesNotMatch(context.relay.output, /hidden/);
  });
});

withRelay('webhooks to a port that nobody listens on', async (context) => {
  context.port = await freePort();
  return { args: [...settings, '--webhooks', `http://localhost:${context.port}/hook channel_occupied`],
    env: { http_proxy: 'http://127.0.0.1:1', HTTP_PROXY: 'http://127.0.0.1:1', ALL_PROXY: 'socks5://127.0.0.1:1' } };
}, (context) => {
  test('what waits comes in order once somebody does', async () => {
    const client = await Client.connect(context.relay);
    await client.subscribe('early');
    await context.relay.logged('webhook_failed');
    for (const channel of ['then', 'next', 'at last']) await client.subscribe(channel.replace(' ', '-'));
    const hook = await Receiver.start({ port: context.port });
    for (const channel of ['early', 'then', 'next', 'at-last']) await hook.event({ channel });
    await context.relay.logged('webhook_recovered');
    await client.end();
    await hook.stop();
  });
});

withRelay('webhooks to a dead host beside a live one', async (context) => {
  context.accepted = 0;
  context.dead = await rawServer(() => context.accepted++);
  context.hook = await Receiver.start();
  return { args: [...settings, '--webhook-queue', '10', '--webhooks',
    `http://127.0.0.1:${context.dead.port}/, ${context.hook.url}`] };
}, (context) => {
  after(() => Promise.all([context.dead.stop(), context.hook.stop()]));

  test('71. delivery goes on, the queue is bounded and the other endpoint gets everything', async () => {
    const client = await Client.connect(context.relay);
    const publisher = await Publisher.connect(context.relay);
    await client.subscribe('busy');
    await until(() => context.accepted > 0, 'a request to the dead host');
    const count = 1000;
    for (let i = 0; i < count; i++) {
      if (i % 40 === 0) await client.subscribe(`busy-${i}`);
      await publisher.publish('busy', 'tick', String(i));
    }
    for (let i = 0; i < count; i++) assert.equal((await client.event('tick', 'busy')).data, String(i));
    for (let i = 0; i < count; i += 40) await context.hook.event({ name: 'channel_occupied', channel: `busy-${i}` });
    /* One may be in the request that hangs; ten wait. */
    assert.ok((await counters(context.relay))('webhook_dropped') >= 14);
    publisher.close();
    await client.end();
  });
});

withRelay('webhooks that are given up', async (context) => {
  context.hook = await Receiver.start({ answer: Receiver.status(500) });
  return { args: [...settings, '--webhook-give-up-ms', '400', '--webhooks', `${context.hook.url} channel_occupied`] };
}, (context) => {
  after(() => context.hook.stop());

  test('70. after webhook_give_up_ms they are dropped, counted and logged', async () => {
    const client = await Client.connect(context.relay);
    await client.subscribe('unwanted');
    const given = await context.relay.logged('webhook_given_up');
    assert.equal(given.events, '1');
    assert.ok(Number(given.attempts) >= 2);
    assert.equal((await counters(context.relay))('webhook_dropped'), 1);
    context.hook.answer = Receiver.status(204);
    /* Until the next try what comes waits, and on a slow machine perhaps too long. */
    let count = 0;
    await until(async () => {
      if (count < 90) await client.subscribe(`wanted-${count++}`);
      await pause(20);
      return context.hook.events.items.some(({ channel }) => channel.startsWith('wanted'));
    }, 'an event after those that were given up');
    await client.end();
  });
});

withRelay('webhooks that nobody takes', async (context) => {
  context.accepted = 0;
  context.dead = await rawServer(() => context.accepted++);
  return { args: [...settings, '--webhook-queue-bytes', '4096', '--drain-timeout-ms', '300', '--webhooks',
    `http://127.0.0.1:${context.dead.port}/ client_event`] };
}, (context) => {
  after(() => context.dead.stop());

  test('their bytes are bounded, and the end of the relay does not wait for them', async () => {
    const client = await Client.connect(context.relay);
    await client.subscribe('private-large');
    for (let i = 0; i < 8; i++) {
      client.send({ event: 'client-large', channel: 'private-large', data: 'secret'.repeat(200) });
      if (i === 0) await until(() => context.accepted > 0, 'a request');
    }
    await until(async () => (await counters(context.relay))('webhook_dropped') >= 4, 'dropped events');
    const count = await counters(context.relay);
    assert.ok(count('webhook_dropped') <= 5);
    const { relay } = context;
    context.relay = null;
    await relay.stop();
    const lost = await relay.logged('webhooks_lost');
    assert.ok(Number(lost.events) >= 3, lost.line);
    assert.doesNotMatch(relay.output, /secretsecret/);
  });
});

describe('webhooks over TLS', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'webhooks-'));
  after(() => rmSync(folder, { recursive: true }));
  const certificate = (name, address) => {
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes',
      '-keyout', path.join(folder, `${name}.key`), '-out', path.join(folder, `${name}.pem`), '-days', '2', '-subj', '/CN=test',
      '-addext', `subjectAltName=${address}`], { stdio: 'ignore' });
    return { key: readFileSync(path.join(folder, `${name}.key`)), cert: readFileSync(path.join(folder, `${name}.pem`)) };
  };

  test('certificates are checked: known ones pass, unknown ones and wrong names do not', async (t) => {
    const good = await Receiver.start({ tls: certificate('good', 'IP:127.0.0.1') });
    const unknown = await Receiver.start({ tls: certificate('unknown', 'IP:127.0.0.1') });
    const relay = await Relay.start({ args: [...settings, '--webhook-ca', path.join(folder, 'good.pem'), '--webhooks',
      `${good.url}, ${unknown.url}, ${good.url.replace('127.0.0.1', 'localhost')}`] });
    t.after(() => Promise.all([relay.stop(), good.stop(), unknown.stop()]));
    const client = await Client.connect(relay);
    await client.subscribe('secret');
    await good.event({ channel: 'secret' });
    const wrong = [(await relay.logged('webhook_failed')).endpoint, (await relay.logged('webhook_failed')).endpoint];
    await until(() => unknown.tlsErrors > 0, 'a refused certificate');
    assert.ok(!wrong.includes(good.url), String(wrong));
    assert.equal(unknown.count, 0);
    assert.equal(good.count, 1);
    await client.end();
  });
});

// SPDX-License-Identifier: MIT
//
// The HTTP under the API: chunks, pieces of one byte, pipelining past answers that are still being
// gathered, bounds, and clients that leave.

import assert from 'node:assert/strict';
import http from 'node:http';
import { test } from 'node:test';

import { api, events, get, send, signedParams } from './support/api.mjs';
import { Client } from './support/client.mjs';
import { counters } from './support/publish.mjs';
import { tcp } from './support/raw.mjs';
import { APP, withRelay } from './support/relay.mjs';
import { until, within } from './support/wait.mjs';

const target = (method, path, params, body) =>
  `${path}?${new URLSearchParams(signedParams(APP, method, path, params, body)).toString().replaceAll('+', '%20')}`;
const post = (body, headers = '', path = '/apps/app1/events') =>
  `POST ${target('POST', path, {}, body)} HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n${headers}`;
const whole = (body, headers = '') => `${post(body, headers)}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
const ask = (path = '/apps/app1/channels', headers = '') => `GET ${target('GET', path)} HTTP/1.1\r\nHost: h\r\n${headers}\r\n`;

/** Everything that comes on a connection, as text. */
class Talk {
  static async open(relay) {
    return new Talk((await tcp(relay)).socket);
  }

  constructor(socket) {
    this.socket = socket;
    this.text = '';
    socket.on('data', (bytes) => (this.text += bytes));
    this.closed = new Promise((resolve) => socket.once('end', resolve));
  }

  write(text) {
    return new Promise((resolve) => this.socket.write(text, resolve));
  }

  get statuses() {
    return [...this.text.matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => Number(match[1]));
  }

  async answers(count) {
    await until(() => this.statuses.length >= count, `${count} answers: ${this.text}`);
    /* The last one's body, too. */
    await until(() => {
      const [, length] = /Content-Length: (\d+)/.exec(this.text.slice(this.text.lastIndexOf('HTTP/1.1 '))) ?? [];
      return length === undefined || this.text.length - this.text.lastIndexOf('\r\n\r\n') - 4 >= Number(length);
    }, 'the last body');
    return this.statuses;
  }

  end() {
    this.socket.destroy();
  }
}

withRelay('HTTP under the API', { args: ['--http-body-bytes', '20000', '--request-timeout-ms', '2000', '--activity-timeout-ms', '60000'] }, (context) => {
  const open = () => Talk.open(context.relay);
  const event = (data) => JSON.stringify({ name: 'e', data, channel: 'c' });
  const asking = JSON.stringify({ name: 'e', data: 'x', channel: 'c', info: 'subscription_count' });

  test('chunked bodies, one byte at a time', async () => {
    const talk = await open();
    const body = event('chunked');
    const text = `${post(body, 'Transfer-Encoding: chunked\r\n')}\r\n${body.slice(0, 5).length.toString(16)}\r\n${body.slice(0, 5)}\r\n`
      + `${(body.length - 5).toString(16)};x=y\r\n${body.slice(5)}\r\n0\r\nTrailer: x\r\n\r\n`;
    talk.socket.setNoDelay(true);
    for (const byte of text) await talk.write(byte);
    assert.deepEqual(await talk.answers(1), [200]);
    talk.end();
  });

  test('pipelined requests are answered in order, also those that other workers answer', async () => {
    const talk = await open();
    const client = await Client.connect(context.relay);
    await client.subscribe('c');
    const requests = Array.from({ length: 20 }, (_, i) => (i % 4 === 0 ? ask() : i % 4 === 1 ? whole(event(String(i))) : i % 4 === 2 ? whole(asking) : ask('/apps/app1/none')));
    await talk.write(requests.join(''));
    const statuses = await talk.answers(20);
    assert.deepEqual(statuses, requests.map((_, i) => (i % 4 === 3 ? 404 : 200)));
    const bodies = talk.text.split(/HTTP\/1\.1 /).slice(1).map((answer) => answer.split('\r\n\r\n')[1]);
    for (const [i, body] of bodies.entries()) {
      if (i % 4 === 0) assert.deepEqual(Object.keys(JSON.parse(body).channels), ['c']);
      if (i % 4 === 1) assert.equal(body, '{}');
      if (i % 4 === 2) assert.equal(body, '{"channels":{"c":{"subscription_count":1}}}');
    }
    for (let i = 0; i < 5; i++) {
      assert.equal((await client.event('e')).data, String(4 * i + 1));
      assert.equal((await client.event('e')).data, 'x');
    }
    talk.end();
    await client.end();
  });

  test('keep-alive, and the end of it', async () => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    for (let i = 0; i < 20; i++) {
      const answer = await (i % 2 ? get(context.relay, '/channels', {}, { agent }) : events(context.relay, event('x'), { agent }));
      assert.equal(answer.status, 200);
    }
    assert.equal(Object.values(agent.freeSockets).flat().length, 1);
    agent.destroy();
    const talk = await open();
    await talk.write(ask(undefined, 'Connection: close\r\n') + ask());
    await within(talk.closed, () => 'the end');
    assert.deepEqual(talk.statuses, [200]);
    const old = await open();
    await old.write(ask().replace('HTTP/1.1', 'HTTP/1.0'));
    await within(old.closed, () => 'the end');
    assert.deepEqual(old.statuses, [200]);
  });

  test('HEAD has the length and no body', async () => {
    const path = '/apps/app1/channels';
    const talk = await open();
    await talk.write(`HEAD ${target('HEAD', path)} HTTP/1.1\r\nHost: h\r\n\r\n${ask()}`);
    await until(() => talk.statuses.length === 2, 'both answers');
    assert.match(talk.text.split('HTTP/1.1 ')[1], /Content-Length: [1-9]\d*\r\n\r\n$/);
    talk.end();
  });

  test('Expect: 100-continue', async () => {
    const talk = await open();
    const body = event('expected');
    await talk.write(`${post(body, 'Expect: 100-continue\r\n')}Content-Length: ${body.length}\r\n\r\n`);
    assert.deepEqual(await talk.answers(1), [100]);
    await talk.write(body);
    assert.deepEqual(await talk.answers(2), [100, 200]);
    talk.end();
  });

  test('too large, too slow', async () => {
    const large = await events(context.relay, event('x'.repeat(20000)));
    assert.equal(large.status, 413);
    assert.match(large.body, /body.*too large/);
    const fits = JSON.stringify({ batch: Array.from({ length: 4 }, (_, i) => ({ name: 'e', data: 'x'.repeat(4900), channel: `c${i}` })) });
    assert.ok(Buffer.byteLength(fits) <= 20000);
    assert.equal((await api(context.relay, 'POST', '/apps/app1/batch_events', { body: fits })).status, 200);
    const talk = await open();
    await talk.write(`${post('{}')}Content-Length: 2\r\n\r\n{`);
    assert.deepEqual(await talk.answers(1), [408]);
    await within(talk.closed, () => 'the end');
  });

  test('wrong methods are told the right one', async () => {
    const status = async (method, path, allow) => {
      const answer = await send(context.relay, method, { target: path });
      assert.equal(answer.status, 405);
      assert.equal(answer.headers.allow, allow);
    };
    await status('GET', '/apps/app1/events', 'POST');
    await status('PUT', '/apps/app1/batch_events', 'POST');
    await status('DELETE', '/apps/app1/channels', 'GET, HEAD');
    await status('POST', '/apps/app1/channels/x/users', 'GET, HEAD');
    await status('OPTIONS', '/apps/app1/events', 'POST');
  });

  test('an offer of HTTP/2 is passed over', async () => {
    const talk = await open();
    const offer = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n';
    await talk.write(whole(event('h2'), offer) + ask(undefined, offer));
    assert.deepEqual(await talk.answers(2), [200, 200]);
    talk.end();
  });

  test('clients that leave before their answer harm nobody', async () => {
    for (let i = 0; i < 20; i++) {
      const talk = await open();
      await talk.write(ask() + whole(asking) + (i % 2 ? ask().slice(0, 30) : ''));
      talk.end();
    }
    /* One that only has no more to say gets all its answers. */
    const talk = await open();
    talk.socket.end(ask() + whole(asking));
    await within(talk.closed, () => 'the end');
    assert.deepEqual(talk.statuses, [200, 200]);
    await until(async () => (await counters(context.relay))('connections') === 0, 'all connections to be gone');
  });
});

// SPDX-License-Identifier: MIT
//
// An application's webhook endpoint that does what a test asks of it. Every request is kept with its
// raw body; what it answers is decided per request.

import assert from 'node:assert/strict';
import http from 'node:http';
import https from 'node:https';

import { hmac } from './sign.mjs';
import { Inbox } from './wait.mjs';

export class Receiver {
  /** `answer(response, request)`: by default 204. `tls`: {key, cert} for https. */
  static async start({ answer, tls, port = 0 } = {}) {
    const receiver = new Receiver(answer, tls);
    await receiver.listen(port);
    return receiver;
  }

  constructor(answer, tls) {
    this.answer = answer ?? Receiver.status(204);
    this.requests = new Inbox('webhook requests');
    this.events = new Inbox('webhook events');
    this.count = 0;
    this.scheme = tls ? 'https' : 'http';
    const handle = (request, response) => this.handle(request, response);
    this.server = tls ? https.createServer(tls, handle) : http.createServer(handle);
    this.server.on('tlsClientError', () => (this.tlsErrors = (this.tlsErrors ?? 0) + 1));
  }

  static status(status, headers = {}) {
    return (response) => response.writeHead(status, headers).end();
  }

  listen(port) {
    return new Promise((resolve, reject) => {
      this.server.on('error', reject);
      this.server.listen(port, '127.0.0.1', () => {
        this.port = this.server.address().port;
        resolve();
      });
    });
  }

  get url() {
    return `${this.scheme}://127.0.0.1:${this.port}/hook`;
  }

  async handle(request, response) {
    const chunks = [];
    request.on('error', () => {});
    response.on('error', () => {});
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const kept = { at: Date.now(), method: request.method, url: request.url, headers: request.headers,
      rawHeaders: request.rawHeaders, body, ...JSON.parse(body) };
    this.count++;
    this.answer(response, kept);
    this.requests.push(kept);
    for (const event of kept.events) this.events.push(event);
  }

  /** The next request; checks what all of them have in common. */
  async request(app, predicate = () => true) {
    const request = await this.requests.take(predicate, 'a webhook request');
    checkRequest(request, app);
    return request;
  }

  /** The next event that has these members. */
  event(wanted) {
    return this.events.take((event) => Object.keys(wanted).every((name) => event[name] === wanted[name]),
      `event ${JSON.stringify(wanted)}`);
  }

  stop() {
    this.server.closeAllConnections();
    return new Promise((resolve) => {
      this.server.close(resolve);
    });
  }
}

/** Point 68: headers and signature, over the raw bytes. */
export function checkRequest(request, app) {
  assert.equal(request.method, 'POST');
  assert.equal(request.headers['content-type'], 'application/json');
  assert.match(request.headers['user-agent'], /^clairon-relay\/\d/);
  assert.equal(request.headers['x-pusher-key'], app.key);
  assert.equal(request.headers['x-pusher-signature'], hmac(app.secret, request.body).toString('hex'));
  for (const name of ['X-Pusher-Key', 'X-Pusher-Signature']) assert.ok(request.rawHeaders.includes(name), name);
  assert.ok(Number.isInteger(request.time_ms));
  assert.ok(Math.abs(request.time_ms - Date.now()) < 600_000);
  assert.ok(Array.isArray(request.events) && request.events.length > 0);
}

// SPDX-License-Identifier: MIT
//
// The HTTP fallbacks by hand: a session as pusher-js holds it, its lines in an inbox.

import { randomBytes } from 'node:crypto';
import http from 'node:http';

import { Inbox, within } from './wait.mjs';

export const sessionName = () => `${Math.floor(Math.random() * 1000)}/${randomBytes(4).toString('hex')}`;

/** {type, value} of a line; value is what stands behind the letter, parsed. */
export function parseLine(line) {
  return { type: line[0], value: line.length > 1 ? JSON.parse(line.slice(1)) : undefined };
}

/** A POST; resolves with the answer once its head is there. The body comes as text by `onText`. */
export function post(relay, path, { body = '', method = 'POST', headers = {}, agent = false, onText = () => {}, onEnd = () => {} } = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request(relay.url + path, { method, agent, headers: { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body), ...headers } }, (response) => {
      response.setEncoding('utf8').on('data', onText);
      response.on('error', () => {});
      response.on('close', () => onEnd(response.complete));
      resolve({ request, response, status: response.statusCode, headers: response.headers });
    });
    request.on('error', reject);
    request.end(body);
  });
}

/** The whole answer. */
export async function ask(relay, path, options = {}) {
  let text = '';
  let ended;
  const end = new Promise((resolve) => (ended = resolve));
  const answer = await post(relay, path, { ...options, onText: (more) => (text += more), onEnd: (isComplete) => ended(isComplete) });
  const isComplete = await within(end, () => `the answer of ${path} ends; so far ${text}`);
  return { ...answer, text, isComplete, lines: text.split('\n').filter(Boolean) };
}

export class Session {
  constructor(relay, { key = 'key1', prefix = '/pusher', name = sessionName(), query = 'protocol=7&client=js&version=8.6.0', headers = {}, agent } = {}) {
    this.relay = relay;
    this.base = `${prefix}/app/${key}/${name}`;
    this.query = query;
    this.headers = headers;
    this.agent = agent;
    this.lines = new Inbox('lines');
    this.frames = new Inbox('frames');
    this.units = 0;
  }

  read(text) {
    this.rest = (this.rest ?? '') + text;
    const lines = this.rest.split('\n');
    this.rest = lines.pop();
    for (const line of lines) {
      const parsed = parseLine(line);
      this.lines.push(parsed);
      if (parsed.type === 'a') parsed.value.forEach((frame) => this.frames.push(JSON.parse(frame)));
    }
  }

  /** Opens (or reopens) the streaming answer. `ended` is a promise: whether it ended as it should. */
  async stream() {
    let ended;
    this.ended = new Promise((resolve) => (ended = resolve));
    this.units = 0;
    this.receiving = await post(this.relay, `${this.base}/xhr_streaming?${this.query}`, {
      headers: this.headers, agent: this.agent, onText: (text) => { this.units += text.length; this.read(text); }, onEnd: (isComplete) => ended(isComplete),
    });
    return this;
  }

  /** One poll; its lines also go to the inboxes. */
  async poll() {
    const answer = await ask(this.relay, `${this.base}/xhr?${this.query}`, { headers: this.headers, agent: this.agent });
    this.read(answer.text);
    return answer;
  }

  line(type) {
    return this.lines.take((line) => line.type === type, `a line ${type}`);
  }

  frame(event, predicate = () => true) {
    return this.frames.take((frame) => frame.event === event && predicate(frame), event);
  }

  async established() {
    const frame = await this.frame('pusher:connection_established');
    this.socketId = JSON.parse(frame.data).socket_id;
    return this;
  }

  /** The frames, objects or texts, in one request. */
  send(...frames) {
    return this.sendBody(JSON.stringify(frames.map((frame) => (typeof frame === 'string' ? frame : JSON.stringify(frame)))));
  }

  sendBody(body, headers = {}) {
    return ask(this.relay, `${this.base}/xhr_send?t=1&n=1`, { body, headers: { ...this.headers, ...headers } });
  }

  async subscribe(channel, extra = {}) {
    const answer = await this.send({ event: 'pusher:subscribe', data: { auth: '', channel, ...extra } });
    if (answer.status !== 204) throw new Error(`subscribe: ${answer.status} ${answer.text}`);
  }

  close() {
    this.receiving?.request.destroy();
  }
}

export async function streaming(relay, options) {
  const session = new Session(relay, options);
  await session.stream();
  await session.line('o');
  return session.established();
}

/** Its first poll is answered; the next is the caller's. */
export async function polling(relay, options) {
  const session = new Session(relay, options);
  await session.poll();
  await session.line('o');
  return session.established();
}

// SPDX-License-Identifier: MIT
//
// A Pusher client without opinions, for looking at single frames: sends what it is told, keeps
// what arrives in order.

import assert from 'node:assert/strict';
import WebSocket from 'ws';

import { signChannel } from './sign.mjs';
import { Inbox, until, within } from './wait.mjs';

export class Client {
  /** Connects and waits for connection_established. */
  static async connect(relay, options = {}) {
    const client = Client.open(relay, options);
    const frame = await client.event('pusher:connection_established');
    client.socketId = JSON.parse(frame.data).socket_id;
    client.established = frame;
    return client;
  }

  /** As connect(), for after a client has left: the relay may learn of its end a moment later. */
  static connectWhenRoom(relay, options) {
    return until(() => Client.connect(relay, options).catch(() => null), 'there is room');
  }

  /** Connects and waits for nothing. */
  static open(relay, { app = relay.app, key = app.key, base = `ws://127.0.0.1:${relay.port}`, path = `/app/${key}`,
    query = '?protocol=7&client=js&version=8.4.0&flash=false', ...options } = {}) {
    return new Client(`${base}${path}${query}`, app, options);
  }

  constructor(url, app, options) {
    this.app = app;
    this.inbox = new Inbox('client');
    this.raw = [];
    this.pings = new Inbox('pings');
    this.pongs = new Inbox('pongs');
    this.socket = new WebSocket(url, { perMessageDeflate: false, ...options });
    this.socket.on('message', (bytes, isBinary) => {
      const text = isBinary ? bytes : bytes.toString('utf8');
      this.raw.push(text);
      this.inbox.push(isBinary ? { binary: bytes } : JSON.parse(text));
    });
    this.socket.on('ping', (bytes) => this.pings.push(bytes.toString()));
    this.socket.on('pong', (bytes) => this.pongs.push(bytes.toString()));
    this.socket.on('error', (error) => (this.error = error));
    this.closing = new Promise((resolve) => {
      this.socket.on('close', (code, reason) => {
        this.inbox.end(`closed with ${code} ${reason}${this.error ? ` (${this.error.message})` : ''}`);
        resolve({ code, reason: reason.toString() });
      });
    });
  }

  send(frame) {
    this.socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }

  /** The next frame with this event name (and channel). */
  event(name, channel, ms) {
    return this.inbox.take((frame) => frame.event === name && (channel === undefined || frame.channel === channel),
      `event ${name}${channel === undefined ? '' : ` on ${channel}`}`, ms);
  }

  /** The next pusher:error; checks that its data is an object (point 15). */
  async errorFrame() {
    const frame = await this.event('pusher:error');
    assert.equal(typeof frame.data, 'object');
    assert.equal(typeof frame.data.message, 'string');
    assert.ok(!('channel' in frame));
    return frame.data;
  }

  /** Asks for a subscription; signs where the name asks for it. */
  ask(channel, { auth, channelData, user, info } = {}) {
    const data = { channel };
    if (user !== undefined) channelData ??= JSON.stringify({ user_id: user, ...(info === undefined ? {} : { user_info: info }) });
    if (channelData !== undefined) data.channel_data = channelData;
    if (auth !== undefined) {
      data.auth = auth;
    } else if (/^(private|presence)-/.test(channel)) {
      data.auth = signChannel(this.app, this.socketId, channel, channelData);
    } else {
      data.auth = '';
    }
    this.send({ event: 'pusher:subscribe', data });
  }

  /** ... and waits for the confirmation; gives its decoded data. */
  async subscribe(channel, options) {
    this.ask(channel, options);
    const frame = await this.event('pusher_internal:subscription_succeeded', channel);
    assert.equal(typeof frame.data, 'string');
    return JSON.parse(frame.data);
  }

  unsubscribe(channel) {
    this.send({ event: 'pusher:unsubscribe', data: { channel } });
  }

  /**
   * Everything this socket was sent before is here when this returns, and everything it asked for
   * was handled. Gives the frames that nobody took.
   */
  async settle() {
    this.send({ event: 'pusher:ping', data: {} });
    await this.event('pusher:pong');
    return this.inbox.items.splice(0);
  }

  /** {code, reason} of the close. */
  closed(ms) {
    return within(this.closing, () => `close; left over: ${this.inbox.shown()}`, ms);
  }

  async end() {
    this.socket.close(1000);
    await this.closed();
  }
}

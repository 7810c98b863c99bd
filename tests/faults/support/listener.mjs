// SPDX-License-Identifier: MIT
//
// A stock pusher-js client that writes down what it gets and when it was subscribed.

import { connected, pusherJs } from '../../protocol/support/pusher_js.mjs';
import { until } from '../../protocol/support/wait.mjs';

const RECONNECT_MS = 60000;

export class Listener {
  static async start(relay, channels) {
    const listener = new Listener(relay, channels);
    await connected(listener.client);
    await listener.isSubscribed();
    return listener;
  }

  constructor(relay, channels) {
    this.channels = channels;
    this.got = new Map(); // key -> how often
    this.order = []; // what came after something newer of its worker and channel
    this.newest = new Map();
    this.subscriptions = new Map(channels.map((channel) => [channel, []])); // when, and until when
    this.disconnects = 0;
    this.client = pusherJs(relay, { activityTimeout: 2000, pongTimeout: 2000 });
    this.client.connection.bind('state_change', ({ previous }) => {
      if (previous === 'connected') this.left();
    });
    for (const name of channels) {
      const channel = this.client.subscribe(name);
      channel.bind('pusher:subscription_succeeded', () => this.subscriptions.get(name).push({ from: performance.now(), to: Infinity }));
      channel.bind('numbered', (data) => this.take(name, data));
    }
  }

  left() {
    this.disconnects++;
    for (const spans of this.subscriptions.values()) {
      if (spans.length > 0 && spans.at(-1).to === Infinity) spans.at(-1).to = performance.now();
    }
  }

  /** Waits until it is subscribed to every channel. */
  isSubscribed() {
    return until(() => [...this.subscriptions.values()].every((spans) => spans.some(({ to }) => to === Infinity)), 'pusher-js to be subscribed', RECONNECT_MS);
  }

  /** As a user who loads the page again; by itself pusher-js waits up to 15 s after a refused connection. */
  reconnect() {
    this.client.disconnect();
    this.client.connect();
  }

  take(channel, { source, n }) {
    const key = `${source} ${channel} ${n}`;
    const times = (this.got.get(key) ?? 0) + 1;
    this.got.set(key, times);
    if (times > 1) return;
    const line = `${source} ${channel}`;
    const newest = this.newest.get(line) ?? 0;
    if (n < newest) this.order.push(key);
    else this.newest.set(line, n);
  }

  /** Whether this client has to get an event that was published at that moment. */
  isOwed({ channel, at }) {
    const spans = this.subscriptions.get(channel);
    return spans !== undefined && spans.some(({ from, to }) => at > from && to === Infinity);
  }

  get doubled() {
    return [...this.got].filter(([, times]) => times > 1).map(([key]) => key);
  }

  stop() {
    this.client.disconnect();
  }
}

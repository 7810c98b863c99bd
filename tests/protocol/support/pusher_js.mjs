// SPDX-License-Identifier: MIT
//
// Stock pusher-js against a relay, with auth answers made in this process instead of by an
// application's endpoint. What the emitters emit comes as inboxes.

import { createRequire } from 'node:module';

import { signChannel, signUser } from './sign.mjs';
import { Inbox, within } from './wait.mjs';

const require = createRequire(import.meta.url);

/* The WebSocket within pusher-js leaves a timer behind each connection that the server closed; it
 * must not keep the test's process. */
const CLOSE_TIMEOUT_MS = 30000;
const { setTimeout: start } = globalThis;
globalThis.setTimeout = (callback, ms, ...args) => {
  const timer = start(callback, ms, ...args);
  return ms === CLOSE_TIMEOUT_MS ? timer.unref() : timer;
};

/** Version by package: the two major versions that applications have. */
export const PUSHER_JS = Object.fromEntries(['pusher-js', 'pusher-js-7'].map((name) => [
  name, { Pusher: require(name), version: require(`${name}/package.json`).version },
]));

export { signUser };

/**
 * `user`: { id, info, watchlist } of presence channels and sign-in. `sharedSecret(channel)`: for
 * encrypted channels. `options` go to pusher-js.
 */
export function pusherJs(relay, { Pusher = PUSHER_JS['pusher-js'].Pusher, app = relay.app, user = { id: '1' },
  sharedSecret, channelData = true, ...options } = {}) {
  const { id, info, watchlist } = user;
  const member = JSON.stringify({ user_id: id, ...(info === undefined ? {} : { user_info: info }) });
  const userData = JSON.stringify({ id, ...(info === undefined ? {} : { user_info: info }), ...(watchlist ? { watchlist } : {}) });
  const client = new Pusher(app.key, {
    cluster: '', wsHost: '127.0.0.1', wsPort: relay.port, forceTLS: false, enabledTransports: ['ws'], enableStats: false,
    channelAuthorization: {
      customHandler: ({ socketId, channelName }, callback) => {
        const data = channelName.startsWith('presence-') && channelData ? member : undefined;
        const answer = { auth: signChannel(app, socketId, channelName, data) };
        if (data !== undefined) answer.channel_data = data;
        if (sharedSecret) answer.shared_secret = sharedSecret(channelName);
        callback(null, answer);
      },
    },
    userAuthentication: {
      customHandler: ({ socketId }, callback) => callback(null, { auth: signUser(app, socketId, userData), user_data: userData }),
    },
    ...options,
  });
  client.inbox = (target, name) => {
    const inbox = new Inbox(name);
    target.bind(name, (data, meta) => inbox.push({ data, meta }));
    return inbox;
  };
  client.errors = client.inbox(client.connection, 'error');
  return client;
}

export const first = async (inbox) => inbox.take(() => true, `an event ${inbox.name}`);

export function connected(client) {
  if (client.connection.state === 'connected') return Promise.resolve();
  return within(new Promise((resolve) => client.connection.bind('connected', resolve)), () => `pusher-js connects; it is ${client.connection.state}`);
}

/** Subscribes and waits; gives the channel, with what subscription_succeeded brought in `succeeded`. */
export async function subscribed(client, name) {
  const channel = client.subscribe(name);
  const data = await within(new Promise((resolve, reject) => {
    channel.bind('pusher:subscription_succeeded', resolve);
    channel.bind('pusher:subscription_error', (error) => reject(new Error(`${name}: ${JSON.stringify(error)}`)));
  }), () => `pusher-js subscribes to ${name}`);
  channel.succeeded = data;
  return channel;
}

export async function disconnect(...clients) {
  for (const client of clients) client.disconnect();
}

// SPDX-License-Identifier: MIT
//
// Signing in, as a client does it once it has its application's answer.

import assert from 'node:assert/strict';

import { signUser } from './sign.mjs';

/** Asks only. `user`: what becomes user_data, or its text. */
export function askSignIn(client, user, { app = client.app, auth } = {}) {
  const text = typeof user === 'string' ? user : JSON.stringify(user);
  client.send({ event: 'pusher:signin', data: { auth: auth ?? signUser(app, client.socketId, text), user_data: text } });
  return text;
}

/** ... and waits for the answer, which must be what was asked for. */
export async function signIn(client, user, options) {
  const text = askSignIn(client, user, options);
  const frame = await client.event('pusher:signin_success');
  assert.deepEqual(frame, { event: 'pusher:signin_success', data: { user_data: text } });
}

/** The next change of watched users: { online: [...], offline: [...] }, each only if there is one. */
export async function watched(client) {
  const frame = await client.event('pusher_internal:watchlist_events');
  assert.deepEqual(Object.keys(frame).sort(), ['data', 'event']);
  assert.equal(typeof frame.data, 'string');
  const { events } = JSON.parse(frame.data);
  assert.ok(events.every(({ user_ids: ids }) => ids.length > 0), 'empty lists are left out');
  return Object.fromEntries(events.map(({ name, user_ids: ids }) => [name, [...ids].sort()]));
}

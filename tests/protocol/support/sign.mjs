// SPDX-License-Identifier: MIT
//
// Pusher's signatures, as an application's auth endpoint makes them.

import { createHmac } from 'node:crypto';

export function hmac(secret, ...parts) {
  const hash = createHmac('sha256', secret);
  for (const part of parts) hash.update(part);
  return hash.digest();
}

export function signChannel(app, socketId, channel, channelData) {
  const text = `${socketId}:${channel}${channelData === undefined ? '' : `:${channelData}`}`;
  return `${app.key}:${hmac(app.secret, text).toString('hex')}`;
}

export function signUser(app, socketId, userData) {
  return `${app.key}:${hmac(app.secret, `${socketId}::user::${userData}`).toString('hex')}`;
}

// SPDX-License-Identifier: MIT
//
// The HTTP API as a library would speak it, but open at every joint: each part of a request's
// signature can be given otherwise, so that tests can sign one thing and send another.

import { createHash } from 'node:crypto';
import http from 'node:http';

import { hmac } from './sign.mjs';

export const nowSeconds = () => Math.floor(Date.now() / 1000);

/** What is signed: method, path and the sorted, decoded parameters (reference: Pusher's "HTTP API", authentication). */
export function stringToSign(method, path, params) {
  const query = Object.keys(params).map((name) => name.toLowerCase()).sort().map((name) => `${name}=${params[name]}`).join('&');
  return `${method}\n${path}\n${query}`;
}

/**
 * The parameters of a signed request. `sign` may override `method`, `path`, `secret`, `timestamp`,
 * `body`, or give `signature` itself; a parameter of undefined is left out.
 */
export function signedParams(app, method, path, params = {}, body, sign = {}) {
  const signedBody = sign.body ?? body;
  const all = {
    auth_key: app.key, auth_timestamp: sign.timestamp ?? nowSeconds(), auth_version: '1.0',
    ...(signedBody ? { body_md5: createHash('md5').update(signedBody).digest('hex') } : {}), ...params,
  };
  for (const name of Object.keys(all)) if (all[name] === undefined) delete all[name];
  const text = stringToSign(sign.method ?? method, sign.path ?? path, all);
  return { ...all, auth_signature: sign.signature ?? hmac(sign.secret ?? app.secret, text).toString('hex') };
}

const encoded = (params) => Object.entries(params).map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&');

/**
 * One signed request; {status, headers, body, json}. `prefix` stands in front of the path and is not
 * signed; `change` may alter {target, body, headers} after signing.
 */
export async function api(relay, method, path, { app = relay.app, params, body, sign, prefix = '', headers = {}, change = (parts) => parts, agent = false } = {}) {
  const text = body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  const query = encoded(signedParams(app, method, path, params, text, sign));
  const parts = change({ target: `${prefix}${path}?${query}`, body: text,
    headers: { ...(text === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers } });
  return send(relay, method, parts, agent);
}

/** An unsigned request, as it is. */
export function send(relay, method, { target, body, headers = {} }, agent = false) {
  return new Promise((resolve, reject) => {
    const length = body === undefined || headers['Transfer-Encoding'] ? {} : { 'Content-Length': Buffer.byteLength(body) };
    const request = http.request({ host: '127.0.0.1', port: relay.port, method, path: target, headers: { ...length, ...headers }, agent }, (response) => {
      let answer = '';
      response.setEncoding('utf8').on('data', (part) => (answer += part));
      response.on('error', reject);
      response.on('end', () => {
        const isJson = (response.headers['content-type'] ?? '').startsWith('application/json');
        resolve({ status: response.statusCode, headers: response.headers, body: answer, json: isJson && answer ? JSON.parse(answer) : undefined });
      });
    });
    request.on('error', reject).end(body);
  });
}

export const events = (relay, body, options = {}) => api(relay, 'POST', `/apps/${(options.app ?? relay.app).id}/events`, { body, ...options });
export const batch = (relay, list, options = {}) => api(relay, 'POST', `/apps/${(options.app ?? relay.app).id}/batch_events`, { body: { batch: list }, ...options });
export const get = (relay, path, params, options = {}) => api(relay, 'GET', `/apps/${(options.app ?? relay.app).id}${path}`, { params, ...options });

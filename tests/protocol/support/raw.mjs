// SPDX-License-Identifier: MIT
//
// WebSocket by hand, for peers that misbehave: no masking check, no answer to anything.

import { randomBytes } from 'node:crypto';
import net from 'node:net';

import { Inbox, within } from './wait.mjs';

/** One client frame. `mask: false` leaves it unmasked, which is against the rules. */
export function frame(opcode, payload, { fin = true, mask = true, rsv = 0 } = {}) {
  const body = Buffer.from(payload);
  const first = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
  const bit = mask ? 0x80 : 0;
  let head;
  if (body.length < 126) {
    head = Buffer.from([first, bit | body.length]);
  } else if (body.length < 65536) {
    head = Buffer.from([first, bit | 126, body.length >> 8, body.length & 255]);
  } else {
    head = Buffer.alloc(10);
    head[0] = first;
    head[1] = bit | 127;
    head.writeBigUInt64BE(BigInt(body.length), 2);
  }
  if (!mask) return Buffer.concat([head, body]);
  const key = randomBytes(4);
  return Buffer.concat([head, key, body.map((byte, i) => byte ^ key[i & 3])]);
}

export function upgradeRequest(path, headers = {}) {
  const all = { Host: 'relay', Upgrade: 'websocket', Connection: 'Upgrade', 'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': randomBytes(16).toString('base64'), ...headers };
  return `GET ${path} HTTP/1.1\r\n${Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
}

export class Raw {
  constructor(socket) {
    this.socket = socket;
    this.frames = new Inbox('raw frames');
    this.pending = Buffer.alloc(0);
    this.ended = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => {});
    socket.on('close', () => this.frames.end('connection closed'));
  }

  /** Reads frames from here on. */
  listen(rest = Buffer.alloc(0)) {
    this.read(rest);
    this.socket.on('data', (bytes) => this.read(bytes));
  }

  read(bytes) {
    this.pending = Buffer.concat([this.pending, bytes]);
    for (;;) {
      if (this.pending.length < 2) return;
      let length = this.pending[1] & 127;
      let at = 2;
      if (length === 126) {
        if (this.pending.length < 4) return;
        length = this.pending.readUInt16BE(2);
        at = 4;
      } else if (length === 127) {
        if (this.pending.length < 10) return;
        length = Number(this.pending.readBigUInt64BE(2));
        at = 10;
      }
      if (this.pending.length < at + length) return;
      this.frames.push({ opcode: this.pending[0] & 15, payload: this.pending.subarray(at, at + length) });
      this.pending = this.pending.subarray(at + length);
    }
  }

  async text() {
    const { payload } = await this.frames.take(({ opcode }) => opcode === 1, 'a text frame');
    return JSON.parse(payload.toString());
  }

  /** {code, reason} of the close frame. */
  async closed() {
    const { payload } = await this.frames.take(({ opcode }) => opcode === 8, 'a close frame');
    return payload.length < 2 ? { code: 0, reason: '' } : { code: payload.readUInt16BE(0), reason: payload.toString('utf8', 2) };
  }
}

export function tcp(relay) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(relay.port, '127.0.0.1');
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(new Raw(socket));
    });
  });
}

/** Upgrades and takes connection_established. */
export async function upgrade(relay, { path = '/app/key1?protocol=7', headers, established = true } = {}) {
  const raw = await tcp(relay);
  raw.socket.write(upgradeRequest(path, headers));
  let head = Buffer.alloc(0);
  await within(new Promise((resolve) => {
    const read = (bytes) => {
      head = Buffer.concat([head, bytes]);
      const end = head.indexOf('\r\n\r\n');
      if (end < 0) return;
      raw.socket.off('data', read);
      raw.status = Number(head.toString('latin1', 9, 12));
      raw.head = head.toString('latin1', 0, end);
      raw.listen(head.subarray(end + 4));
      resolve();
    };
    raw.socket.on('data', read);
    raw.socket.once('close', resolve);
  }), () => 'the answer to the upgrade');
  if (established) {
    const { data } = await raw.text();
    raw.socketId = JSON.parse(data).socket_id;
  }
  return raw;
}

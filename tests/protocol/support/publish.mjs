// SPDX-License-Identifier: MIT
//
// A publisher of its own making: RESP, bus channel names and envelopes written from the
// descriptions in wire/envelope.h and wire/name.h, so that the C code has a second witness.

import { randomBytes } from 'node:crypto';
import net from 'node:net';

import { hmac } from './sign.mjs';
import { Inbox } from './wait.mjs';

const FIXED = 48;
const SIGNED = 1;

/** CRC-16/XMODEM, bit by bit. */
export function crc16(bytes) {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff;
  }
  return crc;
}

export function busChannel(app, channel, prefix = 'clairon') {
  return `${prefix}:1:{${crc16(Buffer.from(`${app}:${channel}`)) % 128}}:${app}:${channel}`;
}

/** `text` is the finished client text; signed if `secret` is given. */
export function envelope({ version = 1, flags, id = randomBytes(16), publisher = 1n, sequence = 1n, channelSequence = 0n,
  socketId = '', text, secret, app, channel }) {
  const socket = Buffer.from(socketId);
  const body = Buffer.from(text);
  const head = Buffer.alloc(FIXED);
  head.writeUInt8(version, 0);
  head.writeUInt8(flags ?? (secret ? SIGNED : 0), 1);
  head.writeUInt8(socket.length, 2);
  head.writeUInt32BE(body.length, 4);
  id.copy(head, 8);
  head.writeBigUInt64BE(BigInt(publisher), 24);
  head.writeBigUInt64BE(BigInt(sequence), 32);
  head.writeBigUInt64BE(BigInt(channelSequence), 40);
  const signature = secret ? [hmac(secret, `${app}:${channel}\n`, head, socket, body)] : [];
  return Buffer.concat([head, ...signature, socket, body]);
}

export function clientText(event, channel, data) {
  return JSON.stringify({ event, data: typeof data === 'string' ? data : JSON.stringify(data), channel });
}

/** A command as RESP's array of bulks. */
export function command(...args) {
  const parts = [Buffer.from(`*${args.length}\r\n`)];
  for (const arg of args) {
    const bytes = Buffer.isBuffer(arg) ? arg : Buffer.from(String(arg));
    parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n'));
  }
  return Buffer.concat(parts);
}

/** One reply at the start of `bytes`: [value, consumed] or null if it is not whole. Errors are Error. */
export function parseReply(bytes) {
  const end = bytes.indexOf('\r\n');
  if (end < 0) return null;
  const line = bytes.toString('utf8', 1, end);
  const next = end + 2;
  switch (String.fromCharCode(bytes[0])) {
    case '+': return [line, next];
    case '-': return [new Error(line), next];
    case ':': return [Number(line), next];
    case '$': {
      const length = Number(line);
      if (length < 0) return [null, next];
      if (bytes.length < next + length + 2) return null;
      return [bytes.toString('utf8', next, next + length), next + length + 2];
    }
    case '*': {
      const items = [];
      let at = next;
      for (let left = Number(line); left > 0; left--) {
        const item = parseReply(bytes.subarray(at));
        if (item === null) return null;
        items.push(item[0]);
        at += item[1];
      }
      return [items, at];
    }
    default:
      throw new Error(`not RESP: ${bytes.toString('latin1', 0, 80)}`);
  }
}

/** A RESP connection; replies come in the order of commands. */
export class Resp {
  static connect(where) {
    return new Promise((resolve, reject) => {
      const socket = net.connect(where);
      socket.once('error', reject);
      socket.once('connect', () => resolve(new Resp(socket)));
    });
  }

  constructor(socket) {
    this.socket = socket;
    this.replies = new Inbox('replies');
    this.pending = Buffer.alloc(0);
    this.closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => {});
    socket.on('data', (bytes) => this.read(bytes));
    socket.on('close', () => this.replies.end('connection closed'));
    socket.on('end', () => socket.end());
  }

  read(bytes) {
    this.pending = Buffer.concat([this.pending, bytes]);
    for (;;) {
      const reply = this.pending.length > 0 ? parseReply(this.pending) : null;
      if (reply === null) return;
      this.pending = this.pending.subarray(reply[1]);
      this.replies.push({ value: reply[0] });
    }
  }

  write(bytes) {
    this.socket.write(bytes);
  }

  async reply() {
    return (await this.replies.take(() => true, 'a reply')).value;
  }

  async call(...args) {
    this.write(command(...args));
    const reply = await this.reply();
    if (reply instanceof Error) throw reply;
    return reply;
  }

  close() {
    this.socket.destroy();
  }
}

/** INFO as a function from a counter's name to its value. */
export async function counters(relay) {
  const link = await Resp.connect({ path: relay.socket });
  const text = await link.call('INFO');
  link.close();
  return (name) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(text)[1]);
}

/** A publisher for one application, over the relay's socket or over Redis. */
export class Publisher {
  /** AUTH and HELLO go out in front of the first publish, as the extension does it. */
  static async connect(relay, app = relay.app) {
    const link = await Resp.connect({ path: relay.socket });
    const publisher = new Publisher(link, app);
    await link.call('AUTH', app.id, app.secret);
    await link.call('HELLO');
    return publisher;
  }

  /** Over Redis every envelope is signed and numbered. */
  static async overRedis(where, app) {
    return new Publisher(await Resp.connect(where), app, { signed: true });
  }

  constructor(link, app, { signed = false } = {}) {
    this.link = link;
    this.app = app;
    this.signed = signed;
    this.publisher = randomBytes(8).readBigUInt64BE();
    this.sequence = 0n;
    this.channelSequences = new Map();
  }

  /** The bytes of one PUBLISH. */
  command(channel, event, data, { socketId = '', id, text = clientText(event, channel, data), ...rest } = {}) {
    this.sequence += 1n;
    let channelSequence = 0n;
    if (this.signed) {
      channelSequence = (this.channelSequences.get(channel) ?? 0n) + 1n;
      this.channelSequences.set(channel, channelSequence);
    }
    return command('PUBLISH', busChannel(this.app.id, channel), envelope({
      id, publisher: this.publisher, sequence: this.sequence, channelSequence, socketId, text,
      secret: this.signed ? this.app.secret : undefined, app: this.app.id, channel, ...rest,
    }));
  }

  async publish(channel, event, data, options) {
    this.link.write(this.command(channel, event, data, options));
    const reply = await this.link.reply();
    if (reply instanceof Error) throw reply;
    return reply;
  }

  close() {
    this.link.close();
  }
}

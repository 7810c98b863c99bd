// SPDX-License-Identifier: MIT
//
// The echo server as a child process, and a WebSocket client that is one socket and nothing else:
// it sends whatever bytes it is told to and checks that what comes back is framed as RFC 6455 asks
// of a server.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import net from 'node:net';
import zlib from 'node:zlib';
import { fileURLToPath } from 'node:url';

const WAIT_MS = 20000;
const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';

const TAIL = Buffer.from([0, 0, 255, 255]);

export const OP = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 };
const NAMES = { 1: 'text', 2: 'binary', 8: 'close', 9: 'ping', 10: 'pong' };

export async function startEchoServer() {
  const path = process.env.ECHO_SERVER ?? fileURLToPath(new URL('../echo-server', import.meta.url));
  if (!existsSync(path)) {
    throw new Error(`There is no echo server at ${path}: make -C tests/protocol echo-server`);
  }
  const child = spawn(path, ['0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = new Promise((resolve) => child.once('exit', (code, signal) => resolve(signal ?? code)));
  const line = await new Promise((resolve, reject) => {
    child.stdout.once('data', (data) => resolve(String(data)));
    exited.then((code) => reject(new Error(`the echo server ended with ${code}`)));
  });
  return {
    port: Number(line.match(/:(\d+)\s*$/)[1]),
    async stop() {
      child.kill('SIGTERM');
      return exited;
    },
  };
}

// A client's frame: masked, in the shortest form unless `form` (126, 127) says otherwise.
export function frame(first, payload = '', { form, mask = [0x37, 0xfa, 0x21, 0x3d], length } = {}) {
  const body = Buffer.from(payload);
  const size = length ?? body.length;
  const marker = form ?? (size < 126 ? size : size < 65536 ? 126 : 127);
  const head = Buffer.alloc(2 + (marker === 126 ? 2 : marker === 127 ? 8 : 0));
  head[0] = first;
  head[1] = (mask ? 0x80 : 0) | marker;
  if (marker === 126) head.writeUInt16BE(size, 2);
  if (marker === 127) head.writeBigUInt64BE(BigInt(size), 2);
  if (!mask) return Buffer.concat([head, body]);
  for (let i = 0; i < body.length; i++) body[i] ^= mask[i & 3];
  return Buffer.concat([head, Buffer.from(mask), body]);
}

export const text = (payload) => frame(0x80 | OP.text, payload);
export const binary = (payload) => frame(0x80 | OP.binary, payload);
export const ping = (payload) => frame(0x80 | OP.ping, payload);
export const pong = (payload) => frame(0x80 | OP.pong, payload);

export function closePayload(code, reason = '') {
  if (code === null) return Buffer.alloc(0);
  const head = Buffer.alloc(2);
  head.writeUInt16BE(code);
  return Buffer.concat([head, Buffer.from(reason)]);
}

export const close = (code, reason) => frame(0x80 | OP.close, closePayload(code, reason));

// The payload of a compressed message: raw DEFLATE up to a sync flush, whose last four bytes are left out.
export function deflate(payload, options = {}) {
  const bytes = zlib.deflateRawSync(payload, { finishFlush: zlib.constants.Z_SYNC_FLUSH, ...options });
  return bytes.subarray(-4).equals(TAIL) ? bytes.subarray(0, -4) : bytes;
}

const inflate = (payload) => zlib.inflateRawSync(Buffer.concat([payload, TAIL]), { finishFlush: zlib.constants.Z_SYNC_FLUSH });

// Cuts a message into frames of `size` bytes.
export function fragments(opcode, payload, size) {
  const body = Buffer.from(payload);
  const frames = [];
  for (let at = 0; at < body.length || frames.length === 0; at += size) {
    const isLast = at + size >= body.length;
    frames.push(frame((isLast ? 0x80 : 0) | (at === 0 ? opcode : 0), body.subarray(at, at + size)));
  }
  return frames;
}

export function pieces(bytes, size) {
  const list = [];
  for (let at = 0; at < bytes.length; at += size) list.push(bytes.subarray(at, at + size));
  return list;
}

export class Peer {
  constructor(socket) {
    this.socket = socket;
    this.chunks = [];
    this.length = 0;
    this.need = 1;
    this.frames = [];
    this.waiting = null;
    this.isEnded = false;
    this.error = null;
    socket.setNoDelay(true);
    socket.on('data', (data) => this.add(data));
    socket.on('end', () => this.finish(null));
    socket.on('error', (error) => this.finish(error));
  }

  // `offer`: what to say in Sec-WebSocket-Extensions.
  static async connect(port, { offer } = {}) {
    const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    const peer = new Peer(socket);
    socket.write(`GET /any/path HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n`
      + `Sec-WebSocket-Key: ${KEY}\r\nSec-WebSocket-Version: 13\r\n`
      + `${offer === undefined ? '' : `Sec-WebSocket-Extensions: ${offer}\r\n`}\r\n`);
    const head = await peer.head();
    assert.match(head, /^HTTP\/1\.1 101 /);
    assert.match(head, new RegExp(`Sec-WebSocket-Accept: ${ACCEPT.replace(/[+]/g, '\\+')}\r\n`));
    peer.agreed = /Sec-WebSocket-Extensions: (.*)\r\n/.exec(head)?.[1];
    return peer;
  }

  add(data) {
    this.chunks.push(data);
    this.length += data.length;
    this.wake();
  }

  finish(error) {
    this.isEnded = true;
    this.error ??= error;
    this.wake();
  }

  wake() {
    this.waiting?.();
    this.waiting = null;
  }

  async more() {
    if (this.isEnded) return false;
    let timer;
    await Promise.race([
      new Promise((resolve) => { this.waiting = resolve; }),
      new Promise((resolve, reject) => {
        timer = setTimeout(() => reject(new Error('nothing came from the server in time')), WAIT_MS);
      }),
    ]).finally(() => clearTimeout(timer));
    return true;
  }

  // The first `size` bytes of what has come, or null at the end of the stream.
  async take(size) {
    while (this.length < size) {
      if (!(await this.more())) return null;
    }
    const all = this.chunks.length === 1 ? this.chunks[0] : Buffer.concat(this.chunks);
    this.chunks = all.length > size ? [all.subarray(size)] : [];
    this.length = all.length - size;
    return all.subarray(0, size);
  }

  async head() {
    let head = '';
    while (!head.endsWith('\r\n\r\n')) {
      const byte = await this.take(1);
      assert.ok(byte, `the server ended the connection after ${JSON.stringify(head)}`);
      head += byte.toString('latin1');
    }
    return head;
  }

  // The next frame as { name, payload, code, isCompressed }, or null at the end of the stream. What was compressed is
  // inflated.
  async next() {
    const start = await this.take(2);
    if (start === null) {
      assert.equal(this.length, 0, 'the server cut a frame short');
      return null;
    }
    const isCompressed = this.agreed !== undefined && (start[0] & 0x48) === 0x40;
    assert.equal(start[0] & 0xf0, isCompressed ? 0xc0 : 0x80, 'the server sends whole messages without reserved bits');
    assert.equal(start[1] & 0x80, 0, 'the server does not mask');
    let size = start[1];
    if (size === 126) {
      size = (await this.take(2)).readUInt16BE();
      assert.ok(size >= 126, 'the shortest form');
    } else if (size === 127) {
      size = Number((await this.take(8)).readBigUInt64BE());
      assert.ok(size >= 65536, 'the shortest form');
    }
    const bytes = size > 0 ? await this.take(size) : Buffer.alloc(0);
    const payload = isCompressed ? inflate(bytes) : bytes;
    const name = NAMES[start[0] & 0x0f];
    return { name, payload, code: name === 'close' ? (size > 0 ? payload.readUInt16BE() : null) : undefined, isCompressed };
  }

  // Each piece is a write of its own. A server that has refused what came before may have closed.
  async send(bytes, chop = bytes.length) {
    for (const piece of pieces(bytes, Math.max(chop, 1))) {
      if (this.isEnded || this.socket.destroyed) return;
      const isTaken = this.socket.write(piece);
      if (!isTaken) await new Promise((resolve) => this.socket.once('drain', resolve).once('close', resolve));
      else if (chop < bytes.length) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  // The server has to send FIN, and no RST, before we do.
  async expectEnd() {
    assert.equal(await this.take(1), null, 'the server sent more after its close frame');
    assert.equal(this.error, null, 'the connection ended with an error');
    this.socket.destroy();
  }
}

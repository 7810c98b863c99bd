// SPDX-License-Identifier: MIT
//
// RFC 7692, case by case, against tests/protocol/echo-server, which compresses whatever gets
// shorter: all parameters, sizes, levels, fragments, reserved bits, limits and what is no DEFLATE.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import zlib from 'node:zlib';

import { binary, close, deflate, frame, OP, Peer, ping, pong, startEchoServer, text } from './support/echo.mjs';

const MESSAGE_MAX = 16 * 1024 * 1024;
const OFFER = 'permessage-deflate; client_max_window_bits';
const { constants } = zlib;

let server;
before(async () => { server = await startEchoServer(); });
after(async () => { assert.equal(await server.stop(), 0); });

const describe = (item) => `${item.name}(${item.code ?? item.payload.length})`;

/** Sends, compares, and ends with 1000 unless a close frame is expected. */
async function converse(input, expected, { offer = OFFER, chop } = {}) {
  const peer = await Peer.connect(server.port, { offer });
  const isOver = expected.some(([name]) => name === 'close');
  const bytes = Buffer.concat(isOver ? input : [...input, close(1000)]);
  const sent = peer.send(bytes, chop);
  for (const [name, value] of isOver ? expected : [...expected, ['close', 1000]]) {
    const got = await peer.next();
    assert.ok(got, `the connection ended, expected ${name}`);
    assert.equal(got.name, name, `got ${describe(got)}, expected ${name}`);
    if (name === 'close') assert.equal(got.code, value);
    else assert.ok(got.payload.equals(Buffer.from(value)), `the payload of ${describe(got)} is not what was expected`);
  }
  await sent;
  await peer.expectEnd();
}

function kase(title, input, expected) {
  test(title, async () => {
    for (const chop of [undefined, 1]) await converse(input, expected, { chop });
  });
}

const RSV1 = 0x40;
const packed = (payload, options, opcode = OP.text) => frame(0x80 | RSV1 | opcode, deflate(payload, options));
/** A compressed message in frames of `size` bytes. */
function cut(payload, size, opcode = OP.text) {
  const frames = [];
  for (let at = 0; at < payload.length; at += size) {
    const isLast = at + size >= payload.length;
    frames.push(frame((isLast ? 0x80 : 0) | (at === 0 ? RSV1 | opcode : 0), payload.subarray(at, at + size)));
  }
  return frames;
}

const refused = [['close', 1002]];
const broken = [['close', 1007]];
const tooBig = [['close', 1009]];

/* Text with repetitions near and far, and bytes without. */
const STORY = Buffer.from(Array.from({ length: 12000 }, (_, i) => `line ${(i * 7919) % 10007} of some, `).join(''));
let seed = 7;
const NOISE = Buffer.from(Array.from({ length: 200000 }, () => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) >>> 24));

// what the two agree on
for (const offer of ['permessage-deflate', OFFER, 'permessage-deflate; client_no_context_takeover; client_max_window_bits',
  'permessage-deflate; server_no_context_takeover; client_max_window_bits',
  ...[9, 10, 11, 12, 13, 14, 15].map((bits) => `permessage-deflate; client_max_window_bits; server_max_window_bits=${bits}`),
  'permessage-deflate; client_max_window_bits=9; client_no_context_takeover; server_max_window_bits=9; server_no_context_takeover']) {
  test(`messages of all sizes after the offer ${offer}`, async () => {
    const sizes = [16, 64, 256, 1024, 4096, 8192, 16384, 32768, 65536, 131072];
    const input = [];
    const expected = [];
    for (const size of sizes) {
      input.push(packed(STORY.subarray(0, size)), packed(NOISE.subarray(0, size), {}, OP.binary));
      expected.push(['text', STORY.subarray(0, size)], ['binary', NOISE.subarray(0, size)]);
    }
    await converse(input, expected, { offer });
  });
}

test('what gets shorter comes back compressed, what does not as it is', async () => {
  const peer = await Peer.connect(server.port, { offer: OFFER });
  assert.equal(peer.agreed, 'permessage-deflate; server_no_context_takeover; client_no_context_takeover');
  for (const [send, payload, isCompressed] of [[text, STORY, true], [binary, NOISE, false], [text, 'short', false],
    [binary, STORY, true], [text, '', false]]) {
    await peer.send(send(payload));
    const got = await peer.next();
    assert.equal(got.isCompressed, isCompressed);
    assert.ok(got.payload.equals(Buffer.from(payload)));
  }
  await peer.send(ping('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'));
  assert.equal((await peer.next()).isCompressed, false);
  peer.socket.destroy();
});

test('without an offer nothing is compressed', async () => {
  const peer = await Peer.connect(server.port);
  assert.equal(peer.agreed, undefined);
  await peer.send(text(STORY));
  assert.equal((await peer.next()).isCompressed, false);
  await peer.send(packed('x'));
  assert.equal((await peer.next()).code, 1002);
  peer.socket.destroy();
});

// messages
for (const level of [0, 1, 6, 9]) {
  for (const strategy of ['Z_DEFAULT_STRATEGY', 'Z_HUFFMAN_ONLY', 'Z_RLE', 'Z_FIXED']) {
    test(`level ${level}, ${strategy}`, () => converse(
      [1, 2, 100, 40000].map((size) => packed(STORY.subarray(0, size), { level, strategy: constants[strategy] })),
      [1, 2, 100, 40000].map((size) => ['text', STORY.subarray(0, size)])));
  }
}
for (let bits = 9; bits <= 15; bits++) {
  test(`a client's window of ${bits} bits`,
    () => converse([packed(STORY, { windowBits: bits, memLevel: 1 })], [['text', STORY]]));
}
kase('an empty message in its usual form, and in none', [frame(0xc1, Buffer.from([0])), frame(0xc2), packed('after')],
  [['text', ''], ['binary', ''], ['text', 'after']]);
kase('compressed and plain messages in turn', [text('a'), packed('b'), binary('c'), packed('d', {}, OP.binary)],
  [['text', 'a'], ['text', 'b'], ['binary', 'c'], ['binary', 'd']]);
kase('a last block, with and without a byte behind it',
  [frame(0xc1, Buffer.from('f348cdc9c9070000', 'hex')), frame(0xc1, Buffer.from('f348cdc9c90700', 'hex'))],
  [['text', 'Hello'], ['text', 'Hello']]);
kase('several blocks', [frame(0xc1, Buffer.from('f248050000 00ffffcac9c90700'.replace(' ', ''), 'hex'))], [['text', 'Hello']]);
kase('a stored block', [frame(0xc1, Buffer.from('000500faff48656c6c6f00', 'hex'))], [['text', 'Hello']]);

// fragments
for (const size of [1, 2, 3, 5, 8]) {
  kase(`fragments of ${size}`, cut(deflate('a message in fragments'), size), [['text', 'a message in fragments']]);
}
test('fragments of a packet', () => converse(cut(deflate(STORY), 1300), [['text', STORY]]));
kase('control frames between fragments', cut(deflate('a message'), 4).flatMap((item, i) => [item, ping(`${i}`), pong('')]).slice(0, -2),
  [...cut(deflate('a message'), 4).slice(1).map((_, i) => ['pong', `${i}`]), ['text', 'a message']]);
kase('empty fragments around', [frame(0x41), frame(0x00), frame(0x00, deflate('x')), frame(0x80)], [['text', 'x']]);
kase('close between fragments', [frame(0x41, deflate('abc').subarray(0, 2)), close(1000)], [['close', 1000]]);
kase('a plain message within a compressed one', [frame(0x41, deflate('abc')), text('x')], refused);

// reserved bits
for (const bits of [0x20, 0x10, 0x30, 0x50, 0x60, 0x70]) {
  kase(`reserved bits 0x${bits.toString(16)} on a message`, [text('right'), frame(0x81 | bits, deflate('x'))], [['text', 'right'], ...refused]);
}
for (const opcode of [OP.ping, OP.pong, OP.close, 3, 7, 11, 15]) {
  kase(`RSV1 on opcode ${opcode}`, [frame(0x80 | RSV1 | opcode)], refused);
}
kase('RSV1 on the second fragment', [frame(0x41, deflate('abcdef').subarray(0, 3)), frame(0xc0, deflate('abcdef').subarray(3))], refused);
kase('RSV1 on the second fragment of a plain message', [frame(0x01, 'x'), frame(0xc0, 'y')], refused);

// what is no DEFLATE, no UTF-8
for (const [title, payload] of [['plain text', 'plain text'], ['ff', Buffer.alloc(20, 0xff)], ['a block of type 3', Buffer.from([6])],
  ['zlib', zlib.deflateSync('x')], ['gzip', zlib.gzipSync('x')], ['a cut', deflate(STORY).subarray(0, 500)],
  ['a reference before the beginning', Buffer.from('02130000', 'hex')], ['too many streams', Buffer.alloc(200, Buffer.from([3, 0]))]]) {
  kase(`refused: ${title}`, [packed('right'), frame(0xc1, payload), text('never')], [['text', 'right'], ...broken]);
}
for (const hex of ['ff', 'c0af', 'eda080', 'f4908080', 'cebae1bdb9cf83cebcceb5eda080656469746564', 'e282', 'f09f98']) {
  kase(`no UTF-8: ${hex}`, [packed(Buffer.from(hex, 'hex'))], broken);
  kase(`no concern of a binary message: ${hex}`, [packed(Buffer.from(hex, 'hex'), {}, OP.binary)], [['binary', Buffer.from(hex, 'hex')]]);
}
kase('characters cut by fragments', cut(deflate('κόσμε 😀', { level: 0 }), 1), [['text', 'κόσμε 😀']]);

// limits
test('a message that inflates to the limit, and one byte further', async () => {
  const full = Buffer.alloc(MESSAGE_MAX, 'x');
  await converse([packed(full)], [['text', full]]);
  await converse([packed('kept'), packed(Buffer.alloc(MESSAGE_MAX + 1, 'x'))], [['text', 'kept'], ...tooBig]);
});
test('a bomb', () => converse([packed(Buffer.alloc(60_000_000), { level: 1 }, OP.binary)], tooBig));
test('a thousand messages, one by one', async () => {
  const peer = await Peer.connect(server.port, { offer: OFFER });
  const item = packed(STORY.subarray(0, 500));
  for (let i = 0; i < 1000; i++) {
    await peer.send(item);
    assert.ok((await peer.next()).payload.equals(STORY.subarray(0, 500)));
  }
  peer.socket.destroy();
});

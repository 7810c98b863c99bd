// SPDX-License-Identifier: MIT
//
// RFC 6455, case by case, against tests/protocol/echo-server: framing, pings, reserved bits,
// opcodes, fragmentation, UTF-8, closing, limits; numbered like the groups of the well-known public
// suite. Each case up to group 7 runs three times: in one write, a write per frame, a write per
// byte; and once more with compression agreed on, which must not change what is not compressed.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { binary, close, closePayload, fragments, frame, OP, Peer, ping, pong, startEchoServer, text } from './support/echo.mjs';

const MESSAGE_MAX = 16 * 1024 * 1024;
const FRAGMENTS_MAX = 65536;
const K = 1024;
const M = 1024 * 1024;

let server;
before(async () => { server = await startEchoServer(); });
after(async () => { assert.equal(await server.stop(), 0); });

const describe = (item) => `${item.name}(${item.code !== undefined ? item.code : item.payload.length})`;

async function expectFrames(peer, expected) {
  for (const [name, value] of expected) {
    const got = await peer.next();
    assert.ok(got, `the connection ended, expected ${name}`);
    assert.equal(got.name, name, `got ${describe(got)}, expected ${name}`);
    if (name === 'close') assert.equal(got.code, value);
    else assert.ok(got.payload.equals(Buffer.from(value)), `the payload of ${describe(got)} is not what was expected`);
  }
}

// Sends and compares. Unless a close frame is expected, closes with 1000 and expects its echo.
async function converse(input, expected, chop, options) {
  const peer = await Peer.connect(server.port, options);
  const isOver = expected.some(([name]) => name === 'close');
  const bytes = isOver ? input : [...input, close(1000)];
  const wanted = isOver ? expected : [...expected, ['close', 1000]];
  const sent = (async () => {
    if (chop === 'frame') for (const item of bytes) await peer.send(item, item.length + 1);
    else await peer.send(Buffer.concat(bytes), chop);
  })();
  await expectFrames(peer, wanted);
  await sent;
  await peer.expectEnd();
}

function kase(number, title, input, expected) {
  test(`${number} ${title}`, async () => {
    for (const chop of [undefined, 'frame', 1]) await converse(input, expected, chop);
    /* Reserved bits have a meaning then: rfc7692.test.mjs. */
    if (!number.startsWith('3.')) await converse(input, expected, undefined, { offer: 'permessage-deflate' });
  });
}

const refused = [['close', 1002]];
const notText = [['close', 1007]];
const tooBig = [['close', 1009]];

// 1: framing
for (const [group, name, send] of [['1.1', 'text', text], ['1.2', 'binary', binary]]) {
  [0, 1, 125, 126, 127, 128, 65535, 65536].forEach((size, i) => {
    const payload = Buffer.alloc(size, '*');
    test(`${group}.${i + 1} ${name} message of ${size} bytes`, () => converse([send(payload)], [[name, payload]]));
  });
  for (const chop of [1, 2, 3, 5, 7, 13, 64, 125, 126, 127, 997]) {
    const payload = Buffer.alloc(chop === 1 ? 1000 : chop < 64 ? 5000 : 65536, '*');
    test(`${group}.9 ${name} message of ${payload.length} bytes in writes of ${chop}`,
      () => converse([send(payload)], [[name, payload]], chop));
  }
  for (const form of [126, 127]) {
    for (const size of form === 126 ? [0, 1, 125] : [0, 125, 126, 65535]) {
      kase(`${group}.10`, `${name} message of ${size} bytes with a length in the form ${form}`,
        [frame(name === 'text' ? 0x81 : 0x82, Buffer.alloc(size, '*'), { form })], refused);
    }
  }
  test(`${group}.11 ${name} frame with the top bit of its length set`, async () => {
    const header = Buffer.from([name === 'text' ? 0x81 : 0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 1, 1, 2, 3, 4]);
    for (const chop of [undefined, 1]) await converse([header], refused, chop);
  });
  kase(`${group}.12`, `${name} frame that is not masked`,
    [frame(name === 'text' ? 0x81 : 0x82, 'x', { mask: null })], refused);
  kase(`${group}.13`, `${name} message masked by zeros`,
    [frame(name === 'text' ? 0x81 : 0x82, 'hello', { mask: [0, 0, 0, 0] })], [[name, 'hello']]);
}
for (let size = 2; size < 40; size++) {
  kase('1.3', `text message of ${size} bytes at every offset of the mask`,
    [text(Buffer.alloc(size, 'abcdefghijk'))], [['text', Buffer.alloc(size, 'abcdefghijk')]]);
}

// 2: pings and pongs
kase('2.1', 'ping without payload', [ping('')], [['pong', '']]);
kase('2.2', 'ping with text', [ping('Hello, world!')], [['pong', 'Hello, world!']]);
kase('2.3', 'ping with bytes that are no text', [ping(Buffer.from([0, 255, 254, 253, 252, 251, 0, 255]))],
  [['pong', Buffer.from([0, 255, 254, 253, 252, 251, 0, 255])]]);
kase('2.4', 'ping with 125 bytes', [ping(Buffer.alloc(125, 0xfe))], [['pong', Buffer.alloc(125, 0xfe)]]);
kase('2.5', 'ping with 126 bytes', [ping(Buffer.alloc(126, 0xfe))], refused);
kase('2.5', 'ping with 65536 announced bytes', [frame(0x89, '', { length: 65536 })], refused);
kase('2.5', 'pong with 126 bytes', [pong(Buffer.alloc(126, 0xfe))], refused);
kase('2.5', 'ping with 5 bytes in the form 126', [frame(0x89, 'hello', { form: 126 })], refused);
kase('2.5', 'ping that is not masked', [frame(0x89, 'x', { mask: null })], refused);
kase('2.7', 'pong nobody asked for', [pong('')], []);
kase('2.8', 'pong with payload nobody asked for', [pong('unsolicited')], []);
kase('2.9', 'pong, then ping', [pong('unsolicited'), ping('ping')], [['pong', 'ping']]);
kase('2.10', 'ten pings', [...Array(10).keys()].map((i) => ping(`payload-${i}`)),
  [...Array(10).keys()].map((i) => ['pong', `payload-${i}`]));
kase('2.12', 'a hundred pings', [...Array(100).keys()].map((i) => ping(`${i}`)),
  [...Array(100).keys()].map((i) => ['pong', `${i}`]));

// 3: reserved bits
for (let bits = 1; bits <= 7; bits++) {
  const set = bits << 4;
  const label = `reserved bits ${bits.toString(2).padStart(3, '0')}`;
  kase(`3.${bits}`, `${label} on a text message`, [frame(0x81 | set, 'x')], refused);
  kase(`3.${bits}`, `${label} on a binary message`, [frame(0x82 | set, 'x')], refused);
  kase(`3.${bits}`, `${label} on a ping`, [frame(0x89 | set, 'x')], refused);
  kase(`3.${bits}`, `${label} on a pong`, [frame(0x8a | set, 'x')], refused);
  kase(`3.${bits}`, `${label} on a close frame`, [frame(0x88 | set, closePayload(1000))], refused);
  kase(`3.${bits}`, `${label} on the first fragment`, [frame(0x01 | set, 'x'), frame(0x80, 'y')], refused);
  kase(`3.${bits}`, `${label} on the last fragment`, [frame(0x01, 'x'), frame(0x80 | set, 'y')], refused);
  kase(`3.${bits}`, `${label} after a right message`, [text('right'), frame(0x81 | set, 'x'), ping('never')],
    [['text', 'right'], ['close', 1002]]);
}

// 4: opcodes
for (const opcode of [3, 4, 5, 6, 7, 11, 12, 13, 14, 15]) {
  const group = opcode < 8 ? '4.1' : '4.2';
  kase(group, `opcode ${opcode}`, [frame(0x80 | opcode)], refused);
  kase(group, `opcode ${opcode} with payload`, [frame(0x80 | opcode, 'reserved')], refused);
  kase(group, `opcode ${opcode} without FIN`, [frame(opcode, 'reserved')], refused);
  kase(group, `opcode ${opcode} after a message`, [text('right'), frame(0x80 | opcode), ping('')],
    [['text', 'right'], ['close', 1002]]);
  kase(group, `opcode ${opcode} after a message and a ping`,
    [text('right'), ping('a'), frame(0x80 | opcode, 'x'), text('never')],
    [['text', 'right'], ['pong', 'a'], ['close', 1002]]);
  kase(group, `opcode ${opcode} between fragments`, [frame(0x01, 'a'), frame(0x80 | opcode), frame(0x80, 'b')], refused);
}

// 5: fragmentation
const F = (payload) => frame(0x01, payload); // first
const C = (payload) => frame(0x00, payload); // next
const L = (payload) => frame(0x80, payload); // last
kase('5.1', 'ping in two fragments', [frame(0x09, 'a'), L('b')], refused);
kase('5.2', 'pong in two fragments', [frame(0x0a, 'a'), L('b')], refused);
kase('5.2', 'close frame in two fragments', [frame(0x08, closePayload(1000)), L('b')], refused);
kase('5.3', 'text in two fragments', [F('frag1'), L('frag2')], [['text', 'frag1frag2']]);
kase('5.6', 'ping between two fragments', [F('frag1'), ping('p'), L('frag2')], [['pong', 'p'], ['text', 'frag1frag2']]);
kase('5.6', 'pong between two fragments', [F('frag1'), pong('p'), L('frag2')], [['text', 'frag1frag2']]);
kase('5.9', 'last fragment without a first', [L('x'), text('never')], refused);
kase('5.10', 'fragment without a first', [C('x'), text('never')], refused);
kase('5.12', 'last fragment after a message', [text('a'), L('x'), text('never')], [['text', 'a'], ['close', 1002]]);
kase('5.13', 'fragment after a message', [text('a'), C('x'), text('never')], [['text', 'a'], ['close', 1002]]);
kase('5.15', 'continuation of a message that has ended', [F('a'), L('b'), C('c'), text('never')],
  [['text', 'ab'], ['close', 1002]]);
kase('5.16', 'continuations without a beginning, twice', [C('a'), frame(0x01, 'b'), L('c')], refused);
kase('5.18', 'text within a fragmented text', [F('a'), text('b')], refused);
kase('5.18', 'binary within a fragmented text', [F('a'), binary('b')], refused);
kase('5.18', 'first fragment within a fragmented text', [F('a'), F('b')], refused);
kase('5.19', 'five fragments with pings between', [F('1'), C('2'), ping('p1'), C('3'), C('4'), ping('p2'), L('5')],
  [['pong', 'p1'], ['pong', 'p2'], ['text', '12345']]);
kase('5.20', 'empty fragments', [F(''), C(''), C('middle'), L('')], [['text', 'middle']]);
kase('5.20', 'nothing but empty fragments', [F(''), C(''), L('')], [['text', '']]);
kase('5.20', 'binary in fragments', [frame(0x02, Buffer.from([0, 255])), C(Buffer.from([254])), L('')],
  [['binary', Buffer.from([0, 255, 254])]]);
kase('5.20', 'two fragmented messages, one after the other', [F('a'), L('b'), frame(0x02, 'c'), L('d')],
  [['text', 'ab'], ['binary', 'cd']]);
kase('5.20', 'close between fragments', [F('a'), close(1000), L('b')], [['close', 1000]]);

// 6: UTF-8
const bytes = (hex) => Buffer.from(hex.replace(/ /g, ''), 'hex');
const VALID = {
  'one byte, first': '00', 'one byte, last': '7f', 'two bytes, first': 'c280', 'two bytes, last': 'dfbf',
  'three bytes, first': 'e0a080', 'three bytes, last': 'efbfbf', 'four bytes, first': 'f0908080',
  'four bytes, last': 'f48fbfbf', 'below the surrogates': 'ed9fbf', 'above the surrogates': 'ee8080',
  'replacement character': 'efbfbd', 'Greek': 'cebae1bdb9cf83cebcceb5', 'euro': 'e282ac', 'emoji': 'f09f9880',
  'no character U+FFFE': 'efbfbe', 'no character U+FFFF': 'efbfbf', 'no character U+1FFFE': 'f09fbfbe',
  'no character U+1FFFF': 'f09fbfbf', 'no character U+2FFFE': 'f0afbfbe', 'no character U+4FFFF': 'f18fbfbf',
  'no character U+8FFFE': 'f28fbfbe', 'no character U+FFFFF': 'f3bfbfbf', 'no character U+10FFFE': 'f48fbfbe',
  'no character U+FDD0': 'efb790', 'zero within text': '61 00 62', 'byte order mark': 'efbbbf61',
};
const INVALID = {
  'lone continuation 80': '80', 'lone continuation bf': 'bf', 'two continuations': '80bf', 'six continuations': '80bf80bf80bf',
  'first of two alone': 'c3', 'first of two, then space': 'c320', 'first of three alone': 'e2', 'first of four alone': 'f0',
  'two of three': 'e282', 'two of three, then letter': 'e28261', 'three of four': 'f09f98', 'three of four, then letter': 'f09f9861',
  'five bytes': 'f888808080', 'six bytes': 'fc8480808080', 'fe': 'fe', 'ff': 'ff', 'fefeffff': 'fefeffff',
  'overlong slash in two': 'c0af', 'overlong slash in three': 'e080af', 'overlong slash in four': 'f08080af',
  'overlong slash in five': 'f8808080af', 'overlong slash in six': 'fc80808080af', 'overlong 7f': 'c1bf', 'overlong 7ff': 'e09fbf',
  'overlong ffff': 'f08fbfbf', 'overlong zero in two': 'c080', 'overlong zero in three': 'e08080', 'overlong zero in four': 'f0808080',
  'surrogate d800': 'eda080', 'surrogate db7f': 'edadbf', 'surrogate db80': 'edae80', 'surrogate dbff': 'edafbf',
  'surrogate dc00': 'edb080', 'surrogate df80': 'edbe80', 'surrogate dfff': 'edbfbf', 'pair d800 dc00': 'eda080edb080',
  'pair dbff dfff': 'edafbfedbfbf', 'U+110000': 'f4908080', 'above U+10FFFF': 'f5808080', 'f7': 'f7bfbfbf',
  'Greek with a surrogate': 'cebae1bdb9cf83cebcceb5eda080656469746564', 'Latin-1': '63 61 66 e9',
};
kase('6.1.1', 'empty text', [text('')], [['text', '']]);
kase('6.1.2', 'three empty fragments', [F(''), C(''), L('')], [['text', '']]);
kase('6.1.3', 'text between empty fragments', [F(''), C('middle'), L('')], [['text', 'middle']]);
const PHRASE = Buffer.from('Hello-µ@ßöäüàá-UTF-8!!');
kase('6.2.1', 'a phrase', [text(PHRASE)], [['text', PHRASE]]);
kase('6.2.2', 'a phrase cut between characters', [F(PHRASE.subarray(0, 6)), L(PHRASE.subarray(6))], [['text', PHRASE]]);
for (const size of [1, 2, 3]) {
  kase(`6.2.${size + 2}`, `a phrase in fragments of ${size}, cut within characters`, fragments(OP.text, PHRASE, size), [['text', PHRASE]]);
}
for (const [label, hex] of Object.entries(VALID)) {
  const payload = bytes(hex);
  kase('6.5', `valid: ${label}`, [text(payload)], [['text', payload]]);
  kase('6.5', `valid in fragments of one byte: ${label}`, fragments(OP.text, payload, 1), [['text', payload]]);
  kase('6.5', `valid within text: ${label}`, [text(Buffer.concat([Buffer.from('before '), payload, Buffer.from(' and after')]))],
    [['text', Buffer.concat([Buffer.from('before '), payload, Buffer.from(' and after')])]]);
}
for (const [label, hex] of Object.entries(INVALID)) {
  const payload = bytes(hex);
  kase('6.6', `invalid: ${label}`, [text(payload)], notText);
  kase('6.6', `invalid in fragments of one byte: ${label}`, fragments(OP.text, payload, 1), notText);
  kase('6.6', `invalid within text: ${label}`, [text(Buffer.concat([Buffer.from('before '), payload, Buffer.from(' and after')]))], notText);
  kase('6.6', `is no concern of a binary message: ${label}`, [binary(payload)], [['binary', payload]]);
  kase('6.6', `after a right message: ${label}`, [text('right'), text(payload), text('never')], [['text', 'right'], ...notText]);
}
// Fail fast: the message is not complete, the wrong byte is enough.
const GREEK = bytes('cebae1bdb9cf83cebcceb5');
kase('6.4.1', 'wrong byte in the second fragment', [F(GREEK), C(bytes('f4908080'))], notText);
kase('6.4.2', 'wrong byte that begins in the first fragment', [F(Buffer.concat([GREEK, bytes('f4')])), C(bytes('90'))], notText);
kase('6.4.3', 'wrong byte within a frame of which more is to come',
  [frame(0x81, Buffer.concat([GREEK, bytes('f4908080')]), { length: 100 })], notText);
kase('6.4.4', 'wrong second byte within a frame of which more is to come',
  [frame(0x81, Buffer.concat([GREEK, bytes('f490')]), { length: 100 })], notText);

// 7: closing
kase('7.1.1', 'message, then close', [text('a'), close(1000)], [['text', 'a'], ['close', 1000]]);
kase('7.1.2', 'two close frames', [close(1000), close(1001)], [['close', 1000]]);
kase('7.1.3', 'ping after close', [close(1000), ping('')], [['close', 1000]]);
kase('7.1.4', 'text after close', [close(1000), text('never')], [['close', 1000]]);
kase('7.1.5', 'last fragment after close', [F('a'), close(1000), L('b')], [['close', 1000]]);
kase('7.1.6', 'rubbish after close', [close(1000), Buffer.alloc(500, 0xff)], [['close', 1000]]);
test('7.1.7 256 KB, then close, then ping', () => converse([text(Buffer.alloc(256 * K, 'x')), close(1000), ping('')],
  [['text', Buffer.alloc(256 * K, 'x')], ['close', 1000]]));
kase('7.3.1', 'empty close frame', [close(null)], [['close', null]]);
kase('7.3.2', 'close frame of one byte', [frame(0x88, 'x')], refused);
kase('7.3.3', 'close frame with a code', [close(1000)], [['close', 1000]]);
kase('7.3.4', 'close frame with a reason', [close(1000, 'Hello, world!')], [['close', 1000]]);
kase('7.3.5', 'close frame with a reason of 123 bytes', [close(1000, '*'.repeat(123))], [['close', 1000]]);
kase('7.3.6', 'close frame with a reason of 124 bytes', [close(1000, '*'.repeat(124))], refused);
kase('7.3.7', 'close frame that is not masked', [frame(0x88, closePayload(1000), { mask: null })], refused);
kase('7.5.1', 'close frame with a reason that is not UTF-8', [frame(0x88, Buffer.concat([closePayload(1000), GREEK, bytes('eda080')]))], notText);
kase('7.5.2', 'close frame with a reason that ends within a character', [frame(0x88, Buffer.concat([closePayload(1000), bytes('e282')]))], notText);
for (const code of [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4001, 4100, 4200, 4999]) {
  kase('7.7', `close code ${code}`, [close(code)], [['close', code]]);
}
for (const code of [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 10000, 65535]) {
  kase('7.9', `close code ${code}`, [close(code)], refused);
}
for (const last of [ping('a'), text('a'), F('a')]) {
  kase('7.10', `an error right behind a message: ${last[0].toString(16)}`, [text('kept'), last, frame(0x83, 'x')],
    [['text', 'kept'], ...(last[0] === 0x89 ? [['pong', 'a']] : last[0] === 0x81 ? [['text', 'a']] : []), ['close', 1002]]);
}

test('7.11 FIN without a close frame is answered by FIN', async () => {
  const peer = await Peer.connect(server.port);
  await peer.send(text('a'));
  peer.socket.end();
  await expectFrames(peer, [['text', 'a']]);
  await peer.expectEnd();
});
test('7.12 FIN within a frame is answered by FIN', async () => {
  const peer = await Peer.connect(server.port);
  await peer.send(text('a').subarray(0, 5));
  peer.socket.end();
  await peer.expectEnd();
});
test('7.13 a peer that keeps sending after its close frame is not reset', async () => {
  const peer = await Peer.connect(server.port);
  await peer.send(Buffer.concat([close(1000), ...Array(200).fill(binary(Buffer.alloc(60000)))]));
  await expectFrames(peer, [['close', 1000]]);
  await peer.expectEnd();
});
test('7.14 a peer that keeps sending after an error is not reset', async () => {
  const peer = await Peer.connect(server.port);
  await peer.send(Buffer.concat([frame(0x83, ''), ...Array(200).fill(binary(Buffer.alloc(60000)))]));
  await expectFrames(peer, refused);
  await peer.expectEnd();
});
test('7.15 a connection that was reset harms no other', async () => {
  const witness = await Peer.connect(server.port);
  for (let i = 0; i < 20; i++) {
    const peer = await Peer.connect(server.port);
    await peer.send(Buffer.concat([text('x'), frame(0x82, Buffer.alloc(1000), { length: 100000 })]));
    peer.socket.resetAndDestroy?.() ?? peer.socket.destroy();
  }
  await witness.send(text('still here'));
  await expectFrames(witness, [['text', 'still here']]);
  await witness.send(close(1000));
  await expectFrames(witness, [['close', 1000]]);
  await witness.expectEnd();
});

// 9: limits and speed
for (const [group, name, send] of [['9.1', 'text', text], ['9.2', 'binary', binary]]) {
  for (const size of [64 * K, 256 * K, M, 4 * M, 8 * M, MESSAGE_MAX - 1, MESSAGE_MAX]) {
    const payload = Buffer.alloc(size, 'abcdefghijklmnopqrstuvwxyz');
    test(`${group} ${name} message of ${size} bytes`, () => converse([send(payload)], [[name, payload]]));
  }
  test(`${group} ${name} message of ${MESSAGE_MAX + 1} bytes`,
    () => converse([text('kept'), frame(name === 'text' ? 0x81 : 0x82, 'x', { length: MESSAGE_MAX + 1 })], [['text', 'kept'], ...tooBig]));
}
for (const [group, name, opcode] of [['9.3', 'text', OP.text], ['9.4', 'binary', OP.binary]]) {
  for (const size of [64, 256, K, 4 * K, 16 * K, 64 * K, 256 * K, M, 4 * M]) {
    const payload = Buffer.alloc(4 * M, 'abcdefghijklmnopqrstuvwxyz');
    test(`${group} ${name} message of 4 MB in fragments of ${size} bytes`,
      () => converse(fragments(opcode, payload, size), [[name, payload]]));
  }
  test(`${group} ${name} message over the limit by its last fragment`,
    () => converse([...fragments(opcode, Buffer.alloc(MESSAGE_MAX), MESSAGE_MAX / 4).map((item) => {
      item[0] &= 0x7f;
      return item;
    }), L('x')], tooBig));
  test(`${group} ${name} message of ${FRAGMENTS_MAX} fragments and of one more`, async () => {
    await converse(fragments(opcode, Buffer.alloc(FRAGMENTS_MAX, 'x'), 1), [[name, Buffer.alloc(FRAGMENTS_MAX, 'x')]]);
    await converse(fragments(opcode, Buffer.alloc(FRAGMENTS_MAX + 1, 'x'), 1), tooBig);
  });
}
for (const [group, name, send] of [['9.5', 'text', text], ['9.6', 'binary', binary]]) {
  for (const chop of [64, 128, 256, 512, 1024, 2048]) {
    const payload = Buffer.alloc(M, 'abcdefghijklmnopqrstuvwxyz');
    test(`${group} ${name} message of 1 MB in writes of ${chop} bytes`, () => converse([send(payload)], [[name, payload]], chop));
  }
}
for (const [group, name, send] of [['9.7', 'text', text], ['9.8', 'binary', binary]]) {
  for (const size of [0, 16, 64, 256, 1024, 4096]) {
    test(`${group} 1000 ${name} messages of ${size} bytes, one by one`, async () => {
      const peer = await Peer.connect(server.port);
      for (let i = 0; i < 1000; i++) {
        await peer.send(send(Buffer.alloc(size, 'z')));
        await expectFrames(peer, [[name, Buffer.alloc(size, 'z')]]);
      }
      await peer.send(close(1000));
      await expectFrames(peer, [['close', 1000]]);
      await peer.expectEnd();
    });
  }
  test(`${group} 2000 ${name} messages in one go`, () => converse(Array(2000).fill(send('message')), Array(2000).fill([name, 'message'])));
}

// 10: a message in fragments of the size of a packet
test('10.1.1 65536 bytes in fragments of 1300',
  () => converse(fragments(OP.text, Buffer.alloc(65536, '*'), 1300), [['text', Buffer.alloc(65536, '*')]]));

// SPDX-License-Identifier: MIT
//
// permessage-deflate (RFC 7692) of a whole relay: which offers are accepted, what is compressed and
// how often, what compressed client messages may be; with a stock client and with raw bytes.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import zlib from 'node:zlib';

import { Client } from './support/client.mjs';
import { counters, Publisher } from './support/publish.mjs';
import { frame, tcp, upgrade, upgradeRequest } from './support/raw.mjs';
import { withRelay } from './support/relay.mjs';
import { within } from './support/wait.mjs';

const THRESHOLD = 512; // compression_bytes as it is by default
const MESSAGE_MAX = 10240;
const TAIL = Buffer.from([0, 0, 255, 255]);
const FLUSH = { finishFlush: zlib.constants.Z_SYNC_FLUSH };
const ANSWER = 'permessage-deflate; server_no_context_takeover; client_no_context_takeover';
const OFFER = { 'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits' };

/** The payload of a compressed message, as a client sends it. */
function deflate(text, options = {}) {
  const bytes = zlib.deflateRawSync(text, { ...FLUSH, ...options });
  return bytes.subarray(-4).equals(TAIL) ? bytes.subarray(0, -4) : bytes;
}
const inflate = (payload, options = {}) => zlib.inflateRawSync(Buffer.concat([payload, TAIL]), { ...FLUSH, ...options }).toString();

const PING = '{"event":"pusher:ping","data":{}}';

/** Text that gets much shorter, and text that hardly does. */
const wordy = (length) => 'words that come again and again, '.repeat(length / 33 + 1).slice(0, length);
function noise(length) {
  let seed = 1;
  return Array.from({ length }, () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return String.fromCharCode(35 + (seed >>> 8) % 92).replace('\\', '!');
  }).join('');
}

/** The field of the answer to an upgrade, undefined if there is none. */
const agreed = (raw) => /^Sec-WebSocket-Extensions: (.*)$/mi.exec(raw.head)?.[1];

/** Bytes that came in over the socket of `ws` while `act` ran. */
async function received(client, act) {
  const before = client.socket._socket.bytesRead;
  const result = await act();
  return { result, bytes: client.socket._socket.bytesRead - before };
}

withRelay('compression', {}, (context) => {
  const connect = (perMessageDeflate = true) => Client.connect(context.relay, { perMessageDeflate });
  const open = (headers = OFFER) => upgrade(context.relay, { headers });
  const count = async (name) => (await counters(context.relay))(name);

  /** Publishes on a channel, gives what each client got and how many bytes that took. */
  async function spread(channel, clients, data) {
    const publisher = await Publisher.connect(context.relay);
    for (const client of clients) await client.subscribe(channel);
    const before = await count('compressions');
    const waits = clients.map((client) => received(client, () => client.event('App\\Event', channel)));
    await publisher.publish(channel, 'App\\Event', data);
    const got = await Promise.all(waits);
    for (const { result } of got) assert.equal(result.data, data);
    publisher.close();
    return { bytes: got.map(({ bytes }) => bytes), compressions: (await count('compressions')) - before };
  }

  test('the answer names what was agreed on, and nothing else', async () => {
    const cases = [
      ['permessage-deflate', ANSWER],
      ['permessage-deflate; client_max_window_bits', ANSWER],
      ['permessage-deflate; server_max_window_bits=10', `${ANSWER}; server_max_window_bits=10`],
      ['permessage-deflate; server_max_window_bits=8, permessage-deflate; client_max_window_bits="9"', ANSWER],
      ['permessage-deflate; server_max_window_bits=8', undefined],
      ['permessage-deflate; server_max_window_bits', undefined],
      ['permessage-deflate; server_no_context_takeover; server_no_context_takeover', undefined],
      ['permessage-deflate; what=ever', undefined],
      ['x-webkit-deflate-frame', undefined],
    ];
    for (const [offer, answer] of cases) {
      const raw = await open({ 'Sec-WebSocket-Extensions': offer });
      assert.equal(agreed(raw), answer, offer);
      raw.socket.destroy();
    }
    const silent = await open({});
    assert.equal(agreed(silent), undefined);
    silent.socket.destroy();
  });

  test('several fields are one list', async () => {
    const raw = await open({ 'Sec-WebSocket-Extensions': 'foo, permessage-deflate; bar\r\nsec-websocket-extensions: permessage-deflate' });
    assert.equal(agreed(raw), ANSWER);
    raw.socket.destroy();
  });

  test('an offer that cannot be read is answered by 400', async () => {
    const long = 'x'.repeat(5000);
    for (const offer of ['', ',', 'permessage-deflate;', 'permessage-deflate; =1', 'a b', 'permessage-deflate; client_max_window_bits="1', `${long}; ${long.slice(2000)}=`]) {
      const raw = await tcp(context.relay);
      const answered = within(new Promise((resolve) => raw.socket.once('data', resolve)), () => `an answer to ${offer}`);
      raw.socket.write(upgradeRequest('/app/key1', { 'Sec-WebSocket-Extensions': offer }));
      assert.match(String(await answered), /^HTTP\/1\.1 4(00|31) /, offer);
      raw.socket.destroy();
    }
  });

  test('long messages go out compressed, short ones as they are', async () => {
    const raw = await open();
    raw.socket.write(frame(1, JSON.stringify({ event: 'pusher:subscribe', data: { channel: 'long-and-short' } })));
    await raw.text();
    const publisher = await Publisher.connect(context.relay);
    const frames = [];
    for (const length of [10, THRESHOLD, 4000]) {
      const next = within(new Promise((resolve) => raw.socket.once('data', resolve)), () => 'a frame');
      await publisher.publish('long-and-short', 'e', wordy(length));
      frames.push(await next);
    }
    assert.equal(frames[0][0], 0x81);
    for (const [i, length] of [[1, THRESHOLD], [2, 4000]]) {
      assert.equal(frames[i][0], 0xc1);
      const head = frames[i][1] < 126 ? 2 : 4;
      const text = inflate(frames[i].subarray(head));
      assert.equal(JSON.parse(text).data, wordy(length));
      assert.ok(frames[i].length < text.length / 2);
    }
    publisher.close();
    raw.socket.destroy();
  });

  test('the threshold is the length of the whole message', async () => {
    const client = await connect();
    const shell = Buffer.byteLength(JSON.stringify({ event: 'App\\Event', data: '', channel: 'threshold' }));
    for (const [length, compressions] of [[THRESHOLD - 1, 0], [THRESHOLD, 1], [THRESHOLD + 1, 1]]) {
      const { bytes: [bytes], ...rest } = await spread('threshold', [client], wordy(length - shell));
      assert.equal(rest.compressions, compressions, `${length}`);
      assert.equal(bytes > THRESHOLD, compressions === 0);
      client.unsubscribe('threshold');
    }
    await client.end();
  });

  test('one message is compressed once for all that agreed, whatever else they offered', async () => {
    const some = [true, { clientNoContextTakeover: true }, { serverNoContextTakeover: true }, { clientMaxWindowBits: 9 },
      { serverMaxWindowBits: 15 }, { serverMaxWindowBits: 12 }, true, true, true, true];
    const packed = await Promise.all(some.map(connect));
    const plain = await Promise.all([false, false, false, false].map(connect));
    const data = wordy(4000);
    const { bytes, compressions } = await spread('mixed', [...packed, ...plain], data);
    for (const [i, each] of bytes.entries()) {
      if (i < packed.length) assert.ok(each < data.length / 4, `${i}: ${each}`);
      else assert.ok(each > data.length, `${i}: ${each}`);
    }
    /* Two workers may begin at the same moment. */
    assert.ok(compressions >= 1 && compressions <= context.workers, `${compressions}`);
    for (const client of [...packed, ...plain]) await client.end();
  });

  test('nobody agreed: nothing is compressed', async () => {
    const clients = await Promise.all([false, false, false].map(connect));
    const { compressions } = await spread('plain', clients, wordy(4000));
    assert.equal(compressions, 0);
    for (const client of clients) await client.end();
  });

  test('each window from 9 to 15 bits, both ways', async () => {
    for (let bits = 9; bits <= 15; bits++) {
      const client = await connect({ serverMaxWindowBits: bits, clientMaxWindowBits: bits, threshold: 0 });
      assert.match(client.socket.extensions, /permessage-deflate/);
      await client.subscribe(`private-window-${bits}`);
      const { bytes: [bytes] } = await spread(`window-${bits}`, [client], wordy(9000));
      assert.ok(bytes < 9000 / 4, `${bits}: ${bytes}`);
      await client.end();
    }
  });

  test('a window is not exceeded', async () => {
    const raw = await open({ 'Sec-WebSocket-Extensions': 'permessage-deflate; server_max_window_bits=9' });
    raw.socket.write(frame(1, JSON.stringify({ event: 'pusher:subscribe', data: { channel: 'window' } })));
    await raw.text();
    const publisher = await Publisher.connect(context.relay);
    const next = within(new Promise((resolve) => raw.socket.once('data', resolve)), () => 'a frame');
    const far = noise(300).replace(/./g, (c) => (c.charCodeAt(0) % 2 ? 'ab' : 'ba'));
    await publisher.publish('window', 'e', far.repeat(6));
    const bytes = await next;
    assert.equal(bytes[0], 0xc1);
    assert.equal(JSON.parse(inflate(bytes.subarray(4), { windowBits: 9, chunkSize: 64 })).data, far.repeat(6));
    publisher.close();
    raw.socket.destroy();
  });

  test('a client event comes compressed and goes out compressed', async () => {
    const [one, two, plain] = [await connect({ threshold: 0 }), await connect(), await connect(false)];
    for (const client of [one, two, plain]) await client.subscribe('private-chat');
    for (const client of [one, two, plain]) await client.settle();
    const before = await count('inflations');
    const data = wordy(5000);
    one.send({ event: 'client-x', channel: 'private-chat', data });
    for (const client of [two, plain]) assert.equal((await client.event('client-x')).data, data);
    plain.send({ event: 'client-y', channel: 'private-chat', data });
    for (const client of [one, two]) assert.equal((await client.event('client-y')).data, data);
    assert.equal((await count('inflations')) - before, 1);
    for (const client of [one, two, plain]) await client.end();
  });

  const ping = async (raw, ...frames) => {
    for (const each of frames) raw.socket.write(each);
    assert.equal((await raw.text()).event, 'pusher:pong');
  };

  test('client messages in any form that RFC 7692 allows', async () => {
    const raw = await open();
    const whole = deflate(PING);
    await ping(raw, frame(1, whole, { rsv: 4 }));
    await ping(raw, frame(1, PING)); // compression is a choice per message
    for (let level = 0; level <= 9; level++) await ping(raw, frame(1, deflate(PING, { level }), { rsv: 4 }));
    await ping(raw, frame(1, zlib.deflateRawSync(PING), { rsv: 4 })); // BFINAL
    await ping(raw, frame(1, Buffer.concat([zlib.deflateRawSync(PING), Buffer.from([0])]), { rsv: 4 }));
    await ping(raw, frame(1, Buffer.concat([zlib.deflateRawSync(PING.slice(0, 9)), deflate(PING.slice(9))]), { rsv: 4 }));
    await ping(raw, frame(1, Buffer.concat([deflate(PING.slice(0, 9)), TAIL, deflate(PING.slice(9))]), { rsv: 4 }));
    raw.socket.destroy();
  });

  test('fragments of every size, with pings between', async () => {
    const raw = await open();
    const whole = deflate(PING);
    for (const size of [1, 2, 3, 7, whole.length - 1]) {
      const frames = [];
      for (let at = 0; at < whole.length; at += size) {
        frames.push(frame(at === 0 ? 1 : 0, whole.subarray(at, at + size), { fin: at + size >= whole.length, rsv: at === 0 ? 4 : 0 }));
        if (size > 2) frames.push(frame(9, `${at}`)); // more than 50 a second are too many
      }
      await ping(raw, Buffer.concat(frames));
    }
    await ping(raw, frame(1, '', { fin: false, rsv: 4 }), frame(0, whole, { fin: false }), frame(0, ''));
    for (const byte of frame(1, whole, { rsv: 4 })) raw.socket.write(Buffer.from([byte]));
    await ping(raw);
    raw.socket.destroy();
  });

  async function refused(code, ...frames) {
    const raw = await open();
    for (const each of frames) raw.socket.write(each);
    assert.equal((await raw.closed()).code, code);
    raw.socket.destroy();
  }

  test('malformed data is closed with 1007', async () => {
    const whole = deflate(PING);
    for (const bad of [Buffer.from([255, 255, 255]), Buffer.from('plain text'), Buffer.from([6]), whole.subarray(0, -2),
      zlib.deflateSync(PING), zlib.gzipSync(PING)]) {
      await refused(1007, frame(1, bad, { rsv: 4 }));
    }
    const witness = await open(); // the worker's inflater goes on
    await ping(witness, frame(1, whole, { rsv: 4 }));
    witness.socket.destroy();
  });

  test('text that is no UTF-8 once it is inflated is closed with 1007', async () => {
    await refused(1007, frame(1, deflate(Buffer.from('{"event":"\xff"}', 'latin1')), { rsv: 4 }));
    await refused(1007, frame(1, deflate(Buffer.from([0xe2, 0x82])), { rsv: 4 }));
  });

  test('the context of an earlier message is not kept', async () => {
    const stream = zlib.createDeflateRaw();
    const chunks = [];
    stream.on('data', (chunk) => chunks.push(chunk));
    const next = (text) => new Promise((resolve) => {
      stream.write(text);
      stream.flush(zlib.constants.Z_SYNC_FLUSH, () => resolve(Buffer.concat(chunks.splice(0)).subarray(0, -4)));
    });
    const first = await next(PING);
    const second = await next(PING);
    const raw = await open();
    await ping(raw, frame(1, first, { rsv: 4 }));
    raw.socket.write(frame(1, second, { rsv: 4 }));
    assert.equal((await raw.closed()).code, 1007);
    raw.socket.destroy();
  });

  test('reserved bits elsewhere are closed with 1002', async () => {
    const whole = deflate(PING);
    await refused(1002, frame(9, 'x', { rsv: 4 }));
    await refused(1002, frame(8, '', { rsv: 4 }));
    await refused(1002, frame(1, whole, { rsv: 6 }));
    await refused(1002, frame(1, whole, { rsv: 2 }));
    await refused(1002, frame(1, whole.subarray(0, 4), { fin: false, rsv: 4 }), frame(0, whole.subarray(4), { rsv: 4 }));
    const raw = await open({}); // nothing was agreed on
    raw.socket.write(frame(1, whole, { rsv: 4 }));
    assert.equal((await raw.closed()).code, 1002);
    raw.socket.destroy();
  });

  test('a message may be inflated to the limit and no further', async () => {
    const raw = await open();
    const padded = (length) => PING.replace('{}', `"${'x'.repeat(length - PING.length)}"`);
    assert.equal(padded(MESSAGE_MAX).length, MESSAGE_MAX);
    await ping(raw, frame(1, deflate(padded(MESSAGE_MAX)), { rsv: 4 }));
    raw.socket.write(frame(1, deflate(padded(MESSAGE_MAX + 1)), { rsv: 4 }));
    assert.equal((await raw.closed()).code, 1009);
    raw.socket.destroy();
  });

  test('bombs are closed with 1009, in one frame and in fragments', async () => {
    const bomb = deflate(Buffer.alloc(9_000_000, ' '), { level: 9 });
    assert.ok(bomb.length < MESSAGE_MAX);
    await refused(1009, frame(1, bomb, { rsv: 4 }));
    await refused(1009, frame(2, bomb, { rsv: 4 }));
    await refused(1009, frame(1, bomb.subarray(0, 5000), { fin: false, rsv: 4 }), frame(0, bomb.subarray(5000)));
    await refused(1009, frame(1, deflate(randomBytes(MESSAGE_MAX + 1)), { rsv: 4 })); // too long as it is sent
    await Promise.all(Array.from({ length: 20 }, () => refused(1009, frame(1, bomb, { rsv: 4 }))));
  });

  test('a refused upgrade may agree, too, and is closed with its code', async () => {
    const raw = await upgrade(context.relay, { path: '/app/unknown', headers: OFFER, established: false });
    assert.equal((await raw.closed()).code, 4001);
    raw.socket.destroy();
  });

  test('a slow reader gets whole messages', async () => {
    const raw = await open();
    raw.socket.write(frame(1, JSON.stringify({ event: 'pusher:subscribe', data: { channel: 'slow' } })));
    await raw.text();
    raw.socket.pause();
    const publisher = await Publisher.connect(context.relay);
    for (let i = 0; i < 100; i++) await publisher.publish('slow', `e${i}`, wordy(8000));
    const texts = new Promise((resolve) => {
      let bytes = Buffer.alloc(0);
      let seen = 0;
      raw.socket.removeAllListeners('data');
      raw.socket.on('data', (more) => {
        bytes = Buffer.concat([bytes, more]);
        for (;;) {
          if (bytes.length < 4) return;
          assert.equal(bytes[0], 0xc1);
          const [head, length] = bytes[1] < 126 ? [2, bytes[1]] : [4, bytes.readUInt16BE(2)];
          if (bytes.length < head + length) return;
          assert.equal(JSON.parse(inflate(bytes.subarray(head, head + length))).event, `e${seen++}`);
          bytes = bytes.subarray(head + length);
          if (seen === 100) resolve();
        }
      });
    });
    raw.socket.resume();
    await within(texts, () => 'a hundred messages');
    publisher.close();
    raw.socket.destroy();
  });
});

withRelay('compression switched off', { args: ['--compression', 'false'] }, (context) => {
  test('no extension is answered, and nothing is compressed', async () => {
    const raw = await upgrade(context.relay, { headers: OFFER });
    assert.equal(agreed(raw), undefined);
    raw.socket.write(frame(1, deflate(PING), { rsv: 4 }));
    assert.equal((await raw.closed()).code, 1002);
    raw.socket.destroy();
    const client = await Client.connect(context.relay, { perMessageDeflate: true });
    assert.equal(client.socket.extensions, '');
    await client.end();
  });
});

withRelay('compression of short messages', { args: ['--compression-bytes', '1'] }, (context) => {
  test('what gets no shorter goes out as it is, and that is found out once', async () => {
    const clients = [];
    for (let i = 0; i < 4; i++) clients.push(await Client.connect(context.relay, { perMessageDeflate: true }));
    for (const client of clients) await client.subscribe('n');
    const count = async () => (await counters(context.relay))('compressions');
    const publisher = await Publisher.connect(context.relay);
    const before = await count();
    const waits = clients.map((client) => received(client, () => client.event('e')));
    await publisher.publish('n', 'e', 'zyxwvut');
    const whole = 2 + JSON.stringify({ event: 'e', data: 'zyxwvut', channel: 'n' }).length;
    for (const { bytes } of await Promise.all(waits)) assert.equal(bytes, whole);
    const compressions = (await count()) - before;
    assert.ok(compressions >= 1 && compressions <= context.workers, `${compressions}`);
    publisher.close();
    for (const client of clients) await client.end();
  });

  test('whatever gets shorter is compressed, control frames never', async () => {
    const client = await Client.connect(context.relay, { perMessageDeflate: true });
    await client.subscribe('short');
    client.socket.ping('a ping that is as long as it can be: '.repeat(3));
    assert.equal(await client.pongs.take(() => true, 'a pong'), 'a ping that is as long as it can be: '.repeat(3));
    const { result, bytes } = await received(client, async () => {
      const publisher = await Publisher.connect(context.relay);
      await publisher.publish('short', 'e', wordy(200));
      publisher.close();
      return client.event('e');
    });
    assert.equal(result.data, wordy(200));
    assert.ok(bytes < 200, `${bytes}`);
    await client.end();
  });
});

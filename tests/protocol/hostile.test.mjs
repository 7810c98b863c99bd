// SPDX-License-Identifier: MIT
//
// Peers that mean no good: each is bounded in time and memory, gets its answer, and a witness on
// the same relay never notices.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import net from 'node:net';
import { after, before, test } from 'node:test';

import { Client } from './support/client.mjs';
import { counters, Publisher, Resp } from './support/publish.mjs';
import { frame, tcp, upgrade, upgradeRequest } from './support/raw.mjs';
import { withRelay } from './support/relay.mjs';
import { until, within } from './support/wait.mjs';

const ARGS = ['--request-timeout-ms', '1000', '--close-timeout-ms', '300', '--backlog-bytes', '65536', '--backlog-age-ms', '1000',
  '--http-head-bytes', '2048'];

withRelay('hostile', { args: ARGS }, (context) => {
  let witness;
  let publisher;
  before(async () => {
    witness = await Client.connect(context.relay);
    await witness.subscribe('witness');
    publisher = await Publisher.connect(context.relay);
  });
  after(async () => {
    await unharmed();
    publisher.close();
    await witness.end();
  });

  let count = 0;
  async function unharmed() {
    const name = `alive-${count++}`;
    await publisher.publish('witness', name, {});
    await witness.event(name);
    assert.deepEqual(await witness.settle(), []);
  }

  /** Sends bytes on a fresh connection; what came back until it was closed. */
  async function answerTo(bytes) {
    const socket = net.connect(context.relay.port, '127.0.0.1');
    let text = '';
    socket.on('error', () => {});
    socket.setEncoding('latin1').on('data', (part) => (text += part));
    const closed = new Promise((resolve) => socket.on('close', resolve));
    socket.write(bytes);
    await within(closed, () => `close after ${JSON.stringify(String(bytes).slice(0, 60))}; got ${text.slice(0, 200)}`);
    return text;
  }

  test('malformed requests get their status and the end', async () => {
    const cases = [
      ['GET\r\n\r\n', '(400|501)'], ['GET /up\r\n\r\n', '(400|505)'], ['\u0000\u0001\u0002\u0003\r\n\r\n', '(400|501)'], ['GET /up HTTP/1.1\r\nBad Header: x\r\n\r\n', 400],
      ['GET /up HTTP/1.1\r\nContent-Length: x\r\n\r\n', 400], ['GET /up HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', 400],
    ];
    for (const [bytes, status] of cases) {
      const text = await answerTo(bytes);
      assert.match(text, new RegExp(`^HTTP/1\\.[01] ${status} `), `${JSON.stringify(bytes)}: ${text}`);
    }
    assert.equal(await answerTo('\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003'), '', 'who begins with TLS understands no HTTP');
    await unharmed();
  });

  test('huge headers get 431 or 414, not memory', async () => {
    assert.match(await answerTo(`GET /up HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(100000)}\r\n\r\n`), /^HTTP\/1\.1 431 /);
    assert.match(await answerTo(`GET /${'x'.repeat(100000)} HTTP/1.1\r\n\r\n`), /^HTTP\/1\.1 4(14|31) /);
    assert.match(await answerTo(`GET /up HTTP/1.1\r\n${Array.from({ length: 200 }, (_, i) => `H${i}: x\r\n`).join('')}\r\n`), /^HTTP\/1\.1 431 /);
    assert.match(await answerTo(`POST /up HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n`), /^HTTP\/1\.1 4(05|13) /);
    await unharmed();
  });

  test('upgrades that are not ones get 400 or 426', async () => {
    const { relay } = context;
    for (const [headers, status] of [[{ 'Sec-WebSocket-Version': '8' }, 426], [{ 'Sec-WebSocket-Key': 'short' }, 400], [{ 'Sec-WebSocket-Key': '' }, 400],
      [{ 'Sec-WebSocket-Key': randomBytes(15).toString('base64') }, 400]]) {
      const raw = await upgrade(relay, { headers, established: false });
      assert.equal(raw.status, status, JSON.stringify(headers));
      if (status === 426) assert.match(raw.head, /sec-websocket-version: 13/i);
      raw.socket.destroy();
    }
    const post = upgradeRequest('/app/key1', { Connection: 'Upgrade, close' }).replace('GET', 'POST');
    assert.match(await answerTo(post), /^HTTP\/1\.1 40[05] /);
    await unharmed();
  });

  test('slowloris: many half requests are ended and others served meanwhile', async () => {
    const slow = await Promise.all(Array.from({ length: 200 }, () => tcp(context.relay)));
    for (const raw of slow) {
      raw.socket.resume();
      raw.socket.write('GET /app/key1 HTTP/1.1\r\nHost: x\r\n');
    }
    await unharmed();
    await (await Client.connect(context.relay)).end();
    await within(Promise.all(slow.map(({ ended }) => ended)), () => 'end of all slow requests');
    await unharmed();
  });

  test('frames against the rules close with 1002', async () => {
    const cases = [
      ['unmasked', frame(1, 'x', { mask: false })], ['reserved bit', frame(1, 'x', { rsv: 4 })], ['reserved opcode 3', frame(3, 'x')],
      ['reserved opcode 11', frame(11, 'x')], ['ping of 126 bytes', frame(9, 'x'.repeat(126))], ['fragmented ping', frame(9, 'x', { fin: false })],
      ['continuation of nothing', frame(0, 'x')], ['text within text', Buffer.concat([frame(1, 'x', { fin: false }), frame(1, 'y')])],
      ['close of one byte', frame(8, 'x')], ['close with 1005', frame(8, Buffer.from([3, 0xed]))], ['close with 999', frame(8, Buffer.from([3, 0xe7]))],
      ['length with its highest bit', Buffer.from([0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 1, 1, 2, 3, 4])],
    ];
    for (const [name, bytes] of cases) {
      const raw = await upgrade(context.relay);
      raw.socket.write(bytes);
      assert.equal((await raw.closed()).code, 1002, name);
      raw.socket.destroy();
    }
    await unharmed();
  });

  test('a frame that announces 2^40 bytes closes with 1009 before it comes', async () => {
    const raw = await upgrade(context.relay);
    raw.socket.write(Buffer.from([0x81, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 1, 2, 3, 4]));
    assert.equal((await raw.closed()).code, 1009);
    raw.socket.destroy();
  });

  test('fragments without end close with 1009 or 1008', async () => {
    const raw = await upgrade(context.relay);
    raw.socket.write(frame(1, '', { fin: false }));
    const empty = Buffer.concat(Array.from({ length: 5000 }, () => frame(0, '', { fin: false })));
    raw.socket.write(empty);
    const { code } = await raw.closed();
    assert.ok(code === 1009 || code === 1008, String(code));
    raw.socket.destroy();
    await unharmed();
  });

  test('a flood of pings or pongs closes with 1008, is counted, and harms nobody', async () => {
    for (const opcode of [9, 10]) {
      const errors = (await counters(context.relay))('ws_errors');
      const raw = await upgrade(context.relay);
      raw.socket.write(Buffer.concat(Array.from({ length: 5000 }, () => frame(opcode, 'x'))));
      assert.equal((await raw.closed()).code, 1008);
      assert.equal((await counters(context.relay))('ws_errors'), errors + 1);
      await unharmed();
      raw.socket.destroy();
    }
  });

  test('every ping of a few is answered', async () => {
    const raw = await upgrade(context.relay);
    raw.socket.write(Buffer.concat(Array.from({ length: 40 }, (_, i) => frame(9, `${i}`))));
    for (let i = 0; i < 40; i++) {
      assert.equal((await raw.frames.take(({ opcode }) => opcode === 10, 'a pong')).payload.toString(), `${i}`);
    }
    raw.socket.destroy();
  });

  test('random bytes after the upgrade', async () => {
    for (let i = 0; i < 30; i++) {
      const raw = await upgrade(context.relay);
      raw.socket.write(randomBytes(1 + i * 37));
      raw.socket.end();
      await within(raw.ended, () => 'end of a random connection');
    }
    await unharmed();
  });

  test('random bytes instead of HTTP and of RESP', async () => {
    for (let i = 0; i < 30; i++) {
      const raw = await tcp(context.relay);
      raw.socket.resume();
      raw.socket.write(randomBytes(1 + i * 37));
      raw.socket.end();
      await within(raw.ended, () => 'end of a random connection');
      const link = await Resp.connect({ path: context.relay.socket });
      link.socket.removeAllListeners('data');
      link.socket.resume();
      link.write(randomBytes(1 + i * 37));
      link.socket.end();
      await within(link.closed, () => 'end of a random ingest connection');
    }
    await unharmed();
  });

  test('a client that never reads is closed, the channel goes on', async () => {
    const deaf = await upgrade(context.relay);
    deaf.socket.write(frame(1, JSON.stringify({ event: 'pusher:subscribe', data: { channel: 'loud' } })));
    await deaf.text();
    deaf.socket.pause();
    const listener = await Client.connect(context.relay);
    await listener.subscribe('loud');
    const blob = 'x'.repeat(10000);
    const closedBy = async () => Number(/^overflows:(\d+)/m.exec(await publisher.link.call('INFO'))[1]);
    const before = await closedBy();
    let sent = 0;
    await until(async () => {
      for (let i = 0; i < 50; i++) await publisher.publish('loud', 'e', blob);
      sent += 50;
      return (await closedBy()) > before;
    }, 'the deaf client to be closed', 30000);
    for (let i = 0; i < sent; i++) await listener.event('e');
    await listener.end();
    deaf.socket.destroy();
    await unharmed();
  });

  test('many connections come and go, none is left', async () => {
    const status = async () => Number(/^connections:(\d+)/m.exec(await publisher.link.call('INFO'))[1]);
    for (let round = 0; round < 5; round++) {
      const raws = await Promise.all(Array.from({ length: 100 }, (_, i) => (i % 2 ? tcp(context.relay) : upgrade(context.relay))));
      for (const raw of raws) raw.socket.destroy();
    }
    await until(async () => (await status()) === 1, 'only the witness to be connected');
    await unharmed();
  });

  test('a subscription storm of one client', async () => {
    const client = await Client.connect(context.relay);
    for (let i = 0; i < 100; i++) client.ask(`storm-${i}`);
    for (let i = 0; i < 100; i++) await client.event('pusher_internal:subscription_succeeded', `storm-${i}`);
    client.ask('storm-100');
    await client.errorFrame();
    await client.end();
    await unharmed();
  });

  test('sockets that vanish in the middle of everything', async () => {
    for (let i = 0; i < 20; i++) {
      const raw = await upgrade(context.relay);
      raw.socket.write(Buffer.concat([
        frame(1, JSON.stringify({ event: 'pusher:subscribe', data: { channel: 'witness' } })), frame(1, '{"event":"pusher:pi').subarray(0, i)]));
      raw.socket.resetAndDestroy?.() ?? raw.socket.destroy();
    }
    await unharmed();
  });

  test('memory does not grow with what was refused', async () => {
    const rss = async () => Number(/^VmRSS:\s+(\d+)/m.exec(await readFile(`/proc/${context.relay.pid}/status`, 'utf8'))[1]);
    const hit = async () => {
      for (let i = 0; i < 50; i++) await answerTo(`GET /${'x'.repeat(20000)} HTTP/1.1\r\n\r\n`);
    };
    await hit();
    const before = await rss();
    await hit();
    const grown = (await rss()) - before;
    assert.ok(grown < 4096, `${grown} KB more`);
  });
});

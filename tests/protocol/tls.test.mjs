// SPDX-License-Identifier: MIT
//
// wss: certificates of two types, versions, reloading, sizes, slow and hostile peers.

import assert from 'node:assert/strict';
import { copyFile, writeFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import tls from 'node:tls';
import { after, before, describe, test } from 'node:test';

import { Client } from './support/client.mjs';
import { counters, Publisher } from './support/publish.mjs';
import { frame, Raw, upgradeRequest } from './support/raw.mjs';
import { Relay, runProgram, withRelay } from './support/relay.mjs';
import { bytewiseTunnel, Certificates, secure, shakeHands } from './support/tls.mjs';
import { until, within } from './support/wait.mjs';

const files = await Certificates.make();
await Promise.all([files.add('ecdsa'), files.add('rsa', 'rsa'), files.add('renewed')]);
after(() => files.remove());

const connect = async (relay, options = {}) => Client.connect(relay, { ...(await secure(relay)), ...options });
const pair = files.args('ecdsa', 'rsa');

/** A raw WebSocket over TLS. */
async function rawSocket(relay, options) {
  await secure(relay);
  const socket = tls.connect({ port: relay.tlsPort, host: '127.0.0.1', rejectUnauthorized: false, ...options });
  const raw = new Raw(socket);
  socket.write(upgradeRequest(`/app/${relay.app.key}?protocol=7`));
  let head = Buffer.alloc(0);
  await within(new Promise((resolve, reject) => {
    socket.on('close', () => reject(new Error('closed')));
    const read = (bytes) => {
      head = Buffer.concat([head, bytes]);
      const end = head.indexOf('\r\n\r\n');
      if (end < 0) return;
      socket.off('data', read);
      raw.listen(head.subarray(end + 4));
      resolve();
    };
    socket.on('data', read);
  }), () => 'an upgrade');
  return raw;
}

withRelay('tls', { args: [...pair, '--message-bytes', '300000', '--payload-bytes', '300000', '--client-event-rate', '1000'] }, (context) => {
  test('subscribing, publishing, whispering', async () => {
    const { relay } = context;
    const [one, two] = await Promise.all([connect(relay), connect(relay)]);
    await Promise.all([one, two].map((client) => client.subscribe('private-room')));
    const publisher = await Publisher.connect(relay);
    await publisher.publish('private-room', 'hello', { n: 1 });
    assert.equal((await one.event('hello', 'private-room')).data, '{"n":1}');
    await two.event('hello', 'private-room');
    two.send({ event: 'client-typing', channel: 'private-room', data: 'a whisper' });
    assert.equal((await one.event('client-typing')).data, 'a whisper');
    publisher.close();
    await Promise.all([one.end(), two.end()]);
  });

  test('the certificate is the one that the client understands', async () => {
    const { relay } = context;
    await secure(relay);
    assert.equal((await shakeHands(relay.tlsPort)).name, 'ecdsa');
    assert.equal((await shakeHands(relay.tlsPort, { maxVersion: 'TLSv1.2' })).name, 'ecdsa');
    const rsa = await shakeHands(relay.tlsPort, { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' });
    assert.equal(rsa.name, 'rsa');
    assert.equal((await shakeHands(relay.tlsPort, { sigalgs: 'rsa_pss_rsae_sha256' })).name, 'rsa');
  });

  test('TLS 1.2 and 1.3 are spoken, older ones refused', async () => {
    const { relay } = context;
    await secure(relay);
    for (const version of ['TLSv1.2', 'TLSv1.3']) {
      const client = await connect(relay, { minVersion: version, maxVersion: version });
      await client.subscribe('room');
      await client.end();
    }
    for (const version of ['TLSv1.1', 'TLSv1']) {
      await assert.rejects(shakeHands(relay.tlsPort, { minVersion: 'TLSv1', maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' }),
        /protocol version|unsupported/);
      await relay.logged('tls_refused', ({ reason }) => reason === 'unsupported protocol');
    }
  });

  test('weak ciphers are refused', async () => {
    const { relay } = context;
    await secure(relay);
    for (const ciphers of ['AES128-SHA', 'ECDHE-RSA-AES128-SHA', 'AES128-GCM-SHA256']) {
      await assert.rejects(shakeHands(relay.tlsPort, { maxVersion: 'TLSv1.2', ciphers: `${ciphers}:@SECLEVEL=0` }), /handshake failure/);
    }
  });

  test('http/1.1 is the only protocol', async () => {
    const { relay } = context;
    await secure(relay);
    assert.equal((await shakeHands(relay.tlsPort, { ALPNProtocols: ['h2', 'http/1.1'] })).alpn, 'http/1.1');
    await assert.rejects(shakeHands(relay.tlsPort, { ALPNProtocols: ['h2'] }), /no application protocol/);
  });

  test('https with keep-alive', async () => {
    const { relay } = context;
    await secure(relay);
    const agent = new https.Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false });
    const ports = new Set();
    for (let i = 0; i < 3; i++) {
      await new Promise((resolve, reject) => {
        https.get({ port: relay.tlsPort, host: '127.0.0.1', path: '/up', agent }, (response) => {
          assert.equal(response.statusCode, 200);
          ports.add(response.socket.localPort);
          response.resume().on('end', resolve);
        }).on('error', reject);
      });
    }
    assert.equal(ports.size, 1);
    agent.destroy();
  });

  test('a handshake and an upgrade that come byte by byte', async () => {
    const { relay } = context;
    await secure(relay);
    const tunnel = await bytewiseTunnel(relay.tlsPort, 5000);
    const client = await Client.connect(relay, { base: `wss://127.0.0.1:${tunnel.port}`, rejectUnauthorized: false });
    await client.subscribe('room');
    await client.end();
    tunnel.close();
  });

  test('large messages both ways', async () => {
    const { relay } = context;
    const [one, two] = await Promise.all([connect(relay), connect(relay)]);
    await Promise.all([one, two].map((client) => client.subscribe('private-large')));
    for (const size of [16000, 16384, 16385, 70000, 250000]) {
      const data = Buffer.alloc(size, `${size} bytes, `).toString();
      one.send({ event: 'client-large', channel: 'private-large', data });
      assert.equal((await two.event('client-large')).data, data);
      two.send({ event: 'client-back', channel: 'private-large', data });
      assert.equal((await one.event('client-back')).data, data);
    }
    await Promise.all([one.end(), two.end()]);
  });

  test('a hundred clients get everything in order', async () => {
    const { relay } = context;
    const before = await counters(relay);
    const clients = await Promise.all(Array.from({ length: 100 }, () => connect(relay)));
    await Promise.all(clients.map((client) => client.subscribe('news')));
    const publisher = await Publisher.connect(relay);
    for (let i = 0; i < 20; i++) await publisher.publish('news', 'item', { i, text: 'x'.repeat(i * 100) });
    await Promise.all(clients.map(async (client) => {
      for (let i = 0; i < 20; i++) assert.equal(JSON.parse((await client.event('item')).data).i, i);
    }));
    const now = await counters(relay);
    assert.ok(now('tls_handshakes') - before('tls_handshakes') >= 100);
    assert.equal(now('tls_failures'), before('tls_failures'));
    publisher.close();
    await Promise.all(clients.map((client) => client.end()));
  });

  test('a slow reader gets all of it in the end', async () => {
    const { relay } = context;
    const [slow, quick] = await Promise.all([connect(relay), connect(relay)]);
    await Promise.all([slow, quick].map((client) => client.subscribe('stream')));
    slow.socket.pause();
    const publisher = await Publisher.connect(relay);
    const before = (await counters(relay))('backlogs');
    let sent = 0;
    await until(async () => {
      for (let i = 0; i < 10; i++) await publisher.publish('stream', 'piece', { n: sent++, text: 'x'.repeat(9000) });
      return (await counters(relay))('backlogs') > before;
    }, 'a kernel that takes no more');
    for (let n = 0; n < sent; n++) assert.equal(JSON.parse((await quick.event('piece')).data).n, n);
    slow.socket.resume();
    for (let n = 0; n < sent; n++) assert.equal(JSON.parse((await slow.event('piece')).data).n, n);
    publisher.close();
    await Promise.all([slow.end(), quick.end()]);
  });

  test('a WebSocket close is followed by close_notify', async () => {
    const raw = await rawSocket(context.relay);
    await raw.text();
    raw.socket.write(frame(9, 'ping'));
    const pong = await raw.frames.take(({ opcode }) => opcode === 10, 'a pong');
    assert.equal(pong.payload.toString(), 'ping');
    const ended = new Promise((resolve) => raw.socket.once('end', resolve));
    raw.socket.write(frame(1, 'not masked', { mask: false }));
    const last = await raw.frames.take(({ opcode }) => opcode === 8, 'a close frame');
    assert.equal(last.payload.readUInt16BE(0), 1002);
    await within(ended, () => 'close_notify, which Node reports as an end');
  });

  test('clients that vanish harm nobody', async () => {
    const { relay } = context;
    const stays = await connect(relay);
    await stays.subscribe('room');
    const sockets = await Promise.all(Array.from({ length: 20 }, () => rawSocket(relay)));
    for (const { socket } of sockets) socket.destroy();
    for (let i = 0; i < 20; i++) tls.connect({ port: relay.tlsPort, host: '127.0.0.1', rejectUnauthorized: false }).on('error', () => {}).destroy();
    for (let i = 0; i < 20; i++) {
      const half = net.connect(relay.tlsPort, '127.0.0.1').on('error', () => {});
      half.end(Buffer.from('160301020001', 'hex'));
    }
    await stays.settle();
    const publisher = await Publisher.connect(relay);
    await publisher.publish('room', 'still', {});
    await stays.event('still');
    publisher.close();
    await stays.end();
  });

  test('plain HTTP on the TLS port is told so', async () => {
    const { relay } = context;
    await secure(relay);
    const { status, body } = await new Promise((resolve, reject) => {
      http.get({ port: relay.tlsPort, host: '127.0.0.1', path: '/up', agent: false }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part) => (text += part)).on('end', () => resolve({ status: response.statusCode, body: text }));
      }).on('error', reject);
    });
    assert.equal(status, 400);
    assert.match(body, /This port speaks TLS/);
    await Client.open(relay, { base: `ws://127.0.0.1:${relay.tlsPort}` }).closed();
  });
});

withRelay('tls, impatient', { args: [...pair, '--request-timeout-ms', '1500'] }, (context) => {
  test('a handshake has to come in time', async () => {
    const { relay } = context;
    await secure(relay);
    const before = (await counters(relay))('tls_failures');
    const silent = net.connect(relay.tlsPort, '127.0.0.1');
    const half = net.connect(relay.tlsPort, '127.0.0.1');
    half.write(Buffer.from('1603010200', 'hex'));
    for (const socket of [silent, half]) socket.on('error', () => {}).resume();
    await within(Promise.all([silent, half].map((socket) => new Promise((resolve) => socket.on('close', resolve)))),
      () => 'the end of both');
    await relay.logged('tls_refused', ({ reason }) => /did not come to its end/.test(reason));
    assert.equal((await counters(relay))('tls_failures') - before, 1, 'who says nothing has not failed');
  });

  test('TLS on the plain port is closed, and the log says why', async () => {
    const { relay } = context;
    await assert.rejects(shakeHands(relay.port));
    const { reason, peer } = await relay.logged('http_refused');
    assert.match(reason, /TLS handshake on a port without TLS/);
    assert.match(peer, /^127\.0\.0\.1:\d+$/);
  });
});

withRelay('tls, paced', { args: [...files.args('ecdsa'), '--tls-rate', '20'] }, (context) => {
  test('handshakes above the rate wait and are served', async () => {
    const began = Date.now();
    const clients = await Promise.all(Array.from({ length: 32 }, () => connect(context.relay)));
    assert.ok(Date.now() - began > 500, 'the first 20 at once, 12 more at 20 a second');
    const plain = await Client.connect(context.relay);
    await Promise.all([plain, ...clients].map((client) => client.end()));
  });
});

for (const workers of [1, 2]) {
  describe(`tls, reloading, ${workers} worker${workers > 1 ? 's' : ''}`, () => {
    let relay;
    const use = (name) => Promise.all([copyFile(files.file(`${name}.pem`), files.file(`current${workers}.pem`)),
      copyFile(files.file(`${name}.key`), files.file(`current${workers}.key`))]);
    before(async () => {
      await use('ecdsa');
      relay = await Relay.start({ workers, args: files.args(`current${workers}`) });
      await secure(relay);
    });

    test('SIGHUP: old sockets go on, new ones get the new certificate', async () => {
      const clients = await Promise.all(Array.from({ length: 10 }, () => connect(relay)));
      await Promise.all(clients.map((client) => client.subscribe('room')));
      assert.equal((await shakeHands(relay.tlsPort)).name, 'ecdsa');
      await use('renewed');
      relay.signal('SIGHUP');
      await relay.logged('tls_reloaded');
      assert.equal((await shakeHands(relay.tlsPort)).name, 'renewed');
      const fresh = await connect(relay);
      await fresh.subscribe('room');
      const publisher = await Publisher.connect(relay);
      await publisher.publish('room', 'hello', {});
      for (const client of [...clients, fresh]) await client.event('hello');
      publisher.close();
      await Promise.all([...clients, fresh].map((client) => client.end()));
    });

    test('SIGHUP with files that are wrong changes nothing and says why', async () => {
      const stays = await connect(relay);
      await copyFile(files.file('rsa.key'), files.file(`current${workers}.key`));
      relay.signal('SIGHUP');
      const wrong = await relay.logged('tls_failed');
      assert.match(wrong.reason, /current\d\.key does not belong to the certificate in /);
      await writeFile(files.file(`current${workers}.pem`), 'half a fi');
      relay.signal('SIGHUP');
      const broken = await relay.logged('tls_failed');
      assert.match(broken.reason, /current\d\.pem holds no certificate/);
      assert.equal((await shakeHands(relay.tlsPort)).name, 'renewed');
      await stays.settle();
      await use('rsa');
      relay.signal('SIGHUP');
      await relay.logged('tls_reloaded');
      assert.equal((await shakeHands(relay.tlsPort)).name, 'rsa');
      await stays.settle();
      await stays.end();
    });

    after(() => relay.stop());
  });
}

describe('tls, start', () => {
  const start = (args) => runProgram(['--listen', '127.0.0.1:0', '--ingest', `unix:${files.file('relay.sock')}`, '--app', 'a:b:c', ...args]);

  test('a file that cannot be used ends the process with a sentence', async () => {
    await writeFile(files.file('text.pem'), 'no certificate');
    const cases = [
      [files.args('none'), /none\.pem can't be read: No such file/],
      [['--listen-tls', '127.0.0.1:0', '--tls-certificate', files.file('text.pem'), '--tls-key', files.file('rsa.key')],
        /text\.pem holds no certificate that can be read/],
      [['--listen-tls', '127.0.0.1:0', '--tls-certificate', files.file('rsa.pem'), '--tls-key', files.file('text.pem')],
        /text\.pem holds no private key/],
      [['--listen-tls', '127.0.0.1:0', '--tls-certificate', files.file('rsa.pem'), '--tls-key', files.file('ecdsa.key')],
        /The key in \S+ecdsa\.key does not belong to the certificate in \S+rsa\.pem/],
      [files.args('ecdsa', 'renewed'), /renewed\.pem is the second certificate of type ECDSA/],
    ];
    for (const [args, sentence] of cases) {
      const { code, output, errors } = await start(args);
      assert.equal(code, 1);
      assert.match(output + errors, sentence);
    }
  });
});

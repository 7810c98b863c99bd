// SPDX-License-Identifier: MIT
//
// Proxies in front of the relay: PROXY protocol v2 and X-Forwarded-* headers, believed from trusted
// addresses only. Who a client is taken for shows in the log line of its refusal (peer=).

import assert from 'node:assert/strict';
import net from 'node:net';
import tls from 'node:tls';
import { after, test } from 'node:test';

import { Client } from './support/client.mjs';
import { counters } from './support/publish.mjs';
import { Raw, upgradeRequest } from './support/raw.mjs';
import { withRelay } from './support/relay.mjs';
import { Certificates, secure } from './support/tls.mjs';
import { within } from './support/wait.mjs';

const files = await Certificates.make();
await files.add('ecdsa');
after(() => files.remove());

const SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');
const ENDED = 'the PROXY header did not come to its end';

function header(command, family, body = Buffer.alloc(0)) {
  const head = Buffer.from([0x20 | command, family, body.length >> 8, body.length & 255]);
  return Buffer.concat([SIGNATURE, head, body]);
}

function tcp4(address, port, tlvs = Buffer.alloc(0)) {
  const ends = Buffer.from([...address.split('.').map(Number), 192, 0, 2, 200, port >> 8, port & 255, 1, 187]);
  return header(1, 0x11, Buffer.concat([ends, tlvs]));
}

/** 2001:db8::1 */
function tcp6(port) {
  const address = Buffer.from('20010db8000000000000000000000001', 'hex');
  return header(1, 0x21, Buffer.concat([address, address, Buffer.from([port >> 8, port & 255, 1, 187])]));
}

const SSL = Buffer.from('2000050100000000', 'hex');

/** A raw connection on which `first` was sent, and a request for an upgrade of `key`. */
function connect(port, first, { path = '/app/nobody?protocol=7', headers = {}, bytewise = false } = {}) {
  const socket = net.connect(port, '127.0.0.1');
  socket.setNoDelay(true);
  const bytes = Buffer.concat([first, Buffer.from(upgradeRequest(path, headers))]);
  if (bytewise) for (const byte of bytes) socket.write(Buffer.from([byte]));
  else socket.write(bytes);
  return new Raw(socket);
}

const refusal = (relay, code = '4001') => relay.logged('refused', (entry) => entry.code === code);
const done = (raw) => within(raw.ended, () => 'the end of a connection');

async function peerOf(relay, first, options) {
  const raw = connect(relay.port, first, options);
  const { peer } = await refusal(relay);
  raw.socket.destroy();
  return peer;
}

const trusted = ['--trusted-proxies', '127.0.0.1', '--trusted-proxies', '10.0.0.0/8'];

withRelay('proxy protocol', { args: [...trusted, '--proxy-protocol', 'true', '--request-timeout-ms', '2000', '--tls-only', 'true',
  ...files.args('ecdsa')] }, (context) => {
  test('the header says who the client is', async () => {
    const { relay } = context;
    assert.equal(await peerOf(relay, tcp4('203.0.113.9', 4660)), '203.0.113.9:4660');
    assert.equal(await peerOf(relay, tcp6(4660)), '[2001:db8::1]:4660');
    assert.equal(await peerOf(relay, tcp4('203.0.113.9', 1), { bytewise: true }), '203.0.113.9:1');
    assert.match(await peerOf(relay, header(0, 0)), /^127\.0\.0\.1:\d+$/);
    assert.match(await peerOf(relay, header(1, 0, Buffer.alloc(300))), /^127\.0\.0\.1:\d+$/);
  });

  test('what the client itself says behind such a proxy is not believed', async () => {
    const headers = { 'X-Forwarded-For': '198.51.100.1', 'X-Forwarded-Proto': 'https' };
    assert.equal(await peerOf(context.relay, tcp4('203.0.113.9', 7), { headers }), '203.0.113.9:7');
    assert.equal(await peerOf(context.relay, tcp4('10.0.0.7', 7), { headers }), '198.51.100.1');
  });

  test('a proxy that ended TLS says so', async () => {
    const { relay } = context;
    const path = `/app/${relay.app.key}?protocol=7`;
    const plain = connect(relay.port, tcp4('203.0.113.9', 7), { path });
    assert.equal((await refusal(relay, '4000')).peer, '203.0.113.9:7');
    plain.socket.destroy();
    const ended = connect(relay.port, tcp4('203.0.113.9', 7, SSL), { path });
    let text = '';
    await within(new Promise((resolve) => ended.socket.on('data', (bytes) => {
      text += bytes;
      if (text.includes('pusher:connection_established')) resolve();
    })), () => 'a welcome');
    ended.socket.destroy();
  });

  test('TLS follows the header', async () => {
    const { relay } = context;
    await secure(relay);
    for (const bytewise of [false, true]) {
      const socket = net.connect(relay.tlsPort, '127.0.0.1');
      const first = tcp4('203.0.113.9', 443);
      if (bytewise) for (const byte of first) socket.write(Buffer.from([byte]));
      else socket.write(first);
      const inner = tls.connect({ socket, rejectUnauthorized: false });
      inner.write(upgradeRequest('/app/nobody?protocol=7'));
      assert.equal((await refusal(relay)).peer, '203.0.113.9:443');
      inner.destroy();
    }
  });

  test('anything else from a trusted address is closed and counted', async () => {
    const { relay } = context;
    const before = (await counters(relay))('proxy_refused');
    const cases = [
      [Buffer.alloc(0), /no PROXY header; set the proxy to send it/],
      [Buffer.from('PROXY TCP4 203.0.113.9 192.0.2.200 4660 443\r\n'), /set the proxy to version 2/],
      [header(3, 0x11), /unknown version or command/],
      [header(1, 0x12, Buffer.alloc(12)), /unknown address family/],
      [header(1, 0x21, Buffer.alloc(12)), /too short for its addresses/],
      [header(1, 0x11, Buffer.alloc(5000)), /too long/],
      [tcp4('203.0.113.9', 1, Buffer.from([4, 0, 9, 0])), /extensions/],
    ];
    for (const [first, sentence] of cases) {
      const raw = connect(relay.port, first);
      const { reason, peer } = await relay.logged('proxy_refused');
      assert.match(reason, sentence);
      assert.match(peer, /^127\.0\.0\.1:\d+$/);
      await done(raw);
    }
    assert.equal((await counters(relay))('proxy_refused') - before, cases.length);
  });

  test('half a header, and none, end with the time for a request', async () => {
    const { relay } = context;
    const before = (await counters(relay))('proxy_refused');
    const half = new Raw(net.connect(relay.port, '127.0.0.1'));
    half.socket.write(SIGNATURE);
    const silent = new Raw(net.connect(relay.port, '127.0.0.1'));
    for (const { socket } of [half, silent]) socket.resume();
    assert.equal((await relay.logged('proxy_refused', ({ reason }) => reason === ENDED)).reason, ENDED);
    await Promise.all([done(half), done(silent)]);
    assert.equal((await counters(relay))('proxy_refused') - before, 1, 'who says nothing only looks whether the port is open');
  });
});

withRelay('proxy protocol, strangers', { args: ['--trusted-proxies', '10.0.0.0/8', '--proxy-protocol', 'true'] }, (context) => {
  test('others are served as they are, and their header is a bad request', async () => {
    const { relay } = context;
    const client = await Client.connect(relay);
    await client.end();
    assert.match(await peerOf(relay, Buffer.alloc(0), { headers: { 'X-Forwarded-For': '203.0.113.9' } }), /^127\.0\.0\.1:\d+$/);
    const raw = connect(relay.port, tcp4('203.0.113.9', 4660));
    const answer = await within(new Promise((resolve) => raw.socket.once('data', resolve)), () => 'an answer');
    assert.match(answer.toString(), /^HTTP\/1\.1 400 /);
    raw.socket.end();
    await done(raw);
    assert.equal((await counters(relay))('proxy_refused'), 0);
  });
});

withRelay('forwarded', { args: [...trusted, '--tls-only', 'true'] }, (context) => {
  test('the last address that is not trusted is the client', async () => {
    const { relay } = context;
    const cases = [
      ['203.0.113.9', '203.0.113.9'],
      ['198.51.100.1, 203.0.113.9, 10.0.0.1', '203.0.113.9'],
      ['[2001:db8::9]:4711', '[2001:db8::9]:4711'],
      ['203.0.113.9:99', '203.0.113.9:99'],
      ['203.0.113.9, unknown', null],
      ['', null],
    ];
    for (const [value, wanted] of cases) {
      const peer = await peerOf(relay, Buffer.alloc(0), { headers: { 'X-Forwarded-For': value } });
      if (wanted === null) assert.match(peer, /^127\.0\.0\.1:\d+$/);
      else assert.equal(peer, wanted);
    }
  });

  test('tls_only believes X-Forwarded-Proto', async () => {
    const { relay } = context;
    for (const [proto, isWelcome] of [['https', true], ['wss', true], ['http', false], ['https, http', false], [undefined, false]]) {
      const client = Client.open(relay, { headers: proto === undefined ? {} : { 'X-Forwarded-Proto': proto } });
      if (isWelcome) {
        await client.event('pusher:connection_established');
        await client.end();
      } else {
        assert.equal((await client.closed()).code, 4000);
      }
    }
  });

  test('each request of a connection is looked at for itself', async () => {
    const { relay } = context;
    const socket = net.connect(relay.port, '127.0.0.1');
    socket.write('GET /up HTTP/1.1\r\nHost: relay\r\nX-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: https\r\n\r\n');
    await within(new Promise((resolve) => socket.once('data', resolve)), () => 'an answer');
    socket.write(upgradeRequest(`/app/${relay.app.key}?protocol=7`));
    assert.match((await refusal(relay, '4000')).peer, /^127\.0\.0\.1:\d+$/);
    socket.destroy();
  });
});

withRelay('forwarded, strangers', { args: ['--trusted-proxies', '10.0.0.0/8', '--tls-only', 'true'] }, (context) => {
  test('headers of others are not believed', async () => {
    const { relay } = context;
    const client = Client.open(relay, { headers: { 'X-Forwarded-Proto': 'https', 'X-Forwarded-For': '203.0.113.9' } });
    assert.equal((await client.closed()).code, 4000);
    assert.match((await refusal(relay, '4000')).peer, /^127\.0\.0\.1:\d+$/);
  });
});

// SPDX-License-Identifier: MIT
//
// The HTTP fallbacks by raw requests: lines, statuses, bounds and peers that misbehave.

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import tls from 'node:tls';

import { Client } from './support/client.mjs';
import { Publisher, counters } from './support/publish.mjs';
import { Relay, withRelay } from './support/relay.mjs';
import { signChannel } from './support/sign.mjs';
import { tcp } from './support/raw.mjs';
import { Certificates, secure } from './support/tls.mjs';
import { until, within } from './support/wait.mjs';
import { Session, ask, polling, sessionName, streaming } from './support/xhr.mjs';

const QUICK = ['--activity-timeout-ms', '1000', '--ping-grace-ms', '0', '--pong-timeout-ms', '600'];

withRelay('xhr', { args: ['--xhr-grace-ms', '20000', '--xhr-heartbeat-ms', '60000', '--close-timeout-ms', '50'] }, (context) => {
  test('streaming: o once, then connection_established, then what is published', async () => {
    const session = await streaming(context.relay);
    assert.match(session.socketId, /^\d+\.\d+$/);
    await session.subscribe('news');
    assert.equal((await session.frame('pusher_internal:subscription_succeeded')).data, '{}');
    const publisher = await Publisher.connect(context.relay);
    await publisher.publish('news', 'e', 'h\u00e9 "q" \\ \u2028 \u{1F600}');
    assert.equal((await session.frame('e')).data, 'h\u00e9 "q" \\ \u2028 \u{1F600}');
    publisher.close();
    session.close();
  });

  test('polling: every poll gets what came since the last', async () => {
    const session = await polling(context.relay);
    await session.subscribe('news');
    await session.poll();
    assert.equal((await session.frame('pusher_internal:subscription_succeeded')).channel, 'news');
    const publisher = await Publisher.connect(context.relay);
    for (let i = 0; i < 50; i++) await publisher.publish('news', 'e', String(i));
    for (let i = 0; i < 50;) {
      const { status, headers, lines } = await session.poll();
      assert.equal(status, 200);
      assert.match(headers['content-type'], /^application\/javascript/);
      assert.equal(headers['cache-control'], 'no-store, no-transform');
      assert.equal(headers['x-accel-buffering'], 'no');
      assert.ok(lines.length > 0);
      while (session.frames.items.length > 0) assert.equal(session.frames.items.shift().data, String(i++));
    }
    publisher.close();
  });

  test('a poll that waits is answered by what comes', async () => {
    const session = await polling(context.relay);
    const answer = session.poll();
    await session.send({ event: 'pusher:ping', data: {} });
    await answer;
    await session.frame('pusher:pong');
  });

  test('messages of one turn are one line', async () => {
    const session = await streaming(context.relay);
    await session.send({ event: 'pusher:ping' }, { event: 'pusher:ping' }, { event: 'pusher:ping' });
    const { value } = await session.lines.take(({ type, value }) => type === 'a' && value[0].includes('pong'), 'the line');
    assert.equal(value.length, 3);
    session.close();
  });

  test('both paths and odd query strings open sessions; other paths are 404', async () => {
    for (const prefix of ['', '/pusher']) (await streaming(context.relay, { prefix })).close();
    (await streaming(context.relay, { query: '' })).close();
    (await streaming(context.relay, { query: 'protocol=5&x=%' })).close();
    for (const path of ['/app/key1/0/abcdefgh/xhr_stream', '/app/key1/0/abcdefgh/', '/app/key1/1000/abcdefgh/xhr', '/app/key1/x/abcdefgh/xhr',
      '/app/key1/0/short/xhr', `/app/key1/0/${'a'.repeat(33)}/xhr`, '/app/key1/0/abc%20efgh/xhr', '/app//0/abcdefgh/xhr', '/app/key1//abcdefgh/xhr',
      '/other/app/key1/0/abcdefgh/xhr', '/app/key1/0/abcdefgh/xhr/', '/app/key1/0/abcdefgh/more/xhr', '/pusherapp/key1/0/abcdefgh/xhr']) {
      const { status } = await ask(context.relay, path);
      assert.ok([404, 405].includes(status), `${path}: ${status}`);
    }
  });

  test('methods: OPTIONS is a preflight, all others but POST get 405', async () => {
    const path = `/app/key1/${sessionName()}/xhr_send`;
    const preflight = await ask(context.relay, path, { method: 'OPTIONS', headers: { Origin: 'https://page.example', 'Access-Control-Request-Method': 'POST', 'Access-Control-Request-Headers': 'content-type' } });
    assert.equal(preflight.status, 204);
    assert.equal(preflight.headers['access-control-allow-origin'], '*');
    assert.match(preflight.headers['access-control-allow-methods'], /POST/);
    assert.match(preflight.headers['access-control-allow-headers'].toLowerCase(), /content-type/);
    assert.equal(preflight.headers['access-control-allow-credentials'], undefined);
    for (const method of ['GET', 'PUT', 'DELETE', 'HEAD']) {
      const { status, headers } = await ask(context.relay, path, { method });
      assert.equal(status, 405, method);
      assert.equal(headers.allow, 'POST, OPTIONS');
    }
  });

  test('xhr_send: 204, unknown sessions 404, bodies that are no arrays of strings 400; the session stays', async () => {
    const session = await streaming(context.relay);
    for (const body of ['', '{}', '[1]', '["a",null]', '["a"', 'x', '"a"', '["\\ud800"]', '[] []', '['.repeat(100000)]) {
      const { status, text } = await session.sendBody(body);
      assert.equal(status, 400, body.slice(0, 20));
      assert.match(text, /JSON array of strings/);
    }
    assert.equal((await ask(context.relay, `${session.base}/xhr_send`, { body: Buffer.from('["\xff"]', 'latin1') })).status, 400);
    assert.equal((await session.send('not json')).status, 204);
    assert.match((await session.frame('pusher:error')).data.message, /not valid JSON/);
    assert.equal((await session.sendBody(' [ ] ')).status, 204);
    assert.equal((await ask(context.relay, `/app/key1/${sessionName()}/xhr_send`, { body: '[]' })).status, 404);
    assert.equal((await session.send({ event: 'pusher:ping' })).headers['access-control-allow-origin'], '*');
    await session.frame('pusher:pong');
    session.close();
  });

  test('an empty xhr_send is answered by a sign of life, once', async () => {
    const session = await streaming(context.relay);
    await session.sendBody('[]');
    assert.deepEqual((await session.lines.take(({ type, value }) => type === 'a' && value.length === 0, 'a[]')).value, []);
    session.close();
    const poller = await polling(context.relay);
    await poller.sendBody('[]');
    assert.deepEqual((await poller.poll()).lines, ['a[]']);
  });

  test('a message that is too long closes with 1009', async () => {
    const session = await streaming(context.relay);
    assert.equal((await session.send('x'.repeat(10240))).status, 204);
    await session.frame('pusher:error');
    await session.send('x'.repeat(10241));
    assert.equal((await session.line('c')).value[0], 1009);
    assert.equal(await session.ended, true);
    assert.equal((await session.sendBody('[]')).status, 404);
  });

  test('a body above http_body_bytes is 413', async () => {
    const session = await streaming(context.relay);
    const { status } = await session.sendBody(JSON.stringify(['x'.repeat(1100000)]));
    assert.equal(status, 413);
    session.close();
  });

  test('refusals are o and c: unknown key, protocol', async () => {
    for (const [options, code] of [[{ key: 'nokey' }, 4001], [{ query: 'protocol=3' }, 4007], [{ query: 'protocol=x' }, 4007]]) {
      for (const kind of ['xhr', 'xhr_streaming']) {
        const session = new Session(context.relay, options);
        const { status, lines } = await ask(context.relay, `${session.base}/${kind}?${session.query}`);
        assert.equal(status, 200);
        assert.equal(lines[0], 'o');
        assert.equal(JSON.parse(lines[1].slice(1))[0], code);
        assert.equal(lines.length, 2);
      }
    }
  });

  test('a receiver that goes away ends the session at once', async () => {
    const others = await streaming(context.relay);
    const name = `presence-${sessionName().replace('/', '-')}`;
    const join = (session, id) => {
      const channel_data = JSON.stringify({ user_id: id });
      return session.subscribe(name, { channel_data, auth: signChannel(context.relay.app, session.socketId, name, channel_data) });
    };
    await join(others, 'a');
    for (const kind of ['stream', 'poll']) {
      const session = kind === 'stream' ? await streaming(context.relay) : await polling(context.relay);
      await join(session, kind);
      assert.equal(JSON.parse((await others.frame('pusher_internal:member_added')).data).user_id, kind);
      if (kind === 'stream') {
        session.close();
      } else {
        await session.poll(); /* its own success */
        const held = await tcp(context.relay);
        held.socket.write(`POST ${session.base}/xhr HTTP/1.1\r\nHost: relay\r\nContent-Length: 0\r\n\r\n`);
        held.socket.destroySoon();
      }
      assert.equal(JSON.parse((await others.frame('pusher_internal:member_removed')).data).user_id, kind);
      assert.equal((await session.sendBody('[]')).status, 404);
    }
    others.close();
  });

  test('a second receiver takes over; the first is told', async () => {
    const session = await streaming(context.relay);
    const first = session.ended;
    await session.stream();
    assert.equal((await session.line('c')).value[0], 2010);
    assert.equal(await first, true);
    await session.send({ event: 'pusher:ping' });
    await session.frame('pusher:pong');
    const poll = session.poll();
    assert.equal((await session.line('c')).value[0], 2010);
    await session.sendBody('[]');
    assert.deepEqual((await poll).lines, ['a[]']);
  });

  test('presence, private channels and client events work as by WebSocket', async () => {
    const client = await Client.connect(context.relay);
    const session = await streaming(context.relay);
    const auth = (who, data) => signChannel(context.relay.app, who.socketId, 'presence-room', data);
    await client.subscribe('presence-room', { user: '1' });
    const channel_data = JSON.stringify({ user_id: 'x', user_info: { n: 1 } });
    await session.subscribe('presence-room', { channel_data, auth: auth(session, channel_data) });
    const { data } = await session.frame('pusher_internal:subscription_succeeded');
    assert.deepEqual(JSON.parse(data).presence.ids.sort(), ['1', 'x']);
    await session.send({ event: 'client-hi', channel: 'presence-room', data: { a: 1 } });
    const got = await client.event('client-hi', 'presence-room');
    assert.equal(got.user_id, 'x');
    assert.deepEqual(JSON.parse(got.data), { a: 1 });
    client.send({ event: 'client-back', channel: 'presence-room', data: 'b' });
    assert.equal((await session.frame('client-back')).data, 'b');
    await session.subscribe('private-x', { auth: 'key1:wrong' });
    assert.match((await session.frame('pusher:error')).data.message, /signature|auth/i);
    session.close();
    await client.end();
  });

  test('keep-alive, pipelined and bytewise requests', async () => {
    const name = `/app/key1/${sessionName()}`;
    const raw = await tcp(context.relay);
    let text = '';
    raw.socket.on('data', (bytes) => (text += bytes));
    const request = (path, body = '', extra = '') => `POST ${path} HTTP/1.1\r\nHost: relay\r\n${extra}Content-Length: ${body.length}\r\n\r\n${body}`;
    for (const byte of request(`${name}/xhr`)) raw.socket.write(byte);
    await until(() => text.includes('connection_established'), 'the first poll');
    text = '';
    const ping = JSON.stringify([JSON.stringify({ event: 'pusher:ping' })]);
    /* Sends, a poll for the answer, chunked, with Expect, all in one write. */
    raw.socket.write(request(`${name}/xhr_send`, ping) + request(`${name}/xhr`)
      + `POST ${name}/xhr_send HTTP/1.1\r\nHost: relay\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n["{}\r\n2\r\n"]\r\n0\r\n\r\n`
      + request(`${name}/xhr`, '', 'Expect: 100-continue\r\n') + 'GET /up HTTP/1.1\r\nHost: relay\r\n\r\n');
    await until(() => text.includes('"status":"ok"'), () => `all answers; ${text}`);
    assert.deepEqual(text.match(/HTTP\/1.1 (?!100)\d+/g), ['HTTP/1.1 204', 'HTTP/1.1 200', 'HTTP/1.1 204', 'HTTP/1.1 200', 'HTTP/1.1 200']);
    assert.match(text, /pusher:pong/);
    assert.match(text, /pusher:error/);
    raw.socket.destroy();
  });

  test('sessions of one connection may live at different workers', async () => {
    const raw = await tcp(context.relay);
    let text = '';
    raw.socket.on('data', (bytes) => (text += bytes));
    const names = Array.from({ length: 16 }, () => `/app/key1/${sessionName()}`);
    raw.socket.write(names.map((name) => `POST ${name}/xhr HTTP/1.1\r\nHost: relay\r\nContent-Length: 0\r\n\r\n`).join(''));
    await until(() => (text.match(/connection_established/g) ?? []).length === names.length, () => `all are open: ${text}`);
    for (const name of names) assert.equal((await ask(context.relay, `${name}/xhr_send`, { body: '[]' })).status, 204);
    raw.socket.destroy();
  });

  test('HTTP/1.0 streams until the end of the connection', async () => {
    const raw = await tcp(context.relay);
    let text = '';
    raw.socket.on('data', (bytes) => (text += bytes));
    raw.socket.write(`POST /app/key1/${sessionName()}/xhr_streaming HTTP/1.0\r\nContent-Length: 0\r\n\r\n`);
    await until(() => /\r\n\r\no\na\["\{.*\n$/.test(text), () => `the lines: ${text}`);
    assert.doesNotMatch(text, /chunked/i);
    raw.socket.destroy();
  });

  test('a stream ends behind the line that passes 262144 characters; nothing is lost between two', async () => {
    const session = await streaming(context.relay);
    await session.subscribe('much');
    await session.frame('pusher_internal:subscription_succeeded');
    const publisher = await Publisher.connect(context.relay);
    const filler = '\u00e9\u{1F600}"'.repeat(1000);
    let sent = 0;
    let got = 0;
    const drain = () => {
      while (session.frames.items.length > 0) assert.equal(JSON.parse(session.frames.items.shift().data).n, got++);
    };
    let isEnded = false;
    session.ended.then(() => (isEnded = true));
    while (!isEnded) {
      await publisher.publish('much', 'e', JSON.stringify({ n: sent++, filler }));
      await until(() => { drain(); return isEnded || got > sent - 5; }, () => `message ${sent - 5}, got ${got}`);
    }
    assert.equal(await session.ended, true);
    assert.ok(session.units > 262144, String(session.units));
    assert.ok(session.units < 2 * 262144, `a turn brings no more than may wait: ${session.units}`);
    for (let i = 0; i < 5; i++) await publisher.publish('much', 'e', JSON.stringify({ n: sent++ }));
    await session.stream();
    await until(() => { drain(); return got === sent; }, () => `${got} of ${sent}`);
    assert.equal(session.lines.items.filter(({ type }) => type === 'o').length, 0);
    publisher.close();
    session.close();
  });

  test('sessions and requests are counted', async () => {
    const before = await counters(context.relay);
    const session = await streaming(context.relay);
    await session.sendBody('[]');
    const after = await counters(context.relay);
    assert.equal(after('xhr_sessions'), before('xhr_sessions') + 1);
    assert.equal(after('xhr_requests'), before('xhr_requests') + 2);
    session.close();
  });
});

withRelay('xhr with small limits', { args: [...QUICK, '--backlog-bytes', '8192', '--xhr-grace-ms', '3000', '--xhr-heartbeat-ms', '150', '--message-rate', '10', '--message-burst', '3'] }, (context) => {
  test('what waits for a client is bounded: 4100', async () => {
    const session = await polling(context.relay);
    await session.subscribe('news');
    /* A poll may bring a heartbeat first. */
    for (let lines = []; !lines.some((line) => line.includes('subscription_succeeded'));) ({ lines } = await session.poll());
    const publisher = await Publisher.connect(context.relay);
    const before = (await counters(context.relay))('overflows');
    for (let i = 0; i < 9; i++) await publisher.publish('news', 'e', 'x'.repeat(1000));
    /* Another worker may have answered the publisher while the session's has not heard of all yet. */
    await until(async () => (await counters(context.relay))('overflows') > before, 'the session overflows');
    const { lines } = await session.poll();
    assert.deepEqual(lines.map((line) => line.slice(0, 7)), ['c[4100,']);
    publisher.close();
  });

  test('heartbeats: a stream gets h and stays if it answers, a poll comes again', async () => {
    const session = await streaming(context.relay);
    const poller = await polling(context.relay);
    const end = Date.now() + 1800; /* longer than probe and answer may take together */
    const streams = async () => {
      while (Date.now() < end) {
        await session.line('h');
        await session.sendBody('[]');
      }
    };
    const polls = async () => {
      while (Date.now() < end) assert.deepEqual((await poller.poll()).lines, ['h']);
    };
    await Promise.all([streams(), polls()]);
    session.close();
  });

  test('a stream that answers no h is closed with 4201', async () => {
    const session = await streaming(context.relay);
    assert.equal((await session.line('c')).value[0], 4201);
    assert.equal(await session.ended, true);
  });

  test('messages beyond the rate wait, and their answers with them', async () => {
    const session = await streaming(context.relay);
    const ping = { event: 'pusher:ping' };
    const began = Date.now();
    const answers = await Promise.all([session.send(ping, ping, ping, ping, ping), session.send(ping)]);
    assert.deepEqual(answers.map(({ status }) => status), [204, 204]);
    for (let i = 0; i < 6; i++) await session.frame('pusher:pong');
    assert.ok(Date.now() - began >= 900, 'a pause lasts a second');
    session.close();
  });

  test('more than may wait closes with 4100', async () => {
    const session = await streaming(context.relay);
    const { status } = await session.send(...Array.from({ length: 60000 }, () => '{"e":1}'));
    assert.equal(status, 429);
    assert.equal((await session.line('c')).value[0], 4100);
  });
});

for (const workers of [1, 2]) {
  const name = (text) => `${text}, ${workers} worker${workers > 1 ? 's' : ''}`;

  test(name('SIGTERM: receivers get c[4200], also the poll that comes next'), async () => {
    const relay = await Relay.start({ workers, args: ['--drain-timeout-ms', '5000'] });
    const session = await streaming(relay);
    const held = await polling(relay);
    const answer = held.poll();
    await until(async () => (await counters(relay))('http_requests') >= 0, 'the poll is there');
    relay.signal('SIGTERM');
    assert.equal((await session.line('c')).value[0], 4200);
    assert.match((await answer).text, /^c\[4200,/m);
    await relay.stop({ signal: null });
  });

  test(name('the end with sessions between two polls'), async () => {
    const relay = await Relay.start({ workers, args: ['--close-timeout-ms', '100'] });
    for (let i = 0; i < 5; i++) await polling(relay);
    await relay.stop();
  });

  test(name('one connection opens no more sessions a second than upgrade_rate lets connections in'), async () => {
    const relay = await Relay.start({ workers, args: ['--upgrade-rate', '20', '--close-timeout-ms', '50'] });
    const raw = await tcp(relay);
    let text = '';
    raw.socket.on('data', (bytes) => (text += bytes));
    raw.socket.write(Array.from({ length: 60 }, () => `POST /app/key1/${sessionName()}/xhr HTTP/1.1\r\nHost: relay\r\nContent-Length: 0\r\n\r\n`).join(''));
    await until(() => (text.match(/^o$/gm) ?? []).length === 60, () => `all answers: ${text}`);
    assert.match(text, /^o\nc\[4100,/m);
    assert.match(text, /connection_established/);
    await until(async () => (await ask(relay, `/app/key1/${sessionName()}/xhr`)).text.includes('connection_established'), 'room in the next second');
    raw.socket.destroy();
    await relay.stop();
  });

  test(name('a session without a receiver lives for xhr_grace_ms'), async () => {
    const relay = await Relay.start({ workers, args: ['--xhr-grace-ms', '300', '--close-timeout-ms', '50'] });
    const session = await polling(relay);
    await until(async () => (await session.sendBody('[]')).status === 404, 'the session ends');
    assert.equal((await session.poll()).lines[0], 'o');
    await relay.stop();
  });

  test(name('capacity counts these sessions'), async () => {
    const relay = await Relay.start({ workers, args: ['--max-connections', '2', '--xhr-grace-ms', '100'] });
    const first = await streaming(relay);
    const client = await Client.connect(relay);
    assert.match((await ask(relay, `/app/key1/${sessionName()}/xhr`)).text, /^o\nc\[4100,/);
    first.close();
    await until(async () => (await ask(relay, `/app/key1/${sessionName()}/xhr`)).text.includes('connection_established'), 'room again');
    await client.end();
    await relay.stop();
  });

  test(name('refusals as for WebSockets: disabled, quota, TLS, origin; http_fallback'), async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'clairon-'));
    const file = path.join(folder, 'relay.conf');
    const app = (id, more) => `[app:${id}]\nkey = ${id}\nsecret = s\n${more}\n`;
    await writeFile(file, app('off', 'enabled = false') + app('one', 'max_connections = 1') + app('tls', 'tls_only = true')
      + app('home', 'allowed_origins = https://*.home.example') + app('ws', 'http_fallback = false'));
    const relay = await Relay.start({ workers, apps: [], args: ['--config', file, '--close-timeout-ms', '50'] });
    const first = (key, headers = {}) => ask(relay, `/pusher/app/${key}/${sessionName()}/xhr?protocol=7`, { headers });
    assert.match((await first('off')).text, /^o\nc\[4003,/);
    assert.match((await first('one')).text, /^o\na\[/);
    assert.match((await first('one')).text, /^o\nc\[4004,/);
    assert.match((await first('tls')).text, /^o\nc\[4000,/);
    assert.match((await first('home', { Origin: 'https://a.home.example' })).text, /^o\na\[/);
    const strange = await first('home', { Origin: 'https://strange.example' });
    assert.match(strange.text, /^o\nc\[4009,/);
    assert.equal(strange.headers['access-control-allow-origin'], '*', 'the page may read why');
    const off = await first('ws');
    assert.equal(off.status, 404);
    assert.match(off.text, /http_fallback/);
    await (await Client.connect(relay, { app: { id: 'ws', key: 'ws', secret: 's' } })).end();
    await relay.stop();
    await rm(folder, { recursive: true });
  });

  test(name('a peer that never reads is closed and its session with it'), async () => {
    const relay = await Relay.start({ workers, args: ['--backlog-bytes', '65536', '--close-timeout-ms', '50'] });
    const raw = await tcp(relay);
    const session = new Session(relay);
    raw.socket.write(`POST ${session.base}/xhr_streaming HTTP/1.1\r\nHost: relay\r\nContent-Length: 0\r\n\r\n`);
    await within(new Promise((resolve) => raw.socket.once('data', resolve)), () => 'the head');
    raw.socket.pause();
    await session.subscribe('much');
    const publisher = await Publisher.connect(relay);
    await until(async () => {
      for (let i = 0; i < 20; i++) await publisher.publish('much', 'e', 'x'.repeat(10000));
      return (await counters(relay))('overflows') > 0 || (await session.sendBody('[]')).status === 404;
    }, 'the session ends');
    publisher.close();
    raw.socket.destroy();
    await relay.stop();
  });
}

test('over TLS, too: requests of one connection move between workers with it', async () => {
  const files = await Certificates.make();
  await files.add('ecdsa');
  const relay = await Relay.start({ workers: 2, args: [...files.args('ecdsa'), '--close-timeout-ms', '50'] });
  await secure(relay);
  const socket = tls.connect({ port: relay.tlsPort, host: '127.0.0.1', rejectUnauthorized: false });
  let text = '';
  socket.on('data', (bytes) => (text += bytes));
  const names = Array.from({ length: 12 }, () => `/app/key1/${sessionName()}`);
  const request = (path, body = '') => `POST ${path} HTTP/1.1\r\nHost: relay\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  /* One after another, then all at once. */
  for (const name of names) {
    const before = text.length;
    socket.write(request(`${name}/xhr`));
    await until(() => text.slice(before).includes('connection_established'), () => `${name} is open: ${text}`);
  }
  text = '';
  socket.write(names.map((name) => request(`${name}/xhr_send`, JSON.stringify(['{"event":"pusher:ping"}'])) + request(`${name}/xhr`)).join(''));
  await until(() => (text.match(/pusher:pong/g) ?? []).length === names.length, () => `all have their pong: ${text}`);
  assert.equal((text.match(/HTTP\/1.1 204/g) ?? []).length, names.length);
  socket.destroy();
  await relay.stop();
  await files.remove();
});

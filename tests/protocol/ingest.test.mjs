// SPDX-License-Identifier: MIT
//
// The relay's RESP socket: redis-cli, raw bytes in every cut, authentication, envelopes that are
// refused, and that one bad publisher disturbs nobody.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';

import { Client } from './support/client.mjs';
import { busChannel, clientText, command, envelope, Publisher, Resp } from './support/publish.mjs';
import { APP, withRelay } from './support/relay.mjs';
import { until, within } from './support/wait.mjs';

const run = promisify(execFile);
const OTHER = { id: 'app2', key: 'key2', secret: 'secret2' };
const PASSWORD = 'tcp-password';

withRelay('ingest', { apps: [APP, OTHER], args: ['--ingest', 'tcp:127.0.0.1:0'], env: { CLAIRON_INGEST_PASSWORD: PASSWORD } }, (context) => {
  let client;
  before(async () => {
    client = await Client.connect(context.relay);
    await client.subscribe('news');
  });
  after(() => client.end());

  const connect = () => Resp.connect({ path: context.relay.socket });
  const login = async (app = APP) => {
    const link = await connect();
    assert.equal(await link.call('AUTH', app.id, app.secret), 'OK');
    return link;
  };
  const cli = async (...args) => (await run('redis-cli', ['-s', context.relay.socket, ...args])).stdout;
  const publication = (options = {}) => command('PUBLISH', busChannel('app1', 'news'),
    envelope({ text: clientText('e', 'news', {}), ...options }));
  const errorOf = async (link) => {
    const reply = await link.reply();
    assert.ok(reply instanceof Error, `an error, not ${JSON.stringify(reply)}`);
    return reply.message;
  };
  /** Whatever happened before: publishing still works. */
  const stillWorks = async () => {
    const publisher = await Publisher.connect(context.relay);
    await publisher.publish('news', 'still-works', {});
    await client.event('still-works', 'news');
    publisher.close();
  };

  test('redis-cli ping, echo, info, unknown commands', async () => {
    assert.equal(await cli('ping'), 'PONG\n');
    assert.equal(await cli('ping', 'hello'), 'hello\n');
    assert.match(await cli('info'), /clairon_version:\d+\.\d+\.\d+\r?\n/);
    assert.match(await cli('get', 'x'), /^ERR unknown command 'get'/i);
    assert.match(await cli('publish', 'x', 'y'), /^NOAUTH/);
    assert.equal(await cli('--user', 'app1', '--pass', 'secret1', '--no-auth-warning', 'echo', 'x'), 'x\n');
  });

  test('INFO has every metric with a number', async () => {
    const info = await cli('info');
    for (const name of ['connections', 'upgrades', 'publishes', 'envelopes_refused', 'deliveries', 'sends', 'redis_connects']) {
      assert.match(info, new RegExp(`^${name}:\\d+\\r?$`, 'm'));
    }
    assert.match(info, new RegExp(`^workers:${context.workers}\\r?$`, 'm'));
  });

  test('inline commands', async () => {
    const link = await connect();
    for (const [line, expected] of [['PING\r\n', 'PONG'], ['ping\n', 'PONG'], ['  ping   "a b"  \r\n', 'a b'], ['AUTH app1 secret1\r\n', 'OK'],
      ["ECHO 'x y'\r\n", 'x y']]) {
      link.write(line);
      assert.equal(await link.reply(), expected, line);
    }
    link.write('\r\n\n*0\r\nPING\r\n');
    assert.equal(await link.reply(), 'PONG');
    link.close();
  });

  test('every command one byte at a time', async () => {
    const link = await connect();
    const bytes = Buffer.concat([command('AUTH', 'app1', 'secret1'), command('HELLO', '2'), command('PUBLISH', busChannel('app1', 'news'),
      envelope({ text: clientText('bytewise', 'news', {}) })), Buffer.from('PING\r\n')]);
    for (const byte of bytes) {
      await new Promise((resolve) => link.socket.write(Buffer.from([byte]), resolve));
    }
    assert.equal(await link.reply(), 'OK');
    assert.ok(Array.isArray(await link.reply()));
    assert.equal(await link.reply(), 1);
    assert.equal(await link.reply(), 'PONG');
    await client.event('bytewise');
    link.close();
  });

  test('cut at every byte into two writes', async () => {
    const link = await login();
    const text = '{"event":"cut","data":"","channel":"news"}';
    const { length } = command('PUBLISH', busChannel('app1', 'news'), envelope({ text }));
    for (let at = 1; at < length; at++) {
      const bytes = command('PUBLISH', busChannel('app1', 'news'), envelope({ text }));
      await new Promise((resolve) => link.socket.write(bytes.subarray(0, at), resolve));
      link.socket.write(bytes.subarray(at));
      assert.equal(await link.reply(), 1, `cut at ${at}`);
    }
    link.close();
    await client.settle();
  });

  test('commands in one write are answered in order', async () => {
    const link = await connect();
    link.write(Buffer.concat([command('AUTH', 'app1', 'secret1'), ...Array.from({ length: 200 }, (_, i) => command('ECHO', i))]));
    assert.equal(await link.reply(), 'OK');
    for (let i = 0; i < 200; i++) assert.equal(await link.reply(), String(i));
    link.close();
  });

  test('half a command and a lost connection harm nobody', async () => {
    const bytes = publication();
    for (const at of [1, 5, 20, 60, 100, bytes.length - 1]) {
      const link = await login();
      link.write(bytes.subarray(0, at));
      link.close();
    }
    await stillWorks();
  });

  test('wrong and missing authentication', async () => {
    const link = await connect();
    for (const args of [['app1', 'wrong'], ['app1', ''], ['app1', 'secret1x'], ['app1', 'secret'], ['nobody', 'secret1'], ['app2', 'secret1'], ['secret1'], ['']]) {
      link.write(command('AUTH', ...args));
      assert.match(await errorOf(link), /^WRONGPASS/);
    }
    link.write(publication());
    assert.match(await errorOf(link), /^(NOAUTH|ERR Protocol error)/);
    link.close();
    await stillWorks();
  });

  test('a failed AUTH in front of a publish refuses the publish', async () => {
    const link = await connect();
    link.write(Buffer.concat([command('AUTH', 'app1', 'wrong'), command('HELLO'), command('PUBLISH', busChannel('app1', 'news'), 'x')]));
    assert.match(await errorOf(link), /^WRONGPASS/);
    await link.reply();
    assert.match(await errorOf(link), /^NOAUTH/);
    link.close();
  });

  test('an application may not publish for another', async () => {
    const link = await login(OTHER);
    link.write(publication());
    assert.match(await errorOf(link), /^NOPERM/);
    link.close();
    assert.deepEqual(await client.settle(), []);
  });

  test('HELLO tells versions and limits', async () => {
    const link = await login();
    const reply = await link.call('HELLO', '2', 'SETNAME', 'tester', 'ENVELOPE', '1');
    const hello = Object.fromEntries(Array.from({ length: reply.length / 2 }, (_, i) => reply.slice(2 * i, 2 * i + 2)));
    assert.equal(hello.server, 'clairon');
    assert.equal(hello.envelope_min, 1);
    assert.equal(hello.envelope_max, 1);
    assert.equal(hello.payload_max, 10240);
    assert.equal(await link.call('CLIENT', 'GETNAME'), 'tester');
    link.write(command('HELLO', '3'));
    assert.match(await errorOf(link), /^NOPROTO/);
    link.write(command('HELLO', '2', 'ENVELOPE', '9'));
    assert.match(await errorOf(link), /same release/);
    link.close();
  });

  test('envelopes of another version, form or flag are refused in words', async () => {
    const link = await login();
    const good = envelope({ text: clientText('e', 'news', {}) });
    const wrong = [[{ version: 0 }, /version/], [{ version: 2 }, /version/], [{ flags: 2 }, /envelope/], [{ flags: 0x80 }, /envelope/],
      [{ text: '' }, /./], [{ text: Buffer.from([0x22, 0xff, 0x22]) }, /UTF-8/], [{ socketId: 'x' }, /envelope/], [{ socketId: '1.2.3' }, /envelope/]];
    for (const [options, pattern] of wrong) {
      link.write(publication(options));
      assert.match(await errorOf(link), pattern, JSON.stringify(options));
    }
    for (const bytes of [Buffer.alloc(0), good.subarray(0, 47), good.subarray(0, -1), Buffer.concat([good, Buffer.from('x')])]) {
      link.write(command('PUBLISH', busChannel('app1', 'news'), bytes));
      assert.match(await errorOf(link), /^ENVELOPE/);
    }
    assert.equal(await link.call('PING'), 'PONG');
    link.close();
    assert.deepEqual(await client.settle(), []);
    await stillWorks();
  });

  test('bus channels of another form, version, part, prefix or name are refused', async () => {
    const link = await login();
    for (const bus of ['', 'news', 'clairon:1:{0}:app1:news', 'clairon:2:{9}:app1:news', busChannel('app1', 'news', 'other'), busChannel('app1', 'a b'),
      busChannel('app1', 'x'.repeat(165)), busChannel('app1', ''), `${busChannel('app1', 'news')}x`]) {
      link.write(command('PUBLISH', bus, envelope({ text: '{}' })));
      assert.match(await errorOf(link), /^(ERR|NOPERM)/, bus);
    }
    assert.equal(await link.call('PING'), 'PONG');
    link.close();
  });

  test('the largest event passes, a larger one is refused before it is read', async () => {
    const link = await login();
    const max = 64 + 6 * (200 + 164) + 2 * 10240;
    const around = clientText('big', 'news', '').length;
    const text = clientText('big', 'news', 'x'.repeat(max - around));
    link.write(publication({ text }));
    assert.equal(await link.reply(), 1);
    await client.event('big');
    link.write(publication({ text: `${text.slice(0, -1)} }` }));
    assert.ok(await link.reply() instanceof Error);
    link.close();
    const second = await login();
    second.write('*3\r\n$7\r\nPUBLISH\r\n$5\r\nabcde\r\n$762000000\r\n');
    assert.match(await errorOf(second), /^ERR Protocol error/);
    await within(second.closed, () => 'close after a protocol error');
    await stillWorks();
  });

  test('broken RESP gets one error and the end', async () => {
    for (const bytes of ['*x\r\n', '*-1\r\n$1\r\n', '*17\r\n', '*1\r\n$-5\r\n', '*1\r\n$x\r\n', '*1\r\n+PING\r\n', '*99999999999999999999\r\n', '*1\r\n$4\r\nPINGxx',
      '*1\n$4\r\nPING\r\n', '"unbalanced\r\n', `${'x'.repeat(2000)}`, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n', '\u0000\u0001\u0002\r\n']) {
      const link = await connect();
      link.write(bytes);
      const reply = await link.reply().catch((error) => error);
      assert.ok(reply instanceof Error || reply === null, `${JSON.stringify(bytes).slice(0, 60)}: ${JSON.stringify(reply)}`);
      link.close();
    }
    await stillWorks();
  });

  test('QUIT says OK and closes', async () => {
    const link = await connect();
    assert.equal(await link.call('QUIT'), 'OK');
    await within(link.closed, () => 'close after QUIT');
  });

  test('SUBSCRIBE and PSUBSCRIBE show a person what is published', async () => {
    const watcher = await login();
    const bus = busChannel('app1', 'news');
    assert.deepEqual(await watcher.call('SUBSCRIBE', bus), ['subscribe', bus, 1]);
    const patterns = await login();
    assert.deepEqual(await patterns.call('PSUBSCRIBE', 'clairon:1:*'), ['psubscribe', 'clairon:1:*', 1]);
    const publisher = await Publisher.connect(context.relay);
    await publisher.publish('news', 'watched', { a: 1 });
    const message = await watcher.reply();
    assert.deepEqual(message.slice(0, 2), ['message', bus]);
    assert.match(message[2], /"watched"/);
    const shown = await patterns.reply();
    assert.deepEqual(shown.slice(0, 3), ['pmessage', 'clairon:1:*', bus]);
    await client.event('watched');
    for (const link of [watcher, patterns, publisher]) link.close();
  });

  test('a watcher of another application sees nothing', async () => {
    const watcher = await login(OTHER);
    watcher.write(Buffer.concat([command('SUBSCRIBE', busChannel('app1', 'news')), command('PSUBSCRIBE', '*')]));
    const publisher = await Publisher.connect(context.relay);
    await publisher.publish('news', 'private-matter', {});
    await client.event('private-matter');
    await watcher.call('PING').catch(() => {});
    assert.doesNotMatch(JSON.stringify(watcher.replies.items), /private-matter/);
    watcher.close();
    publisher.close();
  });

  test('over TCP: the password first, then signed envelopes only', async () => {
    const line = context.relay.lines.find((text) => /event=ingest/.test(text) && /tcp:|127\.0\.0\.1/.test(text));
    const port = Number(/127\.0\.0\.1:(\d+)/.exec(line)[1]);
    const link = await Resp.connect({ port, host: '127.0.0.1' });
    link.write(command('INFO'));
    assert.match(await errorOf(link), /^NOAUTH/);
    link.write(command('AUTH', 'wrong'));
    assert.match(await errorOf(link), /^WRONGPASS/);
    assert.equal(await link.call('AUTH', PASSWORD), 'OK');
    link.write(publication());
    assert.match(await errorOf(link), /signed/);
    const signed = (secret, channel = 'news') => command('PUBLISH', busChannel('app1', 'news'),
      envelope({ text: clientText('over-tcp', 'news', {}), secret, app: 'app1', channel }));
    link.write(signed('wrong'));
    assert.match(await errorOf(link), /signed/);
    link.write(signed(APP.secret, 'other'));
    assert.match(await errorOf(link), /signed/);
    link.write(signed(APP.secret));
    assert.equal(await link.reply(), 1);
    await client.event('over-tcp');
    link.close();
  });

  test('a publisher that never reads replies is not read from, others go on', async () => {
    const link = await login();
    link.socket.pause();
    const chunk = Buffer.concat(Array.from({ length: 1000 }, () => command('HELLO')));
    let written = 0;
    link.socket.on('drain', () => {});
    while (written < 200 && link.socket.write(chunk)) written++;
    for (let i = 0; i < 60; i++) link.socket.write(chunk);
    await stillWorks();
    link.close();
  });

  test('errors are counted', async () => {
    const info = await cli('info');
    for (const name of ['ingest_errors', 'envelopes_refused', 'publishes']) {
      assert.ok(Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)[1]) > 0, name);
    }
    await until(async () => Number(/^ingest_connections:(\d+)/m.exec(await cli('info'))[1]) <= 2, 'ingest connections to be gone');
  });
});

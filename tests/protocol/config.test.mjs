// SPDX-License-Identifier: MIT
//
// The program from outside: start lines, start errors with their exit status, help, and what the
// process list shows. Single settings and files are the unit tests' (tests/unit/conf_*).

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { Client } from './support/client.mjs';
import { Publisher } from './support/publish.mjs';
import { APP, PROGRAM, Relay, ROOT, runProgram } from './support/relay.mjs';

let folder;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'clairon-config-'));
});
after(() => rm(folder, { recursive: true }));

const TRIAL = `${APP.id}:${APP.key}:${APP.secret}`;
const socketArg = () => ['--ingest', `unix:${path.join(folder, 'x.sock')}`];

test('start lines say where it listens, who may publish, which applications there are', async () => {
  const relay = await Relay.start({ env: { REVERB_APP_ID: 'second', REVERB_APP_KEY: 'k2', REVERB_APP_SECRET: 'hidden2' }, ready: false });
  const ingest = await relay.logged('ingest');
  assert.equal(ingest.path, relay.socket);
  assert.equal(ingest.mode, '0666');
  const mode = (await stat(relay.socket)).mode & 0o777;
  assert.equal(mode, 0o666);
  assert.equal((await relay.logged('app', ({ id }) => id === APP.id)).source, 'flag');
  assert.equal((await relay.logged('app', ({ id }) => id === 'second')).source, 'REVERB');
  await relay.logged('ready');
  assert.ok(relay.port > 0);
  assert.doesNotMatch(relay.output, /hidden2|secret1/);
  await relay.stop();
});

test('with ingest_group the socket is that group\'s, mode 0660', async () => {
  // Its name, or its number where nothing names it.
  const group = spawnSync('id', ['-gn'], { encoding: 'utf8' }).stdout.trim();
  const relay = await Relay.start({ args: ['--ingest-group', group] });
  const info = await stat(relay.socket);
  assert.equal(info.mode & 0o777, 0o660);
  assert.equal(info.gid, process.getgid());
  assert.match(relay.output, new RegExp(`event=ingest path=\\S+ mode=0660 group=${group}`));
  await relay.stop();
});

test('several addresses, IPv6 and names among them', async () => {
  const relay = await Relay.start({ listen: '127.0.0.1:0,localhost:0' });
  assert.ok(relay.lines.filter((line) => line.includes('event=listening')).length >= 2, relay.output);
  await relay.stop();
});

test('secrets do not show in the process list', async () => {
  const relay = await Relay.start();
  const shown = await readFile(`/proc/${relay.pid}/cmdline`, 'utf8');
  assert.doesNotMatch(shown, /secret1/);
  assert.match(shown, /--app\0\*+/);
  await relay.stop();
});

test('an application from the environment works end to end', async () => {
  for (const family of ['CLAIRON', 'REVERB', 'PUSHER']) {
    const app = { id: 'env', key: 'envkey', secret: 'envsecret' };
    const relay = await Relay.start({ apps: [], env: { [`${family}_APP_ID`]: app.id, [`${family}_APP_KEY`]: app.key, [`${family}_APP_SECRET`]: app.secret } });
    const client = await Client.connect(relay, { app });
    await client.subscribe('private-x');
    const publisher = await Publisher.connect(relay, app);
    await publisher.publish('private-x', 'e', {});
    await client.event('e');
    publisher.close();
    await client.end();
    await relay.stop();
  }
});

test('a file works end to end', async () => {
  const file = path.join(folder, 'good.conf');
  await writeFile(file, '[relay]\nactivity_timeout_ms = 33000\n[app:filed]\nkey = filekey\nsecret = file;secret#x\n', { mode: 0o600 });
  const relay = await Relay.start({ apps: [], args: ['--config', file] });
  const client = await Client.connect(relay, { app: { id: 'filed', key: 'filekey', secret: 'file;secret#x' } });
  assert.equal(JSON.parse(client.established.data).activity_timeout, 33);
  await client.subscribe('private-x');
  await client.end();
  await relay.stop();
});

test('a readable file with secrets is warned about and used', async () => {
  const file = path.join(folder, 'open.conf');
  await writeFile(file, '[app:filed]\nkey = filekey\nsecret = filesecret\n', { mode: 0o644 });
  const relay = await Relay.start({ apps: [], args: ['--config', file] });
  assert.match(relay.output, new RegExp(`${file}: warning: .*chmod o-r`));
  await relay.stop();
});

test('no application: exit 2 and a sentence that says how to give one', async () => {
  const { code, errors } = await runProgram(['--listen', '127.0.0.1:0', ...socketArg()]);
  assert.equal(code, 2);
  assert.match(errors, /no application; give one by --app ID:KEY:SECRET/);
});

test('all wrong settings are named, exit 2', async () => {
  const file = path.join(folder, 'bad.conf');
  await writeFile(file, '[relay]\nworkers = many\nlissten = x\n', { mode: 0o600 });
  const { code, errors, output } = await runProgram(['--config', file, '--app', TRIAL, '--seen-ids=x'], { CLAIRON_MEMBERS: '-1' });
  assert.equal(code, 2);
  assert.equal(output, '');
  assert.match(errors, new RegExp(`${file}:2: workers: "many"`));
  assert.match(errors, new RegExp(`${file}:3: lissten is not a setting of \\[relay\\]; did you mean listen\\?`));
  assert.match(errors, /--seen-ids: seen_ids: "x"/);
  assert.match(errors, /CLAIRON_MEMBERS: members: "-1"/);
  assert.equal(errors.trim().split('\n').length, 4, errors);
});

test('an address in use: exit 1 and what to do', async () => {
  const server = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address();
  const { code, errors } = await runProgram(['--listen', `127.0.0.1:${port}`, ...socketArg(), '--app', TRIAL]);
  assert.equal(code, 1);
  assert.match(errors, new RegExp(`127\\.0\\.0\\.1:${port}`));
  assert.match(errors, /in use/i);
  server.close();
});

test('a name that does not resolve: exit 1 and its name', async () => {
  const { code, errors } = await runProgram(['--listen', 'no-such-host.invalid:0', ...socketArg(), '--app', TRIAL]);
  assert.equal(code, 1);
  assert.match(errors, /no-such-host\.invalid/);
});

test('a folder that does not exist for the socket: exit 1, the path and what to do', async () => {
  const { code, errors } = await runProgram(['--listen', '127.0.0.1:0', '--ingest', `unix:${folder}/none/x.sock`, '--app', TRIAL]);
  assert.equal(code, 1);
  assert.match(errors, /none\/x\.sock/);
});

test('a socket of a running relay is not taken, a stale one is', async () => {
  const first = await Relay.start();
  const { code, errors } = await runProgram(['--listen', '127.0.0.1:0', '--ingest', `unix:${first.socket}`, '--app', TRIAL]);
  assert.equal(code, 1);
  assert.match(errors, /relay\.sock/);
  const publisher = await Publisher.connect(first);
  publisher.close();
  first.signal('SIGKILL');
  await first.exited;
  const second = new Relay(first.folder);
  second.spawn(['--listen', '127.0.0.1:0', '--ingest', `unix:${first.socket}`, '--app', TRIAL], {});
  await second.logged('ready');
  (await Publisher.connect(second)).close();
  await second.stop();
});

test('a file that is no socket is never removed', async () => {
  const file = path.join(folder, 'precious');
  await writeFile(file, 'data');
  const link = path.join(folder, 'link');
  await symlink(file, link);
  for (const name of [file, link]) {
    const { code, errors } = await runProgram(['--listen', '127.0.0.1:0', '--ingest', `unix:${name}`, '--app', TRIAL]);
    assert.equal(code, 1);
    assert.match(errors, new RegExp(name));
    assert.equal(await readFile(file, 'utf8'), 'data');
  }
});

test('--help fits a screen and exits 0, --version tells the version', async () => {
  const help = await runProgram(['--help']);
  assert.equal(help.code, 0);
  assert.equal(help.errors, '');
  const lines = help.output.trimEnd().split('\n');
  assert.ok(lines.length <= 23 && lines.every((line) => line.length <= 80));
  const version = await runProgram(['--version']);
  assert.match(version.output, /^clairon-relay \d+\.\d+\.\d+\n$/);
  assert.equal(version.code, 0);
});

test('docs/configuration.md is what the program prints', async () => {
  const { output } = await runProgram(['--print-configuration']);
  assert.equal(await readFile(path.join(ROOT, 'docs/configuration.md'), 'utf8'), output, `run ${path.basename(PROGRAM)} --print-configuration > docs/configuration.md`);
});

test('log_level error is silent while all is well', async () => {
  const relay = new Relay(await mkdtemp(path.join(tmpdir(), 'clairon-')));
  const probe = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => probe.once('listening', resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  relay.port = port;
  relay.spawn(['--listen', `127.0.0.1:${port}`, '--ingest', `unix:${relay.socket}`, '--app', TRIAL, '--log-level', 'error'], {});
  const deadline = Date.now() + 5000;
  let client;
  while (!client && Date.now() < deadline) client = await Client.connect(relay).catch(() => undefined);
  await client.end();
  await relay.stop();
  assert.equal(relay.output, '');
});

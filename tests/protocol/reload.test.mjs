// SPDX-License-Identifier: MIT
//
// SIGHUP: the configuration is read again. What is right is taken over without dropping anybody
// who may stay; what is wrong changes nothing and says why.

import assert from 'node:assert/strict';
import { chmod, rm, writeFile } from 'node:fs/promises';
import { test } from 'node:test';

import { Client } from './support/client.mjs';
import { busChannel, clientText, envelope, Resp } from './support/publish.mjs';
import { Relay, withRelay } from './support/relay.mjs';
import { until } from './support/wait.mjs';

const A = { id: 'a', key: 'ka', secret: 'sa' };
const B = { id: 'b', key: 'kb', secret: 'sb' };
const C = { id: 'c', key: 'kc', secret: 'sc' };

const section = ({ id, key, secret }, lines = []) => [`[app:${id}]`, `key = ${key}`, `secret = ${secret}`, ...lines, ''].join('\n');
const text = (relay, ...sections) => [`[relay]`, ...relay, '', ...sections].join('\n');

/** Writes a new file, one that nobody else may read, and sends the signal. */
async function replace(relay, file) {
  await writeFile(relay.file, file);
  await chmod(relay.file, 0o600);
  relay.signal('SIGHUP');
}

/** ... and waits until it counts; gives the events that said what changed. */
async function reload(relay, file) {
  const seen = relay.lines.length;
  await replace(relay, file);
  await relay.logged('reloaded');
  return relay.lines.slice(seen).map((line) => line.replace(/^time=\S+ level=\w+ event=/, ''))
    .filter((line) => !/^(reloading|reloaded|refused)/.test(line));
}

const code = async (relay, app, options) => (await Client.open(relay, { app, ...options }).closed()).code;

withRelay('reload', { apps: [], file: text([], section(A), section(B)) }, (context) => {
  test('applications come, change and go; everybody else stays', async () => {
    const { relay } = context;
    const stays = await Client.connect(relay, { app: A });
    const goes = await Client.connect(relay, { app: B });
    await stays.subscribe('presence-room', { user: 'u1' });
    await goes.subscribe('room');
    assert.equal(await code(relay, C), 4001);

    assert.deepEqual(await reload(relay, text([], section(A, ['members = 1']), section(C))),
      ['app_changed id=a keys=members', 'app_removed id=b', 'app_added id=c']);
    assert.equal((await goes.closed()).code, 4001);
    assert.equal(await code(relay, B), 4001);
    const fresh = await Client.connect(relay, { app: C });
    await fresh.subscribe('private-room');
    await stays.settle();

    const late = await Client.connect(relay, { app: A });
    late.ask('presence-room', { user: 'u2' });
    assert.match((await late.errorFrame()).message, /as many members as it may have/);

    // Back into its old place, and the others as they were.
    assert.deepEqual(await reload(relay, text([], section(B), section(C), section(A))),
      ['app_changed id=a keys=members', 'app_added id=b']);
    const back = await Client.connect(relay, { app: B });
    await back.subscribe('room');
    late.ask('presence-room', { user: 'u2' });
    await late.event('pusher_internal:subscription_succeeded');
    await stays.event('pusher_internal:member_added', 'presence-room');
    assert.deepEqual(await reload(relay, text([], section(A), section(B))), ['app_removed id=c']);
    assert.equal((await fresh.closed()).code, 4001);
    for (const client of [stays, back, late]) await client.end();
  });

  test('a publisher goes on, and reaches an application that is new', async () => {
    const { relay } = context;
    const link = await Resp.connect({ path: relay.socket });
    await link.call('AUTH', 'a', 'sa');
    await reload(relay, text([], section(A), section(C)));
    const client = await Client.connect(relay, { app: C });
    await client.subscribe('news');
    const second = await Resp.connect({ path: relay.socket });
    await second.call('AUTH', 'c', 'sc');
    const bytes = envelope({ text: clientText('hello', 'news', '1') });
    assert.equal(await second.call('PUBLISH', busChannel('c', 'news'), bytes), 1);
    await client.event('hello', 'news');
    assert.equal(await link.call('PING'), 'PONG');
    // Of an application that is gone.
    await reload(relay, text([], section(A), section(B)));
    await second.closed;
    link.close();
  });

  test('what is wrong changes nothing and says why, with file and line', async () => {
    const { relay } = context;
    const client = await Client.connect(relay, { app: A });
    for (const [file, problem] of [
      [text(['nonsense = 1'], section(A)), ':2: nonsense is not a setting of [relay]; clairon-relay --help-all lists all of them'],
      [text([], section(A), section({ ...B, key: 'ka' })), ':7: application b has the key of application a'],
      [text([], section(A, ['members = many'])), ":6: members: 'many' is not a whole number from 1 to 10000"],
      [text([], '[app:a]\nkey = ka\n'), ':3: [app:a] has no secret'],
      ['', 'no application; give one by'],
    ]) {
      await replace(relay, file);
      const line = await relay.logged('configuration');
      assert.ok(line.problem.includes(problem), `${line.problem} has ${problem}`);
      await relay.logged('reload_failed');
    }
    await client.settle();
    await (await Client.connect(relay, { app: B })).end();
    assert.equal(await code(relay, C), 4001);
    await client.end();
    assert.deepEqual(await reload(relay, text([], section(A), section(B))), []);
  });

  test('disabled applications get 4003, tls_only ones 4000', async () => {
    const { relay } = context;
    const clients = await Promise.all([Client.connect(relay, { app: A }), Client.connect(relay, { app: B })]);
    await reload(relay, text([], section(A, ['enabled = false']), section(B, ['tls_only = true'])));
    assert.equal((await clients[0].closed()).code, 4003);
    assert.equal((await clients[1].closed()).code, 4000);
    assert.equal(await code(relay, A), 4003);
    assert.equal(await code(relay, B), 4000);
    assert.deepEqual(await reload(relay, text([], section(A), section(B))),
      ['app_changed id=a keys=enabled', 'app_changed id=b keys=tls_only']);
    await (await Client.connect(relay, { app: A })).end();
  });

  test('keys rotate: both pairs count, then the new one only', async () => {
    const { relay } = context;
    const fresh = { ...A, key: 'ka2', secret: 'sa2' };
    const old = await Client.connect(relay, { app: A });
    assert.deepEqual(await reload(relay, text([], section(fresh, ['previous_key = ka', 'previous_secret = sa']), section(B))),
      ['app_changed id=a keys=key,secret,previous_key,previous_secret']);
    const young = await Client.connect(relay, { app: fresh });
    const late = await Client.connect(relay, { app: A });
    // Who came by one key may prove itself by the other pair.
    for (const client of [old, young, late]) {
      for (const app of [A, fresh]) {
        client.app = app;
        await client.subscribe(`private-by-${app.key}`);
      }
    }
    old.app = { ...A, secret: 'other' };
    old.ask('private-x');
    assert.match((await old.errorFrame()).message, /Invalid signature/);
    for (const secret of ['sa', 'sa2']) {
      const link = await Resp.connect({ path: relay.socket });
      assert.equal(await link.call('AUTH', 'a', secret), 'OK');
      link.close();
    }
    assert.doesNotMatch(relay.output, /sa2/, 'secrets are not logged');

    await reload(relay, text([], section(fresh), section(B)));
    await late.settle();
    late.app = A;
    late.ask('private-y');
    assert.match((await late.errorFrame()).message, /Invalid key/);
    assert.equal(await code(relay, A), 4001);
    const link = await Resp.connect({ path: relay.socket });
    await assert.rejects(async () => {
      const answer = await link.call('AUTH', 'a', 'sa');
      if (answer instanceof Error) throw answer;
    }, /WRONGPASS/);
    link.close();
    await reload(relay, text([], section(A), section(B)));
    for (const client of [old, young, late]) await client.end();
  });

  test('settings of the relay: some count at once, some at the next start', async () => {
    const { relay } = context;
    const client = await Client.connect(relay, { app: A });
    assert.deepEqual(await reload(relay, text(['max_connections = 1', 'seen_ids = 17', 'upgrade_rate = 1999', 'bus_prefix = other'], section(A), section(B))), [
      'setting_kept key=bus_prefix reason="it takes effect at the next start"',
      'setting_changed key=max_connections',
      'setting_changed key=upgrade_rate',
      'setting_kept key=seen_ids reason="it takes effect at the next start"',
    ]);
    assert.equal(await code(relay, A), 4100);
    await client.end();
    const lines = await reload(relay, text([], section(A), section(B)));
    assert.deepEqual(lines, ['setting_changed key=max_connections', 'setting_changed key=upgrade_rate']);
  });

  test('signals in a row end in the last file', async () => {
    const { relay } = context;
    const client = await Client.connect(relay, { app: A });
    for (let i = 0; i < 20; i++) {
      await replace(relay, text([], section(A, [`members = ${i + 1}`]), ...(i % 2 === 0 ? [section(C)] : []), section(B)));
    }
    await replace(relay, text([], section(A, ['enabled = false']), section(B)));
    assert.equal((await client.closed()).code, 4003);
    await replace(relay, text([], section(A), section(B)));
    await until(async () => {
      const again = Client.open(relay, { app: A });
      const first = await Promise.race([again.event('pusher:connection_established').catch(() => null), again.closed()]);
      again.socket.terminate();
      return first?.event !== undefined;
    }, 'the last file counts');
    assert.equal(await code(relay, C), 4001);
  });
});

for (const workers of [1, 2]) {
  test(`flags and environment are read again, secrets included, ${workers} worker(s)`, async () => {
    const relay = await Relay.start({ workers, apps: [A], env: { CLAIRON_APP_ID: 'b', CLAIRON_APP_KEY: 'kb', CLAIRON_APP_SECRET: 'sb' }, file: text([], section(C)) });
    assert.deepEqual(await reload(relay, text([], section(C), section({ id: 'd', key: 'kd', secret: 'sd' }))), ['app_added id=d']);
    for (const app of [A, B, C]) {
      const client = await Client.connect(relay, { app });
      await client.subscribe('private-x');
      await client.end();
    }
    await relay.stop();
  });

  test(`SIGTERM in the middle of a reload ends in order, ${workers} worker(s)`, async () => {
    const relay = await Relay.start({ workers, apps: [], file: text([], section(A)) });
    const client = await Client.connect(relay, { app: A });
    await writeFile(relay.file, text([], section(A), section(B)));
    relay.signal('SIGHUP');
    relay.signal('SIGTERM');
    assert.equal((await client.closed()).code, 4200);
    relay.signal('SIGHUP'); /* means nothing now */
    await relay.stop({ signal: null });
  });
}

test('without a file SIGHUP changes nothing', async () => {
  const relay = await Relay.start();
  const client = await Client.connect(relay);
  relay.signal('SIGHUP');
  assert.equal((await relay.logged('reloaded')).changes, '0');
  await client.settle();
  await client.end();
  await relay.stop();
});

test('a file that is gone changes nothing', async () => {
  const relay = await Relay.start({ apps: [], file: text([], section(A)) });
  await rm(relay.file);
  relay.signal('SIGHUP');
  assert.match((await relay.logged('configuration')).problem, /cannot be opened/);
  await relay.logged('reload_failed');
  await (await Client.connect(relay, { app: A })).end();
  await relay.stop();
});

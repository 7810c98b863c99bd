// SPDX-License-Identifier: MIT
//
// The relay picks up what publishers left in their spools: at the start and later, in order, once,
// nothing that is not signed; files that are no spools, belong to somebody else or are damaged; a
// publisher that replays itself; death in the middle.

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, symlink, writeFile, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import { Client } from './support/client.mjs';
import { clientText, counters, envelope } from './support/publish.mjs';
import { APP, Relay } from './support/relay.mjs';
import { header, holdClaim, putFile, rawRecord, readSpool, record, writeNote, writeSpool } from './support/spool.mjs';
import { until } from './support/wait.mjs';

const OTHER = { id: 'app2', key: 'key2', secret: 'secret2' };
const STRANGER = { id: 'stranger', secret: 'secret3' };
const LOOK = ['--spool-look-ms', '20'];

let folder;
let files = 0;
before(async () => (folder = await mkdtemp(path.join(tmpdir(), 'clairon-spools-'))));
after(() => rm(folder, { recursive: true, force: true }));
const newPath = () => path.join(folder, `spool-${++files}`);

const numbered = (count, channel = 'news', app = APP) =>
  Array.from({ length: count }, (_, i) => record(app, channel, 'e', { n: i }));
const numbers = (client) => client.inbox.items.filter(({ event }) => event === 'e').map(({ data }) => JSON.parse(data).n);
const upTo = (count) => Array.from({ length: count }, (_, i) => i);
const isEmpty = async (file) => (await readSpool(file)).waiting === 0;
/** Counted a moment after the file says so. */
const counted = (relay, expected) => until(async () => {
  const count = await counters(relay);
  return Object.entries(expected).every(([name, value]) => count(name) === value);
}, JSON.stringify(expected));
const emptied = (file) => until(() => isEmpty(file), `${file} to be empty`);

for (const workers of [1, 2]) {
  describe(`spools, ${workers} worker${workers > 1 ? 's' : ''}`, () => {
    const start = (spools, args = LOOK) =>
      Relay.start({ workers, apps: [APP, OTHER], args: [...spools.flatMap((file) => ['--spool', file]), ...args] });

    /** A relay that looks at one spool, and a client on its channel. */
    async function begin(t, channel = 'news') {
      const file = newPath();
      const relay = await start([file]);
      t.after(() => relay.stop());
      const client = await Client.connect(relay);
      t.after(() => client.end());
      await client.subscribe(channel);
      return { file, relay, client };
    }

    test('what waits at the start is published, and the file shrinks', async (t) => {
      const file = newPath();
      await writeSpool(file, APP, [...numbered(40), ...numbered(3, 'cache-last')]);
      const relay = await start([file], []);
      t.after(() => relay.stop());
      const began = await relay.logged('spool_begin');
      assert.deepEqual([began.path, began.app], [file, APP.id]);
      const ended = await relay.logged('spool_end');
      assert.deepEqual([ended.replayed, ended.repeated, ended.refused, ended.expired, ended.torn], ['43', '0', '0', '0', '0']);
      const client = await Client.connect(relay);
      await client.subscribe('cache-last');
      assert.equal((await client.event('e')).data, '{"n":2}', 'a cache channel has the last of them');
      await client.end();
      const spool = await readSpool(file);
      assert.deepEqual([spool.size, spool.waiting, spool.replayed, spool.repeated], [256, 0, 43, 0]);
      await counted(relay, { spool_replayed: 43, spool_repeated: 0, envelopes_refused: 0, publishes: 43 });
    });

    test('what comes later is found, in order and once', async (t) => {
      const { file, client } = await begin(t);
      for (let round = 0; round < 2; round++) {
        await writeSpool(file, APP, numbered(500));
        await until(() => numbers(client).length >= 500, '500 events');
        await emptied(file);
        await until(() => numbers(client).length >= 500, 'all events');
        assert.deepEqual(numbers(client), upTo(500));
        client.inbox.items = [];
      }
    });

    test('several spools, one for each application', async (t) => {
      const own = [newPath(), newPath(), newPath()];
      await writeSpool(own[0], APP, numbered(3));
      await writeSpool(own[1], OTHER, numbered(4, 'news', OTHER));
      const relay = await start(own, []);
      t.after(() => relay.stop());
      const ended = [await relay.logged('spool_end'), await relay.logged('spool_end')];
      assert.deepEqual(ended.map(({ app, replayed }) => `${app} ${replayed}`).sort(), ['app1 3', 'app2 4']);
    });

    test('only what is signed, whole and allowed is published', async (t) => {
      const { file, relay, client } = await begin(t);
      const bad = [
        record({ ...APP, secret: 'wrong' }, 'news', 'bad', {}),
        record(OTHER, 'news', 'bad', {}),
        rawRecord('news', envelope({ text: clientText('bad', 'news', {}) })),
        rawRecord('news', envelope({ text: clientText('bad', 'other', {}), secret: APP.secret, app: APP.id, channel: 'other' })),
        record(APP, 'no channel', 'bad', {}),
        record(APP, 'news', 'bad', 'x'.repeat(200000)),
        record(APP, 'news', 'bad', {}, { version: 9 }),
        record(APP, 'news', 'bad', {}, { text: Buffer.from([0xff, 0xfe]) }),
        rawRecord('news', Buffer.alloc(60)),
      ];
      await writeSpool(file, APP, [...bad.slice(0, 4), record(APP, 'news', 'e', { n: 0 }), ...bad.slice(4), record(APP, 'news', 'e', { n: 1 })]);
      await until(() => numbers(client).length === 2, 'the good ones');
      await emptied(file);
      assert.deepEqual(client.inbox.items.map(({ event }) => event), ['e', 'e']);
      await counted(relay, { spool_refused: bad.length });
      assert.equal((await readSpool(file)).refused, bad.length);
      const ended = await relay.logged('spool_end');
      assert.deepEqual([ended.replayed, ended.refused], ['2', String(bad.length)]);
    });

    test('old events are dropped and counted', async (t) => {
      const file = newPath();
      const old = (ms) => ({ timeMs: Date.now() - ms });
      await writeSpool(file, APP, [record(APP, 'news', 'e', {}, old(3600e3)), record(APP, 'news', 'e', {}, old(30e3)),
        record(APP, 'news', 'e', {}, { timeMs: Date.now() + 3600e3 })]);
      const relay = await start([file], ['--spool-age-ms', '600000']);
      t.after(() => relay.stop());
      const ended = await relay.logged('spool_end');
      assert.deepEqual([ended.replayed, ended.expired], ['2', '1']);
      await counted(relay, { spool_expired: 1 });
    });

    test('a damaged record is passed over', async (t) => {
      const { file, relay, client } = await begin(t);
      const records = numbered(5);
      records[1][records[1].length - 3] ^= 1;
      records[3].writeUInt32BE(0xfffffff0, 0);
      await writeSpool(file, APP, records);
      await until(() => numbers(client).length === 3, 'the good ones');
      await emptied(file);
      await until(() => numbers(client).length >= 3, 'the good ones');
      assert.deepEqual(numbers(client), [0, 2, 4]);
      await counted(relay, { spool_torn: 2 });
    });

    test('files that are no spool of ours are named in the log and left alone', async (t) => {
      const paths = { text: newPath(), link: newPath(), folder: newPath(), version: newPath(), stranger: newPath(), below: newPath() };
      const target = newPath();
      await writeSpool(target, APP, numbered(1));
      await writeFile(paths.text, 'hello\n'.repeat(100));
      await symlink(target, paths.link);
      await mkdir(paths.folder);
      const newer = header(APP.id, 0);
      newer.writeUInt32BE(2, 8);
      await writeFile(paths.version, newer);
      await writeSpool(paths.stranger, STRANGER, numbered(1, 'news', STRANGER));
      paths.below = path.join(paths.text, 'spool');
      const before = await Promise.all([paths.text, target, paths.version, paths.stranger].map((file) => readFile(file)));
      const relay = await start(Object.values(paths));
      t.after(() => relay.stop());
      for (const [name, reason] of [['text', /no spool/], ['link', /symbolic link/], ['folder', /no spool/], ['version', /another version/],
        ['stranger', /does not serve/], ['below', /directory/]]) {
        assert.match((await relay.logged('spool_failed', (entry) => entry.path === paths[name])).reason, reason);
      }
      await counted(relay, { spool_replayed: 0 });
      assert.deepEqual(await Promise.all([paths.text, target, paths.version, paths.stranger].map((file) => readFile(file))), before);
      assert.equal(relay.lines.filter((line) => line.includes('spool_failed')).length, 6, 'said once each');
    });

    test('huge lengths and a damaged header do no harm', async (t) => {
      const { file, relay, client } = await begin(t);
      const body = Buffer.concat([...numbered(2), Buffer.alloc(300000, 0x7f)]);
      await putFile(file, header(APP.id, 2 ** 40), body);
      await emptied(file);
      await until(() => numbers(client).length >= 2, 'the good ones');
      assert.deepEqual(numbers(client), [0, 1]);
      const damaged = Buffer.concat([header(APP.id, 5), ...numbered(3)]);
      damaged[13] ^= 1;
      await putFile(file, damaged);
      await until(() => numbers(client).length === 5, 'all of a file whose header is mended');
      assert.deepEqual(numbers(client), [0, 1, 0, 1, 2]);
      assert.equal((await relay.request('/up')).status, 200);
    });

    test('one that was cut off is read up to there, and begun files wait', async (t) => {
      const { file, client } = await begin(t);
      await putFile(file, header(APP.id, 0).subarray(0, 100));
      const records = numbered(3);
      const length = Buffer.concat(records).length;
      await writeSpool(file, APP, [...records.slice(0, 2), records[2].subarray(0, 40)]);
      await until(() => numbers(client).length === 2, 'two events');
      await emptied(file);
      assert.equal((await readSpool(file)).torn, 1);
      await putFile(file, header(APP.id, length), record(APP, 'news', 'e', { n: 2 }));
      await emptied(file);
      await until(() => numbers(client).length >= 3, 'the third event');
      assert.deepEqual(numbers(client), [0, 1, 2]);
    });

    test('a publisher that replays is left alone; when it has gone the relay does it', async (t) => {
      const { file, relay, client } = await begin(t);
      const claim = await holdClaim(file);
      await writeSpool(file, APP, numbered(10));
      await client.subscribe('later'); /* a while in which it could have */
      assert.ok(!(await isEmpty(file)));
      assert.deepEqual(numbers(client), []);
      await claim.release();
      await until(() => numbers(client).length === 10, 'all events');
      assert.deepEqual(numbers(client), upTo(10));
      await counted(relay, { spool_replayed: 10 });
    });

    test('records that a publisher has under way are left to it for their time, then counted as repeated', async (t) => {
      const { file, relay, client } = await begin(t);
      const claim = await holdClaim(file);
      const records = numbered(4);
      await writeSpool(file, APP, records);
      const until = Date.now() + 700;
      await writeNote(file, records[0].length + records[1].length, until);
      await claim.release();
      await client.event('e');
      assert.ok(Date.now() >= until, 'not before its time');
      await emptied(file);
      await counted(relay, { spool_replayed: 4, spool_repeated: 2 });
    });

    test('what was sent before is counted as repeated, and dropped by its id', async (t) => {
      const { file, relay, client } = await begin(t);
      const same = record(APP, 'news', 'e', { n: 0 }, { wasSent: true });
      await writeSpool(file, APP, [same, same, record(APP, 'news', 'e', { n: 1 })]);
      await until(() => numbers(client).includes(1), 'the last event');
      await emptied(file);
      assert.deepEqual(numbers(client), [0, 1]);
      await counted(relay, { spool_replayed: 3, spool_repeated: 2, duplicates: 1 });
    });

    test('kill -9 in the middle: the next relay goes on, and what came twice was counted', async (t) => {
      const count = 2000;
      const file = newPath();
      await writeSpool(file, APP, numbered(count));
      const seen = [];
      const replay = async (enough) => {
        const claim = await holdClaim(file);
        const relay = await start([file]);
        const client = await Client.connect(relay);
        await client.subscribe('news');
        await claim.release();
        await until(() => enough(client), 'enough events');
        return { relay, client };
      };
      const first = await replay((client) => numbers(client).length >= 300);
      first.relay.signal('SIGKILL');
      await first.relay.exited;
      await first.client.closing;
      await rm(first.relay.folder, { recursive: true, force: true });
      seen.push(...numbers(first.client));
      assert.deepEqual(seen, upTo(seen.length));

      const second = await replay(() => isEmpty(file));
      t.after(() => second.relay.stop());
      await until(() => numbers(second.client).includes(count - 1), 'the last event');
      const again = numbers(second.client);
      assert.deepEqual(again, upTo(count).slice(-again.length));
      /* Mail between workers dies with them, as it does for any event that was acknowledged. */
      if (workers === 1) assert.ok(seen.length + again.length >= count, `none is missing between ${seen.length} and ${count - again.length}`);
      const { repeated, replayed } = await readSpool(file);
      assert.equal(replayed, count);
      assert.ok(seen.length + again.length - count <= repeated, `${seen.length + again.length - count} doubled, ${repeated} counted`);
      await second.client.end();
    });

    test('SIGTERM in the middle leaves the rest in the file', async () => {
      const count = 2500;
      const file = newPath();
      await writeSpool(file, APP, numbered(count));
      const relay = await start([file]);
      await until(async () => (await readSpool(file)).replayed > 0, 'a beginning');
      await relay.stop();
      const left = await readSpool(file);
      assert.ok(left.waiting > 0, 'it ended before the spool did');
      const next = await start([file]);
      await emptied(file);
      const { replayed, repeated } = await readSpool(file);
      assert.deepEqual({ replayed, repeated }, { replayed: count, repeated: 0 }, 'nothing is sent twice');
      await next.stop();
    });
  });
}

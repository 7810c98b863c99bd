// SPDX-License-Identifier: MIT
//
// The scenarios; see ./run. Each says what may be lost or come twice and compares it with the counts of
// all publishers, of the spool and of the relay, and with what stock clients got.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { counters } from '../protocol/support/publish.mjs';
import { freePort, Redis } from '../protocol/support/redis.mjs';
import { APP } from '../protocol/support/relay.mjs';
import { readSpool } from '../protocol/support/spool.mjs';
import { until } from '../protocol/support/wait.mjs';
import { Fpm, WORKERS } from './support/fpm.mjs';
import { Listener } from './support/listener.mjs';
import { Load, RESULT } from './support/load.mjs';
import { Phoenix } from './support/relay.mjs';
import { Sink } from './support/sink.mjs';
import { Checks, printCounts, printTimes } from './support/table.mjs';

const CHANNELS = ['faults-1', 'faults-2', 'private-faults-3'];
const LISTENERS = [CHANNELS, CHANNELS.slice(0, 2), CHANNELS.slice(2)];
const SETTLE_MS = 60000;
const SMALL_OUTBOX = 20; // so that a full disk costs something at once
const REASONS = ['outbox_events', 'outbox_bytes', 'spool_full', 'spool_disk', 'spool_expired', 'spool_torn', 'spool_refused'];
const long = process.argv.includes('--long');
const MS = long ? { before: 3000, outage: 10000, after: 5000, past: 500, ack: 5000 } : { before: 700, outage: 1500, after: 800, past: 200, ack: 500 };

const checks = new Checks();
const head = (list) => `${list.length}: ${list.slice(0, 5).join(', ')}`;

/** Everything that a scenario needs, and ends with it. */
class Scene {
  static async start({ redis = false, diskFull = false, options = {} }) {
    const scene = new Scene();
    try {
      await scene.set({ redis, diskFull, options });
    } catch (error) {
      await scene.stop();
      throw error;
    }
    return scene;
  }

  async set({ redis, diskFull, options }) {
    this.folder = await mkdtemp(path.join(tmpdir(), 'clairon-faults-'));
    this.spool = path.join(this.folder, 'spool');
    if (redis) this.redis = await Redis.start();
    const engine = redis ? ['--engine', 'redis', '--redis', `unix:${this.redis.socket}`] : ['--spool', this.spool];
    this.relay = new Phoenix(this.folder, await freePort(), engine);
    await this.relay.up();
    this.listeners = await Promise.all(LISTENERS.map((channels) => Listener.start(this.relay, channels)));
    this.fpm = await Fpm.start(this.folder, { diskFull });
    if (long) this.sink = await Sink.start(path.join(this.folder, 'sink.sock'));
    this.load = new Load(this.fpm, CHANNELS, {
      sink: this.sink?.path,
      dsn: redis ? `redis+unix:${this.redis.socket}` : `unix:${this.relay.socket}`,
      options: { app: APP.id, key: APP.key, secret: APP.secret, spool: this.spool, ...options },
    });
    await this.load.start();
    await until(() => this.load.last.filter(Boolean).length === WORKERS, 'every worker to have published', SETTLE_MS);
  }

  /** Load before, during and after the outage; then until nothing waits anywhere. */
  async pass(begin, end, inTheMiddle = async () => {}) {
    await pause(MS.before);
    this.load.phase = 'outage';
    await begin();
    await pause(MS.outage / 2);
    await inTheMiddle();
    await pause(MS.outage / 2);
    await end();
    this.load.phase = 'after';
    if (this.listeners.some(({ client }) => client.connection.state !== 'connected')) await this.comeBack();
    await Promise.all(this.listeners.map((listener) => listener.isSubscribed()));
    await pause(MS.after);
    await until(() => this.isPastSpool(), 'events to go past the spool again, under load', SETTLE_MS);
    await this.load.stop();
    await until(() => this.load.flush(), 'the publishers to have sent everything', SETTLE_MS);
    await until(() => this.isComplete(), 'the last events', 5000).catch(() => {});
  }

  /** Whether nothing has come to the spool for a moment, although all publish. */
  async isPastSpool() {
    const spooled = () => this.load.sum((stats) => stats.spooled);
    const [events, before] = [this.load.events.size, spooled()];
    await pause(MS.past);
    return this.load.events.size > events && spooled() === before;
  }

  /** The clients that lost the relay, and one that comes only now. */
  async comeBack() {
    if (!long) this.listeners.forEach((listener) => listener.reconnect());
    this.listeners.push(await Listener.start(this.relay, CHANNELS));
  }

  /** Whether every client has what it is owed. */
  isComplete() {
    return this.listeners.every((listener) => this.missing(listener).length === 0);
  }

  missing(listener, isExcused = () => false) {
    return [...this.load.events.values()]
      .filter((event) => listener.isOwed(event) && !listener.got.has(event.key) && event.result !== RESULT.dropped && !isExcused(event))
      .map(({ key }) => key);
  }

  async stop() {
    this.load?.close();
    this.listeners?.forEach((listener) => listener.stop());
    await this.fpm?.stop();
    await this.sink?.stop();
    await this.relay?.stop();
    await this.redis?.stop();
    if (this.folder) await rm(this.folder, { recursive: true, force: true });
  }
}

/** The numbers of publishers, spool and relay. */
async function tally({ load, spool, relay }) {
  const info = await counters(relay);
  const file = await readSpool(spool).catch(() => null);
  const dropped = Object.fromEntries(REASONS.map((reason) => [reason, load.sum((stats) => stats.dropped_by_reason[reason])]));
  return {
    published: load.count(() => true),
    answeredDropped: load.count(({ result }) => result === RESULT.dropped),
    unanswered: load.count(({ result }) => result === null),
    acknowledged: load.sum((stats) => stats.acknowledged),
    rejected: load.sum((stats) => stats.rejected),
    dropped,
    droppedInAll: Object.values(dropped).reduce((sum, count) => sum + count, 0),
    relayReplayed: info('spool_replayed'),
    listed: load.sum((stats) => stats.possibly_repeated) + load.sum((stats) => stats.resent) + info('spool_repeated'),
    toldDropped: REASONS.reduce((sum, reason) => sum + info(`publisher_dropped_${reason}`), 0),
    gaps: info('sequence_gaps'),
    duplicates: info('duplicates'),
    spooled: file?.appended ?? 0,
    waiting: file?.waiting ?? 0,
    openings: load.sum((stats) => stats.circuit_openings),
  };
}

function show(scene, counts) {
  const { dropped, ...rest } = counts;
  const { listeners, load } = scene;
  printTimes(load.calls, load.bare, long);
  printCounts({
    'events published': rest.published,
    '  per second': Math.round(rest.published / load.seconds),
    'acknowledged to publishers': rest.acknowledged,
    'published from the spool by the relay': rest.relayReplayed,
    'went through the spool': rest.spooled,
    'listed as possibly repeated': rest.listed,
    'doubles that the relay dropped': rest.duplicates,
    'the relay was told were dropped': rest.toldDropped,
    ...Object.fromEntries(Object.entries(dropped).filter(([, count]) => count > 0).map(([reason, count]) => [`dropped: ${reason}`, count])),
    'received, all clients': listeners.reduce((sum, { got }) => sum + got.size, 0),
    'received twice, all clients': listeners.reduce((sum, { doubled }) => sum + doubled.length, 0),
    'connections that clients lost': listeners.reduce((sum, { disconnects }) => sum + disconnects, 0),
  });
}

function checkClients(scene, { isExcused = () => false, mayDouble = 0 } = {}) {
  scene.listeners.forEach((listener, i) => {
    const missing = scene.missing(listener, isExcused);
    checks.that(`client ${i + 1} got every event published after its subscription_succeeded`, missing.length === 0, head(missing));
    checks.that(`client ${i + 1} got ${mayDouble > 0 ? `at most ${mayDouble} events` : 'no event'} twice`, listener.doubled.length <= mayDouble, head(listener.doubled));
    checks.that(`client ${i + 1} got the events of each worker and channel in order`, listener.order.length === 0, head(listener.order));
  });
}

function checkCommon(scene, counts) {
  checks.that('no worker ended that was not killed', scene.load.unexpected.length === 0, head(scene.load.unexpected));
  checks.equal('nothing waits in the spool', counts.waiting, 0);
  checks.equal('nothing was rejected', counts.rejected, 0);
  checks.equal('the relay misses no number in any sequence', counts.gaps, 0);
}

/** An outage of Redis that the relay and its clients live through. */
async function redisOutage(scene, begin, end) {
  await scene.pass(() => begin(scene.redis), () => end(scene.redis));
  const counts = await tally(scene);
  show(scene, counts);
  checkCommon(scene, counts);
  checks.equal('every event was acknowledged once', counts.acknowledged, counts.published);
  checks.equal('nothing was dropped', counts.droppedInAll, 0);
  checks.that('events went through the spool', counts.spooled > 0);
  checks.that('no client lost its connection', scene.listeners.every(({ disconnects }) => disconnects === 0));
  checkClients(scene);
}

/** The relay is killed and comes back. */
async function relayOutage(scene, { middle, expect }) {
  await scene.pass(() => scene.relay.kill(), () => scene.relay.up(), middle);
  const counts = await tally(scene);
  show(scene, counts);
  checkCommon(scene, counts);
  checks.that('events went through the spool', counts.spooled > 0);
  expect(counts);
}

const SCENARIOS = {
  'redis-killed': {
    about: 'Redis is killed -9 and started again, the relay lives: 0 lost, 0 doubled',
    needs: { redis: true },
    run: (scene) => redisOutage(scene, (redis) => redis.kill(), (redis) => redis.up()),
  },
  'redis-stopped': {
    about: 'Redis is stopped (SIGSTOP) and goes on, the relay lives: 0 lost, 0 doubled',
    needs: { redis: true, options: { ack_timeout_ms: MS.ack } },
    run: (scene) => redisOutage(scene, (redis) => redis.freeze(), (redis) => redis.thaw()),
  },
  'relay-killed': {
    about: 'the relay is killed -9: each event acknowledged once, or listed as possibly repeated besides',
    needs: {},
    run: (scene) => relayOutage(scene, {
      expect(counts) {
        checks.equal('published = acknowledged + published from the spool by the relay', counts.acknowledged + counts.relayReplayed, counts.published);
        checks.equal('nothing was dropped', counts.droppedInAll, 0);
        checkClients(scene, { mayDouble: counts.listed });
      },
    }),
  },
  'disk-full': {
    about: 'the same with the disk full: what is dropped is counted by reason, all else as before',
    needs: { diskFull: true, options: { outbox_events: SMALL_OUTBOX } },
    run: (scene) => relayOutage(scene, {
      expect(counts) {
        checks.equal('published = acknowledged + published from the spool by the relay + dropped',
          counts.acknowledged + counts.relayReplayed + counts.droppedInAll, counts.published);
        checks.that('the disk was full', counts.dropped.spool_disk > 0);
        checks.that('each call that answered DROPPED is counted', counts.answeredDropped <= counts.droppedInAll, `${counts.answeredDropped} of ${counts.droppedInAll}`);
        checks.that('the relay was told of each, once', counts.toldDropped === counts.droppedInAll, `${counts.toldDropped}, not ${counts.droppedInAll}`);
        checkClients(scene, { mayDouble: counts.listed });
      },
    }),
  },
  'workers-killed': {
    about: 'the same with two workers killed -9 meanwhile: lost is at most what these had in memory',
    needs: {},
    run: (scene) => relayOutage(scene, {
      async middle() {
        [0, 1].forEach((lane) => scene.load.kill(lane));
        await until(() => scene.load.dead.length === 2, 'two workers to be gone', SETTLE_MS);
      },
      expect(counts) {
        const inMemory = scene.load.dead.reduce((sum, { stats }) => sum + stats.pending + stats.unacknowledged, 0);
        const mayBeLost = inMemory + counts.unanswered;
        const lost = counts.published - counts.acknowledged - counts.relayReplayed;
        printCounts({
          'may be lost: in the memory of the killed, by their last answer': inMemory,
          'may be lost: of requests that were killed': counts.unanswered,
          'lost: published and acknowledged by nobody': lost,
        });
        checks.that(`0 <= lost <= ${mayBeLost}`, lost >= 0 && lost <= mayBeLost, `${lost} lost`);
        checks.equal('nothing was dropped', counts.droppedInAll, 0);
        const dead = new Set(scene.load.dead.map(({ lane, life }) => `${lane}.${life}`));
        const isExcused = ({ lane, life, result }) => dead.has(`${lane}.${life}`) && (inMemory > 0 || result === null);
        checkClients(scene, { isExcused, mayDouble: counts.listed });
      },
    }),
  },
};

async function runScenario(name) {
  const { about, needs, run } = SCENARIOS[name];
  console.log(`${name}: ${about}`);
  const began = performance.now();
  let scene;
  try {
    scene = await Scene.start(needs);
    await run(scene);
  } catch (error) {
    checks.that(`${name} runs to its end`, false, `${error.stack}\n${(await scene?.fpm?.log())?.slice(-2000) ?? ''}`);
  } finally {
    await scene?.stop();
  }
  console.log(`  ${((performance.now() - began) / 1000).toFixed(1)} s\n`);
}

const words = process.argv.slice(2).filter((word) => word !== '--long');
if (words.includes('--list')) {
  for (const [name, { about }] of Object.entries(SCENARIOS)) console.log(`${name.padEnd(16)} ${about}`);
  process.exit(0);
}
const unknown = words.filter((word) => !(word in SCENARIOS));
if (unknown.length > 0) {
  console.error(`There is no scenario ${unknown.join(', ')}; --list names them.`);
  process.exit(2);
}
for (const name of words.length > 0 ? words : Object.keys(SCENARIOS)) await runScenario(name);
console.log(`${checks.passed} passed, ${checks.failed} failed`);
process.exit(checks.failed > 0 ? 1 : 0);

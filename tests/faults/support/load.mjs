// SPDX-License-Identifier: MIT
//
// The load: each of four lanes keeps one worker busy with numbered events, at a steady pace: what answers
// that are late hold up is made good by larger requests. Everything that was asked of a worker is written down.

import { setTimeout as pause } from 'node:timers/promises';

import { Worker, WORKERS } from './fpm.mjs';

export const RESULT = { dropped: 0, pending: 1, sent: 2 };
const EVENTS_PER_REQUEST = 2;
const EVENTS_PER_REQUEST_MAX = 10;
const EVENTS_PER_MS = 1 / WORKERS; // of each lane: 1,000 a second in all
const FLUSH_MS = 200;

export class Load {
  constructor(fpm, channels, settings) {
    Object.assign(this, { fpm, channels, settings });
    this.events = new Map(); // key -> what became of it
    this.calls = {}; // what the publish calls took, by phase
    this.bare = {}; // and bare writes of as many bytes, one in each request
    this.phase = 'before';
    this.last = []; // by lane: the living worker's last answer
    this.dead = []; // what is known of killed workers
    this.life = new Array(WORKERS).fill(0);
    this.counts = Array.from({ length: WORKERS }, () => new Map());
    this.unexpected = [];
  }

  async start() {
    this.workers = await Promise.all(Array.from({ length: WORKERS }, () => Worker.connect(this.fpm)));
    this.running = true;
    this.began = performance.now();
    this.lanes = this.workers.map((_, lane) => this.run(lane));
  }

  async run(lane) {
    let published = 0;
    while (this.running) {
      const due = (performance.now() - this.began) * EVENTS_PER_MS - published;
      if (due < EVENTS_PER_REQUEST) {
        await pause((EVENTS_PER_REQUEST - due) / EVENTS_PER_MS);
        continue;
      }
      const count = Math.min(Math.floor(due), EVENTS_PER_REQUEST_MAX);
      published += count;
      await this.publish(lane, count);
    }
  }

  /** The next number of this worker on this channel. */
  number(lane, channel) {
    const key = `${this.life[lane]} ${channel}`;
    const n = (this.counts[lane].get(key) ?? 0) + 1;
    this.counts[lane].set(key, n);
    return n;
  }

  draw(lane, count) {
    return Array.from({ length: count }, () => {
      const channel = this.channels[this.events.size % this.channels.length];
      const source = `${lane}.${this.life[lane]}`;
      const data = { source, n: this.number(lane, channel) };
      const event = { key: `${source} ${channel} ${data.n}`, channel, lane, life: this.life[lane], at: performance.now(), result: null };
      this.events.set(event.key, event);
      return { event, words: [channel, data] };
    });
  }

  async publish(lane, count) {
    const drawn = this.draw(lane, count);
    const phase = this.phase;
    let answer;
    try {
      answer = await this.workers[lane].request({ ...this.settings, events: drawn.map(({ words }) => words) });
    } catch (error) {
      await this.replace(lane, error);
      return;
    }
    this.last[lane] = answer;
    if (answer.bare) (this.bare[phase] ??= []).push(answer.bare);
    answer.calls.forEach(([result, ns, switches, cpuUs], i) => {
      drawn[i].event.result = result;
      (this.calls[phase] ??= []).push({ ns, switches, cpuUs });
    });
  }

  /** A worker has ended: a new one takes the lane, numbers begin anew. */
  async replace(lane, error) {
    if (!this.killed?.has(lane)) this.unexpected.push(`worker ${lane}: ${error.message}`);
    this.killed?.delete(lane);
    this.dead.push({ lane, life: this.life[lane], stats: this.last[lane]?.stats });
    this.workers[lane].close();
    this.workers[lane] = await Worker.connect(this.fpm);
    this.life[lane]++;
    this.last[lane] = undefined;
  }

  /** kill -9. */
  kill(lane) {
    (this.killed ??= new Set()).add(lane);
    process.kill(this.last[lane].pid, 'SIGKILL');
  }

  async stop() {
    this.running = false;
    await Promise.all(this.lanes);
    this.seconds = (performance.now() - this.began) / 1000;
  }

  /** Asks all workers to send what they have; gives whether nothing is left anywhere. */
  async flush() {
    const answers = await Promise.all(this.workers.map((worker) => worker.request({ ...this.settings, flushMs: FLUSH_MS })));
    answers.forEach((answer, lane) => (this.last[lane] = answer));
    return answers.every(({ flushed }) => flushed);
  }

  close() {
    this.running = false;
    for (const worker of this.workers ?? []) worker.close();
  }

  /** A number of stats(), summed over the workers, the killed ones' last answers included. */
  sum(pick) {
    const stats = [...this.last.map((answer) => answer?.stats), ...this.dead.map((dead) => dead.stats)];
    return stats.reduce((sum, each) => sum + (each ? pick(each) : 0), 0);
  }

  count(predicate) {
    return [...this.events.values()].filter(predicate).length;
  }
}

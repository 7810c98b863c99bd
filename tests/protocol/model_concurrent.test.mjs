// SPDX-License-Identifier: MIT
//
// Clients of both kinds, WebSockets and HTTP fallbacks, that do random things at the same time and
// wait for nothing. What each of them saw must be explainable: behind a success frame a channel's
// numbered events come without a gap and without a double, a cache channel's last event right
// before them; members are those who were told; counts, users and webhooks agree once it is quiet.
// The seed is printed and can be given by CLAIRON_TEST_SEED.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { api, events, get } from './support/api.mjs';
import { Client } from './support/client.mjs';
import { counters, Publisher } from './support/publish.mjs';
import { withRelay } from './support/relay.mjs';
import { signChannel, signUser } from './support/sign.mjs';
import { until } from './support/wait.mjs';
import { Receiver } from './support/webhook.mjs';
import { polling, streaming } from './support/xhr.mjs';

const ACTORS = 9;
const STEPS = 40;
const USERS = ['u0', 'u1', 'u2'];
const KINDS = ['', 'private-', 'presence-', 'cache-', 'private-cache-', 'presence-cache-'];
/* Events of one half come by the HTTP API, of the other by the local socket. */
const CHANNELS = KINDS.flatMap((kind) => [`${kind}by-api`, `${kind}by-socket`]);
const seed = Number(process.env.CLAIRON_TEST_SEED ?? Date.now() % 1e6);

function randomOf(state) {
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

/** What a client believes by what it was told, each frame checked as it comes. */
class Beliefs {
  constructor(name) {
    this.name = name;
    this.of = new Map(); /* by channel; from its success frame on */
    this.faults = [];
    this.seen = [];
  }

  take(frame) {
    const { event, channel } = frame;
    if (channel === undefined) return;
    this.seen.push(`${event} ${channel} ${String(frame.data).slice(0, 60)}`);
    if (event === 'pusher_internal:subscription_succeeded') this.begin(channel, JSON.parse(frame.data));
    else if (/^pusher(_internal)?:subscription_error$/.test(event)) this.fault(`refused on ${channel}`);
    else if (!this.of.has(channel)) this.fault(`${event} on ${channel} before its success frame`);
    else this.follow(this.of.get(channel), event, frame);
  }

  begin(channel, { presence }) {
    if (presence) assert.equal(new Set(presence.ids).size, presence.ids.length);
    this.of.set(channel, { channel, members: new Set(presence?.ids), awaitsLast: channel.includes('cache-') });
  }

  follow(state, event, { channel, data }) {
    const id = /:member_/.test(event) ? JSON.parse(data).user_id : undefined;
    if (state.awaitsLast && event !== 'pusher:cache_miss' && event !== 'numbered') this.fault(`${event} on ${channel} in front of its last event`);
    state.awaitsLast = false;
    if (event === 'pusher:cache_miss') {
      if (state.number !== undefined) this.fault(`a late miss on ${channel}`);
      state.number = 0;
    } else if (event === 'numbered') {
      const { number } = JSON.parse(data);
      if (state.number !== undefined && number !== state.number + 1) this.fault(`${number} behind ${state.number} on ${channel}`);
      state.number = number;
    } else if (event.endsWith(':member_added')) {
      if (state.members.has(id)) this.fault(`${id} came twice to ${channel}`);
      state.members.add(id);
    } else if (event.endsWith(':member_removed')) {
      if (!state.members.delete(id)) this.fault(`${id} left ${channel} and was not there`);
    } else if (event === 'pusher_internal:subscription_count') {
      state.count = JSON.parse(data).subscription_count;
    }
  }

  fault(text) {
    this.faults.push(`${this.name}: ${text}; ${this.seen.slice(-12).join(' | ')}`);
  }
}

/** One client; `transport` has send(), close() and a list of frames so far. */
class Actor {
  static async connect(relay, kind, user, name) {
    const actor = new Actor(relay, user, name);
    await actor.open(kind);
    return actor;
  }

  constructor(relay, user, name) {
    Object.assign(this, { relay, user, name, joined: new Set(), beliefs: new Beliefs(name), sends: Promise.resolve() });
  }

  async open(kind) {
    const transport = await (kind === 0 ? polling(this.relay) : kind === 1 ? streaming(this.relay) : Client.connect(this.relay));
    this.isSocket = kind > 1;
    this.transport = transport;
    this.socketId = transport.socketId;
    const inbox = this.isSocket ? transport.inbox : transport.frames;
    const keep = inbox.push.bind(inbox);
    inbox.push = (frame) => (frame.channel === undefined ? keep(frame) : this.beliefs.take(frame));
    if (kind === 0) this.receive(() => transport.poll());
    if (kind === 1) this.receive(() => transport.ended.then(() => this.isGone || this.isClosed() || transport.stream()));
  }

  /** Goes on until the session has its close line. */
  async receive(once) {
    while (!this.isGone && !this.isClosed()) await once().catch(() => (this.isGone = true));
  }

  isClosed() {
    return this.isSocket ? this.transport.inbox.ended !== null : this.transport.lines.items.some(({ type }) => type === 'c');
  }

  /** In order; by HTTP each goes when the one before has its answer. */
  send(frame) {
    if (this.isSocket) this.transport.send(frame);
    else this.sends = this.sends.then(() => this.transport.send(frame)).catch(() => {});
  }

  subscribe(channel) {
    const user = channel.startsWith('presence-') ? JSON.stringify({ user_id: this.user }) : undefined;
    const auth = /^pr/.test(channel) ? signChannel(this.relay.app, this.socketId, channel, user) : '';
    this.joined.add(channel);
    this.send({ event: 'pusher:subscribe', data: { channel, auth, ...(user && { channel_data: user }) } });
  }

  unsubscribe(channel) {
    this.joined.delete(channel);
    this.send({ event: 'pusher:unsubscribe', data: { channel } });
  }

  signIn() {
    const text = JSON.stringify({ id: this.user, watchlist: USERS });
    this.send({ event: 'pusher:signin', data: { auth: signUser(this.relay.app, this.socketId, text), user_data: text } });
  }

  async settle() {
    this.send({ event: 'pusher:ping', data: {} });
    if (this.isSocket) return this.transport.event('pusher:pong');
    const { items } = this.transport.frames;
    const isPong = ({ event }) => event === 'pusher:pong';
    await until(() => this.isGone || this.isClosed() || items.some(isPong), `a pong for ${this.name}`);
    const at = items.findIndex(isPong);
    if (at < 0) throw new Error(`${this.name} was closed`);
    items.splice(at, 1);
  }

  vanish() {
    this.isGone = true;
    if (this.isSocket) this.transport.socket.terminate();
    else this.transport.close();
  }
}

class World {
  constructor(relay, publisher, random) {
    Object.assign(this, { relay, publisher, random, actors: [], gone: [], numbers: new Map(), queues: new Map(), born: 0 });
  }

  async add(at) {
    const { random } = this;
    const user = USERS[random(USERS.length)];
    this.actors[at] = await Actor.connect(this.relay, random(4), user, `actor ${++this.born} (${user})`);
  }

  async replace(at) {
    this.gone.push(this.actors[at]);
    this.actors[at].vanish();
    await this.add(at);
  }

  /** Numbers of one channel are sent one behind another. */
  publish(channel) {
    const queue = this.queues.get(channel) ?? Promise.resolve();
    const next = queue.then(async () => {
      const number = (this.numbers.get(channel) ?? 0) + 1;
      this.numbers.set(channel, number);
      if (channel.endsWith('api')) assert.equal((await events(this.relay, { name: 'numbered', channel, data: JSON.stringify({ number }) })).status, 200);
      else await this.publisher.publish(channel, 'numbered', { number });
    });
    this.queues.set(channel, next);
    return next;
  }

  async act(at) {
    const { random } = this;
    for (let step = 0; step < STEPS; step++) {
      const actor = this.actors[at];
      const channel = CHANNELS[random(CHANNELS.length)];
      const what = actor.isClosed() ? 99 : random(100);
      if (what < 40) actor.joined.has(channel) ? actor.unsubscribe(channel) : actor.subscribe(channel);
      else if (what < 75) this.publish(channel).catch((error) => (this.error = error));
      else if (what < 83) actor.signIn();
      else if (what < 85) await api(this.relay, 'POST', `/apps/app1/users/${actor.user}/terminate_connections`, { body: '{}' });
      else if (what < 92 && !actor.isClosed()) await actor.settle().catch(() => {});
      else if (what >= 96) await this.replace(at);
      if (step % 4 === 0) await new Promise(setImmediate);
    }
  }

  async quiet() {
    await Promise.all(this.queues.values());
    for (let at = 0; at < this.actors.length; at++) {
      const isThere = !this.actors[at].isClosed() && (await this.actors[at].settle().then(() => true, () => false));
      if (!isThere) await this.replace(at);
    }
    if (this.error) throw this.error;
  }

  on(channel) {
    return this.actors.filter((actor) => actor.joined.has(channel));
  }

  users(channel) {
    return [...new Set(this.on(channel).map(({ user }) => user))].sort();
  }

  faults() {
    return [...this.gone, ...this.actors].flatMap(({ beliefs }) => beliefs.faults);
  }

  /** `channel`, as GET says it and as its subscribers believe it, is what the model says. */
  async agrees(channel) {
    const isPresence = channel.startsWith('presence-');
    const count = this.on(channel).length;
    const number = this.numbers.get(channel);
    const { json } = await get(this.relay, `/channels/${channel}`, { info: isPresence ? 'user_count' : 'subscription_count' });
    const isSame = (isPresence ? json.user_count ?? 0 : json.subscription_count ?? 0) === (isPresence ? this.users(channel).length : count);
    return isSame && json.occupied === count > 0 && this.on(channel).every(({ beliefs }) => {
      const state = beliefs.of.get(channel);
      return state?.number === number && (isPresence ? [...state.members].sort().join() === this.users(channel).join() : state.count === count);
    });
  }
}

const options = async (context) => {
  context.hook = await Receiver.start();
  return { args: ['--message-rate', '0', '--subscription-count', 'true', '--upgrade-rate', '0', '--webhook-delay-ms', '10', '--xhr-heartbeat-ms', '500', '--xhr-grace-ms', '2000', '--webhooks', context.hook.url] };
};

withRelay('many at once', options, (context) => {
  test(`${ACTORS} clients of ${STEPS} steps, CLAIRON_TEST_SEED=${seed}`, { timeout: 120000 }, async (t) => {
    t.after(() => context.hook.stop());
    const { relay } = context;
    const publisher = await Publisher.connect(relay);
    const world = new World(relay, publisher, randomOf(seed));
    for (let at = 0; at < ACTORS; at++) await world.add(at);
    await Promise.all(world.actors.map((_, at) => world.act(at)));
    await world.quiet();
    // One more for each: whoever is on a channel has a number to compare.
    await Promise.all(CHANNELS.map((channel) => world.publish(channel)));
    for (const actor of world.actors) await actor.settle();
    const shown = (channel) => `${channel}: ${world.numbers.get(channel)} events, ${world.on(channel).map(({ name, beliefs }) => {
      const { number, count, members } = beliefs.of.get(channel) ?? {};
      return `${name} has ${number}, count ${count}, members ${[...members ?? []]}`;
    })}`;
    for (const channel of CHANNELS) {
      await until(() => world.agrees(channel), 'agreement', 5000).catch((error) => {
        throw new Error(`${error.message} on ${shown(channel)}\n${world.faults().join('\n')}`);
      });
    }
    assert.deepEqual(world.faults(), []);

    // Nobody is left: all homes, users and sessions are gone, and webhooks took turns.
    for (const actor of world.actors) actor.vanish();
    await until(async () => (await get(relay, '/channels')).body === '{"channels":{}}', 'no channel is occupied');
    await until(async () => (await counters(relay))('sessions') === 0, 'no session is left');
    const turns = (channel) => context.hook.events.items
      .filter((event) => event.channel === channel && /occupied|vacated/.test(event.name)).map(({ name }) => name);
    for (const channel of CHANNELS) {
      await until(() => turns(channel).length === 0 || turns(channel).at(-1) === 'channel_vacated', `${channel} is vacated`);
      turns(channel).forEach((name, i) => assert.equal(name, i % 2 === 0 ? 'channel_occupied' : 'channel_vacated', channel));
    }
    publisher.close();
  });
});

// SPDX-License-Identifier: MIT
//
// Two users with stock laravel-echo and pusher-js: chat, receipts, presence, whispers, encryption,
// toOthers, refusal, and a restart of the relay in the middle, bridged by polling. Asks the test to
// stop and start the relay by a line of output; prints "done" at the end. ../EchoTest.php runs it.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const { APP, WS_PORT, ECHO, PUSHER, BROADCASTER } = process.env;
// Several scenarios run beside each other, each with two users and a room of its own.
const [ANN, BOB, ROOM] = [Number(process.env.ANN), Number(process.env.BOB), `room.${process.env.ANN}`];
const WAIT_MS = 60000;
const require = createRequire(import.meta.url);
// Echo 2 is an ES module, Echo 1 says so of a CommonJS file.
const Echo = ECHO === '1' ? require('laravel-echo-1').default ?? require('laravel-echo-1') : (await import('laravel-echo')).default;
const Pusher = require(PUSHER === '7' ? 'pusher-js-7' : 'pusher-js');

const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

async function ask(what) {
  console.log(what);
  await answers.next();
}

async function until(what, condition) {
  const end = Date.now() + WAIT_MS;
  while (!condition()) {
    assert.ok(Date.now() < end, `waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

class Person {
  constructor(id) {
    this.id = id;
    this.heard = [];
    this.messages = [];
    this.subscribed = new Set();
    this.pusher = new Pusher('key', {
      cluster: '',
      wsHost: '127.0.0.1',
      wsPort: WS_PORT,
      forceTLS: false,
      enableStats: false,
      enabledTransports: ['ws', 'wss'],
      authEndpoint: `${APP}/broadcasting/auth`,
      auth: { headers: { 'X-User': String(id) } },
    });
    this.echo = new Echo({ broadcaster: BROADCASTER, key: 'key', client: this.pusher });
    this.pusher.connection.bind('connected', () => this.poll());
  }

  /** A channel of Echo, once it is subscribed to (and each time anew after a reconnection). */
  async join(channel, name) {
    channel.subscribed(() => this.subscribed.add(name));
    await until(`${this.id} subscribes to ${name}`, () => this.subscribed.has(name));
    return channel;
  }

  note(event) {
    return (data) => this.heard.push([event, data]);
  }

  has(event, check = () => true) {
    return this.heard.some(([name, data]) => name === event && check(data));
  }

  receive(message) {
    if (!this.messages.some((known) => known.id === message.id)) this.messages.push(message);
  }

  async call(method, path, body) {
    const socket = this.echo.socketId();
    const response = await fetch(APP + path, {
      method,
      headers: {
        Accept: 'application/json',
        'Content-Type': 'application/json',
        'X-User': String(this.id),
        ...(socket ? { 'X-Socket-ID': socket } : {}),
      },
      body: body && JSON.stringify(body),
    });
    assert.ok(response.ok, `${method} ${path}: ${response.status} ${response.ok ? '' : await response.text()}`);
    return response.json();
  }

  async poll() {
    const last = this.messages.at(-1)?.id ?? 0;
    (await this.call('GET', `/messages?after=${last}`)).forEach((message) => this.receive(message));
  }

  get state() {
    return this.pusher.connection.state;
  }
}

const ann = new Person(ANN);
const bob = new Person(BOB);

for (const person of [ann, bob]) {
  const own = await person.join(person.echo.private(`conversation.${person.id}`), 'own');
  own.listen('MessageSent', ({ message }) => {
    person.heard.push(['MessageSent', message]);
    person.receive(message);
  });
  own.listen('MessageRead', person.note('MessageRead'));
}

// A message and its receipt.
const first = await ann.call('POST', '/messages', { receiver_id: BOB, content: 'Hello "Bob" </script> é' });
await until('Bob gets the message', () => bob.has('MessageSent'));
assert.equal(bob.messages[0].content, 'Hello "Bob" </script> é');
await bob.call('POST', `/messages/${first.id}/read`);
await until('Ann gets the receipt', () => ann.has('MessageRead', ({ message }) => message.id === first.id));
assert.equal(ann.has('MessageSent'), false, 'the conversation is Bob\'s');

// A stranger.
let refused = null;
ann.echo.private(`conversation.${BOB}`).error((error) => (refused = error));
await until('Ann is refused', () => refused !== null);
assert.equal(refused.status ?? refused.error?.status, 403);
ann.echo.leave(`conversation.${BOB}`);

// Presence: who is there, who comes.
for (const person of [ann, bob]) {
  const room = person.echo.join(ROOM);
  room.here((members) => (person.here = members.map((member) => member.name)));
  room.joining((member) => person.heard.push(['joining', member.name]));
  room.listen('Said', person.note('Said'));
  await until('the room tells who is there', () => person.here);
}
assert.deepEqual(bob.here.sort(), [`User ${ANN}`, `User ${BOB}`]);
await until('Ann sees Bob come', () => ann.has('joining', (name) => name === `User ${BOB}`));

// Typing.
const typing = [];
for (const person of [ann, bob]) typing.push(await person.join(person.echo.private(`typing.${ANN}.${BOB}`), 'typing'));
typing[0].listenForWhisper('typing', ann.note('typing'));
typing[1].whisper('typing', { id: BOB });
await until('Ann sees Bob type', () => ann.has('typing', ({ id }) => id === BOB));

// toOthers, and an encrypted channel.
const vault = await bob.join(bob.echo.encryptedPrivate('vault'), 'vault');
vault.listen('Said', bob.note('vault'));
await ann.call('POST', '/say', { room: ROOM });
await until('Bob hears what only he may', () => bob.has('vault', ({ text }) => text === 'secret'));
await until('both hear what all may', () => [ann, bob].every((p) => p.has('Said', ({ text }) => text === 'to all')));
assert.ok(bob.has('Said', ({ text }) => text === 'to others'));
assert.equal(ann.has('Said', ({ text }) => text === 'to others'), false);

// The relay goes away and comes back; nothing is lost, nothing comes twice.
await ask('stop the relay');
await until('both notice', () => [ann, bob].every((person) => person.state !== 'connected'));
await ann.call('POST', '/messages', { receiver_id: BOB, content: 'while it was away' });
await bob.poll();
assert.equal(bob.messages.at(-1).content, 'while it was away');
bob.subscribed.clear();
await ask('start the relay');
await until('both are back', () => [ann, bob].every((person) => person.state === 'connected'));
await until('Bob is subscribed again', () => bob.subscribed.has('own'));
await ann.call('POST', '/messages', { receiver_id: BOB, content: 'after it came back' });
await until('Bob gets it from the socket', () => bob.has('MessageSent', ({ content }) => content === 'after it came back'));
assert.deepEqual(
  bob.messages.map((message) => message.content),
  ['Hello "Bob" </script> é', 'while it was away', 'after it came back'],
);

for (const person of [ann, bob]) person.pusher.disconnect();
console.log('done');
process.exit(0);

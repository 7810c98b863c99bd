// SPDX-License-Identifier: MIT
//
// The demo's MessagingSystem with the server, the socket and the page played by the test: answers that
// come late or in another order than they were asked for, which a browser shows too seldom.

import assert from 'node:assert/strict';
import { webcrypto } from 'node:crypto';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { MessagingSystem } from '../../demo/resources/js/messaging.js';

const ME = { id: 1, name: 'Camille', avatar: '' };
const NOAH = { id: 2, name: 'Noah', avatar: '' };
const PAGE = 3;

const message = (id, from = NOAH.id, to = ME.id) => ({
  id, content: `text ${id}`, sender_id: from, receiver_id: to, created_at: '2025-01-01T00:00:00Z', sender: from === NOAH.id ? NOAH : ME,
});

/** A request that the test answers when it likes. */
class Requests {
  constructor() {
    this.all = [];
    this.get = (url, options) => this.ask('GET', url, options?.params);
    this.post = (url, body) => this.ask('POST', url, body);
  }

  ask(method, url, parameters) {
    return new Promise((resolve, reject) => {
      this.all.push({ method, url, parameters, answer: (data) => resolve({ data }), fail: reject });
    });
  }

  of(method, url) {
    return this.all.filter((request) => request.method === method && request.url === url);
  }
}

const nothing = () => {};
const view = () => new Proxy({ hasMessage: () => false }, { get: (target, name) => target[name] ?? nothing });
const turn = () => new Promise((resolve) => setImmediate(resolve));

function channel() {
  const own = { subscription: { subscribed: false } };
  ['listen', 'subscribed', 'here', 'joining', 'leaving', 'listenForWhisper'].forEach((name) => {
    own[name] = (...words) => {
      own[`on_${name}`] = words.at(-1);
      return own;
    };
  });
  return own;
}

describe('the messaging of the demo', () => {
  let http;
  let chat;
  let sounds;

  const begin = (state = {}) => {
    const echo = {
      private: channel, join: channel, leave: nothing,
      connector: { pusher: { connection: { bind: nothing, state: 'connected' }, allChannels: () => [] } },
    };
    http = new Requests();
    sounds = 0;
    chat = new MessagingSystem({
      echo, http, view: view(), sound: { play: () => { sounds += 1; } },
      state: {
        me: ME, people: [{ ...NOAH, last: null, unread: 0 }], open: null, messages: [], pageSize: PAGE, lastId: 0, ...state,
      },
    });
    chat.start();
  };

  beforeEach(() => {
    globalThis.crypto ??= webcrypto; // Node 18 hides it
    globalThis.document = { addEventListener: nothing, visibilityState: 'hidden' };
    globalThis.window = { addEventListener: nothing, history: { pushState: nothing, replaceState: nothing } };
  });

  afterEach(() => {
    clearInterval(chat.pollTimer);
    clearTimeout(chat.bannerTimer);
  });

  it('sends one message after the other, also after one that failed', async () => {
    begin({ open: NOAH.id, messages: [message(1)], lastId: 1 });
    chat.sendMessage('first');
    chat.sendMessage('second');
    chat.sendMessage('third');
    const sent = () => http.of('POST', '/messages').map(({ parameters }) => parameters.content);
    await turn();
    assert.deepEqual(sent(), ['first']);

    http.of('POST', '/messages')[0].answer(message(2, ME.id, NOAH.id));
    await turn();
    assert.deepEqual(sent(), ['first', 'second']);

    http.of('POST', '/messages')[1].fail({ isAxiosError: true });
    await turn();
    assert.deepEqual(sent(), ['first', 'second', 'third']);
    assert.deepEqual(chat.conversation(NOAH.id).pending.map(({ content, failed }) => [content, failed]), [['second', ''], ['third', null]]);
  });

  it('tries again under the name that the server may know already', async () => {
    begin({ open: NOAH.id, messages: [message(1)], lastId: 1 });
    chat.sendMessage('lost answer');
    await turn();
    http.of('POST', '/messages')[0].fail({ isAxiosError: true });
    await turn();
    chat.handleNewMessage({ ...message(2, ME.id, NOAH.id), content: 'lost answer' });
    chat.retry(chat.conversation(NOAH.id).pending[0]);
    await turn();
    const [first, second] = http.of('POST', '/messages').map(({ parameters }) => parameters.client_id);
    assert.match(first, /^[0-9a-f]{32}$/);
    assert.equal(second, first);

    http.of('POST', '/messages')[1].answer(message(2, ME.id, NOAH.id));
    await turn();
    assert.deepEqual(chat.conversation(NOAH.id).messages.map(({ id }) => id), [1, 2]);
    assert.deepEqual(chat.conversation(NOAH.id).pending, []);
  });

  it('leaves no hole where older messages come after the thread was cut', async () => {
    const ids = [10, 11, 12];
    begin({ open: NOAH.id, messages: ids.map((id) => message(id)), lastId: 12 });
    chat.loadOlder(NOAH.id);
    http.of('GET', '/messages/with/2')[0].answer({ messages: [7, 8, 9].map((id) => message(id)) });
    await turn();

    chat.loadOlder(NOAH.id);
    chat.openConversation(null);
    http.of('GET', '/messages/with/2')[1].answer({ messages: [4, 5, 6].map((id) => message(id)) });
    await turn();
    assert.deepEqual(chat.conversation(NOAH.id).messages.map(({ id }) => id), ids);

    chat.openConversation(NOAH.id, { push: false });
    chat.loadOlder(NOAH.id);
    assert.equal(http.of('GET', '/messages/with/2')[2].parameters.before, 10);
  });

  it('counts what the socket brings while the fetch that catches up is under way', async () => {
    begin({ lastId: 5 });
    chat.comeBack();
    await turn();
    chat.handleNewMessage(message(7), { live: true });
    http.of('GET', '/messages')[0].answer({ messages: [message(6)], more: false, read: [], unread: { 2: 1 } });
    await turn();

    assert.equal(chat.away, false);
    assert.deepEqual(chat.conversation(NOAH.id).messages.map(({ id }) => id), [6, 7]);
    assert.equal(chat.people.get(NOAH.id).unread, 2);
    assert.equal(chat.cursor, 7);
    assert.equal(sounds, 2);
  });

  it('does not stumble over a message of one\'s own to somebody it does not know', async () => {
    begin({ lastId: 5 });
    chat.comeBack();
    await turn();
    http.of('GET', '/messages')[0].answer({ messages: [message(6, ME.id, 99), message(7)], more: false, read: [], unread: { 2: 1 } });
    await turn();

    assert.equal(chat.away, false);
    assert.deepEqual(chat.conversation(NOAH.id).messages.map(({ id }) => id), [7]);
  });

  it('shows a message once that comes by socket and by fetch', async () => {
    begin({ lastId: 5 });
    chat.comeBack();
    await turn();
    chat.handleNewMessage(message(6), { live: true });
    http.of('GET', '/messages')[0].answer({ messages: [message(6)], more: false, read: [], unread: { 2: 1 } });
    await turn();
    chat.handleNewMessage(message(6), { live: true });

    assert.deepEqual(chat.conversation(NOAH.id).messages.map(({ id }) => id), [6]);
    assert.equal(chat.people.get(NOAH.id).unread, 1);
    assert.equal(sounds, 1);
  });
});

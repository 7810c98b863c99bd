// SPDX-License-Identifier: MIT
//
// Somebody at a browser: logs in, talks, and remembers every WebSocket frame and every request of the
// page with its time, so that a test can say how a message came.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';

import { chromium } from 'playwright-core';

const PROGRAMS = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const PASSWORD = 'clairon';
export const WAIT_MS = 30_000;
export const RECONNECT_MS = 90_000;

export function launch() {
  const executablePath = PROGRAMS.find((program) => program && existsSync(program));
  assert.ok(executablePath, 'Chromium is missing: apt-get install chromium, or set CHROMIUM to its path.');
  return chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync'],
  });
}

export class Person {
  /**
   * Opens a browser window of their own as NAME@example.com, at the list of people.
   * @param sessions  logins of this application so far: the form is filled in once for each person
   * @param prepare   runs in every page before its own scripts
   */
  static async comes(browser, url, sessions, name, options = {}, prepare = undefined) {
    const context = await browser.newContext({
      locale: 'en-GB', viewport: { width: 1100, height: 760 }, storageState: sessions.get(name), ...options,
    });
    if (prepare) await context.addInitScript(prepare);
    const person = new Person(context, await context.newPage(), url);
    try {
      await person.logIn(name, sessions, options.proxy ? RECONNECT_MS : WAIT_MS);
    } catch (error) {
      await context.close();
      throw error;
    }
    return person;
  }

  async logIn(name, sessions, timeout) {
    if (sessions.has(name)) {
      await this.page.goto(`${this.url}/chat`);
    } else {
      await this.page.goto(`${this.url}/login`);
      await this.page.locator('#email').fill(`${name}@example.com`);
      await this.page.locator('#password').fill(PASSWORD);
      await this.page.locator('.primary').click();
      await this.page.waitForURL('**/chat');
      sessions.set(name, await this.context.storageState());
    }
    await this.live(timeout);
  }

  constructor(context, page, url) {
    this.context = context;
    this.page = page;
    this.url = url;
    this.frames = [];
    this.sentFrames = [];
    this.requests = [];
    this.errors = [];
    page.setDefaultTimeout(WAIT_MS);
    page.on('pageerror', (error) => this.errors.push(error));
    page.on('request', (request) => this.requests.push({
      at: Date.now(), method: request.method(), path: new URL(request.url()).pathname, request,
    }));
    page.on('websocket', (socket) => {
      socket.on('framereceived', ({ payload }) => this.frames.push({ at: Date.now(), ...JSON.parse(payload) }));
      socket.on('framesent', ({ payload }) => this.sentFrames.push({ at: Date.now(), ...JSON.parse(payload) }));
    });
  }

  /** Another tab of the same login. */
  async secondTab() {
    const tab = new Person(this.context, await this.context.newPage(), this.url);
    await tab.page.goto(`${this.url}/chat`);
    await tab.live();
    return tab;
  }

  get id() {
    return this.page.evaluate(() => window.messaging.me.id);
  }

  get socketId() {
    return this.page.evaluate(() => window.Echo.socketId());
  }

  /** Until the channel is subscribed and everything missed has been fetched. */
  async live(timeout = WAIT_MS) {
    await this.page.waitForFunction(() => window.messaging?.away === false, undefined, { timeout });
    await this.page.locator('#banner').waitFor({ state: 'hidden' });
  }

  row(id) {
    return this.page.locator(`.person[data-user-id="${id}"]`);
  }

  /** Opens the conversation with somebody, typing channel included. */
  async talksTo(id) {
    await this.row(id).click();
    await this.page.waitForFunction(() => window.messaging.typingChannel?.subscription.subscribed);
    await this.page.waitForFunction((open) => window.messaging.conversation(open).loaded, id);
  }

  async types(text) {
    await this.page.locator('#text').pressSequentially(text);
  }

  /** Writes and sends; returns when, on this side's clock, Enter was pressed. */
  async sends(text) {
    await this.page.locator('#text').fill(text);
    const at = Date.now();
    await this.page.locator('#text').press('Enter');
    return at;
  }

  bubble(text) {
    return this.page.locator('.message', { hasText: text });
  }

  /** Waits for a message with this text on the page; returns its id. */
  async sees(text, timeout = WAIT_MS) {
    const bubble = this.page.locator('.message[data-message-id]', { hasText: text }).first();
    await bubble.waitFor({ timeout });
    return Number(await bubble.getAttribute('data-message-id'));
  }

  /** Waits for one event frame of this name whose data satisfies the test. */
  async receives(event, isIt = () => true, timeout = WAIT_MS) {
    const find = () => this.frames.find((frame) => frame.event === event && isIt(JSON.parse(frame.data)));
    await until(find, `the frame ${event}`, timeout);
    return find();
  }

  /** All of a thread's bubbles in order: [{id, text, own}]. */
  thread() {
    return this.page.locator('.message').evaluateAll((nodes) => nodes.map((node) => ({
      id: Number(node.dataset.messageId),
      text: [...node.querySelector('p').childNodes].filter((part) => !part.classList?.contains('quiet'))
        .map((part) => part.textContent).join(''),
      own: node.classList.contains('is-own'),
    })));
  }

  polls(since = 0) {
    return this.requests.filter(({ at, method, path }) => at >= since && method === 'GET' && path === '/messages');
  }

  posts(path) {
    return this.requests.filter((request) => request.method === 'POST' && request.path === path);
  }

  async leaves() {
    await this.context.close();
    assert.deepEqual(this.errors, [], 'errors in the page');
  }
}

/** Looks again and again, every few milliseconds, until the condition holds. */
export async function until(isSo, what, timeout = WAIT_MS) {
  const end = Date.now() + timeout;
  while (!(await isSo())) {
    if (Date.now() > end) {
      throw new Error(`${what} did not come within ${timeout} ms`);
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

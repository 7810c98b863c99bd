// SPDX-License-Identifier: MIT
//
// Two people chat in Chromium, over the relay's own socket and over Redis: how messages come, read
// receipts, typing, presence, who is refused, and that nothing is lost or doubled while the relay is away.
// After every test the jobs table must be empty: no queue takes part.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';

import { Person, RECONNECT_MS, WAIT_MS, launch, until } from './support/person.mjs';
import { Stack } from './support/stack.mjs';

const SENT = 'App\\Events\\MessageSent';
const READ = 'App\\Events\\MessageRead';
const CAMILLE = 1;
const NOAH = 2;
const AICHA = 3;
const LENA = 5;
const MATEO = 6;

// What BROWSER_STOCK_QUEUE=1 switches off is what makes the demo live: with it this file must fail. Run so,
// the first tests of both ways end with "the frame App\\Events\\MessageSent did not come within 30000 ms".
const stockQueue = Boolean(process.env.BROWSER_STOCK_QUEUE);

let number = 0;

/** A text that no other message has. */
const words = (text) => `${text} #${++number}`;
const has = (text) => (data) => data.content === text;

describe('the demo in Chromium', () => {
  let browser;

  before(async () => {
    browser = await launch();
  });

  after(() => browser.close());

  for (const redis of [false, true]) {
    describe(redis ? 'over Redis' : 'over the relay\'s own socket', () => {
      let stack;
      let there;
      const sessions = new Map();

      before(async () => {
        stack = await Stack.start({ redis, stockQueue });
      });

      after(() => stack?.stop());

      const comes = async (name, options) => {
        const person = await Person.comes(browser, stack.url, sessions, name, options);
        there.push(person);
        return person;
      };

      /** Camille and Noah, each with the conversation with the other open. */
      const bothTalk = async () => {
        const camille = await comes('camille');
        const noah = await comes('noah');
        await camille.talksTo(NOAH);
        await noah.talksTo(CAMILLE);
        return { camille, noah };
      };

      beforeEach(() => {
        there = [];
      });

      afterEach(async () => {
        const people = there;
        await Promise.all(people.map((person) => person.leaves()));
        assert.equal(await stack.jobs(), 0, 'rows in the jobs table');
      });

      it('brings a message over the socket within a second, without polling', async () => {
        const { camille, noah } = await bothTalk();
        const text = words('Can you hear me?');
        const at = await camille.sends(text);

        const frame = await noah.receives(SENT, has(text));
        const id = await noah.sees(text);
        assert.ok(frame.at - at < 1000, `it took ${frame.at - at} ms`);
        assert.equal(frame.channel, `private-conversation.${NOAH}`);

        const data = JSON.parse(frame.data);
        assert.deepEqual(Object.keys(data), ['id', 'content', 'sender_id', 'receiver_id', 'created_at', 'formatted_time', 'sender']);
        assert.deepEqual(Object.keys(data.sender), ['id', 'name', 'avatar']);
        assert.equal(data.id, id);
        assert.match(data.formatted_time, /^\d\d:\d\d$/);
        assert.equal(await camille.sees(text), id);
      });

      it('does not poll while the socket is up', async () => {
        const camille = await comes('camille');
        const noah = await comes('noah');
        const subscribed = noah.frames.find(({ event, channel }) => /subscription_succeeded/.test(event)
          && channel === `private-conversation.${NOAH}`);
        assert.equal(noah.polls(subscribed.at).length, 1, 'fetches after the subscription');

        await noah.page.clock.install();
        await noah.page.reload();
        await noah.live();
        const since = Date.now();
        await noah.page.clock.fastForward(20_000);
        await camille.talksTo(NOAH);
        const text = words('Twenty seconds later');
        await camille.sends(text);
        await noah.receives(SENT, has(text));
        await noah.page.clock.fastForward(5_000);
        assert.deepEqual(noah.polls(since), []);
      });

      it('leaves the sending tab out and keeps the sender\'s other tab in step', async () => {
        const { camille, noah } = await bothTalk();
        const other = await camille.secondTab();
        there.push(other);
        await other.talksTo(NOAH);

        const text = words('Written in one tab');
        await camille.sends(text);
        await other.receives(SENT, has(text));
        const id = await other.sees(text);
        await noah.sees(text);
        const header = await camille.posts('/messages')[0].request.headerValue('x-socket-id');
        assert.equal(header, await camille.socketId);

        // An echo of it would have come before this one, on the same channel.
        const answer = words('Seen in both');
        await noah.sends(answer);
        await camille.receives(SENT, has(answer));
        assert.equal(camille.frames.filter((frame) => frame.event === SENT && has(text)(JSON.parse(frame.data))).length, 0);
        assert.equal((await camille.thread()).filter((message) => message.id === id).length, 1);
        assert.equal((await other.thread()).filter((message) => message.id === id).length, 1);
      });

      it('shows unread messages and, when they were looked at, a read receipt', async () => {
        const camille = await comes('camille');
        const noah = await comes('noah');
        await camille.talksTo(NOAH);
        const text = words('Have you read this?');
        await camille.sends(text);
        await noah.receives(SENT, has(text));

        const badge = noah.row(CAMILLE).locator('.badge');
        await badge.waitFor();
        await noah.page.waitForFunction(() => document.title.startsWith('('));
        assert.equal(await camille.bubble(text).getAttribute('data-state'), 'sent');
        assert.ok(!camille.frames.some(({ event }) => event === READ));

        const tab = await noah.secondTab();
        there.push(tab);
        await tab.row(CAMILLE).locator('.badge').waitFor();

        await noah.talksTo(CAMILLE);
        assert.equal(await noah.row(CAMILLE).getAttribute('aria-current'), 'true');
        const id = await noah.sees(text);
        const frame = await camille.receives(READ, (data) => data.message_id === id);
        assert.equal(frame.channel, `private-conversation.${CAMILLE}`);
        assert.equal(noah.posts(`/messages/${id}/read`).length, 1);
        await camille.page.locator(`.message[data-message-id="${id}"][data-state="read"]`).waitFor();
        await badge.waitFor({ state: 'hidden' });
        await tab.row(CAMILLE).locator('.badge').waitFor({ state: 'hidden' });
      });

      it('shows who is typing, from browser to browser', async () => {
        const { camille, noah } = await bothTalk();
        const requests = camille.requests.length;
        await camille.types('Hm');
        const frame = await noah.receives('client-typing', ({ typing }) => typing);
        assert.equal(frame.channel, `private-chat.${CAMILLE}.${NOAH}`);
        await noah.page.locator('#typing').waitFor();
        assert.match(await noah.page.locator('#typing').innerText(), /Camille Moreau is typing/);
        assert.equal(camille.requests.length, requests, 'typing made a request');

        await camille.sends(words('Hm, yes'));
        await noah.page.locator('#typing').waitFor({ state: 'hidden' });
      });

      it('shows who is online', async () => {
        const camille = await comes('camille');
        const dot = camille.row(NOAH).locator('.dot.is-online');
        assert.equal(await dot.count(), 0);

        const noah = await comes('noah');
        await dot.waitFor();
        await camille.talksTo(NOAH);
        assert.equal(await camille.page.locator('#with-status').innerText(), 'online');

        there = there.filter((person) => person !== noah);
        await noah.leaves();
        await dot.waitFor({ state: 'detached' });
        assert.equal(await camille.page.locator('#with-status').innerText(), 'offline');
      });

      it('shows in an open conversation only what its two people say', async () => {
        const aicha = await comes('aicha');
        const { camille, noah } = await bothTalk();
        await aicha.talksTo(NOAH);

        const aside = words('From the third');
        await aicha.sends(aside);
        await noah.receives(SENT, has(aside));
        const text = words('From the second');
        await camille.sends(text);
        await noah.sees(text);
        assert.equal(await noah.bubble(aside).count(), 0);
        await noah.row(AICHA).locator('.badge').waitFor();
        assert.ok(!camille.frames.some((frame) => frame.data?.includes(aside)));

        await noah.talksTo(AICHA);
        await noah.sees(aside);
        assert.equal(await noah.bubble(text).count(), 0);
      });

      it('refuses a stranger on channels of others', async () => {
        const { camille, noah } = await bothTalk();
        const lena = await comes('lena');
        const foreign = [`private-conversation.${NOAH}`, `private-chat.${CAMILLE}.${NOAH}`];

        for (const channel of foreign) {
          const error = await lena.page.evaluate((name) => new Promise((resolve) => {
            window.Echo.connector.pusher.subscribe(name).bind('pusher:subscription_error', resolve);
          }), channel);
          assert.equal(error.status, 403);
          assert.ok(!lena.sentFrames.some(({ event, data }) => event === 'pusher:subscribe' && data.channel === channel));
        }

        // A signature that is good for a channel of one's own says nothing about another.
        const own = lena.sentFrames.find(({ data }) => data?.channel === `private-conversation.${LENA}`).data;
        await lena.page.evaluate(([channel, auth]) => {
          window.Echo.connector.pusher.send_event('pusher:subscribe', { channel, auth });
        }, [foreign[0], own.auth]);
        await until(() => lena.frames.some((frame) => /error/.test(frame.event)), 'a refusal by the relay');

        const text = words('Between us');
        await camille.types('B');
        await camille.sends(text);
        await noah.receives(SENT, has(text));
        await noah.receives('client-typing');

        // What was sent to her after that comes, what was sent to them before it does not.
        const marker = words('For Lena');
        await camille.talksTo(LENA);
        await camille.sends(marker);
        await lena.receives(SENT, has(marker));
        assert.ok(!lena.frames.some(({ event, channel }) => foreign.includes(channel) && !/error/.test(event)));

        const page = await lena.page.evaluate(async (id) => (await window.axios.post(`/messages/${id}/read`, null,
          { validateStatus: () => true })).status, await noah.sees(text));
        assert.equal(page, 403);
      });

      it('polls while the relay is away and comes back without losing or doubling a message', async () => {
        const { camille, noah } = await bothTalk();
        const before = await noah.thread();
        const texts = [words('Before')];
        await camille.sends(texts[0]);
        await noah.sees(texts[0]);

        await (redis ? stack.stopRelay() : stack.killRelay());
        const since = Date.now();
        await noah.page.locator('#banner').waitFor();
        assert.match(await noah.page.locator('#banner').innerText(), /every 5 s/);
        for (const text of ['While it is away', 'Still away', 'And again'].map(words)) {
          texts.push(text);
          await camille.sends(text);
          await camille.sees(text);
        }
        await noah.sees(texts.at(-1));
        assert.ok(noah.polls(since).length > 0, 'no polling');
        assert.ok(!noah.frames.some((frame) => frame.at > since && frame.event === SENT));
        const answer = words('I see you');
        await noah.sends(answer);
        await camille.sees(answer);
        texts.push(answer);

        // From now on until both are live again messages go on being sent, at any moment of the return.
        let talking = true;
        const talk = (async () => {
          while (talking) {
            texts.push(words('On the way back'));
            await camille.sends(texts.at(-1));
            await camille.sees(texts.at(-1));
          }
        })();
        await stack.startRelay();
        await Promise.all([camille.live(RECONNECT_MS), noah.live(RECONNECT_MS)]);
        talking = false;
        await talk;

        const back = Date.now();
        texts.push(words('Back again'));
        await camille.sends(texts.at(-1));
        await noah.receives(SENT, has(texts.at(-1)));
        await noah.sees(texts.at(-1));
        assert.deepEqual(noah.polls(back), []);

        for (const person of [noah, camille]) {
          const thread = await person.thread();
          const said = thread.filter(({ text }) => texts.includes(text));
          assert.deepEqual(said.map(({ text }) => text), texts);
          const ids = thread.map(({ id }) => id);
          assert.deepEqual(ids, [...new Set(ids)].sort((one, other) => one - other));
        }
        assert.equal((await noah.thread()).length, before.length + texts.length);
      });

      if (redis) return; // what the page does on its own is the same over both

      it('speaks French on a telephone and keeps to its width', async () => {
        const phone = { locale: 'fr-FR', viewport: { width: 375, height: 740 }, isMobile: true, hasTouch: true };
        const noah = await comes('noah', phone);
        const { page } = noah;
        assert.equal(await page.locator('html').getAttribute('lang'), 'fr');
        await page.getByPlaceholder('Chercher un contact').waitFor();
        assert.ok(!(await page.locator('#conversation').isVisible()));

        await noah.talksTo(MATEO);
        await page.locator('#empty').getByText('Pas encore de message').waitFor();
        assert.ok(!(await page.locator('.side').isVisible()));
        const long = words(`${'Donaudampfschifffahrt'.repeat(12)} <b>gras</b> 👩‍👩‍👧‍👦`);
        await noah.sends(long);
        await noah.sees(long);
        assert.equal(await page.locator('.message b').count(), 0);
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth
          && document.getElementById('thread').scrollWidth <= document.getElementById('thread').clientWidth));

        await page.getByLabel('Retour à la liste').click();
        await page.locator('.side').waitFor();
        assert.match(await noah.row(MATEO).innerText(), /Vous\u00a0:/);
      });

      it('does nothing in the name of somebody else who has logged in in another tab', async () => {
        const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 1100, height: 760 } });
        const lena = new Person(context, await context.newPage(), stack.url);
        await lena.logIn('lena', new Map());
        await lena.talksTo(AICHA);
        await lena.page.context().clearCookies();
        const mateo = new Person(context, await context.newPage(), stack.url);
        there.push(mateo);
        await mateo.logIn('mateo', new Map());
        await mateo.talksTo(AICHA);

        await lena.sends(words('As whom?'));
        await lena.page.locator('#banner').getByText('You have been logged out.').waitFor();
        await lena.page.locator('.message[data-state="failed"]').waitFor();
        assert.equal(await stack.query(`select count(*) from messages where sender_id = ${MATEO} and receiver_id = ${AICHA}`), '0');
        const list = await lena.page.evaluate(async () => (await window.axios.get('/messages', {
          params: { after: 0 }, validateStatus: () => true,
        })).status);
        assert.equal(list, 401);
      });

      it('refuses what does not fit into an event and says so', async () => {
        const camille = await comes('camille');
        await camille.talksTo(MATEO);
        await camille.sends('🎺'.repeat(1000));
        await camille.page.locator('.problem').waitFor();
        assert.match(await camille.page.locator('.problem').innerText(), /too long/);
        await camille.sends(words('🎺'.repeat(500)));
        await camille.sees('🎺'.repeat(500));
      });

      it('loads older messages when one scrolls up', async () => {
        const camille = await comes('camille');
        const mateo = await comes('mateo');
        await camille.talksTo(MATEO);
        const texts = Array.from({ length: 40 }, (_, index) => words(`Line ${index}`));
        await camille.page.evaluate(async ([to, lines]) => {
          for (const content of lines) {
            await window.axios.post('/messages', { receiver_id: to, content });
          }
        }, [MATEO, texts]);

        await mateo.receives(SENT, has(texts.at(-1)));
        await mateo.page.goto(`${stack.url}/chat/${CAMILLE}`);
        await mateo.live();
        await mateo.sees(texts.at(-1));
        assert.equal((await mateo.thread()).length, 30);
        await until(async () => {
          await mateo.page.locator('#thread').evaluate((thread) => thread.scrollTo(0, 0));
          return (await mateo.bubble(texts[0]).count()) > 0;
        }, 'the oldest message');
        const lines = (await mateo.thread()).map(({ text }) => text).filter((text) => text.startsWith('Line '));
        assert.deepEqual(lines, texts);
      });

      it('stores a message once whose answer was lost on the way', async () => {
        const { camille, noah } = await bothTalk();
        const text = words('Did this arrive?');
        let lost = 0;
        await camille.page.route('**/messages', async (route) => {
          if (route.request().method() === 'POST' && lost++ === 0) {
            await route.fetch();
            await route.abort();
          } else {
            await route.continue();
          }
        });
        await camille.sends(text);
        const id = await noah.sees(text);
        await camille.page.locator('.message[data-state="failed"] .problem button').click();
        assert.equal(await camille.sees(text), id);
        assert.equal(await camille.bubble(text).count(), 1);

        // An echo of the second try would have come before this one.
        const next = words('It did');
        await camille.sends(next);
        await noah.sees(next);
        assert.equal(await noah.bubble(text).count(), 1);
        assert.equal(await stack.query(`select count(*) from messages where content = '${text}'`), '1');
      });

      it('logs nobody in with a wrong password, and nobody reads without a login', async () => {
        const context = await browser.newContext({ locale: 'en-GB' });
        const page = await context.newPage();
        await page.goto(`${stack.url}/chat/${NOAH}`);
        assert.equal(new URL(page.url()).pathname, '/login');
        await page.locator('#email').fill('camille@example.com');
        await page.locator('#password').fill('guess');
        await page.locator('.primary').click();
        await page.locator('.problem').waitFor();
        assert.match(await page.locator('.problem').innerText(), /do not belong together/);
        await page.locator('.login-as').first().click();
        await page.locator('.message').first().waitFor();
        await context.close();
      });
    });
  }

  describe('without the package\'s queue() override', () => {
    it('events stay in the jobs table and reach nobody live', { skip: stockQueue }, async () => {
      const stack = await Stack.start({ stockQueue: true });
      try {
        const camille = await Person.comes(browser, stack.url, new Map(), 'camille');
        const noah = await Person.comes(browser, stack.url, new Map(), 'noah');
        await camille.talksTo(NOAH);
        const text = words('Nobody works on this');
        await camille.sends(text);
        await camille.sees(text);
        await until(async () => (await stack.jobs()) > 0, 'a row in the jobs table', WAIT_MS);
        assert.ok(!noah.frames.some(({ event }) => event === SENT));
        await Promise.all([camille.leaves(), noah.leaves()]);
      } finally {
        await stack.stop();
      }
    });
  });
});

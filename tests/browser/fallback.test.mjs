// SPDX-License-Identifier: MIT
//
// Two people chat without WebSockets: the browser has none, or a proxy swallows them. pusher-js goes on
// with HTTP streaming, and with polling where something buffers answers. No request leaves the host.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';

import { Person, launch } from './support/person.mjs';
import { Stack } from './support/stack.mjs';
import { Swallower } from './support/swallower.mjs';

const CAMILLE = 1;
const NOAH = 2;

describe('the demo without WebSockets', () => {
  let browser;
  let stack;
  let there = [];
  let swallower;
  const sessions = new Map();

  before(async () => {
    browser = await launch();
    stack = await Stack.start();
  });

  after(async () => {
    await browser.close();
    await stack?.stop();
  });

  afterEach(async () => {
    await Promise.all(there.map((person) => person.leaves()));
    there = [];
    await swallower?.stop();
    swallower = undefined;
  });

  /** Without `proxy` the page has no WebSocket at all. */
  const comes = async (name, proxy) => {
    const options = proxy ? { proxy: { server: proxy.url, bypass: '<-loopback>' } } : {};
    const person = await Person.comes(browser, stack.url, sessions, name, options, proxy ? undefined : () => { delete window.WebSocket; });
    there.push(person);
    return person;
  };

  const transport = (person) => person.page.evaluate(() => window.Echo.connector.pusher.connection.connection.transport.name);

  /** Messages both ways, typing and presence, by the transport named. */
  const chat = async (name, proxy) => {
    const [camille, noah] = await Promise.all([comes('camille', proxy), comes('noah', proxy)]);
    assert.deepEqual([await transport(camille), await transport(noah)], [name, name]);
    await camille.talksTo(NOAH);
    await noah.talksTo(CAMILLE);
    for (const [from, to, text] of [[camille, noah, `Over ${name}?`], [noah, camille, `Yes, ${name}`], [camille, noah, `Good, ${name}`]]) {
      await from.sends(`${text} ${Boolean(proxy)}`);
      await to.sees(`${text} ${Boolean(proxy)}`);
    }
    await camille.types('abc');
    await noah.page.locator('#typing').waitFor({ state: 'visible' });
    const own = new URL(stack.url).host;
    for (const person of [camille, noah]) {
      const paths = person.requests.map(({ path }) => path);
      assert.ok(paths.some((path) => path.endsWith(name === 'xhr_polling' ? '/xhr' : '/xhr_streaming')), `requests of ${name}`);
      const strangers = person.requests.map(({ request }) => request.url()).filter((url) => /^\w+:\/\//.test(url) && new URL(url).host !== own);
      assert.deepEqual(strangers, [], 'requests that left the host');
      assert.deepEqual(person.polls().length <= 3, true, 'the page itself does not poll');
    }
    assert.equal(await stack.jobs(), 0);
    /* Chromium asks its maker for this and that by itself. */
    if (proxy) assert.deepEqual([...proxy.hosts].filter((host) => !/\.(google|googleapis|gstatic|gvt1)\.com(:\d+)?$/.test(host)), [own], 'hosts that the proxy was asked for');
  };

  it('a browser that has none: xhr_streaming', () => chat('xhr_streaming'));

  it('a proxy refuses them: xhr_streaming', async () => {
    swallower = await Swallower.start();
    await chat('xhr_streaming', swallower);
    assert.ok(swallower.swallowed.length > 0, 'WebSockets were tried first');
  });

  it('a proxy lets them hang, and buffers answers: xhr_polling', async (t) => {
    swallower = await Swallower.start({ holds: true, buffers: true });
    await chat('xhr_polling', swallower);
    assert.ok(swallower.swallowed.length > 0, 'WebSockets were tried first');
    t.diagnostic('library: Chromium | the system\'s | the demo by WebSocket, and without by xhr_streaming and xhr_polling; no request leaves the host');
  });
});

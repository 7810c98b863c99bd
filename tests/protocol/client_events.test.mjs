// SPDX-License-Identifier: MIT
//
// Client events (Echo's whisper): who may send them, who gets them, and their rate.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Client } from './support/client.mjs';
import { withRelay } from './support/relay.mjs';

withRelay('client events', {}, (context) => {
  const connect = () => Client.connect(context.relay);
  const pair = async (channel, options = [{}, {}]) => {
    const clients = [await connect(), await connect()];
    for (const [i, client] of clients.entries()) await client.subscribe(channel, options[i]);
    for (const client of clients) await client.settle();
    return clients;
  };
  const endAll = (...clients) => Promise.all(clients.map((client) => client.end()));

  test('40. delivered to the others, never echoed', async () => {
    const [one, two] = await pair('private-chat');
    one.send({ event: 'client-typing', channel: 'private-chat', data: { name: 'A' } });
    const frame = await two.event('client-typing');
    assert.deepEqual(frame, { event: 'client-typing', channel: 'private-chat', data: '{"name":"A"}' });
    assert.deepEqual(await one.settle(), []);
    await endAll(one, two);
  });

  test('39. only on joined private and presence channels, only with the prefix', async () => {
    const [one, two] = await pair('private-chat');
    await one.subscribe('public');
    await two.subscribe('public');
    await two.subscribe('private-other');
    const wrong = [
      { event: 'client-x', channel: 'public', data: {} },
      { event: 'client-x', channel: 'private-other', data: {} },
      { event: 'client-x', channel: 'presence-nowhere', data: {} },
      { event: 'client-x', channel: 'a b', data: {} },
      { event: 'client-x', data: {} },
      { event: 'client-x', channel: 5, data: {} },
      { event: 'typing', channel: 'private-chat', data: {} },
      { event: 'Client-x', channel: 'private-chat', data: {} },
    ];
    for (const frame of wrong) {
      one.send(frame);
      await one.errorFrame();
    }
    assert.deepEqual(await two.settle(), []);
    await endAll(one, two);
  });

  test('39. not after unsubscribing', async () => {
    const [one, two] = await pair('private-chat');
    one.unsubscribe('private-chat');
    one.send({ event: 'client-x', channel: 'private-chat', data: {} });
    await one.errorFrame();
    assert.deepEqual(await two.settle(), []);
    await endAll(one, two);
  });

  test('41. the eleventh within a second gets 4301, is dropped, the connection stays', async () => {
    const [one, two] = await pair('private-chat');
    for (let i = 0; i < 11; i++) one.send({ event: `client-${i}`, channel: 'private-chat', data: {} });
    const error = await one.errorFrame();
    assert.equal(error.code, 4301);
    for (let i = 0; i < 10; i++) await two.event(`client-${i}`);
    await one.settle();
    assert.deepEqual(await two.settle(), []);
    await endAll(one, two);
  });

  test('42. on presence channels the sender is named by the relay, not by itself', async () => {
    const [one, two] = await pair('presence-chat', [{ user: 7 }, { user: '9' }]);
    one.send({ event: 'client-x', channel: 'presence-chat', data: {}, user_id: 'forged', socket_id: '1.1', more: 1 });
    assert.deepEqual(await two.event('client-x'), { event: 'client-x', channel: 'presence-chat', data: '{}', user_id: '7' });
    await endAll(one, two);
  });

  test('42. on private channels nobody is named', async () => {
    const [one, two] = await pair('private-chat');
    one.send({ event: 'client-x', channel: 'private-chat', data: {}, user_id: 'forged' });
    assert.ok(!('user_id' in await two.event('client-x')));
    await endAll(one, two);
  });

  test('43. object, string, number, array and no data arrive', async () => {
    const [one, two] = await pair('private-chat');
    const cases = [
      ['{"a":[1,2]}', '{"a":[1,2]}'],
      ['"text \\u00e9 \\" \\n"', 'text \u00e9 " \n'],
      ['1e400', '1e400'],
      ['12345678901234567890', '12345678901234567890'],
      ['[null,true]', '[null,true]'],
      ['null', 'null'],
    ];
    for (const [sent, received] of cases) {
      one.send(`{"event":"client-x","channel":"private-chat","data":${sent}}`);
      assert.equal((await two.event('client-x')).data, received, sent);
    }
    one.send('{"event":"client-none","channel":"private-chat"}');
    await two.event('client-none');
    await endAll(one, two);
  });

  test('keys in any order, blanks anywhere', async () => {
    const [one, two] = await pair('private-chat');
    one.send(' { "data" : { "event":"fake","channel":"fake" } ,\n"channel":"private-chat" , "event"\t:"client-x" } ');
    const frame = await two.event('client-x');
    assert.equal(JSON.parse(frame.data).event, 'fake');
    await endAll(one, two);
  });

  test('a burst from many senders reaches everybody once', async () => {
    const clients = await Promise.all(Array.from({ length: 8 }, connect));
    for (const client of clients) await client.subscribe('private-many');
    for (const [i, client] of clients.entries()) client.send({ event: `client-from-${i}`, channel: 'private-many', data: i });
    for (const [i, client] of clients.entries()) {
      for (let from = 0; from < clients.length; from++) {
        if (from !== i) assert.equal((await client.event(`client-from-${from}`)).data, String(from));
      }
      assert.deepEqual(await client.settle(), []);
    }
    await endAll(...clients);
  });

  test('the event name is bounded', async () => {
    const [one, two] = await pair('private-chat');
    one.send({ event: `client-${'x'.repeat(193)}`, channel: 'private-chat', data: {} });
    await two.event(`client-${'x'.repeat(193)}`);
    one.send({ event: `client-${'x'.repeat(194)}`, channel: 'private-chat', data: {} });
    await one.errorFrame();
    await endAll(one, two);
  });
});

withRelay('client events switched off', { args: ['--client-events', 'false'] }, (context) => {
  test('39. are refused with an error', async () => {
    const one = await Client.connect(context.relay);
    const two = await Client.connect(context.relay);
    for (const client of [one, two]) await client.subscribe('private-chat');
    one.send({ event: 'client-x', channel: 'private-chat', data: {} });
    await one.errorFrame();
    assert.deepEqual(await two.settle(), []);
    await one.end();
    await two.end();
  });
});

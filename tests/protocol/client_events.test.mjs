// SPDX-License-Identifier: MIT
//
// Client events (Echo's whisper): who may send them, who gets them, and their rate.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Client } from './support/client.mjs';
import { counters, Publisher } from './support/publish.mjs';
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

  test('on every kind of channel that is private', async () => {
    for (const channel of ['private-encrypted-chat', 'private-cache-chat', 'presence-cache-chat', 'private-encrypted-cache-chat']) {
      const isPresence = channel.startsWith('presence-');
      const [one, two] = await pair(channel, isPresence ? [{ user: '7' }, { user: '9' }] : undefined);
      one.send({ event: 'client-x', channel, data: { a: 1 } });
      assert.deepEqual(await two.event('client-x'), { event: 'client-x', channel, data: '{"a":1}', ...(isPresence ? { user_id: '7' } : {}) });
      await endAll(one, two);
    }
  });

  test('the sentences and counters of what is refused', async () => {
    const [one, two] = await pair('private-chat');
    const before = await counters(context.relay);
    const said = [
      [{ event: 'client-x', data: {} }, 'Invalid client event (must contain channel and data)'],
      [{ event: 'client-x', channel: 'private-x', data: {} }, 'Cannot broadcast client event (connection not subscribed to channel private-x)'],
      [{ event: 'client-x', channel: 'a b', data: {} }, 'Invalid client event (not a channel name)'],
      [{ event: 'client-x', channel: 'x'.repeat(165), data: {} }, 'Invalid client event (not a channel name)'],
      [{ event: 'client-x', channel: '#server-to-user-7', data: {} }, 'Client events are for private and presence channels only, not for #server-to-user-7'],
    ];
    for (const [frame, message] of said) {
      one.send(frame);
      assert.deepEqual(await one.errorFrame(), { code: null, message });
    }
    one.send({ event: 'x', channel: 'private-chat', data: {} });
    assert.deepEqual(await one.errorFrame(), { code: null, message: "Unsupported event received on socket: 'x'" });
    assert.equal((await counters(context.relay))('client_events_refused') - before('client_events_refused'), said.length);
    assert.deepEqual(await two.settle(), []);
    await endAll(one, two);
  });

  test('41. each connection has its own rate, and gets it again after a second', async () => {
    const [one, two] = await pair('private-rates');
    const start = Date.now();
    for (let i = 0; i < 12; i++) one.send({ event: 'client-one', channel: 'private-rates', data: i });
    two.send({ event: 'client-two', channel: 'private-rates', data: {} });
    await one.event('client-two');
    for (let i = 0; i < 2; i++) assert.equal((await one.errorFrame()).code, 4301);
    for (let i = 0; i < 10; i++) assert.equal((await two.event('client-one')).data, String(i));
    for (let sent = 12; ; sent++) {
      one.send({ event: 'client-one', channel: 'private-rates', data: sent });
      const [error] = (await one.settle()).filter(({ event }) => event === 'pusher:error');
      if (!error) {
        assert.equal((await two.event('client-one')).data, String(sent));
        break;
      }
      assert.equal(error.data.code, 4301);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.ok(Date.now() - start >= 980, 'not before a second has passed');
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

withRelay('bytes of client events', { args: ['--client-event-rate', '1000'] }, (context) => {
  test('43. data arrives as it was sent, byte for byte', async () => {
    const [one, two] = [await Client.connect(context.relay), await Client.connect(context.relay)];
    for (const client of [one, two]) await client.subscribe('private-bytes');
    const arrived = async (data) => {
      one.send(`{"event":"client-x","channel":"private-bytes","data":${data}}`);
      await two.event('client-x');
      return /^\{"event":"client-x","channel":"private-bytes","data":(.*)\}$/s.exec(two.raw.at(-1))[1];
    };
    for (const text of ['"\\u2028"', '"\u2028"', '"\\u00e9\u00e9\\/\\\\\\"\\b"', '"\\u0000"', '"\\ud83d\\ude00"', '""', '"{\\"a\\":1.0}"']) {
      assert.equal(await arrived(text), text);
    }
    const values = ['12345678901234567890', '1.0', '1e400', '-0', '[1.0, {"a" :\t1E+2}]'];
    for (const text of values) assert.equal(JSON.parse(await arrived(text)), text);
    const deep = `${'['.repeat(63)}1${']'.repeat(63)}`;
    assert.equal(JSON.parse(await arrived(deep)), deep);
    one.send(`{"event":"client-x","channel":"private-bytes","data":[${deep}]}`);
    assert.match((await one.errorFrame()).message, /nested too deeply/);
    for (const text of ['01', '1.', '"\\x"', '"\\ud800"', '[1,]', '"\t"', 'undefined', 'NaN']) {
      one.send(`{"event":"client-x","channel":"private-bytes","data":${text}}`);
      assert.match((await one.errorFrame()).message, /not valid JSON/, text);
    }
    assert.deepEqual(await two.settle(), []);
    await one.end();
    await two.end();
  });
});

withRelay('client events of applications with bounds of their own', {
  apps: [],
  file: `[app:app1]
key = key1
secret = secret1
channel_name_bytes = 16
event_name_bytes = 12
client_event_rate = 2
payload_bytes = 50
`,
}, (context) => {
  test('names, rate and size', async () => {
    const [one, two] = [await Client.connect(context.relay), await Client.connect(context.relay)];
    const channel = 'private-12345678';
    for (const client of [one, two]) await client.subscribe(channel);
    for (const name of [`${channel}9`, `${channel}${'x'.repeat(1000)}`, '#'.repeat(170)]) {
      one.ask(name);
      assert.deepEqual(await one.errorFrame(), { code: null, message: 'Channel names have at most 16 characters' });
      for (const event of ['pusher_internal:subscription_error', 'pusher:subscription_error']) {
        assert.equal(JSON.parse((await one.event(event, name)).data).status, 400);
      }
    }
    one.send({ event: 'client-123456', channel, data: {} });
    assert.match((await one.errorFrame()).message, /at most 12 bytes/);
    one.send({ event: 'client-12345', channel, data: 'x'.repeat(51) });
    assert.match((await one.errorFrame()).message, /at most 50 bytes/);
    one.send({ event: 'client-12345', channel, data: 'x'.repeat(50) });
    one.send({ event: 'client-12345', channel, data: { x: 'x'.repeat(42) } });
    for (let i = 0; i < 2; i++) await two.event('client-12345');
    one.send({ event: 'client-12345', channel });
    assert.equal((await one.errorFrame()).code, 4301);
    const publisher = await Publisher.connect(context.relay);
    await publisher.publish(channel, 'e', {});
    await two.event('e');
    await assert.rejects(publisher.publish(`${channel}9`, 'e', {}), /channel_name_bytes/);
    publisher.close();
    await one.event('e');
    assert.deepEqual(await two.settle(), []);
    await one.end();
    await two.end();
  });
});

withRelay('client events switched off', { args: ['--client-events', 'false'] }, (context) => {
  test('39. are refused with an error', async () => {
    const one = await Client.connect(context.relay);
    const two = await Client.connect(context.relay);
    for (const client of [one, two]) await client.subscribe('private-chat');
    one.send({ event: 'client-x', channel: 'private-chat', data: {} });
    const error = await one.errorFrame();
    assert.equal(error.code, null);
    assert.match(error.message, /^To send client events, you must enable this feature /);
    assert.deepEqual(await two.settle(), []);
    await one.end();
    await two.end();
  });
});

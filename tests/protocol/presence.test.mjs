// SPDX-License-Identifier: MIT
//
// Presence channels: who is there, joining and leaving, by user and not by connection.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Client } from './support/client.mjs';
import { withRelay } from './support/relay.mjs';
import { signChannel } from './support/sign.mjs';

let room = 0;
const newRoom = () => `presence-room-${++room}`;

withRelay('presence', { args: ['--members', '5'] }, (context) => {
  const connect = () => Client.connect(context.relay);
  const join = async (channel, user, info) => {
    const client = await connect();
    client.presence = (await client.subscribe(channel, { user, info })).presence;
    return client;
  };
  const endAll = (...clients) => Promise.all(clients.map((client) => client.end()));

  test('31., 34. the joiner is in ids, hash and count', async () => {
    const channel = newRoom();
    const first = await join(channel, '7', { name: 'A' });
    assert.deepEqual(first.presence, { ids: ['7'], hash: { 7: { name: 'A' } }, count: 1 });
    const second = await join(channel, '9', { name: 'B' });
    assert.deepEqual([...second.presence.ids].sort(), ['7', '9']);
    assert.deepEqual(second.presence.hash, { 7: { name: 'A' }, 9: { name: 'B' } });
    assert.equal(second.presence.count, 2);
    await endAll(first, second);
  });

  test('32. two connections of a user are one member_added and one member_removed', async () => {
    const channel = newRoom();
    const watcher = await join(channel, 'w');
    const one = await join(channel, '7');
    const two = await join(channel, '7');
    const added = await watcher.event('pusher_internal:member_added', channel);
    assert.equal(JSON.parse(added.data).user_id, '7');
    await one.end();
    const third = await join(channel, 'last');
    await watcher.event('pusher_internal:member_added', channel);
    assert.deepEqual(await watcher.settle(), []);
    await two.end();
    const removed = await watcher.event('pusher_internal:member_removed', channel);
    assert.deepEqual(JSON.parse(removed.data), { user_id: '7' });
    assert.deepEqual(await watcher.settle(), []);
    await endAll(watcher, third);
  });

  test('32. a second connection of a user gets the list and no event', async () => {
    const channel = newRoom();
    const one = await join(channel, '7', { name: 'A' });
    const two = await join(channel, '7', { name: 'other' });
    assert.deepEqual(two.presence, { ids: ['7'], hash: { 7: { name: 'A' } }, count: 1 });
    assert.deepEqual(await one.settle(), []);
    await endAll(one, two);
  });

  test('33. the joiner does not get its own member_added', async () => {
    const client = await join(newRoom(), '7');
    assert.deepEqual(await client.settle(), []);
    await client.end();
  });

  test('35. a number as user_id is the same user as its text', async () => {
    const channel = newRoom();
    const one = await join(channel, 10, { n: 1 });
    assert.deepEqual(one.presence, { ids: ['10'], hash: { 10: { n: 1 } }, count: 1 });
    const two = await join(channel, '10');
    assert.equal(two.presence.count, 1);
    await endAll(one, two);
  });

  test('36. member_added is a string with user_id and user_info only', async () => {
    const channel = newRoom();
    const watcher = await join(channel, 'w');
    const client = await connect();
    await client.subscribe(channel, { channelData: JSON.stringify({ extra: 1, user_id: '9', user_info: { name: 'B' }, more: [] }) });
    const added = await watcher.event('pusher_internal:member_added', channel);
    assert.equal(typeof added.data, 'string');
    assert.deepEqual(JSON.parse(added.data), { user_id: '9', user_info: { name: 'B' } });
    assert.deepEqual(Object.keys(added).sort(), ['channel', 'data', 'event']);
    await endAll(watcher, client);
  });

  test('a missing user_info is {} for others; true stays true', async () => {
    const channel = newRoom();
    const one = await join(channel, '1');
    assert.deepEqual(one.presence.hash, { 1: {} });
    const two = await join(channel, '2', true);
    assert.equal(two.presence.hash['2'], true);
    assert.equal(JSON.parse((await one.event('pusher_internal:member_added')).data).user_info, true);
    await endAll(one, two);
  });

  test('37. one member too many is refused, a second connection of a member is not', async () => {
    const channel = newRoom();
    const members = [];
    for (let i = 0; i < 5; i++) members.push(await join(channel, `m${i}`));
    const client = await connect();
    client.ask(channel, { user: 'm5' });
    await client.errorFrame();
    await client.subscribe(channel, { user: 'm0' });
    await members.pop().end();
    await members[0].event('pusher_internal:member_removed', channel);
    members.push(await join(channel, 'm5'));
    await endAll(...members, client);
  });

  test('38. user_info above 1 KB and user_id above 128 characters are refused', async () => {
    const channel = newRoom();
    const client = await connect();
    client.ask(channel, { user: 'u'.repeat(129) });
    await client.errorFrame();
    client.ask(channel, { user: '7', info: { text: 'x'.repeat(1025 - 11) } });
    await client.errorFrame();
    await client.subscribe(channel, { user: 'u'.repeat(128), info: { text: 'x'.repeat(1024 - 11) } });
    await client.end();
  });

  test('23. without channel_data a presence channel is refused', async () => {
    const channel = newRoom();
    const client = await connect();
    client.send({ event: 'pusher:subscribe', data: { channel, auth: signChannel(client.app, client.socketId, channel) } });
    await client.errorFrame();
    await client.end();
  });

  test('channel_data that is not a string, not JSON, or without user_id is refused', async () => {
    const channel = newRoom();
    const client = await connect();
    for (const wrong of [{ user_id: '7' }, 5, null, true, ['x']]) {
      client.send({ event: 'pusher:subscribe', data: { channel, auth: 'key1:x', channel_data: wrong } });
      await client.errorFrame();
    }
    for (const channelData of ['', 'x', '{', '[]', '{}', '"7"', '{"user_id":null}', '{"user_id":{}}', '{"user_id":[]}', '{"user_id":""}',
      '{"user_id":true}', '{"user_id":"7"} x', '{"user_id":"7","user_info":}', '{"user_id":"\\ud800"}']) {
      client.ask(channel, { channelData });
      await client.errorFrame();
    }
    assert.deepEqual((await client.settle()).filter(({ event }) => !event.endsWith(':subscription_error')), []);
    await client.subscribe(channel, { user: '7' });
    await client.end();
  });

  test('21. the signature is checked over the received bytes, escapes and all', async () => {
    const channel = newRoom();
    const client = await connect();
    const channelData = '{"user_id":"7","user_info":{"name":"Zo\\u00eb","url":"http:\\/\\/x"}}';
    const { presence } = await client.subscribe(channel, { channelData });
    assert.deepEqual(presence.hash['7'], { name: 'Zo\u00eb', url: 'http://x' });
    const other = await connect();
    const utf8 = '{"user_id":"9","user_info":{"name":"Zo\u00eb"}}';
    assert.deepEqual((await other.subscribe(channel, { channelData: utf8 })).presence.hash['9'], { name: 'Zo\u00eb' });
    other.unsubscribe(channel);
    const escaped = '{"user_id":"9","user_info":{"name":"Zo\\u00eb"}}';
    other.send({ event: 'pusher:subscribe', data: { channel, channel_data: escaped, auth: signChannel(client.app, other.socketId, channel, utf8) } });
    await other.errorFrame();
    await endAll(client, other);
  });

  test('numbers in user_info keep their digits', async () => {
    const channel = newRoom();
    const client = await connect();
    await client.subscribe(channel, { channelData: '{"user_id":12345678901234567890,"user_info":{"n":12345678901234567890}}' });
    const frame = client.raw.at(-1);
    assert.match(frame, /\\"n\\":\s?12345678901234567890/);
    await client.end();
  });

  test('unsubscribing leaves, at once', async () => {
    const channel = newRoom();
    const watcher = await join(channel, 'w');
    const client = await join(channel, '7');
    await watcher.event('pusher_internal:member_added', channel);
    client.unsubscribe(channel);
    await watcher.event('pusher_internal:member_removed', channel);
    assert.equal((await client.subscribe(channel, { user: '7' })).presence.count, 2);
    await endAll(watcher, client);
  });

  test('members who come and go together are seen by all alike', async () => {
    const channel = newRoom();
    const watcher = await join(channel, 'w');
    for (let round = 0; round < 5; round++) {
      const clients = await Promise.all(['a', 'b', 'c', 'd'].map((user) => join(channel, user)));
      const there = new Set();
      for (let i = 0; i < 4; i++) there.add(JSON.parse((await watcher.event('pusher_internal:member_added', channel)).data).user_id);
      assert.equal(there.size, 4);
      await endAll(...clients);
      for (let i = 0; i < 4; i++) there.delete(JSON.parse((await watcher.event('pusher_internal:member_removed', channel)).data).user_id);
      assert.equal(there.size, 0);
    }
    assert.deepEqual(await watcher.settle(), []);
    await watcher.end();
  });

  test('what a joiner missed in its list comes as member_added, never both', async () => {
    const channel = newRoom();
    const users = ['a', 'b', 'c', 'd', 'e'];
    const clients = await Promise.all(users.map((user) => join(channel, user)));
    for (const client of clients) {
      const known = new Set(client.presence.ids);
      while (known.size < users.length) {
        const { user_id: user } = JSON.parse((await client.event('pusher_internal:member_added', channel)).data);
        assert.ok(!known.has(user), `${user} twice`);
        known.add(user);
      }
      assert.deepEqual(await client.settle(), []);
    }
    await endAll(...clients);
  });
});

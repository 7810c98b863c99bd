// SPDX-License-Identifier: MIT
//
// Pusher's Java, Swift and .NET clients, scripted: what each sends, and what each can read, as their
// sources have it. A frame that the real one would throw at, drop or misread fails the test.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { events } from './support/api.mjs';
import { Client } from './support/client.mjs';
import { ran } from './support/compatibility.mjs';
import { signChannel } from './support/sign.mjs';
import { withRelay } from './support/relay.mjs';
import { Inbox } from './support/wait.mjs';

/** What all three have in common: an inbox of what the application would be told. */
class Scripted {
  constructor(relay, { query, headers, ...options }) {
    this.app = relay.app;
    this.told = new Inbox('the application');
    this.client = Client.open(relay, { query, ...options });
    this.client.inbox.push = (frame) => this.read(frame);
  }

  tell(what, channel, detail) {
    this.told.push({ what, channel, detail });
  }

  next(what, channel) {
    return this.told.take((item) => item.what === what && (channel === undefined || item.channel === channel), `${what} ${channel ?? ''}`);
  }

  send(frame) {
    this.client.send(frame);
  }

  async connected() {
    this.socketId = (await this.next('connected')).detail;
  }

  auth(channel, channelData) {
    return signChannel(this.app, this.socketId, channel, channelData);
  }

  end() {
    return this.client.end();
  }
}

/** Java: protocol 5; pings without data; sends client events' data as a string; never answers pusher:ping. */
class Java extends Scripted {
  constructor(relay) {
    super(relay, { query: '?client=java-client&protocol=5&version=2.4.4' });
  }

  read(frame) {
    assert.notEqual(frame.event, 'pusher:ping', 'it has no answer to that');
    /* Objects are turned to text; where data is missing the handlers that read it throw. */
    const data = frame.data === undefined ? undefined : typeof frame.data === 'string' ? frame.data : JSON.stringify(frame.data);
    switch (frame.event) {
      case 'pusher:connection_established': return this.tell('connected', undefined, JSON.parse(data).socket_id);
      case 'pusher:error': return this.tell('error', undefined, JSON.parse(data));
      case 'pusher:pong': return this.tell('pong');
      case 'pusher_internal:subscription_succeeded': {
        if (!frame.channel.startsWith('presence-')) return this.tell('subscribed', frame.channel);
        const { ids, hash } = JSON.parse(data).presence;
        assert.ok(ids.every((id) => typeof id === 'string'));
        return this.tell('subscribed', frame.channel, ids.map((id) => [id, hash[id]]));
      }
      case 'pusher_internal:member_added': return this.tell('joined', frame.channel, JSON.parse(data).user_id);
      case 'pusher_internal:member_removed': return this.tell('left', frame.channel, JSON.parse(data).user_id);
      default: return this.tell(frame.event, frame.channel, { data, userId: frame.user_id });
    }
  }

  ping() {
    this.client.send('{"event": "pusher:ping"}');
    return this.next('pong');
  }

  subscribe(channel, channelData) {
    const data = { channel };
    if (/^(private|presence)-/.test(channel)) data.auth = this.auth(channel, channelData);
    if (channelData !== undefined) data.channel_data = channelData;
    this.send({ event: 'pusher:subscribe', data });
    return this.next('subscribed', channel);
  }

  whisper(channel, event, data) {
    this.send({ event, channel, data: JSON.stringify(data) });
  }
}

/** Swift: protocol 7; takes data of events only as a string, data of errors only as an object; pings by WebSocket. */
class Swift extends Scripted {
  constructor(relay) {
    super(relay, { query: '?client=pusher-websocket-swift&version=10.1.10&protocol=7' });
  }

  read(frame) {
    if (frame.event === 'pusher:error') {
      assert.equal(typeof frame.data, 'object', 'dropped silently otherwise');
      return this.tell('error', undefined, frame.data);
    }
    if (frame.event === 'pusher:pong') return this.tell('pong');
    assert.equal(typeof frame.data, 'string', `${frame.event}: nil otherwise`);
    assert.ok(frame.user_id === undefined || typeof frame.user_id === 'string', 'dropped otherwise');
    switch (frame.event) {
      case 'pusher:connection_established': {
        const { socket_id: id, activity_timeout: seconds } = JSON.parse(frame.data);
        assert.ok(Number.isInteger(seconds) && seconds > 0);
        return this.tell('connected', undefined, id);
      }
      case 'pusher_internal:subscription_succeeded': {
        const data = JSON.parse(frame.data);
        return this.tell('subscribed', frame.channel, data.presence && Object.entries(data.presence.hash));
      }
      case 'pusher_internal:member_added': return this.tell('joined', frame.channel, JSON.parse(frame.data).user_id);
      case 'pusher_internal:member_removed': return this.tell('left', frame.channel, JSON.parse(frame.data).user_id);
      default: return this.tell(frame.event, frame.channel, { data: frame.data, userId: frame.user_id });
    }
  }

  async ping() {
    this.client.socket.ping();
    await this.client.pongs.take(() => true, 'a WebSocket pong');
  }

  subscribe(channel, channelData) {
    const data = { channel };
    if (/^(private|presence)-/.test(channel)) Object.assign(data, { auth: this.auth(channel, channelData) }, channelData && { channel_data: channelData });
    this.send({ event: 'pusher:subscribe', data });
    return this.next('subscribed', channel);
  }

  whisper(channel, event, data) {
    this.send({ event, channel, data });
  }
}

/** .NET: protocol 5; a frame with a channel is never a connection's; throws where an id of a member has no entry in hash. */
class DotNet extends Scripted {
  constructor(relay) {
    super(relay, { query: '?protocol=5&client=pusher-dotnet-client&version=2.3.0' });
  }

  read(frame) {
    if ('channel' in frame) return this.readChannel(frame);
    switch (frame.event) {
      case 'pusher:connection_established': return this.tell('connected', undefined, JSON.parse(frame.data).socket_id);
      case 'pusher:error':
        assert.equal(typeof frame.data, 'object', 'dropped silently otherwise');
        return this.tell('error', undefined, frame.data);
      case 'pusher:pong': return this.tell('pong');
      case 'pusher:signin_success':
      case 'pusher_internal:watchlist_events': return this.tell(frame.event, undefined, frame.data);
      default: return assert.fail(`${frame.event} without a channel would get lost`);
    }
  }

  readChannel(frame) {
    assert.ok(!/^pusher:(error|signin_success|connection_established)$/.test(frame.event));
    const data = frame.data === undefined ? '' : typeof frame.data === 'string' ? frame.data : JSON.stringify(frame.data);
    switch (frame.event) {
      case 'pusher_internal:subscription_succeeded': {
        if (!frame.channel.startsWith('presence-')) return this.tell('subscribed', frame.channel);
        const { ids, hash } = JSON.parse(data).presence;
        for (const id of ids) assert.ok(id in hash, 'a missing key is an exception');
        return this.tell('subscribed', frame.channel, ids.map((id) => [id, hash[id]]));
      }
      case 'pusher_internal:subscription_error': return this.tell('refused', frame.channel);
      case 'pusher_internal:member_added': return this.tell('joined', frame.channel, JSON.parse(data).user_id);
      case 'pusher_internal:member_removed': return this.tell('left', frame.channel, JSON.parse(data).user_id);
      default:
        assert.ok(frame.user_id === undefined || typeof frame.user_id === 'string', 'dropped otherwise');
        return this.tell(frame.event, frame.channel, { data, userId: frame.user_id });
    }
  }

  /** Its WebSocket library pings every second. */
  async ping() {
    for (let i = 0; i < 20; i++) this.client.socket.ping();
    for (let i = 0; i < 20; i++) await this.client.pongs.take(() => true, 'a WebSocket pong');
  }

  subscribe(channel, channelData) {
    const isOpen = !/^(private|presence)-/.test(channel);
    const data = isOpen ? { channel } : { channel, auth: this.auth(channel, channelData), channel_data: channelData ?? null };
    this.send({ event: 'pusher:subscribe', data });
    return this.next('subscribed', channel);
  }

  whisper(channel, event, data) {
    this.send({ event, channel, data });
  }
}

const PROBES = ['--activity-timeout-ms', '300', '--ping-grace-ms', '0'];

withRelay('scripted clients', { args: PROBES }, (context) => {
  let other;
  before(async () => { other = await Client.connect(context.relay); });
  after(() => other.end());

  for (const [name, Kind, protocol] of [['Java', Java, 5], ['Swift', Swift, 7], ['.NET', DotNet, 5]]) {
    test(`a client that behaves as the ${name} library`, async (t) => {
      const one = new Kind(context.relay);
      await one.connected();
      await one.ping();
      const [open, secret, room, cache] = ['open', 'private-x', 'presence-x', 'cache-x'].map((base) => `${base}-${name.replace('.', '')}`);

      await one.subscribe(open);
      await events(context.relay, { name: 'order.shipped', channel: open, data: '{"id":42}' });
      assert.deepEqual((await one.next('order.shipped', open)).detail.data, '{"id":42}');

      await one.subscribe(secret);
      await other.subscribe(secret);
      one.whisper(secret, 'client-hello', { a: 1 });
      assert.deepEqual(JSON.parse((await other.event('client-hello', secret)).data), { a: 1 });
      other.send({ event: 'client-back', channel: secret, data: { b: [2, '3'] } });
      assert.deepEqual(JSON.parse((await one.next('client-back', secret)).detail.data), { b: [2, '3'] });

      const { detail: members } = await one.subscribe(room, '{"user_id":"7","user_info":{"name":"A"}}');
      assert.deepEqual(members, [['7', { name: 'A' }]]);
      await other.subscribe(room, { user: 8 });
      assert.equal((await one.next('joined', room)).detail, '8');
      other.send({ event: 'client-back', channel: room, data: 'text' });
      assert.deepEqual((await one.next('client-back', room)).detail, { data: 'text', userId: '8' });
      other.unsubscribe(room);
      assert.equal((await one.next('left', room)).detail, '8');

      await one.subscribe(cache);
      assert.equal((await one.next('pusher:cache_miss', cache)).detail.data, '{}');

      one.send({ event: 'pusher:subscribe', data: { channel: 'private-forbidden', auth: 'key1:00' } });
      assert.equal((await one.next('error')).detail.code, 4009);
      /* Silent from now on but for the answers to WebSocket pings. */
      for (let i = 0; i < 3; i++) await one.client.pings.take(() => true, 'a probe');
      one.send({ event: 'pusher:unsubscribe', data: { channel: open } });
      await one.ping();
      await one.end();
      ran(t, `${name} client, scripted`, `protocol ${protocol}`, 'channels of all kinds, whispers, members, errors, probing');
    });
  }
});

// SPDX-License-Identifier: MIT
//
// The door for Laravel's own redis broadcaster, with its payloads and its script at a real Redis,
// and with everything else that may be published there.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';

import { Client } from './support/client.mjs';
import { busChannel, counters, Publisher } from './support/publish.mjs';
import { Redis } from './support/redis.mjs';
import { APP, Relay } from './support/relay.mjs';
import { until } from './support/wait.mjs';

const PREFIX = 'laravel_database_';
const FAST = ['--redis-timeout-ms', '500', '--redis-backoff-max-ms', '100', '--unsubscribe-delay-ms', '50'];
/* Illuminate\Broadcasting\Broadcasters\RedisBroadcaster: one script for all channels. */
const SCRIPT = "for i = 2, #ARGV do\n  redis.call('publish', ARGV[i], ARGV[1])\nend\n";

/** As PHP's json_encode writes it: slashes and everything beyond ASCII escaped. */
const phpJson = (value) => JSON.stringify(value).replaceAll('/', '\\/')
  .replace(/[\u0080-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);

const payload = (event, data, socket = null) => `{"event":${phpJson(event)},"data":${phpJson(data)},"socket":${phpJson(socket)}}`;

const app = (id, lines) => `[app:${id}]\nkey = key-${id}\nsecret = secret-${id}\n${lines.join('\n')}\n`;
const other = { id: 'other', key: 'key-other', secret: 'secret-other' };
const bare = { id: 'bare', key: 'key-bare', secret: 'secret-bare' };

for (const [engine, workers] of [['local', 1], ['redis', 2]]) {
  describe(`Laravel's redis broadcaster, engine ${engine}, ${workers} worker${workers > 1 ? 's' : ''}`, () => {
    let redis;
    let relay;
    const start = (lines = []) => Relay.start({
      workers,
      apps: [],
      args: ['--redis', `unix:${redis.socket}`, '--engine', engine, ...FAST],
      file: [
        `[app:${APP.id}]\nkey = ${APP.key}\nsecret = ${APP.secret}\nlaravel_redis = true\nlaravel_redis_prefix = ${PREFIX}\n${lines.join('\n')}\n`,
        app('other', ['laravel_redis = true', 'laravel_redis_prefix = odd*[a]?\\^_']),
        app('closed', []),
      ].join('\n'),
    });
    const broadcast = (channels, body, prefix = PREFIX) =>
      redis.call('EVAL', SCRIPT, '0', body, ...channels.map((channel) => prefix + channel));
    const listening = (count = engine === 'redis' ? 6 : 2) => until(async () => (await redis.call('PUBSUB', 'NUMPAT')) >= count, 'the patterns');
    const connect = (of = APP) => Client.connect(relay, { app: of });

    before(async () => {
      redis = await Redis.start();
      relay = await start();
      await listening();
    });
    after(async () => {
      await relay.stop();
      await redis.stop();
    });

    test('an event reaches all channels of a broadcast, its data byte for byte', async () => {
      const client = await connect();
      await client.subscribe('private-orders.42');
      await client.subscribe('news');
      const data = { id: 42, note: 'Zoë / "q" \u2028', big: [1.5, null, {}], socket: null };
      await broadcast(['private-orders.42', 'news'], payload('App\\Events\\OrderShipped', data));
      for (const channel of ['private-orders.42', 'news']) {
        const frame = await client.event('App\\Events\\OrderShipped', channel);
        assert.deepEqual(Object.keys(frame).sort(), ['channel', 'data', 'event']);
        assert.equal(frame.data, phpJson(data));
      }
      await broadcast(['news'], '{"socket":null , "data" : [1e400, 12345678901234567890,"\\ud83d\\ude00"], "event":"e"}');
      assert.equal((await client.event('e', 'news')).data, '[1e400, 12345678901234567890,"\\ud83d\\ude00"]');
      for (const value of ['"text"', 'null', 'true', '1.0', '[]']) {
        await broadcast(['news'], `{"event":"v","data":${value},"socket":null}`);
        assert.equal((await client.event('v', 'news')).data, value);
      }
      await client.end();
    });

    test('the socket of toOthers() gets nothing', async () => {
      const [sender, receiver] = [await connect(), await connect()];
      await sender.subscribe('news');
      await receiver.subscribe('news');
      await broadcast(['news'], payload('e', {}, sender.socketId));
      await receiver.event('e', 'news');
      for (const socket of ['x', 7, '1.2', '']) {
        await broadcast(['news'], payload('again', {}, socket));
        await sender.event('again', 'news');
      }
      assert.deepEqual((await sender.settle()).filter(({ event }) => event === 'e'), []);
      await sender.end();
      await receiver.end();
    });

    test('what comes in by it fills cache channels', async () => {
      const before = (await counters(relay))('laravel_messages');
      await broadcast(['cache-prices'], payload('price', { eur: 1 }));
      await until(async () => (await counters(relay))('laravel_messages') === before + 1, 'the message');
      const client = await connect();
      await client.subscribe('cache-prices');
      assert.equal((await client.event('price', 'cache-prices')).data, '{"eur":1}');
      await client.end();
    });

    test('prefixes are taken literally, and tell applications apart', async () => {
      const [mine, others] = [await connect(), await connect(other)];
      await mine.subscribe('news');
      await others.subscribe('news');
      await broadcast(['news'], payload('odd', {}), 'oddXa!\\^_');
      await broadcast(['news'], payload('odd', {}), 'odd*[a]?\\^_');
      await others.event('odd', 'news');
      await broadcast(['news'], payload('mine', {}));
      await mine.event('mine', 'news');
      assert.deepEqual(await others.settle(), []);
      assert.deepEqual(await mine.settle(), []);
      await mine.end();
      await others.end();
    });

    test('what is wrong is refused and counted, and disturbs nobody', async () => {
      const client = await connect();
      await client.subscribe('news');
      const wrong = [
        ['news', 'no JSON'], ['news', ''], ['news', '[]'], ['news', '{"event":1,"data":{}}'], ['news', '{"data":{}}'],
        ['news', '{"event":"e"}'], ['news', payload('', {})], ['news', payload('pusher:error', {})],
        ['news', payload('pusher_internal:member_added', {})], ['news', payload('x'.repeat(201), {})],
        ['news', payload('e', 'x'.repeat(10239))], ['news', '{"event":"e","data":{}'], ['news', `{"event":"e","data":"\xff"}`],
        ['news', `{"event":"e","data":${'['.repeat(100)}${']'.repeat(100)}}`],
        ['a b', payload('e', {})], ['', payload('e', {})], ['n'.repeat(165), payload('e', {})], ['#x', payload('e', {})],
      ];
      const refused = (await counters(relay))('laravel_refused');
      for (const [channel, body] of wrong) await broadcast([channel], Buffer.from(body, 'latin1'));
      await until(async () => (await counters(relay))('laravel_refused') === refused + wrong.length, 'all to be refused');
      await broadcast(['news'], payload('e', 'x'.repeat(10238)));
      assert.equal((await client.event('e', 'news')).data.length, 10240);
      assert.deepEqual(await client.settle(), []);
      assert.match(relay.output, /event=laravel_refused app=app1 reason="/);
      await client.end();
    });

    test('Redis may go away and come back', async () => {
      await redis.kill();
      await relay.logged('redis_away', ({ link }) => link === 'laravel');
      await redis.up();
      await listening();
      const client = await connect();
      await client.subscribe('private-back');
      await broadcast(['private-back'], payload('e', {}));
      await client.event('e', 'private-back');
      await client.end();
    });

    if (engine === 'redis') {
      test('another relay hears it once, and our own bus is no part of it', async () => {
        const second = await start();
        const [here, there] = [await connect(), await Client.connect(second)];
        await here.subscribe('news');
        await there.subscribe('news');
        await listening();
        await until(async () => {
          await broadcast(['news'], payload('probe', {}));
          return there.inbox.items.some(({ event }) => event === 'probe');
        }, 'the second relay to listen');
        await here.settle();
        await there.settle();
        await broadcast(['news'], payload('e', {}));
        await here.event('e', 'news');
        await there.event('e', 'news');
        const publisher = await Publisher.overRedis({ path: redis.socket }, APP);
        await publisher.publish('news', 'ours', {});
        await here.event('ours', 'news');
        await there.event('ours', 'news');
        assert.deepEqual((await here.settle()).filter(({ event }) => event !== 'probe'), []);
        assert.deepEqual((await there.settle()).filter(({ event }) => event !== 'probe'), []);
        publisher.close();
        await here.end();
        await there.end();
        await second.stop();
      });
    }
  });
}

describe("Laravel's redis broadcaster, other settings", () => {
  test('with an empty prefix what is not ours is passed over without a word', async () => {
    const redis = await Redis.start();
    const relay = await Relay.start({ apps: [], args: ['--redis', `unix:${redis.socket}`], file: app('bare', ['laravel_redis = true']) });
    await until(async () => (await redis.call('PUBSUB', 'NUMPAT')) === 1, 'the pattern');
    const client = await Client.connect(relay, { app: bare });
    await client.subscribe('news');
    const before = await counters(relay);
    for (const [channel, body] of [
      ['horizon:jobs', payload('e', {})], ['__keyspace@0__:k', 'set'], ['news', 'plain text'], ['news', '{"other":1}'],
      [busChannel('bare', 'news'), payload('e', {})], ['clairon:9:{1}:bare:news', payload('e', {})],
    ]) await redis.call('PUBLISH', channel, body);
    await redis.call('PUBLISH', 'news', payload('pusher:x', {}));
    await redis.call('PUBLISH', 'news', payload('last', {}));
    await client.event('last', 'news');
    assert.deepEqual(await client.settle(), []);
    const now = await counters(relay);
    assert.equal(now('laravel_refused'), before('laravel_refused') + 1);
    assert.equal(now('laravel_messages'), before('laravel_messages') + 1);
    await client.end();
    await relay.stop();
    await redis.stop();
  });

  test('the door opens and closes', async () => {
    const redis = await Redis.start();
    const text = (on, prefix) => `[relay]\nengine = redis\nredis = unix:${redis.socket}\n`
      + app('a', [`laravel_redis = ${on}`, `laravel_redis_prefix = ${prefix}`]);
    const relay = await Relay.start({ workers: 2, apps: [], file: text(false, 'one:') });
    const reload = async (file) => {
      await writeFile(relay.file, file);
      relay.signal('SIGHUP');
      await relay.logged('reloaded');
    };
    const a = { id: 'a', key: 'key-a', secret: 'secret-a' };
    const client = await Client.connect(relay, { app: a });
    await client.subscribe('news');
    /* Four are those of the cache channels. */
    const patterns = (count) => until(async () => (await redis.call('PUBSUB', 'NUMPAT')) === count, `${count} patterns`);
    await patterns(4);
    await reload(text(true, 'one:'));
    await patterns(5);
    await redis.call('PUBLISH', 'one:news', payload('first', {}));
    await client.event('first', 'news');
    await reload(text(true, 'two:'));
    await until(async () => {
      await redis.call('PUBLISH', 'one:news', payload('old', {}));
      await redis.call('PUBLISH', 'two:news', payload('second', {}));
      return client.inbox.items.some(({ event }) => event === 'second');
    }, 'the new prefix');
    await client.settle();
    await redis.call('PUBLISH', 'one:news', payload('gone', {}));
    await redis.call('PUBLISH', 'two:news', payload('third', {}));
    await client.event('third', 'news');
    assert.deepEqual((await client.settle()).filter(({ event }) => event === 'gone'), []);
    await reload(text(false, 'two:'));
    await patterns(4);
    await client.end();
    await relay.stop();
    await redis.stop();
  });
});

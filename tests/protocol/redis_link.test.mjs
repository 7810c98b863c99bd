// SPDX-License-Identifier: MIT
//
// The links to Redis against a server that answers when the test says so: many answers at once.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';

import { Client } from './support/client.mjs';
import { counters, parseReply } from './support/publish.mjs';
import { Relay } from './support/relay.mjs';
import { until } from './support/wait.mjs';

/** Says yes to everything but keeps the answers to PUBLISH back: `held` of them wait at `publisher`. */
class SlowRedis {
  static async start() {
    const redis = new SlowRedis();
    redis.folder = await mkdtemp(path.join(tmpdir(), 'clairon-redis-'));
    redis.socket = path.join(redis.folder, 'redis.sock');
    redis.held = 0;
    redis.server = net.createServer((socket) => redis.serve(socket)).listen(redis.socket);
    await new Promise((resolve) => redis.server.once('listening', resolve));
    return redis;
  }

  serve(socket) {
    let pending = Buffer.alloc(0);
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      pending = Buffer.concat([pending, bytes]);
      let at = 0;
      for (let request; at < pending.length && (request = parseReply(pending.subarray(at))) !== null; at += request[1]) {
        this.handle(socket, request[0]);
      }
      pending = pending.subarray(at);
    });
  }

  handle(socket, [verb, ...words]) {
    if (verb === 'PUBLISH') {
      this.publisher = socket;
      this.held++;
    } else if (verb === 'SUBSCRIBE') {
      for (const word of words) socket.write(`*3\r\n$9\r\nsubscribe\r\n$${word.length}\r\n${word}\r\n:1\r\n`);
    } else {
      socket.write('+OK\r\n');
    }
  }

  /** All that is held back, in one piece; the last answer is an error, which the relay counts. */
  answer() {
    this.publisher.write(`${':0\r\n'.repeat(this.held - 1)}-ERR the last one\r\n`);
    this.held = 0;
  }

  async stop() {
    await new Promise((resolve) => this.server.close(resolve));
    await rm(this.folder, { recursive: true, force: true });
  }
}

for (const workers of [1, 2]) {
  test(`thousands of answers in one piece do not cost the link, ${workers} worker${workers > 1 ? 's' : ''}`, async () => {
    const redis = await SlowRedis.start();
    const relay = await Relay.start({ workers, args: ['--engine', 'redis', '--redis', `unix:${redis.socket}`,
      '--redis-timeout-ms', '60000', '--message-rate', '0', '--client-event-rate', '1000000'] });
    const client = await Client.connect(relay);
    await client.subscribe('private-burst');
    for (let i = 0; i < 3000; i++) client.send({ event: 'client-typing', channel: 'private-burst', data: i });
    await until(() => redis.held === 3000, 'all events at Redis');
    redis.answer();
    let count;
    await until(async () => {
      count = await counters(relay);
      return count('redis_dropped') + count('redis_failures') > 0;
    }, 'the answers to be read');
    assert.equal(count('redis_failures'), 0);
    await client.end();
    await relay.stop();
    await redis.stop();
  });
}

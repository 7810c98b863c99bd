// SPDX-License-Identifier: MIT
//
// A Redis server of its own for a test: on a Unix socket in a folder of its own, nothing saved.
// Can be stopped (SIGSTOP), killed and started again at the same place.

import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { Resp } from './publish.mjs';
import { until, within } from './wait.mjs';

/** A port that was free a moment ago. */
export async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export class Redis {
  static async start({ port = 0, args = [] } = {}) {
    const redis = new Redis(await mkdtemp(path.join(tmpdir(), 'clairon-redis-')), port, args);
    await redis.up();
    return redis;
  }

  constructor(folder, port, args) {
    this.folder = folder;
    this.port = port;
    this.args = args;
    this.socket = path.join(folder, 'redis.sock');
  }

  async up() {
    this.child = spawn('redis-server', ['--port', String(this.port), '--bind', '127.0.0.1', '--unixsocket', this.socket,
      '--save', '', '--appendonly', 'no', '--dir', this.folder, '--daemonize', 'no', ...this.args], { stdio: 'ignore' });
    this.exited = new Promise((resolve) => this.child.on('close', resolve));
    await until(() => this.link().then((link) => link.close() ?? true, () => false), 'redis-server to answer');
  }

  async link() {
    const link = await Resp.connect({ path: this.socket });
    if (this.password) await link.call('AUTH', this.password);
    return link;
  }

  async call(...args) {
    const link = await this.link();
    try {
      return await link.call(...args);
    } finally {
      link.close();
    }
  }

  /** Waits until as many connections as `count` are subscribed to a channel. */
  async subscribed(channel, count = 1) {
    await until(async () => (await this.call('PUBSUB', 'NUMSUB', channel))[1] === count, `${count} subscribers of ${channel}`);
  }

  freeze() {
    this.child.kill('SIGSTOP');
  }

  thaw() {
    this.child.kill('SIGCONT');
  }

  async kill() {
    this.child.kill('SIGKILL');
    await within(this.exited, () => 'end of redis-server');
  }

  async stop() {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }
}

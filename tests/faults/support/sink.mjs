// SPDX-License-Identifier: MIT
//
// A process that reads what comes on a Unix socket and does nothing with it: what a bare write to it takes is
// what this machine asks of any publisher that wakes a reader.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { fileURLToPath } from 'node:url';

const FILE = fileURLToPath(import.meta.url);

export class Sink {
  static async start(path) {
    const sink = new Sink();
    sink.path = path;
    sink.child = fork(FILE, [path], { stdio: 'ignore' });
    await once(sink.child, 'message');
    return sink;
  }

  async stop() {
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
  }
}

if (process.argv[1] === FILE) {
  net.createServer((socket) => socket.resume().on('error', () => {})).listen(process.argv[2], () => process.send('listening'));
}

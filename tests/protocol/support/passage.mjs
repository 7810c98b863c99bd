// SPDX-License-Identifier: MIT
//
// A TCP proxy without opinions, so that clients keep their address while the relay behind it is
// replaced.

import net from 'node:net';

export class Passage {
  static async to(port) {
    const passage = new Passage(port);
    passage.server = net.createServer((client) => passage.pass(client));
    await new Promise((resolve) => passage.server.listen(0, '127.0.0.1', resolve));
    passage.port = passage.server.address().port;
    return passage;
  }

  /** `target`: the port that new connections are passed to. */
  constructor(target) {
    this.target = target;
    this.sockets = new Set();
  }

  pass(client) {
    const server = net.connect(this.target, '127.0.0.1');
    for (const [from, to] of [[client, server], [server, client]]) {
      this.sockets.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.sockets.delete(from);
        to.end();
      });
      from.pipe(to);
    }
  }

  close() {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }
}

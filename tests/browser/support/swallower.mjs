// SPDX-License-Identifier: MIT
//
// A forward proxy as offices have them: it passes plain requests on and swallows WebSockets, which come
// as CONNECT. Who was asked for is written down.

import http from 'node:http';

export class Swallower {
  /** `holds`: upgrades hang instead of being refused. `buffers`: an answer is passed on when it has ended. */
  static async start({ holds = false, buffers = false } = {}) {
    const swallower = new Swallower();
    swallower.server = http.createServer((request, response) => swallower.pass(request, response, buffers));
    swallower.server.on('connect', (request, socket) => {
      swallower.swallowed.push(request.url);
      swallower.hosts.add(request.url);
      socket.on('error', () => {});
      swallower.held.add(socket);
      if (!holds) socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
    });
    await new Promise((resolve) => swallower.server.listen(0, '127.0.0.1', resolve));
    swallower.url = `http://127.0.0.1:${swallower.server.address().port}`;
    return swallower;
  }

  constructor() {
    this.swallowed = [];
    this.hosts = new Set();
    this.held = new Set(); /* which the server knows nothing of any more */
  }

  pass(request, response, buffers) {
    const { host, hostname, port, pathname, search } = new URL(request.url);
    this.hosts.add(host);
    const onward = http.request({ hostname, port: port || 80, method: request.method, path: pathname + search, headers: request.headers }, (answer) => {
      const head = () => response.writeHead(answer.statusCode, answer.headers);
      if (buffers) {
        const parts = [];
        answer.on('data', (part) => parts.push(part));
        answer.on('end', () => head().end(Buffer.concat(parts)));
      } else {
        answer.pipe(head());
        response.flushHeaders();
      }
      answer.on('error', () => response.destroy());
    });
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    request.pipe(onward);
  }

  stop() {
    this.server.closeAllConnections();
    this.held.forEach((socket) => socket.destroy());
    return new Promise((resolve) => this.server.close(resolve));
  }
}

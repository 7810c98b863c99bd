// SPDX-License-Identifier: MIT
//
// The least that `ws` can do: who connects by WebSocket hears what is posted to /publish. Prints its
// port.
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

const sockets = new Set();
const http = createServer((request, response) => {
    const parts = [];
    request.on('data', (part) => parts.push(part));
    request.on('end', () => {
        const body = Buffer.concat(parts);
        for (const socket of sockets) {
            socket.send(body, { binary: false });
        }
        response.writeHead(204).end();
    });
});

new WebSocketServer({ server: http, perMessageDeflate: false }).on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.terminate());
});
http.keepAliveTimeout = 0; // publishers may pause
http.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, () => console.log(http.address().port));

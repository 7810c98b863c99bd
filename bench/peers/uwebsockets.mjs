// SPDX-License-Identifier: MIT
//
// The least that uWebSockets can do, by its own publish/subscribe: who connects by WebSocket hears
// what is posted to /publish. Prints its port.
import uWS from 'uWebSockets.js';

const TOPIC = 'all';
const app = uWS.App();

app.ws('/*', {
    compression: uWS.DISABLED,
    idleTimeout: 0,
    maxBackpressure: 16 * 1024 * 1024,
    open: (socket) => socket.subscribe(TOPIC),
});
app.post('/publish', (response) => {
    const parts = [];
    response.onAborted(() => {});
    response.onData((part, isLast) => {
        parts.push(Buffer.from(part.slice(0)));
        if (isLast) {
            app.publish(TOPIC, Buffer.concat(parts), false);
            response.writeStatus('204 No Content').endWithoutBody();
        }
    });
});
app.listen('127.0.0.1', 0, (listener) => console.log(uWS.us_socket_local_port(listener)));

// SPDX-License-Identifier: MIT
//
// soketi as it comes, but for one thing: it ends when it is told to. Its own handler waits for
// connections to go, sometimes for ever.
const on = process.on.bind(process);

process.on = (name, listener) => (name === 'SIGTERM' ? process : on(name, listener));
await import('@soketi/soketi/bin/server.js');

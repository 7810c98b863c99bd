// SPDX-License-Identifier: MIT
//
// A relay that is killed and started again at the same port, socket and spool.

import { Relay, APP } from '../../protocol/support/relay.mjs';
import { within } from '../../protocol/support/wait.mjs';

const START_MS = 60000;
const WORKERS = '2';

export class Phoenix {
  constructor(folder, port, args) {
    Object.assign(this, { folder, port, args, app: APP });
  }

  async up() {
    this.relay = new Relay(this.folder);
    this.socket = this.relay.socket;
    this.relay.spawn(['--listen', `127.0.0.1:${this.port}`, '--ingest', `unix:${this.socket}`, '--workers', WORKERS,
      '--app', `${APP.id}:${APP.key}:${APP.secret}`, ...this.args], {});
    await this.relay.inbox.take(({ event }) => event === 'ready', 'log line event=ready', START_MS);
    this.upSince = performance.now();
  }

  async kill() {
    this.relay.signal('SIGKILL');
    await within(this.relay.exited, () => 'end of the relay');
  }

  async stop() {
    const { child } = this.relay;
    if (child.exitCode === null && child.signalCode === null) await this.kill();
  }
}

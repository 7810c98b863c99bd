// SPDX-License-Identifier: MIT
//
// The demo as users deploy it (tools/stack): nginx, php-fpm, relay and, if asked for, a Redis server,
// on free ports, with a database of its own in a folder that goes with it.

import { execFile, spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, '../../..');
const TOOL = path.join(root, 'tools/stack');
const START_MS = 90_000;

// However this process ends, what it started ends too.
const running = new Set();
process.on('exit', () => running.forEach((folder) => {
  spawnSync(TOOL, ['stop', folder]);
  rmSync(folder, { recursive: true, force: true });
}));
['SIGINT', 'SIGTERM', 'SIGHUP'].forEach((signal) => process.on(signal, () => process.exit(1)));

export class Stack {
  /**
   * @param redis    deliver through Redis instead of the relay's own socket
   * @param stockQueue  switch the package's queue() override off: Laravel's own manager queues events
   */
  static async start({ redis = false, stockQueue = false } = {}) {
    const stack = new Stack(await mkdtemp(path.join(tmpdir(), 'clairon-browser-')));
    if (stockQueue) {
      await stack.useStockManager();
    }
    running.add(stack.folder);
    const output = await stack.tool('start', ...(redis ? ['--redis'] : []));
    Object.assign(stack, JSON.parse(output));
    return stack;
  }

  constructor(folder) {
    this.folder = folder;
    this.env = { ...process.env };
  }

  // Every PHP of this stack reads one more ini file, whose prepended script comes before the package.
  async useStockManager() {
    await writeFile(path.join(this.folder, 'stock-manager.ini'),
      `auto_prepend_file = "${path.join(here, 'stock-manager.php')}"\n`);
    this.env.PHP_INI_SCAN_DIR = `${process.env.PHP_INI_SCAN_DIR ?? ''}:${this.folder}`;
  }

  async tool(command, ...options) {
    try {
      const { stdout } = await run(TOOL, [command, this.folder, ...options], { env: this.env, timeout: START_MS });
      return stdout;
    } catch (error) {
      throw new Error(`tools/stack ${command} failed: ${error.stderr || error.message}`);
    }
  }

  stopRelay() {
    return this.tool('relay-stop');
  }

  /** kill -9: no close frame, no last word to anybody. */
  killRelay() {
    return this.tool('relay-kill');
  }

  startRelay() {
    return this.tool('relay-start');
  }

  async stop() {
    await this.tool('stop');
    running.delete(this.folder);
    await rm(this.folder, { recursive: true, force: true });
  }

  /** One value from the application's database. */
  async query(sql) {
    const { stdout } = await run('php', ['-r',
      'echo (new PDO("sqlite:".$argv[1]))->query($argv[2])->fetchColumn();', '--', this.database, sql]);
    return stdout;
  }

  async jobs() {
    return Number(await this.query('select count(*) from jobs'));
  }
}

// SPDX-License-Identifier: MIT
//
// php-fpm with four workers of its own, and FastCGI connections that are kept: each holds one worker, so
// it is known which worker has published what.

import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { until, within } from '../../protocol/support/wait.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const SCRIPT = path.join(here, 'publish.php');
export const WORKERS = 4;
const FILE_BYTES = 32768;
const [BEGIN, END, PARAMS, STDIN, STDOUT] = [1, 3, 4, 5, 6];
const START_MS = 60000;

export class Fpm {
  /** `diskFull`: no file of it may grow beyond FILE_BYTES. */
  static async start(folder, { diskFull = false } = {}) {
    const fpm = new Fpm();
    fpm.socket = path.join(folder, 'fpm.sock');
    const root = process.getuid() === 0;
    const conf = path.join(folder, 'fpm.conf');
    await writeFile(conf, `[global]
error_log = ${path.join(folder, 'fpm.log')}
daemonize = no
[faults]
listen = ${fpm.socket}
${root ? 'user = root\n' : ''}pm = static
pm.max_children = ${WORKERS}
clear_env = yes
catch_workers_output = yes
decorate_workers_output = no
php_admin_flag[log_errors] = on
`);
    const command = [process.env.PHP_FPM, ...(root ? ['-R'] : []), '-n', '-y', conf, '-d', `extension=${process.env.EXTENSION}`,
      '-d', 'clairon.log_errors=0'];
    const words = diskFull ? ['prlimit', `--fsize=${FILE_BYTES}`, ...command] : command;
    fpm.log = () => readFile(path.join(folder, 'fpm.log'), 'utf8').catch(() => '');
    fpm.child = spawn(words[0], words.slice(1), { stdio: 'ignore' });
    fpm.exited = new Promise((resolve) => fpm.child.on('close', resolve));
    await until(async () => {
      if (fpm.child.exitCode !== null) throw new Error(`php-fpm ended:\n${await fpm.log()}`);
      return new Promise((resolve) => {
        const socket = net.connect(fpm.socket, () => {
          socket.destroy();
          resolve(true);
        }).on('error', () => resolve(false));
      });
    }, 'php-fpm to listen', START_MS);
    return fpm;
  }

  async stop() {
    this.child.kill('SIGTERM');
    const hard = setTimeout(() => this.child.kill('SIGKILL'), 10000);
    await this.exited;
    clearTimeout(hard);
  }
}

const recordOf = (type, content) => {
  const head = Buffer.from([1, type, 0, 1, content.length >> 8, content.length & 255, 0, 0]);
  return Buffer.concat([head, content]);
};

const lengthOf = (bytes) => {
  const word = Buffer.alloc(4);
  word.writeUInt32BE((bytes.length | 0x80000000) >>> 0);
  return word;
};

function paramsOf(params) {
  const parts = [];
  for (const [name, value] of Object.entries(params)) {
    const [n, v] = [Buffer.from(name), Buffer.from(value)];
    parts.push(lengthOf(n), lengthOf(v), n, v);
  }
  return Buffer.concat(parts);
}

/** One kept connection, and so one worker; one request at a time. */
export class Worker {
  static connect(fpm) {
    return within(new Promise((resolve, reject) => {
      const socket = net.connect(fpm.socket, () => resolve(new Worker(socket)));
      socket.once('error', reject);
    }), () => 'a connection to php-fpm', START_MS);
  }

  constructor(socket) {
    this.socket = socket;
    this.bytes = Buffer.alloc(0);
    this.body = '';
    this.failed = null;
    socket.on('data', (bytes) => this.read(bytes));
    socket.on('error', () => {});
    socket.on('close', () => this.fail(new Error('the worker closed the connection')));
  }

  fail(error) {
    this.failed = error;
    this.waiting?.reject(error);
    this.waiting = null;
  }

  read(bytes) {
    this.bytes = Buffer.concat([this.bytes, bytes]);
    while (this.bytes.length >= 8) {
      const length = this.bytes.readUInt16BE(4);
      const whole = 8 + length + this.bytes[6];
      if (this.bytes.length < whole) return;
      const type = this.bytes[1];
      if (type === STDOUT) this.body += this.bytes.toString('utf8', 8, 8 + length);
      this.bytes = this.bytes.subarray(whole);
      if (type === END) this.answer();
    }
  }

  answer() {
    const text = this.body.slice(this.body.indexOf('\r\n\r\n') + 4);
    this.body = '';
    const { resolve, reject } = this.waiting;
    this.waiting = null;
    try {
      resolve(JSON.parse(text));
    } catch {
      reject(new Error(`no JSON from PHP: ${text.slice(0, 500)}`));
    }
  }

  request({ dsn, options, sink = '', events = [], flushMs = '' }) {
    if (this.failed) return Promise.reject(this.failed);
    const answer = new Promise((resolve, reject) => (this.waiting = { resolve, reject }));
    const params = paramsOf({
      REQUEST_METHOD: 'GET', SCRIPT_FILENAME: SCRIPT, SCRIPT_NAME: '/publish.php', REQUEST_URI: '/publish.php', QUERY_STRING: '',
      SERVER_PROTOCOL: 'HTTP/1.1', GATEWAY_INTERFACE: 'CGI/1.1', REMOTE_ADDR: '127.0.0.1',
      FAULTS_DSN: dsn, FAULTS_SINK: sink, FAULTS_OPTIONS: JSON.stringify(options), FAULTS_EVENTS: JSON.stringify(events), FAULTS_FLUSH_MS: String(flushMs),
    });
    const begin = Buffer.from([0, 1, 1, 0, 0, 0, 0, 0]); // responder, keep the connection
    this.socket.write(Buffer.concat([
      recordOf(BEGIN, begin), recordOf(PARAMS, params), recordOf(PARAMS, Buffer.alloc(0)), recordOf(STDIN, Buffer.alloc(0)),
    ]));
    return within(answer, () => 'an answer of php-fpm', START_MS);
  }

  close() {
    this.socket.destroy();
  }
}

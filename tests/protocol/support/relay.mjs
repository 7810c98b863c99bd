// SPDX-License-Identifier: MIT
//
// A relay of its own for a test: kernel-chosen port, Unix socket in a folder that goes with it.
// Stopping it asserts exit status 0 and that no sanitizer complained.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, before, describe } from 'node:test';
import http from 'node:http';

import { Inbox, within } from './wait.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
export const PROGRAM = path.resolve(process.env.RELAY ?? path.join(root, 'relay/clairon-relay'));
export const ROOT = root;

export const APP = { id: 'app1', key: 'key1', secret: 'secret1' };

/** `key=value key="two words"` of a log line. */
export function parseLog(line) {
  const fields = {};
  for (const match of line.matchAll(/([a-z0-9_]+)=(?:"([^"]*)"|(\S*))/g)) {
    fields[match[1]] = match[2] ?? match[3];
  }
  return fields;
}

/** What the relay gets of our environment: nothing that is a setting. */
export function cleanEnv(extra = {}) {
  const env = {};
  for (const name of ['PATH', 'HOME', 'TMPDIR', 'ASAN_OPTIONS', 'UBSAN_OPTIONS', 'LSAN_OPTIONS', 'TSAN_OPTIONS']) {
    if (process.env[name] !== undefined) env[name] = process.env[name];
  }
  return { ...env, ...extra };
}

const SANITIZER = /ERROR: \w+Sanitizer|runtime error:|WARNING: ThreadSanitizer/;

export class Relay {
  static async start({ workers = 1, args = [], env = {}, apps = [APP], listen = '127.0.0.1:0', ready = true, wrap = [], file } = {}) {
    const folder = await mkdtemp(path.join(tmpdir(), 'clairon-'));
    const relay = new Relay(folder);
    if (file !== undefined) await writeFile(relay.file, file);
    relay.spawn([
      '--listen', listen, '--ingest', `unix:${relay.socket}`, '--workers', String(workers),
      ...apps.flatMap(({ id, key, secret }) => ['--app', `${id}:${key}:${secret}`]),
      ...(file === undefined ? [] : ['--config', relay.file]), ...args,
    ], env, wrap);
    const listening = await relay.logged('listening');
    relay.port = Number(listening.address.split(':').at(-1));
    if (ready) await relay.logged('ready');
    return relay;
  }

  constructor(folder) {
    this.folder = folder;
    this.socket = path.join(folder, 'relay.sock');
    this.file = path.join(folder, 'relay.conf'); /* what `file` gives, for --config */
    this.lines = [];
    this.inbox = new Inbox('log');
    this.app = APP;
  }

  /** `wrap`: a program and its arguments that execute ours, such as prlimit. */
  spawn(args, env, wrap = []) {
    const [program, ...words] = [...wrap, PROGRAM, ...args];
    this.child = spawn(program, words, { env: cleanEnv(env), stdio: ['ignore', 'pipe', 'pipe'] });
    this.output = '';
    let rest = '';
    const read = (text) => {
      this.output += text;
      const lines = (rest + text).split('\n');
      rest = lines.pop();
      for (const line of lines) {
        this.lines.push(line);
        this.inbox.push({ line, ...parseLog(line) });
      }
    };
    this.child.stdout.setEncoding('utf8').on('data', read);
    this.child.stderr.setEncoding('utf8').on('data', read);
    this.exited = new Promise((resolve, reject) => {
      this.child.on('error', reject);
      this.child.on('close', (code, signal) => {
        this.inbox.end(`relay ended (${code ?? signal}):\n${this.output}\n`);
        resolve({ code, signal });
      });
    });
    this.exited.catch((error) => this.inbox.end(String(error)));
  }

  /** The next log line of an event, as fields. */
  logged(event, predicate = () => true) {
    return this.inbox.take((entry) => entry.event === event && predicate(entry), `log line event=${event}`);
  }

  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  get pid() {
    return this.child.pid;
  }

  /** {status, body} of a GET (or other) request. */
  request(target, { method = 'GET', headers = {} } = {}) {
    return new Promise((resolve, reject) => {
      const request = http.request(this.url + target, { method, headers, agent: false }, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text) => (body += text));
        response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body }));
      });
      request.on('error', reject).end();
    });
  }

  signal(name) {
    this.child.kill(name);
  }

  /** Ends it by SIGTERM (or waits, if it is ending) and checks how it went. */
  async stop({ signal = 'SIGTERM', code = 0, ms = 10000 } = {}) {
    if (this.child.exitCode === null && this.child.signalCode === null && signal) this.signal(signal);
    let result;
    try {
      result = await within(this.exited, () => `relay ends after ${signal}; its output:\n${this.output}`, ms);
    } catch (error) {
      this.child.kill('SIGKILL');
      throw error;
    } finally {
      await rm(this.folder, { recursive: true, force: true });
    }
    assert.doesNotMatch(this.output, SANITIZER);
    assert.deepEqual(result, { code, signal: null }, this.output);
  }
}

/**
 * Defines the tests of `define` twice: with one worker and with two. `context.relay` is a running
 * relay, the same for all tests within.
 */
export function withRelay(name, options, define) {
  for (const workers of [1, 2]) {
    describe(`${name}, ${workers} worker${workers > 1 ? 's' : ''}`, () => {
      const context = { workers, relay: null };
      before(async () => {
        const given = typeof options === 'function' ? await options(context) : options;
        context.relay = await Relay.start({ workers, ...given });
      });
      define(context);
      /* Last, since hooks run in the order of their definition. */
      after(async () => {
        if (context.relay) await context.relay.stop();
      });
    });
  }
}

/** Runs the program to its end: for start errors and --help. */
export function runProgram(args, env = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(PROGRAM, args, { env: cleanEnv(env), stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let errors = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (errors += text));
    const timer = setTimeout(() => child.kill('SIGKILL'), 10000);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, output, errors });
    });
  });
}

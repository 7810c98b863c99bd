// SPDX-License-Identifier: MIT
//
// What tests of TLS share: certificates made by the openssl program in a folder of their own, a
// relay that speaks TLS, and a tunnel that hands on every byte alone.

import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import { promisify } from 'node:util';

import { within } from './wait.mjs';

const run = promisify(execFile);
const KEYS = { ec: ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'], rsa: ['rsa:2048'] };

export class Certificates {
  static async make() {
    return new Certificates(await mkdtemp(path.join(tmpdir(), 'clairon-tls-')));
  }

  constructor(folder) {
    this.folder = folder;
  }

  file(name) {
    return path.join(this.folder, name);
  }

  /** NAME.pem and NAME.key; the common name is NAME, too. */
  async add(name, type = 'ec', days = 30) {
    await run('openssl', ['req', '-x509', '-newkey', ...KEYS[type], '-nodes', '-days', String(days), '-subj', `/CN=${name}`,
      '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', this.file(`${name}.key`), '-out', this.file(`${name}.pem`)]);
  }

  /** Flags for these pairs. */
  args(...names) {
    return ['--listen-tls', '127.0.0.1:0',
      ...names.flatMap((name) => ['--tls-certificate', this.file(`${name}.pem`), '--tls-key', this.file(`${name}.key`)])];
  }

  remove() {
    return rm(this.folder, { recursive: true, force: true });
  }
}

/** Finds the port of the relay's TLS listener; gives options for Client. */
export async function secure(relay) {
  relay.tls ??= relay.logged('listening', (entry) => entry.tls === 'true');
  const { address } = await relay.tls;
  relay.tlsPort = Number(address.split(':').at(-1));
  return { base: `wss://127.0.0.1:${relay.tlsPort}`, rejectUnauthorized: false };
}

/** {protocol, cipher, name, alpn} of a handshake, or its error. */
export function shakeHands(port, options = {}) {
  const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
  const done = new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('closed')));
    socket.on('secureConnect', () => {
      resolve({ protocol: socket.getProtocol(), cipher: socket.getCipher().name, alpn: socket.alpnProtocol,
        name: socket.getPeerCertificate().subject.CN });
      socket.end();
    });
  });
  return within(done, () => 'a TLS handshake');
}

/** A port that leads to `port`, with every byte a write of its own for the first `bytes`. */
export async function bytewiseTunnel(port, bytes) {
  const server = net.createServer((near) => {
    const far = net.connect(port, '127.0.0.1');
    const pass = (from, to) => {
      let left = bytes;
      let turn = Promise.resolve();
      to.setNoDelay(true);
      from.on('data', (data) => {
        turn = turn.then(async () => {
          for (; left > 0 && data.length > 0; left--) {
            to.write(data.subarray(0, 1));
            data = data.subarray(1);
            await new Promise((resolve) => setImmediate(resolve));
          }
          if (data.length > 0) to.write(data);
        });
      });
      from.on('error', () => {});
      from.on('close', () => turn.then(() => to.destroy()));
    };
    pass(near, far);
    pass(far, near);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: server.address().port, close: () => server.close() };
}

// SPDX-License-Identifier: MIT
//
// A spool of its own making, written from the tables in wire/spool_format.h, and a publisher that
// holds the claim to replay it.

import { spawn } from 'node:child_process';
import { rename, readFile, writeFile } from 'node:fs/promises';

import { clientText, envelope } from './publish.mjs';
import { within } from './wait.mjs';

export const HEADER = 256;
const RECORD_HEAD = 17;
const DROPS = ['expired', 'torn', 'refused'];

const TABLE = Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc >>> 0;
});

/** CRC32C, byte by byte. */
export function crc32c(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ TABLE[(crc ^ byte) & 255];
  return (crc ^ 0xffffffff) >>> 0;
}

/** One record around `bytes`, a signed envelope. */
export function rawRecord(channel, bytes, { timeMs = Date.now(), wasSent = false } = {}) {
  const name = Buffer.from(channel);
  const rest = Buffer.concat([Buffer.alloc(9), Buffer.from([name.length]), name, bytes]);
  rest.writeBigUInt64BE(BigInt(timeMs), 0);
  rest.writeUInt8(wasSent ? 1 : 0, 8);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + rest.length - RECORD_HEAD, 0);
  head.writeUInt32BE(crc32c(rest), 4);
  return Buffer.concat([head, rest]);
}

/** One record with an event, signed by `app` as its publisher does it. */
export function record(app, channel, event, data, { timeMs, wasSent, ...options } = {}) {
  const bytes = envelope({ text: clientText(event, channel, data), secret: app.secret, app: app.id, channel, ...options });
  return rawRecord(channel, bytes, { timeMs, wasSent });
}

/** The header of a file whose records have `length` bytes. */
export function header(appId, length, { appended = 0, base = BigInt(Date.now()) << 20n } = {}) {
  const bytes = Buffer.alloc(HEADER);
  bytes.write('CLNSPOOL', 0, 'latin1');
  bytes.writeUInt32BE(1, 8);
  for (const at of [16, 24, 32]) bytes.writeBigUInt64BE(base, at);
  bytes.writeBigUInt64BE(base + BigInt(length), 40);
  bytes.writeBigUInt64BE(BigInt(appended), 48);
  bytes.writeUInt8(appId.length, 96);
  bytes.write(appId, 97, 'latin1');
  bytes.writeUInt32BE(crc32c(bytes.subarray(16)), 12);
  return bytes;
}

/** Puts a file at `path`, at once. */
export async function putFile(path, ...parts) {
  await writeFile(`${path}.new`, Buffer.concat(parts));
  await rename(`${path}.new`, path);
}

/** A spool with these records. */
export function writeSpool(path, app, records, options = {}) {
  const body = Buffer.concat(records);
  return putFile(path, header(app.id, body.length, { appended: records.length, ...options }), body);
}

/** The header's numbers; `waiting` are bytes. */
export async function readSpool(path) {
  const bytes = await readFile(path);
  const [base, done, tried, end, appended, replayed, repeated, ...dropped] =
    Array.from({ length: 7 + DROPS.length }, (_, i) => bytes.readBigUInt64BE(16 + 8 * i));
  return {
    size: bytes.length, waiting: Number(end - done), tried: Number(tried - base), replayed: Number(replayed), repeated: Number(repeated),
    appended: Number(appended), ...Object.fromEntries(DROPS.map((name, i) => [name, Number(dropped[i])])),
  };
}

/** What a publisher notes beside the claim while it has records under way; offsets count from the file's base. */
export async function writeNote(path, offset, untilMs) {
  const base = (await readFile(path)).readBigUInt64BE(16);
  const bytes = Buffer.alloc(20);
  bytes.writeBigUInt64BE(base + BigInt(offset), 0);
  bytes.writeBigUInt64BE(BigInt(untilMs), 8);
  bytes.writeUInt32BE(crc32c(bytes.subarray(0, 16)), 16);
  await writeFile(`${path}.replay`, bytes);
}

/** Takes the claim as a publisher that replays; `release()` gives it back. */
export async function holdClaim(path) {
  const child = spawn('flock', ['--exclusive', `${path}.replay`, '-c', 'echo held; read line'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => child.on('close', resolve));
  await within(new Promise((resolve) => child.stdout.once('data', resolve)), () => 'the claim');
  return {
    async release() {
      child.stdin.end('\n');
      await ended;
    },
  };
}

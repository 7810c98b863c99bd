// SPDX-License-Identifier: MIT
//
// Reads wire/vectors/*.txt (format: wire/vectors/README.md). Fields come as Buffers.

import { readFileSync } from 'node:fs';
import path from 'node:path';

import { ROOT } from './relay.mjs';

const ESCAPES = { r: '\r', n: '\n', t: '\t', '"': '"', '\\': '\\' };

function unescape(text) {
  const plain = text.replace(/\\(?:x([0-9a-f]{2})|(.))/g, (all, hex, letter) => (hex
    ? String.fromCharCode(parseInt(hex, 16)) : ESCAPES[letter]));
  return Buffer.from(plain, 'latin1');
}

export function vectors(name) {
  const found = [];
  for (const line of readFileSync(path.join(ROOT, 'wire/vectors', name), 'latin1').split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const fields = [...line.matchAll(/"((?:[^"\\]|\\.)*)"(?:\*(\d+))?|(\S+)/g)].map(([, quoted, times, bare]) => (
      bare === undefined ? Buffer.concat(Array(Number(times ?? 1)).fill(unescape(quoted))) : Buffer.from(bare, 'latin1')));
    found.push(fields);
  }
  return found;
}

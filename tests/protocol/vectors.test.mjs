// SPDX-License-Identifier: MIT
//
// The test publisher against the shared vectors: what it sends is what the C code was tested with.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { busChannel, envelope } from './support/publish.mjs';
import { signChannel } from './support/sign.mjs';
import { vectors } from './support/vectors.mjs';

test('envelopes equal those of wire/vectors/envelope.txt', () => {
  let count = 0;
  for (const [kind, name, id, publisher, sequence, channelSequence, socketId, text, secret, app, channel, hex] of vectors('envelope.txt')) {
    if (String(kind) !== 'whole') continue;
    const bytes = envelope({
      id: Buffer.from(String(id), 'hex'), publisher: BigInt(`0x${publisher}`), sequence: BigInt(String(sequence)),
      channelSequence: BigInt(String(channelSequence)), socketId, text, secret: secret.length > 0 ? secret : undefined, app, channel,
    });
    assert.equal(bytes.toString('hex'), String(hex), `vector ${name}`);
    count++;
  }
  assert.ok(count >= 5);
});

test('bus channels equal those of wire/vectors/bus.txt', () => {
  let count = 0;
  for (const [kind, prefix, app, channel, part, bus] of vectors('bus.txt')) {
    if (String(kind) !== 'name') continue;
    assert.equal(busChannel(app, channel, prefix), String(bus), `part ${part}`);
    count++;
  }
  assert.ok(count >= 3);
});

test('19. signatures of private channels equal those of the Pusher documentation', () => {
  const pusher = { key: '278d425bdf160c739803', secret: '7ad3773142a6692b25b8' };
  assert.equal(signChannel(pusher, '1234.1234', 'private-foobar'),
    '278d425bdf160c739803:58df8b0c36d6982b82c3ecf6b4662e34fe8c25bba48f5369f135bf843651c3a4');
});

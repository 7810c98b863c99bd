// SPDX-License-Identifier: MIT
//
// Messages that are wrong: the sender gets an error frame or the close code of RFC 6455, nobody
// else notices.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Client } from './support/client.mjs';
import { withRelay } from './support/relay.mjs';

withRelay('errors', {}, (context) => {
  let witness;
  before(async () => {
    witness = await Client.connect(context.relay);
    await witness.subscribe('private-witness');
  });
  after(async () => {
    assert.deepEqual(await witness.settle(), []);
    await witness.end();
  });
  const connect = () => Client.connect(context.relay);

  test('14., 15. malformed JSON is answered by an error frame and the connection stays', async () => {
    const client = await connect();
    const wrong = ['', ' ', 'x', '{', '}', '[]', '5', 'null', '"text"', '{}', '{"event":}', '{"event":5}', '{"event":null}',
      '{"event":"pusher:ping"', '{"event":"pusher:ping"}x', '{"event":"pusher:ping",}', "{'event':'pusher:ping'}",
      '{"event":"pusher:ping","event":', '{"event":"\\ud800"}', '{"event":"\\x"}', '{"event":"a\tb"}', '{"data":{}}', '[]{"event":"x"}',
      '{"event":"pusher:subscribe"}', '{"event":"pusher:subscribe","data":5}', '{"event":"pusher:subscribe","data":{}}',
      '{"event":"pusher:subscribe","data":{"channel":5}}', '{"event":"pusher:subscribe","data":{"channel":null}}',
      '{"event":"pusher:subscribe","data":[]}', '{"event":"pusher:unknown"}', '{"event":"nothing"}', '{"event":""}',
      '{"event":01}', `${'['.repeat(5000)}`, `{"event":"x","data":${'['.repeat(2000)}${']'.repeat(2000)}}`];
    for (const text of wrong) {
      client.send(text);
      await client.errorFrame().catch((error) => {
        throw new Error(`${text.slice(0, 80)}: ${error.message}`);
      });
    }
    assert.deepEqual(await client.settle(), []);
    await client.end();
  });

  test('subscribe data as a string of JSON is taken or refused, never ignored', async () => {
    const client = await connect();
    client.send({ event: 'pusher:subscribe', data: '{"channel":"a"}' });
    const frame = await client.inbox.take(() => true, 'an answer');
    assert.ok(['pusher:error', 'pusher_internal:subscription_succeeded'].includes(frame.event));
    await client.end();
  });

  test('13. a binary message does no harm', async () => {
    const client = await connect();
    client.socket.send(Buffer.from([0, 1, 2, 255]));
    const outcome = await Promise.race([client.errorFrame().then(() => 'error'), client.closed().then(({ code }) => code)]);
    assert.ok(outcome === 'error' || outcome === 1003, String(outcome));
    client.socket.terminate();
  });

  test('13. invalid UTF-8 closes with 1007', async () => {
    for (const bytes of [[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xe2, 0x82], [0xf4, 0x90, 0x80, 0x80]]) {
      const client = await connect();
      client.socket.send(Buffer.from([0x22, ...bytes, 0x22]), { binary: false });
      assert.equal((await client.closed()).code, 1007);
    }
  });

  test('13. a message of many fragments is put together', async () => {
    const client = await connect();
    const text = JSON.stringify({ event: 'pusher:ping', data: 'x'.repeat(50) });
    for (let i = 0; i < text.length; i++) client.socket.send(text[i], { fin: i === text.length - 1 });
    await client.event('pusher:pong');
    await client.end();
  });

  test('a pong nobody asked for is fine', async () => {
    const client = await connect();
    client.socket.pong('hello');
    assert.deepEqual(await client.settle(), []);
    await client.end();
  });

  test('unknown keys of a frame are ignored', async () => {
    const client = await connect();
    client.send('{"x":{"y":[{"z":null}]},"event":"pusher:ping","a":1.5e-7,"data":{},"b":"\\u0000"}');
    await client.event('pusher:pong');
    await client.end();
  });

  test('the last of two equal keys, or an error, but one answer', async () => {
    const client = await connect();
    client.send('{"event":"nothing","event":"pusher:ping"}');
    const frame = await client.inbox.take(() => true, 'an answer');
    assert.ok(['pusher:error', 'pusher:pong'].includes(frame.event));
    assert.deepEqual(await client.settle(), []);
    await client.end();
  });
});

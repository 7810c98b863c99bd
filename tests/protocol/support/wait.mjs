// SPDX-License-Identifier: MIT
//
// Waiting for conditions with a deadline; tests never sleep for a guessed time.

import { setTimeout as pause } from 'node:timers/promises';

export const PATIENCE_MS = Number(process.env.CLAIRON_TEST_PATIENCE_MS ?? 10000);

/** `promise`, or a failure that says what was waited for. */
export async function within(promise, what, ms = PATIENCE_MS) {
  let timer;
  const late = new Promise((resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${ms} ms: ${what()}`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Asks `condition` again and again until it gives something true; for things without an event of their own. */
export async function until(condition, what, ms = PATIENCE_MS) {
  const end = Date.now() + ms;
  for (;;) {
    const result = await condition();
    if (result) return result;
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
    await pause(5);
  }
}

/** An ordered collection that tests take from by predicate, waiting if it isn't there yet. */
export class Inbox {
  constructor(name) {
    this.name = name;
    this.items = [];
    this.waiting = [];
    this.ended = null;
  }

  push(item) {
    const index = this.waiting.findIndex(({ predicate }) => predicate(item));
    if (index < 0) {
      this.items.push(item);
    } else {
      this.waiting.splice(index, 1)[0].resolve(item);
    }
  }

  /** No more will come: whoever waits fails at once. */
  end(reason) {
    this.ended = reason;
    for (const { reject, what } of this.waiting.splice(0)) {
      reject(new Error(`${this.name}: ${reason} while waiting for ${what}; left over: ${this.shown()}`));
    }
  }

  shown() {
    const text = JSON.stringify(this.items);
    return text.length > 2000 ? `${text.slice(0, 2000)}...` : text;
  }

  take(predicate, what, ms) {
    const index = this.items.findIndex(predicate);
    if (index >= 0) return Promise.resolve(this.items.splice(index, 1)[0]);
    if (this.ended !== null) {
      return Promise.reject(new Error(`${this.name}: ${this.ended}, never came: ${what}; left over: ${this.shown()}`));
    }
    let entry;
    const promise = new Promise((resolve, reject) => {
      entry = { predicate, resolve, reject, what };
      this.waiting.push(entry);
    });
    promise.catch(() => {});
    return within(promise, () => {
      this.waiting = this.waiting.filter((other) => other !== entry);
      return `${this.name}: ${what}; left over: ${this.shown()}`;
    }, ms);
  }
}

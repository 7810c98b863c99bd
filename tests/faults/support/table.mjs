// SPDX-License-Identifier: MIT
//
// What a scenario prints.

const US = 1000;
export const P99_US = 50;

export function percentile(sorted, share) {
  return sorted.length === 0 ? 0 : sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

const us = (ns) => (ns / US).toFixed(1);

/** One row for each phase: how long the publish call took. Gives whether the target is met in all. */
export function printTimes(phases, long) {
  console.log('  publish call        calls   p50 us   p99 us   max us');
  let met = true;
  for (const [phase, ns] of Object.entries(phases)) {
    const sorted = Float64Array.from(ns).sort();
    const p99 = percentile(sorted, 0.99);
    met &&= p99 <= P99_US * US;
    console.log(`    ${phase.padEnd(14)} ${String(ns.length).padStart(7)} ${us(percentile(sorted, 0.5)).padStart(8)} ${us(p99).padStart(8)} ${us(sorted.at(-1) ?? 0).padStart(8)}`);
  }
  if (long) console.log(`  p99 <= ${P99_US} us throughout: ${met ? 'met' : 'missed'}`);
  return met;
}

export function printCounts(counts) {
  for (const [name, value] of Object.entries(counts)) console.log(`  ${name.padEnd(58)} ${String(value).padStart(8)}`);
}

export class Checks {
  constructor() {
    this.passed = 0;
    this.failed = 0;
  }

  that(what, ok, details = '') {
    if (ok) this.passed++;
    else this.failed++;
    console.log(`  ${ok ? 'ok' : 'not ok'} - ${what}${ok || details === '' ? '' : `: ${details}`}`);
  }

  equal(what, actual, expected) {
    this.that(what, actual === expected, `${actual}, not ${expected}`);
  }
}

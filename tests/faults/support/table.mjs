// SPDX-License-Identifier: MIT
//
// What a scenario prints.

const US = 1000;
export const P99_US = 50;

export function percentile(sorted, share) {
  return sorted.length === 0 ? 0 : sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

const us = (ns) => (ns / US).toFixed(1);

const sorted = (numbers) => Float64Array.from(numbers).sort();
const cell = (text) => String(text).padStart(8);

const row = (numbers, ...shares) => shares.map((share) => cell(us(percentile(numbers, share)))).join(' ');

/**
 * One row for each phase: how long the publish call took; the same of those calls during which nobody else had
 * this processor; how much of the processor's time the calls had; and, if `bare` was measured, what a write() of
 * as many bytes to a sleeping reader took in the same requests, which no publisher can do better than.
 */
export function printTimes(phases, bare, long) {
  console.log('  publish call        calls   p50 us   p99 us   max us | alone % p50 us   p99 us | CPU us p50 p99 | bare us  p99 us');
  const met = [];
  for (const [phase, calls] of Object.entries(phases)) {
    const all = sorted(calls.map(({ ns }) => ns));
    const alone = sorted(calls.filter(({ switches }) => switches === 0).map(({ ns }) => ns));
    const cpu = sorted(calls.map(({ cpuUs }) => cpuUs));
    const reference = sorted(bare[phase] ?? []);
    if (percentile(all, 0.99) <= P99_US * US) met.push(phase);
    console.log([
      `    ${phase.padEnd(14)} ${String(all.length).padStart(7)} ${row(all, 0.5, 0.99, 1)} `,
      `${cell(((100 * alone.length) / calls.length).toFixed(1))} ${row(alone, 0.5, 0.99)} `,
      `${cell(percentile(cpu, 0.5))} ${cell(percentile(cpu, 0.99))}`, reference.length > 0 ? row(reference, 0.5, 0.99) : '',
    ].join('|'));
  }
  const missed = Object.keys(phases).filter((phase) => !met.includes(phase));
  if (long) console.log(`  p99 <= ${P99_US} us: ${met.length > 0 ? `met ${met.join(', ')}` : ''}${missed.length > 0 ? ` missed ${missed.join(', ')}` : ''}`);
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

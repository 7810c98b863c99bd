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

/**
 * One row for each phase: how long the publish call took; the same of those calls during which nobody else had
 * this processor (they show what is the extension's own); how much of the processor's time the calls had. Gives
 * whether the target is met in all, and whether it is where nobody else was on the processor.
 */
export function printTimes(phases, long) {
  console.log('  publish call        calls   p50 us   p99 us   max us | alone % p50 us   p99 us | CPU us p50 p99');
  const met = { all: true, alone: true };
  for (const [phase, calls] of Object.entries(phases)) {
    const all = sorted(calls.map(({ ns }) => ns));
    const alone = sorted(calls.filter(({ switches }) => switches === 0).map(({ ns }) => ns));
    const cpu = sorted(calls.map(({ cpuUs }) => cpuUs));
    met.all &&= percentile(all, 0.99) <= P99_US * US;
    met.alone &&= percentile(alone, 0.99) <= P99_US * US;
    const times = [percentile(all, 0.5), percentile(all, 0.99), all.at(-1) ?? 0].map(us).map(cell).join(' ');
    const own = [((100 * alone.length) / calls.length).toFixed(1), us(percentile(alone, 0.5)), us(percentile(alone, 0.99))].map(cell).join(' ');
    console.log(`    ${phase.padEnd(14)} ${String(all.length).padStart(7)} ${times} |${own} |${cell(percentile(cpu, 0.5))} ${cell(percentile(cpu, 0.99))}`);
  }
  const word = (is) => (is ? 'met' : 'missed');
  if (long) console.log(`  p99 <= ${P99_US} us throughout: ${word(met.all)}; where nobody else was on the processor: ${word(met.alone)}`);
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

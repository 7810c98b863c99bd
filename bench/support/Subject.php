<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Bench;

use Closure;

/**
 * One table of ./run bench. Each file of bench/subjects returns one; its name is the file's.
 *
 *     return new Subject('P1', 'One message at a time', static function (Bench $bench, Report $report): void {
 *         $relay = $bench->relay();                        // on the server's core, one worker
 *         $load = $bench->load($relay, '--payload 128');   // on the other core
 *         $load->ask('open 1000');
 *         [$ours, $bares] = ...                            // interleaved: run by run
 *         $report->compare('1,000 sockets, 20/s', $ours, $bares, 'ns', Goal::ratio(1.08), 'bare loop');
 *     });
 *
 * A measurement that can't be made throws a Problem: its sentence stands in the table, the other
 * subjects go on, and ./run bench ends with status 1. What was started through Bench ends with the subject.
 */
final class Subject
{
    /**
     * @param string $goal its line in the table of goals ("P1"), or ""
     * @param Closure(Bench, Report): void $measure
     */
    public function __construct(
        public readonly string $goal,
        public readonly string $title,
        public readonly Closure $measure,
    ) {
    }
}

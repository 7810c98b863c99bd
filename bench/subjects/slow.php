<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

use Bench\Bench;
use Bench\Child;
use Bench\Deliveries;
use Bench\Goal;
use Bench\Info;
use Bench\Problem;
use Bench\Report;
use Bench\Server;
use Bench\Subject;

/** Publishes until the relay has counted so many of these; returns its largest memory on the way. */
$publish_until = static function (Server $relay, Child $load, string $counter, int $count): int {
    $most = $relay->process->memory();
    for ($left = 60; Info::of($relay)[$counter] < $count; $left--) {
        $left > 0 || throw new Problem("clients that don't read were not noticed: $counter is " . Info::of($relay)[$counter]);
        $load->ask('saturate 100');
        $most = max($most, $relay->process->memory());
    }

    return $most;
};

return new Subject('P10', 'Slow readers: a tenth of the clients stops reading', static function (Bench $bench, Report $report) use ($publish_until): void {
    [$sockets, $slow] = [$bench->count(1000), $bench->count(100)];
    $others = $sockets - $slow;
    $relay = $bench->relay('--upgrade-rate 0 --backlog-age-ms 600000');
    $load = $bench->load($relay);
    $load->ask("open $sockets");
    [$loop, $beside] = $bench->bare($others);
    $beside->ask("open $others");
    $load->ask('saturate 200');
    $before = $relay->process->memory();
    $load->ask("stall $slow");
    $bench->progress("until the kernel takes nothing more for $slow that don't read");
    $publish_until($relay, $load, 'backlogs', $slow);
    foreach ([20 => 12, 200 => 40] as $rate => $messages) {
        $bench->progress("$others others, $rate/s");
        $messages = $bench->count($messages, 4);
        [$ours, $bares] = Deliveries::rounds($bench, [[$relay, $load], [$loop, $beside]], "spaced $messages $rate");
        $remark = Deliveries::remark($ours, $bares);
        foreach ([['cpu', 'CPU of a delivery', 1.08], ['last_p50', 'to the last, p50', 1.2], ['last_p99', 'to the last, p99', 1.2]] as [$name, $what, $goal]) {
            $report->compare(
                number_format($others) . " others, $rate/s: $what",
                Deliveries::values($ours, $name),
                Deliveries::values($bares, $name),
                'ns',
                Goal::ratio($goal),
                "bare loop with $others",
                $remark,
            );
        }
    }
    $bench->progress('until the relay closes those that read nothing');
    $most = $publish_until($relay, $load, 'overflows', $slow);
    $report->figure('memory of a slow one at most', (float) max(0, $most - $before) / $slow, 'B', Goal::most(400 * 1024));
    $closed = $load->ask('resume')['closed'];
    $closed === $slow || throw new Problem("of $slow clients that read nothing, $closed were closed");
    $load->ask('run 5');
    $report->note("All $slow were closed when backlog_bytes (256 KiB) waited for them; what they had got until then was right "
        . 'and in order. Messages that wait for several clients are held once.');
});

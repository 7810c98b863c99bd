<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

use Bench\Bench;
use Bench\Goal;
use Bench\Report;
use Bench\Subject;

/** What a PHP process takes to load and start the extension, in nanoseconds. */
function footprint_load(Bench $bench): float
{
    $code = sprintf(
        '$start = hrtime(true); dl("%s") || exit(1); echo hrtime(true) - $start, "\n";',
        basename($bench->extension),
    );
    $child = $bench->onClientCore(escapeshellarg(PHP_BINARY) . ' -n -d extension_dir=' . escapeshellarg(dirname($bench->extension))
        . ' -r ' . escapeshellarg($code));
    $time = (float) $child->line();
    $bench->end($child);

    return $time;
}

return new Subject('P13', 'What Clairon costs when nothing happens', static function (Bench $bench, Report $report): void {
    $load_times = [];
    for ($round = 0; $round < $bench->rounds; $round++) {
        $times = [];
        for ($i = 0; $i < $bench->count(40, 5); $i++) {
            $times[] = footprint_load($bench);
        }
        // What a busy machine does beside only ever adds.
        $load_times[] = min($times);
    }
    $report->figure('loading the extension, by dl()', $load_times, 'ns', Goal::most(300000));

    $memory = [];
    for ($round = 0; $round < $bench->rounds; $round++) {
        $with = json_decode($bench->php('publish.php', 'memory', '-n -d clairon.log_errors=0')->line(), true);
        $command = escapeshellarg(PHP_BINARY) . ' -n ' . escapeshellarg("$bench->root/bench/publish.php") . ' memory';
        $without = json_decode($bench->onClientCore($command)->line(), true);
        $memory[] = ($with['after'] - $without['after']) / 1024;
    }
    $report->figure('private memory of a PHP process that has published', $memory, 'KB', Goal::most(200));

    $sockets = $bench->count(10000, 20);
    $relay = $bench->relay();
    $bench->load($relay)->ask("open $sockets");
    $bench->progress("an idle relay with $sockets sockets");
    $shares = [];
    for ($round = 0; $round < $bench->rounds; $round++) {
        $start = hrtime(true);
        $cpu = $bench->cpu($relay, static fn () => usleep($bench->count(4_000_000)));
        $shares[] = 100 * $cpu / (hrtime(true) - $start);
    }
    $report->figure("CPU of an idle relay with $sockets sockets", $shares, '%', Goal::most(0.2), 'of one core');
});

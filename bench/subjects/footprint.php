<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

use Bench\Bench;
use Bench\Goal;
use Bench\Report;
use Bench\Subject;

/** How long PHP takes to start and end, in nanoseconds. */
function start_of_php(Bench $bench, string $options): float
{
    $command = [...explode(' ', trim("$bench->pinClient " . PHP_BINARY)), '-n', ...array_filter(explode(' ', $options)), '-r', ';'];
    $start = hrtime(true);
    proc_close(proc_open($command, [], $pipes));

    return (float) (hrtime(true) - $start);
}

return new Subject('P13', 'What Clairon costs when nothing happens', static function (Bench $bench, Report $report): void {
    $load_times = [];
    for ($round = 0; $round < $bench->rounds; $round++) {
        $times = ['with' => [], 'without' => []];
        for ($i = 0; $i < $bench->count(40, 5); $i++) {
            $times['with'][] = start_of_php($bench, "-d extension=$bench->extension");
            $times['without'][] = start_of_php($bench, '');
        }
        // What a busy machine adds is on both sides; the least of each is closest to what it takes.
        $load_times[] = min($times['with']) - min($times['without']);
    }
    $report->figure('loading the extension', $load_times, 'ns', Goal::most(300000));

    $memory = [];
    for ($round = 0; $round < $bench->rounds; $round++) {
        $with = json_decode($bench->php('publish.php', 'memory')->line(), true);
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

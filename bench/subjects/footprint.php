<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

use Bench\Bench;
use Bench\Goal;
use Bench\Report;
use Bench\Subject;

/** What a PHP process takes to load and start an extension, in nanoseconds. */
function footprint_load(Bench $bench, string $extension): float
{
    $code = sprintf(
        '$start = hrtime(true); dl("%s") || exit(1); echo hrtime(true) - $start, "\n";',
        basename($extension),
    );
    $child = $bench->onClientCore(escapeshellarg(PHP_BINARY) . ' -n -d extension_dir=' . escapeshellarg(dirname($extension))
        . ' -r ' . escapeshellarg($code));
    $time = (float) $child->line();
    $bench->end($child);

    return $time;
}

return new Subject('P13', 'What Clairon costs when nothing happens', static function (Bench $bench, Report $report): void {
    // One of PHP's own, and small: what the loader takes for any. Not every PHP has it as a file.
    $files = array_filter([$bench->extension, PHP_EXTENSION_DIR . '/posix.so'], is_file(...));
    $loads = array_fill(0, 2, []);
    for ($round = 0; $round < $bench->rounds; $round++) {
        $times = [];
        for ($i = 0; $i < $bench->count(40, 5); $i++) {
            foreach ($files as $side => $file) {
                $times[$side][] = footprint_load($bench, $file);
            }
        }
        foreach ($times as $side => $each) {
            $loads[$side][] = min($each); // what a busy machine does beside only ever adds
        }
    }
    $report->compare('loading the extension, by dl()', ...$loads, unit: 'ns', goal: Goal::most(300000), beside: 'posix.so');

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

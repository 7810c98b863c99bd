<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

use Bench\Bench;
use Bench\Child;
use Bench\Goal;
use Bench\Report;
use Bench\Server;
use Bench\Subject;

/** @return array<int, int> CPU of each thread in nanoseconds */
$threads = static function (Child $process): array {
    $times = [];
    foreach (glob("/proc/$process->pid/task/*/schedstat") ?: [] as $file) {
        $times[basename(dirname($file))] = (int) explode(' ', (string) file_get_contents($file))[0];
    }

    return $times;
};

/** @return array{float, float, float, float} deliveries a second of the busiest thread, and of the clock; CPU of one; the tool's share */
$once = static function (Server $relay, Child $load, string $command) use ($threads): array {
    $before = $threads($relay->process);
    $started = hrtime(true);
    $answer = $load->ask($command);
    $wall = hrtime(true) - $started;
    $times = array_map(static fn (int $after, int $then): int => $after - $then, $threads($relay->process), $before);
    $deliveries = $answer['deliveries'];

    return [$deliveries / max($times) * 1e9, $deliveries / $wall * 1e9, array_sum($times) / $deliveries, $answer['busy'] / 10];
};

return new Subject('', 'Two workers beside one', static function (Bench $bench, Report $report) use ($once): void {
    $sockets = $bench->count(1000);
    $sides = [];
    foreach ([2, 1] as $workers) {
        $relay = $bench->relay('--upgrade-rate 0', $workers);
        $load = $bench->load($relay);
        $load->ask("open $sockets");
        $load->ask('run 5');
        $sides[] = [$relay, $load];
    }
    foreach (['one by one' => 'burst ' . $bench->count(60) . ' 1', 'in bursts of 20' => 'burst ' . $bench->count(20) . ' 20'] as $how => $command) {
        $bench->progress("messages $how to $sockets sockets");
        $results = [[], []];
        for ($round = 0; $round < $bench->rounds; $round++) {
            foreach ($sides as $side => [$relay, $load]) {
                foreach ($once($relay, $load, $command) as $figure => $value) {
                    $results[$side][$figure][] = $value;
                }
            }
        }
        [$two, $one] = $results;
        $report->compare("$how: deliveries per second of CPU of the busiest worker", $two[0], $one[0], '', Goal::ratioOver(1.7), 'one worker');
        $report->compare("$how: deliveries per second of the clock", $two[1], $one[1], '', null, 'one worker');
        $report->compare("$how: CPU of a delivery", $two[2], $one[2], 'ns', null, 'one worker');
        $report->compare("$how: the load tool's share of a core", $two[3], $one[3], '%', null, 'one worker');
    }
    if ((int) shell_exec('nproc') < 3) {
        $report->note('This machine has two cores, and the load tool needs one of them: by the clock, a second worker can\'t show '
            . 'what it brings here. What it can show is how evenly the work is spread and what sharing it costs: the first row '
            . 'is what each worker could do with a core of its own.');
    }
});

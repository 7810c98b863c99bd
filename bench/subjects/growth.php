<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

use Bench\Bench;
use Bench\Deliveries;
use Bench\Goal;
use Bench\Problem;
use Bench\Report;
use Bench\Subject;

return new Subject('P9', 'Growth: sockets and channels', static function (Bench $bench, Report $report): void {
    $limit = (int) shell_exec('ulimit -n'); // 0: unlimited
    $limit > 0 && $limit < 15100 && throw new Problem("$limit descriptors a process are too few for 15,000 sockets: raise ulimit -n");

    // All on one channel, beside the bare loop of as many sockets.
    $relay = $bench->relay('--upgrade-rate 0');
    $load = $bench->load($relay);
    $first = null;
    foreach ([100 => 200, 1000 => 40, 5000 => 10, 15000 => 4] as $sockets => $messages) {
        $sockets = $bench->count($sockets);
        $bench->progress("$sockets sockets on one channel");
        $load->ask("open $sockets");
        [$loop, $beside] = $bench->bare($sockets);
        $beside->ask("open $sockets");
        [$ours, $bares] = Deliveries::rounds($bench, [[$relay, $load], [$loop, $beside]], "run $messages", 'run 2');
        $bench->end($beside);
        $bench->end($loop);
        [$ours, $bares] = [Deliveries::values($ours, 'cpu'), Deliveries::values($bares, 'cpu')];
        $report->compare("a delivery, $sockets sockets on one channel", $ours, $bares, 'ns', null, 'bare loop');
        $ratios = array_map(static fn (float $our, float $bare): float => $our / $bare, $ours, $bares);
        $first ??= $ratios;
        $growth = array_map(static fn (float $ratio, float $before): float => $ratio / $before, $ratios, $first);
        $first === $ratios || $report->figure('its growth beyond the bare loop\'s', $growth, 'x', Goal::most(1.15));
    }
    $bench->end($load);
    $bench->end($relay);

    // As many deliveries each, on ever more channels; each socket is on as many as it takes.
    $sockets = $bench->count(1000);
    $few = $bench->relay('--upgrade-rate 0 --message-rate 0');
    $few_load = $bench->load($few);
    $few_load->ask("open $sockets spread $sockets");
    foreach ([10000, 50000] as $channels) {
        $channels = $bench->count($channels);
        $bench->progress("$channels channels");
        $many = $bench->relay('--upgrade-rate 0 --message-rate 0');
        $many_load = $bench->load($many);
        $many_load->ask("open $sockets spread $channels");
        [$ours, $before] = Deliveries::rounds($bench, [[$many, $many_load], [$few, $few_load]], 'burst 40 100', 'burst 10 100');
        $report->compare(
            'a publish to one of ' . number_format($channels) . ' channels, with its delivery',
            Deliveries::values($ours, 'cpu'),
            Deliveries::values($before, 'cpu'),
            'ns',
            Goal::ratio(1.15),
            number_format($sockets) . ' channels',
        );
        $bench->end($many_load);
        $bench->end($many);
    }
});

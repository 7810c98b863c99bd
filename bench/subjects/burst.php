<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

use Bench\Bench;
use Bench\Deliveries;
use Bench\Goal;
use Bench\Report;
use Bench\Subject;

return new Subject('P2', 'CPU of a delivery in bursts, 128 B each', static function (Bench $bench, Report $report): void {
    $sockets = $bench->count(1000);
    $sizes = [20 => 20, 100 => 10]; // publishes in one write, and bursts of a run
    foreach (['sleeps' => '', 'naps 1 ms' => '--nap-us 1000'] as $client => $options) {
        $relay = $bench->relay('--upgrade-rate 0');
        $load = $bench->load($relay, $options);
        $load->ask("open $sockets");
        foreach ($sizes as $size => $bursts) {
            $bench->progress("bursts of $size, the client $client");
            $bursts = $bench->count($bursts);
            [$loop, $beside] = $bench->bare($sockets, $options, $size);
            $beside->ask("open $sockets");
            $sides = [[$relay, $load], [$loop, $beside]];
            [$ours, $bares] = Deliveries::rounds($bench, $sides, "burst $bursts $size", "burst 2 $size");
            $report->compare(
                "$size publishes in one write to " . number_format($sockets) . " sockets, the client $client",
                Deliveries::values($ours, 'cpu'),
                Deliveries::values($bares, 'cpu'),
                'ns',
                Goal::ratio(1.10),
                'bare loop, the same coalesced bytes',
                Deliveries::remark($ours, $bares),
            );
            $bench->end($beside);
            $bench->end($loop);
        }
        $bench->end($load);
        $bench->end($relay);
    }
});

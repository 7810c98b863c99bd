<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

use Bench\Bench;
use Bench\Deliveries;
use Bench\Goal;
use Bench\Report;
use Bench\Subject;

/** A client that sleeps in epoll is woken by each send(), which the kernel books on the server; one that naps is not. */
return new Subject('P1', 'CPU of a delivery, one message of 128 B at a time', static function (Bench $bench, Report $report): void {
    $rates = [20 => 12, 200 => 40]; // a second, and messages of a run
    foreach (['sleeps' => '', 'naps 1 ms' => '--nap-us 1000'] as $client => $options) {
        $relay = $bench->relay('--upgrade-rate 0');
        $load = $bench->load($relay, $options);
        foreach ([100, 1000, 5000] as $sockets) {
            $bench->progress("$sockets sockets, the client $client");
            $sockets = $bench->count($sockets);
            [$loop, $beside] = $bench->bare($sockets, $options);
            $load->ask("open $sockets");
            $beside->ask("open $sockets");
            foreach ($rates as $rate => $messages) {
                $messages = $bench->count($messages);
                [$ours, $bares] = Deliveries::rounds($bench, [[$relay, $load], [$loop, $beside]], "spaced $messages $rate");
                $report->compare(
                    number_format($sockets) . " sockets, $rate/s, the client $client",
                    Deliveries::values($ours, 'cpu'),
                    Deliveries::values($bares, 'cpu'),
                    'ns',
                    Goal::ratio(1.08),
                    'bare loop',
                    Deliveries::remark($ours, $bares),
                );
            }
            $bench->end($beside);
            $bench->end($loop);
        }
        $bench->end($load);
        $bench->end($relay);
    }
    $report->note('5,000 sockets at 200/s is more than one core can send one by one: both sides fall behind, and the relay '
        . 'merges what has gathered.');
});

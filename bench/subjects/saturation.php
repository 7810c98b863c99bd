<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

use Bench\Bench;
use Bench\Deliveries;
use Bench\Goal;
use Bench\Report;
use Bench\Subject;

return new Subject('P2s', 'Saturation: a publisher writes as fast as it can', static function (Bench $bench, Report $report): void {
    $sockets = $bench->count(1000);
    $messages = $bench->count(400);
    $relay = $bench->relay('--upgrade-rate 0');
    $load = $bench->load($relay);
    [$loop, $beside] = $bench->bare($sockets);
    $load->ask("open $sockets");
    $beside->ask("open $sockets");
    $bench->progress("$messages messages to $sockets sockets");
    [$ours, $bares] = Deliveries::rounds($bench, [[$relay, $load], [$loop, $beside]], "saturate $messages");
    $remark = Deliveries::remark($ours);
    foreach ([
        ['cpu', 'CPU of a delivery, ' . number_format($sockets) . ' sockets', 0.3],
        ['wall', "until the last socket had the last of $messages messages", 1.0],
        ['last_p50', 'until the last socket had a message, p50', 1.0],
        ['last_p99', 'until the last socket had a message, p99', 1.0],
    ] as [$name, $what, $goal]) {
        $report->compare(
            $what,
            Deliveries::values($ours, $name),
            Deliveries::values($bares, $name),
            'ns',
            Goal::ratio($goal),
            'loop with one send() a message',
            $remark,
        );
    }
});

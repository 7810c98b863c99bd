<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

use Bench\Bench;
use Bench\Deliveries;
use Bench\Goal;
use Bench\Problem;
use Bench\Report;
use Bench\Subject;

const DEFLATE_SOCKETS = [100, 1000];
const DEFLATE_BYTES = 1024;
const DEFLATE_MESSAGES = 30; // of a run, 20/s

return new Subject('P12', 'permessage-deflate, JSON of 1 KB', static function (Bench $bench, Report $report): void {
    $payload = '--payload ' . DEFLATE_BYTES;
    foreach (DEFLATE_SOCKETS as $sockets) {
        $bench->progress("$sockets sockets");
        [$sockets, $messages] = [$bench->count($sockets), $bench->count(DEFLATE_MESSAGES)];
        [$with, $without] = [$bench->relay('--upgrade-rate 0'), $bench->relay('--upgrade-rate 0')];
        $sides = [[$with, $bench->load($with, "$payload --deflate")], [$without, $bench->load($without, $payload)]];
        foreach ($sides as [, $load]) {
            $load->ask("open $sockets");
        }
        [$ours, $plain] = Deliveries::rounds($bench, $sides, "spaced $messages 20");
        foreach ($ours as $answer) {
            $answer['compressed'] === $answer['deliveries']
                || throw new Problem("only {$answer['compressed']} of {$answer['deliveries']} messages were compressed");
        }
        $report->compare(
            number_format($sockets) . ' sockets, 20/s: CPU of a delivery',
            Deliveries::values($ours, 'cpu'),
            Deliveries::values($plain, 'cpu'),
            'ns',
            Goal::ratio(1.15),
            'without compression',
            Deliveries::remark($ours, $plain),
        );
        foreach ($sides as [$server, $load]) {
            $bench->end($load);
            $bench->end($server);
        }
    }
    $report->note('A message is compressed once, whatever the number of sockets; the load tool inflates and checks each copy.');
});

<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

use Bench\Bench;
use Bench\Goal;
use Bench\Report;
use Bench\Subject;

return new Subject('P1', 'CPU of a delivery, one message at a time', static function (Bench $bench, Report $report): void {
    $relay = $bench->relay();
    $load = $bench->load($relay, '--payload 128');
    [$loop, $beside] = $bench->bare(1000, '--payload 128');
    $load->ask('open 1000');
    $beside->ask('open 1000');
    $messages = $bench->count(100);
    $ours = $bares = [];
    for ($round = 0; $round < $bench->rounds; $round++) {
        foreach ([[&$ours, $relay, $load], [&$bares, $loop, $beside]] as [&$times, $server, $tool]) {
            $deliveries = 0;
            $cpu = $bench->cpu($server, static function () use ($tool, $messages, &$deliveries): void {
                $deliveries = $tool->ask("spaced $messages 200")['deliveries'];
            });
            $times[] = $cpu / $deliveries;
        }
    }
    $report->compare('1,000 sockets, 200/s', $ours, $bares, 'ns', Goal::ratio(1.08), 'bare loop');
});

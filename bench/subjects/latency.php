<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

use Bench\Bench;
use Bench\Child;
use Bench\Goal;
use Bench\Problem;
use Bench\Report;
use Bench\Subject;

/** Nanoseconds from now until the first message, for PHP to have started. */
const LEAD_NS = 500_000_000;

return new Subject('P6', 'From the PHP call to the last of 1,000 sockets', static function (Bench $bench, Report $report): void {
    $sockets = $bench->count(1000, 10);
    $bytes = json_decode($bench->php('publish.php', "bytes $bench->scratch")->line(), true)['bytes'] ?? throw new Problem('the extension writes no command');
    $relay = $bench->relay();
    [$loop, $bares] = $bench->bare($sockets, '', 1, $bytes);
    $sides = [
        'ours' => [$bench->load($relay), $bench->php('publish.php', "paced $relay->socket")],
        'bare' => [$bares, null],
    ];
    array_map(static fn (array $side): array => $side[0]->ask("open $sockets"), $sides);
    $sides['bare'][1] = $bench->php('publish.php', "bare $loop->socket $bytes");
    $paced = static function (Child $load, Child $publisher, int $count, int $rate): array {
        $start = hrtime(true) + LEAD_NS;
        $load->say("expect $count $rate $start");
        $publisher->say("$count $rate $start");
        $answer = $load->answer();
        json_decode($publisher->line(), true)['dropped'] === 0 || throw new Problem('messages were dropped');

        return $answer;
    };
    foreach ([20, 200] as $rate) {
        $count = $bench->count($rate * 2, 10);
        $times = [];
        for ($round = 0; $round < $bench->rounds; $round++) {
            foreach ($sides as $side => [$load, $publisher]) {
                $answer = $paced($load, $publisher, $count, $rate);
                $times['last_p50'][$side][] = (float) $answer['last_p50'];
                $times['last_p99'][$side][] = (float) $answer['last_p99'];
            }
        }
        foreach (['last_p50' => 'p50', 'last_p99' => 'p99'] as $kind => $words) {
            $report->compare("$rate/s, $words", $times[$kind]['ours'], $times[$kind]['bare'], 'ns', Goal::ratio(1.2), 'bare loop');
        }
    }
    $report->note('Times run from the moment when PHP meant to publish; PHP calls trigger(), or fwrite() of as many bytes for the bare loop.');
});

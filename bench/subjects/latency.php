<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

use Bench\Bench;
use Bench\Child;
use Bench\Deliveries;
use Bench\Goal;
use Bench\Problem;
use Bench\Report;
use Bench\Subject;

/** Nanoseconds from now until the first message, for both to have heard of it. */
const LATENCY_LEAD_NS = 100_000_000;

/** What the load tool says of messages that PHP publishes. @return array<string, int> */
function latency_run(Child $load, Child $publisher, int $count, int $rate): array
{
    $start = hrtime(true) + LATENCY_LEAD_NS;
    $load->say("expect $count $rate $start");
    $publisher->say("$count $rate $start");
    $answer = $load->answer();
    json_decode($publisher->line(), true)['dropped'] === 0 || throw new Problem('messages were dropped');

    return $answer;
}

return new Subject('P6', 'From the PHP call to the last of 1,000 sockets', static function (Bench $bench, Report $report): void {
    $sockets = $bench->count(1000, 10);
    $bytes = json_decode($bench->php('publish.php', "bytes $bench->scratch")->line(), true)['bytes'] ?? throw new Problem('the extension writes no command');
    $relay = $bench->relay('--upgrade-rate 0');
    [$loop, $bares] = $bench->bare($sockets, '', 1, $bytes);
    $loads = [$bench->load($relay), $bares];
    array_map(static fn (Child $load): array => $load->ask("open $sockets"), $loads);
    $publishers = [
        $bench->php('publish.php', "paced $relay->socket"),
        $bench->php('publish.php', "bare $loop->socket $bytes"),
    ];
    array_map(static fn (Child $publisher): string => $publisher->line(), $publishers); // they are ready
    foreach ([20, 200] as $rate) {
        $bench->progress("$rate messages a second");
        $count = $bench->count($rate * 2, 10);
        $answers = [];
        for ($round = 0; $round < $bench->rounds; $round++) {
            foreach ($loads as $side => $load) {
                $answers[$side][] = latency_run($load, $publishers[$side], $count, $rate);
            }
        }
        foreach (['last_p50' => 'p50', 'last_p99' => 'p99'] as $kind => $words) {
            $report->compare(
                "$rate/s, $words",
                Deliveries::values($answers[0], $kind),
                Deliveries::values($answers[1], $kind),
                'ns',
                Goal::ratio(1.2),
                'bare loop',
                Deliveries::remark(...$answers),
            );
        }
    }
    array_map($bench->end(...), $loads);
    $report->note('Times run from the moment when PHP meant to publish; PHP calls trigger(), or fwrite() of as many bytes for the bare loop.');
});

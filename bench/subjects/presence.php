<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

use Bench\Bench;
use Bench\Goal;
use Bench\Report;
use Bench\Subject;

const PRESENCE_MEMBERS = 1000;
const PRESENCE_JOINS = 50; // of a run
const PRESENCE_RATE = 100;
const PRESENCE_WITHIN = 1.25;

/** The same joins to a channel with $there members. @return list<float> CPU of one in each run */
function presence_join(Bench $bench, int $there): array
{
    $relay = $bench->relay('--upgrade-rate 0 --members 10000 --backlog-bytes 4194304');
    $load = $bench->load($relay);
    $joins = $bench->count(PRESENCE_JOINS, 5);
    if ($there > 0) {
        $load->ask("members $there 500");
    }
    $costs = [];
    for ($round = 0; $round < $bench->rounds; $round++) {
        $costs[] = $bench->cpu($relay, static fn () => $load->ask("members $joins " . PRESENCE_RATE)) / $joins;
        $load->ask("close $joins");
    }
    $bench->end($load);
    $bench->end($relay);

    return $costs;
}

/**
 * A join tells the newcomer who is there and everybody of the newcomer: a delivery to each member, and a
 * list that grows by a line for each.
 */
return new Subject('P11', 'Joining a presence channel', static function (Bench $bench, Report $report): void {
    $large = $bench->count(PRESENCE_MEMBERS, 40);
    [$half, $few] = [intdiv($large, 2), intdiv($large, 20)];
    $costs = [];
    foreach ([$few, $half, $large] as $there) {
        $bench->progress('joins at ' . PRESENCE_RATE . "/s with $there members");
        $costs[$there] = presence_join($bench, $there);
    }
    // The slope of the upper half beside that of the lower one: the same if the cost is linear.
    $slope = static fn (int $from, int $to): array => array_map(
        static fn (float $less, float $more): float => ($more - $less) / ($to - $from),
        $costs[$from],
        $costs[$to],
    );
    foreach ($costs as $there => $runs) {
        $report->figure('CPU of one join at ' . PRESENCE_RATE . '/s, ' . number_format($there) . ' members', $runs, 'ns');
    }
    $what = 'CPU of one join for each further member';
    $report->compare(
        "$what, $half to $large",
        $slope($half, $large),
        $slope($few, $half),
        'ns',
        Goal::ratio(PRESENCE_WITHIN),
        "$few to $half: linear",
    );
    $report->note('A join is one delivery of member_added to each member, a frame made once, and a list of all members to the newcomer.');
});

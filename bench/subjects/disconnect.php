<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

use Bench\Bench;
use Bench\Goal;
use Bench\Report;
use Bench\Subject;

const DISCONNECT_CHANNELS = 100; // of a socket
const DISCONNECT_SOCKETS = 100; // that go in a run
const DISCONNECT_SIZES = [1000, 10000];
const DISCONNECT_WITHIN = 1.25;

/**
 * CPU of one disconnect in each run, of as many as $there, by size: the sizes take turns.
 *
 * @param array<int, string> $plans size => plan of the load tool
 * @return array<int, list<float>>
 */
function disconnect_costs(Bench $bench, array $plans, string $options): array
{
    $gone = $bench->count(DISCONNECT_SOCKETS);
    $sides = [];
    foreach ($plans as $size => $plan) {
        $relay = $bench->relay("--upgrade-rate 0 --message-rate 0 $options");
        $sides[$size] = [$relay, $bench->load($relay), $plan];
        $sides[$size][1]->ask("open $size $plan");
    }
    $costs = [];
    for ($round = -1; $round < $bench->rounds; $round++) { // the first warms up
        foreach ($sides as $size => [$relay, $load, $plan]) {
            $costs[$size][$round] = $bench->cpu($relay, static fn () => $load->ask("close $gone")) / $gone;
            $load->ask("open $size $plan");
        }
    }
    $bench->endAll();

    return array_map(static fn (array $runs): array => array_values(array_diff_key($runs, [-1 => 0])), $costs);
}

/** @param array<int, string> $plans the smaller size first */
function disconnect_rows(Bench $bench, Report $report, string $what, array $plans, string $options = ''): void
{
    $bench->progress(sprintf($what, 'few and many'));
    [$small, $large] = array_keys($plans);
    $costs = disconnect_costs($bench, $plans, $options);
    $report->compare(
        sprintf($what, number_format($large)),
        $costs[$large],
        $costs[$small],
        'ns',
        Goal::ratio(DISCONNECT_WITHIN),
        'with ' . number_format($small),
    );
}

/**
 * What should not matter is ten times as much on one side as on the other.
 */
return new Subject('P8', 'Disconnect', static function (Bench $bench, Report $report): void {
    [$small, $large] = array_map($bench->count(...), DISCONNECT_SIZES);
    [$few, $many] = [max(2 * $bench->count(DISCONNECT_SOCKETS), intdiv($small, 4)), max(20 * $bench->count(DISCONNECT_SOCKETS), intdiv($small, 4))];
    $report->note('CPU of the relay from the client\'s FIN to its own, all of it: the channels are left and the socket is closed. '
        . 'Goal: ten times as many others cost no more, but for the processor\'s caches (25 %).');
    disconnect_rows(
        $bench,
        $report,
        'a socket with ' . DISCONNECT_CHANNELS . ' channels goes, each with %s other members',
        [$few => 'many ' . DISCONNECT_CHANNELS, $many => 'many ' . DISCONNECT_CHANNELS],
    );
    disconnect_rows($bench, $report, 'a channel with %s members loses one', [$small => 'common', $large => 'common']);
    disconnect_rows($bench, $report, 'a private channel goes with its only member, beside %s others', [$small => 'private', $large => 'private']);
});

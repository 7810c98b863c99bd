<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

use Bench\Bench;
use Bench\Deliveries;
use Bench\Goal;
use Bench\Report;
use Bench\Subject;

const CONNECT_SOCKETS = 2000; // of a run
const CONNECT_SIZES = [0, 10000]; // that are there already
const CONNECT_RATE = 2000;
const CONNECT_SECONDS = 2;
const CONNECT_MESSAGES = 50; // a second, meanwhile
const CONNECT_LISTENERS = 100;

/** CPU of one connect and subscribe in each run, the sockets gone again in between. @return list<float> */
function connect_cost(Bench $bench, string $plan, int $there): array
{
    $relay = $bench->relay('--upgrade-rate 0');
    $load = $bench->load($relay);
    $more = $bench->count(CONNECT_SOCKETS);
    $costs = [];
    $load->ask('open ' . max(1, $there) . " $plan");
    $total = max(1, $there) + $more;
    for ($round = -1; $round < $bench->rounds; $round++) { // the first warms up
        $costs[$round] = $bench->cpu($relay, static fn () => $load->ask("open $total $plan")) / $more;
        $load->ask("close $more");
    }
    unset($costs[-1]);
    $bench->end($load);
    $bench->end($relay);

    return array_values($costs);
}

/**
 * Deliveries while clients connect beside the same deliveries while nobody does, run by run.
 *
 * @return array{list<array<string, int|float>>, list<array<string, int|float>>}
 */
function connect_storm(Bench $bench): array
{
    $relay = $bench->relay('--upgrade-rate 0');
    $load = $bench->load($relay);
    $load->ask('open ' . CONNECT_LISTENERS);
    $load->ask('run 5');
    $rate = $bench->count(CONNECT_RATE);
    [$storm, $quiet] = [[], []];
    for ($round = 0; $round < $bench->rounds; $round++) {
        $quiet[] = $load->ask('spaced ' . CONNECT_MESSAGES * CONNECT_SECONDS . ' ' . CONNECT_MESSAGES);
        $storm[] = $load->ask("connects $rate " . CONNECT_SECONDS . ' ' . CONNECT_MESSAGES);
        $load->ask('close ' . $rate * CONNECT_SECONDS);
    }

    return [$storm, $quiet];
}

return new Subject('P7', 'Connect and subscribe', static function (Bench $bench, Report $report): void {
    foreach (['common' => ['a public channel', 40], 'private' => ['a private channel each, signed', 50]] as $plan => [$what, $goal]) {
        foreach (CONNECT_SIZES as $size) {
            $bench->progress("$what, $size sockets there already");
            $there = $bench->count($size, 0);
            $report->figure(
                "CPU of connect and subscribe to $what, " . number_format($there) . ' there already',
                connect_cost($bench, $plan, $there),
                'ns',
                Goal::most($goal * 1000),
            );
        }
    }
    $bench->progress(CONNECT_RATE . ' a second while messages go on');
    [$storm, $quiet] = connect_storm($bench);
    $rate = number_format($bench->count(CONNECT_RATE));
    $remark = Deliveries::remark($storm);
    [$during, $without] = [Deliveries::values($storm, 'p99'), Deliveries::values($quiet, 'p99')];
    $later = array_map(static fn (float $one, float $other): float => $one - $other, $during, $without);
    $report->figure("deliveries while $rate a second connect: p99 later than without", $later, 'ns', Goal::most(2e6), $remark);
    $report->compare("deliveries while $rate a second connect: p99", $during, $without, 'ns', null, 'nobody connects', $remark);
    $report->figure("until a client is subscribed, $rate a second: p50", Deliveries::values($storm, 'open_p50'), 'ns', null, $remark);
    $report->figure("until a client is subscribed, $rate a second: p99", Deliveries::values($storm, 'open_p99'), 'ns', null, $remark);
    $report->note('From the SYN to subscription_succeeded: accept, upgrade, connection_established, the subscription and its '
        . 'answer, with no sockets or ' . number_format($bench->count(CONNECT_SIZES[1], 0)) . ' there already. upgrade_rate is switched off; a '
        . 'relay\'s default spreads more than 2,000 a second.');
});

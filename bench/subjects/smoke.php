<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

use Bench\Bench;
use Bench\Deliveries;
use Bench\Problem;
use Bench\Report;
use Bench\Server;
use Bench\Subject;

/** p50 and p99 from trigger() to each client, in nanoseconds. @return array{float, float} */
function smoke_latency(Bench $bench, Server $relay, int $clients, int $count, int $rate): array
{
    $load = $bench->load($relay);
    $load->ask("open $clients");
    $publisher = $bench->php('publish.php', "paced $relay->socket");
    $publisher->line(); // it is ready
    $start = hrtime(true) + 100_000_000;
    $load->say("expect $count $rate $start");
    $publisher->say("$count $rate $start");
    $answer = $load->answer();
    $publisher->line();
    $bench->end($publisher);
    $bench->end($load);

    return [(float) $answer['p50'], (float) $answer['p99']];
}

return new Subject('', 'The whole path in a minute: publishing, delivery, memory', static function (Bench $bench, Report $report): void {
    $relay = $bench->relay('--upgrade-rate 0');
    putenv("BARE=$bench->bin/bare");
    putenv("PIN_SERVER=$bench->pinServer");
    $bench->progress('what a trigger() call costs');
    $answer = $bench->php('publish.php', "local $relay->socket $bench->scratch 5 " . $bench->count(120, 10))->line();
    $cost = json_decode($answer, true) ?? throw new Problem($answer);
    foreach (['hot' => "one trigger() of a burst, {$cost['bytes']} bytes written", 'p50' => 'one trigger() every 2 ms'] as $kind => $words) {
        $of = static fn (string $way): array => array_map(static fn (array $round): float => (float) $round[$kind][$way], $cost['rounds']);
        $report->compare($words, $of('trigger'), $of('fwrite'), 'ns', null, 'fwrite()');
    }

    foreach ([1 => [1000, 500], 1000 => [100, 50]] as $clients => [$count, $rate]) {
        $bench->progress("from trigger() to $clients " . ($clients === 1 ? 'client' : 'clients'));
        [$p50, $p99] = smoke_latency($bench, $relay, $clients, $bench->count($count, 5), $rate);
        $words = 'from trigger() to ' . ($clients === 1 ? 'one client' : 'each of ' . number_format($clients));
        $report->figure("$words, p50", $p50, 'ns');
        $report->figure("$words, p99", $p99, 'ns');
    }

    $bench->progress('CPU of a delivery to 1,000 clients beside the bare loop');
    $load = $bench->load($relay);
    [$loop, $beside] = $bench->bare(1000);
    $load->ask('open 1000');
    $beside->ask('open 1000');
    [$ours, $bares] = Deliveries::rounds($bench, [[$relay, $load], [$loop, $beside]], 'run ' . $bench->count(100));
    $report->compare(
        'relay CPU a delivery, 1,000 clients',
        Deliveries::values($ours, 'cpu'),
        Deliveries::values($bares, 'cpu'),
        'ns',
        null,
        'bare loop',
    );
    $bench->endAll();

    $bench->progress('memory of idle clients');
    $idle = $bench->count(5000, 50);
    $relay = $bench->relay('--upgrade-rate 0');
    $load = $bench->load($relay);
    $load->ask('open ' . intdiv($idle, 5));
    $before = $relay->process->memory();
    $load->ask("open $idle");
    $report->figure('memory of an idle subscribed client, of ' . number_format($idle), ($relay->process->memory() - $before) / ($idle - intdiv($idle, 5)), 'B');
});

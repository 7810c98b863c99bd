<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

use Bench\Bench;
use Bench\Goal;
use Bench\Problem;
use Bench\Report;
use Bench\Subject;

const LARAVEL_WAYS = [
    'plain' => 'plain event, nobody listens',
    'null' => 'driver null, ShouldBroadcastNow',
    'bare' => 'PHP fwrite() of as many bytes',
    'redis' => 'driver redis, ShouldBroadcastNow',
    'pusher' => 'driver pusher over local HTTP, ShouldBroadcastNow',
    'queue-database' => 'queue push alone, database (SQLite)',
    'queue-redis' => 'queue push alone, Redis',
];

const LARAVEL_JOURNEYS = [
    'clairon' => 'event() to the browser: driver clairon, no worker',
    'block' => 'event() to the browser: pusher, queue:work on Redis with block_for 5',
    'work' => 'event() to the browser: pusher, queue:work on Redis as it comes',
];

const LARAVEL_OPCACHE = '-d opcache.enable_cli=1 -d opcache.jit=0';

/** p50 of an event's way to the browser, of each round. @return list<float> */
function laravel_journey(Bench $bench, string $php, string $way): array
{
    $worker = $way === 'clairon' ? null : $bench->php('laravel.php', $way, $php);
    // A worker as it comes sleeps 3 s when it finds nothing.
    [$rounds, $count] = $way === 'work' ? [1, $bench->count(12, 1)] : [$bench->rounds, $bench->count(40, 3)];
    $times = [];
    for ($round = 0; $round < $rounds; $round++) {
        $browser = $bench->php('laravel.php', "browser $way $count", $php);
        $answer = $browser->line();
        $times[] = (float) (json_decode($answer, true) ?? throw new Problem($answer))[0];
        $bench->end($browser);
    }
    $worker === null || $bench->end($worker);

    return $times;
}

/** @param array<string, array<string, list<float>>> $cost */
function laravel_goals(Report $report, array $cost, string $kind, string $words): void
{
    $ours = $cost[$kind]['clairon'];
    $limit = array_map(static fn (float $null, float $bare): float => $null + 1.3 * $bare, $cost[$kind]['null'], $cost[$kind]['bare']);
    $report->compare("event(), driver clairon, $words", $ours, $limit, 'ns', Goal::ratio(1), 'null + 1.3 x fwrite()');
    $report->compare("the same beside redis, $words", $ours, $cost[$kind]['redis'], 'ns', Goal::ratio(round(1 / 3, 3)), 'redis');
    $report->compare("the same beside pusher, $words", $ours, $cost[$kind]['pusher'], 'ns', Goal::ratio(0.05), 'pusher');
}

return new Subject('', 'One broadcast event in Laravel 12, every way side by side', static function (Bench $bench, Report $report): void {
    extension_loaded('redis') || throw new Problem('the PHP extension redis is missing: apt-get install php-redis');
    $vendor = $bench->vendor('php/laravel', 'php');
    $relay = $bench->relay();
    foreach ([
        'BENCH_FOLDER' => $bench->scratch, 'BENCH_VENDOR' => $vendor, 'BENCH_SOCKET' => $relay->socket, 'BENCH_PORT' => $relay->port,
        'BENCH_REDIS' => $bench->redis()->port, 'BARE' => "$bench->bin/bare", 'PIN_SERVER' => $bench->pinServer,
    ] as $name => $value) {
        putenv("$name=$value");
    }
    $php = (extension_loaded('Zend OPcache') ? '' : '-d zend_extension=opcache ') . LARAVEL_OPCACHE;
    $bench->progress('each way in one process, hot and spaced');
    $answer = $bench->php('laravel.php', "cost $bench->rounds {$bench->count(30, 2)} {$bench->count(100, 5)}", $php)->line();
    $cost = json_decode($answer, true) ?? throw new Problem($answer);
    foreach (['hot' => 'hot', 'p50' => 'spaced by 2 ms, p50'] as $kind => $words) {
        laravel_goals($report, $cost, $kind, $words);
        foreach (LARAVEL_WAYS as $way => $name) {
            $report->figure("$name, $words", $cost[$kind][$way], 'ns');
        }
    }
    foreach (LARAVEL_JOURNEYS as $way => $name) {
        $bench->progress($name);
        $report->figure($name, laravel_journey($bench, $php, $way), 'ns');
    }
    $report->note("Laravel {$cost['laravel']}, opcache on, all ways in one process and with the same event.");
});

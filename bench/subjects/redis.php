<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

use Bench\Bench;
use Bench\Goal;
use Bench\Problem;
use Bench\Report;
use Bench\Subject;

return new Subject('P5', 'A signed trigger() over Redis beside phpredis', static function (Bench $bench, Report $report): void {
    extension_loaded('redis') || throw new Problem('the PHP extension redis is missing: apt-get install php-redis');
    $redis = $bench->redis();
    $arguments = "redis $redis->port $bench->rounds " . $bench->count(300, 20);
    $answer = $bench->php('publish.php', $arguments, '')->line();
    $cost = json_decode($answer, true) ?? throw new Problem($answer);
    $cost['stats']['dropped'] === 0 || throw new Problem('messages were dropped: the figures are of another path');
    $of = static fn (string $kind, string $way): array => array_map(static fn (array $round): float => (float) $round[$kind][$way], $cost['rounds']);
    foreach (['hot' => ['hot', 5], 'p50' => ['spaced by 2 ms, p50', 3], 'p99' => ['spaced by 2 ms, p99', 0]] as $kind => [$words, $part]) {
        $goal = $part === 0 ? null : Goal::ratio(round(1 / $part, 3));
        $report->compare("one trigger(), $words", $of($kind, 'trigger'), $of($kind, 'phpredis'), 'ns', $goal, 'phpredis');
    }
    $report->note(sprintf('Both over TCP to the same Redis; phpredis publishes the %d bytes of the client\'s text unsigned and waits for the answer.', $cost['bytes']));
});

<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

use Bench\Bench;
use Bench\Goal;
use Bench\Problem;
use Bench\Report;
use Bench\Subject;

/** How many times as fast as Illuminate's a case has to be. */
const DISPATCH_GOALS = [
    'no listener' => 5, 'wildcard that misses' => 5, '1 closure' => 5, '10 closures' => 5, '1 class string' => 2, '10 class strings' => 2,
];

return new Subject('', 'Dispatching an event beside Illuminate and Symfony', static function (Bench $bench, Report $report): void {
    $vendor = $bench->vendor('laravel');
    $opcache = (extension_loaded('Zend OPcache') ? '' : '-d zend_extension=opcache ') . '-d opcache.enable_cli=1 -d opcache.jit=0';
    $answer = $bench->php('dispatch.php', "$vendor/autoload.php $bench->rounds " . $bench->count(60, 3), $opcache)->line();
    $cases = json_decode($answer, true) ?? throw new Problem($answer);
    foreach ($cases as $case => $times) {
        $goal = Goal::ratio(round(1 / DISPATCH_GOALS[$case], 2));
        $report->compare("$case, native", $times['native'], $times['illuminate'], 'ns', $goal, 'Illuminate');
        if (str_contains($case, 'closure') || $case === 'no listener') {
            $report->compare("$case, native", $times['native'], $times['symfony'], 'ns', Goal::ratio(1), 'Symfony');
        }
        $report->compare("$case, compatible", $times['compatible'], $times['illuminate'], 'ns', Goal::ratio(1), 'Illuminate');
    }
    $report->note('opcache on. Class strings go through the container, a new object each time; Symfony has neither them nor wildcards.');
});

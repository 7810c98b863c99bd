<?php

// SPDX-License-Identifier: MIT
//
// One request of the load: publishes numbered events and says of each call what it returned, how long it
// took, how often the process was switched off the processor meanwhile, and how much of the processor's time it
// had; or waits until everything has left. Settings come as FastCGI parameters.

declare(strict_types=1);

/** @return array{int, int} how often this process has left the processor, and its time on it in us */
function on_processor(): array
{
    $usage = getrusage() ?: exit(1);
    $us = ($usage['ru_utime.tv_sec'] + $usage['ru_stime.tv_sec']) * 1000000 + $usage['ru_utime.tv_usec'] + $usage['ru_stime.tv_usec'];

    return [$usage['ru_nvcsw'] + $usage['ru_nivcsw'], $us];
}

$publisher = new Clairon\Publisher($_SERVER['FAULTS_DSN'], json_decode($_SERVER['FAULTS_OPTIONS'], true));
$answer = ['pid' => getmypid(), 'calls' => []];
if ($_SERVER['FAULTS_SINK'] !== '' && $_SERVER['FAULTS_FLUSH_MS'] === '') {
    $sink = pfsockopen("unix://{$_SERVER['FAULTS_SINK']}") ?: exit(1);
    $bytes = str_repeat('x', 200); // about what an event takes
    $start = hrtime(true);
    fwrite($sink, $bytes);
    $answer['bare'] = hrtime(true) - $start;
}
foreach (json_decode($_SERVER['FAULTS_EVENTS'], true) as [$channel, $data]) {
    [$switches, $us] = on_processor();
    $start = hrtime(true);
    $result = $publisher->trigger($channel, 'numbered', $data);
    $ns = hrtime(true) - $start;
    [$switches_after, $us_after] = on_processor();
    $answer['calls'][] = [$result, $ns, $switches_after - $switches, $us_after - $us];
}
if ($_SERVER['FAULTS_FLUSH_MS'] !== '') {
    $answer['flushed'] = $publisher->flush((int) $_SERVER['FAULTS_FLUSH_MS']);
}
$answer['stats'] = $publisher->stats();
echo json_encode($answer);

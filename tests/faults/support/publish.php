<?php

// SPDX-License-Identifier: MIT
//
// One request of the load: publishes numbered events and says how long each call took and what it returned;
// or waits until everything has left. Settings come as FastCGI parameters.

declare(strict_types=1);

$publisher = new Clairon\Publisher($_SERVER['FAULTS_DSN'], json_decode($_SERVER['FAULTS_OPTIONS'], true));
$answer = ['pid' => getmypid(), 'calls' => []];
foreach (json_decode($_SERVER['FAULTS_EVENTS'], true) as [$channel, $data]) {
    $start = hrtime(true);
    $result = $publisher->trigger($channel, 'numbered', $data);
    $answer['calls'][] = [$result, hrtime(true) - $start];
}
if ($_SERVER['FAULTS_FLUSH_MS'] !== '') {
    $answer['flushed'] = $publisher->flush((int) $_SERVER['FAULTS_FLUSH_MS']);
}
$answer['stats'] = $publisher->stats();
echo json_encode($answer);

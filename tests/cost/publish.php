<?php

// SPDX-License-Identifier: MIT
//
// The calls whose instructions tests/cost/run counts: some by themselves, some flushed together. Between
// two phases it calls stats(), where callgrind writes down what it counted so far and starts anew.
//
//   publish.php UNIX-PATH APP KEY SECRET

declare(strict_types=1);

const WARM_UP = 64;
const CALLS = 640; // a whole number of the 32 commands after which replies are read
const BATCHES = 16;
const BATCH = 100;

[, $path, $app, $key, $secret] = $argv;
$publisher = new Clairon\Publisher("unix:$path", compact('app', 'key', 'secret'));
$message = [
    'id' => 1,
    'content' => 'See you at the station at eight, I have the tickets.',
    'sender_id' => 1,
    'receiver_id' => 2,
    'created_at' => '2026-01-01T12:00:00.000000Z',
    'sender' => ['id' => 1, 'name' => 'Alice', 'avatar' => null],
];
$publish = static fn (string $flush) => $publisher->trigger('cost', 'App\\Events\\MessageSent', $message, null, $flush);

for ($i = 0; $i < WARM_UP; $i++) {
    $publish('now');
}
$publisher->flush(60000);
$publisher->stats();
$publisher->stats(); // what stats() itself costs
for ($i = 0; $i < CALLS; $i++) {
    $publish('now');
}
$publisher->flush(60000);
$publisher->stats();
for ($i = 0; $i < BATCHES; $i++) {
    for ($k = 0; $k < BATCH; $k++) {
        $publish('response');
    }
    $publisher->flush(60000);
}
$stats = $publisher->stats();
if ($stats['dropped'] !== 0 || $stats['rejected'] !== 0 || $stats['resent'] !== 0) {
    fwrite(STDERR, 'publish.php: not all went the direct way: ' . json_encode($stats) . "\n");
    exit(1);
}

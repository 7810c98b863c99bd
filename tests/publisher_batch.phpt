--TEST--
Publisher: triggerBatch() checks all events first and sends them with one write
--EXTENSIONS--
clairon
--INI--
clairon.log_errors=0
--FILE--
<?php
require __DIR__ . '/support/fake_relay.inc';
$relay = new FakeRelay();
$publisher = $relay->publisher();
$event = fn (array $changes = []) => $changes + ['channel' => 'c', 'name' => 'e', 'data' => [1]];
var_dump($publisher->triggerBatch([
    $event(),
    $event(['channel' => ['d', 'e'], 'socket_id' => '1.2']),
    'key' => $event(['data' => null, 'socket_id' => null]),
]));
$publisher->flush(5000);
var_dump($publisher->stats()['writes'], $relay->wait(4));
foreach ($relay->events() as $e) {
    echo "{$e['bus']} {$e['sequence']} \"{$e['exclude']}\" {$e['text']}\n";
}

$bad = [
    [], array_fill(0, 11, $event()), [1], [[]], [$event(), ['channel' => 'c', 'name' => 'e']],
    [$event(), $event(['name' => ''])], [$event(['channel' => 'a b'])], [$event(['channel' => []])],
    [$event(['channel' => 5])], [$event(['name' => 5])], [$event(['socket_id' => 'x'])],
    [$event(['socket_id' => 5])], [$event(['socketId' => '1.2'])], [$event(['data' => NAN])],
];
foreach ($bad as $batch) {
    thrown(fn () => $publisher->triggerBatch($batch));
}
var_dump($publisher->stats()['sent']);
?>
--EXPECT--
int(2)
int(1)
int(4)
clairon:1:{69}:app1:c 1 "" {"event":"e","channel":"c","data":"[1]"}
clairon:1:{34}:app1:d 2 "1.2" {"event":"e","channel":"d","data":"[1]"}
clairon:1:{3}:app1:e 3 "1.2" {"event":"e","channel":"e","data":"[1]"}
clairon:1:{69}:app1:c 4 "" {"event":"e","channel":"c","data":"null"}
ValueError: Clairon\Publisher::triggerBatch(): Argument #1 ($batch) must contain 1 to 10 events, 0 given
ValueError: Clairon\Publisher::triggerBatch(): Argument #1 ($batch) must contain 1 to 10 events, 11 given
TypeError: Clairon\Publisher::triggerBatch(): Argument #1 ($batch) must contain only arrays, int given
ValueError: Clairon\Publisher::triggerBatch(): Argument #1 ($batch) event 0 must have a channel, a name and data
ValueError: Clairon\Publisher::triggerBatch(): Argument #1 ($batch) event 1 must have a channel, a name and data
ValueError: Clairon\Publisher::triggerBatch(): Argument #1 ($batch) must be an event name: valid UTF-8, not empty, not beginning with pusher: or pusher_internal:
ValueError: Clairon\Publisher::triggerBatch(): Argument #1 ($batch) must be a channel name: letters, digits and _ - = @ , . ;
ValueError: Clairon\Publisher::triggerBatch(): Argument #1 ($batch) must contain 1 to 100 channel names, 0 given
ValueError: Clairon\Publisher::triggerBatch(): Argument #1 ($batch) event 0 must have a channel of type string or array
ValueError: Clairon\Publisher::triggerBatch(): Argument #1 ($batch) event 0 must have a name of type string
ValueError: Clairon\Publisher::triggerBatch(): Argument #1 ($batch) must be a socket id: two numbers and a dot, as in 123.456
ValueError: Clairon\Publisher::triggerBatch(): Argument #1 ($batch) event 0 must have a socket_id of type string or null
ValueError: Clairon\Publisher::triggerBatch(): Argument #1 ($batch) event 0 has a key other than channel, name, data and socket_id
Clairon\Exception\PayloadException: the event's data cannot be encoded: it holds INF or NAN, which JSON has no way to write
int(4)

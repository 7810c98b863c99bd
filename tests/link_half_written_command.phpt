--TEST--
Link: a command that was written in part is completed on its connection or sent whole on the next
--EXTENSIONS--
clairon
--INI--
clairon.log_errors=0
clairon.cli_wait_ms=0
--FILE--
<?php
require __DIR__ . '/support/fake_relay.inc';
require __DIR__ . '/support/resp.inc';
// An event that is larger than the socket's buffer can only be written in part.
$relay = new FakeRelay('unix', ['read' => false, 'hello' => resp_map(['envelope_min' => 1, 'envelope_max' => 1])]);
$publisher = $relay->publisher(['payload_bytes' => 500000, 'outbox_bytes' => 8000000]);
$data = fn (int $i) => $i . str_repeat('x', 400000);
for ($i = 1; $i <= 4; $i++) {
    var_dump($publisher->trigger('c', 'e', $data($i)) === $publisher::PENDING);
}
var_dump($publisher->stats()['partial_writes']);
$relay->ways(['read' => true, 'read_bytes' => 7777]);
var_dump($publisher->flush(10000), $relay->wait(4));
$events = $relay->events();
echo implode(' ', array_map(fn ($e) => "{$e['conn']}:{$e['sequence']}", $events)), "\n";
foreach ($events as $i => $e) {
    if (json_decode(json_decode($e['text'])->data) !== $data($i + 1)) {
        echo "event $i is damaged\n";
    }
}

echo "-- the peer goes away in the middle of a command\n";
$relay->ways(['read' => false]);
for ($i = 5; $i <= 7; $i++) {
    $publisher->trigger('c', 'e', $data($i));
}
$relay->hangup();
$relay->ways(['read' => true, 'read_bytes' => 65536]);
var_dump($publisher->flush(10000), $relay->wait(3));
$events = $relay->events();
echo implode(' ', array_map(fn ($e) => "{$e['conn']}:{$e['sequence']}", $events)), "\n";
foreach ($events as $i => $e) {
    if (json_decode(json_decode($e['text'])->data) !== $data($i + 5)) {
        echo "event $i is damaged\n";
    }
}
var_dump($publisher->stats()['acknowledged']);
?>
--EXPECT--
bool(true)
bool(true)
bool(true)
bool(true)
int(1)
bool(true)
int(4)
1:1 1:2 1:3 1:4
-- the peer goes away in the middle of a command
bool(true)
int(3)
2:5 2:6 2:7
int(7)

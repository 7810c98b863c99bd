--TEST--
Outbox: past its bound events are dropped and counted by reason; what was accepted arrives in order
--EXTENSIONS--
clairon
--INI--
clairon.log_errors=0
--FILE--
<?php
require __DIR__ . '/support/fake_relay.inc';
$relay = new FakeRelay();
$relay->close();
$few = $relay->publisher(['outbox_events' => 10, 'cli_wait_ms' => 0]);
$results = [];
for ($i = 0; $i < 13; $i++) {
    $results[] = $few->trigger('c', 'e', $i);
}
echo implode(' ', $results), "\n";
var_dump($few->trigger(['a', 'b'], 'e', 'x') === $few::DROPPED);
$s = $few->stats();
echo json_encode([$s['pending'], $s['dropped'], array_filter($s['dropped_by_reason'])]), "\n";
$relay->listen();
var_dump($few->flush(5000), $relay->wait(10));
echo implode(' ', array_map(fn ($e) => json_decode($e['text'])->data, $relay->events())), "\n";
var_dump($few->trigger('c', 'e', 'again') === $few::SENT);

$relay = new FakeRelay();
$relay->close();
$small = $relay->publisher(['outbox_bytes' => 4096, 'cli_wait_ms' => 0]);
$results = [];
for ($i = 0; $i < 5; $i++) {
    $results[] = $small->trigger('c', 'e', str_repeat('x', 1000));
}
echo implode(' ', $results), "\n";
var_dump($small->trigger('c', 'e', 'small enough') === $small::PENDING);
$s = $small->stats();
echo json_encode([$s['pending'], $s['pending_bytes'] <= 4096, array_filter($s['dropped_by_reason'])]), "\n";
var_dump($small->trigger('c', 'e', str_repeat('x', 5000)) === $small::DROPPED);
?>
--EXPECT--
1 1 1 1 1 1 1 1 1 1 0 0 0
bool(true)
[10,5,{"outbox_events":5}]
bool(true)
int(10)
0 1 2 3 4 5 6 7 8 9
bool(true)
1 1 1 0 0
bool(true)
[4,true,{"outbox_bytes":2}]
bool(true)

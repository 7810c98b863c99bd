--TEST--
Outbox: on the command line a full outbox waits for room, for cli_wait_ms at most and not twice in vain
--EXTENSIONS--
clairon
--INI--
clairon.log_errors=0
--FILE--
<?php
require __DIR__ . '/support/fake_relay.inc';
$relay = new FakeRelay('unix', ['read_bytes' => 20000]);
$publisher = $relay->publisher(['outbox_events' => 5]);
for ($i = 0; $i < 3000; $i++) {
    if ($publisher->trigger('c', 'e', $i . str_repeat('x', 500)) === $publisher::DROPPED) {
        echo "dropped $i\n";
    }
}
var_dump($publisher->flush(5000), $relay->wait(3000));
var_dump(array_column($relay->events(), 'sequence') === range(1, 3000));

$relay->close();
$publisher = $relay->publisher(['outbox_events' => 2, 'cli_wait_ms' => 300]);
$publisher->trigger('c', 'e', 1);
$publisher->trigger('c', 'e', 2);
$ms = milliseconds(fn () => var_dump($publisher->trigger('c', 'e', 3) === $publisher::DROPPED));
var_dump($ms >= 299 && $ms < 600);
$ms = milliseconds(fn () => var_dump($publisher->trigger('c', 'e', 4) === $publisher::DROPPED));
var_dump($ms < 50);
var_dump($publisher->stats()['dropped']);
?>
--EXPECT--
bool(true)
int(3000)
bool(true)
bool(true)
bool(true)
bool(true)
bool(true)
int(2)

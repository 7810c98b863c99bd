--TEST--
Outbox: events that are sent and never acknowledged are kept up to the bound, the oldest forgotten
--EXTENSIONS--
clairon
--INI--
clairon.log_errors=0
--FILE--
<?php
require __DIR__ . '/support/fake_relay.inc';
$relay = new FakeRelay('unix', ['reply' => false]);
$publisher = $relay->publisher(['outbox_events' => 10]);
for ($i = 1; $i <= 30; $i++) {
    $publisher->trigger('c', 'e', $i);
}
var_dump($relay->wait(30), $publisher->stats()['unacknowledged']);
$relay->take();
$relay->hangup();
$relay->ways(['reply' => true]);
$publisher->trigger('c', 'e', 31);
var_dump($publisher->flush(5000));
echo implode(' ', array_column($relay->events(), 'sequence')), "\n";

echo "-- late answers to forgotten events are taken as what they are\n";
$relay->stop();
for ($i = 1; $i <= 30; $i++) {
    $publisher->trigger('c', 'e', $i);
}
$relay->resume();
var_dump($publisher->flush(5000), $publisher->stats()['acknowledged'], $publisher->stats()['connects']);
?>
--EXPECT--
int(30)
int(30)
bool(true)
21 22 23 24 25 26 27 28 29 30 31
-- late answers to forgotten events are taken as what they are
bool(true)
int(41)
int(2)

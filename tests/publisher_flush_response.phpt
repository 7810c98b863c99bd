--TEST--
Publisher: flush "response" holds events for one write, in order with those that leave now
--EXTENSIONS--
clairon
--INI--
clairon.log_errors=0
--FILE--
<?php
require __DIR__ . '/support/fake_relay.inc';
require __DIR__ . '/support/spool.inc';
$relay = new FakeRelay();
$held = $relay->publisher(['flush' => 'response']);
$writes = fn () => $held->stats()['writes'];

echo "-- held, then flushed: one write\n";
echo $held->trigger('c', 'e', 1), $held->trigger(['c', 'd'], 'e', 2);
echo $held->triggerBatch([['channel' => 'c', 'name' => 'e', 'data' => 3]]), "\n";
$s = $held->stats();
echo json_encode([$s['pending'], $s['writes'], $s['connected']]), "\n";
var_dump($held->flush(5000), $writes());
echo data($relay->events()), "\n";

echo "-- held, then one that leaves now: one write, in order\n";
$before = $writes();
$held->trigger('c', 'e', 4);
$held->trigger('c', 'e', 5, null, 'response');
var_dump($held->trigger('c', 'e', 6, flush: 'now') === $held::SENT);
var_dump($relay->wait(3), $writes() - $before);
echo data($relay->events()), "\n";

echo "-- the default is now; another publisher of the same target shares the order\n";
$now = $relay->publisher();
$before = $writes();
var_dump($now->trigger('c', 'e', 7) === $now::SENT);
var_dump($now->trigger('c', 'e', 8, flush: 'response') === $now::PENDING);
var_dump($now->triggerBatch([['channel' => 'c', 'name' => 'e', 'data' => 9]], 'response') === $now::PENDING);
var_dump($now->triggerBatch([['channel' => 'c', 'name' => 'e', 'data' => 10]]) === $now::SENT);
var_dump($relay->wait(4), $writes() - $before);
echo data($relay->events()), "\n";

echo "-- at the bound they leave\n";
$small = $relay->publisher(['flush' => 'response', 'outbox_events' => 10]);
for ($i = 0; $i < 35; $i++) {
    $results[] = $small->trigger('c', 'e', $i);
}
echo implode(array_unique($results)), ' ', $relay->wait(30), "\n";
$s = $small->stats();
echo json_encode([$s['pending'], $s['dropped']]), "\n";
var_dump($small->flush(5000), data($relay->events()) === implode(' ', range(0, 34)));

echo "-- while the peer is away they go to the spool when they leave\n";
$spool = new Spool();
$relay->close();
$spooling = $relay->publisher(['flush' => 'response', 'spool' => $spool->path]);
$spooling->trigger('c', 'e', 1);
$spooling->trigger('c', 'e', 2, flush: 'now');
$spooling->trigger('c', 'e', 3);
$s = $spooling->stats();
echo json_encode([$s['mode'], $s['pending'], $s['spool']['waiting']]), "\n";
$relay->listen();
$spooling->flush(5000);
$spooling->trigger('c', 'e', 4);
$spooling->flush(5000);
echo data($relay->events()), "\n";

echo "-- words that are none\n";
thrown(fn () => $relay->publisher(['flush' => 'later']));
thrown(fn () => $relay->publisher(['flush' => true]));
thrown(fn () => $now->trigger('c', 'e', 1, null, 'Now'));
thrown(fn () => $now->trigger('c', 'e', 1, null, ''));
thrown(fn () => $now->triggerBatch([['channel' => 'c', 'name' => 'e', 'data' => 1]], "now\0"));
thrown(fn () => $now->trigger('c', 'e', 1, null, []));
?>
--EXPECT--
-- held, then flushed: one write
111
[4,0,false]
bool(true)
int(1)
1 2 2 3
-- held, then one that leaves now: one write, in order
bool(true)
int(3)
int(1)
4 5 6
-- the default is now; another publisher of the same target shares the order
bool(true)
bool(true)
bool(true)
bool(true)
int(4)
int(2)
7 8 9 10
-- at the bound they leave
1 30
[5,0]
bool(true)
bool(true)
-- while the peer is away they go to the spool when they leave
["spooling",1,2]
1 2 3 4
-- words that are none
ValueError: Clairon\Publisher::__construct(): Argument #2 ($options) option "flush" must be "now" or "response"
TypeError: Clairon\Publisher::__construct(): Argument #2 ($options) option "flush" must be of type string, bool given
ValueError: Clairon\Publisher::trigger(): Argument #5 ($flush) must be "now" or "response"
ValueError: Clairon\Publisher::trigger(): Argument #5 ($flush) must be "now" or "response"
ValueError: Clairon\Publisher::triggerBatch(): Argument #2 ($flush) must be "now" or "response"
TypeError: Clairon\Publisher::trigger(): Argument #5 ($flush) must be of type ?string, array given

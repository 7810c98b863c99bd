--TEST--
Spool: flush() gives a silent peer up after ack_timeout_ms and tries again, all in the time it was given
--EXTENSIONS--
clairon
--INI--
clairon.log_errors=0
--FILE--
<?php
require __DIR__ . '/support/fake_relay.inc';
require __DIR__ . '/support/spool.inc';
$spool = new Spool();
$relay = new FakeRelay('unix', ['silent_after' => 1]);
$publisher = $relay->publisher(['spool' => $spool->path, 'ack_timeout_ms' => 50]);
$publisher->trigger('c', 'e', 0);
var_dump($publisher->flush(5000));
$publisher->trigger('c', 'e', 1);
$publisher->trigger('c', 'e', 2);
var_dump($publisher->flush(400)); // a wait that ended with the time given would have tried once
$s = $publisher->stats();
var_dump($s['circuit_openings'], $s['connects'] > 1, $s['mode'] !== 'direct', $s['spool']['waiting']);
echo $s['last_error'], "\n";
$relay->ways(['silent_after' => 0]);
var_dump($publisher->flush(5000));
echo data($relay->events()), "\n";
?>
--EXPECT--
bool(true)
bool(false)
int(1)
bool(true)
bool(true)
int(2)
the peer has answered nothing for 50 ms
bool(true)
0 1 2

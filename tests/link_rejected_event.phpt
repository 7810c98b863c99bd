--TEST--
Link: an error to one PUBLISH rejects that event alone; errors that pass are tried again
--EXTENSIONS--
clairon
--INI--
clairon.log_errors=0
--FILE--
<?php
require __DIR__ . '/support/fake_relay.inc';
$relay = new FakeRelay('unix', ['publish' => "-ERR unknown bus channel, is bus_prefix the same on both sides?\r\n"]);
$publisher = $relay->publisher();
$publisher->trigger('c', 'e', 1);
var_dump($publisher->flush(5000));
$s = $publisher->stats();
var_dump($s['rejected'], $s['acknowledged'], $s['connected'], $s['last_error']);
$relay->ways(['publish' => ":1\r\n"]);
$publisher->trigger('c', 'e', 2);
var_dump($publisher->flush(5000), $publisher->stats()['acknowledged'], $publisher->stats()['connects']);

$redis = new FakeRelay('redis', ['publish' => "-LOADING Redis is loading the dataset in memory\r\n"]);
$publisher = $redis->publisher();
$publisher->trigger('c', 'e', 3);
var_dump($publisher->flush(50));
$s = $publisher->stats();
var_dump($s['rejected'], $s['pending'] + $s['unacknowledged'], $s['last_error']);
$redis->ways(['publish' => ":1\r\n"]);
var_dump($publisher->flush(5000), $publisher->stats()['acknowledged'], $publisher->stats()['rejected']);
?>
--EXPECT--
bool(true)
int(1)
int(0)
bool(true)
string(78) "event rejected: ERR unknown bus channel, is bus_prefix the same on both sides?"
bool(true)
int(1)
int(1)
bool(false)
int(0)
int(1)
string(46) "LOADING Redis is loading the dataset in memory"
bool(true)
int(1)
int(0)

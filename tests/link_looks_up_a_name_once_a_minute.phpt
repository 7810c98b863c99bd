--TEST--
Link: a host name that can't be resolved is looked up once a minute, not with every event
--EXTENSIONS--
clairon
--INI--
clairon.log_errors=0
--FILE--
<?php
$publisher = new Clairon\Publisher('redis://no-such-host.invalid', ['app' => 'app', 'key' => 'key', 'secret' => 'secret']);
$publisher->trigger('c', 'e', 1);
// Longer than the pauses after a refused connection: flush() gives up as the next lookup is too far away.
$start = hrtime(true);
var_dump($publisher->flush(3000), hrtime(true) - $start < 1e9);
$publisher->trigger('c', 'e', 2);
$s = $publisher->stats();
var_dump($s['connect_failures'], $s['pending'], str_starts_with($s['last_error'], 'cannot resolve no-such-host.invalid: '));
?>
--EXPECT--
bool(false)
bool(true)
int(1)
int(2)
bool(true)

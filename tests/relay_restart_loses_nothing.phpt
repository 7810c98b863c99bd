--TEST--
Relay: a restart loses no event that was published while it was away
--EXTENSIONS--
clairon
--SKIPIF--
<?php require __DIR__ . "/support/relay.inc"; if (!relay_binary()) die("skip the relay is not built"); ?>
--INI--
clairon.log_errors=0
--FILE--
<?php
require __DIR__ . '/support/fake_relay.inc';
require __DIR__ . '/support/relay.inc';
$relay = new Relay();
$publisher = $relay->publisher();
for ($i = 0; $i < 10; $i++) {
    $publisher->trigger('c', 'e', $i);
}
var_dump($publisher->flush(5000));
foreach ([15, 9] as $signal) {
    $relay->stop($signal);
    for ($i = 0; $i < 300; $i++) {
        if ($publisher->trigger('c', 'e', $i) !== $publisher::PENDING) {
            echo "not pending\n";
        }
    }
    $relay->start();
    $browser = new Browser($relay->port);
    $browser->subscribe('c');
    var_dump($publisher->flush(5000));
    $got = [];
    for ($i = 0; $i < 300; $i++) {
        $got[] = (int) $browser->next()['data'];
    }
    var_dump($got === range(0, 299));
}
$s = $publisher->stats();
var_dump($s['acknowledged'], $s['dropped'], $s['rejected']);
?>
--EXPECT--
bool(true)
bool(true)
bool(true)
bool(true)
bool(true)
int(610)
int(0)
int(0)

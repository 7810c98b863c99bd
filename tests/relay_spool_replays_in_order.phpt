--TEST--
Relay: events spooled while it was away are delivered in order, once, when it is back
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
$spool = sys_get_temp_dir() . '/clairon-test-' . getmypid() . '.spool';
$publisher = $relay->publisher(['spool' => $spool]);
for ($i = 0; $i < 10; $i++) {
    $publisher->trigger('c', 'e', $i);
}
var_dump($publisher->flush(5000), file_exists($spool));
foreach ([15, 9] as $signal) {
    $relay->stop($signal);
    for ($i = 0; $i < 300; $i++) {
        if ($publisher->trigger('c', 'e', $i) !== $publisher::PENDING) {
            echo "not pending\n";
        }
    }
    $s = $publisher->stats();
    echo json_encode([$s['mode'], $s['spooled'], $s['pending'], $s['spool']['waiting']]), "\n";
    $relay->start();
    $browser = new Browser($relay->port);
    $browser->subscribe('c');
    $publisher->trigger('c', 'e', 300);
    var_dump($publisher->flush(5000));
    $got = [];
    for ($i = 0; $i <= 300; $i++) {
        $got[] = (int) $browser->next()['data'];
    }
    var_dump($got === range(0, 300));
    var_dump($publisher->trigger('c', 'e', 'direct') === $publisher::SENT, $publisher->flush(5000));
    echo $browser->next()['data'], "\n";
}
$s = $publisher->stats();
echo json_encode([$s['mode'], $s['replayed'], $s['dropped'], $s['rejected'], $s['possibly_repeated'], $s['spool']['waiting'], filesize($spool)]), "\n";
array_map('unlink', glob("$spool*"));
?>
--EXPECT--
bool(true)
bool(false)
["spooling",300,0,300]
bool(true)
bool(true)
bool(true)
bool(true)
"direct"
["spooling",601,0,300]
bool(true)
bool(true)
bool(true)
bool(true)
"direct"
["direct",602,0,0,0,0,256]

--TEST--
Spool: after an outage of Redis nothing is published before the relays listen there again
--EXTENSIONS--
clairon
--INI--
clairon.log_errors=0
--FILE--
<?php
require __DIR__ . '/support/fake_relay.inc';
require __DIR__ . '/support/spool.inc';
$redis = new FakeRelay('redis+unix', ['relays' => 2]);
$spool = new Spool();
$publisher = $redis->publisher(['spool' => $spool->path, 'bus_prefix' => 'shop']);
$publisher->trigger('a', 'e', 1);
$publisher->flush(5000) || print("not flushed\n");
foreach ($redis->take() as ['argv' => $argv]) {
    echo $argv[0] === 'PUBLISH' ? 'PUBLISH' : implode(' ', $argv), "\n";
}

foreach ([0, 1] as $back) {
    $redis->ways(['relays' => $back]);
    $redis->hangup();
    $publisher->trigger('a', 'e', 2 + 2 * $back);
    wait_for_mode($publisher, 'spooling');
    $publisher->trigger('a', 'e', 3 + 2 * $back);
    $publisher->flush(300) && print("flushed\n");
    echo "$back back: ", $publisher->stats()['last_error'], ', acknowledged ', $publisher->stats()['acknowledged'], "\n";
}
$redis->take();
$redis->ways(['relays' => 2]);
$publisher->flush(5000) || print("not flushed\n");
echo 'both back: ', data($redis->events()), ', ', $publisher->stats()['mode'], "\n";

// Relays that came after this process had connected are waited for, too.
$redis->ways(['relays' => 0, 'publish' => ":0\r\n"]);
$late = $redis->publisher(['spool' => $spool->path, 'bus_prefix' => 'late']);
$late->trigger('b', 'e', 1);
$late->flush(5000) || print("not flushed\n");
$redis->ways(['relays' => 2, 'publish' => ":3\r\n"]); // somebody else listens as well
foreach ([2, 3, 4] as $n) {
    $late->trigger('b', 'e', $n);
    $late->flush(5000) || print("not flushed\n");
}
$asked = array_filter($redis->take(), fn ($command) => $command['argv'][0] === 'PUBSUB');
$redis->ways(['relays' => 1]);
$redis->hangup();
$late->trigger('b', 'e', 5);
wait_for_mode($late, 'spooling');
$late->flush(300) && print("flushed\n");
echo 'late: asked ', count($asked), ' times; ', $late->stats()['last_error'], "\n";
$redis->take();
$redis->ways(['relays' => 2]);
$late->flush(5000) || print("not flushed\n");
echo 'both back: ', data($redis->events()), "\n";

// A server that doesn't tell is taken as it is.
$redis->ways(['relays' => null]);
$redis->hangup();
$publisher->trigger('a', 'e', 6);
$publisher->flush(5000) || print("not flushed\n");
echo 'unknown: ', data($redis->events()), "\n";
?>
--EXPECT--
CLIENT SETNAME clairon-php
PUBSUB NUMSUB shop:1:relays
PUBLISH
0 back: Redis answers, but not all relays listen there again yet, acknowledged 1
1 back: Redis answers, but not all relays listen there again yet, acknowledged 1
both back: 2 3 4 5, direct
late: asked 2 times; Redis answers, but not all relays listen there again yet
both back: 5
unknown: 6

--TEST--
Publisher: each trigger() is one write while the peer keeps up, the greeting goes with the first
--EXTENSIONS--
clairon
--INI--
clairon.log_errors=0
--FILE--
<?php
require __DIR__ . '/support/fake_relay.inc';
foreach (['unix', 'tcp', 'redis', 'redis+unix'] as $transport) {
    $relay = new FakeRelay($transport);
    $publisher = $relay->publisher();
    for ($i = 0; $i < 100; $i++) {
        if ($publisher->trigger('c', 'e', $i) !== $publisher::SENT) {
            echo "not sent\n";
        }
    }
    $publisher->trigger(['a', 'b', 'c'], 'e', 1);
    $publisher->flush(5000);
    $other = $relay->publisher(); // shares the connection
    $s = $other->stats();
    echo "$transport: {$s['writes']} writes, {$s['sent']} sent, {$s['connects']} connection\n";
}
?>
--EXPECT--
unix: 101 writes, 103 sent, 1 connection
tcp: 101 writes, 103 sent, 1 connection
redis: 101 writes, 103 sent, 1 connection
redis+unix: 101 writes, 103 sent, 1 connection

--TEST--
Spool: a peer that takes events too slowly fills the outbox, and then the spool gets them all, in order
--EXTENSIONS--
clairon
--INI--
clairon.log_errors=0
--FILE--
<?php
require __DIR__ . '/support/fake_relay.inc';
require __DIR__ . '/support/spool.inc';
foreach (['events' => ['outbox_events' => 40], 'bytes' => ['outbox_bytes' => 1000000]] as $bound => $options) {
    $spool = new Spool();
    $relay = new FakeRelay('unix', ['read' => false]);
    $publisher = $relay->publisher(['spool' => $spool->path, 'cli_wait_ms' => 0] + $options);
    for ($i = 0; $publisher->stats()['mode'] !== 'spooling' && $i < 2000; $i++) {
        $publisher->triggerBatch([['channel' => 'c', 'name' => 'e', 'data' => $i],
            ['channel' => 'd', 'name' => 'e', 'data' => str_repeat('x', 9000)]]);
    }
    $s = $publisher->stats();
    echo "$bound: spooled more than half ", json_encode($s['spooled'] > $i), ", dropped {$s['dropped']}, {$s['last_error']}\n";
    $relay->ways(['read' => true]);
    var_dump($publisher->flush(5000));
    $data = explode(' ', data(array_filter($relay->events(), fn ($e) => str_ends_with($e['bus'], ':c'))));
    var_dump($data === array_map('strval', range(0, $i - 1)));
}
?>
--EXPECT--
events: spooled more than half true, dropped 0, the peer takes events too slowly: the outbox is full
bool(true)
bool(true)
bytes: spooled more than half true, dropped 0, the peer takes events too slowly: the outbox is full
bool(true)
bool(true)

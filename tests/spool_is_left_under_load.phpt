--TEST--
Spool: a process whose own events are through goes past it, although others keep filling it
--EXTENSIONS--
clairon
--INI--
clairon.log_errors=0
--FILE--
<?php
require __DIR__ . '/support/fake_relay.inc';
require __DIR__ . '/support/spool.inc';
require __DIR__ . '/support/script.inc';
$relay = new FakeRelay();
$spool = new Spool();
$publisher = $relay->publisher(['spool' => $spool->path, 'cli_wait_ms' => 0]);
$publisher->trigger('mine', 'e', 0);
$publisher->flush(5000) || print("not flushed\n");

// Its relay is away for good: whenever somebody looks, the file holds something of it.
$other = new Script('unix:/nowhere/clairon.sock', '
    for ($i = 0; $i < 100; $i++) {
        $p->trigger("theirs", "e", $i);
    }
    say("begun");
    for ($until = hrtime(true) + 20e9; hrtime(true) < $until; usleep(200)) {
        $p->trigger("theirs", "e", 0);
    }', ['spool' => $spool->path, 'cli_wait_ms' => 0]);
$other->hear();
$relay->take();
$relay->close();
$publisher->trigger('mine', 'e', 1);
wait_for_mode($publisher, 'spooling');
$relay->listen();
$sent = 0;
for ($i = 2; $i <= 2000 && $sent < 100; $i++) {
    $sent += (int) ($publisher->trigger('mine', 'e', $i) === $publisher::SENT);
    usleep(500);
}
$spooled = $publisher->stats()['spooled'];
$other->kill(9);
$other->end();
echo $sent, ' sent directly, ', $spooled > 0 ? 'some' : 'none', " by the spool\n";
$publisher->flush(10000) || print("not flushed\n");
$mine = $theirs = [];
foreach ($relay->events() as $event) {
    $data = json_decode($event['text'])->data;
    str_ends_with($event['bus'], ':mine') ? $mine[] = $data : $theirs[] = $data;
}
var_dump($mine == range(1, $i - 1), count($theirs) >= 100);
?>
--EXPECT--
100 sent directly, some by the spool
bool(true)
bool(true)

--TEST--
Outbox: what was dropped is told on the connection that stands, between events, and once
--EXTENSIONS--
clairon
--INI--
clairon.log_errors=0
--FILE--
<?php
require __DIR__ . '/support/fake_relay.inc';
$relay = new FakeRelay();
$publisher = $relay->publisher(['outbox_events' => 10, 'cli_wait_ms' => 0]);
$publisher->trigger('c', 'e', 'first');
$publisher->flush(5000) || print("not flushed\n");

for ($round = 1; $round <= 2; $round++) {
    // Until nothing more goes in, so that an event is written in part.
    $relay->stop();
    $accepted = 0;
    for ($dropped = 0; $dropped < 3 && $accepted < 10000;) {
        $result = $publisher->trigger('c', 'e', str_repeat('x', 9000));
        $result === $publisher::DROPPED ? $dropped++ : $accepted++;
    }
    $relay->resume();
    $publisher->flush(5000) || print("not flushed\n");
    $publisher->trigger('c', 'e', 'last');
    $publisher->flush(5000) || print("not flushed\n");

    $published = 0;
    foreach ($relay->take() as ['conn' => $conn, 'argv' => $argv]) {
        $published += (int) ($argv[0] === 'PUBLISH');
        if ($argv[0] === 'DROPPED') {
            echo "on connection $conn: ", implode(' ', $argv), "\n";
        }
    }
    var_dump($published - $accepted);
}
$stats = $publisher->stats();
echo json_encode([$stats['dropped'], $stats['rejected'], $stats['connects'], $stats['acknowledged'] === $stats['sent']]), "\n";

// Redis hands it to all relays; while none is there it is told again.
$redis = new FakeRelay('redis+unix', ['publish' => ":0\r\n"]);
$publisher = $redis->publisher(['outbox_events' => 10, 'cli_wait_ms' => 0, 'bus_prefix' => 'shop']);
$publisher->trigger('c', 'e', 'first');
$publisher->flush(5000) || print("not flushed\n");
$redis->stop();
while ($publisher->trigger('c', 'e', str_repeat('x', 9000)) !== $publisher::DROPPED);
$redis->resume();
$publisher->flush(5000) || print("not flushed\n");
foreach (["nobody" => ":0\r\n", "relays" => ":2\r\n", "done" => ":2\r\n"] as $hear => $reply) {
    $redis->ways(['publish' => $reply]);
    for ($i = 0; $i < 3; $i++) {
        $publisher->trigger('c', 'e', $i);
        $publisher->flush(5000) || print("not flushed\n");
    }
    $told = array_filter($redis->take(), fn ($command) => $command['argv'][1] === 'shop:1:relays');
    // What is told last in one round may come in the next.
    echo $hear, ': ', count($told) > ($hear === 'nobody' ? 1 : 0) ? 'told' : 'not told', ' ', implode(' ', end($told)['argv'] ?? []), "\n";
}
?>
--EXPECT--
on connection 1: DROPPED outbox_events 3
int(2)
on connection 1: DROPPED outbox_events 3
int(1)
[6,0,1,true]
nobody: told PUBLISH shop:1:relays DROPPED outbox_events 1
relays: told PUBLISH shop:1:relays DROPPED outbox_events 1
done: not told 

--TEST--
Link: what was not acknowledged is sent again on a new connection, once, in order, with the same ids
--EXTENSIONS--
clairon
--INI--
clairon.log_errors=0
--FILE--
<?php
require __DIR__ . '/support/fake_relay.inc';
foreach (['unix', 'tcp'] as $transport) {
    $relay = new FakeRelay($transport);
    $publisher = $relay->publisher();
    $publisher->trigger('c', 'e', 0);
    $publisher->flush(5000);
    $relay->ways(['reply' => false]);
    foreach ([1, 2, 3] as $i) {
        $publisher->trigger('c', 'e', $i);
    }
    $relay->wait(4);
    $before = $relay->events();
    $relay->ways(['reply' => true]);
    $relay->hangup();
    $result = $publisher->trigger('c', 'e', 4);
    var_dump($publisher->flush(5000), $relay->wait(4));
    $after = $relay->events();
    echo $transport, ': ', implode(' ', array_map(fn ($e) => "{$e['conn']}:{$e['sequence']}", [...$before, ...$after])), "\n";
    var_dump(array_column(array_slice($before, 1), 'id') === array_column(array_slice($after, 0, 3), 'id'));
    $s = $publisher->stats();
    echo "sent {$s['sent']} acknowledged {$s['acknowledged']} resent " . ($s["resent"] >= 3 ? "yes" : "no") . " connects {$s['connects']} failures {$s['connect_failures']}\n";
}
?>
--EXPECT--
bool(true)
int(4)
unix: 1:1 1:2 1:3 1:4 2:2 2:3 2:4 2:5
bool(true)
sent 5 acknowledged 5 resent yes connects 2 failures 0
bool(true)
int(4)
tcp: 1:1 1:2 1:3 1:4 2:2 2:3 2:4 2:5
bool(true)
sent 5 acknowledged 5 resent yes connects 2 failures 0

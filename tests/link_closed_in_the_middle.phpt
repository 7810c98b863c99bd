--TEST--
Link: a peer that closes after each few bytes gets everything in the end, and nothing damaged
--EXTENSIONS--
clairon
--INI--
clairon.log_errors=0
--FILE--
<?php
require __DIR__ . '/support/fake_relay.inc';
$relay = new FakeRelay();
$publisher = $relay->publisher();
$publisher->trigger('c', 'e', 0);
$publisher->flush(5000);
$relay->take();
foreach ([1, 30, 200, 500] as $bytes) {
    $relay->ways(['close_bytes' => $bytes]);
    $relay->hangup();
    for ($i = 0; $i < 5; $i++) {
        $publisher->trigger('c', 'e', "$bytes/$i");
    }
    var_dump($publisher->flush(5000));
}
$seen = [];
foreach ($relay->events() as $e) {
    $seen[$e['sequence']] = json_decode(json_decode($e['text'])->data);
}
ksort($seen);
echo implode(' ', $seen), "\n";
?>
--EXPECT--
bool(true)
bool(true)
bool(true)
bool(true)
1/0 1/1 1/2 1/3 1/4 30/0 30/1 30/2 30/3 30/4 200/0 200/1 200/2 200/3 200/4 500/0 500/1 500/2 500/3 500/4

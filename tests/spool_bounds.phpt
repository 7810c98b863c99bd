--TEST--
Spool: full, too old, changed by somebody or damaged: dropped, counted by reason, told to the relay; the rest arrives
--EXTENSIONS--
clairon
--INI--
clairon.log_errors=0
--FILE--
<?php
require __DIR__ . '/support/fake_relay.inc';
require __DIR__ . '/support/spool.inc';

$relay = new FakeRelay(); // one for all: publishers with other spools have other connections
$relay->close();

/** Events 0 to $last wait in the spool of a publisher whose peer is away. */
function spooled(int $last, array $options = []): array
{
    global $relay;
    $spool = new Spool();
    $publisher = $relay->publisher(['spool' => $spool->path, 'cli_wait_ms' => 0] + $options);
    for ($i = 0; $i <= $last; $i++) {
        $publisher->trigger('c', 'e', $i);
    }
    return [$spool, $publisher];
}
$long_ago = fn (int $s) => pack('J', (int) (microtime(true) * 1000) - 1000 * $s);
$cases['too old'] = [$spool, $publisher] = spooled(3);
$spool->damage(0, 8, $long_ago(601), true);
$spool->damage(2, 8, $long_ago(1000), true);
$cases['no bound of age'] = [$spool, $publisher] = spooled(1, ['spool_age_s' => 0]);
$spool->damage(0, 8, pack('J', 1000), true);
$cases['changed'] = [$spool, $publisher] = spooled(3);
$spool->damage(1, -4, 'X', true);
$spool->damage(2, 18, 'd', true); // another channel
$cases['damaged'] = [$spool, $publisher] = spooled(3);
$spool->damage(1, -4, 'X', false);
$cases['all too old'] = [$spool, $publisher] = spooled(2);
foreach ([0, 1, 2] as $nth) {
    $spool->damage($nth, 8, pack('J', 1000), true);
}

echo "-- full\n";
[$spool, $publisher] = spooled(-1, ['spool_bytes' => 65536, 'outbox_events' => 3]);
$results = [];
for ($i = 0; $i < 12; $i++) {
    $results[] = $publisher->trigger('c', 'e', $i . str_repeat(' ', 9000));
}
echo implode(' ', $results), "\n";
$s = $publisher->stats();
echo json_encode([$s['spooled'], $s['pending'], $s['dropped'], array_filter($s['dropped_by_reason']), $s['dropped_in_a_row']]), "\n";
echo str_replace($spool->path, 'PATH', $s['last_error']), "\n";
$relay->listen();
var_dump($publisher->flush(5000));
$told = [];
foreach ($commands = $relay->take() as $command) {
    $argv = $command['argv'];
    if ($argv[0] === 'PUBLISH') {
        $got[] = (int) json_decode(json_decode(envelope($argv[2])['text'])->data);
    } elseif ($argv[0] === 'DROPPED') {
        $told[] = implode(' ', $argv);
    }
}
echo implode(' ', $got), "\n", implode("\n", $told), "\n";
$relay->hangup();
$publisher->trigger('c', 'e', 'not told twice');
$publisher->flush(5000);
echo implode(' ', array_map(fn ($c) => $c['argv'][0], $relay->take())), "\n";

foreach ($cases as $name => [$spool, $publisher]) {
    echo "-- $name\n";
    var_dump($publisher->flush(5000));
    $s = $publisher->stats();
    echo data($relay->events()), ' ', json_encode(array_filter($s['dropped_by_reason'])), ' ';
    echo json_encode(array_filter(array_intersect_key($s['spool'], ['expired' => 0, 'torn' => 0, 'refused' => 0])));
    echo " {$s['mode']} {$s['spool']['waiting_bytes']}\n";
}
?>
--EXPECT--
-- full
1 1 1 1 1 1 1 1 1 1 0 0
[7,3,2,{"spool_full":2},2]
spool PATH: it is full
bool(true)
0 1 2 3 4 5 6 7 8 9
DROPPED spool_full 2
AUTH HELLO PUBLISH
-- too old
bool(true)
1 3 {"spool_expired":2} {"expired":2} direct 0
-- no bound of age
bool(true)
0 1 [] [] direct 0
-- changed
bool(true)
0 3 {"spool_refused":2} {"refused":2} direct 0
-- damaged
bool(true)
0 2 3 {"spool_torn":1} {"torn":1} direct 0
-- all too old
bool(true)
 {"spool_expired":3} {"expired":3} direct 0

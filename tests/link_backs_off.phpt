--TEST--
Link: a relay that is away costs one attempt, then none for 200 ms, then 400 ms; events wait and arrive
--EXTENSIONS--
clairon
--SKIPIF--
<?php if (getenv('CLAIRON_TEST_SLOWLY')) die('skip times say nothing under valgrind'); ?>
--INI--
clairon.log_errors=0
--FILE--
<?php
require __DIR__ . '/support/fake_relay.inc';
$relay = new FakeRelay();
$publisher = $relay->publisher();
$relay->close();
$failures = [];
$start = hrtime(true);
$publisher->trigger('c', 'e', 0);
$count = 1;
do {
    $failed = $publisher->stats()['connect_failures'];
    if ($count < 900) {
        $publisher->trigger('c', 'e', $count++);
    }
    if (!isset($failures[$failed])) {
        $failures[$failed] = (hrtime(true) - $start) / 1e6;
    }
    $publisher->flush(1);
} while ($failed < 3);
foreach ([2 => 200, 3 => 600] as $n => $ms) {
    echo "attempt $n after $ms ms: ", $failures[$n] > $ms - 2 && $failures[$n] < $ms + 300 ? 'yes' : "no, after $failures[$n]", "\n";
}
$s = $publisher->stats();
var_dump($s['connected'], $s['pending'] === $count, $s['dropped'], $s['last_error']);
$relay->listen();
var_dump($publisher->flush(20000), $relay->wait($count) === $count);
var_dump(array_column($relay->events(), 'sequence') === range(1, $count));
$s = $publisher->stats();
var_dump($s['connected'], $s['pending'], $s['pending_bytes'], $s['unacknowledged'], $s['acknowledged'] === $count);
echo "-- a peer that closes each connection at once is a failure too\n";
$relay->ways(['refuse' => true]);
$relay->hangup();
$publisher->trigger('c', 'e', 1);
$publisher->flush(100);
var_dump($publisher->stats()['connect_failures'] <= 5);
?>
--EXPECT--
attempt 2 after 200 ms: yes
attempt 3 after 600 ms: yes
bool(false)
bool(true)
int(0)
string(41) "cannot connect: No such file or directory"
bool(true)
bool(true)
bool(true)
bool(true)
int(0)
int(0)
int(0)
bool(true)
-- a peer that closes each connection at once is a failure too
bool(true)

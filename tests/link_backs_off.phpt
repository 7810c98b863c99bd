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
$count = 0;
$now = static fn (): float => hrtime(true) / 1e6;
/* When each attempt failed, as [before, after] the step that made it; and when the last step began that made none. */
$failed = [];
$idle = [];
while (count($failed) < 3) {
    $before = $now();
    $count < 900 ? $publisher->trigger('c', 'e', $count++) : $publisher->flush(1);
    if ($publisher->stats()['connect_failures'] > count($failed)) {
        $failed[] = [$before, $now()];
    } else {
        $idle[count($failed)] = $before;
    }
}
/* However slow this machine is: never early, and no call that came when it was due went without one. */
foreach ([1 => 200, 2 => 400] as $n => $ms) {
    $waited = $failed[$n][1] - $failed[$n - 1][0];
    echo "attempt ", $n + 1, " not before $ms ms: ", $waited > $ms - 2 ? 'yes' : "no, after $waited", "\n";
    $late = $idle[$n] - $failed[$n - 1][1];
    echo "attempt ", $n + 1, " when it is due: ", $late < $ms + 2 ? 'yes' : "no, none after $late", "\n";
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
attempt 2 not before 200 ms: yes
attempt 2 when it is due: yes
attempt 3 not before 400 ms: yes
attempt 3 when it is due: yes
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

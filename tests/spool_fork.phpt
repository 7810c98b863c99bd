--TEST--
Spool: a child that is forked in the middle of a replay leaves batch, file and claim to its parent
--EXTENSIONS--
clairon
pcntl
--SKIPIF--
<?php if (!function_exists('pcntl_fork')) die('skip needs pcntl'); ?>
--INI--
clairon.log_errors=0
--FILE--
<?php
require __DIR__ . '/support/fake_relay.inc';
require __DIR__ . '/support/spool.inc';
$spool = new Spool();
$relay = new FakeRelay();
$relay->close();
$publisher = $relay->publisher(['spool' => $spool->path]);
for ($i = 0; $i < 10; $i++) {
    $publisher->trigger('c', 'parent', $i);
}
$relay->listen();
$relay->ways(['silent_after' => 1]);
wait_for_mode($publisher, 'replaying');
for ($end = hrtime(true) + 5e9; $publisher->stats()['unacknowledged'] < 9 && hrtime(true) < $end; usleep(1000)) {
    continue; // the probe is answered, the rest of the batch is on its way
}
$pid = pcntl_fork();
if ($pid === 0) {
    $s = $publisher->stats();
    $clean = [$s['spooled'], $s['unacknowledged'], $s['circuit_openings'], $s['last_error']] === [0, 0, 0, null];
    $publisher->trigger('c', $clean ? 'child' : 'NOT CLEAN', 1);
    fclose(STDOUT);
    exec('kill -9 ' . getmypid());
}
pcntl_waitpid($pid, $status);
$relay->ways(['silent_after' => 0]);
$relay->hangup();
var_dump($publisher->flush(5000));
$got = [];
foreach ($relay->events() as $event) {
    $text = json_decode($event['text']);
    $got[$text->event][$event['id']] = (int) $text->data;
}
ksort($got);
foreach ($got as $name => $data) {
    echo $name, ': ', implode(' ', $data), "\n";
}
$s = $publisher->stats();
echo json_encode([$s['mode'], $s['spooled'], $s['replayed'], $s['possibly_repeated'], $s['spool']['waiting']]), "\n";
?>
--EXPECT--
bool(true)
child: 1
parent: 0 1 2 3 4 5 6 7 8 9
["direct",10,10,9,0]

--TEST--
Spool: a process that is killed in the middle of a replay leaves the rest to the next, with its batch marked
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
for ($i = 0; $i < 1000; $i++) {
    $publisher->trigger('c', 'e', $i);
}
$relay->listen();
// Its first batch is answered, its second one never.
$relay->ways(['silent_after' => 512]);
$pid = pcntl_fork();
if ($pid === 0) {
    $publisher->flush(20000);
    exit;
}
var_dump($relay->wait(1000));
exec("kill -9 $pid");
pcntl_waitpid($pid, $status);
$s = $publisher->stats();
echo json_encode([$s['mode'], $s['spool']['waiting'], $s['spool']['replayed']]), "\n";
$relay->ways(['silent_after' => 0]);
$relay->hangup();
var_dump($publisher->flush(5000));
$events = $relay->events();
var_dump(count($events), data($events) === implode(' ', range(0, 999)));
$s = $publisher->stats();
echo json_encode([$s['mode'], $s['replayed'], $s['possibly_repeated'], $s['spool']['possibly_repeated'], $s['spool']['waiting']]), "\n";
?>
--EXPECT--
int(1000)
["spooling",488,512]
bool(true)
int(1488)
bool(true)
["direct",488,488,488,0]

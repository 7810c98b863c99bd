--TEST--
Spool: processes that were killed lose nothing that was spooled; another one replays it, the order of each kept
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
$children = [];
foreach (['a', 'b'] as $name) {
    $pid = pcntl_fork();
    if ($pid === 0) {
        for ($i = 0; $i < 100; $i++) {
            $publisher->trigger('c', $name, $i);
        }
        exec('kill -9 ' . getmypid());
    }
    $children[] = $pid;
}
foreach ($children as $pid) {
    pcntl_waitpid($pid, $status);
    var_dump(pcntl_wifsignaled($status));
}
var_dump($publisher->stats()['spool']['waiting']);
$relay->listen();
var_dump($publisher->flush(5000));
$got = $ids = $numbers = [];
foreach ($relay->events() as $event) {
    $text = json_decode($event['text']);
    $got[$text->event][] = (int) $text->data;
    $ids[] = $event['id'];
    $numbers[] = $event['sequence'];
}
ksort($got);
var_dump(array_keys($got), $got['a'] === range(0, 99), $got['b'] === range(0, 99), count(array_unique($ids)));
var_dump($numbers === range($numbers[0], $numbers[0] + 199));
$s = $publisher->stats();
echo json_encode([$s['mode'], $s['spooled'], $s['replayed'], $s['possibly_repeated'], $s['spool']['waiting_bytes']]), "\n";
var_dump(filesize($spool->path));
?>
--EXPECT--
bool(true)
bool(true)
int(200)
bool(true)
array(2) {
  [0]=>
  string(1) "a"
  [1]=>
  string(1) "b"
}
bool(true)
bool(true)
int(200)
bool(true)
["direct",0,200,0,0]
int(256)

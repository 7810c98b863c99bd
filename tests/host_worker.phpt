--TEST--
Host: a worker of many requests keeps its memory, its descriptors and its connection
--EXTENSIONS--
clairon
--INI--
clairon.log_errors=0
--FILE--
<?php
require __DIR__ . '/support/fake_relay.inc';
$relay = new FakeRelay();
$spool = sys_get_temp_dir() . '/clairon-worker-' . getmypid() . '.spool';
$use = fn () => [memory_get_usage(), (int) preg_replace('/.*VmRSS:\s*(\d+).*/s', '$1', file_get_contents('/proc/self/status')), count(scandir('/proc/self/fd'))];
/** A request as a worker's loop has it: objects of its own, which the next one does not see. */
$request = function (int $n) use ($relay, $spool): void {
    $publisher = $relay->publisher(['flush' => $n % 3 ? 'now' : 'response', 'spool' => $spool]);
    $dispatcher = new Clairon\Dispatcher();
    $dispatcher->listen("request.*", fn () => $publisher->trigger("c", 'e', $n));
    for ($i = 0; $i < 10; $i++) {
        $dispatcher->dispatch("request.$i", [$n, $dispatcher]);
    }
    if ($n % 3 === 0) {
        $publisher->flush(5000);
    }
};
$requests = getenv('CLAIRON_TEST_SLOWLY') ? 100 : 1000;
for ($n = 0; $n < $requests / 10; $n++) {
    $request($n);
}
$relay->publisher(['spool' => $spool])->flush(5000);
$relay->take();
[$memory, $resident, $descriptors] = $use();
for (; $n < $requests; $n++) {
    $request($n);
    if ($n % 250 === 0) {
        $relay->hangup();
    }
    if ($n % 25 === 0) {
        gc_collect_cycles();
        $relay->take(); // its memory is bounded, too
    }
}
$publisher = $relay->publisher(['spool' => $spool]);
var_dump($publisher->flush(5000));
$s = $publisher->stats();
unset($publisher);
gc_collect_cycles();
$now = $use();
// Tools that look for leaks keep what was freed.
$kept = getenv('CLAIRON_TEST_SLOWLY') !== false;
var_dump($now[0] - $memory < 100000, $kept || $now[1] - $resident < 3000, $now[2] === $descriptors);
echo json_encode([$s['acknowledged'] + $s['replayed'] >= 10 * $requests, $s['dropped'], $s['rejected'], $s['spool']['waiting'], $s['connects'] < 20]), "\n";
array_map('unlink', glob("$spool*"));
?>
--EXPECT--
bool(true)
bool(true)
bool(true)
bool(true)
[true,0,0,0,true]

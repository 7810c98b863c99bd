--TEST--
Link: a forked child leaves the parent's connection and events alone and publishes under its own name
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
$relay = new FakeRelay();
$publisher = $relay->publisher();
$publisher->trigger('c', 'before', 1);
$publisher->flush(5000);
$relay->close();
var_dump($publisher->trigger('c', 'waits-in-parent', 1) === $publisher::PENDING);
$pid = pcntl_fork();
if ($pid === 0) {
    $s = $publisher->stats();
    $quiet = $s['pending'] === 0 && $s['sent'] === 0 && !$s['connected'];
    $publisher->trigger('c', $quiet ? 'child-pending' : 'CHILD HAS MORE', 1);
    $publisher->flush(5000);
    // A grandchild that never publishes must not disturb anybody at its end either.
    $grandchild = pcntl_fork();
    if ($grandchild > 0) {
        pcntl_waitpid($grandchild, $status);
        $publisher->trigger('c', 'child-again', 1);
        $publisher->flush(5000);
    }
    // Not the destructor of the fake relay: that is the parent's.
    fclose(STDOUT);
    exec('kill -9 ' . getmypid());
}
$relay->listen();
pcntl_waitpid($pid, $status);
$publisher->trigger('c', 'parent-again', 1);
var_dump($publisher->flush(5000));
var_dump($relay->wait(5));
$names = $publishers = [];
foreach ($relay->events() as $e) {
    $name = json_decode($e['text'])->event;
    $names[] = $name;
    $publishers[$e['publisher']][] = "$name:{$e['sequence']}";
    $ids[] = $e['id'];
}
sort($names);
echo implode(' ', $names), "\n";
$groups = array_map(fn ($g) => implode(' ', $g), array_values($publishers));
sort($groups);
print_r($groups);
var_dump(count(array_unique($ids)));
?>
--EXPECT--
bool(true)
bool(true)
int(5)
before child-again child-pending parent-again waits-in-parent
Array
(
    [0] => before:1 waits-in-parent:2 parent-again:3
    [1] => child-pending:1 child-again:2
)
int(5)

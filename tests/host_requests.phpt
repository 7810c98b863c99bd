--TEST--
Host: many requests in one process, whatever ends them, share one connection and lose nothing
--EXTENSIONS--
clairon
--INI--
clairon.log_errors=0
--SKIPIF--
<?php
if (getenv('USE_ZEND_ALLOC') === '0') {
    die('skip memory_limit needs PHP\'s own allocator, which valgrind and sanitizers switch off');
}
?>
--FILE--
<?php
require __DIR__ . '/support/fake_relay.inc';
require __DIR__ . '/support/web_server.inc';
$relay = new FakeRelay('redis'); // tells no limit of its own
$server = new WebServer('clairon.log_errors=0', 'display_errors=0', 'log_errors=0', 'memory_limit=4M', 'max_execution_time=1');
$page = <<<'PHP'
<?php
$n = (int) $_GET['wait'];
$p = new Clairon\Publisher($_GET['dsn'], ['app' => 'app1', 'key' => 'k', 'secret' => 'secret1', 'flush' => $n % 2 ? 'now' : 'response', 'payload_bytes' => 1000000]);
register_shutdown_function(fn () => $p->trigger('c', "last$n", 1));
$p->trigger('c', "first$n", 1);
$does = fn (Closure $what) => $p->trigger('c', 'never', new class($what) implements JsonSerializable {
    public function __construct(private Closure $what) {}
    public function jsonSerialize(): mixed { return ($this->what)(); }
});
$s = $p->stats();
echo json_encode([$s['connects'], count(scandir('/proc/self/fd')), memory_get_usage() < 1000000]);
match (true) {
    // Memory runs out at a different place in each of these: in the JSON, its literal, the array.
    $n >= 100 => [$fill = array_map(fn () => str_repeat('x', 10000), range(0, 27 * ($n - 100))), $p->trigger('c', 'perhaps', array_fill(0, 40, str_repeat("\0", 3000)))],
    $n % 6 === 1 => exit,
    $n % 6 === 2 => $does(fn () => exit),
    $n % 6 === 3 => throw new Exception(),
    $n % 6 === 4 => $does(fn () => eval('class A {} class A {}')),
    $n === 5 => $does(function () { while (true) {} }),
    default => null,
};
PHP;
$seen = [];
foreach ([...range(1, 6), ...range(100, 111)] as $n) {
    // An error has no body: its status says enough.
    $answer = (string) @$server->get($page, $relay->dsn, $n);
    if ($answer !== '') {
        $seen[] = $answer;
    }
}
$counts = array_count_values($seen);
echo count($counts) <= 2 ? 'all alike' : json_encode($counts), "\n";
$relay->wait(2 * 18);
$names = array_map(fn ($e) => json_decode($e['text'])->event, $events = $relay->events());
$expected = [];
foreach ([...range(1, 6), ...range(100, 111)] as $n) {
    array_push($expected, "first$n", "last$n");
}
var_dump(array_values(array_diff($names, ['perhaps'])) === $expected, count(array_unique(array_column($events, 'conn'))));
var_dump(array_column($events, 'sequence') === range(1, count($events)), in_array('never', $names));
$some = count(array_keys($names, 'perhaps'));
echo $some > 0 && $some < 12 ? 'some' : $some, " had enough memory\n";
?>
--EXPECT--
all alike
bool(true)
int(1)
bool(true)
bool(false)
some had enough memory

--TEST--
Host: exit, fatal errors, time-outs and memory limits in the middle of a publish lose nothing that was published
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
require __DIR__ . '/support/script.inc';
$late = 'register_shutdown_function(fn () => $p->trigger("c", "shutdown1", 1)); $p->trigger("c", "first", 1); $p->trigger("c", "held", 1, null, "response");';
$scripts = [
    'exit' => 'exit(3);',
    'exit in jsonSerialize()' => '$p->trigger("c", "never", new Does(fn () => exit(4)));',
    'exit in a listener' => '$d = new Clairon\Dispatcher(); $d->listen("e", fn () => exit(5)); $d->listen("e", fn () => $p->trigger("c", "never", 1)); $d->dispatch("e");',
    'exit in a batch' => '$p->triggerBatch([["channel" => "c", "name" => "never", "data" => 1], ["channel" => "c", "name" => "never", "data" => new Does(fn () => exit(6))]]);',
    'exit in a fiber' => '(new Fiber(fn () => $p->trigger("c", "never", new Does(fn () => exit(7)))))->start();',
    'exit while a fiber waits' => '$f = new Fiber(fn () => $p->trigger("c", "never", new Does(fn () => Fiber::suspend()))); $f->start(); exit(8);',
    'uncaught' => '$p->trigger("c", "never", new Does(fn () => throw new Exception()));',
    'fatal' => '$p->trigger("c", "never", new Does(fn () => eval("class A {} class A {}")));',
    'fatal in a listener' => '$d = new Clairon\Dispatcher(); $d->listen("e*", fn () => eval("interface B {} class B {}")); $d->dispatch("event", [1, 2]);',
    'time-out in jsonSerialize()' => 'set_time_limit(1); $p->trigger("c", "never", new Does(function () { while (true) {} }));',
    'time-out of publishing' => 'set_time_limit(1); while (true) { $p->stats(); }',
    'memory in jsonSerialize()' => '$p->trigger("c", "never", new Does(fn () => str_repeat("x", 100000000)));',
    'memory of the JSON' => '$x = str_repeat("\0", 3000000); ini_set("memory_limit", "16M"); $p->trigger("c", "never", $x);',
    'memory of the batch' => '$x = str_repeat("\0", 100000); $e = ["channel" => "c", "name" => "never", "data" => $x]; ini_set("memory_limit", "4M"); $p->triggerBatch(array_fill(0, 10, $e));',
    'SIGTERM' => 'say(1); wait();',
];
$start = fn (FakeRelay $relay, string $code) => new Script($relay->dsn, "$late $code", ['payload_bytes' => 1000000], ['memory_limit=20M']);
$slow = $relays = [];
foreach ($scripts as $what => $code) {
    if (str_contains($code, 'set_time_limit')) { // a second each: all at once
        $relays[$what] = new FakeRelay();
        $slow[$what] = $start($relays[$what], $code);
    }
}
$relay = new FakeRelay();
foreach ($scripts as $what => $code) {
    $script = $slow[$what] ?? $start($relay, $code);
    if ($what === 'SIGTERM') {
        $script->hear();
        $script->kill(15);
    }
    echo "$what: ", json_encode($script->end()), "\n";
    tell($relays[$what] ?? $relay, $what === 'SIGTERM' ? 1 : 3);
}
?>
--EXPECT--
exit: ["exit 3"]
  first held shutdown1
exit in jsonSerialize(): ["exit 4"]
  first held shutdown1
exit in a listener: ["exit 5"]
  first held shutdown1
exit in a batch: ["exit 6"]
  first held shutdown1
exit in a fiber: ["exit 7"]
  first held shutdown1
exit while a fiber waits: ["exit 8"]
  first held shutdown1
uncaught: ["exit 255"]
  first held shutdown1
fatal: ["exit 255"]
  first held shutdown1
fatal in a listener: ["exit 255"]
  first held shutdown1
time-out in jsonSerialize(): ["exit 255"]
  first held shutdown1
time-out of publishing: ["exit 255"]
  first held shutdown1
memory in jsonSerialize(): ["exit 255"]
  first held shutdown1
memory of the JSON: ["exit 255"]
  first held shutdown1
memory of the batch: ["exit 255"]
  first held shutdown1
SIGTERM: ["signal 15"]
  first

--TEST--
Bad input: destructors publish, at any time up to the very end
--EXTENSIONS--
clairon
--INI--
clairon.log_errors=0
--FILE--
<?php
require __DIR__ . '/support/fake_relay.inc';
final class Last
{
    public mixed $cycle;
    public function __construct(private Clairon\Publisher $publisher, public string $name, private ?Throwable $throws = null) {}
    public function __destruct()
    {
        $this->publisher->trigger('c', $this->name, 1);
        $this->publisher->stats();
        if ($this->throws) {
            throw $this->throws;
        }
    }
}
final class Drops implements JsonSerializable
{
    public function __construct(private ?Last $last) {}
    public function jsonSerialize(): mixed { $this->last = null; return 1; }
}
function names(FakeRelay $relay, Clairon\Publisher $publisher): void
{
    $publisher->flush(5000);
    echo '  ', implode(', ', array_map(fn ($e) => json_decode($e['text'])->event, $relay->events())), "\n";
}
$relay = new FakeRelay();
$publisher = $relay->publisher();

new Last($publisher, 'temporary');
$last = new Last($publisher, 'unset');
unset($last);
$cycle = new Last($publisher, 'cycle');
$cycle->cycle = $cycle;
unset($cycle);
gc_collect_cycles();
names($relay, $publisher);

echo "during another call\n";
$publisher->trigger('c', 'outer', new Drops(new Last($publisher, 'within')));
$publisher->trigger('c', 'outer', [new Drops(new Last($publisher, 'one')), new Drops(new Last($publisher, 'two'))]);
$publisher->triggerBatch([
    ['channel' => 'c', 'name' => 'first', 'data' => new Drops(new Last($publisher, 'within'))],
    ['channel' => 'c', 'name' => 'second', 'data' => new Last($publisher, 'as data')],
]);
thrown(fn () => $publisher->trigger('c', 'refused', new Drops(new Last($publisher, 'before the refusal', new DomainException('its own')))));
thrown(fn () => $publisher->trigger('c', '', new Drops(new Last($publisher, 'before the bad name'))));
thrown(fn () => $publisher->trigger('c', 'e', [new Last($publisher, 'after the refusal'), NAN]));
$alone = $relay->publisher();
$alone->trigger('c', 'alone', new Drops(new Last($alone, 'shares')));
$holder = [$alone, new Last($alone, 'with the publisher')];
unset($alone, $holder);
names($relay, $publisher);

echo "in a dispatcher\n";
$dispatcher = new Clairon\Dispatcher();
$dispatcher->listen('x', fn () => $dispatcher->forget('x'));
$last = new Last($publisher, 'listener');
$dispatcher->listen('x', function () use ($last) {});
unset($last);
$dispatcher->dispatch('x');
names($relay, $publisher);

echo "in a fiber that never ends\n";
$fiber = new Fiber(function () use ($publisher) {
    $last = new Last($publisher, 'fiber');
    try {
        Fiber::suspend();
    } finally {
        $publisher->trigger('c', 'finally', 1);
    }
});
$fiber->start();
unset($fiber);
gc_collect_cycles();
names($relay, $publisher);

echo "at the end of a script\n";
$classes = explode("function names", explode('<?php', file_get_contents(__FILE__), 2)[1])[0];
$classes = substr($classes, strpos($classes, 'final class Last'));
foreach ([
    'a variable' => '$last = new Last($p, "global"); $again = new Last($p, "another");',
    'a static one' => 'final class Holds { public static $last; } Holds::$last = new Last($p, "static");',
    'exit' => '$last = new Last($p, "exit"); exit(0);',
    'a cycle' => '$last = new Last($p, "cycle"); $last->cycle = $last; unset($last);',
    'shutdown function' => 'register_shutdown_function(fn () => new Last($p, "temporary")); register_shutdown_function(fn () => exit(new Last($p, "exit again") ? 0 : 1));',
    // PHP 8.4 hands what the destructor throws to the handler, too; older ones don't.
    'exception' => '$last = new Last($p, "exception", new DomainException("late")); set_exception_handler(function () use ($p) { static $once = null; $once ??= (bool) new Last($p, "handler"); }); throw new Exception();',
    'output buffer' => '$last = new Last($p, "before"); ob_start(function () use ($p) { $p->trigger("c", "in the buffer", 1); return ""; }); echo 1;',
    'error handler' => 'set_error_handler(fn () => $p->trigger("c", "error handler", 1) > 0); $last = new Last($p, "end"); echo $undefined;',
] as $how => $code) {
    $code = "<?php $classes \$p = new Clairon\\Publisher('$relay->dsn', ['app' => 'app1', 'key' => 'k', 'secret' => 'secret1', 'flush' => 'response']); $code";
    $process = proc_open([PHP_BINARY, '-n', '-d', 'extension=' . getenv('EXTENSION'), '-d', 'clairon.log_errors=0', '-d', 'display_errors=0'], [['pipe', 'r'], ['file', '/dev/null', 'w'], ['file', '/dev/null', 'w']], $pipes);
    fwrite($pipes[0], $code);
    fclose($pipes[0]);
    proc_close($process);
    echo "  $how: ", implode(', ', array_map(fn ($e) => json_decode($e['text'])->event, $relay->events())), "\n";
}

echo "and at this one's\n";
$relay2 = new FakeRelay();
$end = new Last($relay2->publisher(), 'end');
?>
--EXPECT--
  temporary, unset, cycle
during another call
DomainException: its own
ValueError: Clairon\Publisher::trigger(): Argument #2 ($event) must be an event name: valid UTF-8, not empty, not beginning with pusher: or pusher_internal:
Clairon\Exception\PayloadException: the event's data cannot be encoded: it holds INF or NAN, which JSON has no way to write
  within, outer, one, two, outer, within, first, second, as data, before the refusal, before the bad name, after the refusal, shares, alone, with the publisher
in a dispatcher
  listener
in a fiber that never ends
  finally, fiber
at the end of a script
  a variable: another, global
  a static one: static
  exit: exit
  a cycle: cycle
  shutdown function: temporary, exit again
  exception: handler, exception
  output buffer: before, in the buffer
  error handler: error handler, end
and at this one's

--TEST--
Bad input: jsonSerialize() may throw, warn, publish, free, replace, suspend and construct
--EXTENSIONS--
clairon
--INI--
clairon.log_errors=0
--FILE--
<?php
require __DIR__ . '/support/fake_relay.inc';
final class Does implements JsonSerializable
{
    public function __construct(private Closure $what) {}
    public function jsonSerialize(): mixed { return ($this->what)(); }
}
function told(FakeRelay $relay, Clairon\Publisher $publisher): void
{
    $publisher->flush(5000);
    foreach ($relay->events() as $e) {
        $text = json_decode($e['text'], true);
        echo "  {$text['channel']} {$text['event']} {$text['data']}\n";
    }
}
$relay = new FakeRelay();
$publisher = $relay->publisher();
$again = $relay->publisher();
$does = fn (Closure $what) => ['x', new Does($what), 'y'];

echo "throws\n";
foreach ([new DomainException('own'), new Error('error'), new Clairon\Exception\PayloadException('theirs')] as $throwable) {
    thrown(fn () => $publisher->trigger('c', 'e', $does(fn () => throw $throwable)));
    thrown(fn () => $publisher->authorizePresenceChannel('presence-c', '1.2', 'u', $does(fn () => throw $throwable)));
    thrown(fn () => $publisher->authenticateUser('1.2', ['id' => 'u', 'x' => $does(fn () => throw $throwable)]));
}

echo "warns\n";
set_error_handler(fn (int $n, string $text) => throw new ErrorException($text));
thrown(fn () => $publisher->trigger('c', 'e', $does(fn () => [][5])));
restore_error_handler();
set_error_handler(fn () => $publisher->trigger('c', 'from-handler', 1) > 0);
$publisher->trigger('c', 'warned', $does(fn () => [][5]));
restore_error_handler();
told($relay, $publisher);

echo "publishes\n";
$publisher->trigger('c', 'outer', $does(fn () => [$publisher->trigger('c', 'inner', $does(fn () => $again->trigger('c', 'innermost', 1))), $publisher->flush(5000)]));
$publisher->triggerBatch([
    ['channel' => 'c', 'name' => 'first', 'data' => $does(fn () => $publisher->triggerBatch([['channel' => 'c', 'name' => 'before', 'data' => 1]]))],
    ['channel' => 'c', 'name' => 'second', 'data' => $does(fn () => $publisher->stats()['unacknowledged'] >= 0)],
]);
$deeper = function (int $depth) use ($publisher, &$deeper) { return new Does(fn () => $depth < 50 ? $publisher->trigger('c', "d$depth", $deeper($depth + 1)) : 0); };
$publisher->trigger('c', 'd0', $deeper(1));
thrown(function () use ($publisher) {
    $itself = new Does(function () use (&$itself, $publisher) { return $publisher->trigger('c', 'e', $itself); });
    $publisher->trigger('c', 'e', $itself);
});
$publisher->flush(5000);
echo '  ', count($relay->events()), "\n";

echo "frees and replaces\n";
$victim = $relay->publisher();
$victim->trigger('c', 'freed', $does(function () use (&$victim) { $victim = null; gc_collect_cycles(); return 1; }));
$channels = ['c', 'd'];
$name = 'name';
$publisher->trigger([&$channels[0], &$channels[1]], 'list', $does(function () use (&$channels) { $channels[1] = 'changed'; return 1; }));
thrown(fn () => $publisher->trigger([&$channels[0]], 'list', $does(function () use (&$channels) { $channels[0] = 5; return 1; })));
$batch = [
    ['channel' => 'c', 'name' => &$name, 'data' => $does(function () use (&$name) { $name = 'renamed'; return 1; })],
    ['channel' => 'c', 'name' => 'next', 'data' => 2],
];
$publisher->triggerBatch($batch);
$batch = [['channel' => 'c', 'name' => 'kept', 'data' => $does(function () use (&$batch) { $batch = null; gc_collect_cycles(); return 1; })], ['channel' => 'c', 'name' => 'kept too', 'data' => 2]];
$publisher->triggerBatch($batch);
$data = ['z' => 1];
$event = ['channel' => 'c', 'name' => 'own data', 'data' => &$data];
$data['does'] = new Does(function () use (&$data) { $data = 'gone'; return 1; });
$publisher->triggerBatch([&$event]);
$rest = ['channel' => 'c', 'name' => 'rest', 'data' => 1];
thrown(fn () => $publisher->triggerBatch([['channel' => 'c', 'name' => 'e', 'data' => $does(function () use (&$rest) { $rest = ['channel' => 'c']; return 1; })], &$rest]));
$object = new stdClass();
$object->a = new Does(function () use ($object) { unset($object->a); $object->b = str_repeat('b', 5); return 1; });
$publisher->trigger('c', 'object', $object);
thrown(fn () => $publisher->trigger('c', 'e', $does(fn () => $publisher->__construct('unix:/x', OPTIONS))));
thrown(fn () => $publisher->trigger('c', 'e', $does(fn () => clone $publisher)));
told($relay, $publisher);

echo "suspends\n";
$fibers = [];
for ($i = 0; $i < 4; $i++) {
    $fibers[] = $fiber = new Fiber(fn () => $publisher->triggerBatch([
        ['channel' => 'c', 'name' => "fiber $i", 'data' => new Does(fn () => Fiber::suspend("suspended $i"))],
        ['channel' => 'c', 'name' => "fiber $i again", 'data' => new Does(fn () => Fiber::suspend())],
    ]));
    echo '  ', $fiber->start(), "\n";
}
$publisher->trigger('c', 'meanwhile', 1);
$fibers[1]->resume('one');
$fibers[0]->resume('zero');
thrown(fn () => $fibers[2]->throw(new DomainException('thrown in')));
$fibers[1]->resume('end');
unset($fibers[3], $fiber); // never resumed
$fibers[0]->resume('end');
var_dump($fibers[0]->getReturn() === $publisher::SENT);
told($relay, $publisher);

echo "generates\n";
$generator = (function () use ($publisher) { while (true) { yield $publisher->trigger('c', 'generated', yield); } })();
$publisher->trigger('c', 'pulls', $does(fn () => $generator->send(1)));
told($relay, $publisher);
unset($generator);
gc_collect_cycles();
$s = $publisher->stats();
echo json_encode([$s['rejected'], $s['dropped'], $s['pending']]), "\n";
?>
--EXPECT--
throws
DomainException: own
DomainException: own
DomainException: own
Error: error
Error: error
Error: error
Clairon\Exception\PayloadException: theirs
Clairon\Exception\PayloadException: theirs
Clairon\Exception\PayloadException: theirs
warns
ErrorException: Undefined array key 5
  c from-handler 1
  c warned ["x",null,"y"]
publishes
Clairon\Exception\PayloadException: the event's data cannot be encoded: it contains itself
  56
frees and replaces
TypeError: Clairon\Publisher::trigger(): Argument #1 ($channels) must contain only strings, int given
ValueError: Clairon\Publisher::triggerBatch(): Argument #1 ($batch) event 1 must have a channel, a name and data
Error: Clairon\Publisher is constructed already
Error: Trying to clone an uncloneable object of class Clairon\Publisher
  c freed ["x",1,"y"]
  c list ["x",1,"y"]
  changed list ["x",1,"y"]
  c renamed ["x",1,"y"]
  c next 2
  c kept ["x",1,"y"]
  c kept too 2
  c own data {"z":1,"does":1}
  c object {"a":1}
suspends
  suspended 0
  suspended 1
  suspended 2
  suspended 3
DomainException: thrown in
bool(true)
  c meanwhile 1
  c fiber 1 "one"
  c fiber 1 again "end"
  c fiber 0 "zero"
  c fiber 0 again "end"
generates
  c generated 1
  c pulls ["x",2,"y"]
[0,0,0]

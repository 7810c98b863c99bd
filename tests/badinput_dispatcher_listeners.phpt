--TEST--
Bad input: listeners that throw, suspend, generate, take references, vanish or never end
--EXTENSIONS--
clairon
--FILE--
<?php
function thrown(callable $call): void
{
    try {
        echo json_encode($call()), "\n";
    } catch (Throwable $e) {
        // PHP 8.4 names closures by their place.
        echo get_class($e), ': ', preg_replace('/\{closure[^}]*\}/', '{closure}', $e->getMessage()), "\n";
    }
}
final class Magic
{
    public function __call(string $name, array $arguments): mixed { return $name === 'throws' ? throw new DomainException('magic') : [$name, $arguments]; }
    public static function __callStatic(string $name, array $arguments): mixed { return ["static $name", count($arguments)]; }
    public function __invoke(mixed ...$x): mixed { return ['invoked', ...$x]; }
    private function hidden(): void {}
}
final class Loud
{
    public function __construct(private string $name, private ?Closure $last = null) {}
    public function __destruct() { echo "[$this->name]\n"; $this->last && ($this->last)(); }
    public function hear(mixed ...$x): string { return $this->name; }
}
$new = function (callable ...$listeners): Clairon\Dispatcher {
    $dispatcher = new Clairon\Dispatcher();
    foreach ($listeners as $listener) {
        $dispatcher->listen('e', $listener);
    }
    return $dispatcher;
};

echo "-- exceptions\n";
$heard = [];
$d = $new(function () use (&$heard) { $heard[] = 1; return 1; }, fn () => throw new DomainException('thrown'), function () use (&$heard) { $heard[] = 2; });
thrown(fn () => $d->dispatch('e'));
thrown(fn () => $d->until('other'));
thrown(fn () => $d->dispatch('e', array_fill(0, 20, 'x')));
echo json_encode($heard), "\n";
$d = $new(fn (int $x) => $x);
thrown(fn () => $d->dispatch('e', ['no int']));
thrown(fn () => $d->dispatch('e'));
thrown(fn () => $d->dispatch('e', ['x' => 5, 'unknown' => 6]));
set_error_handler(fn (int $n, string $text) => throw new ErrorException($text));
thrown(fn () => $new(fn () => [][5])->dispatch('e'));
restore_error_handler();
thrown(fn () => $new(function () { try { throw new DomainException('inner'); } finally { return 'kept'; } })->dispatch('e'));

echo "-- strange callables\n";
$magic = new Magic();
$d = $new([$magic, 'any'], [$magic, 'hidden'], $magic, 'Magic::none', ['Magic', 'none'], strlen(...), 'strtoupper', $magic->first(...), [new ArrayObject([1]), 'count'] , 'Closure::fromCallable');
thrown(fn () => $d->dispatch('e', ['abc']));
$d = $new([$magic, 'any'], [$magic, 'hidden'], $magic, ['Magic', 'none'], strlen(...));
thrown(fn () => $d->dispatch('e', ['abc']));
thrown(fn () => $d->dispatch('e', ['abc']));
thrown(fn () => $new([$magic, 'throws'])->dispatch('e'));

echo "-- references\n";
$d = $new(function (&$x, &...$rest) { $x .= '+'; foreach ($rest as &$one) { $one .= '-'; } return $x; }, fn ($x, ...$rest) => [$x, ...$rest]);
$value = 'v';
thrown(function () use ($d, &$value) { return $d->dispatch('e', [&$value, 'w', &$value]); });
thrown(fn () => $d->dispatch('e', array_fill(0, 12, 'm')));
echo $value, "\n";
$payload = ['a', 'b'];
$d = $new(function () use (&$payload) { $payload = null; gc_collect_cycles(); return 1; }, fn (...$x) => $x);
$d->listen('e*', fn ($name, $x) => $x);
thrown(fn () => $d->dispatch('e', $payload));
$payload = [str_repeat('x', 5)];
$payload[] = &$payload;
thrown(fn () => count($d->dispatch('e', $payload)));

echo "-- generators\n";
$d = $new(function () { echo "not begun\n"; yield 1; }, fn () => (function () { yield from [1, 2]; })());
$results = $d->dispatch('e');
echo get_class($results[0]), ' ', json_encode(iterator_to_array($results[1])), "\n";
$generator = (function () use ($d) { while (true) { yield count($d->dispatch('e')); } })();
echo $generator->current(), "\n";
unset($results, $generator);

echo "-- fibers\n";
$d = $new(fn ($x) => Fiber::suspend("first $x"), fn ($x) => Fiber::suspend("second $x"), fn () => 'last');
$fibers = [];
foreach (['a', 'b', 'c', 'd'] as $name) {
    $fibers[$name] = new Fiber(fn () => $d->dispatch('e', [$name, new Loud($name)]));
    echo $fibers[$name]->start(), "\n";
}
echo $fibers['b']->resume('one'), "\n";
$d->forget('e'); // those under way keep their list
$d->listen('e', fn () => 'new');
echo $fibers['a']->resume('one'), "\n";
$fibers['b']->resume('two');
echo json_encode($fibers['b']->getReturn()), json_encode($d->dispatch('e')), "\n";
thrown(fn () => $fibers['a']->throw(new DomainException('thrown in')));
unset($d);
gc_collect_cycles();
echo "end two that wait\n";
unset($fibers['c']);
$fibers['d']->resume('one');
$fibers = null;

echo "-- listeners that vanish\n";
$d = new Clairon\Dispatcher();
$d->listen('e', function () use ($d) { $d->forget('e'); $d->forget('e*'); gc_collect_cycles(); return 'first'; });
$d->listen('e', [new Loud('gone after the dispatch'), 'hear']);
$d->listen('e*', [new Loud('pattern', fn () => $d->listen('late', fn () => 'late')), 'hear']);
thrown(fn () => $d->dispatch('e'));
thrown(fn () => $d->dispatch('late'));
$holder = new stdClass();
$holder->d = new Clairon\Dispatcher();
$holder->d->listen('e', function () use ($holder) { $holder->d = null; gc_collect_cycles(); return 'dispatcher gone'; });
$holder->d->listen('e', [new Loud('with it'), 'hear']);
thrown(fn () => $holder->d->dispatch('e'));
$d->listen('e', [new Loud('throws', fn () => throw new DomainException('in a destructor')), 'hear']);
thrown(fn () => $d->forget('e'));
$d->listen(['x', 'y', 'z'], [new Loud('three'), 'hear']);
$d->forget('x');
$d->forget('y');
$d->forget('z');

echo "-- deeper and deeper\n";
$depth = 0;
$d->listen('deep', function () use (&$depth, $d) { return ++$depth < 300 ? count($d->dispatch('deep')) : throw new DomainException("at $depth"); });
thrown(fn () => $d->dispatch('deep'));
$d->listen('grow', function () use ($d) { $d->listen('grow', fn () => 'grown'); $d->listen('gr*', fn () => 'pattern'); return count($d->dispatch('shrink')); });
for ($i = 0; $i < 3; $i++) {
    echo json_encode(array_count_values($d->dispatch('grow'))), "\n";
}
echo "end\n";
?>
--EXPECT--
-- exceptions
DomainException: thrown
null
DomainException: thrown
[1,1]
TypeError: {closure}(): Argument #1 ($x) must be of type int, string given
ArgumentCountError: Too few arguments to function {closure}(), 0 passed and exactly 1 expected
[5]
ErrorException: Undefined array key 5
["kept"]
-- strange callables
ArgumentCountError: ArrayObject::count() expects exactly 0 arguments, 1 given
[["any",["abc"]],["hidden",["abc"]],["invoked","abc"],["static none",1],3]
[["any",["abc"]],["hidden",["abc"]],["invoked","abc"],["static none",1],3]
DomainException: magic
-- references
["v+-",["v+-","w","v+-"]]
["m+",["m","m","m","m","m","m","m","m","m","m","m","m"]]
v+-
[1,["a","b"],["a","b"]]
3
-- generators
Generator [1,2]
2
-- fibers
first a
first b
first c
first d
second b
second a
[b]
["one","two","last"]["new"]
[a]
DomainException: thrown in
end two that wait
[c]
[d]
-- listeners that vanish
[gone after the dispatch]
[pattern]
["first","gone after the dispatch","pattern"]
["late"]
[with it]
["dispatcher gone","with it"]
[throws]
DomainException: in a destructor
[three]
-- deeper and deeper
DomainException: at 300
[1]
{"0":1,"grown":1,"pattern":1}
{"0":1,"grown":2,"pattern":2}
end

--TEST--
Bad input: objects without a constructor call, twice constructed, cloned, serialized, unserialized, exported
--EXTENSIONS--
clairon
--INI--
clairon.log_errors=0
--FILE--
<?php
require __DIR__ . '/support/fake_relay.inc';
$relay = new FakeRelay();
$good = $relay->publisher();
class Subclass extends Clairon\Dispatcher
{
    public int $mine = 1;
    public function __construct() { throw new DomainException('half made'); }
}
function refused(callable ...$calls): void
{
    foreach ($calls as $call) {
        thrown($call);
    }
}

echo "-- a publisher whose constructor failed\n";
$made = (new ReflectionClass(Clairon\Publisher::class))->getConstructor();
foreach ([['unix:relative', OPTIONS], ['unix:/x', []], ['unix:/x', OPTIONS + ['outbox_events' => 'x']], [[], OPTIONS]] as $arguments) {
    thrown(fn () => new Clairon\Publisher(...$arguments));
    thrown(fn () => $made->invoke($good, ...$arguments));
}
refused(
    fn () => (new ReflectionClass(Clairon\Publisher::class))->newInstanceWithoutConstructor(),
    fn () => unserialize('O:17:"Clairon\Publisher":1:{s:1:"x";i:1;}'),
    fn () => unserialize('C:17:"Clairon\Publisher":0:{}'),
    fn () => unserialize(serialize(new ArrayObject([$good]))),
    fn () => clone $good,
    fn () => var_export($good, true) . unserialize('a:1:{i:0;O:17:"Clairon\Publisher":0:{}}'),
    fn () => Clairon\Publisher::__set_state([]),
    fn () => @$good->undefined,
    fn () => $good->undefined = 1,
    fn () => $good[0],
    fn () => $good(),
    fn () => (string) $good,
    fn () => $good + 1,
    fn () => iterator_to_array($good),
    fn () => Clairon\Publisher::trigger('c', 'e', 1),
    fn () => @(function () { return $this->link; })->call($good),
    fn () => [Clairon\Publisher::class, 'trigger'](),
);
var_dump(isset($good->x), empty($good->x), (array) $good, (bool) $good, $good == $relay->publisher(), get_object_vars($good), json_encode($good));
foreach ($good as $property) {
    echo "a property\n";
}

echo "-- dispatchers\n";
$dispatcher = (new ReflectionClass(Clairon\Dispatcher::class))->newInstanceWithoutConstructor();
$dispatcher->listen('e', fn ($x) => $x);
echo json_encode($dispatcher->dispatch('e', [5])), "\n";
$half = (new ReflectionClass('Subclass'))->newInstanceWithoutConstructor();
$half->listen('e*', fn (...$x) => $x);
echo json_encode($half->dispatch('e', [5])), "\n";
refused(
    fn () => new Subclass(),
    fn () => clone $dispatcher,
    fn () => clone $half,
    fn () => serialize($half),
    fn () => unserialize('O:8:"Subclass":1:{s:4:"mine";i:2;}'),
    fn () => unserialize('O:18:"Clairon\Dispatcher":0:{}'),
    fn () => $dispatcher->prepareListener('x', false),
    fn () => $dispatcher->findListeners('x'),
    fn () => (function () { return $this->callMadeListener(1, 2, 3, [], false); })->call($half),
    fn () => (function () { return $this->makeListenersWith($this, []); })->call($half),
    fn () => Clairon\Dispatcher::dispatch('e'),
    fn () => $dispatcher[] = 1,
);
$half->mine = 7;
var_dump(count(get_object_vars($half)), $half == $dispatcher);

echo "-- all at the end\n";
$weak = WeakReference::create($good);
$map = new WeakMap();
$map[$good] = $map[$dispatcher] = $good;
unset($good, $made);
gc_collect_cycles();
$kept = $weak->get();
var_dump($kept?->trigger('c', 'e', 1));
?>
--EXPECT--
-- a publisher whose constructor failed
ValueError: Clairon\Publisher::__construct(): Argument #1 ($dsn) must name the socket by its absolute path, as in unix:/run/clairon/relay.sock
Error: Clairon\Publisher is constructed already
ValueError: Clairon\Publisher::__construct(): Argument #2 ($options) option "app" is required: the application's id
Error: Clairon\Publisher is constructed already
TypeError: Clairon\Publisher::__construct(): Argument #2 ($options) option "outbox_events" must be of type int, string given
Error: Clairon\Publisher is constructed already
TypeError: Clairon\Publisher::__construct(): Argument #1 ($dsn) must be of type string, array given
TypeError: Clairon\Publisher::__construct(): Argument #1 ($dsn) must be of type string, array given
ReflectionException: Class Clairon\Publisher is an internal class marked as final that cannot be instantiated without invoking its constructor
Exception: Unserialization of 'Clairon\Publisher' is not allowed
Exception: Unserialization of 'Clairon\Publisher' is not allowed
Exception: Serialization of 'Clairon\Publisher' is not allowed
Error: Trying to clone an uncloneable object of class Clairon\Publisher
Exception: Unserialization of 'Clairon\Publisher' is not allowed
Error: Call to undefined method Clairon\Publisher::__set_state()
nothing thrown
Error: Cannot create dynamic property Clairon\Publisher::$undefined
Error: Cannot use object of type Clairon\Publisher as array
Error: Object of type Clairon\Publisher is not callable
Error: Object of class Clairon\Publisher could not be converted to string
TypeError: Unsupported operand types: Clairon\Publisher + int
TypeError: iterator_to_array(): Argument #1 ($iterator) must be of type Traversable|array, Clairon\Publisher given
Error: Non-static method Clairon\Publisher::trigger() cannot be called statically
nothing thrown
Error: Non-static method Clairon\Publisher::trigger() cannot be called statically
bool(false)
bool(true)
array(0) {
}
bool(true)
bool(false)
array(0) {
}
string(2) "{}"
-- dispatchers
[5]
[["e",[5]]]
DomainException: half made
Error: Trying to clone an uncloneable object of class Clairon\Dispatcher
Error: Trying to clone an uncloneable object of class Subclass
Exception: Serialization of 'Subclass' is not allowed
Exception: Unserialization of 'Subclass' is not allowed
Exception: Unserialization of 'Clairon\Dispatcher' is not allowed
Error: Call to protected method Clairon\Dispatcher::prepareListener() from global scope
Error: Call to protected method Clairon\Dispatcher::findListeners() from global scope
TypeError: Subclass has no callMadeListener()
TypeError: Clairon\Dispatcher::makeListenersWith(): Argument #1 ($container) must have a public method make()
Error: Non-static method Clairon\Dispatcher::dispatch() cannot be called statically
Error: Cannot use object of type Clairon\Dispatcher as array
int(1)
bool(false)
-- all at the end
int(2)

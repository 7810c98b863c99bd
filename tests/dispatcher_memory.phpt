--TEST--
Dispatcher: cycles are collected, destructors come at once and may come back, no clones
--EXTENSIONS--
clairon
--FILE--
<?php
class Loud
{
    public function __construct(private string $name, private ?Closure $last = null) {}
    public function __destruct() { echo "$this->name\n"; $this->last && ($this->last)(); }
    public function hear() { return $this->name; }
}
$d = new Clairon\Dispatcher();
$d->listen('x', [new Loud('cycle'), 'hear']);
$d->listen('x*', function () use ($d) {});
$d->dispatch('x');
unset($d);
echo "collecting\n";
var_dump(gc_collect_cycles() > 0);

$d = new Clairon\Dispatcher();
$d->listen('x', [new Loud('forgotten'), 'hear']);
$d->listen('y', fn () => $d->forget('x'));
$d->dispatch('x');
$d->dispatch('y');
echo "forgot\n";

// A destructor that registers, forgets and dispatches.
$d->listen('again', [new Loud('again', function () use ($d) {
    $d->listen('again', fn () => 'new');
    $d->forget('other');
    echo json_encode($d->dispatch('again')), "\n";
}), 'hear']);
$d->listen('other', [new Loud('other'), 'hear']);
$d->dispatch('again');
$d->dispatch('other');
$d->forget('again');

$many = new Clairon\Dispatcher();
$many->listen('n*', fn () => 1);
for ($i = 0; $i < 10000; $i++) {
    $many->dispatch("n$i");
}
$before = memory_get_usage();
for (; $i < 50000; $i++) {
    $many->dispatch("n$i");
}
var_dump(memory_get_usage() - $before < 2000000);

foreach ([fn () => clone $d, fn () => serialize($d), fn () => unserialize('O:18:"Clairon\Dispatcher":0:{}')] as $refused) {
    try {
        $refused();
        echo "allowed\n";
    } catch (Throwable $e) {
        echo $e->getMessage(), "\n";
    }
}
class Own extends Clairon\Dispatcher
{
    public function __construct() {}
    public function dispatch($event, $payload = [], $halt = false) { echo 'own '; return parent::dispatch($event, $payload, $halt); }
    public function bad() { return [fn () => $this->prepareListener(1, false), fn () => $this->callMadeListener(1, 'm', 'e', [], false),
        fn () => $this->makeListenersWith(new stdClass(), [])]; }
}
$own = (new ReflectionClass('Own'))->newInstanceWithoutConstructor();
$own->listen('o', fn () => 'o');
echo json_encode([$own->dispatch('o'), $own->until('o')]), "\n";
foreach ($own->bad() as $bad) {
    try {
        $bad();
    } catch (TypeError $e) {
        echo $e->getMessage(), "\n";
    }
}
unset($own);
echo "end\n";
?>
--EXPECT--
collecting
cycle
bool(true)
forgotten
forgot
again
other
["new"]
bool(true)
Trying to clone an uncloneable object of class Clairon\Dispatcher
Serialization of 'Clairon\Dispatcher' is not allowed
Unserialization of 'Clairon\Dispatcher' is not allowed
own own [["o"],"o"]
Own has no prepareListener()
Own has no callMadeListener()
Clairon\Dispatcher::makeListenersWith(): Argument #1 ($container) must have a public method make()
end

--TEST--
Dispatcher: every form of callable, references, listeners that add, forget, dispatch and throw
--EXTENSIONS--
clairon
--FILE--
<?php
class Forms
{
    public function __construct(public string $name = 'object') {}
    public function method($x) { return "$this->name.method $x"; }
    public static function stat($x) { return "static $x"; }
    public function __invoke($x) { return "$this->name.__invoke $x"; }
    public function __call($method, $arguments) { return "__call $method $arguments[0]"; }
    public static function __callStatic($method, $arguments) { return "__callStatic $method $arguments[0]"; }
    private function hidden($x) { return 'never'; }
    public function closure() { return fn ($x) => "closure of $this->name $x"; }
}
function plain($x) { return "function $x"; }
$d = new Clairon\Dispatcher();
foreach ([[new Forms(), 'method'], 'Forms::stat', ['Forms', 'stat'], [new Forms(), 'stat'], new Forms('invoked'),
    [new Forms(), 'magic'], [new Forms(), 'hidden'], 'Forms::magic', (new Forms('taken'))->magic(...), plain(...), 'plain',
    'strtoupper', (new Forms('first'))->method(...), (new Forms('bound'))->closure()] as $listener) {
    $d->listen('e', $listener);
}
for ($i = 0; $i < 2; $i++) {
    $results = $d->dispatch('e', 'x');
}
echo implode("\n", $results), "\n";

foreach ([null, 1, 'nowhere', ['Forms'], [new stdClass(), 'm'], new stdClass()] as $bad) {
    try {
        $d->listen('bad', $bad);
    } catch (TypeError $e) {
        echo $e->getMessage(), "\n";
    }
}
foreach ([fn () => $d->listen(null, 'plain'), fn () => $d->listen([[]], 'plain'), fn () => $d->dispatch([]),
    fn () => $d->until(null), fn () => $d->forget([]), fn () => $d->hasListeners(new stdClass())] as $bad) {
    try {
        $bad();
    } catch (TypeError $e) {
        echo $e->getMessage(), "\n";
    }
}

// References: values are made references for one call, the caller's references are the caller's.
$d = new Clairon\Dispatcher();
$d->listen('r', function (&$x) { $x++; return $x; });
$d->listen('r', fn ($x) => $x);
$d->listen('r', function (&...$all) { return ++$all[0]; });
$own = 1;
echo json_encode($d->dispatch('r', [1])), json_encode($d->dispatch('r', [&$own])), " $own\n";

// The list is fixed at the beginning; a listener may remove itself.
$d = new Clairon\Dispatcher();
$d->listen('l', $first = function () use ($d) {
    $d->listen('l', fn () => 'added');
    $d->listen('l*', fn () => 'added pattern');
    return 'first';
});
unset($first);
$d->listen('l', function () use ($d) { $d->forget('l'); gc_collect_cycles(); return 'second'; });
$d->listen('l', fn () => 'third');
echo json_encode($d->dispatch('l')), json_encode($d->dispatch('l')), "\n";

$d = new Clairon\Dispatcher();
$d->listen('depth', fn ($n) => $n === 0 ? 'deep' : $d->dispatch('depth', $n - 1)[0]);
echo $d->dispatch('depth', 100)[0], "\n";

$d = new Clairon\Dispatcher();
$d->listen('t', fn () => print "before\n");
$d->listen('t', fn () => throw new LogicException('mine'));
$d->listen('t', fn () => print "never\n");
try {
    $d->dispatch('t');
} catch (LogicException $e) {
    echo $e->getMessage(), "\n";
}
try {
    $d->listen('few', fn ($a) => 1);
    $d->dispatch('few');
} catch (ArgumentCountError $e) {
    echo get_class($e), "\n";
}
?>
--EXPECT--
object.method x
static x
static x
static x
invoked.__invoke x
__call magic x
__call hidden x
__callStatic magic x
__call magic x
function x
function x
X
first.method x
closure of bound x
Clairon\Dispatcher::listen(): Argument #2 ($listener) must be a valid callback, no array or string given
Clairon\Dispatcher::listen(): Argument #2 ($listener) must be a valid callback, no array or string given
Clairon\Dispatcher::listen(): Argument #2 ($listener) must be a valid callback, function "nowhere" not found or invalid function name
Clairon\Dispatcher::listen(): Argument #2 ($listener) must be a valid callback, array callback must have exactly two members
Clairon\Dispatcher::listen(): Argument #2 ($listener) must be a valid callback, class stdClass does not have a method "m"
Clairon\Dispatcher::listen(): Argument #2 ($listener) must be a valid callback, no array or string given
Clairon\Dispatcher::listen(): Argument #1 ($events) must be of type string|array, null given
Clairon\Dispatcher::listen(): Argument #1 ($events) must be of type string, array given
Clairon\Dispatcher::dispatch(): Argument #1 ($event) must be of type object|string, array given
Clairon\Dispatcher::until(): Argument #1 ($event) must be of type object|string, null given
Clairon\Dispatcher::forget(): Argument #1 ($event) must be of type string, array given
Clairon\Dispatcher::hasListeners(): Argument #1 ($eventName) must be of type string, stdClass given
[2,1,2][2,2,3] 3
["first","second","third"]["added pattern"]
deep
before
mine
ArgumentCountError

--TEST--
Clairon\Dispatcher: objects of listeners are made by `new` while the container's properties say that it is enough
--EXTENSIONS--
clairon
--FILE--
<?php
class Box
{
    protected array $none = [];
    protected array $bound = [];
    protected array $made = [];
    protected array $types = [];
    protected array $inner = [];
    public function make($class)
    {
        echo "make $class\n";
        $this->made[$class] = true;

        return new $class();
    }
    public function set(string $property, $value) { $this->$property = $value; }
    public function &get(string $property) { return $this->$property; }
}
interface Face {}
class Listener implements Face
{
    public static int $count = 0;
    public function __construct() { self::$count++; }
    public function handle() { return self::$count; }
}
class Failing extends Listener
{
    public function __construct() { throw new Exception('failed'); }
    public function __destruct() { echo "never\n"; }
}
class Events extends Clairon\Dispatcher
{
    public function __construct(public Box $box, array $rules) { $this->with($rules); }
    public function with(array $rules) { $this->makeListenersWith($this->box, [], $rules); }
    public function forgetAll() { $this->forgetPrepared(); }
    protected function prepareListener($listener, $wildcard) { return [$listener, 'handle', $listener !== 'ArrayObject']; }
}
const RULES = ['none' => 'empty', 'bound' => 'lacks', 'made' => 'holds', 'types' => 'types', 'inner' => 'inner', 'missing' => 'lacks'];

$events = new Events($box = new Box(), RULES);
$events->listen('a', 'Listener');
$say = function (string $what) use ($events) { echo "$what: ", json_encode($events->dispatch('a')), "\n"; };
$say('first');
$say('plain');
foreach ([['none', [1]], ['bound', ['Listener' => null]], ['made', []], ['types', ['Listener' => 1]], ['types', ['Face' => 1]],
    ['types', ['face' => 1]], ['types', [1]], ['inner', ['x' => [], 'y' => ['Listener' => 1]]], ['inner', [1]], ['types', null]] as [$property, $value]) {
    $old = $box->get($property);
    try {
        $box->set($property, $value);
    } catch (TypeError) {
        continue;
    }
    $say("$property " . json_encode($value));
    $box->set($property, $old);
}
$box->set('made', ['Listener' => 1, 'Failing' => 1]);
$box->set('types', ['Unknown' => 1, 'Closure' => 2]);
$box->set('inner', ['x' => ['Other' => 1]]);
$say('of no matter');
class_alias('Face', 'Unknown');
$say('loaded since');
$box->set('types', []);
$reference = &$box->get('types');
$reference['Face'] = 1;
$say('by reference');
unset($reference['Face']);
$say('gone again');
unset($reference);

$events->listen('f', 'Failing');
foreach ([1, 2] as $_) {
    try {
        $events->dispatch('f');
    } catch (Exception $e) {
        echo get_class($e), ' ', $e->getMessage(), "\n";
    }
}
foreach ([['none' => 'nothing'], ['none' => null], array_fill_keys(range('a', 'i'), 'types')] as $bad) {
    try {
        $events->with($bad);
    } catch (ValueError $e) {
        echo $e->getMessage(), "\n";
    }
}
foreach ([['missing' => 'holds'], [], [1 => 'holds']] as $never) {
    $events->with($never);
    $say('never');
}

// What is let go runs code that comes back.
class Goes
{
    public function __construct(private Events $events) {}
    public function __destruct()
    {
        echo "goes\n";
        $this->events->with(['made' => 'holds']);
        $this->events->forget('a');
    }
}
$events->with(RULES);
$box->set('types', ['Nobody' => new Goes($events)]);
$say('held');
$box->set('types', []);
$say('let go');
$say('forgotten');

// A cycle through what is held is found.
$events = new Events($box = new Box(), RULES);
$events->listen('a', 'Listener');
$box->set('types', ['Nobody' => fn () => $events]);
$box->set('made', ['Listener' => 1]);
$events->dispatch('a');
$gone = WeakReference::create($events);
$box->set('types', []);
unset($events, $box, $say);
gc_collect_cycles();
var_dump($gone->get());
?>
--EXPECT--
first: make Listener
[1]
plain: [2]
none [1]: make Listener
[3]
bound {"Listener":null}: make Listener
[4]
made []: make Listener
[5]
types {"Listener":1}: make Listener
[6]
types {"Face":1}: make Listener
[7]
types {"face":1}: make Listener
[8]
types [1]: make Listener
[9]
inner {"x":[],"y":{"Listener":1}}: make Listener
[10]
inner [1]: make Listener
[11]
of no matter: [12]
loaded since: make Listener
[13]
by reference: make Listener
[14]
gone again: [15]
Exception failed
Exception failed
Clairon\Dispatcher::makeListenersWith(): Argument #3 ($plain) must have "empty", "lacks", "holds", and up to 8 "types" and "inner" only
Clairon\Dispatcher::makeListenersWith(): Argument #3 ($plain) must have "empty", "lacks", "holds", and up to 8 "types" and "inner" only
Clairon\Dispatcher::makeListenersWith(): Argument #3 ($plain) must have "empty", "lacks", "holds", and up to 8 "types" and "inner" only
never: make Listener
[16]
never: make Listener
[17]
never: make Listener
[18]
held: [19]
let go: goes
[20]
forgotten: []
NULL

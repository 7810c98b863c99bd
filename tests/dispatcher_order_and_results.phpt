--TEST--
Dispatcher: names, patterns, interfaces, priorities, payloads, halting
--EXTENSIONS--
clairon
--FILE--
<?php
interface Marked {}
class Base {}
class Event extends Base implements Marked {}
$said = [];
$say = function (string $who, mixed $result = null) use (&$said) {
    return function (...$arguments) use (&$said, $who, $result) {
        $said[] = $who . json_encode($arguments);
        return $result;
    };
};
function show(mixed $result): void
{
    global $said;
    echo implode(' ', $said), ' -> ', json_encode($result), "\n";
    $said = [];
}
$d = new Clairon\Dispatcher();
$d->listen('Marked', $say('interface'));
$d->listen('Base', $say('parent'));
$d->listen('Ev*', $say('pattern'));
$d->listen(['Event', 'other'], $say('name', 0));
show($d->dispatch(new Event(), ['ignored']));
show($d->dispatch('Event', ['key' => 1, 2]));
show($d->dispatch('other', null));
show($d->dispatch('other', 'one'));
show($d->dispatch('other', (object) ['a' => 1]));
show($d->dispatch('nobody'));
show($d->until('nobody'));

$d = new Clairon\Dispatcher();
foreach ([null, '', 0, [], false, 1] as $result) {
    $d->listen('results', $say('r', $result));
}
show($d->dispatch('results'));
show($d->dispatch(event: 'results', halt: true));
show($d->until('results'));
$d->forget('results');
$d->listen('results', $say('r', false));
show($d->until('results'));

$d->listen('p', $say('low'), -1);
$d->listen('p', $say('first'));
$d->listen('p*', $say('pattern'));
$d->listen('p', $say('high'), 5);
$d->listen('p', $say('second'));
show(count($d->dispatch('p')));

// What is no UTF-8 matches nothing but "*"; a line end is a character like others.
foreach (['*', 'a*', '*c', 'a*c', 'a.*', 'a**c', "\xff*", 'é*'] as $pattern) {
    $d = new Clairon\Dispatcher();
    $d->listen($pattern, strlen(...));
    foreach (['abc', "a\nc", "a\xffc", 'axc', 'a.c', 'a*c', "\xff*", 'éa', 'c', ''] as $name) {
        $is = @preg_match('#^' . str_replace('\*', '.*', preg_quote($pattern, '#')) . '\z#su', $name) === 1;
        $expected = $pattern === '*' || $pattern === $name || $is;
        if ($d->hasListeners($name) !== $expected || count($d->getListeners($name)) !== (int) $expected) {
            echo 'differs: ', json_encode([$pattern, $name], JSON_INVALID_UTF8_SUBSTITUTE), "\n";
        }
    }
}

// A class that is loaded later.
$d = new Clairon\Dispatcher();
$d->listen('Marked', $say('interface'));
show($d->dispatch('Later'));
eval('class Later implements Marked {}');
show($d->dispatch('Later'));
show($d->dispatch('\later'));
show($d->dispatch(new Later()));
var_dump($d->hasListeners('Later'), $d->hasListeners('Marked'));
$d->listen(7, $say('number'));
show($d->dispatch('7', range(1, 20)));
show(array_map('count', $d->getRawListeners()));
?>
--EXPECT--
name[{}] pattern["Event",[{}]] interface[{}] -> [0,null,null]
name[1,2] pattern["Event",{"key":1,"0":2}] interface[1,2] -> [0,null,null]
name[] -> [0]
name["one"] -> [0]
name[{"a":1}] -> [0]
 -> []
 -> null
r[] r[] r[] r[] r[] -> [null,"",0,[]]
r[] r[] -> ""
r[] r[] -> ""
r[] -> false
high[] first[] second[] pattern["p",[]] low[] -> 5
 -> []
interface[] -> [null]
interface[] -> [null]
interface[{}] -> [null]
bool(false)
bool(true)
number[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20] -> [null]
 -> {"Marked":1,"7":1}

--TEST--
Bad input: each argument of each method of Dispatcher refuses odd values or copes with them
--EXTENSIONS--
clairon
--INI--
error_reporting=E_ALL & ~E_DEPRECATED
--FILE--
<?php
require __DIR__ . '/support/odd_values.inc';
$make = function (): Clairon\Dispatcher {
    $dispatcher = new Clairon\Dispatcher();
    $dispatcher->listen('e', fn (...$arguments) => count($arguments));
    $dispatcher->listen('w*', fn ($name, $payload) => [strlen($name), count($payload)]);
    return $dispatcher;
};
walk($make(), [
    'dispatch' => ['e', [1, 2], false],
    'until' => ['e', [1, 2]],
    'hasListeners' => ['e'],
    'hasWildcardListeners' => ['e'],
    'getListeners' => ['e'],
    'forget' => ['other'],
    'listen' => ['other', 'strlen', 0],
]);
echo "-- names\n";
foreach (["\0", "a\0b", '', str_repeat('n', 200000), "\xff", '5', '*', '**', "*\0*", str_repeat('*a', 300), "new\nline", '\\', '\\stdClass'] as $name) {
    $dispatcher = $make();
    $dispatcher->listen($name, fn (...$arguments) => 'heard');
    $dispatcher->listen([$name, $name], fn (...$arguments) => 'again');
    $heard = $dispatcher->dispatch($name, ['x']);
    echo json_encode([substr(addcslashes($name, "\0..\37\177..\377"), 0, 12), array_count_values(array_filter($heard, 'is_string')), $dispatcher->hasListeners($name),
        count($dispatcher->getListeners($name)), count($dispatcher->getRawListeners())]), "\n";
    $dispatcher->forget($name);
    var_dump($dispatcher->hasListeners($name));
}
echo "-- payloads\n";
foreach (odd_values() as $kind => $value) {
    $dispatcher = $make();
    $dispatcher->listen('e', fn (...$arguments) => $arguments);
    $dispatcher->listen('w', fn (...$arguments) => $arguments);
    $results = [$dispatcher->dispatch('e', $value), $dispatcher->dispatch('w', $value), $dispatcher->until('w', $value), $dispatcher->dispatch('e', [$value, $value])];
    $count = is_array($value) ? count($value) : (int) ($value !== null);
    if ($results[0][0] !== $count || $results[3][0] !== 2) {
        echo "$kind: ", json_encode($results, JSON_PARTIAL_OUTPUT_ON_ERROR), "\n";
    }
}
$dispatcher = $make();
var_dump($dispatcher->dispatch('e', range(1, 10000)), $dispatcher->dispatch('wide', range(1, 10000)));
foreach (odd_values() as $kind => $value) {
    if (is_object($value)) {
        $dispatcher->listen(get_class($value), fn ($event) => $event === $value ? 'same' : 'another');
        $dispatcher->listen('*', fn ($name, $payload) => $payload === [$value] && $name === get_class($value) ? 'the pattern too' : 'another');
        echo "$kind: ", json_encode($dispatcher->dispatch($value)), "\n";
        $dispatcher->forget('*');
    }
}
foreach ([[OddPure::One], [new stdClass(), 'none'], 'no such function', ['stdClass', 'none'], [], [1, 2, 3], 'a::b', "strlen\0", ['OddText', '__toString'], new stdClass()] as $listener) {
    try {
        $dispatcher->listen('x', $listener);
        echo "taken\n";
    } catch (TypeError $e) {
        echo $e->getMessage(), "\n";
    }
}
var_dump($dispatcher->hasListeners('x'));
?>
--EXPECT--
dispatch #1: TypeError=11 returned=38
dispatch #2: returned=49
dispatch #3: TypeError=22 returned=27
until #1: TypeError=11 returned=38
until #2: returned=49
hasListeners #1: DomainException=1 TypeError=20 returned=28
hasWildcardListeners #1: DomainException=1 TypeError=20 returned=28
getListeners #1: DomainException=1 TypeError=20 returned=28
forget #1: DomainException=1 TypeError=20 returned=28
listen #1: DomainException=1 TypeError=14 returned=34
listen #2: TypeError=48 returned=1
listen #3: TypeError=38 returned=11
-- names
["\\000",{"heard":1,"again":2},true,3,2]
bool(false)
["a\\000b",{"heard":1,"again":2},true,3,2]
bool(false)
["",{"heard":1,"again":2},true,3,2]
bool(false)
["nnnnnnnnnnnn",{"heard":1,"again":2},true,3,2]
bool(false)
["\\377",{"heard":1,"again":2},true,3,2]
bool(false)
["5",{"heard":1,"again":2},true,3,2]
bool(false)
["*",{"heard":1,"again":2},true,3,1]
bool(false)
["**",{"heard":1,"again":2},true,3,1]
bool(false)
["*\\000*",{"heard":1,"again":2},true,3,1]
bool(false)
["*a*a*a*a*a*a",{"heard":1,"again":2},true,3,1]
bool(false)
["new\\nline",{"heard":1,"again":2},true,3,2]
bool(false)
["\\",{"heard":1,"again":2},true,3,2]
bool(false)
["\\stdClass",{"heard":1,"again":2},true,3,2]
bool(false)
-- payloads
array(1) {
  [0]=>
  int(10000)
}
array(1) {
  [0]=>
  array(2) {
    [0]=>
    int(4)
    [1]=>
    int(10000)
  }
}
object: ["same","the pattern too"]
cycle: ["another","same","the pattern too"]
closure: ["same","the pattern too"]
generator: ["same","the pattern too"]
iterator: ["same","the pattern too"]
enum: ["same","the pattern too"]
backed enum: ["same","the pattern too"]
stringable: ["same","the pattern too"]
throws as string: ["another","same","the pattern too"]
fiber: ["same","the pattern too"]
weak: ["same","the pattern too"]
exception: ["same","the pattern too"]
Clairon\Dispatcher::listen(): Argument #2 ($listener) must be a valid callback, array callback must have exactly two members
Clairon\Dispatcher::listen(): Argument #2 ($listener) must be a valid callback, class stdClass does not have a method "none"
Clairon\Dispatcher::listen(): Argument #2 ($listener) must be a valid callback, function "no such function" not found or invalid function name
Clairon\Dispatcher::listen(): Argument #2 ($listener) must be a valid callback, class stdClass does not have a method "none"
Clairon\Dispatcher::listen(): Argument #2 ($listener) must be a valid callback, array callback must have exactly two members
Clairon\Dispatcher::listen(): Argument #2 ($listener) must be a valid callback, array callback must have exactly two members
Clairon\Dispatcher::listen(): Argument #2 ($listener) must be a valid callback, class "a" not found
Clairon\Dispatcher::listen(): Argument #2 ($listener) must be a valid callback, function "strlen" not found or invalid function name
Clairon\Dispatcher::listen(): Argument #2 ($listener) must be a valid callback, non-static method OddText::__toString() cannot be called statically
Clairon\Dispatcher::listen(): Argument #2 ($listener) must be a valid callback, no array or string given
bool(false)

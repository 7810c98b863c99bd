--TEST--
Publisher: not cloned, not serialized, not constructed twice, and it shows no secrets
--EXTENSIONS--
clairon
--INI--
clairon.log_errors=0
--FILE--
<?php
require __DIR__ . '/support/fake_relay.inc';
$publisher = new Clairon\Publisher('unix:/nowhere/relay.sock', ['app' => 'app1', 'key' => 'hush-key', 'secret' => 'hush-secret']);
thrown(fn () => clone $publisher);
thrown(fn () => serialize($publisher));
thrown(fn () => unserialize('O:17:"Clairon\Publisher":0:{}'));
thrown(fn () => $publisher->__construct('unix:/x', OPTIONS));
thrown(fn () => $publisher->x = 1);
thrown(fn () => (new ReflectionClass($publisher))->newInstanceWithoutConstructor());
var_dump((new ReflectionClass($publisher))->isFinal());
var_dump($publisher);
print_r($publisher);
var_export($publisher);
echo "\n", json_encode((array) $publisher), "\n";
try {
    new Clairon\Publisher('redis://:hush@host?x', ['secret' => 'hush-secret']);
} catch (ValueError $e) {
    echo preg_replace('/#0 .*?: /', '#0 ', $e->getTraceAsString()), "\n";
    var_dump(str_contains(serialize(print_r($e, true)), 'hush'));
}
gc_collect_cycles();
ob_start();
phpinfo(INFO_MODULES);
var_dump(str_contains(ob_get_clean(), 'hush'));
var_dump(Clairon\Publisher::DROPPED < Clairon\Publisher::PENDING, Clairon\Publisher::PENDING < Clairon\Publisher::SENT);
?>
--EXPECT--
Error: Trying to clone an uncloneable object of class Clairon\Publisher
Exception: Serialization of 'Clairon\Publisher' is not allowed
Exception: Unserialization of 'Clairon\Publisher' is not allowed
Error: Clairon\Publisher is constructed already
Error: Cannot create dynamic property Clairon\Publisher::$x
ReflectionException: Class Clairon\Publisher is an internal class marked as final that cannot be instantiated without invoking its constructor
bool(true)
object(Clairon\Publisher)#1 (0) {
}
Clairon\Publisher Object
(
)
\Clairon\Publisher::__set_state(array(
))
[]
#0 Clairon\Publisher->__construct(Object(SensitiveParameterValue), Object(SensitiveParameterValue))
#1 {main}
bool(false)
bool(false)
bool(true)
bool(true)

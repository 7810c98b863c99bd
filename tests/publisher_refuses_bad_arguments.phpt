--TEST--
Publisher: trigger() names the argument that is wrong and sends nothing
--EXTENSIONS--
clairon
--INI--
clairon.log_errors=0
--FILE--
<?php
require __DIR__ . '/support/fake_relay.inc';
$relay = new FakeRelay();
$publisher = $relay->publisher();
$calls = [
    ['', 'e', 1], ['a b', 'e', 1], ["a\0", 'e', 1], [str_repeat('c', 165), 'e', 1], ['#server', 'e', 1],
    [[], 'e', 1], [array_fill(0, 101, 'c'), 'e', 1], [['c', 5], 'e', 1], [['c', 'a b'], 'e', 1],
    ['c', '', 1], ['c', "\xff", 1], ['c', str_repeat('e', 201), 1], ['c', 'pusher:e', 1], ['c', 'pusher_internal:e', 1],
    ['c', 'e', 1, ''], ['c', 'e', 1, '12'], ['c', 'e', 1, '1.2x'], ['c', 'e', 1, "1.2\n"], ['c', 'e', 1, str_repeat('1', 40) . '.2'],
    [new stdClass(), 'e', 1], ['c', [], 1], ['c', 'e', 1, []], ['c', 'e'],
];
foreach ($calls as $arguments) {
    thrown(fn () => $publisher->trigger(...$arguments));
}
echo "-- at the limits\n";
var_dump($publisher->trigger(str_repeat('c', 164), str_repeat('e', 200), 1, str_repeat('1', 20) . '.' . str_repeat('2', 20)));
var_dump($publisher->trigger(array_map(fn ($i) => "c$i", range(1, 100)), 'e', 1));
var_dump($publisher->trigger('#server-to-user-7', 'e', 1));
$publisher->flush(5000);
var_dump($relay->wait(102));
?>
--EXPECT--
ValueError: Clairon\Publisher::trigger(): Argument #1 ($channels) must be a channel name: letters, digits and _ - = @ , . ;
ValueError: Clairon\Publisher::trigger(): Argument #1 ($channels) must be a channel name: letters, digits and _ - = @ , . ;
ValueError: Clairon\Publisher::trigger(): Argument #1 ($channels) must be a channel name: letters, digits and _ - = @ , . ;
ValueError: Clairon\Publisher::trigger(): Argument #1 ($channels) must be a channel name of at most 164 bytes
ValueError: Clairon\Publisher::trigger(): Argument #1 ($channels) must be a channel name: letters, digits and _ - = @ , . ;
ValueError: Clairon\Publisher::trigger(): Argument #1 ($channels) must contain 1 to 100 channel names, 0 given
ValueError: Clairon\Publisher::trigger(): Argument #1 ($channels) must contain 1 to 100 channel names, 101 given
TypeError: Clairon\Publisher::trigger(): Argument #1 ($channels) must contain only strings, int given
ValueError: Clairon\Publisher::trigger(): Argument #1 ($channels) must be a channel name: letters, digits and _ - = @ , . ;
ValueError: Clairon\Publisher::trigger(): Argument #2 ($event) must be an event name: valid UTF-8, not empty, not beginning with pusher: or pusher_internal:
ValueError: Clairon\Publisher::trigger(): Argument #2 ($event) must be an event name: valid UTF-8, not empty, not beginning with pusher: or pusher_internal:
ValueError: Clairon\Publisher::trigger(): Argument #2 ($event) must be an event name of at most 200 bytes
ValueError: Clairon\Publisher::trigger(): Argument #2 ($event) must be an event name: valid UTF-8, not empty, not beginning with pusher: or pusher_internal:
ValueError: Clairon\Publisher::trigger(): Argument #2 ($event) must be an event name: valid UTF-8, not empty, not beginning with pusher: or pusher_internal:
ValueError: Clairon\Publisher::trigger(): Argument #4 ($socketId) must be a socket id: two numbers and a dot, as in 123.456
ValueError: Clairon\Publisher::trigger(): Argument #4 ($socketId) must be a socket id: two numbers and a dot, as in 123.456
ValueError: Clairon\Publisher::trigger(): Argument #4 ($socketId) must be a socket id: two numbers and a dot, as in 123.456
ValueError: Clairon\Publisher::trigger(): Argument #4 ($socketId) must be a socket id: two numbers and a dot, as in 123.456
ValueError: Clairon\Publisher::trigger(): Argument #4 ($socketId) must be a socket id: two numbers and a dot, as in 123.456
TypeError: Clairon\Publisher::trigger(): Argument #1 ($channels) must be of type array|string, stdClass given
TypeError: Clairon\Publisher::trigger(): Argument #2 ($event) must be of type string, array given
TypeError: Clairon\Publisher::trigger(): Argument #4 ($socketId) must be of type ?string, array given
ArgumentCountError: Clairon\Publisher::trigger() expects at least 3 arguments, 2 given
-- at the limits
int(2)
int(2)
int(2)
int(102)

--TEST--
Link: the relay's smaller limits hold once it has told them
--EXTENSIONS--
clairon
--INI--
clairon.log_errors=0
--FILE--
<?php
require __DIR__ . '/support/fake_relay.inc';
require __DIR__ . '/support/resp.inc';
$relay = new FakeRelay('unix', ['hello' => resp_map([
    'envelope_min' => 1, 'envelope_max' => 2, 'payload_max' => 10, 'channel_max' => '5', 'event_max' => 6])]);
$publisher = $relay->publisher();
$publisher->trigger('long-enough', 'long-enough', 'long enough');
$publisher->flush(5000);
thrown(fn () => $publisher->trigger('c', 'e', 'long enough'));
thrown(fn () => $publisher->trigger('long-enough', 'e', 1));
thrown(fn () => $publisher->trigger('c', 'long-enough', 1));
var_dump($publisher->trigger('five5', 'six666', '12345678'));

$relay = new FakeRelay('unix', ['hello' => resp_map([
    'envelope_min' => 1, 'envelope_max' => 1, 'payload_max' => 1000000, 'channel_max' => -5, 'event_max' => 'x'])]);
$publisher = $relay->publisher();
$publisher->trigger('c', 'e', 1);
$publisher->flush(5000);
thrown(fn () => $publisher->trigger('c', 'e', str_repeat('x', 10239)));
var_dump($publisher->trigger('five55', 'seven77', str_repeat('x', 10238)));
?>
--EXPECT--
Clairon\Exception\PayloadException: the event's data has 13 bytes as JSON; at most 10 are allowed
ValueError: Clairon\Publisher::trigger(): Argument #1 ($channels) must be a channel name of at most 5 bytes
ValueError: Clairon\Publisher::trigger(): Argument #2 ($event) must be an event name of at most 6 bytes
int(2)
Clairon\Exception\PayloadException: the event's data has 10241 bytes as JSON; at most 10240 are allowed
int(2)

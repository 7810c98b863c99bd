--TEST--
Publisher: over TCP envelopes are signed, the password goes first and the secret never leaves
--EXTENSIONS--
clairon
--INI--
clairon.log_errors=0
--FILE--
<?php
require __DIR__ . '/support/fake_relay.inc';

// The test's decoder is right where it agrees with the vectors that both sides are held to.
$checked = 0;
foreach (file(__DIR__ . '/../wire/vectors/envelope.txt') as $line) {
    if (!preg_match('/^whole (\S+) (\S+) (\S+) (\S+) (\S+) "([^"]*)" ".*" "(.*?)" (\S+) (\S+) (\S+)$/', $line, $m)) {
        continue;
    }
    [, $name, $id, $publisher, $sequence, $channelSequence, $exclude, $secret, $app, $channel, $hex] = $m;
    $e = envelope(hex2bin($hex));
    $signed = $secret === '' ? null : hash_hmac('sha256', "$app:$channel\n{$e['fixed']}{$e['exclude']}{$e['text']}", $secret);
    $is = [$e['id'], $e['publisher'], (string) $e['sequence'], (string) $e['channel_sequence'], $e['exclude'], $e['signature']];
    if ($is !== [$id, $publisher, $sequence, $channelSequence, $exclude, $signed]) {
        echo "vector $name differs\n";
    }
    $checked++;
}
var_dump($checked > 4);

$relay = new FakeRelay('tcp');
$publisher = $relay->publisher(['password' => 'open sesame', 'bus_prefix' => 'other']);
$publisher->trigger(['private-orders.42', 'b'], 'order.shipped', ['id' => 42], '1.2');
$publisher->trigger('b', 'e', str_repeat('long ', 100));
var_dump($publisher->flush(5000), $relay->wait(3));
$commands = $relay->take();
echo json_encode($commands[0]['argv']), json_encode($commands[1]['argv']), "\n";
foreach (array_slice($commands, 2) as $command) {
    [, $bus, $bytes] = $command['argv'];
    $e = envelope($bytes);
    $channel = substr(strrchr($bus, ':'), 1);
    $right = hash_hmac('sha256', "app1:$channel\n{$e['fixed']}{$e['exclude']}{$e['text']}", 'secret1');
    echo "$bus {$e['channel_sequence']} ", $right === $e['signature'] ? 'signed' : 'WRONG', "\n";
}
var_dump(str_contains(serialize($commands), 'secret1'));
?>
--EXPECT--
bool(true)
bool(true)
int(3)
["AUTH","open sesame"]["HELLO","2","ENVELOPE","1"]
other:1:{66}:app1:private-orders.42 0 signed
other:1:{100}:app1:b 0 signed
other:1:{100}:app1:b 0 signed
bool(false)

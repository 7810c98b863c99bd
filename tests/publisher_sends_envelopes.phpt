--TEST--
Publisher: trigger() sends one PUBLISH per channel with an unsigned envelope on a local socket
--EXTENSIONS--
clairon
--INI--
clairon.log_errors=0
--FILE--
<?php
require __DIR__ . '/support/fake_relay.inc';
$relay = new FakeRelay();
$publisher = $relay->publisher();
var_dump($publisher->trigger('private-a', 'é"\\', ['x' => "é/\"\\\n", 'n' => 1.5, 'o' => (object) []], '12.34'));
var_dump($publisher->trigger(['a', 'presence-b'], 'App\Events\Seen', null));
var_dump($publisher->flush(5000), $relay->wait(3));

$commands = $relay->take();
foreach (array_slice($commands, 0, 2) as $command) {
    echo implode(' ', $command['argv']), "\n";
}
$ids = [];
foreach (array_slice($commands, 2) as $command) {
    $e = envelope($command['argv'][2]);
    $ids[] = $e['id'];
    echo $command['argv'][1], ' ', $e['sequence'], ' ', $e['channel_sequence'], ' ', json_encode($e['signature']),
        ' "', $e['exclude'], '" ', $e['text'], "\n";
    json_decode($e['text'], flags: JSON_THROW_ON_ERROR);
}
var_dump($ids[0] < $ids[1], $ids[1] === $ids[2]);
var_dump(abs(hexdec(substr($ids[0], 0, 12)) - microtime(true) * 1000) < 60000);
?>
--EXPECT--
int(2)
int(2)
bool(true)
int(3)
AUTH app1 secret1
HELLO 2 ENVELOPE 1
clairon:1:{12}:app1:private-a 1 0 null "12.34" {"event":"é\"\\","channel":"private-a","data":"{\"x\":\"\\u00e9\\/\\\"\\\\\\n\",\"n\":1.5,\"o\":{}}"}
clairon:1:{7}:app1:a 2 0 null "" {"event":"App\\Events\\Seen","channel":"a","data":"null"}
clairon:1:{107}:app1:presence-b 3 0 null "" {"event":"App\\Events\\Seen","channel":"presence-b","data":"null"}
bool(true)
bool(true)
bool(true)

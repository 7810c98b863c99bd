--TEST--
Publisher: on Redis envelopes are signed and numbered per channel; AUTH comes from the DSN
--EXTENSIONS--
clairon
--INI--
clairon.log_errors=0
--FILE--
<?php
require __DIR__ . '/support/fake_relay.inc';
$relay = new FakeRelay('redis');
$dsn = str_replace('redis://', 'redis://us%40er:p%3Aw@', $relay->dsn) . '/0';
$publisher = new Clairon\Publisher($dsn, OPTIONS);
foreach (['a', 'b', 'a', ['a', 'b']] as $channels) {
    $publisher->trigger($channels, 'e', 1);
}
var_dump($publisher->flush(5000), $relay->wait(5));
foreach ($relay->take() as $command) {
    if ($command['argv'][0] !== 'PUBLISH') {
        echo implode(' ', $command['argv']), "\n";
        continue;
    }
    $e = envelope($command['argv'][2]);
    echo $command['argv'][1], " {$e['sequence']} {$e['channel_sequence']} ", strlen($e['signature']), "\n";
}

echo "-- numbering starts over under a new publisher id when too many channels were numbered\n";
$relay->ways(['reply' => true]);
for ($i = 0; $i < 4100; $i++) {
    $publisher->trigger("c$i", 'e', 1);
}
var_dump($publisher->flush(20000));
$publishers = [];
foreach ($relay->events() as $e) {
    $publishers[$e['publisher']][] = [$e['sequence'], $e['channel_sequence']];
}
foreach ($publishers as $numbers) {
    echo count($numbers), ' events, from ', json_encode($numbers[0]), ' to ', json_encode(end($numbers)), "\n";
}
?>
--EXPECT--
bool(true)
int(5)
AUTH us@er p:w
CLIENT SETNAME clairon-php
clairon:1:{7}:app1:a 1 1 64
clairon:1:{100}:app1:b 2 1 64
clairon:1:{7}:app1:a 3 2 64
clairon:1:{7}:app1:a 4 3 64
clairon:1:{100}:app1:b 5 2 64
-- numbering starts over under a new publisher id when too many channels were numbered
bool(true)
4094 events, from [6,1] to [4099,1]
6 events, from [1,1] to [6,1]

--TEST--
Relay: 10,000 trigger() calls in a CLI loop reach 100 sockets, all and in order
--EXTENSIONS--
clairon
--SKIPIF--
<?php require __DIR__ . "/support/relay.inc"; if (!relay_binary()) die("skip the relay is not built");
if (getenv("CLAIRON_TEST_SLOWLY")) die("skip a million deliveries take too long under valgrind"); ?>
--INI--
memory_limit=512M
--FILE--
<?php
require __DIR__ . '/support/fake_relay.inc';
require __DIR__ . '/support/relay.inc';
const EVENTS = 10000;
const SOCKETS = 100;
$relay = new Relay(1, ['--backlog-bytes', '4194304']);
// A hundred sockets read by one PHP process are slow: the relay is told to be patient with them.
$browsers = $next = $rest = [];
for ($i = 0; $i < SOCKETS; $i++) {
    $browsers[$i] = new Browser($relay->port);
    $browsers[$i]->subscribe('loop');
    stream_set_blocking($browsers[$i]->socket, false);
    $next[$i] = 0;
    $rest[$i] = '';
}
$loop = sprintf('$p = new Clairon\Publisher("%s", ["app" => "app1", "key" => "key1", "secret" => "secret1"]);
    for ($i = 0; $i < %d; $i++) $p->trigger("loop", "e", $i);
    echo json_encode([$p->flush(20000), $p->stats()["acknowledged"], $p->stats()["dropped"]]);', $relay->dsn, EVENTS);
$publisher = proc_open([PHP_BINARY, '-n', '-d', 'extension=' . getenv('EXTENSION'), '-r', $loop], [1 => ['pipe', 'w']], $pipes);
$left = SOCKETS;
while ($left > 0) {
    $read = array_map(fn ($b) => $b->socket, $browsers);
    $none = [];
    if (stream_select($read, $none, $none, 20) < 1) {
        die("nothing came for 20 seconds\n");
    }
    foreach ($read as $i => $socket) {
        $bytes = fread($socket, 1 << 20);
        if ($bytes === '' || $bytes === false) {
            die("socket $i was closed at event $next[$i]\n");
        }
        preg_match_all('/"data":"(\d+)"/', $rest[$i] . $bytes, $m, PREG_OFFSET_CAPTURE);
        foreach ($m[1] as [$number]) {
            if ((int) $number !== $next[$i]++) {
                die("socket $i got $number instead of " . ($next[$i] - 1) . "\n");
            }
        }
        $end = $m[0] ? end($m[0])[1] + strlen(end($m[0])[0]) : 0;
        $rest[$i] = substr($rest[$i] . $bytes, $end);
        $left -= $next[$i] === EVENTS && $m[0];
    }
}
echo stream_get_contents($pipes[1]), "\n";
echo array_sum($next), " deliveries\n";
?>
--EXPECT--
[true,10000,0]
1000000 deliveries

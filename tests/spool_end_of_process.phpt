--TEST--
Spool: what a process has not got rid of at its end goes to the spool, the unanswered ones marked
--EXTENSIONS--
clairon
--INI--
clairon.log_errors=0
--FILE--
<?php
require __DIR__ . '/support/fake_relay.inc';
require __DIR__ . '/support/spool.inc';
function run(FakeRelay $relay, Spool $spool, string $code): void
{
    $code = '$p = new Clairon\Publisher($argv[1], ["app" => "app1", "key" => "k", "secret" => "secret1", "spool" => $argv[2]]);' . $code;
    passthru(implode(' ', array_map('escapeshellarg', [PHP_BINARY, '-n', '-d', 'extension=' . getenv('EXTENSION'),
        '-d', 'clairon.log_errors=0', '-d', 'clairon.end_wait_ms=20', '-d', 'display_errors=0', '-r', $code, '--', $relay->dsn, $spool->path])));
}
function flags(Spool $spool): string
{
    return implode(' ', array_column($spool->records(), 'flags'));
}
function replay(FakeRelay $relay, Spool $spool): void
{
    $publisher = $relay->publisher(['spool' => $spool->path]);
    echo json_encode($publisher->flush(5000)), ' ', data($relay->events()), ' possibly repeated ', $publisher->stats()['possibly_repeated'], "\n";
}
$relay = new FakeRelay('unix', ['reply' => false]);
$spool = new Spool();
run($relay, $spool, 'foreach ([1, 2, 3] as $i) $p->trigger("c", "e", $i);');
echo flags($spool), "\n";
$relay->ways(['reply' => true]);
replay($relay, $spool);

echo "-- held for the response, and a fatal error\n";
$relay->close();
run($relay, $spool, '$p->trigger("c", "e", 1, flush: "response"); $p->trigger("c", "e", 2, flush: "response"); undefined();');
echo flags($spool), "\n";
$relay->listen();
replay($relay, $spool);

echo "-- nobody reads: all of it is there, half a command is not marked\n";
$relay = new FakeRelay('unix', ['read' => false]);
run($relay, $spool, 'for ($i = 0; $i < 60; $i++) $p->trigger("c", "e", $i . str_repeat(" ", 9000), flush: "response");');
$flags = explode(' ', flags($spool));
$sent = count(array_keys($flags, '1'));
var_dump(count($flags), $sent > 0 && $sent < 60 && $flags === [...array_fill(0, $sent, '1'), ...array_fill(0, 60 - $sent, '0')]);
$relay->ways(['read' => true]);
$publisher = $relay->publisher(['spool' => $spool->path]);
var_dump($publisher->flush(5000), data($relay->events()) === implode(' ', range(0, 59)), $publisher->stats()['possibly_repeated'] === $sent);
?>
--EXPECT--
1 1 1
true 1 2 3 possibly repeated 3
-- held for the response, and a fatal error
0 0
true 1 2 possibly repeated 3
-- nobody reads: all of it is there, half a command is not marked
int(60)
bool(true)
bool(true)
bool(true)
bool(true)

--TEST--
Web: events of requests go to the spool while the relay is away; later requests send them, and none of them waits
--EXTENSIONS--
clairon
--FILE--
<?php
require __DIR__ . '/support/fake_relay.inc';
require __DIR__ . '/support/spool.inc';
require __DIR__ . '/support/web_server.inc';
$spool = new Spool();
$relay = new FakeRelay();
$server = new WebServer('clairon.log_errors=0', 'clairon.end_wait_ms=60000', 'clairon.cli_wait_ms=60000');
$page = '<?php $p = new Clairon\Publisher($_GET["dsn"], ["app" => "app1", "key" => "key1", "secret" => "secret1", "spool" => "' . $spool->path . '"]);
    $result = $p->trigger("c", "e", (int) $_GET["wait"]);
    echo $p->stats()["mode"], " ", $result, " ";';
$get = function (int $number) use ($server, $page, $relay): string {
    return $server->get($page, $relay->dsn, $number);
};
$get(0);
var_dump($relay->wait(1));
$relay->close();
for ($i = 1; $i <= 70; $i++) {
    $answers[] = $get($i);
}
print_r(array_count_values($answers));
$relay->listen();
$answers = [];
for ($end = hrtime(true) + 5e9; ($answer = $get($i)) !== 'direct 2 ' && hrtime(true) < $end; $i++) {
    $answers[] = $answer;
    usleep(20000);
}
echo json_encode(array_diff($answers, ['spooling 1 ', 'replaying 1 ', 'direct 1 '])), "\n";
$relay->wait($i + 1);
var_dump(data($relay->events()) === implode(' ', range(0, $i)));
?>
--EXPECT--
int(1)
Array
(
    [spooling 1 ] => 70
)
[]
bool(true)

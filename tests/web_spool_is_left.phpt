--TEST--
Web: requests that all publish go past the spool when the relay is back, with few events and with many
--EXTENSIONS--
clairon
--FILE--
<?php
require __DIR__ . '/support/fake_relay.inc';
require __DIR__ . '/support/spool.inc';
require __DIR__ . '/support/web_server.inc';
$server = new WebServer('clairon.log_errors=0');
foreach ([1, 100] as $events) {
    $spool = new Spool();
    $relay = new FakeRelay();
    $page = '<?php $p = new Clairon\Publisher($_GET["dsn"], ["app" => "app1", "key" => "key1", "secret" => "secret1", "spool" => "' . $spool->path . '"]);
        for ($i = 0; $i < ' . $events . '; $i++) {
            $result = $p->trigger("c", "e", $_GET["wait"] * ' . $events . ' + $i);
        }
        echo $result;';
    $relay->close();
    for ($n = 0; $n < 3; $n++) {
        $server->get($page, $relay->dsn, $n);
    }
    $relay->listen();
    for ($sent = 0; $sent < 10 && $n < 200; $n++) {
        $sent += (int) ($server->get($page, $relay->dsn, $n) === '2');
        usleep(20000);
    }
    $relay->wait($n * $events);
    echo "$events: ", $sent, ' sent directly, ', data($relay->events()) === implode(' ', range(0, $n * $events - 1)) ? 'all in order' : 'not in order', "\n";
}
?>
--EXPECT--
1: 10 sent directly, all in order
100: 10 sent directly, all in order

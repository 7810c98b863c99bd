--TEST--
Web: while the relay is away a request's events go to the spool when it ends, in one append; those of a long one on the way
--EXTENSIONS--
clairon
--FILE--
<?php
require __DIR__ . '/support/fake_relay.inc';
require __DIR__ . '/support/spool.inc';
require __DIR__ . '/support/web_server.inc';
$spool = new Spool();
$relay = new FakeRelay();
$server = new WebServer('clairon.log_errors=0');
$page = '<?php $p = new Clairon\Publisher($_GET["dsn"], ["app" => "app1", "key" => "key1", "secret" => "secret1", "spool" => "' . $spool->path . '"]);
    $size = function () { clearstatcache(); return @filesize("' . $spool->path . '") ?: 0; };
    $n = (int) $_GET["wait"];
    $before = $size();
    for ($i = 0; $i < 3; $i++) {
        $p->trigger("c", "e", $n++);
    }
    echo $size() - $before, " ";
    if ($n > 100) {
        usleep(150000);
        $p->trigger("c", "e", $n++);
        echo $size() > $before ? "on the way" : "not yet";
    }
    if ($n === 53) {
        trigger_error("the end", E_USER_ERROR);
    }';
$relay->close();
foreach ([0, 50, 100] as $first) {
    echo trim(preg_replace('/<.*/s', '', $server->get($page, $relay->dsn, $first))), ': ', count($spool->records()), " in the file\n";
}
$relay->listen();
$publisher = $relay->publisher(['spool' => $spool->path]);
$publisher->flush(5000) || print("not flushed\n");
echo data($relay->events()), "\n";
?>
--EXPECT--
0: 3 in the file
0: 6 in the file
0 on the way: 10 in the file
0 1 2 50 51 52 100 101 102 103

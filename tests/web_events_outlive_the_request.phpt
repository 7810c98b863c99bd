--TEST--
Web: the connection and what waits in the outbox live on from request to request
--EXTENSIONS--
clairon
--FILE--
<?php
require __DIR__ . '/support/fake_relay.inc';
require __DIR__ . '/support/web_server.inc';
$server = new WebServer('clairon.log_errors=0');
$page = <<<'PHP'
<?php
$p = new Clairon\Publisher($_GET['dsn'], ['app' => 'app1', 'key' => 'k', 'secret' => 'secret1']);
echo $p->trigger('c', 'e', 1), ' ', json_encode($p->flush((int) $_GET['wait'])), ' ', $p->stats()['connects'], "\n";
PHP;
$relay = new FakeRelay();
echo $server->get($page, $relay->dsn), $server->get($page, $relay->dsn);
$relay->close();
echo $server->get($page, $relay->dsn, 0);
$relay->listen();
echo $server->get($page, $relay->dsn);
var_dump($relay->wait(4));
echo implode(' ', array_map(fn ($e) => "{$e['conn']}:{$e['sequence']}", $relay->events())), "\n";
?>
--EXPECT--
2 true 1
2 true 1
1 false 1
1 true 2
int(4)
1:1 1:2 2:3 2:4

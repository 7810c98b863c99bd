--TEST--
Web: trigger() and the end of a request never wait, whatever the relay does
--EXTENSIONS--
clairon
--FILE--
<?php
require __DIR__ . '/support/fake_relay.inc';
require __DIR__ . '/support/web_server.inc';
$server = new WebServer('clairon.log_errors=0');
$page = <<<'PHP'
<?php
$p = new Clairon\Publisher($_GET['dsn'], ['app' => 'app1', 'key' => 'k', 'secret' => 'secret1', 'outbox_events' => 500]);
$times = [];
for ($i = 0; $i < 2000; $i++) {
    $start = hrtime(true);
    $results[$p->trigger('c', 'e', str_repeat('x', 500))] = true;
    $times[] = (hrtime(true) - $start) / 1e6;
}
sort($times);
$s = $p->stats();
// A scheduler's pause in some of two thousand calls says nothing about the extension.
echo json_encode(['over 1 ms' => count(array_filter($times, fn ($ms) => $ms > 1)) > 20 ? 'yes' : 'no',
    'dropped' => $s['dropped'] > 0, 'lost' => max(0, 2000 - $s['dropped'] - $s['pending'] - $s['sent']), 'connected' => $s['connected']]), "\n";
PHP;
$relay = new FakeRelay('unix', ['read' => false]);
echo 'never reads: ', $server->get($page, $relay->dsn);
$relay = new FakeRelay();
$relay->stop();
echo 'stopped: ', $server->get($page, $relay->dsn);
$relay->resume();
$relay = new FakeRelay('tcp', ['read' => false]);
// The system's buffers for TCP may hold all of it.
echo 'tcp, never reads: ', str_replace('"dropped":true', '"dropped":false', $server->get($page, $relay->dsn));
echo 'absent: ', $server->get($page, 'unix:/nowhere/relay.sock');
echo 'refused: ', $server->get($page, 'tcp://127.0.0.1:1');
$relay = new FakeRelay('unix', ['refuse' => true]);
echo 'closes at once: ', $server->get($page, $relay->dsn);
?>
--EXPECT--
never reads: {"over 1 ms":"no","dropped":true,"lost":0,"connected":true}
stopped: {"over 1 ms":"no","dropped":true,"lost":0,"connected":true}
tcp, never reads: {"over 1 ms":"no","dropped":false,"lost":0,"connected":true}
absent: {"over 1 ms":"no","dropped":true,"lost":0,"connected":false}
refused: {"over 1 ms":"no","dropped":true,"lost":0,"connected":false}
closes at once: {"over 1 ms":"no","dropped":true,"lost":0,"connected":false}

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
$waits = [];
for ($i = 0; $i < 2000; $i++) {
    $switches = getrusage()['ru_nvcsw'];
    $start = hrtime(true);
    $results[$p->trigger('c', 'e', str_repeat('x', 500))] = true;
    $ms = intdiv(hrtime(true) - $start, 1000000);
    // Time alone would tell of a busy machine: only who waits gives the processor away by himself.
    if (getrusage()['ru_nvcsw'] > $switches) {
        $waits[] = $ms;
    }
}
$s = $p->stats();
// The system itself may have to wait for a page of memory or two.
echo json_encode(['waits' => count($waits) > 2 || array_sum($waits) > 1000 ? $waits : [], 'dropped' => $s['dropped'] > 0,
    'lost' => max(0, 2000 - $s['dropped'] - $s['pending'] - $s['sent']), 'connected' => $s['connected']]), "\n";
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
never reads: {"waits":[],"dropped":true,"lost":0,"connected":true}
stopped: {"waits":[],"dropped":true,"lost":0,"connected":true}
tcp, never reads: {"waits":[],"dropped":false,"lost":0,"connected":true}
absent: {"waits":[],"dropped":true,"lost":0,"connected":false}
refused: {"waits":[],"dropped":true,"lost":0,"connected":false}
closes at once: {"waits":[],"dropped":true,"lost":0,"connected":false}

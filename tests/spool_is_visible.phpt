--TEST--
Spool: phpinfo() and the error log tell what becomes of events, without secrets
--EXTENSIONS--
clairon
--FILE--
<?php
require __DIR__ . '/support/fake_relay.inc';
require __DIR__ . '/support/spool.inc';
$log = sys_get_temp_dir() . '/clairon-test-' . getmypid() . '.log';
ini_set('error_log', $log);
$spool = new Spool();
$relay = new FakeRelay();
$publisher = $relay->publisher(['spool' => $spool->path, 'secret' => 'NOBODY-SEES-IT']);
$publisher->trigger('c', 'e', 1);
$publisher->flush(5000);
$relay->close();
$publisher->trigger('c', 'e', 'NOR-THAT');
$without = $relay->publisher(['outbox_events' => 1, 'cli_wait_ms' => 0, 'bus_prefix' => 'other']);
$without->trigger('c', 'e', 1);
$without->trigger('c', 'e', 2);
ob_start();
phpinfo(INFO_MODULES);
$info = ob_get_clean();
$hide = [$spool->path => 'SPOOL', substr($relay->dsn, strlen('unix:')) => 'SOCKET'];
foreach (explode("\n", strtr($info, $hide)) as $line) {
    if (preg_match('/^(Events dropped|unix:|Its spool|clairon\.(spool|ack))/', $line)) {
        echo $line, "\n";
    }
}
echo preg_replace('/^\[.*?\] /m', '', strtr(file_get_contents($log), $hide));
var_dump(str_contains($info . file_get_contents($log), 'NOBODY-SEES-IT'), str_contains($info . file_get_contents($log), 'NOR-THAT'));
unlink($log);
?>
--EXPECT--
Events dropped by this process: outbox_events => 1
Events dropped by this process: outbox_bytes => 0
Events dropped by this process: spool_full => 0
Events dropped by this process: spool_disk => 0
Events dropped by this process: spool_expired => 0
Events dropped by this process: spool_torn => 0
Events dropped by this process: spool_refused => 0
unix:SOCKET => spooling, not connected, 0 pending, 0 unacknowledged, 1 sent, 1 spooled; cannot connect: No such file or directory
Its spool => SPOOL
unix:SOCKET => direct, not connected, 1 pending, 0 unacknowledged, 0 sent, 0 spooled; cannot connect: No such file or directory
clairon.ack_timeout_ms => 5000 => 5000
clairon.spool_age_s => 600 => 600
clairon.spool_bytes => 67108864 => 67108864
clairon: unix:SOCKET: cannot connect: No such file or directory. Events go to the spool until a process gets through. (spooled=1) pending=0 dropped=0 rejected=0 muted=0
bool(false)
bool(false)

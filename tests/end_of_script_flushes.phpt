--TEST--
End: a script that ends at once still gets its events out, within clairon.end_wait_ms
--EXTENSIONS--
clairon
--INI--
clairon.log_errors=0
--FILE--
<?php
require __DIR__ . '/support/fake_relay.inc';
function run(string $dsn, string $code, string $options = ''): float
{
    $code = "\$p = new Clairon\\Publisher('$dsn', ['app' => 'app1', 'key' => 'k', 'secret' => 'secret1']); $code";
    $command = escapeshellarg(PHP_BINARY) . ' -n -d extension=' . escapeshellarg(getenv('EXTENSION')) . " -d clairon.log_errors=0 $options -r " . escapeshellarg($code);
    return milliseconds(fn () => passthru($command));
}
// More than the default: what is slow here is the reader, where a sanitizer or a busy machine slows it.
$patient = '-d clairon.end_wait_ms=10000';
foreach (['unix', 'tcp', 'redis'] as $transport) {
    $relay = new FakeRelay($transport);
    run($relay->dsn, 'for ($i = 0; $i < 500; $i++) $p->trigger("c", "e", str_repeat("x", 1000)); exit(0);', $patient);
    var_dump($relay->wait(500));
}
echo "-- after a fatal error\n";
run($relay->dsn, 'register_shutdown_function(fn () => $p->trigger("c", "late", 1)); @undefined();', "-d display_errors=0 $patient");
var_dump($relay->wait(501));

echo "-- nobody there, or nobody reading: the end is not held up\n";
$base = run('unix:/nowhere/relay.sock', '');
var_dump(run('unix:/nowhere/relay.sock', '$p->trigger("c", "e", 1);') - $base < 3000);
$relay = new FakeRelay('unix', ['read' => false]);
var_dump(run($relay->dsn, 'for ($i = 0; $i < 900; $i++) $p->trigger("c", "e", str_repeat("x", 1000));') - $base < 3000);
?>
--EXPECT--
int(500)
int(500)
int(500)
-- after a fatal error
int(501)
-- nobody there, or nobody reading: the end is not held up
bool(true)
bool(true)

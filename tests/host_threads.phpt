--TEST--
Host: threads publish at once, each over a connection of its own, and each in its order
--EXTENSIONS--
clairon
--SKIPIF--
<?php if (!getenv('CLAIRON_THREADS')) die('skip needs a PHP with threads: ./run test --sanitize'); ?>
--FILE--
<?php
require __DIR__ . '/support/fake_relay.inc';
const THREADS = 8;
const REQUESTS = 5;
const EVENTS = 50;
$script = sys_get_temp_dir() . '/clairon-threads-' . getmypid() . '.php';
file_put_contents("$script.ini", 'extension=' . getenv('EXTENSION') . "\nclairon.log_errors=0\n");
file_put_contents($script, '<?php
    $p = new Clairon\Publisher($argument, ["app" => "app1", "key" => "key1", "secret" => "secret1", "flush" => $request % 2 ? "now" : "response"]);
    $d = new Clairon\Dispatcher();
    $d->listen("e*", fn ($name, $data) => $p->trigger("c", "t$thread", $data[0]));
    for ($i = 0; $i < ' . EVENTS . '; $i++) {
        $d->dispatch("event", [$request * ' . EVENTS . ' + $i]);
    }
    if ($request === 2) {
        $p->flush(10000);
    }
    if ($request === 3) {
        exit(0);
    }');
function run(string $script, string $argument): int
{
    passthru(implode(' ', array_map('escapeshellarg', [getenv('CLAIRON_THREADS'), "$script.ini", $script, THREADS, REQUESTS, $argument])) . ' 2>&1', $status);
    return $status;
}
foreach (['unix', 'tcp', 'redis'] as $transport) {
    $relay = new FakeRelay($transport);
    echo "$transport: ", run($script, $relay->dsn), "\n";
    $relay->wait(THREADS * REQUESTS * EVENTS, 20000);
    $data = $connections = $publishers = $ids = [];
    foreach ($relay->events() as $event) {
        $text = json_decode($event['text']);
        $data[$text->event][] = (int) $text->data;
        $connections["$text->event {$event['conn']}"] = true;
        $publishers[$event['publisher']][] = $event['sequence'];
        $ids[$event['id']] = true;
    }
    ksort($data);
    echo implode(' ', array_keys($data)), ' ', count($connections), ' ', count($publishers), ' ', count($ids), "\n";
    var_dump(array_filter($data, fn ($numbers) => $numbers !== range(0, REQUESTS * EVENTS - 1)) === []);
    var_dump(array_filter($publishers, fn ($numbers) => $numbers !== range(1, REQUESTS * EVENTS)) === []);
}

echo "one spool for all, ";
$spool = sys_get_temp_dir() . '/clairon-threads-' . getmypid() . '.spool';
file_put_contents($script, str_replace('"flush" =>', '"spool" => "' . $spool . '", "flush" =>', file_get_contents($script)));
$relay = new FakeRelay();
$relay->close();
echo run($script, $relay->dsn), "\n";
$relay->listen();
$publisher = $relay->publisher(['spool' => $spool]);
var_dump($publisher->stats()['spool']['waiting']);
while (!$publisher->flush(5000)) {
    continue;
}
$data = [];
foreach ($relay->events() as $event) {
    $text = json_decode($event['text']);
    $data[$text->event][] = (int) $text->data;
}
var_dump(count($data), array_filter($data, fn ($numbers) => $numbers !== range(0, REQUESTS * EVENTS - 1)) === []);
array_map('unlink', [$script, "$script.ini"]);
array_map('unlink', glob("$spool*"));
?>
--EXPECT--
unix: 0
t0 t1 t2 t3 t4 t5 t6 t7 8 8 2000
bool(true)
bool(true)
tcp: 0
t0 t1 t2 t3 t4 t5 t6 t7 8 8 2000
bool(true)
bool(true)
redis: 0
t0 t1 t2 t3 t4 t5 t6 t7 8 8 2000
bool(true)
bool(true)
one spool for all, 0
int(2000)
int(8)
bool(true)

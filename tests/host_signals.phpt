--TEST--
Host: signals interrupt waits of flush() and of a full outbox without harm; their handlers may publish
--EXTENSIONS--
clairon
pcntl
--INI--
clairon.log_errors=0
--FILE--
<?php
require __DIR__ . '/support/fake_relay.inc';
require __DIR__ . '/support/script.inc';
$relay = new FakeRelay();
// Another process signals every few milliseconds, and ends by itself: the script's end waits for it.
$hail = 'pcntl_async_signals(true); $n = 0; $handled = 0;
    pcntl_signal(SIGUSR1, function () use (&$n, &$handled, $p) { $handled++; $n < 5 && $p->trigger("c", "handler" . ++$n, 1); }, false);
    $me = getmypid();
    $hail = proc_open(["sh", "-c", "for i in $(seq 80); do kill -USR1 $me 2>/dev/null || exit; sleep 0.01; done"], [], $pipes);
    while ($handled === 0) { usleep(1000); }';

echo "flush() of a relay that is stopped: ";
$script = new Script($relay->dsn, '$p->trigger("c", "first", 1); $p->flush(5000); say(1); wait(); $p->trigger("c", "second", 1);' . $hail . '
    $start = hrtime(true);
    $flushed = $p->flush(300);
    say([$flushed, (hrtime(true) - $start) / 1e6 >= 299]);
    wait();
    say($p->flush(10000));
    $p->trigger("c", "third", 1);
    say($p->flush(10000));
    proc_terminate($hail);
    say([$handled > 1, $n > 0, $p->stats()["connects"]]);');
$script->hear();
$relay->stop();
$script->go();
echo json_encode($script->hear()), ' ';
$relay->resume();
$script->go();
echo json_encode($script->end()), "\n";
/** Prints the script's events and checks that the handler's came in their order. */
function names(FakeRelay $relay, int $count): array
{
    $relay->wait($count);
    $names = array_map(fn ($e) => json_decode($e['text'])->event, $relay->events());
    $handlers = array_values(array_filter($names, fn ($name) => str_starts_with($name, 'handler')));
    var_dump(count($handlers) > 0 && $handlers === array_map(fn ($i) => "handler$i", range(1, count($handlers))));
    return array_values(array_diff($names, $handlers));
}
echo implode(' ', names($relay, 4)), "\n";

echo "a full outbox: ";
$script = new Script($relay->dsn, '$p->trigger("c", "a0", 1); $p->flush(5000); say(1); wait();' . $hail . '
    $results = [];
    for ($i = 1; $i <= 1500; $i++) {
        $result = $p->trigger("c", "a$i", str_repeat("x", 2000));
        $results[$result] = ($results[$result] ?? 0) + 1;
        if ($i === 1000) {
            say(2);
        }
    }
    say($p->flush(20000));
    proc_terminate($hail);
    say([$p->stats()["dropped"], $results[0] ?? 0]);', ['outbox_events' => 20, 'cli_wait_ms' => 20000]);
$script->hear();
$relay->stop();
$script->go();
usleep(100000); // the relay is away for a while; nothing depends on how long
$relay->resume();
echo json_encode($script->end()), "\n";
var_dump(names($relay, 1502) === array_map(fn ($i) => "a$i", range(0, 1500)));
?>
--EXPECT--
flush() of a relay that is stopped: [false,true] [true,true,[true,true,1],"exit 0"]
bool(true)
first second third
a full outbox: [2,true,[0,0],"exit 0"]
bool(true)
bool(true)

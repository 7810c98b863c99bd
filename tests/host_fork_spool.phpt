--TEST--
Host: forks while events are spooled and while they are replayed; ends by exit() and SIGKILL lose none
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
$spool = sys_get_temp_dir() . '/clairon-fork-' . getmypid() . '.spool';
/** @return string the names that came, sorted, and how often if more than once */
function names(FakeRelay $relay): string
{
    $counts = array_count_values(array_map(fn ($e) => json_decode($e['text'])->event, $relay->events()));
    ksort($counts);
    return implode(' ', array_map(fn ($name, $count) => $count === 1 ? $name : "$name*$count", array_keys($counts), $counts));
}

echo "while spooling\n";
$relay->close();
echo '  ', implode(' ', (new Script($relay->dsn, '
    $p->trigger("c", "parent1", 1);
    child(fn () => $p->trigger("c", "child1", 1));
    child(fn () => [$p->trigger("c", "child2", 1, null, "response"), exit(0)]);
    child(fn () => [$p->trigger("c", "killed1", 1), kill_me()]);
    child(fn () => child(fn () => $p->trigger("c", "grandchild1", 1)));
    $p->trigger("c", "parent2", 1, null, "response");
    child(fn () => null);
    ', ['spool' => $spool]))->end()), "\n";
echo '  ', implode(' ', (new Script($relay->dsn, '$p->trigger("c", "last", 1); kill_me();', ['spool' => $spool]))->end()), "\n";
$relay->listen();
$publisher = $relay->publisher(['spool' => $spool]);
$publisher->trigger('c', 'now', 1);
var_dump($publisher->flush(5000), $relay->wait(8));
echo '  ', names($relay), "\n";

echo "while replaying: the child and its parent\n";
$relay->close();
$script = new Script($relay->dsn, '
    for ($i = 100; $i < 300; $i++) {
        $p->trigger("c", "e$i", 1);
    }
    say(1); wait(); // the relay listens again, but does not answer events
    $p->flush(300);
    say($p->stats()["mode"]);
    child(fn () => $p->trigger("c", "child1", 1));
    child(fn () => [$p->trigger("c", "killed1", 1), kill_me()]);
    child(fn () => null);
    say(2); wait(); // now it does
    $p->trigger("c", "parent1", 1);
    say($p->flush(10000));', ['spool' => $spool, 'ack_timeout_ms' => 600000]);
$script->hear();
$relay->ways(['publish' => '']);
$relay->listen();
$script->go();
echo '  ', $script->hear(), "\n";
$script->hear();
$relay->wait(202); // the batch of all, and what the children say
echo '  ', preg_replace('/e\d+ /', '', names($relay)), " seen\n";
$relay->ways(['publish' => ":1\r\n"]);
$relay->hangup(); // what had no answer comes again
$script->go();
echo '  ', json_encode($script->end()), "\n";
$publisher->trigger('c', 'now', 1);
var_dump($publisher->flush(10000), $publisher->stats()['spool']['waiting']);
$got = names($relay);
var_dump(preg_match_all('/\be(\d+)( |$)/', $got), preg_replace('/e\d+ /', '', $got));

echo "a replayer is killed\n";
$relay->close();
$scripts = ['for ($i = 100; $i < 200; $i++) $p->trigger("c", "e$i", 1); kill_me();', '$p->flush(300); say($p->stats()["mode"]); wait();'];
echo '  ', json_encode((new Script($relay->dsn, $scripts[0], ['spool' => $spool]))->end()), "\n";
$relay->ways(['publish' => '']);
$relay->listen();
$replayer = new Script($relay->dsn, $scripts[1], ['spool' => $spool]);
echo '  ', $replayer->hear(), "\n";
$replayer->kill(9);
echo '  ', json_encode($replayer->end()), "\n";
$relay->wait(64);
$seen = names($relay);
$relay->ways(['publish' => ":1\r\n"]);
$publisher->trigger('c', 'now', 1);
var_dump($publisher->flush(10000), $publisher->stats()['spool']['waiting']);
$got = names($relay);
// All of them reach the new replayer's connection; what the killed one had sent is known to be a repeat.
var_dump(preg_match_all('/\be\d+( |$)/', $got), preg_replace('/e\d+ /', '', $got), strlen($seen) > 0);
array_map('unlink', glob("$spool*"));
?>
--EXPECT--
while spooling
  exit 0
  signal 9
bool(true)
int(8)
  child1 child2 grandchild1 killed1 last now parent1 parent2
while replaying: the child and its parent
  replaying
  child1 killed1 seen
  [true,"exit 0"]
bool(true)
int(0)
int(200)
string(18) "child1 now parent1"
a replayer is killed
  ["signal 9"]
  replaying
  ["signal 9"]
bool(true)
int(0)
int(100)
string(3) "now"
bool(true)

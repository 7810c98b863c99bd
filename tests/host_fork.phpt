--TEST--
Host: forks in every order; child and parent publish under their own names, and each event once
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
$scripts = [
    'before the first publish' => [6, '
        child(function () use ($p) { $p->trigger("c", "child1", 1); $p->trigger("c", "child2", 1); });
        $p->trigger("c", "parent1", 1);
        child(function () use ($p) { $p->trigger("c", "second-child1", 1); });
        $p->trigger("c", "parent2", 1);
        $p->trigger("c", "parent3", 1);'],
    'before a publisher' => [2, '
        unset($p);
        $make = fn () => (new Clairon\Publisher($dsn, OPTIONS));
        child(fn () => $make()->trigger("c", "child1", 1));
        $make()->trigger("c", "parent1", 1);'],
    'after it' => [5, '
        $p->trigger("c", "parent1", 1);
        child(fn () => $p->trigger("c", "child1", 1));
        child(fn () => [$p->flush(5000), $p->trigger("c", "killed1", 1), kill_me()]);
        child(fn () => null); child(fn () => kill_me()); child(fn () => $p->stats());
        $p->trigger("c", "parent2", 1);
        child(fn () => new Clairon\Publisher($dsn, OPTIONS + ["cli_wait_ms" => 5]));
        $p->trigger("c", "parent3", 1);'],
    'grandchildren' => [6, '
        $p->trigger("c", "parent1", 1);
        child(function () use ($p) {
            child(fn () => $p->trigger("c", "grandchild1", 1));
            $p->trigger("c", "child1", 1);
            child(fn () => child(fn () => $p->trigger("c", "great1", 1)));
            $p->trigger("c", "child2", 1);
        });
        $p->trigger("c", "parent2", 1);'],
    'in the middle of trigger()' => [4, '
        $forked = 1;
        $p->trigger("c", "parent1", 1);
        $p->trigger("c", "both", new Does(function () use (&$forked) { return $forked = pcntl_fork(); }));
        $forked ? pcntl_waitpid($forked, $status) : $p->trigger("c", "child2", 1);'],
    'in a listener' => [3, '
        $d = new Clairon\Dispatcher();
        $d->listen("e", fn () => child(fn () => [$p->trigger("c", "child1", 1), exit(3)]));
        $d->listen("e", fn () => $p->trigger("c", "parent1", 1));
        $d->dispatch("e");
        $p->trigger("c", "parent2", 1);'],
    'with events held for the end' => [4, '
        $p->trigger("c", "parent1", 1, null, "response");
        $p->trigger("c", "parent2", 1, null, "response");
        child(fn () => null);
        child(fn () => $p->trigger("c", "child1", 1, null, "response"));
        child(fn () => [$p->trigger("c", "child2", 1, null, "response"), kill_me()]);
        child(fn () => $p->trigger("c", "now1", 1));'],
];
foreach ($scripts as $what => [$count, $code]) {
    echo "$what: ";
    echo implode(' ', (new Script($relay->dsn, $code))->end()), "\n";
    tell($relay, $count);
}

echo "in the middle of pending replies: ";
$script = new Script($relay->dsn, '
    $p->trigger("c", "parent1", 1); $p->flush(5000); say(1); wait(); // the relay is stopped now
    $p->trigger("c", "parent2", 1);
    $p->trigger("c", "parent3", 1);
    $child = child(function () use ($p) { $p->trigger("c", "child1", 1); say($p->stats()["unacknowledged"]); say($p->flush(5000)); }, false);
    $killed = child(function () use ($p) { $p->trigger("c", "killed1", 1); say(0); kill_me(); }, false);
    wait();
    pcntl_waitpid($child, $status);
    $p->trigger("c", "parent4", 1);
    say($p->flush(5000));
    say($p->stats()["unacknowledged"]);');
$script->hear();
$relay->stop();
$script->go();
$heard = [$script->hear(), $script->hear()];
sort($heard);
$relay->resume();
$script->go();
echo json_encode([...$heard, ...$script->end()]), "\n";
tell($relay, 6);
?>
--EXPECT--
before the first publish: exit 0
  child1 child2
  parent1 parent2 parent3
  second-child1
before a publisher: exit 0
  child1
  parent1
after it: exit 0
  child1
  killed1
  parent1 parent2 parent3
grandchildren: exit 0
  child1 child2
  grandchild1
  great1
  parent1 parent2
in the middle of trigger(): exit 0
  both child2
  parent1 both
in a listener: exit 0
  child1
  parent1 parent2
with events held for the end: exit 0
  child1
  now1
  parent1 parent2
in the middle of pending replies: [0,1,true,true,0,"exit 0"]
  child1
  killed1
  parent1 parent2 parent3 parent4

--TEST--
Spool: a file that can't be had costs memory, then events by the reason spool_disk, and says so in a sentence
--EXTENSIONS--
clairon
--INI--
clairon.log_errors=0
--FILE--
<?php
require __DIR__ . '/support/fake_relay.inc';
require __DIR__ . '/support/spool.inc';

$relay = new FakeRelay(); // one for all: publishers with other spools have other connections
$relay->close();

function attempt(string $name, string $path, array $options = []): void
{
    global $relay, $publishers;
    $publishers[$name] = $publisher = $relay->publisher(['spool' => $path, 'outbox_events' => 2, 'cli_wait_ms' => 0] + $options);
    echo "$name: ", implode(' ', array_map(fn ($i) => $publisher->trigger('c', 'e', $i), [0, 1, 2])), "\n";
    $s = $publisher->stats();
    echo json_encode([$s['mode'], $s['pending'], $s['spooled'], array_filter($s['dropped_by_reason'])]), "\n";
    echo str_replace([sys_get_temp_dir(), __DIR__], ['TMP', 'TESTS'], preg_replace('/clairon-test-[^ :]*/', 'FILE', $s['last_error'])), "\n";
}

attempt('no such folder', '/nowhere/clairon.spool');
attempt('a folder', __DIR__);

$link = new Spool();
symlink('/tmp/somewhere', $link->path);
attempt('a link', $link->path);

$text = new Spool();
file_put_contents($text->path, "what somebody else has written there\n");
attempt('no spool', $text->path);
echo file_get_contents($text->path);

$others = new Spool();
$publishers['mine'] = $relay->publisher(['spool' => $others->path]);
$publishers['mine']->trigger('c', 'e', 'mine');
attempt("another application's", $others->path, ['app' => 'app2']);

$removed = new Spool();
$publishers['removed'] = $publisher = $relay->publisher(['spool' => $removed->path]);
$publisher->trigger('c', 'e', 'removed with the file');
unlink($removed->path);
$publisher->trigger('c', 'e', 'in a new one');
$all = new Spool();
$publishers['all removed'] = $publisher = $relay->publisher(['spool' => $all->path]);
$publisher->trigger('c', 'e', 'removed with the file');
array_map('unlink', glob("$all->path*"));

$full = new Spool();
$code = '$p = new Clairon\Publisher($argv[1], ["app" => "app1", "key" => "key1", "secret" => "secret1", "spool" => $argv[2],
    "outbox_events" => 2, "cli_wait_ms" => 0]);
    for ($i = 0; $i < 50; $i++) {
        $results[] = $p->trigger("c", "e", $i . str_repeat(" ", 2000));
    }
    $s = $p->stats();
    $good = count(array_keys($results, $p::DROPPED)) === $s["dropped"] && $s["dropped"] > 0;
    echo json_encode([$good, $s["spooled"] + 2 + $s["dropped"], array_keys(array_filter($s["dropped_by_reason"])),
        $s["pending"], str_replace($argv[2], "PATH", $s["last_error"])]), "\n", $s["spooled"];';
exec(implode(' ', array_map('escapeshellarg', ['/bin/sh', '-c', 'trap "" XFSZ; ulimit -f 40; exec "$0" "$@"', PHP_BINARY, '-n',
    '-d', 'extension=' . getenv('EXTENSION'), '-d', 'clairon.log_errors=0', '-r', $code, '--', $relay->dsn, $full->path])), $lines);
echo "the disk is full: $lines[0]\n";

echo "-- the peer is back\n";
$relay->listen();
foreach ($publishers as $name => $publisher) {
    echo "$name: ", json_encode($publisher->flush(5000)), ' ', data($relay->events()), ' ', $publisher->stats()['mode'], "\n";
}
$publisher = $relay->publisher(['spool' => $full->path]);
var_dump($publisher->flush(5000));
// What waited in that process's memory at its end is lost: two events.
var_dump(data($relay->events()) === implode(' ', range(0, (int) $lines[1] - 1)));
?>
--EXPECT--
no such folder: 1 1 0
["spooling",2,0,{"spool_disk":1}]
spool /nowhere/clairon.spool: No such file or directory
a folder: 1 1 0
["spooling",2,0,{"spool_disk":1}]
spool TESTS: it is no spool of this application; name another file, or remove it
a link: 1 1 0
["spooling",2,0,{"spool_disk":1}]
spool TMP/FILE: Too many levels of symbolic links
no spool: 1 1 0
["spooling",2,0,{"spool_disk":1}]
spool TMP/FILE: it is no spool of this application; name another file, or remove it
what somebody else has written there
another application's: 1 1 0
["spooling",2,0,{"spool_disk":1}]
spool TMP/FILE: it is no spool of this application; name another file, or remove it
the disk is full: [true,50,["spool_disk"],2,"spool PATH: File too large"]
-- the peer is back
no such folder: true 0 1 direct
a folder: true 0 1 direct
a link: true 0 1 direct
no spool: true 0 1 direct
mine: true mine direct
another application's: true 0 1 direct
removed: true in a new one direct
all removed: true  direct
bool(true)
bool(true)

--TEST--
Spool: errors of Redis that pass, or that somebody has to put right, open the circuit; others reject one event
--EXTENSIONS--
clairon
--INI--
clairon.log_errors=0
--FILE--
<?php
require __DIR__ . '/support/fake_relay.inc';
require __DIR__ . '/support/spool.inc';
$redis = new FakeRelay('redis');
$publishers = [];
foreach (['LOADING', 'READONLY', 'MASTERDOWN', 'CLUSTERDOWN', 'TRYAGAIN', 'BUSY', 'OOM', 'NOAUTH', 'ERR'] as $word) {
    $spools[$word] = new Spool();
    $publishers[$word] = $publisher = $redis->publisher(['spool' => $spools[$word]->path]);
    $redis->ways(['publish' => "-$word so it says\r\n"]);
    $publisher->trigger($word, 'e', 1);
    if ($word === 'ERR') {
        $publisher->flush(5000);
        $redis->ways(['publish' => ":1\r\n"]);
    } else {
        wait_for_mode($publisher, 'spooling');
    }
    $publisher->trigger($word, 'e', 2);
    $publisher->trigger($word, 'e', 3);
    $s = $publisher->stats();
    echo "{$s['mode']} spooled {$s['spooled']} rejected {$s['rejected']}, {$s['last_error']}\n";
}
foreach ($publishers as $publisher) {
    $publisher->flush(5000) || print("not flushed\n");
}
$events = [];
foreach ($redis->events() as $event) {
    $events[substr(strrchr($event['bus'], ':'), 1)][] = $event;
}
foreach ($events as $word => $list) {
    $numbers = array_column(array_slice($list, -3), 'channel_sequence');
    echo "$word: ", data($list), ' under numbers ', implode(' ', $numbers), "\n";
}
?>
--EXPECT--
spooling spooled 3 rejected 0, LOADING so it says
spooling spooled 3 rejected 0, READONLY so it says
spooling spooled 3 rejected 0, MASTERDOWN so it says
spooling spooled 3 rejected 0, CLUSTERDOWN so it says
spooling spooled 3 rejected 0, TRYAGAIN so it says
spooling spooled 3 rejected 0, BUSY so it says
spooling spooled 3 rejected 0, OOM so it says
spooling spooled 3 rejected 0, NOAUTH so it says
direct spooled 0 rejected 1, event rejected: ERR so it says
LOADING: 1 2 3 under numbers 1 2 3
READONLY: 1 2 3 under numbers 1 2 3
MASTERDOWN: 1 2 3 under numbers 1 2 3
CLUSTERDOWN: 1 2 3 under numbers 1 2 3
TRYAGAIN: 1 2 3 under numbers 1 2 3
BUSY: 1 2 3 under numbers 1 2 3
OOM: 1 2 3 under numbers 1 2 3
NOAUTH: 1 2 3 under numbers 1 2 3
ERR: 1 2 3 under numbers 1 2 3

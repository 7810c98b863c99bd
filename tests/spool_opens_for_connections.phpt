--TEST--
Spool: a peer that refuses, breaks off or keeps silent opens the circuit; then all arrive in order, once
--EXTENSIONS--
clairon
--INI--
clairon.log_errors=0
--FILE--
<?php
require __DIR__ . '/support/fake_relay.inc';
require __DIR__ . '/support/spool.inc';

function attempt(string $name, string $transport, callable $away, callable $back, string $says, array $options = []): void
{
    $spool = new Spool();
    $relay = new FakeRelay($transport);
    $publisher = $relay->publisher(['spool' => $spool->path] + $options);
    $publisher->trigger('c', 'e', 0);
    $good = $publisher->flush(5000) && $relay->wait(1) === 1;
    $relay->take();
    $away($relay);
    $publisher->trigger('c', 'e', 1);
    wait_for_mode($publisher, 'spooling');
    foreach ([2, 3] as $i) {
        $good = $good && $publisher->trigger('c', 'e', $i) === $publisher::PENDING;
    }
    $s = $publisher->stats();
    echo "$name: {$s['mode']} spooled {$s['spooled']} in memory {$s['pending']} dropped {$s['dropped']} ";
    echo "rejected {$s['rejected']} openings {$s['circuit_openings']}\n";
    echo $says !== '' && !str_contains($s['last_error'], $says) ? "  last error: {$s['last_error']}\n" : '';
    $back($relay);
    $good = $publisher->flush(5000) && $good;
    $events = $relay->events();
    $s = $publisher->stats();
    echo '  ', data($events), " {$s['mode']} replayed {$s['replayed']} waiting {$s['spool']['waiting']}";
    $last = array_slice($events, -3);
    $numbers = array_map(fn ($e) => $e['sequence'] - $last[0]['sequence'], $last);
    echo $numbers === [0, 1, 2] ? '' : ' GAPS', $good ? '' : ' BAD', "\n";
}

attempt('refused', 'unix', fn ($relay) => $relay->close(), fn ($relay) => $relay->listen(), 'cannot connect: No such file');
attempt('reset', 'tcp', function ($relay) {
    $relay->ways(['refuse' => true]);
    $relay->hangup();
}, fn ($relay) => $relay->ways(['refuse' => false]), '');
attempt('AUTH', 'unix', function ($relay) {
    $relay->ways(['auth' => "-WRONGPASS no\r\n"]);
    $relay->hangup();
}, fn ($relay) => $relay->ways(['auth' => "+OK\r\n"]), 'refused at AUTH: WRONGPASS no');
attempt('HELLO', 'unix', function ($relay) {
    $relay->ways(['hello' => "-ERR no such version\r\n"]);
    $relay->hangup();
}, fn ($relay) => $relay->ways(['hello' => "*4\r\n$12\r\nenvelope_min\r\n:1\r\n$12\r\nenvelope_max\r\n:1\r\n"]), 'refused at HELLO: ERR');
attempt('silence', 'unix', fn ($relay) => $relay->stop(), fn ($relay) => $relay->resume(), 'the peer has answered nothing for 30 ms', ['ack_timeout_ms' => 30]);
?>
--EXPECT--
refused: spooling spooled 3 in memory 0 dropped 0 rejected 0 openings 1
  1 2 3 direct replayed 3 waiting 0
reset: spooling spooled 3 in memory 0 dropped 0 rejected 0 openings 1
  1 2 3 direct replayed 3 waiting 0
AUTH: spooling spooled 3 in memory 0 dropped 0 rejected 0 openings 1
  1 2 3 direct replayed 3 waiting 0
HELLO: spooling spooled 3 in memory 0 dropped 0 rejected 0 openings 1
  1 2 3 direct replayed 3 waiting 0
silence: spooling spooled 3 in memory 0 dropped 0 rejected 0 openings 1
  1 2 3 direct replayed 3 waiting 0

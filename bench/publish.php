<?php

// SPDX-License-Identifier: MIT
//
// The publishing side of the benchmark, run by bench/smoke:
//
//   publish.php cost RELAY-SOCKET APP KEY SECRET SINK-DIRECTORY    what a trigger() call costs beside a
//                                                                  bare fwrite() of as many bytes
//   publish.php latency RELAY-SOCKET APP KEY SECRET COUNT GAP-US   COUNT stamped messages
//
// Prints one JSON object; times are medians in nanoseconds.

declare(strict_types=1);

const CHANNEL = 'bench';
const EVENT = 'App\\Events\\MessageSent';
const BLOCK = 100; // calls of one burst
const BURSTS = 300;
const SPACED = 2000;
const GAP_US = 1000; // between two spaced calls
const REST_US = 3000; // between two bursts, for the reader to catch up
const WARM_UP = 500;

/** What the chat guide's MessageSent broadcasts; its id is a time stamp and a number that bench/load checks. */
function message(int $serial = 0): array
{
    return [
        'id' => sprintf('@%019d#%09d', hrtime(true), $serial),
        'content' => 'See you at the station at eight, I have the tickets.',
        'sender_id' => 1,
        'receiver_id' => 2,
        'created_at' => '2026-01-01T12:00:00.000000Z',
        'formatted_time' => '12:00',
        'sender' => ['id' => 1, 'name' => 'Alice', 'avatar' => null],
    ];
}

function median(array $values): float
{
    sort($values);

    return $values[intdiv(count($values), 2)];
}

/**
 * The bytes of one command, read from a publisher that believes to speak to a relay. The sockets stay
 * open: the extension goes on waiting for an answer, and would report a peer that went away.
 */
function command_of(string $directory, array $options): string
{
    static $server, $peer;
    $path = "$directory/listen.sock";
    $server = stream_socket_server("unix://$path") ?: exit(1);
    $publisher = new Clairon\Publisher("unix:$path", $options);
    $publisher->trigger(CHANNEL, EVENT, message());
    $peer = stream_socket_accept($server, 5) ?: exit(1);
    stream_set_timeout($peer, 5);
    for ($bytes = ''; !str_ends_with($bytes, "}\r\n");) {
        $more = fread($peer, 65536);
        if ($more === '' || $more === false) {
            fwrite(STDERR, "publish.php: the extension wrote no whole command within 5 s\n");
            exit(1);
        }
        $bytes .= $more;
    }

    return substr($bytes, strpos($bytes, "*3\r\n$7\r\nPUBLISH"));
}

/** Starts bench/bare without clients: a blocking reader of these commands. */
function open_sink(string $directory, int $bytes)
{
    $bare = getenv('BARE');
    $pin = getenv('PIN_SERVER') ?: '';
    $GLOBALS['sink'] = proc_open("exec $pin $bare $directory/sink.sock 0 $bytes 1", [1 => ['pipe', 'w']], $pipes);
    fgets($pipes[1]); // its TCP port: it listens

    return stream_socket_client("unix://$directory/sink.sock") ?: exit(1);
}

function burst(callable $call): float
{
    $start = hrtime(true);
    for ($i = 0; $i < BLOCK; $i++) {
        $call();
    }
    $time = (hrtime(true) - $start) / BLOCK;
    usleep(REST_US);

    return $time;
}

function spaced(callable $call): float
{
    usleep(GAP_US);
    $start = hrtime(true);
    $call();

    return hrtime(true) - $start;
}

/** Alternates between the calls, so that all of them see the same machine. */
function compare(callable $measure, int $rounds, array $calls): array
{
    $times = array_fill_keys(array_keys($calls), []);
    for ($round = 0; $round < $rounds; $round++) {
        foreach ($calls as $name => $call) {
            $times[$name][] = $measure($call);
        }
    }

    return array_map(median(...), $times);
}

function cost(string $socket, array $options, string $directory): array
{
    $command = command_of($directory, $options);
    $sink = open_sink($directory, strlen($command));
    $publisher = new Clairon\Publisher("unix:$socket", $options);
    $message = message();
    $calls = [
        'fwrite' => static fn () => fwrite($sink, $command),
        'trigger' => static fn () => $publisher->trigger(CHANNEL, EVENT, $message),
    ];
    for ($i = 0; $i < WARM_UP; $i++) {
        array_map(static fn (callable $call) => $call(), $calls);
        usleep(100);
    }
    $result = [
        'bytes' => strlen($command),
        'burst' => compare(burst(...), BURSTS, $calls),
        'spaced' => compare(spaced(...), SPACED, $calls),
    ];
    $publisher->flush(5000);
    $result['stats'] = $publisher->stats();

    return $result;
}

function latency(string $socket, array $options, int $count, int $gap): array
{
    $publisher = new Clairon\Publisher("unix:$socket", $options);
    for ($serial = 1; $serial <= $count; $serial++) {
        usleep($gap);
        $publisher->trigger(CHANNEL, EVENT, message($serial));
    }
    $publisher->flush(5000);

    return ['stats' => $publisher->stats()];
}

[, $verb, $socket, $app, $key, $secret] = $argv;
$options = compact('app', 'key', 'secret');
$result = $verb === 'cost' ? cost($socket, $options, $argv[6]) : latency($socket, $options, (int) $argv[6], (int) $argv[7]);
echo json_encode($result), "\n";

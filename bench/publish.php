<?php

// SPDX-License-Identifier: MIT
//
// The publishing side of the benchmark, with the extension loaded:
//
//   publish.php local SOCKET FOLDER ROUNDS CALLS       what trigger() costs beside a bare fwrite() of as
//                                                      many bytes to a peer that is blocked in read()
//   publish.php redis PORT ROUNDS CALLS                the same over Redis, beside phpredis' publish()
//   publish.php paced SOCKET                           for each line "COUNT RATE START" on its standard
//                                                      input: message i at START + i / RATE, by trigger();
//                                                      says "ready" first
//   publish.php bare SOCKET BYTES                      the same by fwrite(), to bench/bare
//   publish.php bytes FOLDER                           bytes of one command
//   publish.php batches SOCKET COUNT                   so many times 100 events in one write
//   publish.php memory                                 what the extension adds to a process
//
// BARE names the bare loop, PIN_SERVER the words that keep it on the server's core. Prints one JSON
// object; times in nanoseconds, of each round.

declare(strict_types=1);

const OPTIONS = ['app' => 'bench', 'key' => 'bench-key', 'secret' => 'bench-secret'];
const CHANNEL = 'bench';
const EVENT = 'App\\Events\\MessageSent';
const BLOCK = 100; // calls of one burst
const GAP_US = 2000; // between two spaced calls
const REST_US = 3000; // between two bursts, for the reader to catch up
const WARM_UP = 500;

/**
 * What the chat guide's MessageSent broadcasts; its id is a time stamp and a number that bench/load checks.
 *
 * @return array<string, mixed>
 */
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

/** @param list<float> $values */
function percentile(array $values, float $part): float
{
    sort($values);

    return $values[(int) min(count($values) - 1, floor(count($values) * $part))];
}

/**
 * The bytes of one command, read from a publisher that believes to speak to a relay. The sockets stay
 * open: the extension goes on waiting for an answer, and would report a peer that went away.
 */
function command_of(string $folder): string
{
    $path = "$folder/listen.sock";
    $GLOBALS['server'] = stream_socket_server("unix://$path") ?: exit(1);
    $GLOBALS['spy'] = $publisher = new Clairon\Publisher("unix:$path", OPTIONS);
    $publisher->trigger(CHANNEL, EVENT, message());
    $GLOBALS['peer'] = $peer = stream_socket_accept($GLOBALS['server'], 5) ?: exit(1);
    stream_set_timeout($peer, 5);
    for ($bytes = ''; ! str_ends_with($bytes, "}\r\n");) {
        $more = (string) fread($peer, 65536);
        $more !== '' || exit("publish.php: the extension wrote no whole command within 5 s\n");
        $bytes .= $more;
    }

    return substr($bytes, (int) strpos($bytes, "*3\r\n$7\r\nPUBLISH"));
}

/** A stream to bench/bare: non-blocking, without a write buffer. */
function bare_stream(string $socket): mixed
{
    $stream = stream_socket_client("unix://$socket") ?: exit(1);
    stream_set_blocking($stream, false);
    stream_set_write_buffer($stream, 0);

    return $stream;
}

/** Starts bench/bare without clients: a blocking reader of these commands. */
function sink(string $folder, int $bytes): mixed
{
    $command = 'exec ' . getenv('PIN_SERVER') . ' ' . getenv('BARE') . " $folder/sink.sock 0 $bytes 1";
    $GLOBALS['sink'] = proc_open($command, [1 => ['pipe', 'w']], $pipes);
    fgets($pipes[1]); // its TCP port: it listens

    return bare_stream("$folder/sink.sock");
}

/** Nanoseconds of each of BLOCK calls. */
function hot(callable $call): float
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

    return (float) (hrtime(true) - $start);
}

/**
 * Takes turns between the ways, so that all of them see the same machine. A round's figure is the median
 * of its blocks, or the percentiles of its single calls.
 *
 * @param array<string, callable(): mixed> $hot
 * @param array<string, callable(): mixed> $spaced
 *
 * @return list<array<string, array<string, float>>>
 */
function rounds(int $rounds, int $calls, array $hot, array $spaced): array
{
    $result = [];
    for ($round = 0; $round < $rounds; $round++) {
        [$blocks, $singles] = [[], []];
        for ($i = 0; $i < max(3, intdiv($calls, 10)); $i++) {
            foreach ($hot as $way => $call) {
                $blocks[$way][] = $call();
            }
        }
        for ($i = 0; $i < $calls; $i++) {
            foreach ($spaced as $way => $call) {
                $singles[$way][] = spaced($call);
            }
        }
        $result[] = [
            'hot' => array_map(static fn (array $times): float => percentile($times, 0.5), $blocks),
            'p50' => array_map(static fn (array $times): float => percentile($times, 0.5), $singles),
            'p99' => array_map(static fn (array $times): float => percentile($times, 0.99), $singles),
        ];
    }

    return $result;
}

/** @param array<string, callable(): mixed> $calls */
function warm_up(array $calls): void
{
    for ($i = 0; $i < WARM_UP; $i++) {
        array_map(static fn (callable $call) => $call(), $calls);
        usleep(100);
    }
}

/** All of a request's events in one write at its end: what each one costs, the write included. */
function together(Clairon\Publisher $publisher, array $message): float
{
    $start = hrtime(true);
    for ($i = 0; $i < BLOCK - 1; $i++) {
        $publisher->trigger(CHANNEL, EVENT, $message, null, 'response');
    }
    $publisher->trigger(CHANNEL, EVENT, $message);
    $time = (hrtime(true) - $start) / BLOCK;
    usleep(REST_US);

    return $time;
}

/** The part of it that the request itself pays when events leave after the response. */
function waiting(Clairon\Publisher $publisher, array $message): float
{
    $start = hrtime(true);
    for ($i = 0; $i < BLOCK; $i++) {
        $publisher->trigger(CHANNEL, EVENT, $message, null, 'response');
    }
    $time = (hrtime(true) - $start) / BLOCK;
    $publisher->flush(1000);
    usleep(REST_US);

    return $time;
}

/** @return array<string, mixed> */
function local(string $socket, string $folder, int $rounds, int $calls): array
{
    $command = command_of($folder);
    $sink = sink($folder, strlen($command));
    $publisher = new Clairon\Publisher("unix:$socket", OPTIONS);
    $message = message();
    $ways = [
        'fwrite' => static fn () => fwrite($sink, $command),
        'trigger' => static fn () => $publisher->trigger(CHANNEL, EVENT, $message),
    ];
    warm_up($ways);
    $blocks = array_map(static fn (callable $call) => static fn (): float => hot($call), $ways) + [
        'json' => static fn (): float => hot(static fn () => json_encode($message)),
        'together' => static fn (): float => together($publisher, $message),
        'response' => static fn (): float => waiting($publisher, $message),
    ];
    $result = ['bytes' => strlen($command), 'rounds' => rounds($rounds, $calls, $blocks, $ways)];
    $publisher->flush(5000);

    return $result + ['stats' => $publisher->stats()];
}

/** @return array<string, mixed> */
function redis(int $port, int $rounds, int $calls): array
{
    $redis = new Redis();
    $redis->connect('127.0.0.1', $port);
    $publisher = new Clairon\Publisher("redis://127.0.0.1:$port", OPTIONS);
    $message = message();
    $text = json_encode(['event' => EVENT, 'data' => json_encode($message), 'channel' => CHANNEL]);
    $ways = [
        'phpredis' => static fn () => $redis->publish(CHANNEL, $text),
        'trigger' => static fn () => $publisher->trigger(CHANNEL, EVENT, $message),
    ];
    warm_up($ways);
    $blocks = array_map(static fn (callable $call) => static fn (): float => hot($call), $ways);
    $result = ['bytes' => strlen($text), 'rounds' => rounds($rounds, $calls, $blocks, $ways)];
    $publisher->flush(5000);

    return $result + ['stats' => $publisher->stats()];
}

/** Calls at their times: `$call(int $serial)`, from 1. */
function paced(callable $call, int $count, int $rate, int $start): void
{
    for ($i = 0; $i < $count; $i++) {
        $left = $start + intdiv($i * 1_000_000_000, $rate) - hrtime(true);
        $left <= 0 || time_nanosleep(intdiv($left, 1_000_000_000), $left % 1_000_000_000);
        $call($i + 1);
    }
}

/** Says that it is there, does what lines say, "COUNT RATE START", and answers each. */
function obey(callable $call, callable $answer): never
{
    echo "ready\n";
    while (($line = fgets(STDIN)) !== false) {
        paced($call, ...array_map('intval', explode(' ', trim($line))));
        echo json_encode($answer()), "\n";
    }
    exit(0);
}

function obey_by_trigger(string $socket): never
{
    $publisher = new Clairon\Publisher("unix:$socket", OPTIONS);
    obey(
        static fn (int $serial) => $publisher->trigger(CHANNEL, EVENT, message($serial)),
        static fn (): array => [$publisher->flush(5000), $publisher->stats()][1],
    );
}

function obey_by_fwrite(string $socket, int $bytes): never
{
    [$stream, $command] = [bare_stream($socket), str_repeat('x', $bytes)];
    obey(static fn () => fwrite($stream, $command), static fn (): array => ['dropped' => 0]);
}

/** @return array<string, int> */
function batches(string $socket, int $count): array
{
    $publisher = new Clairon\Publisher("unix:$socket", OPTIONS);
    for ($i = 0; $i < $count; $i++) {
        together($publisher, message());
    }
    $publisher->flush(5000);

    return $publisher->stats();
}

/** @return array<string, int> RssAnon of this process, in bytes, before and with a publisher that has published */
function memory(): array
{
    $now = static fn (): int => preg_match('/^RssAnon:\s+(\d+) kB/m', (string) file_get_contents('/proc/self/status'), $match) ? (int) $match[1] * 1024 : 0;
    $before = $now();
    if (class_exists(Clairon\Publisher::class)) {
        $publisher = new Clairon\Publisher('unix:/nonexistent/relay.sock', OPTIONS);
        for ($i = 0; $i < 100; $i++) {
            $publisher->trigger(CHANNEL, EVENT, message(), null, 'response');
        }
    }

    return ['before' => $before, 'after' => $now()];
}

[, $verb] = $argv;
echo json_encode(match ($verb) {
    'local' => local($argv[2], $argv[3], (int) $argv[4], (int) $argv[5]),
    'redis' => redis((int) $argv[2], (int) $argv[3], (int) $argv[4]),
    'paced' => obey_by_trigger($argv[2]),
    'bare' => obey_by_fwrite($argv[2], (int) $argv[3]),
    'bytes' => ['bytes' => strlen(command_of($argv[2]))],
    'batches' => batches($argv[2], (int) $argv[3]),
    'memory' => memory(),
    default => exit("publish.php knows no verb \"$verb\"\n"),
}), "\n";

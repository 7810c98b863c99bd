<?php

// SPDX-License-Identifier: MIT
//
// The load under which tests/cost/run counts the relay's instructions; the same in every run.
//
//   relay.php PORT UNIX-PATH APP KEY SECRET
//
// Between two phases it asks the relay for INFO, where callgrind writes down what it counted so far and
// starts anew. Prints one JSON object: for each phase the number of the dump that it ended with.

declare(strict_types=1);

const SIZES = [40, 120]; // sockets
const WARM_UP = 5;
const MESSAGES = 40;
const BURSTS = 6;
const BURST = 20;
const CHANNEL = 'cost';
const PATIENCE_S = 60;
const TEXT_FRAME = 0x81;
const OPCODE_BITS = 15;
const PING = 9;

function stop(string $sentence): never
{
    fwrite(STDERR, "relay.php: $sentence\n");
    exit(1);
}

function dial(string $address): mixed
{
    $socket = stream_socket_client($address, $code, $error, PATIENCE_S) ?: stop("$address: $error");
    stream_set_timeout($socket, PATIENCE_S);

    return $socket;
}

function read_bytes(mixed $socket, int $len): string
{
    for ($bytes = ''; strlen($bytes) < $len;) {
        $more = fread($socket, $len - strlen($bytes));
        if ($more === '' || $more === false) {
            stop('the relay closed a connection, or kept silent for ' . PATIENCE_S . ' s');
        }
        $bytes .= $more;
    }

    return $bytes;
}

/** The text of the next message. */
function read_frame(mixed $socket): string
{
    [$first, $len] = array_values(unpack('C2', read_bytes($socket, 2)));
    if ($len === 126) {
        [$len] = array_values(unpack('n', read_bytes($socket, 2)));
    }
    $text = read_bytes($socket, $len);
    if (($first & OPCODE_BITS) === PING) {
        return read_frame($socket); // idle for very long, on a very slow machine
    }

    return $first === TEXT_FRAME ? $text : stop("a frame that is no text begins with $first");
}

function send_text(mixed $socket, string $text): void
{
    $len = strlen($text);
    fwrite($socket, pack('CC', TEXT_FRAME, 0x80 | min($len, 126)) . ($len < 126 ? '' : pack('n', $len)) . "\0\0\0\0" . $text);
}

/** A client on a channel; $sign makes the proof for a socket id. */
function join_channel(int $port, string $key, string $channel, ?Closure $sign): mixed
{
    $socket = dial("tcp://127.0.0.1:$port");
    fwrite($socket, "GET /app/$key?protocol=7&client=js&version=8.4.0 HTTP/1.1\r\nHost: 127.0.0.1:$port\r\nUpgrade: websocket\r\n"
        . "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==\r\n\r\n");
    while (($line = fgets($socket)) !== "\r\n") {
        $line !== false || stop('the relay refused an upgrade');
    }
    preg_match('/"socket_id\W+([\d.]+)/', $established = read_frame($socket), $match) || stop("no socket id: $established");
    send_text($socket, json_encode([
        'event' => 'pusher:subscribe',
        'data' => ['auth' => $sign === null ? '' : $sign($match[1]), 'channel' => $channel],
    ]));
    str_contains($answer = read_frame($socket), 'subscription_succeeded') || stop("not subscribed: $answer");

    return $socket;
}

function receive(array $clients, int $count): void
{
    foreach ($clients as $client) {
        for ($i = 0; $i < $count; $i++) {
            str_contains($text = read_frame($client), 'MessageSent') || stop("not the message: $text");
        }
    }
}

/** Ends a phase; returns the sessions that the relay holds. */
function border(mixed $control, string $name): int
{
    global $dumps, $dump;
    fwrite($control, "INFO\r\n");
    $info = read_bytes($control, (int) substr((string) fgets($control), 1) + 2);
    $dumps[$name] = ++$dump;

    return preg_match('/^sessions:(\d+)/m', $info, $match) ? (int) $match[1] : stop('INFO does not tell the sessions');
}

[, $port, $path, $app, $key, $secret] = $argv;
$port = (int) $port;
$control = dial("unix://$path");
fwrite($control, "AUTH $app $secret\r\n"); // else the relay would close it after a while
($answer = fgets($control)) === "+OK\r\n" || stop("the relay answers AUTH with $answer");
$publisher = new Clairon\Publisher("unix:$path", compact('app', 'key', 'secret'));
$message = ['id' => 1, 'content' => 'See you at the station at eight, I have the tickets.', 'sender_id' => 1];
$publish = static fn (string $flush) => $publisher->trigger(CHANNEL, 'App\\Events\\MessageSent', $message, null, $flush);
$sign = static fn (string $id) => json_decode($publisher->authorizeChannel('private-' . CHANNEL, $id), true)['auth'];
$dumps = [];
$dump = 0;
$clients = [];

border($control, 'start');
border($control, 'info'); // what INFO itself costs
foreach (SIZES as $size) {
    while (count($clients) < $size) {
        $clients[] = join_channel($port, $key, CHANNEL, null);
    }
    border($control, "connect $size");
    for ($i = 0; $i < WARM_UP; $i++) {
        $publish('now');
        receive($clients, 1);
    }
    border($control, "warm $size");
    for ($i = 0; $i < MESSAGES; $i++) {
        $publish('now');
        receive($clients, 1);
    }
    border($control, "spaced $size");
    for ($i = 0; $i < BURSTS; $i++) {
        for ($k = 1; $k < BURST; $k++) {
            $publish('response');
        }
        $publish('now');
        receive($clients, BURST);
    }
    border($control, "burst $size");
}
for ($i = 0; $i < SIZES[0]; $i++) {
    $clients[] = join_channel($port, $key, 'private-' . CHANNEL, $sign);
}
border($control, 'private');
$count = count($clients);
$clients = [];
for ($polls = 1; border($control, 'close') > 0; $polls++) {
    usleep(20000);
}
echo json_encode(['dumps' => $dumps, 'polls' => $polls, 'closed' => $count]), "\n";

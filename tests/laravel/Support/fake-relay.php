<?php

// SPDX-License-Identifier: MIT

/*
 * A relay that records: takes publishers on a Unix socket and answers as clairon-relay does. For a
 * line on standard input it prints all messages since the last one, each as a line of JSON, and
 * "sync". Ends with its standard input.
 *
 * Usage: php fake-relay.php SOCKET APPID SECRET
 */

declare(strict_types=1);

const SIGNED = 1;
const FIXED = 48;
const SIGNATURE = 32;

[, $path, $app, $secret] = $argv;

/**
 * One complete request and its length, or null if it is not complete.
 *
 * @return array{list<string>, int}|null
 */
function request(string $bytes): ?array
{
    if (preg_match('/\A\*(\d+)\r\n/', $bytes, $head) !== 1) {
        return null;
    }

    $words = [];
    $at = strlen($head[0]);

    for ($i = 0; $i < (int) $head[1]; $i++) {
        if (preg_match('/\G\$(\d+)\r\n/A', $bytes, $bulk, 0, $at) !== 1) {
            return null;
        }

        $at += strlen($bulk[0]);

        if (strlen($bytes) < $at + (int) $bulk[1] + 2) {
            return null;
        }

        $words[] = substr($bytes, $at, (int) $bulk[1]);
        $at += (int) $bulk[1] + 2;
    }

    return [$words, $at];
}

/**
 * wire/envelope.h
 *
 * @return array<string, mixed>
 */
function envelope(string $bus, string $bytes): array
{
    $head = unpack('Cversion/Cflags/Cexcept/Czero/Ntext', $bytes);
    $at = FIXED + (($head['flags'] & SIGNED) !== 0 ? SIGNATURE : 0);
    $text = json_decode(substr($bytes, $at + $head['except'], $head['text']), true, flags: JSON_THROW_ON_ERROR);

    return [
        'bus' => $bus,
        'id' => bin2hex(substr($bytes, 8, 16)),
        'except' => $head['except'] === 0 ? null : substr($bytes, $at, $head['except']),
        'channel' => $text['channel'],
        'event' => $text['event'],
        'data' => $text['data'],
    ];
}

/**
 * @param list<string> $words
 * @param list<array<string, mixed>> $messages
 */
function answer(array $words, bool &$isKnown, array &$messages, string $app, string $secret): string
{
    $verb = strtoupper($words[0]);

    if ($verb === 'AUTH') {
        $isKnown = array_slice($words, 1) === [$app, $secret];

        return $isKnown ? "+OK\r\n" : "-WRONGPASS unknown application or wrong secret\r\n";
    }

    if (! $isKnown) {
        return "-NOAUTH AUTH first\r\n";
    }

    if ($verb === 'HELLO') {
        return hello();
    }

    if ($verb !== 'PUBLISH') {
        return "+PONG\r\n";
    }

    $messages[] = envelope($words[1], $words[2]);

    return ":1\r\n";
}

function hello(): string
{
    $answer = '';
    $pairs = ['server' => 'clairon-relay', 'envelope_min' => 1, 'envelope_max' => 1, 'payload_max' => 10240];

    foreach ($pairs as $name => $value) {
        $answer .= '$' . strlen($name) . "\r\n{$name}\r\n" . (is_int($value) ? ":{$value}\r\n" : '$' . strlen($value) . "\r\n{$value}\r\n");
    }

    return '*' . (2 * count($pairs)) . "\r\n{$answer}";
}

$server = stream_socket_server("unix://{$path}") ?: exit(1);
$clients = [];
$buffers = [];
$known = [];
$messages = [];
echo "ready\n";

while (true) {
    $readable = [STDIN, $server, ...array_values($clients)];
    $none = null;

    if (stream_select($readable, $none, $none, null) === false) {
        exit(1);
    }

    foreach ($readable as $stream) {
        if ($stream === STDIN) {
            $line = fgets(STDIN);

            if ($line === false) {
                exit(0);
            }

            foreach ($messages as $message) {
                echo json_encode($message, JSON_THROW_ON_ERROR), "\n";
            }

            $messages = [];
            echo "sync\n";
        } elseif ($stream === $server) {
            $client = stream_socket_accept($server);
            $clients[(int) $client] = $client;
            $buffers[(int) $client] = '';
            $known[(int) $client] = false;
        } else {
            $id = (int) $stream;
            $bytes = fread($stream, 65536);

            if ($bytes === '' || $bytes === false) {
                fclose($stream);
                unset($clients[$id], $buffers[$id], $known[$id]);
                continue;
            }

            $buffers[$id] .= $bytes;

            while (($request = request($buffers[$id])) !== null) {
                $buffers[$id] = substr($buffers[$id], $request[1]);
                fwrite($stream, answer($request[0], $known[$id], $messages, $app, $secret));
            }
        }
    }
}

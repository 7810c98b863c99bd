<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Bench;

/**
 * What a relay counts itself: the answer to INFO on its publishers' socket.
 */
final class Info
{
    /**
     * @return array<string, int>
     */
    public static function of(Server $relay): array
    {
        $stream = stream_socket_client("unix://$relay->socket") ?: throw new Problem('the relay takes no publisher');
        stream_set_timeout($stream, 5);
        foreach ([['AUTH', Bench::APP, Bench::SECRET], ['INFO']] as $words) {
            $bulks = array_map(static fn (string $word): string => '$' . strlen($word) . "\r\n$word\r\n", $words);
            fwrite($stream, '*' . count($words) . "\r\n" . implode('', $bulks));
        }
        fgets($stream); // +OK
        $text = (string) stream_get_contents($stream, (int) substr((string) fgets($stream), 1));
        fclose($stream);
        preg_match_all('/^(\w+):(\d+)\r$/m', $text, $lines);

        return array_combine($lines[1], array_map(intval(...), $lines[2]));
    }
}

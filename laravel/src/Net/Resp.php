<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Net;

/**
 * RESP2, the language of Redis and of the relay's ingest.
 */
final class Resp
{
    private const BULK_BYTES = 16 * 1024 * 1024;

    private const ITEMS = 1024;

    private const DEPTH = 4;

    public function __construct(public readonly Stream $stream)
    {
    }

    /**
     * @throws NetException
     */
    public function send(#[\SensitiveParameter] string ...$words): void
    {
        $bytes = '*' . count($words) . "\r\n";

        foreach ($words as $word) {
            $bytes .= '$' . strlen($word) . "\r\n{$word}\r\n";
        }

        $this->stream->write($bytes);
    }

    /**
     * @return string|int|list<mixed>|RespError|null
     *
     * @throws NetException
     */
    public function ask(#[\SensitiveParameter] string ...$words): string|int|array|RespError|null
    {
        $this->send(...$words);

        return $this->reply();
    }

    /**
     * @return string|int|list<mixed>|RespError|null
     *
     * @throws NetException
     */
    public function reply(int $depth = 0): string|int|array|RespError|null
    {
        $line = $this->stream->line();
        $rest = substr($line, 1);

        return match ($line[0] ?? '') {
            '+' => $rest,
            '-' => new RespError($rest),
            ':' => (int) $rest,
            '$' => $this->bulk((int) $rest),
            '*' => $this->items((int) $rest, $depth),
            default => throw new NetException('the other side does not speak RESP'),
        };
    }

    private function bulk(int $length): ?string
    {
        if ($length < 0) {
            return null;
        }

        if ($length > self::BULK_BYTES) {
            throw new NetException('the answer is too long');
        }

        return substr($this->stream->exactly($length + 2), 0, -2);
    }

    /**
     * @return list<mixed>|null
     */
    private function items(int $count, int $depth): ?array
    {
        if ($count < 0) {
            return null;
        }

        if ($count > self::ITEMS || $depth >= self::DEPTH) {
            throw new NetException('the answer is too long');
        }

        $items = [];

        for ($i = 0; $i < $count; $i++) {
            $items[] = $this->reply($depth + 1);
        }

        return $items;
    }
}

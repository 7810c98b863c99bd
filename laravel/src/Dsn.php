<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel;

/**
 * Where events go. The extension parses and checks it; this class only tells what the commands need
 * to know about it.
 */
final class Dsn
{
    public function __construct(#[\SensitiveParameter] public readonly string $text)
    {
    }

    /**
     * Fit for messages: without user and password.
     */
    public function redacted(): string
    {
        return (string) preg_replace('~(://)[^/]*@~', '$1', $this->text);
    }

    public function isRedis(): bool
    {
        return preg_match('~\Arediss?(://|\+unix:)~', $this->text) === 1;
    }

    public function isUnix(): bool
    {
        return str_starts_with($this->address(), 'unix://');
    }

    /**
     * As the relay writes it: its redis or ingest setting.
     */
    public function forRelay(): string
    {
        return (string) preg_replace(['~\Aredis\+unix:~', '~\Atcp://~'], ['unix:', 'tcp:'], $this->text);
    }

    /**
     * For stream_socket_client().
     */
    public function address(): string
    {
        if (preg_match('~\A(?:redis\+)?unix:(?://)?(/.*)\z~s', $this->text, $match) === 1) {
            return 'unix://' . $match[1];
        }

        $parts = parse_url($this->text);

        return 'tcp://' . ($parts['host'] ?? '') . ':' . ($parts['port'] ?? ($this->isRedis() ? 6379 : 0));
    }
}

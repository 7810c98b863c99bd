<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Net;

/**
 * A connection for commands that look at things. Every wait has an end; what was read and not yet
 * asked for stays in the buffer.
 */
final class Stream
{
    private const LINE_BYTES = 16384;

    private const CHUNK = 65536;

    private string $buffer = '';

    /**
     * @param resource $stream
     */
    private function __construct(private mixed $stream, private readonly float $seconds)
    {
        stream_set_blocking($stream, false);
    }

    public function __destruct()
    {
        $this->close();
    }

    /**
     * @param string $address for stream_socket_client()
     * @param float $seconds for connecting, and for each wait later on
     * @param array<string, mixed> $tls context options for ssl:// addresses
     *
     * @throws NetException
     */
    public static function open(string $address, float $seconds, array $tls = []): self
    {
        $reasons = [];
        // TLS tells the reason in warnings alone.
        set_error_handler(static function (int $level, string $message) use (&$reasons): bool {
            $reasons[] = (string) preg_replace('/\A[\w:]+\(\): (?:SSL operation failed.*?error:[^:]*:[^:]*:[^:]*:)?/s', '', trim($message));

            return true;
        });

        try {
            $context = stream_context_create(['ssl' => $tls]);
            $stream = stream_socket_client($address, $code, $message, $seconds, STREAM_CLIENT_CONNECT, $context);
        } finally {
            restore_error_handler();
        }

        if ($stream === false) {
            $reason = (string) $message !== '' && $code !== 0 ? (string) $message : ($reasons[0] ?? 'no connection');

            throw new NetException(str_replace('Failed to enable crypto', 'the TLS handshake failed', $reason), (int) $code);
        }

        return new self($stream, $seconds);
    }

    public function close(): void
    {
        if (is_resource($this->stream)) {
            fclose($this->stream);
        }
    }

    /**
     * @throws NetException
     */
    public function write(string $bytes): void
    {
        $end = microtime(true) + $this->seconds;

        while ($bytes !== '') {
            $written = @fwrite($this->stream, $bytes);

            if ($written === false) {
                throw new NetException('the connection was closed');
            }

            $bytes = substr($bytes, $written);

            if ($bytes !== '' && $written === 0) {
                $this->wait($end, true);
            }
        }
    }

    /**
     * @throws NetException
     */
    public function exactly(int $length): string
    {
        $end = microtime(true) + $this->seconds;

        while (strlen($this->buffer) < $length) {
            $this->fill($end);
        }

        return $this->take($length);
    }

    /**
     * Up to a line's end, without it.
     *
     * @throws NetException
     */
    public function line(): string
    {
        $end = microtime(true) + $this->seconds;

        while (($at = strpos($this->buffer, "\r\n")) === false) {
            if (strlen($this->buffer) > self::LINE_BYTES) {
                throw new NetException('the answer is no line of text');
            }

            $this->fill($end);
        }

        return substr($this->take($at + 2), 0, -2);
    }

    /**
     * Whether there is something to read within the time; signals end the wait early.
     *
     * @throws NetException the connection is closed
     */
    public function poll(float $seconds): bool
    {
        if ($this->buffer === '' && ! $this->read() && $this->select($seconds, false)) {
            $this->read();
        }

        return $this->hasMore();
    }

    private function hasMore(): bool
    {
        return $this->buffer !== '';
    }

    private function take(int $length): string
    {
        $taken = substr($this->buffer, 0, $length);
        $this->buffer = substr($this->buffer, $length);

        return $taken;
    }

    private function fill(float $end): void
    {
        while (! $this->read()) {
            $this->wait($end, false);
        }
    }

    private function read(): bool
    {
        $bytes = @fread($this->stream, self::CHUNK);

        if ($bytes === false || ($bytes === '' && feof($this->stream))) {
            throw new NetException('the connection was closed');
        }

        $this->buffer .= $bytes;

        return $bytes !== '';
    }

    private function wait(float $end, bool $toWrite): void
    {
        $left = $end - microtime(true);

        if ($left <= 0) {
            throw new NetException("no answer within {$this->seconds} s");
        }

        $this->select($left, $toWrite);
    }

    private function select(float $seconds, bool $toWrite): bool
    {
        $read = $toWrite ? [] : [$this->stream];
        $write = $toWrite ? [$this->stream] : [];
        $none = null;

        return (int) @stream_select($read, $write, $none, (int) $seconds, (int) (fmod($seconds, 1) * 1e6)) > 0;
    }
}

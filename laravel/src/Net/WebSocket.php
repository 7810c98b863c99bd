<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Net;

/**
 * A client for text messages (RFC 6455), as small as a check of the relay needs.
 */
final class WebSocket
{
    private const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

    private const TEXT = 1;

    private const CLOSE = 8;

    private const PING = 9;

    private const MESSAGE_BYTES = 16 * 1024 * 1024;

    private function __construct(private readonly Stream $stream)
    {
    }

    /**
     * @param string $host for the Host header, with the port
     *
     * @throws NetException
     */
    public static function upgrade(Stream $stream, string $host, string $path, string $origin): self
    {
        $key = base64_encode(random_bytes(16));
        $stream->write(
            "GET {$path} HTTP/1.1\r\nHost: {$host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            . "Origin: {$origin}\r\nSec-WebSocket-Key: {$key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
        );
        $status = $stream->line();
        $accept = null;

        while (($header = $stream->line()) !== '') {
            if (preg_match('/\ASec-WebSocket-Accept:\s*(\S+)/i', $header, $match) === 1) {
                $accept = $match[1];
            }
        }

        if (preg_match('~\AHTTP/1\.1 101\b~', $status) !== 1) {
            throw new NetException("it answers \"{$status}\" instead of a WebSocket");
        }

        if ($accept !== base64_encode(sha1($key . self::GUID, true))) {
            throw new NetException('its answer to the WebSocket handshake is wrong');
        }

        return new self($stream);
    }

    /**
     * @throws NetException
     */
    public function send(string $text): void
    {
        $this->frame(self::TEXT, $text);
    }

    /**
     * The next message; pings are answered meanwhile.
     *
     * @throws NetException the other side closed: the code is the exception's
     */
    public function receive(): string
    {
        $message = '';

        while (true) {
            [$opcode, $isLast, $payload] = $this->next();

            if ($opcode === self::CLOSE) {
                $code = strlen($payload) >= 2 ? self::number('n', $payload) : 1005;

                throw new NetException("closed with {$code}" . rtrim(': ' . substr($payload, 2), ': '), $code);
            }

            if ($opcode === self::PING) {
                $this->frame(10, $payload);
            } elseif ($opcode < self::CLOSE) {
                $message .= $payload;

                if (strlen($message) > self::MESSAGE_BYTES) {
                    throw new NetException('the message is too long');
                }

                if ($isLast) {
                    return $message;
                }
            }
        }
    }

    public function close(): void
    {
        try {
            $this->frame(self::CLOSE, pack('n', 1000));
        } catch (NetException) {
            // It is gone already.
        }

        $this->stream->close();
    }

    /**
     * @return array{int, bool, string} opcode, whether the message ends, payload
     */
    private function next(): array
    {
        $head = $this->stream->exactly(2);
        $length = ord($head[1]) & 0x7f;

        if ($length === 126) {
            $length = self::number('n', $this->stream->exactly(2));
        } elseif ($length === 127) {
            $length = self::number('J', $this->stream->exactly(8));
        }

        if ($length < 0 || $length > self::MESSAGE_BYTES) {
            throw new NetException('the message is too long');
        }

        return [ord($head[0]) & 0x0f, (ord($head[0]) & 0x80) !== 0, $this->stream->exactly($length)];
    }

    private static function number(string $format, string $bytes): int
    {
        $fields = unpack($format, $bytes);

        return is_array($fields) && is_int($fields[1] ?? null) ? $fields[1] : 0;
    }

    private function frame(int $opcode, string $payload): void
    {
        $length = strlen($payload);
        $mask = random_bytes(4);
        $size = match (true) {
            $length < 126 => chr(0x80 | $length),
            $length < 65536 => chr(0x80 | 126) . pack('n', $length),
            default => chr(0x80 | 127) . pack('J', $length),
        };
        $masked = $payload ^ str_repeat($mask, intdiv($length, 4) + 1);
        $this->stream->write(chr(0x80 | $opcode) . $size . $mask . $masked);
    }
}

<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Tests\Php\Support;

use RuntimeException;

/**
 * A subscribed client: just enough of RFC 6455 and of the Pusher protocol to see what arrives.
 */
final class Client
{
    private const WAIT_SECONDS = 10;

    public readonly string $socketId;

    /** @var resource */
    private $socket;

    private string $pending = '';

    /** @var list<array<string, mixed>> frames that nobody took */
    private array $frames = [];

    private ?int $closed = null;

    public function __construct(Relay $relay)
    {
        $socket = stream_socket_client("tcp://127.0.0.1:{$relay->port}", timeout: self::WAIT_SECONDS);
        if ($socket === false) {
            throw new RuntimeException('The relay does not accept connections.');
        }
        $this->socket = $socket;
        fwrite($socket, 'GET /app/' . Relay::KEY . "?protocol=7&client=php&version=1.0 HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            . "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            . 'Sec-WebSocket-Key: ' . base64_encode(random_bytes(16)) . "\r\n\r\n");
        $head = '';
        while (!str_ends_with($head, "\r\n\r\n")) {
            $byte = fread($socket, 1);
            if ($byte === '' || $byte === false) {
                throw new RuntimeException("No upgrade: {$head}");
            }
            $head .= $byte;
        }
        stream_set_blocking($socket, false);
        $this->socketId = json_decode($this->event('pusher:connection_established')['data'])->socket_id;
    }

    /**
     * @param array<string, mixed> $frame
     */
    public function send(array $frame): void
    {
        $text = json_encode($frame, JSON_THROW_ON_ERROR);
        $length = strlen($text) < 126 ? pack('C', 0x80 | strlen($text)) : pack('Cn', 0x80 | 126, strlen($text));
        // A mask of zeros is a mask, too.
        fwrite($this->socket, "\x81{$length}\0\0\0\0{$text}");
    }

    /**
     * `proof` is what an application's endpoint answers: {"auth":..,"channel_data":..}.
     *
     * @return mixed the decoded data of the confirmation
     */
    public function subscribe(string $channel, string $proof = '{"auth":""}'): mixed
    {
        $proof = json_decode($proof, true, flags: JSON_THROW_ON_ERROR);
        unset($proof['shared_secret']);
        $this->send(['event' => 'pusher:subscribe', 'data' => ['channel' => $channel] + $proof]);

        return json_decode($this->event('pusher_internal:subscription_succeeded', $channel)['data'], true);
    }

    /**
     * `proof` is {"auth":..,"user_data":..}.
     */
    public function signIn(string $proof): void
    {
        $this->send(['event' => 'pusher:signin', 'data' => json_decode($proof, true, flags: JSON_THROW_ON_ERROR)]);
        $user = json_decode($this->event('pusher:signin_success')['data']['user_data']);
        $this->subscribe("#server-to-user-{$user->id}"); // as pusher-js does
    }

    /**
     * The next frame with this event, waited for.
     *
     * @return array<string, mixed>
     */
    public function event(string $name, ?string $channel = null): array
    {
        $end = microtime(true) + self::WAIT_SECONDS;
        do {
            foreach ($this->frames as $i => $frame) {
                if ($frame['event'] === $name && ($channel === null || $frame['channel'] === $channel)) {
                    array_splice($this->frames, $i, 1);

                    return $frame;
                }
            }
        } while ($this->closed === null && microtime(true) < $end && $this->read() !== null);
        throw new RuntimeException("{$name} did not come; left over: " . json_encode($this->frames) . " closed: {$this->closed}");
    }

    /**
     * What was published on a channel and came up to now, as [name, data] pairs.
     *
     * @return list<array{string, string}>
     */
    public function heard(string $channel): array
    {
        $this->send(['event' => 'pusher:ping', 'data' => (object) []]);
        $this->event('pusher:pong');
        $heard = [];
        foreach ($this->frames as $frame) {
            $isOwn = str_starts_with($frame['event'], 'pusher');
            if (($frame['channel'] ?? null) === $channel && !$isOwn) {
                $heard[] = [$frame['event'], $frame['data']];
            }
        }
        $this->frames = array_values(array_filter($this->frames, static fn ($frame) => ($frame['channel'] ?? null) !== $channel));

        return $heard;
    }

    /**
     * Waits until the relay closes; gives its code.
     */
    public function closed(): int
    {
        $end = microtime(true) + self::WAIT_SECONDS;
        while ($this->closed === null && microtime(true) < $end) {
            $this->read();
        }

        return $this->closed ?? throw new RuntimeException('The relay did not close.');
    }

    public function end(): void
    {
        fclose($this->socket);
    }

    /**
     * Takes in what is there, waits a little if nothing is.
     */
    private function read(): ?bool
    {
        $readable = [$this->socket];
        $none = null;
        if (stream_select($readable, $none, $none, 1) > 0) {
            $bytes = fread($this->socket, 65536);
            $this->pending .= (string) $bytes;
            if (($bytes === '' || $bytes === false) && feof($this->socket)) {
                $this->closed ??= 1006;
            }
        }
        while ($this->take()) {
        }

        return true;
    }

    /**
     * One whole frame; the relay's are never masked or cut.
     */
    private function take(): bool
    {
        if (strlen($this->pending) < 2) {
            return false;
        }
        $length = ord($this->pending[1]);
        $at = 2;
        if ($length >= 126) {
            [$format, $size] = $length === 126 ? ['n', 2] : ['J', 8];
            if (strlen($this->pending) < $at + $size) {
                return false;
            }
            $length = unpack($format, $this->pending, $at)[1];
            $at += $size;
        }
        if (strlen($this->pending) < $at + $length) {
            return false;
        }
        $this->on(ord($this->pending[0]) & 0x0f, substr($this->pending, $at, $length));
        $this->pending = substr($this->pending, $at + $length);

        return true;
    }

    private function on(int $opcode, string $payload): void
    {
        if ($opcode === 1) {
            $this->frames[] = json_decode($payload, true, flags: JSON_THROW_ON_ERROR);
        } elseif ($opcode === 8) {
            $this->closed = unpack('n', $payload)[1];
        }
    }
}

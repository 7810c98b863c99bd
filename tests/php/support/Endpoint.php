<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Tests\Php\Support;

use RuntimeException;

/**
 * Where webhooks are posted: takes one request at a time, when the test asks for it.
 */
final class Endpoint
{
    private const WAIT_SECONDS = 10;

    public readonly string $url;

    /** @var resource */
    private $server;

    public function __construct()
    {
        $server = stream_socket_server('tcp://127.0.0.1:0');
        if ($server === false) {
            throw new RuntimeException('No port for the webhooks.');
        }
        $this->server = $server;
        $this->url = 'http://' . stream_socket_get_name($server, false) . '/hook';
    }

    /**
     * The next request, which is answered by 200.
     *
     * @return array{array<string, string>, string} headers as getallheaders() has them, and the raw body
     */
    public function request(): array
    {
        $socket = stream_socket_accept($this->server, self::WAIT_SECONDS);
        if ($socket === false) {
            throw new RuntimeException('No webhook came.');
        }
        stream_set_timeout($socket, self::WAIT_SECONDS);
        $headers = [];
        fgets($socket);
        while (($line = rtrim((string) fgets($socket))) !== '') {
            [$name, $value] = explode(': ', $line, 2);
            $headers[$name] = $value;
        }
        $body = (string) stream_get_contents($socket, (int) $headers['Content-Length']);
        fwrite($socket, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        fclose($socket);

        return [$headers, $body];
    }

    /**
     * Requests until one has an event that `is` says yes to; gives that request.
     *
     * @return array{array<string, string>, string}
     */
    public function requestWith(callable $is): array
    {
        for (;;) {
            [$headers, $body] = $this->request();
            foreach (json_decode($body, flags: JSON_THROW_ON_ERROR)->events as $event) {
                if ($is($event)) {
                    return [$headers, $body];
                }
            }
        }
    }
}

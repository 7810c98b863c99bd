<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Doctor;

use Clairon\Laravel\Net\NetException;
use Clairon\Laravel\Net\Stream;

/**
 * The address that browsers are sent to. Where nobody answers there, the relay's own address is
 * tried, so that the rest can be looked at.
 */
final class Door
{
    private const ABOUT = 'Message';

    public ?Stream $stream = null;

    public string $authority = '';

    public function __construct(private readonly Subject $subject, private readonly float $seconds)
    {
    }

    /**
     * @return iterable<Finding>
     */
    public function open(): iterable
    {
        $host = $this->subject->own('options.host');
        $port = $this->subject->own('options.port');
        $isTls = $this->subject->own('options.scheme') === 'https';

        if ($host === '' || preg_match('/\A\d{1,5}\z/', $port) !== 1) {
            yield Finding::problem(
                self::ABOUT,
                "\"{$host}:{$port}\" is no address for browsers.",
                'Set CLAIRON_HOST to a host name and CLAIRON_PORT to a number in .env.'
            );

            return;
        }

        try {
            yield from $this->knock($host, $port, $isTls);
        } catch (NetException $e) {
            yield $this->explain($host, $port, $isTls, $e);
            yield from $this->own($host, $port);
        }
    }

    /**
     * @return iterable<Finding>
     *
     * @throws NetException
     */
    private function knock(string $host, string $port, bool $isTls): iterable
    {
        $scheme = $isTls ? 'wss' : 'ws';
        $start = hrtime(true);
        $untrusted = null;

        try {
            $stream = $this->connect($host, $port, $isTls, true);
        } catch (NetException $e) {
            if (! $isTls || stripos($e->getMessage(), 'certificate') === false && stripos($e->getMessage(), 'Peer') === false) {
                throw $e;
            }

            $untrusted = $e->getMessage();
            $stream = $this->connect($host, $port, $isTls, false);
        }

        $time = (hrtime(true) - $start) / 1e6;
        $status = $this->up($host, $port, $isTls);
        $this->stream = $stream;
        $this->authority = "{$this->bracketed($host)}:{$port}";

        yield Finding::hop("connected to {$scheme}://{$this->authority}" . ($status === null ? '' : " ({$status})"), $time);

        if ($untrusted !== null) {
            yield Finding::note(
                self::ABOUT,
                "PHP does not trust the certificate of {$host}: {$untrusted}.",
                'Browsers may refuse it, too: check it in one, and that tls_certificate holds the whole chain.'
            );
        }
    }

    private function connect(string $host, string $port, bool $isTls, bool $verify): Stream
    {
        return Stream::open(
            ($isTls ? 'tls' : 'tcp') . "://{$this->bracketed($host)}:{$port}",
            $this->seconds,
            ['verify_peer' => $verify, 'verify_peer_name' => $verify, 'peer_name' => $host, 'SNI_enabled' => true]
        );
    }

    /**
     * What GET /up tells; null if that is not the relay: a proxy may keep the path for itself.
     */
    private function up(string $host, string $port, bool $isTls): ?string
    {
        try {
            $stream = $this->connect($host, $port, $isTls, false);
            $stream->write("GET /up?ready=1 HTTP/1.1\r\nHost: {$this->bracketed($host)}:{$port}\r\nConnection: close\r\n\r\n");
            $status = $stream->line();
            $length = 0;

            while (($header = $stream->line()) !== '') {
                $length = preg_match('/\Acontent-length:\s*(\d{1,4})\z/i', $header, $match) === 1 ? (int) $match[1] : $length;
            }

            $body = $stream->exactly($length);
        } catch (NetException) {
            return null;
        }

        if (! str_contains($body, '"status"')) {
            return null;
        }

        return str_contains($status, ' 200') ? '/up: ready' : '/up: not ready, it has no connection to Redis';
    }

    /**
     * Why nobody answers at the browsers' address.
     */
    private function explain(string $host, string $port, bool $isTls, NetException $e): Finding
    {
        $address = ($isTls ? 'wss' : 'ws') . "://{$this->bracketed($host)}:{$port}";

        if ($isTls && $this->answers($host, $port)) {
            return Finding::problem(
                self::ABOUT,
                "{$address} does not speak TLS: {$e->getMessage()}.",
                'Set CLAIRON_SCHEME=http in .env, or give the relay listen_tls and a certificate, or a proxy that has one.'
            );
        }

        return Finding::problem(
            self::ABOUT,
            "Nobody answers at {$address}, where browsers go (CLAIRON_HOST, CLAIRON_PORT, CLAIRON_SCHEME): {$e->getMessage()}.",
            $this->relayAddress() === [$host, $port]
                ? 'Start the relay with "php artisan clairon:start".'
                : 'Start the relay with "php artisan clairon:start", and the proxy before it; or correct these in .env.'
        );
    }

    private function answers(string $host, string $port): bool
    {
        try {
            $this->connect($host, $port, false, false);

            return true;
        } catch (NetException) {
            return false;
        }
    }

    /**
     * @return iterable<Finding>
     */
    private function own(string $host, string $port): iterable
    {
        [$relayHost, $relayPort] = $this->relayAddress();

        if ([$relayHost, $relayPort] === [$host, $port] && $this->subject->own('options.scheme') !== 'https') {
            return;
        }

        try {
            $this->stream = $this->connect($relayHost, $relayPort, false, false);
            $this->authority = "{$this->bracketed($relayHost)}:{$relayPort}";
        } catch (NetException) {
            return;
        }

        yield Finding::note(
            self::ABOUT,
            "The relay itself answers at {$this->authority} (clairon.relay.host and port); the message goes there.",
            'Let the proxy pass /app/ on to it, or send browsers there: CLAIRON_HOST, CLAIRON_PORT, CLAIRON_SCHEME.'
        );
    }

    /**
     * @return array{string, string}
     */
    private function relayAddress(): array
    {
        $host = $this->subject->text('clairon.relay.host');
        $host = in_array($host, ['', '0.0.0.0', '*'], true) ? '127.0.0.1' : ($host === '::' ? '::1' : $host);

        return [$host, $this->subject->text('clairon.relay.port') ?: '6001'];
    }

    private function bracketed(string $host): string
    {
        return str_contains($host, ':') && ! str_starts_with($host, '[') ? "[{$host}]" : $host;
    }
}

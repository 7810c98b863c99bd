<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Doctor;

use Clairon\Laravel\ChannelSigner;
use Clairon\Laravel\ClaironBroadcaster;
use Clairon\Laravel\Connection;
use Clairon\Laravel\Net\Ingest;
use Clairon\Laravel\Net\NetException;
use Clairon\Laravel\Net\Stream;
use Clairon\Laravel\Net\WebSocket;
use Illuminate\Broadcasting\BroadcastManager;
use Illuminate\Contracts\Broadcasting\Broadcaster;
use Throwable;

/**
 * Sends one message the whole way: a WebSocket as a browser opens it, a private channel with our own
 * signature, an event through the application's broadcaster. Each hop with its time.
 */
final class MessageCheck implements Check
{
    private const ABOUT = 'Message';

    private const EVENT = 'clairon.doctor';

    private bool $failed = false;

    public function __construct(private readonly float $seconds)
    {
    }

    public function findings(Subject $subject): iterable
    {
        if ($subject->own('key') === '' || $subject->own('secret') === '') {
            yield Finding::skipped(self::ABOUT, 'Not sent: the application is not set.');

            return;
        }

        $door = new Door($subject, $this->seconds);
        yield from $door->open();

        if ($door->stream === null) {
            return;
        }

        try {
            yield from $this->journey($subject, $door->stream, $door->authority);
        } catch (NetException $e) {
            // What proxies answer for a server that is away.
            $isAway = preg_match('~HTTP/\S+ 50[234]\b~', $e->getMessage()) === 1;

            yield Finding::problem(
                self::ABOUT,
                "{$door->authority}: {$e->getMessage()}.",
                $isAway
                    ? 'A proxy answers there and finds no relay behind it: start it with "php artisan clairon:start", at the address that the proxy expects.'
                    : 'Is that the relay, or a proxy that passes /app/ on to it with the Upgrade header? docs/operations.md shows nginx\'s settings.'
            );
        }
    }

    /**
     * @return iterable<Finding>
     *
     * @throws NetException
     */
    private function journey(Subject $subject, Stream $stream, string $authority): iterable
    {
        $page = parse_url($subject->text('app.url'));
        $origin = is_array($page) && isset($page['host'])
            ? ($page['scheme'] ?? 'http') . "://{$page['host']}" . (isset($page['port']) ? ":{$page['port']}" : '')
            : "http://{$authority}";
        $path = '/app/' . rawurlencode($subject->own('key')) . '?protocol=7&client=clairon-doctor&version=1&flash=false';

        $start = hrtime(true);
        $socket = WebSocket::upgrade($stream, $authority, $path, $origin);

        try {
            [$name, $data] = $this->next($socket, ['pusher:connection_established', 'pusher:error']);
        } catch (NetException $e) {
            if ($e->getCode() < 4000) {
                throw $e;
            }

            [$name, $data] = ['pusher:error', ['code' => $e->getCode(), 'message' => preg_replace('/\Aclosed with \d+: /', '', $e->getMessage())]];
        }

        if ($name !== 'pusher:connection_established' || ! is_string($data['socket_id'] ?? null)) {
            yield $this->refusal($subject, $origin, $data);

            return;
        }

        yield Finding::hop("the relay knows the key \"{$subject->own('key')}\": connection_established", $this->since($start));

        $channel = 'private-clairon-doctor-' . bin2hex(random_bytes(8));
        yield $this->subscribe($subject, $socket, $channel, $data['socket_id']);

        if (! $this->failed) {
            yield from $this->publish($subject, $socket, $channel);
        }

        $socket->close();
    }

    /**
     * @param array<array-key, mixed> $data
     */
    private function refusal(Subject $subject, string $origin, array $data): Finding
    {
        $code = is_scalar($data['code'] ?? null) ? (int) $data['code'] : 0;
        $message = is_string($data['message'] ?? null) ? $data['message'] : 'no reason';

        return match ($code) {
            4001 => Finding::problem(
                self::ABOUT,
                "The relay does not know the application key \"{$subject->own('key')}\" ({$code}: {$message}).",
                'It runs with another one: restart it with "php artisan clairon:start", or correct the APP_KEY in .env.'
            ),
            4000 => Finding::problem(
                self::ABOUT,
                "The relay takes this application over TLS only ({$code}: {$message}).",
                'Set CLAIRON_SCHEME=https in .env, or tls_only off in the relay\'s configuration.'
            ),
            4009 => Finding::problem(
                self::ABOUT,
                "The relay does not allow pages from {$origin} ({$code}: {$message}).",
                'Add it to the application\'s allowed_origins in the relay\'s configuration, or correct APP_URL.'
            ),
            default => Finding::problem(
                self::ABOUT,
                "The relay refuses the connection ({$code}: {$message}).",
                'Look into the relay\'s log, and for that code into docs/protocol.md.'
            ),
        };
    }

    private function subscribe(Subject $subject, WebSocket $socket, string $channel, string $socketId): Finding
    {
        $signer = new ChannelSigner($subject->own('key'), $subject->own('secret'));
        $start = hrtime(true);
        $socket->send((string) json_encode([
            'event' => 'pusher:subscribe',
            'data' => ['channel' => $channel] + $signer->channel($socketId, $channel),
        ]));
        [$name, $data] = $this->next(
            $socket,
            ['pusher_internal:subscription_succeeded', 'pusher:subscription_error', 'pusher_internal:subscription_error', 'pusher:error']
        );

        if ($name === 'pusher_internal:subscription_succeeded') {
            return Finding::hop('a private channel, signed with this application\'s secret: subscribed', $this->since($start));
        }

        $this->failed = true;
        $reason = $data['message'] ?? $data['error'] ?? 'no reason';

        return Finding::problem(
            self::ABOUT,
            'The relay refuses our signature for a private channel (' . (is_string($reason) ? explode(':', $reason)[0] : 'no reason') . ').',
            'It runs with another APP_SECRET: restart it with "php artisan clairon:start".'
        );
    }

    /**
     * @return iterable<Finding>
     *
     * @throws NetException
     */
    private function publish(Subject $subject, WebSocket $socket, string $channel): iterable
    {
        if (! class_exists(\Clairon\Publisher::class, false)) {
            yield Finding::skipped(self::ABOUT, 'No event was published: the extension is not loaded here.');

            return;
        }

        if ($subject->own('transport') !== '') {
            yield Finding::skipped(self::ABOUT, "No event was published: the transport is \"{$subject->own('transport')}\".");

            return;
        }

        // An event that nobody takes would go to the spool, into a file of whoever runs this.
        try {
            (new Ingest($subject->config))->open($this->seconds);
        } catch (NetException) {
            yield Finding::skipped(self::ABOUT, 'No event was published: nobody would take it, see "Publishing".');

            return;
        }

        /** @var BroadcastManager $manager */
        $manager = $subject->app->make(BroadcastManager::class);
        $token = bin2hex(random_bytes(8));
        $publisher = (new Connection($subject->config))->publisher();

        try {
            /** @var Broadcaster $broadcaster */
            $broadcaster = $manager->connection($subject->name);
            $start = hrtime(true);
            $broadcaster->broadcast([$channel], self::EVENT, ['token' => $token]);
            $handed = hrtime(true);
            $publisher->flush((int) ($this->seconds * 1000));
        } catch (Throwable $e) {
            yield Finding::problem(self::ABOUT, 'The event could not be published: ' . rtrim($e->getMessage(), '.') . '.', 'The problems above say why.');

            return;
        }

        yield Finding::hop(
            'an event through ' . class_basename(ClaironBroadcaster::class) . ': encoded and written'
            . ($publisher->stats()['connects'] > 1 ? '' : ', connecting included'),
            ($handed - $start) / 1e6
        );

        try {
            do {
                [, $data] = $this->next($socket, [self::EVENT]);
            } while (($data['token'] ?? null) !== $token);
        } catch (NetException $e) {
            yield $this->lost($subject, $e, $publisher->stats()['last_error']);

            return;
        }

        yield Finding::hop('from there through the relay to the WebSocket: received', $this->since($handed));
    }

    private function lost(Subject $subject, NetException $e, ?string $error): Finding
    {
        return Finding::problem(
            self::ABOUT,
            "The event was published but did not arrive: {$e->getMessage()}" . ($error === null ? '.' : " ({$error})."),
            str_starts_with($subject->own('dsn'), 'redis')
                ? 'Does the relay run with engine redis, with the same Redis and the same bus_prefix (CLAIRON_BUS_PREFIX)? Start it with "php artisan clairon:start".'
                : 'Do events and browsers meet at one relay? Compare CLAIRON_DSN with CLAIRON_HOST and CLAIRON_PORT in .env; the relay\'s log tells what it refused.'
        );
    }

    /**
     * The next event of one of these names.
     *
     * @param list<string> $names
     *
     * @return array{string, array<array-key, mixed>} name and data
     *
     * @throws NetException
     */
    private function next(WebSocket $socket, array $names): array
    {
        $end = microtime(true) + $this->seconds;

        do {
            $message = json_decode($socket->receive(), true);
            $name = is_array($message) ? $message['event'] ?? '' : '';

            if (is_array($message) && is_string($name) && in_array($name, $names, true)) {
                $data = $message['data'] ?? [];
                $data = is_string($data) ? json_decode($data, true) : $data;

                return [$name, is_array($data) ? $data : []];
            }
        } while (microtime(true) < $end);

        throw new NetException("no answer within {$this->seconds} s");
    }

    private function since(int $start): float
    {
        return (hrtime(true) - $start) / 1e6;
    }
}

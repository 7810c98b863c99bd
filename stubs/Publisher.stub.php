<?php

/** @generate-class-entries */

namespace Clairon;

/**
 * Publishes events to clairon-relay (or to Redis, where several relays listen) without waiting.
 *
 * One instance is cheap: connections are kept per process (per thread under ZTS) and shared by all
 * publishers with the same DSN and application.
 *
 * @strict-properties
 * @not-serializable
 */
final class Publisher
{
    /**
     * The event was not accepted: the outbox is at its bound. Counted in stats().
     *
     * @var int
     * @cvalue CLAIRON_DROPPED
     */
    public const DROPPED = UNKNOWN;

    /**
     * The event waits in the outbox and leaves with the next call, flush() or the end of the request.
     *
     * @var int
     * @cvalue CLAIRON_PENDING
     */
    public const PENDING = UNKNOWN;

    /**
     * The event was handed to the system in full.
     *
     * @var int
     * @cvalue CLAIRON_SENT
     */
    public const SENT = UNKNOWN;

    /**
     * Opens nothing: the first trigger() connects, without blocking.
     *
     * @param string $dsn unix:PATH, tcp://HOST:PORT, redis://[USER:PASSWORD@]HOST[:PORT] or redis+unix:PATH
     * @phpstan-param array{app: string, key: string, secret: string, password?: string, bus_prefix?: string, outbox_events?: int, outbox_bytes?: int, cli_wait_ms?: int, payload_bytes?: int} $options
     *
     * @param array $options
     *     app, key, secret: the application, as the relay knows it
     *     password: of the relay's TCP ingest, or of Redis
     *     bus_prefix: "clairon" by default; the relay's has to be the same
     *     outbox_events, outbox_bytes: bounds of what waits unsent; the defaults are INI entries
     *     cli_wait_ms: how long trigger() may wait for room in the outbox on the command line; never in a web request
     *     payload_bytes: limit of an event's data, 10240 by default; a relay may tell a smaller one
     *
     * @throws \ValueError for a DSN or an option that can't be right; the message names it
     */
    public function __construct(#[\SensitiveParameter] string $dsn, #[\SensitiveParameter] array $options) {}

    /**
     * Sends one event to one or more channels. Never waits in a web request, never throws for transport.
     *
     * @phpstan-param string|list<string> $channels
     * @param string|array $channels 1 to 100 names (Pusher docs, "Publishing events")
     * @param mixed $data encoded with json_encode()'s default flags, at most payload_bytes long
     * @param string|null $socketId the connection that must not receive the event
     *
     * @return int self::SENT, self::PENDING or self::DROPPED
     *
     * @throws \ValueError for a bad channel, event name or socket id
     * @throws Exception\PayloadException for data that can't be encoded or is too long
     */
    public function trigger(string|array $channels, string $event, mixed $data, ?string $socketId = null): int {}

    /**
     * Sends up to 10 events with one write. Checks all of them before the first is sent.
     *
     * @phpstan-param list<array{channel: string|list<string>, name: string, data: mixed, socket_id?: string|null}> $batch
     * @param array $batch
     *
     * @return int the worst of the results of its events
     *
     * @throws \ValueError
     * @throws Exception\PayloadException
     */
    public function triggerBatch(array $batch): int {}

    /**
     * Waits until the outbox is empty and every event was acknowledged, at most $timeoutMs milliseconds.
     * With 0 it tries once and returns; while the next attempt to connect is further away than that,
     * too.
     *
     * @return bool whether nothing is left
     */
    public function flush(int $timeoutMs = 250): bool {}

    /**
     * Counters of this process's connection, all since it began.
     *
     * @return array{
     *     connected: bool,
     *     sent: int,
     *     acknowledged: int,
     *     pending: int,
     *     pending_bytes: int,
     *     unacknowledged: int,
     *     dropped: int,
     *     dropped_by_reason: array<string, int>,
     *     dropped_in_a_row: int,
     *     rejected: int,
     *     resent: int,
     *     connects: int,
     *     connect_failures: int,
     *     writes: int,
     *     partial_writes: int,
     *     last_error: string|null
     * }
     */
    public function stats(): array {}

    /**
     * Signs a subscription to a private channel (Pusher docs, "Authorizing users").
     *
     * @return string JSON: {"auth": "KEY:SIGNATURE"} and "channel_data" if $channelData is given
     *
     * @throws \ValueError for a bad channel name or socket id
     */
    public function authorizeChannel(string $channel, string $socketId, ?string $channelData = null): string {}

    /**
     * Signs a subscription to a presence channel.
     *
     * @return string JSON: {"auth": "KEY:SIGNATURE", "channel_data": "{\"user_id\":...}"}
     *
     * @throws \ValueError for a bad channel name, socket id or user id
     * @throws Exception\PayloadException
     */
    public function authorizePresenceChannel(string $channel, string $socketId, string $userId, mixed $userInfo = null): string {}

    /**
     * Signs a user in (Pusher docs, "User authentication").
     *
     * @phpstan-param array{id: string, ...} $userData
     * @param array $userData id is required and a string
     *
     * @return string JSON: {"auth": "KEY:SIGNATURE", "user_data": "{\"id\":...}"}
     *
     * @throws \ValueError for a bad socket id or a missing user id
     * @throws Exception\PayloadException
     */
    public function authenticateUser(string $socketId, array $userData): string {}
}

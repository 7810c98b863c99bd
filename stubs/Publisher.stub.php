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
     * The event was not accepted: the outbox is at its bound, and the spool, if there is one, can't take
     * it either. Counted in stats() by reason.
     *
     * @var int
     * @cvalue CLAIRON_DROPPED
     */
    public const DROPPED = UNKNOWN;

    /**
     * The event waits in the outbox and leaves with the next call, flush() or the end of the request; or
     * it waits in the spool until a process gets through.
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
     * @phpstan-param array{app: string, key: string, secret: string, password?: string, bus_prefix?: string, outbox_events?: int, outbox_bytes?: int, cli_wait_ms?: int, payload_bytes?: int, flush?: 'now'|'response', spool?: string, spool_bytes?: int, spool_age_s?: int, ack_timeout_ms?: int} $options
     *
     * @param array $options
     *     app, key, secret: the application, as the relay knows it
     *     password: of the relay's TCP ingest, or of Redis
     *     bus_prefix: "clairon" by default; the relay's has to be the same
     *     outbox_events, outbox_bytes: bounds of what waits unsent; the defaults are INI entries
     *     cli_wait_ms: how long trigger() may wait for room in the outbox on the command line; never in a web request
     *     payload_bytes: limit of an event's data, 10240 by default; a relay may tell a smaller one
     *     flush: when events leave: "now" (the default), with the call; "response", with the next call whose
     *         flush is "now", with flush(), at the outbox's bound, or at the end of the request, all with
     *         one write and in order
     *     spool: absolute path of the file that keeps events while the peer is away (refuses or breaks
     *         connections, does not answer, answers that it is loading, read-only, out of memory or that the
     *         credentials are wrong): on the command line each at once, of a web request when it ends, or
     *         every 100 ms. All processes that publish for one application share one file; the first one
     *         that gets through sends what waits, in order; new events of a process leave directly again
     *         when the last of its own is on its way. "" or null: no spool, the outbox is all there is
     *     spool_bytes: how much may wait there, 65536 bytes at least; default: INI entry, 64 MB
     *     spool_age_s: events that are older when they could be sent are dropped and counted; 0: never;
     *         default: INI entry, 600
     *     ack_timeout_ms: with a spool, a peer that has answered nothing for so long counts as away; default:
     *         INI entry, 5000. Looked at when something is published or flushed and when a request ends
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
     * @phpstan-param 'now'|'response'|null $flush
     * @param string|null $flush "now" or "response", instead of the constructor's option; with "response"
     *     the result is PENDING, or DROPPED
     *
     * @return int self::SENT, self::PENDING or self::DROPPED
     *
     * @throws \ValueError for a bad channel, event name, socket id or flush
     * @throws Exception\PayloadException for data that can't be encoded or is too long
     */
    public function trigger(string|array $channels, string $event, mixed $data, ?string $socketId = null, ?string $flush = null): int {}

    /**
     * Sends up to 10 events with one write. Checks all of them before the first is sent.
     *
     * @phpstan-param list<array{channel: string|list<string>, name: string, data: mixed, socket_id?: string|null}> $batch
     * @param array $batch
     * @phpstan-param 'now'|'response'|null $flush
     * @param string|null $flush as in trigger()
     *
     * @return int the worst of the results of its events
     *
     * @throws \ValueError
     * @throws Exception\PayloadException
     */
    public function triggerBatch(array $batch, ?string $flush = null): int {}

    /**
     * Waits until the outbox is empty, every event was acknowledged and nothing waits in the spool (also of
     * other processes; whoever gets through sends it), at most $timeoutMs milliseconds. With 0 it tries
     * once and returns; while the next attempt to connect is further away than that, too.
     *
     * @return bool whether nothing is left
     *
     * @throws \ValueError for a negative time, or one above 2147483647
     */
    public function flush(int $timeoutMs = 250): bool {}

    /**
     * Counters of this process's connection (of this thread's, under ZTS), all since it began; the array
     * under "spool" comes from the file, which all processes share, and counts since that was made. Numbers
     * are events where the name says nothing else.
     *
     *     mode: "direct": events leave at once; "spooling": the peer is away, they go to the spool;
     *         "replaying": this process sends what waits there; events go there, or leave behind it
     *     sent, acknowledged: by this process, what it replayed included
     *     pending, pending_bytes: in the outbox, unsent
     *     unacknowledged: written to the connection, no answer read yet
     *     spooled: by this process; replayed: from the spool and acknowledged, whoever had spooled it
     *     possibly_repeated: sent again by this process, and it is not known whether the first time had
     *         reached the peer. A relay that has not been restarted drops the second one
     *     dropped, dropped_by_reason: accepted by no one. outbox_events, outbox_bytes: the outbox was at its
     *         bound; spool_full, spool_disk: the same, after the spool had reached spool_bytes or the system
     *         had refused to write it (last_error says why). Found in the spool by this process:
     *         spool_expired (older than spool_age_s), spool_torn (damaged; runs of bytes, not events),
     *         spool_refused (not signed with this application's secret)
     *     dropped_in_a_row: calls that dropped something since the last one that sent all it had
     *     rejected: refused by the peer one by one
     *     resent: written again on a new connection, from the outbox
     *     circuit_openings: how often the mode went from direct to spooling because the peer was away
     *     writes, partial_writes: system calls
     *     last_error: a sentence about the connection or the spool
     *     spool: null without one. waiting, waiting_bytes: to be replayed; bytes_max: the option
     *         spool_bytes; error: the file's last error in this process; appended, replayed,
     *         possibly_repeated, expired, torn, refused: by all processes
     *
     * @return array{
     *     mode: 'direct'|'spooling'|'replaying',
     *     connected: bool,
     *     sent: int,
     *     acknowledged: int,
     *     pending: int,
     *     pending_bytes: int,
     *     unacknowledged: int,
     *     spooled: int,
     *     replayed: int,
     *     possibly_repeated: int,
     *     dropped: int,
     *     dropped_by_reason: array{outbox_events: int, outbox_bytes: int, spool_full: int, spool_disk: int, spool_expired: int, spool_torn: int, spool_refused: int},
     *     dropped_in_a_row: int,
     *     rejected: int,
     *     resent: int,
     *     circuit_openings: int,
     *     connects: int,
     *     connect_failures: int,
     *     writes: int,
     *     partial_writes: int,
     *     last_error: string|null,
     *     spool: array{path: string, error: string|null, waiting: int, waiting_bytes: int, bytes_max: int, appended: int, replayed: int, possibly_repeated: int, expired: int, torn: int, refused: int}|null
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

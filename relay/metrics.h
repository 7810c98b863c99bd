/* SPDX-License-Identifier: MIT
 *
 * Every counter and gauge of the relay, one line each. A worker counts in its own plain struct;
 * the reader sums them. INFO on the ingest socket prints all of them.
 */
#ifndef METRICS_H
#define METRICS_H

#include <stdint.h>

/* name, what it says */
#define METRICS_LIST(M)                                                                            \
	M(connections, "open client sockets (gauge)")                                                  \
	M(connections_total, "client sockets accepted")                                                \
	M(connections_refused,                                                                         \
		"client sockets turned away at accept: descriptors run short, or too many wait")           \
	M(upgrades, "WebSocket upgrades completed")                                                    \
	M(sessions_refused,                                                                            \
		"WebSockets closed at once: path, key, protocol, quota, capacity or restart (4xxx)")       \
	M(http_requests, "HTTP requests answered, upgrades left out")                                  \
	M(http_errors, "malformed, oversized or late HTTP requests")                                   \
	M(ws_errors, "connections closed for a WebSocket protocol error (1002, 1007, 1008, 1009)")     \
	M(messages_in, "WebSocket messages received")                                                  \
	M(pusher_errors, "pusher:error frames sent")                                                   \
	M(subscriptions, "open subscriptions (gauge)")                                                 \
	M(subscribe_errors, "subscriptions refused")                                                   \
	M(client_events, "client events relayed")                                                      \
	M(client_events_refused, "client events refused: rules, rate or size")                         \
	M(probes, "WebSocket pings sent to idle clients")                                              \
	M(probe_failures, "clients closed with 4201")                                                  \
	M(deliveries, "messages queued to client sockets")                                             \
	M(sends, "send system calls for client sockets")                                               \
	M(backlogs, "sends that the kernel refused or cut short")                                      \
	M(overflows, "clients and other peers closed because they read too slowly")                    \
	M(ingest_connections, "open ingest connections (gauge)")                                       \
	M(ingest_commands, "RESP commands received")                                                   \
	M(ingest_errors, "RESP errors answered: syntax, authentication, limits")                       \
	M(publishes, "envelopes accepted")                                                             \
	M(envelopes_refused, "envelopes refused: version, format, signature, size, UTF-8")             \
	M(duplicates, "envelopes dropped because their id was seen on the channel")                    \
	M(sequence_gaps, "numbers missing in publishers' sequences: events that did not get here")     \
	M(sequence_repeats, "numbers of publishers' sequences that came again, or late")               \
	M(spool_replayed, "events published from spools")                                              \
	M(spool_repeated, "of those: may have been published before; doubles are dropped by id")       \
	M(spool_refused, "events of spools refused: signature, format, size, channel")                 \
	M(spool_expired, "events of spools that were older than spool_age_ms")                         \
	M(spool_torn, "damaged places of spools that were passed over")                                \
	M(publisher_dropped_outbox_events, "events publishers dropped: the outbox was full (events)")  \
	M(publisher_dropped_outbox_bytes, "events publishers dropped: the outbox was full (bytes)")    \
	M(publisher_dropped_spool_full, "events publishers dropped: the spool was full")               \
	M(publisher_dropped_spool_disk, "events publishers dropped: the spool could not be written")   \
	M(publisher_dropped_spool_expired, "events publishers dropped from a spool: too old")          \
	M(publisher_dropped_spool_torn, "damaged places of spools that publishers passed over")        \
	M(publisher_dropped_spool_refused, "events publishers dropped from a spool: not acceptable")   \
	M(publisher_dropped_other, "events publishers dropped for reasons unknown to this relay")      \
	M(mail_refused, "messages dropped because a worker's mailbox was full")                        \
	M(redis_connects, "connections made to Redis")                                                 \
	M(redis_failures, "connections to Redis lost or failed")                                       \
	M(redis_messages, "messages received from Redis")                                              \
	M(redis_dropped, "client events not passed on to Redis: link down or backlog full")            \
	M(laravel_messages, "messages of Laravel's redis broadcaster delivered")                       \
	M(laravel_refused, "messages of Laravel's redis broadcaster refused: format, name or size")    \
	M(origins_refused, "clients closed because of their page's origin")                            \
	M(signins, "sign-ins accepted")                                                                \
	M(signin_errors, "sign-ins refused")                                                           \
	M(terminated, "connections closed by terminate_connections")                                   \
	M(authorization_timeouts, "connections closed by authorization_timeout_ms")                    \
	M(cache_hits, "subscriptions that got a cached event")                                         \
	M(cache_misses, "subscriptions to an empty cache channel")                                     \
	M(cache_evictions, "cached events dropped for room")                                           \
	M(api_requests, "requests of the HTTP API")                                                    \
	M(api_errors, "requests of the HTTP API refused")                                              \
	M(api_events, "events published by the HTTP API")                                              \
	M(api_keys_forgotten, "idempotency keys forgotten before their time, for room")                \
	M(api_repeats, "requests of the HTTP API answered from their idempotency key")                 \
	M(webhook_events, "webhook events accepted for sending")                                       \
	M(webhook_requests, "webhook requests answered by 2xx")                                        \
	M(webhook_failures, "webhook requests that failed; they are retried")                          \
	M(webhook_dropped, "webhook events dropped: queue full or given up")                           \
	M(tls_handshakes, "TLS handshakes completed")                                                  \
	M(tls_failures, "TLS handshakes and connections that failed")                                  \
	M(proxy_refused, "connections closed for a bad PROXY header")                                  \
	M(compressions, "messages compressed")                                                         \
	M(inflations, "compressed client messages")                                                    \
	M(xhr_sessions, "sessions opened by the HTTP fallbacks")                                       \
	M(xhr_requests, "requests of the HTTP fallbacks")

struct metrics {
#define METRICS_MEMBER(name, help) uint64_t name;
	METRICS_LIST(METRICS_MEMBER)
#undef METRICS_MEMBER
};

struct metrics_info {
	const char *name;
	const char *help;
	unsigned offset; /* of the uint64_t in struct metrics */
};

extern const struct metrics_info metrics_table[];
extern const unsigned metrics_count;

/* sum += part, member by member. Readers may see a counter of a running worker a little late. */
void metrics_add(struct metrics *sum, const struct metrics *part);

#endif

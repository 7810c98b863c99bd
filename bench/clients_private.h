/* SPDX-License-Identifier: MIT
 *
 * One connection, shared by clients.c (sockets) and speak.c (what is said on them).
 */
#ifndef BENCH_CLIENTS_PRIVATE_H
#define BENCH_CLIENTS_PRIVATE_H

#include "clients.h"

#define CLIENT_READ_BYTES 65536

enum stage {
	CONNECTING,
	UPGRADING,    /* waits for the answer to the upgrade */
	ESTABLISHING, /* waits for connection_established */
	SUBSCRIBING,  /* waits for subscription_succeeded of each channel */
	READY,
	STALLED,  /* ready, but does not read */
	CATCHING, /* reads again what it missed */
	GONE,
};

struct client {
	int fd;
	enum stage stage;
	uint32_t channel_count;
	uint32_t unanswered; /* subscriptions */
	uint32_t held;       /* bytes of an incomplete frame in `buffer`; plain: bytes of one */
	char *buffer;        /* only while something is held */
	union {
		struct subscription one; /* if channel_count is 1 */
		struct subscription *many;
	} on;
};

struct clients {
	const struct options *options;
	struct ledger *ledger;
	int epoll;
	struct client *client;
	size_t cap;
	size_t count;
	size_t ready;
	size_t stalled;   /* the last ones */
	size_t sources;   /* addresses used up, see clients.c */
	int64_t progress; /* when something came last */
	enum plan plan;
	size_t plan_channels;
};

static inline struct subscription *client_subscriptions(struct client *client)
{
	return client->channel_count == 1 ? &client->on.one : client->on.many;
}

/* The connection is there: says the first word. */
void speak_start(struct clients *clients, struct client *client);
/* Bytes have come. */
void speak_bytes(
	struct clients *clients, struct client *client, struct cln_slice bytes, int64_t now);

#endif

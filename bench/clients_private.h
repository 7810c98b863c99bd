/* SPDX-License-Identifier: MIT
 *
 * One connection, shared by clients.c (sockets) and speak.c (what is said on them).
 */
#ifndef BENCH_CLIENTS_PRIVATE_H
#define BENCH_CLIENTS_PRIVATE_H

#include "clients.h"
#include "inflater.h"
#include "secure.h"

#define CLIENT_READ_BYTES 65536

enum stage {
	CONNECTING,
	SECURING,     /* TLS's handshake */
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
	uint32_t unanswered;   /* subscriptions */
	uint32_t held;         /* bytes of an incomplete frame in `buffer`; plain: bytes of one */
	uint32_t cap;          /* of `buffer` */
	char *buffer;          /* only while something is held */
	struct secure *secure; /* NULL without TLS */
	int64_t intended;      /* when it was to be opened */
	uint32_t listed;       /* presence: members when it joined, with itself */
	uint32_t added;        /* and the ones it heard of since */
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
	size_t stalled;            /* the last ones */
	struct samples *opened;    /* ns from the intended time until it was ready; NULL: not taken */
	struct inflater *inflater; /* NULL without --deflate */
	struct secure_context *secure; /* NULL without --tls */
	size_t sources;                /* addresses used up, see clients.c */
	int64_t progress;              /* when something came last */
	size_t users;                  /* presence: names given so far */
	size_t total;                  /* of the plan */
	size_t plan_channels;
	enum plan plan;
	bool is_more; /* the last look did not see everything */
	bool is_aside;
	size_t aside_from; /* number of the first client that is aside */
};

static inline struct subscription *client_subscriptions(struct client *client)
{
	return client->channel_count == 1 ? &client->on.one : client->on.many;
}

/* The client is ready to receive. */
void client_ready(struct clients *clients, struct client *client);

/* The connection is there: says the first word. */
void speak_start(struct clients *clients, struct client *client);
/* Bytes have come. */
void speak_bytes(
	struct clients *clients, struct client *client, struct cln_slice bytes, int64_t now);

#endif

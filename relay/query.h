/* SPDX-License-Identifier: MIT
 *
 * Questions that one worker asks of others, by mail, and their answers. First the way of any
 * question; then those about channels, whose state lives at each channel's home: a request of the
 * HTTP API asks one home or all workers, and gets the finished JSON.
 */
#ifndef QUERY_H
#define QUERY_H

#include "../wire/slice.h"

#include <stdbool.h>
#include <stddef.h>

struct hub;

/* --- any question --- */

/* Put first into a heap-allocated struct of the asker's. */
struct query {
	unsigned asker; /* worker; set by query_ask() */
	/* At the worker that is asked: ends, now or later, by query_answer(). */
	void (*on_ask)(struct hub *hub, struct query *query);
	/* Back at the asker: frees the query. */
	void (*on_answer)(struct hub *hub, struct query *query);
	/* Instead of both, on the main thread when the workers have ended: frees the query. */
	void (*on_drop)(struct query *query);
};

/* Both give the query away; with one worker the other end is called before they return. */
void query_ask(struct hub *hub, unsigned worker, struct query *query);
void query_answer(struct hub *hub, struct query *query);

/* --- about channels --- */

enum query_info {
	QUERY_USER_COUNT = 1, /* of presence channels only */
	QUERY_SUBSCRIPTION_COUNT = 2,
	QUERY_CACHE = 4,
	QUERY_OCCUPIED = 8,
	QUERY_USERS = 16,            /* the members' ids */
	QUERY_CONNECTION_COUNT = 32, /* the old name of subscription_count */
};

struct query_item {
	struct cln_slice channel;
	unsigned info; /* enum query_info */
};

enum query_shape {
	QUERY_MAP,    /* {"channels":{"NAME":{...},...}} */
	QUERY_ARRAY,  /* {"batch":[{...},...]}, in the order of the items */
	QUERY_OBJECT, /* {...} of the one item */
};

/* `json` is borrowed; NULL if the process ends before the answer. */
typedef void (*query_done_fn)(void *user, const struct cln_slice *json);

/* Items are copied. `done` may be called before this returns. */
void query_channels(struct hub *hub, unsigned app, const struct query_item *items, size_t count,
	enum query_shape shape, query_done_fn done, void *user);

/* {"channels":{...}} of those channels that begin with `prefix` and have a client. Channels of
 * users ("#...") are listed only if the prefix asks for them. */
void query_occupied(struct hub *hub, unsigned app, struct cln_slice prefix, unsigned info,
	query_done_fn done, void *user);

#endif

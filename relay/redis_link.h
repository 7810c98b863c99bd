/* SPDX-License-Identifier: MIT
 *
 * One connection to Redis that comes back by itself: resolves, connects, logs in, tells its owner,
 * probes a silent peer, and after a loss tries again, 50 ms at first, doubling, with full jitter.
 * Never blocks the loop.
 */
#ifndef REDIS_LINK_H
#define REDIS_LINK_H

#include "loop.h"
#include "redis_address.h"

#include "../wire/reply.h"

#include "base/buf.h"

struct redis_link;

struct redis_link_ops {
	const char *name; /* for the log */
	/* Logged in: commands may be sent. */
	void (*on_up)(void *owner);
	/* A reply or a pushed message; answers to the link's own probes are left out. */
	void (*on_reply)(void *owner, const struct cln_reply *reply);
	/* Called once per on_up(). */
	void (*on_down)(void *owner);
};

/* `address` is borrowed. `reply_max` bounds one reply. */
struct redis_link *redis_link_new(struct loop *loop, const struct redis_address *address,
	const struct redis_link_ops *ops, void *owner, size_t reply_max);
void redis_link_start(struct redis_link *link);
/* No on_down() any more. */
void redis_link_free(struct redis_link *link);
bool redis_link_is_up(const struct redis_link *link);

/* Sends `commands` (RESP) and empties the buffer. False, with nothing sent, if the link is down or
 * its backlog is full. */
bool redis_link_send(struct redis_link *link, struct buf *commands);

/* Appends one command to `out`. */
void redis_command(struct buf *out, const struct cln_slice *words, size_t count);

#endif

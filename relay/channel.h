/* SPDX-License-Identifier: MIT
 *
 * A channel as one worker sees it, and who of this worker's subscribers is on it. Knows no
 * sockets: a subscriber is three functions. The channel's home (home.h) may be another worker.
 *
 * A subscription waits until the channel is live (the engine delivers) and, on a presence channel,
 * until the home has let the member in; only then it stands in the dense array that fanout.c runs
 * over. A channel lives as long as it has subscriptions; the hub frees it.
 */
#ifndef CHANNEL_H
#define CHANNEL_H

#include "app.h"
#include "base/frame.h"
#include "base/map.h"

#include "../wire/limits.h"
#include "../wire/name.h"

#include <assert.h>
#include <stdint.h>
#include <sys/queue.h>

struct channel;
struct subscriber;

struct subscriber_ops {
	/* Must not change any channel: what it leads to (closing) happens later. */
	void (*deliver)(
		struct subscriber *subscriber, const struct channel *channel, struct frame *frame);
	void (*close)(struct subscriber *subscriber, uint16_t code, struct cln_slice reason);
	void (*describe)(const struct subscriber *subscriber, char *out, size_t cap);
	/* Several messages at once; as deliver() of each. NULL: that is what is called. */
	void (*deliver_all)(struct subscriber *subscriber, const struct frame_run *run);
};

/* What a subscription has besides while it waits, and a presence member's for good. */
struct subscription_extra {
	LIST_ENTRY(subscription_extra) waiting; /* of channel->waiting */
	struct subscriber *subscriber;
	uint64_t token; /* names this subscription in mail; unique within the worker */
	uint32_t place; /* of the subscription among the subscriber's */
	size_t user_id_len;
	char user_id[]; /* presence members only */
};

LIST_HEAD(subscription_waiting, subscription_extra);

/* Stands in its subscriber, or in an array there: it moves whenever that one's other subscriptions
 * come or go, so nobody keeps a pointer to it. */
struct subscription {
	struct channel *channel;
	struct subscription_extra *extra; /* NULL: live, and no member's */
	uint32_t index;                   /* in channel's live, SUBSCRIPTION_WAITING before */
};

#define SUBSCRIPTION_WAITING UINT32_MAX

/* Embedded in a session or a watching ingest connection. Most have one subscription: it needs no
 * memory of its own. */
struct subscriber {
	const struct subscriber_ops *ops;
	uint64_t id;    /* the socket id; 0: not a client, gets no protocol frames */
	uint32_t count; /* of subscriptions */
	uint32_t cap;   /* of `many`; 0: it is `one` that counts */
	union {
		struct subscription one;
		struct subscription *many;
	};
};

/* Who is live: subscribers, dense, for the delivery loop to run over. What only leaving needs, each
 * one's place among its subscriber's subscriptions, stands apart. One subscriber needs no memory of
 * its own. */
struct channel {
	struct app *app;
	uint64_t token; /* of the interest that was posted to the home */
	union {
		struct subscriber *one;
		struct subscriber **many; /* `live_cap` of them, then as many places */
	};
	uint32_t place; /* of `one` */
	uint32_t live_count;
	uint32_t live_cap; /* 0: it is `one` that counts */
	uint32_t clients;  /* of the live subscriptions: those that don't just watch */
	struct subscription_waiting waiting;
	struct cln_channel_type type;
	bool is_live;
	uint8_t home; /* worker */
	uint8_t name_len;
	char name[];
};

static_assert(CONF_WORKERS_MAX <= UINT8_MAX, "channel.home");
static_assert(CLN_CHANNEL_NAME_MAX <= UINT8_MAX, "channel.name_len");

void subscriber_init(struct subscriber *subscriber, const struct subscriber_ops *ops, uint64_t id);

/* The name must have passed cln_channel_check(). */
struct channel *channel_new(
	struct app *app, struct cln_slice name, const struct cln_channel_type *type);
struct channel *channel_find(struct app *app, struct cln_slice name);
struct cln_slice channel_name(const struct channel *channel);
bool channel_is_empty(const struct channel *channel);
void channel_free(struct channel *channel); /* must be empty */

/* The live ones, live_count of them. */
struct subscriber *const *channel_live(const struct channel *channel);
/* One that waits, NULL if none does; then the next one. */
struct subscription *channel_waiting(const struct channel *channel);
struct subscription *subscription_next_waiting(const struct subscription *subscription);

/* Starts as waiting. `user_id` has len 0 unless it is a presence member's. */
struct subscription *subscription_new(struct channel *channel, struct subscriber *subscriber,
	uint64_t token, struct cln_slice user_id);
struct subscription *subscription_find(
	struct subscriber *subscriber, const struct channel *channel);
/* The newest one, if none of the others has gone; NULL if there is none. */
struct subscription *subscription_last(struct subscriber *subscriber);
bool subscription_is_waiting(const struct subscription *subscription);
struct subscriber *subscription_subscriber(const struct subscription *subscription);
/* 0 unless it waits or is a member's. */
uint64_t subscription_token(const struct subscription *subscription);
struct cln_slice subscription_user(const struct subscription *subscription);
/* From waiting to live. */
void subscription_enter(struct subscription *subscription);
void subscription_free(struct subscription *subscription);

#endif

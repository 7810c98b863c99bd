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

#include "../wire/name.h"

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
};

struct subscription {
	struct subscriber *subscriber;
	struct channel *channel;
	LIST_ENTRY(subscription) of_subscriber;
	TAILQ_ENTRY(subscription) of_channel; /* while waiting */
	size_t index;                         /* in channel->live, SUBSCRIPTION_WAITING before */
	uint64_t token; /* names this subscription in mail; unique within the worker */
	size_t user_id_len;
	char user_id[]; /* presence members only */
};

#define SUBSCRIPTION_WAITING SIZE_MAX

LIST_HEAD(subscriber_list, subscription);
TAILQ_HEAD(channel_waiting, subscription);

/* What the delivery loop reads, one behind another. */
struct channel_slot {
	struct subscriber *subscriber;
	struct subscription *subscription;
};

/* Embedded in a session or a watching ingest connection. */
struct subscriber {
	const struct subscriber_ops *ops;
	uint64_t id;    /* the socket id; 0: not a client, gets no protocol frames */
	unsigned count; /* of subscriptions */
	struct subscriber_list subscriptions;
};

struct channel {
	struct app *app;
	struct cln_channel_type type;
	bool is_live;
	unsigned home;    /* worker */
	unsigned clients; /* of the live subscriptions: those that don't just watch */
	uint64_t token;   /* of the interest that was posted to the home */
	struct channel_slot *live;
	size_t live_count;
	size_t live_cap;
	struct channel_waiting waiting;
	size_t name_len;
	char name[];
};

void subscriber_init(struct subscriber *subscriber, const struct subscriber_ops *ops, uint64_t id);

/* The name must have passed cln_channel_check(). */
struct channel *channel_new(
	struct app *app, struct cln_slice name, const struct cln_channel_type *type);
struct channel *channel_find(struct app *app, struct cln_slice name);
struct cln_slice channel_name(const struct channel *channel);
bool channel_is_empty(const struct channel *channel);
void channel_free(struct channel *channel); /* must be empty */

/* Starts as waiting. `user_id` has len 0 unless it is a presence member's. */
struct subscription *subscription_new(struct channel *channel, struct subscriber *subscriber,
	uint64_t token, struct cln_slice user_id);
struct subscription *subscription_find(
	const struct subscriber *subscriber, const struct channel *channel);
bool subscription_is_waiting(const struct subscription *subscription);
struct cln_slice subscription_user(const struct subscription *subscription);
/* From waiting to live. */
void subscription_enter(struct subscription *subscription);
void subscription_free(struct subscription *subscription);

#endif

/* SPDX-License-Identifier: MIT
 *
 * The home side of a channel, kept by one worker for all: which workers have subscribers and how
 * many, whether the engine delivers, who is a member, and which joins wait for the engine. Plain
 * data; hub_home.c acts on it.
 */
#ifndef HOME_H
#define HOME_H

#include "app.h"
#include "presence.h"

#include "../wire/limits.h"
#include "../wire/name.h"

#include <assert.h>
#include <sys/queue.h>

struct home_counting;

/* A subscription that asked to come in while the engine was not ready. */
struct home_join {
	TAILQ_ENTRY(home_join) link;
	unsigned worker;
	uint64_t socket;
	uint64_t token;
	size_t id_len;
	size_t info_len;
	char bytes[]; /* user id, then user_info; both empty if it is no member's */
};

TAILQ_HEAD(home_joins, home_join);

/* One of the workers as a home sees it. */
struct home_worker {
	uint64_t token;   /* of its interest */
	unsigned clients; /* its live subscriptions that are clients' */
};

struct home {
	struct app *app;
	uint64_t interested; /* bit per worker */
	struct cln_channel_type type;
	bool is_live;
	bool is_occupied; /* as it was last told by a webhook */
	uint8_t worker_count;
	uint8_t name_len;
	uint16_t holds;   /* not freed while somebody works on it */
	unsigned clients; /* of all workers */
	struct presence presence;
	struct home_joins joins;
	struct home_counting *counting; /* of hub_count.c; NULL with few subscribers */
	struct home_worker workers[];   /* worker_count of them, then the name */
};

static_assert(CONF_WORKERS_MAX <= 64, "one bit of home.interested a worker");
static_assert(CLN_CHANNEL_NAME_MAX <= UINT8_MAX, "home.name_len");

/* The name has passed cln_channel_check(). */
struct home *home_new(struct app *app, struct cln_slice name, unsigned workers);
struct home *home_find(struct app *app, struct cln_slice name);
struct cln_slice home_name(const struct home *home);
/* How many live subscriptions of clients the channel has, those of all workers together. */
unsigned home_subscription_count(const struct home *home);
void home_set_clients(struct home *home, unsigned worker, unsigned clients);
/* Nobody is interested, nobody is a member, nobody waits or holds. */
bool home_is_idle(const struct home *home);
void home_free(struct home *home);
/* At the worker's end, whatever state they are in. */
void homes_free(struct app *app);

struct home_join *home_join_new(struct home *home, unsigned worker, uint64_t socket, uint64_t token,
	struct cln_slice id, struct cln_slice info);
/* Takes back a waiting join; nothing if there is none. */
void home_join_cancel(struct home *home, unsigned worker, uint64_t token);
struct cln_slice home_join_id(const struct home_join *join);
struct cln_slice home_join_info(const struct home_join *join);

#endif

/* SPDX-License-Identifier: MIT
 *
 * What the parts of the hub (hub.c, hub_local.c, hub_home.c, note.c) and its users within the
 * worker (session, pusher, ingest, engines) see of it. Own thread only, but for what says other.
 */
#ifndef HUB_PRIVATE_H
#define HUB_PRIVATE_H

#include "base/log.h"
#include "channel.h"
#include "engine.h"
#include "fanout.h"
#include "home.h"
#include "hub.h"
#include "msg.h"
#include "note.h"
#include "seen.h"
#include "session_private.h"
#include "webhook.h"
#include "ws.h"

#include "../wire/id.h"

#include <assert.h>
#include <stdatomic.h>

/* Rows of twice as many counters each: they grow and stay where they are. */
#define HUB_COUNTERS_FIRST 256u
#define HUB_COUNTERS_MAX   10

static_assert(
	HUB_COUNTERS_FIRST * ((1 << HUB_COUNTERS_MAX) - 1) >= CONF_APPS_MAX, "a counter for each");

struct hub_shared {
	const struct conf *_Atomic conf; /* replaced as a whole, see hub_learn() */
	struct loop *main;               /* of the main thread */
	struct webhooks *webhooks;       /* NULL in tests */
	struct hub *hubs[CONF_WORKERS_MAX];
	unsigned count;
	atomic_bool is_draining;
	atomic_uint sessions;
	atomic_uint *app_sessions[HUB_COUNTERS_MAX]; /* rows, see hub_shared_grow() */
	atomic_uint_fast64_t watching;               /* bit per worker that has pattern watchers */
};

struct xhr_hub;
struct spool_pickup;
struct watch;
LIST_HEAD(watch_list, watch);
struct ingest;
LIST_HEAD(ingest_list, ingest);

struct hub {
	struct hub_shared *shared;
	struct loop *loop;
	unsigned index; /* of the worker; outlives the loop */
	struct engine *engine;
	struct app_list apps;
	struct seen seen;      /* of the channels at home here */
	struct table sessions; /* by socket id; the hash is session_hash() */
	struct fanout fanout;  /* this turn's messages for a channel; empty between turns */
	atomic_uint session_count;
	uint64_t last_token;
	struct cln_id_source ids;         /* of client events */
	struct ws_limits **limits;        /* per application; sockets borrow them */
	struct ws_limits *refused_limits; /* of upgrades that are closed at once */
	struct idempotency *idempotency;  /* of the keys kept here; NULL before the first */
	struct frame *pong;
	struct xhr_hub *xhr;           /* sessions of the HTTP fallbacks */
	struct spool_pickup *spools;   /* worker 0's; NULL: the configuration names none */
	struct laravel_redis *laravel; /* NULL: no application listens to Laravel's broadcaster */
	struct watch_list watches;     /* patterns that people watch, see ingest.h */
	struct ingest_list ingests;
	int64_t started_ms;
	bool is_stopped;
	struct log_limit log_refusals;
};

/* The application that a message names; it exists. */
struct app *hub_app(const struct hub *hub, unsigned index);

/* --- this worker's side of channels (hub_local.c) --- */

enum hub_subscribed {
	HUB_SUBSCRIBED, /* or under way: the frames that say so come by themselves */
	HUB_ALREADY,
};

/* Of a presence member; zeroed for other subscriptions. */
struct hub_member {
	struct cln_slice id;
	struct cln_slice info;
};

/* The name and its type must have passed cln_channel_check(). */
enum hub_subscribed hub_subscribe(struct hub *hub, struct subscriber *subscriber, struct app *app,
	struct cln_slice name, const struct cln_channel_type *type, const struct hub_member *member);
/* NULL if `subscriber` is not on that channel. */
struct subscription *hub_find(
	struct subscriber *subscriber, struct app *app, struct cln_slice name);
void hub_unsubscribe(struct hub *hub, struct subscription *subscription);
void hub_unsubscribe_all(struct hub *hub, struct subscriber *subscriber);

/* Before a channel's subscribers change, or one of them is told something else: what was published
 * before goes out first. */
void hub_hand_out(struct hub *hub);
/* To all subscribers of the channel, by way of its home. */
void hub_publish(struct hub *hub, const struct msg *msg);
/* A fresh message id for a client event. */
void hub_next_id(struct hub *hub, unsigned char id[CLN_ID_BYTES]);

struct session *hub_find_session(struct hub *hub, uint64_t socket);

/* --- the home side (hub_home.c), called by engines --- */

/* The engine delivers `channel` from now on. */
void hub_on_live(struct hub *hub, struct app *app, struct cln_slice channel);
/* The engine lost its link: nothing is live until it says so again. */
void hub_on_lost(struct hub *hub);
/* Forgets what has a timer, before the loop goes. */
void hub_home_stop(struct hub *hub);

/* --- mail between hubs --- */

/* Calls the handler directly if `worker` is this one. */
void hub_send(struct hub *hub, unsigned worker, const struct note *note);
unsigned hub_home_of(const struct hub *hub, unsigned app, struct cln_slice channel);

void hub_local_handle(struct hub *hub, const struct note *note);
void hub_home_handle(struct hub *hub, const struct note *note);
void hub_users_handle(struct hub *hub, const struct note *note);
void query_handle(struct hub *hub, const struct note *note);
/* Of a note that nobody handles any more. */
void query_drop(const struct note *note);
/* Forgets idempotency keys and whoever waits for their answers (api_repeat.c). */
void api_repeat_stop(struct hub *hub);
/* In ingest_watch.c: shows a message to the people who watch patterns in this worker. */
void watch_deliver(struct hub *hub, const struct msg *msg);

#endif

/* SPDX-License-Identifier: MIT
 *
 * The hub's life, its sessions and its mail.
 */
#include "hub_private.h"
#include "base/rand.h"
#include "ingest.h"
#include "laravel_redis.h"
#include "pusher_frame.h"
#include "spool_pickup.h"
#include "users.h"
#include "xhr.h"

#include <assert.h>

struct hub_shared *hub_shared_new(const struct conf *conf, struct loop *main)
{
	struct hub_shared *const shared = xcalloc(1, sizeof(*shared));
	shared->conf = conf;
	shared->main = main;
	hub_shared_grow(shared, conf);
	return shared;
}

void hub_shared_set_webhooks(struct hub_shared *shared, struct webhooks *webhooks)
{
	shared->webhooks = webhooks;
}

void hub_shared_free(struct hub_shared *shared)
{
	for (unsigned i = 0; i < HUB_COUNTERS_MAX; i++)
		free(shared->app_sessions[i]);
	free(shared);
}

/* Row 0 has the first HUB_COUNTERS_FIRST counters, each further row twice as many. */
static unsigned row_of(unsigned index, unsigned *first)
{
	unsigned row = 0;
	*first = 0;
	while (index - *first >= HUB_COUNTERS_FIRST << row)
		*first += HUB_COUNTERS_FIRST << row++;
	return row;
}

void hub_shared_grow(struct hub_shared *shared, const struct conf *conf)
{
	unsigned first;
	const unsigned rows =
		conf->app_count == 0 ? 0 : row_of((unsigned)conf->app_count - 1, &first) + 1;
	for (unsigned row = 0; row < rows; row++) {
		if (shared->app_sessions[row] == NULL)
			shared->app_sessions[row] = xcalloc(HUB_COUNTERS_FIRST << row, sizeof(atomic_uint));
	}
}

void hub_shared_set_conf(struct hub_shared *shared, const struct conf *conf)
{
	shared->conf = conf;
}

bool hub_shared_is_ready(const struct hub_shared *shared)
{
	if (atomic_load(&shared->is_draining))
		return false;
	for (unsigned i = 0; i < shared->count; i++) {
		const struct engine *const engine = shared->hubs[i]->engine;
		if (!engine->ops->is_ready(engine))
			return false;
	}
	return shared->count > 0;
}

static atomic_uint *sessions_of(struct hub_shared *shared, unsigned index)
{
	unsigned first;
	const unsigned row = row_of(index, &first);
	return &shared->app_sessions[row][index - first];
}

void hub_learn(struct hub *hub, const struct conf *conf)
{
	const unsigned before = hub->apps.count;
	hub->loop->conf = conf;
	app_list_learn(&hub->apps, conf);
	hub->limits = xrealloc(hub->limits, (hub->apps.count + 1) * sizeof(struct ws_limits *));
	for (unsigned i = 0; i < hub->apps.count; i++) {
		if (i >= before) {
			hub->limits[i] = xcalloc(1, sizeof(struct ws_limits));
			hub->apps.slots[i]->hub = hub;
			hub->apps.slots[i]->sessions = sessions_of(hub->shared, i);
		}
		session_limits_set(hub->limits[i], conf, &conf->apps[i]);
	}
	if (hub->refused_limits == NULL)
		hub->refused_limits = xcalloc(1, sizeof(struct ws_limits));
	session_limits_set(hub->refused_limits, conf, NULL);
}

/* Who may not stay, and why; 0 if it may. */
static uint16_t misfit(const struct session *session, struct cln_slice *reason)
{
	const struct conf_app *const conf = session->app->conf;
	if (conf->is_removed) {
		*reason = CLN_SLICE("The application does not exist any more");
		return PUSHER_NO_APP;
	}
	if (!conf->enabled) {
		*reason = CLN_SLICE("The application is disabled");
		return PUSHER_DISABLED;
	}
	if (conf->tls_only && !session->is_secure) {
		*reason = CLN_SLICE("The application wants TLS: connect by wss");
		return PUSHER_TLS_ONLY;
	}
	return 0;
}

void hub_switch(struct hub *hub, const struct conf *conf)
{
	struct session *session;
	uint32_t at = 0;
	app_list_find_by(&hub->apps, conf);
	while ((session = table_next(&hub->sessions, &at)) != NULL) {
		struct cln_slice reason;
		const uint16_t code = misfit(session, &reason);
		if (code != 0)
			session_close(session, code, reason);
	}
	ingest_dismiss(hub);
	laravel_redis_update(hub);
}

static void free_limits(struct hub *hub)
{
	for (unsigned i = 0; i < hub->apps.count; i++)
		free(hub->limits[i]);
	free(hub->limits);
	free(hub->refused_limits);
}

static void hand_out(void *hub)
{
	hub_hand_out(hub);
}

struct hub *hub_new(struct hub_shared *shared, struct loop *loop)
{
	struct hub *const hub = xcalloc(1, sizeof(*hub));
	hub->shared = shared;
	hub->loop = loop;
	hub->index = loop->index;
	loop->hand_out = hand_out;
	loop->hand_out_context = hub;
	hub->pong = pusher_frame_pong();
	hub->started_ms = loop->now_ms;
	hub_learn(hub, shared->conf);
	app_list_find_by(&hub->apps, shared->conf);
	seen_init(&hub->seen, shared->conf->seen_ids);
	hub->xhr = xhr_hub_new(hub);
	LIST_INIT(&hub->watches);
	LIST_INIT(&hub->ingests);
	hub->engine =
		shared->conf->engine == CONF_ENGINE_REDIS ? engine_redis_new(hub) : engine_local_new(hub);
	assert(loop->index < CONF_WORKERS_MAX && shared->hubs[loop->index] == NULL);
	shared->hubs[loop->index] = hub;
	shared->count++;
	return hub;
}

void hub_start(struct hub *hub)
{
	hub->engine->ops->start(hub->engine);
	laravel_redis_update(hub);
	if (hub->index == 0)
		hub->spools = spool_pickup_new(hub);
}

void hub_accept_ingest(struct hub *hub, int fd, bool is_unix)
{
	ingest_accept(hub, fd, is_unix);
}

void hub_drain(struct hub *hub)
{
	atomic_store(&hub->shared->is_draining, true);
	struct session *session;
	uint32_t at = 0;
	while ((session = table_next(&hub->sessions, &at)) != NULL)
		session_close(session, PUSHER_RESTART, CLN_SLICE("server is restarting"));
}

unsigned hub_session_count(const struct hub *hub)
{
	return atomic_load_explicit(&hub->session_count, memory_order_relaxed);
}

void hub_stop(struct hub *hub)
{
	if (hub->is_stopped)
		return;
	hub->is_stopped = true;
	hub_hand_out(hub);
	xhr_hub_stop(hub->xhr);
	laravel_redis_stop(hub);
	spool_pickup_free(hub->spools);
	hub->spools = NULL;
	hub_home_stop(hub);
	api_repeat_stop(hub);
	hub->engine->ops->stop(hub->engine);
	hub->engine = NULL;
}

void hub_free(struct hub *hub)
{
	assert(hub->is_stopped && hub->sessions.count == 0);
	for (unsigned i = 0; i < hub->apps.count; i++) {
		homes_free(hub->apps.slots[i]);
		user_homes_free(hub->apps.slots[i]);
	}
	hub->shared->hubs[hub->index] = NULL;
	hub->shared->count--;
	xhr_hub_free(hub->xhr);
	seen_deinit(&hub->seen);
	frame_unref(hub->pong);
	free_limits(hub);
	app_list_deinit(&hub->apps);
	free(hub);
}

void hub_serve(
	struct hub *hub, const struct http_limits *limits, http_router_fn router, void *context)
{
	xhr_hub_serve(hub->xhr, limits, router, context);
}

struct loop *hub_loop(const struct hub *hub)
{
	return hub->loop;
}

struct app *hub_app(const struct hub *hub, unsigned index)
{
	return hub->apps.slots[index];
}

static bool is_session(const void *session, const void *socket)
{
	return ((const struct session *)session)->subscriber.id == *(const uint64_t *)socket;
}

struct session *hub_find_session(struct hub *hub, uint64_t socket)
{
	return table_find(&hub->sessions, session_hash(socket), is_session, &socket);
}

#define ID_RANDOM_BYTES 10

void hub_next_id(struct hub *hub, unsigned char id[CLN_ID_BYTES])
{
	unsigned char random[ID_RANDOM_BYTES];
	const int64_t now_ms = hub->loop->wall_ms;
	const bool needs_random = cln_id_needs_random(&hub->ids, now_ms);
	if (needs_random)
		rand_bytes(random, sizeof(random));
	cln_id_next(&hub->ids, now_ms, needs_random ? random : NULL, id);
}

unsigned hub_home_of(const struct hub *hub, unsigned app, struct cln_slice channel)
{
	if (hub->shared->count == 1)
		return 0;
	return (map_hash(channel.ptr, channel.len) + app) % hub->shared->count;
}

static void handle(struct hub *hub, const struct note *note)
{
	if (note->kind <= NOTE_MESSAGE)
		hub_home_handle(hub, note);
	else if (note->kind <= NOTE_WATCH)
		hub_local_handle(hub, note);
	else if (note->kind <= NOTE_TERMINATE)
		hub_users_handle(hub, note);
	else
		query_handle(hub, note);
}

static void on_letter(struct loop *loop, struct mail *mail)
{
	struct letter *const letter = (struct letter *)mail;
	(void)loop;
	if (letter->to->is_stopped)
		query_drop(&letter->note);
	else
		handle(letter->to, &letter->note);
	letter_free(letter);
}

/* Messages may be dropped when a worker is overloaded; what keeps state in step may not. */
static bool is_droppable(const struct note *note)
{
	return note->msg.has_id;
}

void hub_send(struct hub *hub, unsigned worker, const struct note *note)
{
	if (hub->is_stopped)
		return; /* the others' mailboxes may be gone already */
	if (worker == hub->loop->index) {
		handle(hub, note);
		return;
	}
	struct letter *const letter = note_copy(note, hub->shared->hubs[worker]);
	letter->mail.deliver = on_letter;
	struct loop *const to = hub->loop->peers[worker];
	if (!is_droppable(note)) {
		loop_post(to, &letter->mail);
		return;
	}
	if (loop_offer(to, &letter->mail))
		return;
	hub->loop->metrics.mail_refused++;
	letter_free(letter);
}

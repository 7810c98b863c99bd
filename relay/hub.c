/* SPDX-License-Identifier: MIT
 *
 * The hub's life, its sessions and its mail.
 */
#include "hub_private.h"
#include "base/rand.h"
#include "ingest.h"
#include "pusher_frame.h"

#include <assert.h>

struct hub_shared *hub_shared_new(const struct conf *conf, struct loop *main)
{
	struct hub_shared *const shared = xcalloc(1, sizeof(*shared));
	shared->conf = conf;
	shared->main = main;
	return shared;
}

void hub_shared_free(struct hub_shared *shared)
{
	free(shared);
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

struct hub *hub_new(struct hub_shared *shared, struct loop *loop)
{
	struct hub *const hub = xcalloc(1, sizeof(*hub));
	hub->shared = shared;
	hub->loop = loop;
	hub->index = loop->index;
	hub->apps = app_list_new(shared->conf);
	hub->pong = pusher_frame_pong();
	hub->started_ms = loop->now_ms;
	hub->limits = session_limits_new(shared->conf);
	seen_init(&hub->seen, shared->conf->seen_ids);
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
}

void hub_accept_ingest(struct hub *hub, int fd, bool is_unix)
{
	ingest_accept(hub, fd, is_unix);
}

void hub_drain(struct hub *hub)
{
	atomic_store(&hub->shared->is_draining, true);
	struct session *session, *next;
	HASH_ITER(hh, hub->sessions, session, next)
	{
		session_close(session, PUSHER_RESTART, CLN_SLICE("server is restarting"));
	}
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
	hub_home_stop(hub);
	hub->engine->ops->stop(hub->engine);
	hub->engine = NULL;
}

static void free_homes(struct app *app)
{
	struct home *home, *next;
	HASH_ITER(hh, app->homes, home, next)
	{
		home_free(home);
	}
}

void hub_free(struct hub *hub)
{
	assert(hub->is_stopped && hub->sessions == NULL);
	for (size_t i = 0; i < hub->shared->conf->app_count; i++)
		free_homes(&hub->apps[i]);
	hub->shared->hubs[hub->index] = NULL;
	hub->shared->count--;
	seen_deinit(&hub->seen);
	frame_unref(hub->pong);
	free(hub->limits);
	free(hub->apps);
	free(hub);
}

struct loop *hub_loop(const struct hub *hub)
{
	return hub->loop;
}

struct app *hub_app(const struct hub *hub, unsigned index)
{
	return &hub->apps[index];
}

struct session *hub_find_session(struct hub *hub, uint64_t socket)
{
	struct session *session;
	HASH_FIND(hh, hub->sessions, &socket, sizeof(socket), session);
	return session;
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
	else
		hub_local_handle(hub, note);
}

static void on_letter(struct loop *loop, struct mail *mail)
{
	struct letter *const letter = (struct letter *)mail;
	(void)loop;
	if (!letter->to->is_stopped)
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

/* SPDX-License-Identifier: MIT
 *
 * The hub's side that is a channel's home: keeps interest and members, asks the engine for the
 * channel, drops doubles and passes messages on to the workers with subscribers.
 */
#include "cache.h"
#include "hub_private.h"
#include "pusher_frame.h"

#define BIT(worker) (UINT64_C(1) << (worker))

static struct note note_from(const struct hub *hub, enum note_kind kind, const struct home *home)
{
	return (struct note){
		.kind = kind,
		.from = hub->loop->index,
		.msg = {.app = home->app->index, .channel = home_name(home)},
	};
}

static void send_to_bits(struct hub *hub, uint64_t workers, const struct note *note)
{
	for (; workers != 0; workers &= workers - 1)
		hub_send(hub, (unsigned)__builtin_ctzll(workers), note);
}

/* LIVE or DOWN, each with the token of that worker's interest. */
static void tell_state(struct hub *hub, const struct home *home, enum note_kind kind)
{
	struct note note = note_from(hub, kind, home);
	for (uint64_t workers = home->interested; workers != 0; workers &= workers - 1) {
		const unsigned worker = (unsigned)__builtin_ctzll(workers);
		note.token = home->workers[worker].token;
		hub_send(hub, worker, &note);
	}
}

static void free_if_idle(struct hub *hub, struct home *home)
{
	if (!home_is_idle(home))
		return;
	hub->engine->ops->unsubscribe(hub->engine, home->app, home_name(home));
	home_free(home);
}

static struct home *home_of(struct hub *hub, const struct note *note)
{
	return home_find(hub_app(hub, note->msg.app), note->msg.channel);
}

static void on_interest(struct hub *hub, const struct note *note)
{
	struct app *const app = hub_app(hub, note->msg.app);
	struct home *home = home_find(app, note->msg.channel);
	const bool is_new = home == NULL;
	if (is_new)
		home = home_new(app, note->msg.channel, hub->shared->count);
	home->interested |= BIT(note->from);
	home->workers[note->from].token = note->token;
	if (is_new) {
		hub->engine->ops->subscribe(hub->engine, app, home_name(home));
	} else if (home->is_live) {
		struct note live = note_from(hub, NOTE_LIVE, home);
		live.token = note->token;
		hub_send(hub, note->from, &live);
	}
}

static void on_disinterest(struct hub *hub, const struct note *note)
{
	struct home *const home = home_of(hub, note);
	if (home == NULL)
		return;
	home->interested &= ~BIT(note->from);
	home_set_clients(home, note->from, 0);
	free_if_idle(hub, home);
}

static void on_count(struct hub *hub, const struct note *note)
{
	struct home *const home = home_of(hub, note);
	if (home != NULL)
		home_set_clients(home, note->from, note->count);
}

static void tell_members(
	struct hub *hub, const struct home *home, struct frame *frame, uint64_t except)
{
	struct note note = note_from(hub, NOTE_DELIVER, home);
	note.msg.frame = frame;
	note.msg.except = except;
	send_to_bits(hub, home->interested, &note);
	frame_unref(frame);
}

/* What a member is told after its join: its success frame first, before the others hear of it. */
static void admit(struct hub *hub, struct home *home, const struct note *join, bool is_first)
{
	struct note joined = note_from(hub, NOTE_JOINED, home);
	joined.token = join->token;
	joined.socket = join->socket;
	joined.user_id = join->user_id;
	joined.msg.frame = pusher_frame_members(home_name(home), &home->presence);
	hub_send(hub, join->from, &joined);
	frame_unref(joined.msg.frame);
	if (!is_first)
		return;
	struct frame *const added =
		pusher_frame_member_added(home_name(home), join->user_id, join->user_info);
	tell_members(hub, home, added, join->socket);
}

/* `join` has its user and where it comes from. */
static void join_now(struct hub *hub, struct home *home, const struct note *join)
{
	home->holds++;
	const enum presence_result result =
		presence_join(&home->presence, join->user_id, join->user_info, home->app->conf->members);
	if (result == PRESENCE_FULL) {
		struct note refused = note_from(hub, NOTE_REFUSED, home);
		refused.token = join->token;
		refused.socket = join->socket;
		hub_send(hub, join->from, &refused);
	} else {
		admit(hub, home, join, result == PRESENCE_FIRST);
	}
	home->holds--;
}

static void on_join(struct hub *hub, const struct note *note)
{
	struct home *const home = home_of(hub, note);
	if (home == NULL)
		return;
	if (!home->is_live) {
		home_join_new(home, note->from, note->socket, note->token, note->user_id, note->user_info);
		return;
	}
	join_now(hub, home, note);
	free_if_idle(hub, home);
}

static void on_cancel(struct hub *hub, const struct note *note)
{
	struct home *const home = home_of(hub, note);
	if (home != NULL)
		home_join_cancel(home, note->from, note->token);
}

static void on_leave(struct hub *hub, const struct note *note)
{
	struct home *const home = home_of(hub, note);
	if (home == NULL || !presence_leave(&home->presence, note->user_id))
		return;
	home->holds++;
	tell_members(hub, home, pusher_frame_member_removed(home_name(home), note->user_id), 0);
	home->holds--;
	free_if_idle(hub, home);
}

static void on_message(struct hub *hub, const struct note *note)
{
	const struct msg *const msg = &note->msg;
	if (msg->has_id && seen_check(&hub->seen, msg->id, msg->app, msg->channel)) {
		hub->loop->metrics.duplicates++;
		return;
	}
	struct note deliver = *note;
	deliver.from = hub->loop->index;
	deliver.kind = NOTE_DELIVER;
	const struct home *const home = home_of(hub, note);
	if (home != NULL)
		send_to_bits(hub, home->interested, &deliver);
	deliver.kind = NOTE_WATCH;
	send_to_bits(hub, atomic_load_explicit(&hub->shared->watching, memory_order_relaxed), &deliver);
	if (msg->is_client)
		hub->engine->ops->publish(hub->engine, hub_app(hub, msg->app), msg);
}

void hub_home_handle(struct hub *hub, const struct note *note)
{
	static void (*const handlers[])(struct hub * hub, const struct note *note) = {
		[NOTE_INTEREST] = on_interest,
		[NOTE_DISINTEREST] = on_disinterest,
		[NOTE_JOIN] = on_join,
		[NOTE_CANCEL] = on_cancel,
		[NOTE_LEAVE] = on_leave,
		[NOTE_COUNT] = on_count,
		[NOTE_MESSAGE] = on_message,
	};
	handlers[note->kind](hub, note);
}

static void let_waiting_in(struct hub *hub, struct home *home)
{
	struct home_join *join;
	while ((join = TAILQ_FIRST(&home->joins)) != NULL) {
		TAILQ_REMOVE(&home->joins, join, link);
		const struct note note = {
			.kind = NOTE_JOIN,
			.from = join->worker,
			.token = join->token,
			.socket = join->socket,
			.user_id = home_join_id(join),
			.user_info = home_join_info(join),
		};
		join_now(hub, home, &note);
		free(join);
	}
}

void hub_on_live(struct hub *hub, struct app *app, struct cln_slice channel)
{
	struct home *const home = home_find(app, channel);
	if (home == NULL || home->is_live)
		return;
	home->is_live = true;
	home->holds++;
	tell_state(hub, home, NOTE_LIVE);
	let_waiting_in(hub, home);
	home->holds--;
	free_if_idle(hub, home);
}

void hub_on_lost(struct hub *hub)
{
	for (unsigned i = 0; i < hub->apps.count; i++) {
		struct home *home, *next;
		HASH_ITER(hh, hub_app(hub, i)->homes, home, next)
		{
			home->is_live = false;
			tell_state(hub, home, NOTE_DOWN);
		}
	}
}

void hub_home_stop(struct hub *hub)
{
	for (unsigned i = 0; i < hub->apps.count; i++)
		cache_free(hub_app(hub, i));
}

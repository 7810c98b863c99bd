/* SPDX-License-Identifier: MIT
 *
 * The hub's side that is a channel's home: keeps interest, members and last events, asks the
 * engine for the channel, drops doubles, passes messages on to the workers with subscribers, and
 * tells the webhooks who comes and goes.
 */
#include "hub_home.h"
#include "cache.h"
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

void home_deliver(struct hub *hub, const struct home *home, struct frame *frame, uint64_t except)
{
	struct note note = note_from(hub, NOTE_DELIVER, home);
	note.msg.frame = frame;
	note.msg.except = except;
	send_to_bits(hub, home->interested, &note);
	frame_unref(frame);
}

void home_emit(struct hub *hub, const struct home *home, const struct webhook_event *event)
{
	if (atomic_load_explicit(&hub->shared->is_draining, memory_order_relaxed))
		return;
	struct webhook_event full = *event;
	full.app = home->app->index;
	full.channel = home_name(home);
	webhooks_emit(hub->shared->webhooks, hub->loop, &full);
}

/* To be called after members or clients came or went. */
static void tell_occupancy(struct hub *hub, struct home *home)
{
	const bool is_occupied =
		home_subscription_count(home) > 0 || presence_count(&home->presence) > 0;
	if (is_occupied == home->is_occupied)
		return;
	home->is_occupied = is_occupied;
	const struct webhook_event event = {
		.kind = is_occupied ? WEBHOOK_CHANNEL_OCCUPIED : WEBHOOK_CHANNEL_VACATED};
	home_emit(hub, home, &event);
}

static void tell_member(
	struct hub *hub, const struct home *home, enum webhook_kind kind, struct cln_slice user_id)
{
	const struct webhook_event event = {.kind = kind, .user_id = user_id};
	home_emit(hub, home, &event);
}

static void set_clients(struct hub *hub, struct home *home, unsigned worker, unsigned clients)
{
	if (home->workers[worker].clients == clients)
		return;
	home_set_clients(home, worker, clients);
	tell_occupancy(hub, home);
	home_count_changed(hub, home);
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
	set_clients(hub, home, note->from, 0);
	free_if_idle(hub, home);
}

static void on_count(struct hub *hub, const struct note *note)
{
	struct home *const home = home_of(hub, note);
	if (home != NULL)
		set_clients(hub, home, note->from, note->count);
}

/* What a subscriber of a cache channel gets behind the success frame; a reference is the
 * caller's. */
static struct frame *last_event(struct hub *hub, const struct home *home)
{
	struct frame *const cached = cache_find(home->app, home_name(home), NULL);
	if (cached != NULL) {
		hub->loop->metrics.cache_hits++;
		return frame_ref(cached);
	}
	hub->loop->metrics.cache_misses++;
	if (cache_note_miss(home->app, hub->loop, home_name(home)))
		home_emit(hub, home, &(const struct webhook_event){.kind = WEBHOOK_CACHE_MISS});
	return pusher_frame_cache_miss(home_name(home));
}

static void admit(struct hub *hub, const struct home *home, const struct note *join)
{
	struct note joined = note_from(hub, NOTE_JOINED, home);
	joined.token = join->token;
	joined.socket = join->socket;
	joined.user_id = join->user_id;
	joined.msg.frame = join->user_id.len > 0
						   ? pusher_frame_members(home_name(home), &home->presence)
						   : pusher_frame_succeeded(home_name(home));
	if (home->type.is_cache)
		joined.extra = last_event(hub, home);
	hub_send(hub, join->from, &joined);
	frame_unref(joined.msg.frame);
	frame_unref(joined.extra);
}

/* A new member is told of its success before the others hear of it. */
static void admit_member(struct hub *hub, struct home *home, const struct note *join)
{
	tell_occupancy(hub, home);
	admit(hub, home, join);
	struct frame *const added =
		pusher_frame_member_added(home_name(home), join->user_id, join->user_info);
	home_deliver(hub, home, added, join->socket);
	tell_member(hub, home, WEBHOOK_MEMBER_ADDED, join->user_id);
}

static void refuse(struct hub *hub, const struct home *home, const struct note *join)
{
	struct note refused = note_from(hub, NOTE_REFUSED, home);
	refused.token = join->token;
	refused.socket = join->socket;
	hub_send(hub, join->from, &refused);
}

/* `join` has its user, if it is a member's, and where it comes from. */
static void join_now(struct hub *hub, struct home *home, const struct note *join)
{
	enum presence_result result = PRESENCE_AGAIN;
	home->holds++;
	if (join->user_id.len > 0)
		result = presence_join(
			&home->presence, join->user_id, join->user_info, home->app->conf->members);
	switch (result) {
	case PRESENCE_FIRST:
		admit_member(hub, home, join);
		break;
	case PRESENCE_AGAIN:
		admit(hub, home, join);
		break;
	case PRESENCE_FULL:
		refuse(hub, home, join);
		break;
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
	home_deliver(hub, home, pusher_frame_member_removed(home_name(home), note->user_id), 0);
	tell_member(hub, home, WEBHOOK_MEMBER_REMOVED, note->user_id);
	tell_occupancy(hub, home);
	home->holds--;
	free_if_idle(hub, home);
}

/* A client's event, also one that came from another relay: those say who sent it. */
static bool is_of_client(const struct msg *msg)
{
	return msg->is_client || (msg->except != 0 && cln_slice_starts(msg_text(msg->frame),
													  CLN_SLICE("{\"event\":\"client-")));
}

static void on_message(struct hub *hub, const struct note *note)
{
	const struct msg *const msg = &note->msg;
	if (msg->has_id && seen_check(&hub->seen, msg->id, msg->app, msg->channel)) {
		hub->loop->metrics.duplicates++;
		return;
	}
	if (cache_has(msg->channel) && !is_of_client(msg))
		cache_put(hub_app(hub, msg->app), hub->loop, msg->channel, msg->frame);
	struct note deliver = *note;
	deliver.from = hub->loop->index;
	deliver.kind = NOTE_DELIVER;
	const struct home *const home = home_of(hub, note);
	if (home != NULL)
		send_to_bits(hub, home->interested, &deliver);
	deliver.kind = NOTE_WATCH;
	send_to_bits(hub, atomic_load_explicit(&hub->shared->watching, memory_order_relaxed), &deliver);
	if (msg->is_client || msg->is_api)
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
		struct home *home;
		uint32_t at = 0;
		while ((home = table_next(&hub_app(hub, i)->homes, &at)) != NULL) {
			home->is_live = false;
			tell_state(hub, home, NOTE_DOWN);
		}
	}
}

static void stop_homes(struct hub *hub, struct app *app)
{
	struct home *home;
	uint32_t at = 0;
	while ((home = table_next(&app->homes, &at)) != NULL)
		home_count_forget(hub, home);
	cache_free(app);
}

void hub_home_stop(struct hub *hub)
{
	for (unsigned i = 0; i < hub->apps.count; i++)
		stop_homes(hub, hub_app(hub, i));
}

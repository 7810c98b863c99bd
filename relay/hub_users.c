/* SPDX-License-Identifier: MIT
 *
 * The hub's sides of users: the worker's, which tells a user's home of its first and last session
 * and its first and last watcher, and the home's, which tells the workers that follow the user.
 *
 * As in hub_local.c, an answer may come before hub_send() returns.
 */
#include "hub_users.h"
#include "hub_private.h"
#include "pusher_frame.h"

#define BIT(worker) (UINT64_C(1) << (worker))

static struct note note_about(
	const struct hub *hub, enum note_kind kind, const struct app *app, struct cln_slice id)
{
	return (struct note){
		.kind = kind,
		.from = hub->loop->index,
		.msg = {.app = app->index},
		.user_id = id,
	};
}

static void send_home(
	struct hub *hub, enum note_kind kind, const struct app *app, const struct user *user)
{
	const struct note note = note_about(hub, kind, app, user_id(user));
	hub_send(hub, hub_home_of(hub, app->index, user_id(user)), &note);
}

/* --- telling --- */

/* Changes of one moment go out together. */
#define GATHER_MS WHEEL_TICK_MS

static void tell(struct session_user *by)
{
	struct buf online = {0};
	struct buf offline = {0};
	if (session_user_changes(by, &online, &offline))
		session_say(by->session, pusher_frame_watchlist(buf_slice(&online), buf_slice(&offline)));
	buf_deinit(&online);
	buf_deinit(&offline);
}

static void on_timer(struct wheel_timer *timer)
{
	struct session_user *const by =
		(struct session_user *)((char *)timer - offsetof(struct session_user, timer));
	if (by->unknown == 0)
		tell(by);
}

/* One thing less that `by` waits for. What its list says at first is one frame. */
static void resolve_one(struct session_user *by)
{
	if (--by->unknown == 0)
		tell(by);
}

static void on_state(struct hub *hub, const struct note *note)
{
	struct user *const user = user_find(hub_app(hub, note->msg.app), note->user_id);
	if (user == NULL || LIST_EMPTY(&user->watches))
		return; /* nobody follows it any more */
	const bool is_answer = user->state == USER_UNKNOWN;
	struct user_watch *watch;
	user->state = note->kind == NOTE_ONLINE ? USER_ONLINE : USER_OFFLINE;
	LIST_FOREACH(watch, &user->watches, of_user)
	{
		if (is_answer)
			resolve_one(watch->by);
		else
			loop_timer_set(hub->loop, &watch->by->timer, GATHER_MS, on_timer);
	}
}

/* --- signing in and out --- */

static void watch_user(
	struct hub *hub, struct app *app, struct session_user *by, struct cln_slice id)
{
	struct user *const user = user_ensure(app, id);
	const bool is_first = LIST_EMPTY(&user->watches);
	if (!session_user_watch(by, user))
		return;
	by->unknown += user->state == USER_UNKNOWN;
	if (is_first)
		send_home(hub, NOTE_FOLLOW, app, user);
}

static void unwatch_user(struct hub *hub, struct app *app, struct user_watch *watch)
{
	struct user *const user = watch->user;
	LIST_REMOVE(watch, of_user);
	if (LIST_EMPTY(&user->watches)) {
		user->state = USER_UNKNOWN;
		send_home(hub, NOTE_UNFOLLOW, app, user);
	}
	user_release(app, user);
}

static void forget(struct hub *hub, struct app *app, struct session_user *by)
{
	struct user *const user = by->user;
	loop_timer_stop(hub->loop, &by->timer);
	for (size_t i = 0; i < by->watch_count; i++)
		unwatch_user(hub, app, &by->watches[i]);
	LIST_REMOVE(by, of_user);
	if (LIST_EMPTY(&user->sessions))
		send_home(hub, NOTE_SIGNED_OUT, app, user);
	user_release(app, user);
	free(by->watches);
	free(by);
}

/* The new list stands before the old one goes, so that nobody goes offline in between. */
void hub_sign_in(struct hub *hub, struct session *session, const struct hub_identity *identity)
{
	struct app *const app = session->app;
	struct session_user *const old = session->user;
	struct session_user *const by =
		session_user_new(session, identity->info, identity->watch_count);
	by->user = user_ensure(app, identity->id);
	const bool is_first = LIST_EMPTY(&by->user->sessions);
	LIST_INSERT_HEAD(&by->user->sessions, by, of_user);
	session->user = by;
	if (is_first)
		send_home(hub, NOTE_SIGNED_IN, app, by->user);
	by->unknown = 1; /* the list itself: it is not complete yet */
	for (size_t i = 0; i < identity->watch_count; i++)
		watch_user(hub, app, by, identity->watchlist[i]);
	resolve_one(by);
	if (old != NULL)
		forget(hub, app, old);
}

void hub_sign_out(struct hub *hub, struct session *session)
{
	struct session_user *const by = session->user;
	if (by == NULL)
		return;
	session->user = NULL;
	forget(hub, session->app, by);
}

static void on_terminate(struct hub *hub, const struct note *note)
{
	const struct app *const app = hub_app(hub, note->msg.app);
	const struct user *user;
	/* Closing signs out, and the last one to sign out takes the user along. */
	while ((user = user_find(app, note->user_id)) != NULL && !LIST_EMPTY(&user->sessions)) {
		hub->loop->metrics.terminated++;
		session_close(LIST_FIRST(&user->sessions)->session, PUSHER_UNAUTHORIZED,
			CLN_SLICE("You got disconnected by the app."));
	}
}

/* --- the home --- */

static void tell_followers(
	struct hub *hub, const struct app *app, const struct user_home *home, enum note_kind kind)
{
	const struct note note = note_about(hub, kind, app, user_home_id(home));
	for (uint64_t workers = home->followers; workers != 0; workers &= workers - 1)
		hub_send(hub, (unsigned)__builtin_ctzll(workers), &note);
}

static void on_signed_in(struct hub *hub, const struct note *note)
{
	struct app *const app = hub_app(hub, note->msg.app);
	struct user_home *const home = user_home_ensure(app, note->user_id);
	const bool was_offline = home->online == 0;
	home->online |= BIT(note->from);
	if (was_offline)
		tell_followers(hub, app, home, NOTE_ONLINE);
}

static void on_signed_out(struct hub *hub, const struct note *note)
{
	struct app *const app = hub_app(hub, note->msg.app);
	struct user_home *const home = user_home_find(app, note->user_id);
	if (home == NULL)
		return;
	home->online &= ~BIT(note->from);
	if (home->online == 0)
		tell_followers(hub, app, home, NOTE_OFFLINE);
	user_home_release(app, home);
}

static void on_follow(struct hub *hub, const struct note *note)
{
	struct app *const app = hub_app(hub, note->msg.app);
	struct user_home *const home = user_home_ensure(app, note->user_id);
	home->followers |= BIT(note->from);
	const struct note answer =
		note_about(hub, home->online == 0 ? NOTE_OFFLINE : NOTE_ONLINE, app, user_home_id(home));
	hub_send(hub, note->from, &answer);
}

static void on_unfollow(struct hub *hub, const struct note *note)
{
	struct app *const app = hub_app(hub, note->msg.app);
	struct user_home *const home = user_home_find(app, note->user_id);
	if (home == NULL)
		return;
	home->followers &= ~BIT(note->from);
	user_home_release(app, home);
}

void hub_users_handle(struct hub *hub, const struct note *note)
{
	static void (*const handlers[])(struct hub * hub, const struct note *note) = {
		[NOTE_SIGNED_IN] = on_signed_in,
		[NOTE_SIGNED_OUT] = on_signed_out,
		[NOTE_FOLLOW] = on_follow,
		[NOTE_UNFOLLOW] = on_unfollow,
		[NOTE_ONLINE] = on_state,
		[NOTE_OFFLINE] = on_state,
		[NOTE_TERMINATE] = on_terminate,
	};
	handlers[note->kind](hub, note);
}

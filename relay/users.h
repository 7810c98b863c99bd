/* SPDX-License-Identifier: MIT
 *
 * Users who sign in (Pusher docs, "User authentication"): a worker's side of them, which sessions
 * are signed in as whom and which watch whom, and the home side, kept by one worker for all:
 * whether a user is online anywhere and which workers want to know. Plain data, per application;
 * hub_users.c acts on it.
 *
 * A user of the worker's side lives as long as a session is signed in as it or watches it, one of
 * the home side as long as a worker has connections of it or follows it.
 */
#ifndef USERS_H
#define USERS_H

#include "app.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/wheel.h"

#include <stdbool.h>
#include <sys/queue.h>

struct session;
struct session_user;

enum user_state {
	USER_UNKNOWN, /* the home was asked and has not answered yet */
	USER_OFFLINE,
	USER_ONLINE,
};

/* One user id of one watchlist. */
struct user_watch {
	LIST_ENTRY(user_watch) of_user;
	struct user *user;
	struct session_user *by;
	enum user_state told; /* what `by` was told last */
};

LIST_HEAD(user_sessions, session_user);
LIST_HEAD(user_watches, user_watch);

struct user {
	UT_hash_handle hh;
	struct user_sessions sessions; /* signed in as it */
	struct user_watches watches;   /* the newest first */
	enum user_state state;         /* as its home said last; only kept while it is watched */
	size_t id_len;
	char id[];
};

/* What a session is since its sign-in; owned by it. */
struct session_user {
	struct session *session;
	struct user *user;
	LIST_ENTRY(session_user) of_user;
	struct wheel_timer timer; /* changes wait to be told */
	size_t unknown;           /* watched users whose home has not answered yet: tells nothing */
	size_t watch_count;
	struct user_watch *watches;
	size_t info_len;
	char info[]; /* user_info, JSON text */
};

struct user_home {
	UT_hash_handle hh;
	uint64_t online;    /* bit per worker that has sessions signed in as it */
	uint64_t followers; /* bit per worker that has sessions which watch it */
	size_t id_len;
	char id[];
};

struct user *user_find(const struct app *app, struct cln_slice id);
struct user *user_ensure(struct app *app, struct cln_slice id);
/* Frees it if nobody is signed in as it and nobody watches it. */
void user_release(struct app *app, struct user *user);
struct cln_slice user_id(const struct user *user);

struct user_home *user_home_find(const struct app *app, struct cln_slice id);
struct user_home *user_home_ensure(struct app *app, struct cln_slice id);
/* Frees it if it is online nowhere and nobody follows it. */
void user_home_release(struct app *app, struct user_home *home);
struct cln_slice user_home_id(const struct user_home *home);
/* At the worker's end: all sessions are gone, the homes that are left go, too. */
void user_homes_free(struct app *app);

/* With room for `watch_count` watches; on nobody's list yet. */
struct session_user *session_user_new(
	struct session *session, struct cln_slice info, size_t watch_count);
struct cln_slice session_user_info(const struct session_user *by);
/* Puts `user` on the list of those whom `by` watches; false if it is there already. */
bool session_user_watch(struct session_user *by, struct user *user);
/* Appends the ids that came online and went offline since `by` was told last, as elements of a JSON
 * array, and takes them as told. False if there are none. */
bool session_user_changes(struct session_user *by, struct buf *online, struct buf *offline);

#endif

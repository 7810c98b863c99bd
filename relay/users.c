/* SPDX-License-Identifier: MIT
 *
 * Maps of users by id, and the watchlists between sessions and users.
 */
#include "users.h"
#include "jslice.h"

#include <assert.h>

/* --- the worker's side --- */

struct user *user_find(const struct app *app, struct cln_slice id)
{
	struct user *user;
	HASH_FIND(hh, app->users, id.ptr, id.len, user);
	return user;
}

struct user *user_ensure(struct app *app, struct cln_slice id)
{
	struct user *user = user_find(app, id);
	if (user != NULL)
		return user;
	user = xcalloc(1, sizeof(*user) + id.len);
	user->id_len = id.len;
	memcpy(user->id, id.ptr, id.len);
	LIST_INIT(&user->sessions);
	LIST_INIT(&user->watches);
	HASH_ADD_KEYPTR(hh, app->users, user->id, user->id_len, user);
	return user;
}

void user_release(struct app *app, struct user *user)
{
	if (!LIST_EMPTY(&user->sessions) || !LIST_EMPTY(&user->watches))
		return;
	HASH_DELETE(hh, app->users, user);
	free(user);
}

struct cln_slice user_id(const struct user *user)
{
	return cln_slice(user->id, user->id_len);
}

/* --- the home side --- */

struct user_home *user_home_find(const struct app *app, struct cln_slice id)
{
	struct user_home *home;
	HASH_FIND(hh, app->user_homes, id.ptr, id.len, home);
	return home;
}

struct user_home *user_home_ensure(struct app *app, struct cln_slice id)
{
	struct user_home *home = user_home_find(app, id);
	if (home != NULL)
		return home;
	home = xcalloc(1, sizeof(*home) + id.len);
	home->id_len = id.len;
	memcpy(home->id, id.ptr, id.len);
	HASH_ADD_KEYPTR(hh, app->user_homes, home->id, home->id_len, home);
	return home;
}

static void free_home(struct app *app, struct user_home *home)
{
	HASH_DELETE(hh, app->user_homes, home);
	free(home);
}

void user_home_release(struct app *app, struct user_home *home)
{
	if (home->online == 0 && home->followers == 0)
		free_home(app, home);
}

struct cln_slice user_home_id(const struct user_home *home)
{
	return cln_slice(home->id, home->id_len);
}

void user_homes_free(struct app *app)
{
	struct user_home *home, *next;
	assert(app->users == NULL);
	HASH_ITER(hh, app->user_homes, home, next)
	{
		free_home(app, home);
	}
}

/* --- sessions --- */

struct session_user *session_user_new(
	struct session *session, struct cln_slice info, size_t watch_count)
{
	struct session_user *const by = xcalloc(1, sizeof(*by) + info.len);
	by->session = session;
	by->info_len = info.len;
	memcpy(by->info, info.ptr, info.len);
	if (watch_count > 0)
		by->watches = xcalloc(watch_count, sizeof(*by->watches));
	return by;
}

struct cln_slice session_user_info(const struct session_user *by)
{
	return cln_slice(by->info, by->info_len);
}

bool session_user_watch(struct session_user *by, struct user *user)
{
	/* A list is made in one go, so a watch of `by` would be the newest of `user`. */
	const struct user_watch *const newest = LIST_FIRST(&user->watches);
	if (newest != NULL && newest->by == by)
		return false;
	struct user_watch *const watch = &by->watches[by->watch_count++];
	*watch = (struct user_watch){.user = user, .by = by, .told = USER_UNKNOWN};
	LIST_INSERT_HEAD(&user->watches, watch, of_user);
	return true;
}

static void append_id(struct buf *list, struct cln_slice id)
{
	if (list->len > 0)
		buf_append_byte(list, ',');
	buf_append_byte(list, '"');
	jslice_escape(list, id);
	buf_append_byte(list, '"');
}

bool session_user_changes(struct session_user *by, struct buf *online, struct buf *offline)
{
	for (size_t i = 0; i < by->watch_count; i++) {
		struct user_watch *const watch = &by->watches[i];
		if (watch->told == watch->user->state)
			continue;
		watch->told = watch->user->state;
		append_id(watch->told == USER_ONLINE ? online : offline, user_id(watch->user));
	}
	return online->len > 0 || offline->len > 0;
}

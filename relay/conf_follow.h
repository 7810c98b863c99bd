/* SPDX-License-Identifier: MIT
 *
 * One configuration after another in a process that goes on: what differs, and what can't change
 * while it runs.
 */
#ifndef CONF_FOLLOW_H
#define CONF_FOLLOW_H

#include "conf.h"

enum conf_change {
	CONF_APP_ADDED,
	CONF_APP_REMOVED,
	CONF_APP_CHANGED,     /* names: its keys, separated by commas */
	CONF_KEY_CHANGED,     /* names: one key of the relay */
	CONF_KEY_NEEDS_START, /* the same; it keeps its old value until the next start */
};

/* `id` is the application's, NULL for keys of the relay. Values are never told. */
typedef void (*conf_change_fn)(
	void *context, enum conf_change change, const char *id, const char *names);

/* Makes `next`, which was loaded by itself, the follower of `now`: every application of `now` keeps
 * its index (one that is gone as is_removed, without key, secrets and features), new ones come
 * behind, and settings that need a new start keep their value. Tells the differences. False, and
 * `next` is for conf_free(), if that would be more than CONF_APPS_MAX indexes. */
bool conf_follow(struct conf *next, const struct conf *now, conf_change_fn tell, void *context);

#endif

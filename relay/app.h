/* SPDX-License-Identifier: MIT
 *
 * An application as one worker sees it: its settings, this worker's side of its channels, and the
 * home side of those channels whose home this worker is.
 */
#ifndef APP_H
#define APP_H

#include "base/table.h"
#include "conf.h"

#include <stdatomic.h>

struct cache;
struct hub;
struct user;
struct user_home;

struct app {
	const struct conf_app *conf;  /* another one after the configuration was read again */
	struct hub *hub;              /* of the worker; layers below never look into it */
	unsigned index;               /* in conf.apps, the same in every worker, for good */
	atomic_uint *sessions;        /* of all workers */
	struct table channels;        /* by name */
	struct table homes;           /* by name */
	struct cache *cache;          /* of the cache channels at home here, see cache.h */
	struct user *users;           /* uthash by id: signed in here or watched from here */
	struct user_home *user_homes; /* uthash by id */
};

struct cln_slice app_id(const struct app *app);
struct cln_slice app_key(const struct app *app);
struct cln_slice app_secret(const struct app *app);

/* A key and the secret that belongs to it. While keys are rotated an application has two pairs,
 * the current one first; a client that connected with one key may prove itself by either pair. */
struct app_pair {
	struct cln_slice key;
	struct cln_slice secret;
};

#define APP_PAIRS_MAX 2

/* Returns how many there are, at least 1. */
unsigned app_pairs(const struct app *app, struct app_pair pairs[APP_PAIRS_MAX]);
/* The current key or the previous one. */
bool app_has_key(const struct app *app, struct cln_slice key);

/* A worker's applications. A slot is never given to another application: one that is no longer
 * configured stays (conf->is_removed), since others may still name it, and comes back into its
 * slot. */
struct app_list {
	struct app **slots; /* by index */
	unsigned count;
	const struct conf *conf; /* by which they are found */
};

/* Takes over the settings of all applications and makes those that are new; they can be named by
 * index from now on. `conf` must have been adopted (conf_adopt()) if there was one before. */
void app_list_learn(struct app_list *list, const struct conf *conf);
/* From now on applications are found as `conf`, which was learned before, says. */
void app_list_find_by(struct app_list *list, const struct conf *conf);
/* Their channels are gone. */
void app_list_deinit(struct app_list *list);

/* NULL if there is none. By current or previous key. */
struct app *app_list_by_key(const struct app_list *list, struct cln_slice key);
struct app *app_list_by_id(const struct app_list *list, struct cln_slice id);

#endif

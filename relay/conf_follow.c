/* SPDX-License-Identifier: MIT
 *
 * See conf_follow.h. Everything goes by the table of rows.
 */
#include "conf_follow.h"
#include "conf_load.h"

#include "base/xalloc.h"

#include <stdlib.h>
#include <string.h>

/* What sockets, threads and tables were made by. */
static const char *const start_keys[] = {
	"listen",
	"listen_tls",
	"ingest",
	"ingest_group",
	"engine",
	"redis",
	"bus_prefix",
	"redis_timeout_ms",
	"spool",
	"spool_look_ms",
	"workers",
	"mailbox_limit",
	"seen_ids",
	"idempotency_keys",
	"idempotency_ms",
};

static bool needs_start(const struct conf_key *key)
{
	for (size_t i = 0; i < sizeof(start_keys) / sizeof(start_keys[0]); i++) {
		if (strcmp(key->name, start_keys[i]) == 0) {
			return key->scope == CONF_GLOBAL;
		}
	}
	return false;
}

static bool is_same_list(const struct conf_list *a, const struct conf_list *b)
{
	bool is_same = a->count == b->count;
	for (size_t i = 0; i < a->count && is_same; i++) {
		is_same = strcmp(a->items[i], b->items[i]) == 0;
	}
	return is_same;
}

/* `a` and `b`: struct conf or struct conf_app. */
static bool is_same(const struct conf_key *key, const void *a, const void *b)
{
	const char *const x = (const char *)a + key->offset;
	const char *const y = (const char *)b + key->offset;
	switch (key->type) {
	case CONF_TEXT:
	case CONF_LEVEL:
		return strcmp(x, y) == 0;
	case CONF_LIST:
		return is_same_list((const void *)x, (const void *)y);
	case CONF_UINT:
	case CONF_SIZE:
	case CONF_MS:
	case CONF_BOOL:
	case CONF_ENGINE_NAME:
		break;
	}
	return memcmp(x, y, key->size) == 0;
}

/* --- the relay's own keys --- */

static void keep_list(struct conf *next, struct conf_list *list, const struct conf_list *old)
{
	*list = (struct conf_list){0};
	if (old->count > 0) {
		list->items = conf_keep(next, NULL, old->count * sizeof(*list->items));
	}
	for (; list->count < old->count; list->count++) {
		const char *const item = old->items[list->count];
		list->items[list->count] = conf_keep(next, item, strlen(item) + 1);
	}
}

static void keep_value(struct conf *next, const struct conf *now, const struct conf_key *key)
{
	char *const to = (char *)next + key->offset;
	const char *const from = (const char *)now + key->offset;
	if (key->type == CONF_LIST) {
		keep_list(next, (struct conf_list *)(void *)to, (const void *)from);
	} else {
		memcpy(to, from, key->size);
	}
}

static void follow_keys(
	struct conf *next, const struct conf *now, conf_change_fn tell, void *context)
{
	for (size_t i = 0; i < conf_key_count; i++) {
		const struct conf_key *const key = &conf_keys[i];
		if (key->scope != CONF_GLOBAL || is_same(key, next, now)) {
			continue;
		}
		if (needs_start(key)) {
			keep_value(next, now, key);
			tell(context, CONF_KEY_NEEDS_START, NULL, key->name);
		} else {
			tell(context, CONF_KEY_CHANGED, NULL, key->name);
		}
	}
}

/* --- applications --- */

#define NAMES_MAX 512 /* of the keys that differ; the rest is cut */

static void tell_app(
	const struct conf_app *app, const struct conf_app *before, conf_change_fn tell, void *context)
{
	char names[NAMES_MAX] = "";
	size_t len = 0;
	for (size_t i = 0; i < conf_key_count; i++) {
		const struct conf_key *const key = &conf_keys[i];
		if (key->scope != CONF_GLOBAL && len < sizeof(names) && !is_same(key, app, before)) {
			len += (size_t)snprintf(
				names + len, sizeof(names) - len, "%s%s", len > 0 ? "," : "", key->name);
		}
	}
	if (before->is_removed) {
		tell(context, CONF_APP_ADDED, app->id, NULL);
	} else if (len > 0) {
		tell(context, CONF_APP_CHANGED, app->id, names);
	}
}

/* All that may still be asked of it are its index and its id. */
static struct conf_app removed(const struct conf_app *app)
{
	struct conf_app gone = {.source = app->source, .is_removed = true};
	memcpy(gone.id, app->id, sizeof(gone.id));
	return gone;
}

/* The applications of `next` in the order of `now`, with those that are gone; the new ones behind.
 * NULL if they are too many. `*count` gets how many. */
static struct conf_app *in_order(const struct conf *next, const struct conf *now, size_t *count)
{
	struct conf_app *const apps =
		xcalloc(now->app_count + next->app_count + 1, sizeof(struct conf_app));
	bool *const is_known = xcalloc(next->app_count + 1, sizeof(bool));
	*count = 0;
	for (; *count < now->app_count; (*count)++) {
		const struct conf_app *const before = &now->apps[*count];
		const struct conf_app *const app = conf_app_by_id(next, cln_slice_of(before->id));
		apps[*count] = app != NULL ? *app : removed(before);
		if (app != NULL) {
			is_known[app - next->apps] = true;
		}
	}
	for (size_t i = 0; i < next->app_count; i++) {
		if (!is_known[i]) {
			apps[(*count)++] = next->apps[i];
		}
	}
	free(is_known);
	if (*count > CONF_APPS_MAX) {
		free(apps);
		return NULL;
	}
	return apps;
}

static void tell_apps(
	const struct conf *next, const struct conf *now, conf_change_fn tell, void *context)
{
	for (size_t i = 0; i < next->app_count; i++) {
		const struct conf_app *const app = &next->apps[i];
		if (i >= now->app_count) {
			tell(context, CONF_APP_ADDED, app->id, NULL);
		} else if (!app->is_removed) {
			tell_app(app, &now->apps[i], tell, context);
		} else if (!now->apps[i].is_removed) {
			tell(context, CONF_APP_REMOVED, app->id, NULL);
		}
	}
}

bool conf_follow(struct conf *next, const struct conf *now, conf_change_fn tell, void *context)
{
	size_t count;
	struct conf_app *const apps = in_order(next, now, &count);
	if (apps == NULL) {
		return false;
	}
	free(next->apps);
	next->apps = apps;
	next->app_count = count;
	next->app_cap = count;
	conf_index_build(next);
	tell_apps(next, now, tell, context);
	follow_keys(next, now, tell, context);
	return true;
}

/* SPDX-License-Identifier: MIT
 *
 * The list of a worker's applications, in the order of the configuration, and their keys.
 */
#include "app.h"
#include "base/xalloc.h"

#include <stdlib.h>

struct cln_slice app_id(const struct app *app)
{
	return cln_slice_of(app->conf->id);
}

struct cln_slice app_key(const struct app *app)
{
	return cln_slice_of(app->conf->key);
}

struct cln_slice app_secret(const struct app *app)
{
	return cln_slice_of(app->conf->secret);
}

unsigned app_pairs(const struct app *app, struct app_pair pairs[APP_PAIRS_MAX])
{
	const struct conf_app *const conf = app->conf;
	const bool has_key = conf->previous_key[0] != '\0';
	const bool has_secret = conf->previous_secret[0] != '\0';
	pairs[0] = (struct app_pair){app_key(app), app_secret(app)};
	if (!has_key && !has_secret)
		return 1;
	/* What was not rotated is the same in both pairs. */
	pairs[1] = (struct app_pair){
		.key = has_key ? cln_slice_of(conf->previous_key) : pairs[0].key,
		.secret = has_secret ? cln_slice_of(conf->previous_secret) : pairs[0].secret,
	};
	return 2;
}

bool app_has_key(const struct app *app, struct cln_slice key)
{
	struct app_pair pairs[APP_PAIRS_MAX];
	const unsigned count = app_pairs(app, pairs);
	return cln_slice_equal(key, pairs[0].key) || (count > 1 && cln_slice_equal(key, pairs[1].key));
}

void app_list_learn(struct app_list *list, const struct conf *conf)
{
	list->slots = xrealloc(list->slots, (conf->app_count + 1) * sizeof(struct app *));
	for (unsigned i = 0; i < conf->app_count; i++) {
		if (i == list->count) {
			list->slots[i] = xcalloc(1, sizeof(struct app));
			list->slots[i]->index = i;
			list->count++;
		}
		list->slots[i]->conf = &conf->apps[i];
	}
}

void app_list_find_by(struct app_list *list, const struct conf *conf)
{
	list->conf = conf;
}

void app_list_deinit(struct app_list *list)
{
	for (unsigned i = 0; i < list->count; i++)
		free(list->slots[i]);
	free(list->slots);
	*list = (struct app_list){0};
}

static struct app *app_of(const struct app_list *list, const struct conf_app *found)
{
	struct app *const app = found == NULL ? NULL : list->slots[found - list->conf->apps];
	/* It may have been learned already that it is gone. */
	return app == NULL || app->conf->is_removed ? NULL : app;
}

struct app *app_list_by_key(const struct app_list *list, struct cln_slice key)
{
	return app_of(list, conf_app_by_key(list->conf, key));
}

struct app *app_list_by_id(const struct app_list *list, struct cln_slice id)
{
	return app_of(list, conf_app_by_id(list->conf, id));
}

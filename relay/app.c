/* SPDX-License-Identifier: MIT
 *
 * The list of a worker's applications, in the order of the configuration.
 */
#include "app.h"
#include "base/xalloc.h"

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

struct app *app_list_new(const struct conf *conf)
{
	struct app *const list = xcalloc(conf->app_count + 1, sizeof(*list));
	for (size_t i = 0; i < conf->app_count; i++) {
		list[i].conf = &conf->apps[i];
		list[i].index = (unsigned)i; /* at most CONF_APPS_MAX */
	}
	return list;
}

static struct app *app_of(struct app *list, const struct conf *conf, const struct conf_app *found)
{
	return found == NULL ? NULL : &list[found - conf->apps];
}

struct app *app_list_by_key(struct app *list, const struct conf *conf, struct cln_slice key)
{
	return app_of(list, conf, conf_app_by_key(conf, key));
}

struct app *app_list_by_id(struct app *list, const struct conf *conf, struct cln_slice id)
{
	return app_of(list, conf, conf_app_by_id(conf, id));
}

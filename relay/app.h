/* SPDX-License-Identifier: MIT
 *
 * An application as one worker sees it: its settings, this worker's side of its channels, and the
 * home side of those channels whose home this worker is.
 */
#ifndef APP_H
#define APP_H

#include "conf.h"

struct channel;
struct home;

struct app {
	const struct conf_app *conf;
	unsigned index;           /* in conf.apps, the same in every worker */
	struct channel *channels; /* uthash by name */
	struct home *homes;       /* uthash by name */
};

struct cln_slice app_id(const struct app *app);
struct cln_slice app_key(const struct app *app);
struct cln_slice app_secret(const struct app *app);

/* One per application of `conf`; free() releases it once its channels are gone. */
struct app *app_list_new(const struct conf *conf);

/* NULL if there is none. */
struct app *app_list_by_key(struct app *list, const struct conf *conf, struct cln_slice key);
struct app *app_list_by_id(struct app *list, const struct conf *conf, struct cln_slice id);

#endif

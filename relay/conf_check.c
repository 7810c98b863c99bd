/* SPDX-License-Identifier: MIT
 *
 * Checks that need the whole configuration: applications complete and distinct, settings that
 * need one another.
 */
#include "conf_load.h"

#include <grp.h>
#include <string.h>

static struct conf_place place_of(struct conf_loader *loader, const char *key)
{
	return loader->key_place[conf_key_index(conf_key_find(cln_slice_of(key), false))];
}

/* "chat.conf:12", "PUSHER_APP_ID", "--app". */
static const char *place_text(struct conf_place place, char *out, size_t cap)
{
	if (place.line > 0) {
		snprintf(out, cap, "%s:%u", place.name, place.line);
	} else {
		snprintf(out, cap, "%s", place.name);
	}
	return out;
}

static void check_distinct(struct conf_loader *loader, size_t later)
{
	char earlier[CONF_ADDRESS_MAX];
	const struct conf_app *app = &loader->conf->apps[later];
	for (size_t i = 0; i < later; i++) {
		const struct conf_app *other = &loader->conf->apps[i];
		place_text(loader->app_place[i], earlier, sizeof(earlier));
		if (strcmp(app->id, other->id) == 0) {
			conf_problem(loader, loader->app_place[later],
				"application id \"%s\" is taken already (%s); remove one", app->id, earlier);
			return;
		}
		if (app->key[0] != '\0' && strcmp(app->key, other->key) == 0) {
			conf_problem(loader, loader->app_place[later],
				"application %s has the key of application %s (%s); give each its own", app->id,
				other->id, earlier);
			return;
		}
	}
}

static void check_apps(struct conf_loader *loader)
{
	const struct conf_place nowhere = {CONF_FROM_DEFAULT, NULL, 0};
	const size_t key = conf_key_index(conf_key_find(CLN_SLICE("key"), true));
	const size_t secret = conf_key_index(conf_key_find(CLN_SLICE("secret"), true));
	for (size_t i = 0; i < loader->conf->app_count; i++) {
		if (!loader->app_has[i][key]) {
			conf_problem(
				loader, loader->app_place[i], "[app:%s] has no key", loader->conf->apps[i].id);
		}
		if (!loader->app_has[i][secret]) {
			conf_problem(
				loader, loader->app_place[i], "[app:%s] has no secret", loader->conf->apps[i].id);
		}
		check_distinct(loader, i);
	}
	if (loader->conf->app_count == 0 && loader->problems == 0) {
		conf_problem(loader, nowhere,
			"no application; give one by --app ID:KEY:SECRET, by CLAIRON_APP_ID, CLAIRON_APP_KEY "
			"and "
			"CLAIRON_APP_SECRET in the environment, or by [app:ID] with key and secret in a file "
			"(--config FILE)");
	}
}

static void check_ingest(struct conf_loader *loader)
{
	const struct conf *conf = loader->conf;
	bool has_tcp = false;
	for (size_t i = 0; i < conf->ingest_count; i++) {
		has_tcp |= strncmp(conf->ingest[i], "tcp:", 4) == 0;
	}
	if (has_tcp && conf->ingest_password[0] == '\0') {
		conf_problem(loader, place_of(loader, "ingest"),
			"tcp needs ingest_password; set CLAIRON_INGEST_PASSWORD or put it into the file");
	}
	const bool is_number = conf->ingest_group[strspn(conf->ingest_group, "0123456789")] == '\0';
	if (!is_number && getgrnam(conf->ingest_group) == NULL) {
		conf_problem(loader, place_of(loader, "ingest_group"),
			"ingest_group: this system has no group \"%s\"", conf->ingest_group);
	}
}

static void check_engine(struct conf_loader *loader)
{
	const struct conf *conf = loader->conf;
	if (conf->engine == CONF_ENGINE_REDIS && conf->redis[0] == '\0') {
		conf_problem(loader, place_of(loader, "engine"),
			"engine redis needs the server; set redis, for example redis://127.0.0.1:6379");
	}
	if (conf->engine == CONF_ENGINE_LOCAL && conf->redis[0] != '\0') {
		conf_problem(loader, place_of(loader, "redis"),
			"redis names a server, but engine is local; set engine to redis, or remove redis");
	}
}

void conf_check_whole(struct conf_loader *loader)
{
	if (loader->conf->listen_count == 0 && loader->problems == 0) {
		conf_problem(loader, place_of(loader, "listen"), "listen: no address is left");
	}
	check_ingest(loader);
	check_engine(loader);
	check_apps(loader);
}

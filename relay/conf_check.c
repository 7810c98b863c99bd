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
		snprintf(out, cap, "%s", place.name != NULL ? place.name : "default");
	}
	return out;
}

static struct conf_place place_of_app(struct conf_loader *loader, const struct conf_app *app)
{
	return loader->app_origins[app - loader->conf->apps].place;
}

static void check_distinct(struct conf_loader *loader, const struct conf_app *app)
{
	char earlier[CONF_ADDRESS_MAX];
	const struct conf_app *same = conf_app_by_id(loader->conf, cln_slice_of(app->id));
	place_text(place_of_app(loader, same), earlier, sizeof(earlier));
	if (same != app) {
		conf_problem(loader, place_of_app(loader, app),
			"application id \"%s\" is taken already (%s); remove one", app->id, earlier);
		return;
	}
	same = conf_app_by_key(loader->conf, cln_slice_of(app->key));
	if (same != NULL && same != app) {
		place_text(place_of_app(loader, same), earlier, sizeof(earlier));
		conf_problem(loader, place_of_app(loader, app),
			"application %s has the key of application %s (%s); give each its own", app->id,
			same->id, earlier);
	}
}

/* A previous key is one more key: clients are told apart by it. */
static void check_previous(struct conf_loader *loader, const struct conf_app *app)
{
	if (app->previous_key[0] == '\0') {
		return;
	}
	const struct conf_app *const same =
		conf_app_by_key(loader->conf, cln_slice_of(app->previous_key));
	if (same != app) {
		conf_problem(loader, place_of_app(loader, app),
			"previous_key of application %s is a key of application %s; give each its own", app->id,
			same->id);
	} else if (strcmp(app->previous_key, app->key) == 0) {
		conf_problem(loader, place_of_app(loader, app),
			"previous_key of application %s is its key; remove previous_key, or give the "
			"application a new key",
			app->id);
	}
}

static void check_laravel(struct conf_loader *loader, const struct conf_app *app)
{
	if (app->laravel_redis && loader->conf->redis[0] == '\0') {
		conf_problem(loader, place_of_app(loader, app),
			"laravel_redis of application %s needs the server; set redis, for example "
			"redis://127.0.0.1:6379",
			app->id);
	}
}

static void check_app(struct conf_loader *loader, const struct conf_app *app)
{
	static const char *const needed[] = {"key", "secret"};
	const struct conf_app_origin *const origin = &loader->app_origins[app - loader->conf->apps];
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		const struct conf_key *const key = conf_key_find(cln_slice_of(needed[i]), true);
		if (!origin->has[conf_key_index(key)]) {
			conf_problem(loader, origin->place, "[app:%s] has no %s", app->id, needed[i]);
		}
	}
	check_distinct(loader, app);
	check_previous(loader, app);
	check_laravel(loader, app);
}

static void check_apps(struct conf_loader *loader)
{
	const struct conf_place nowhere = {CONF_FROM_DEFAULT, NULL, 0};
	for (size_t i = 0; i < loader->conf->app_count; i++) {
		check_app(loader, &loader->conf->apps[i]);
	}
	if (loader->conf->app_count == 0 && loader->problems == 0) {
		conf_problem(loader, nowhere,
			"no application; give one by --app ID:KEY:SECRET, by CLAIRON_APP_ID, CLAIRON_APP_KEY "
			"and CLAIRON_APP_SECRET in the environment, or by [app:ID] with key and secret in a "
			"file (--config FILE)");
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
	bool needs_redis = conf->engine == CONF_ENGINE_REDIS;
	for (size_t i = 0; i < conf->app_count && !needs_redis; i++) {
		needs_redis = conf->apps[i].laravel_redis;
	}
	if (!needs_redis && conf->redis[0] != '\0') {
		conf_problem(loader, place_of(loader, "redis"),
			"redis names a server, but engine is local; set engine to redis, or remove redis");
	}
}

static void check_tls(struct conf_loader *loader)
{
	const struct conf *conf = loader->conf;
	if (conf->tls_certificate_count != conf->tls_key_count) {
		const bool is_key = conf->tls_key_count > conf->tls_certificate_count;
		conf_problem(loader, place_of(loader, is_key ? "tls_key" : "tls_certificate"),
			"there are %zu tls_certificate and %zu tls_key; name one key for each certificate, in "
			"the same order",
			conf->tls_certificate_count, conf->tls_key_count);
	} else if (conf->listen_tls_count > 0 && conf->tls_certificate_count == 0) {
		conf_problem(loader, place_of(loader, "listen_tls"),
			"listen_tls needs a certificate; set tls_certificate and tls_key");
	}
}

static void check_proxies(struct conf_loader *loader)
{
	if (loader->conf->proxy_protocol && loader->conf->trusted_proxies_count == 0) {
		conf_problem(loader, place_of(loader, "proxy_protocol"),
			"proxy_protocol needs trusted_proxies: only they are asked for the header");
	}
}

void conf_check_whole(struct conf_loader *loader)
{
	const struct conf *const conf = loader->conf;
	if (conf->listen_count + conf->listen_tls_count == 0 && loader->problems == 0) {
		conf_problem(loader, place_of(loader, "listen"), "listen: no address is left");
	}
	check_ingest(loader);
	check_engine(loader);
	check_tls(loader);
	check_proxies(loader);
	check_apps(loader);
}

/* SPDX-License-Identifier: MIT
 *
 * Settings from the environment: CLAIRON_<KEY> for every row that is not of one application, and
 * one application from CLAIRON_APP_ID/KEY/SECRET, else REVERB_APP_*, else PUSHER_APP_* (what a
 * Laravel .env holds already). The three names of a family belong together and families are never
 * mixed. A variable that is empty counts as not set, as in a .env file.
 */
#include "conf_load.h"

#include <string.h>

enum family_part {
	PART_ID,
	PART_KEY,
	PART_SECRET,
	PART_COUNT,
};

struct family {
	const char *name;
	const char *variable[PART_COUNT];
};

static const struct family families[] = {
	{"CLAIRON", {"CLAIRON_APP_ID", "CLAIRON_APP_KEY", "CLAIRON_APP_SECRET"}},
	{"REVERB", {"REVERB_APP_ID", "REVERB_APP_KEY", "REVERB_APP_SECRET"}},
	{"PUSHER", {"PUSHER_APP_ID", "PUSHER_APP_KEY", "PUSHER_APP_SECRET"}},
};

/* NULL if it is not set or empty. */
static const char *get(char *const *env, const char *name)
{
	const size_t len = strlen(name);
	for (; *env != NULL; env++) {
		if (strncmp(*env, name, len) == 0 && (*env)[len] == '=') {
			return (*env)[len + 1] != '\0' ? *env + len + 1 : NULL;
		}
	}
	return NULL;
}

static void complain_if_incomplete(
	struct conf_loader *loader, const struct family *family, const char *const value[PART_COUNT])
{
	char missing[3 * CONF_NAME_MAX] = "";
	size_t len = 0;
	const char *given = NULL;
	for (int part = 0; part < PART_COUNT; part++) {
		if (value[part] != NULL) {
			given = family->variable[part];
		} else if (len < sizeof(missing)) {
			len += (size_t)snprintf(missing + len, sizeof(missing) - len, "%s%s",
				len > 0 ? " and " : "", family->variable[part]);
		}
	}
	if (given != NULL && len > 0) {
		const struct conf_place place = {CONF_FROM_ENV, given, 0};
		conf_problem(loader, place, "needs %s too; set all three, or none", missing);
	}
}

static void load_app(struct conf_loader *loader, char *const *env)
{
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		const struct family *family = &families[i];
		const char *value[PART_COUNT];
		unsigned given = 0;
		for (int part = 0; part < PART_COUNT; part++) {
			value[part] = get(env, family->variable[part]);
			given += value[part] != NULL;
		}
		if (given == 0) {
			continue;
		}
		complain_if_incomplete(loader, family, value);
		if (given < PART_COUNT) {
			return;
		}
		struct conf_place place = {CONF_FROM_ENV, family->variable[PART_ID], 0};
		struct conf_app *app = conf_app_add(loader, place, value[PART_ID]);
		if (app != NULL) {
			loader->conf->env_source = family->name;
			place.name = family->variable[PART_KEY];
			conf_app_set(
				loader, place, app, conf_key_find(CLN_SLICE("key"), true), value[PART_KEY]);
			place.name = family->variable[PART_SECRET];
			conf_app_set(
				loader, place, app, conf_key_find(CLN_SLICE("secret"), true), value[PART_SECRET]);
		}
		return;
	}
}

/* A variable with a name close to a setting's is most likely meant as one. Others with our prefix
 * belong to the application, whose .env may be our environment. */
static void warn_if_close(struct conf_loader *loader, const char *variable)
{
	char name[CONF_NAME_MAX + 1];
	const char *rest = variable + strlen(CONF_ENV_PREFIX);
	const size_t len = strcspn(rest, "=");
	if (len >= sizeof(name)) {
		return;
	}
	for (size_t i = 0; i < len; i++) {
		name[i] = rest[i] >= 'A' && rest[i] <= 'Z' ? (char)(rest[i] - 'A' + 'a') : rest[i];
	}
	name[len] = '\0';
	const struct conf_key *near = conf_key_nearest(cln_slice(name, len), false);
	if (near != NULL && conf_key_distance(cln_slice(name, len), near) <= 2) {
		const struct conf_place place = {CONF_FROM_ENV, NULL, 0};
		conf_warning(loader, place, "the variable CLAIRON_%.*s is not read; did you mean %s?",
			(int)len, rest, loader->variable[conf_key_index(near)]);
	}
}

static void warn_about_typos(struct conf_loader *loader, char *const *env)
{
	for (; *env != NULL; env++) {
		bool is_known = strncmp(*env, CONF_ENV_PREFIX, strlen(CONF_ENV_PREFIX)) != 0;
		const struct cln_slice name = cln_slice(*env, strcspn(*env, "="));
		for (size_t i = 0; i < conf_key_count && !is_known; i++) {
			is_known = cln_slice_equal(name, cln_slice_of(loader->variable[i]));
		}
		if (!is_known) {
			warn_if_close(loader, *env);
		}
	}
}

void conf_env_load(struct conf_loader *loader, char *const *env)
{
	for (size_t i = 0; i < conf_key_count; i++) {
		const char *value = get(env, loader->variable[i]);
		if (conf_keys[i].scope != CONF_APP_OWN && value != NULL) {
			const struct conf_place place = {CONF_FROM_ENV, loader->variable[i], 0};
			conf_global_set(loader, place, &conf_keys[i], value);
		}
	}
	warn_about_typos(loader, env);
	load_app(loader, env);
}

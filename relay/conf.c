/* SPDX-License-Identifier: MIT
 *
 * Loading: defaults, then file, environment and flags in rising rank, then the checks of the whole.
 * Readers of the three sources are conf_file.c, conf_env.c and conf_flags.c; values are parsed in
 * conf_value.c.
 */
#include "conf_load.h"
#include "base/xalloc.h"

#include "../wire/name.h"
#include "../wire/version.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

size_t conf_key_index(const struct conf_key *key)
{
	return (size_t)(key - conf_keys);
}

size_t conf_key_bytes(const struct conf_key *key)
{
	return key->type == CONF_LIST ? sizeof(struct conf_list) : key->size;
}

static bool is_visible(const struct conf_key *key, bool is_app)
{
	return is_app ? key->scope != CONF_GLOBAL : key->scope != CONF_APP_OWN;
}

const struct conf_key *conf_key_find(struct cln_slice name, bool is_app)
{
	for (size_t i = 0; i < conf_key_count; i++) {
		if (is_visible(&conf_keys[i], is_app) &&
			cln_slice_equal(name, cln_slice_of(conf_keys[i].name))) {
			return &conf_keys[i];
		}
	}
	return NULL;
}

/* Levenshtein's distance, CONF_NAME_MAX or more if `a` is too long to be a name. */
static unsigned distance(struct cln_slice a, struct cln_slice b)
{
	unsigned row[CONF_NAME_MAX + 1];
	if (a.len > CONF_NAME_MAX || b.len > CONF_NAME_MAX) {
		return CONF_NAME_MAX;
	}
	for (unsigned j = 0; j <= b.len; j++) {
		row[j] = j;
	}
	for (unsigned i = 1; i <= a.len; i++) {
		unsigned diagonal = row[0];
		row[0] = i;
		for (unsigned j = 1; j <= b.len; j++) {
			const unsigned replaced = diagonal + (a.ptr[i - 1] != b.ptr[j - 1]);
			const unsigned moved = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
			diagonal = row[j];
			row[j] = replaced < moved ? replaced : moved;
		}
	}
	return row[b.len];
}

unsigned conf_key_distance(struct cln_slice name, const struct conf_key *key)
{
	return distance(name, cln_slice_of(key->name));
}

const struct conf_key *conf_key_nearest(struct cln_slice name, bool is_app)
{
	const struct conf_key *nearest = NULL;
	unsigned least = (unsigned)(name.len < CONF_NAME_MAX ? name.len / 2 : 0) + 1;
	for (size_t i = 0; i < conf_key_count; i++) {
		const unsigned letters = conf_key_distance(name, &conf_keys[i]);
		if (is_visible(&conf_keys[i], is_app) && letters < least) {
			least = letters;
			nearest = &conf_keys[i];
		}
	}
	return nearest;
}

void conf_key_variable(const struct conf_key *key, char *out, size_t cap)
{
	const int len = snprintf(out, cap, "%s%s", CONF_ENV_PREFIX, key->name);
	for (int i = 0; i < len && (size_t)i < cap; i++) {
		out[i] = out[i] >= 'a' && out[i] <= 'z' ? (char)(out[i] - 'a' + 'A') : out[i];
	}
}

void conf_key_flag(const struct conf_key *key, char *out, size_t cap)
{
	const int len = snprintf(out, cap, "--%s", key->name);
	for (int i = 0; i < len && (size_t)i < cap; i++) {
		out[i] = out[i] == '_' ? '-' : out[i];
	}
}

static void print_place(struct conf_loader *loader, struct conf_place place)
{
	fputs("clairon-relay: ", loader->errors);
	if (place.line > 0) {
		fprintf(loader->errors, "%s:%u: ", place.name, place.line);
	} else if (place.name != NULL) {
		fprintf(loader->errors, "%s: ", place.name);
	}
}

void conf_problem(struct conf_loader *loader, struct conf_place place, const char *format, ...)
{
	va_list arguments;
	print_place(loader, place);
	va_start(arguments, format);
	vfprintf(loader->errors, format, arguments);
	va_end(arguments);
	fputc('\n', loader->errors);
	loader->problems++;
}

void conf_warning(struct conf_loader *loader, struct conf_place place, const char *format, ...)
{
	va_list arguments;
	print_place(loader, place);
	fputs("warning: ", loader->errors);
	va_start(arguments, format);
	vfprintf(loader->errors, format, arguments);
	va_end(arguments);
	fputc('\n', loader->errors);
}

void conf_global_set(struct conf_loader *loader, struct conf_place place,
	const struct conf_key *key, const char *value)
{
	void *base = key->scope == CONF_GLOBAL ? (void *)loader->conf : (void *)&loader->defaults;
	struct conf_place *last = &loader->key_place[conf_key_index(key)];
	const bool is_first = last->source != place.source;
	*last = place;
	conf_value_set(loader, place, key, base, value, is_first);
}

struct conf_app *conf_app_add(struct conf_loader *loader, struct conf_place place, const char *id)
{
	char shown[CONF_SHOWN_MAX];
	struct conf *conf = loader->conf;
	const char *wrong = conf_check_id(id);
	if (wrong != NULL) {
		conf_problem(loader, place, "application id \"%s\" %s", conf_shown(id, shown), wrong);
		return NULL;
	}
	if (conf->app_count == CONF_APPS_MAX) {
		conf_problem(
			loader, place, "more than %d applications; start a second relay", CONF_APPS_MAX);
		return NULL;
	}
	struct conf_app *app = conf_app_new(conf);
	app->source = place.source;
	memcpy(app->id, id, strlen(id) + 1);
	if (loader->app_origins_cap < conf->app_cap) {
		loader->app_origins_cap = conf->app_cap;
		loader->app_origins =
			xrealloc(loader->app_origins, loader->app_origins_cap * sizeof(*loader->app_origins));
	}
	loader->app_origins[conf->app_count - 1] = (struct conf_app_origin){.place = place};
	return app;
}

void conf_app_set(struct conf_loader *loader, struct conf_place place, struct conf_app *app,
	const struct conf_key *key, const char *value)
{
	loader->app_origins[app - loader->conf->apps].has[conf_key_index(key)] = true;
	conf_value_set(loader, place, key, app, value, true);
}

static void set_defaults(struct conf_loader *loader)
{
	const struct conf_place place = {CONF_FROM_DEFAULT, NULL, 0};
	for (size_t i = 0; i < conf_key_count; i++) {
		const struct conf_key *key = &conf_keys[i];
		conf_key_variable(key, loader->variable[i], sizeof(loader->variable[i]));
		conf_key_flag(key, loader->flag[i], sizeof(loader->flag[i]));
		void *base = key->scope == CONF_GLOBAL ? (void *)loader->conf : (void *)&loader->defaults;
		if (key->standard[0] != '\0') {
			conf_value_set(loader, place, key, base, key->standard, true);
		}
	}
}

/* Gives every application what it did not say itself. */
static void spread_defaults(struct conf_loader *loader)
{
	for (size_t a = 0; a < loader->conf->app_count; a++) {
		for (size_t i = 0; i < conf_key_count; i++) {
			const struct conf_key *key = &conf_keys[i];
			if (key->scope != CONF_GLOBAL && !loader->app_origins[a].has[i]) {
				memcpy((char *)&loader->conf->apps[a] + key->offset,
					(const char *)&loader->defaults + key->offset, conf_key_bytes(key));
			}
		}
	}
}

static void choose_workers(struct conf *conf)
{
	if (conf->workers == 0) {
		const long half = sysconf(_SC_NPROCESSORS_ONLN) / 2;
		conf->workers = half < 1 ? 1 : half > CONF_WORKERS_MAX ? CONF_WORKERS_MAX : (unsigned)half;
	}
}

static const char *value_of_flag(int argc, char **argv, const char *flag)
{
	const size_t len = strlen(flag);
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], flag) == 0) {
			return i + 1 < argc ? argv[i + 1] : NULL;
		}
		if (strncmp(argv[i], flag, len) == 0 && argv[i][len] == '=') {
			return argv[i] + len + 1;
		}
	}
	return NULL;
}

/* The flags that print something and end. */
static bool print_and_end(int argc, char **argv, FILE *output)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			conf_print_help(output);
			return true;
		}
		if (strcmp(argv[i], "--help-all") == 0) {
			conf_print_help_all(output);
			return true;
		}
		if (strcmp(argv[i], "--version") == 0) {
			fprintf(output, "clairon-relay %s\n", CLN_VERSION);
			return true;
		}
		if (strcmp(argv[i], "--print-configuration") == 0) {
			conf_print_markdown(output);
			return true;
		}
	}
	return false;
}

enum conf_result conf_load(
	struct conf *conf, int argc, char **argv, char *const *env, FILE *output, FILE *errors)
{
	struct conf_loader loader = {.conf = conf, .errors = errors};
	memset(conf, 0, sizeof(*conf));
	if (print_and_end(argc, argv, output)) {
		return CONF_HELP;
	}
	set_defaults(&loader);
	const char *path = value_of_flag(argc, argv, "--config");
	if (path != NULL) {
		conf_file_load(&loader, path);
	}
	conf_env_load(&loader, env);
	conf_flags_load(&loader, argc, argv);
	spread_defaults(&loader);
	conf_index_build(conf);
	conf_check_whole(&loader);
	choose_workers(conf);
	free(loader.app_origins);
	return loader.problems == 0 ? CONF_OK : CONF_INVALID;
}

/* SPDX-License-Identifier: MIT
 *
 * The command line: --key VALUE or --key=VALUE for every row that is not of one application,
 * --app ID:KEY:SECRET as often as wanted, --config FILE. What holds a secret is overwritten after
 * reading, so that `ps` doesn't show it.
 */
#include "conf_load.h"

#include <string.h>

struct flag {
	const char *name; /* as written, without the value; for sentences */
	size_t name_len;
	char *value; /* NULL: none */
};

/* Row of a flag, or NULL. Words of flags are joined by '-', those of keys by '_'. */
static const struct conf_key *find_row(const struct conf_loader *loader, struct cln_slice name)
{
	for (size_t i = 0; i < conf_key_count; i++) {
		if (conf_keys[i].scope != CONF_APP_OWN &&
			cln_slice_equal(name, cln_slice_of(loader->flag[i]))) {
			return &conf_keys[i];
		}
	}
	return NULL;
}

static void blank(char *value)
{
	for (; *value != '\0'; value++) {
		*value = '*';
	}
}

static void copy_part(struct cln_slice part, char out[CONF_VALUE_MAX])
{
	const size_t len = part.len < CONF_VALUE_MAX ? part.len : CONF_VALUE_MAX - 1;
	memcpy(out, part.ptr, len);
	out[len] = '\0';
}

/* ID:KEY:SECRET; the secret is the rest and may hold colons. */
static void add_app(struct conf_loader *loader, struct conf_place place, const char *value)
{
	char id[CONF_VALUE_MAX], key[CONF_VALUE_MAX], secret[CONF_VALUE_MAX];
	const char *first = strchr(value, ':');
	const char *second = first != NULL ? strchr(first + 1, ':') : NULL;
	if (second == NULL) {
		conf_problem(loader, place, "its value (not shown) must be ID:KEY:SECRET");
		return;
	}
	copy_part(cln_slice(value, (size_t)(first - value)), id);
	copy_part(cln_slice(first + 1, (size_t)(second - first - 1)), key);
	copy_part(cln_slice_of(second + 1), secret);
	struct conf_app *app = conf_app_add(loader, place, id);
	if (app != NULL) {
		conf_app_set(loader, place, app, conf_key_find(CLN_SLICE("key"), true), key);
		conf_app_set(loader, place, app, conf_key_find(CLN_SLICE("secret"), true), secret);
	}
}

static void refuse_unknown(struct conf_loader *loader, struct flag flag)
{
	char name[CONF_NAME_MAX + 1], text[CONF_VALUE_MAX], shown[CONF_SHOWN_MAX];
	const struct conf_place place = {CONF_FROM_FLAG, NULL, 0};
	const size_t rest = flag.name_len - 2;
	const struct conf_key *nearest = NULL;
	if (rest < sizeof(name)) {
		for (size_t i = 0; i < rest; i++) {
			name[i] = flag.name[i + 2] == '-' ? '_' : flag.name[i + 2];
		}
		nearest = conf_key_nearest(cln_slice(name, rest), false);
	}
	copy_part(cln_slice(flag.name, flag.name_len), text);
	if (nearest != NULL) {
		conf_problem(loader, place, "%s is not a flag; did you mean %s?", conf_shown(text, shown),
			loader->flag[conf_key_index(nearest)]);
	} else {
		conf_problem(loader, place, "%s is not a flag; clairon-relay --help-all lists all of them",
			conf_shown(text, shown));
	}
}

static void set_row(struct conf_loader *loader, const struct conf_key *key, char *value)
{
	const size_t index = conf_key_index(key);
	const struct conf_place place = {CONF_FROM_FLAG, loader->flag[index], 0};
	if (key->type != CONF_LIST && loader->key_place[index].source == CONF_FROM_FLAG) {
		conf_problem(loader, place, "is given twice; remove one");
		return;
	}
	conf_global_set(loader, place, key, value);
	if (key->is_secret) {
		blank(value);
	}
}

static void set_flag(struct conf_loader *loader, struct flag flag)
{
	const struct cln_slice name = cln_slice(flag.name, flag.name_len);
	const bool is_app = cln_slice_equal(name, CLN_SLICE("--app"));
	const bool is_config = cln_slice_equal(name, CLN_SLICE("--config"));
	const struct conf_key *key = find_row(loader, name);
	if (key == NULL && !is_app && !is_config) {
		refuse_unknown(loader, flag);
		return;
	}
	const struct conf_place config = {CONF_FROM_FLAG, "--config", 0};
	if (is_config && loader->has_config_flag) {
		conf_problem(loader, config, "is given twice; remove one");
		return;
	}
	loader->has_config_flag |= is_config;
	if (flag.value == NULL || flag.value[0] == '\0') {
		const char *known = is_app      ? "--app"
							: is_config ? "--config"
										: loader->flag[conf_key_index(key)];
		const struct conf_place place = {CONF_FROM_FLAG, known, 0};
		conf_problem(loader, place, "needs a value");
	} else if (is_app) {
		const struct conf_place place = {CONF_FROM_FLAG, "--app", 0};
		add_app(loader, place, flag.value);
		blank(flag.value);
	} else if (key != NULL) {
		set_row(loader, key, flag.value);
	}
}

static bool is_flag(const char *argument)
{
	return strncmp(argument, "--", 2) == 0 && argument[2] != '\0';
}

void conf_flags_load(struct conf_loader *loader, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (!is_flag(argv[i])) {
			char shown[CONF_SHOWN_MAX];
			const struct conf_place place = {CONF_FROM_FLAG, NULL, 0};
			conf_problem(loader, place,
				"\"%s\" is not a flag; flags begin with --, see clairon-relay --help",
				conf_shown(argv[i], shown));
			continue;
		}
		char *equals = strchr(argv[i], '=');
		struct flag flag = {argv[i], strcspn(argv[i], "="), equals != NULL ? equals + 1 : NULL};
		if (flag.value == NULL && i + 1 < argc && !is_flag(argv[i + 1])) {
			flag.value = argv[++i];
		}
		set_flag(loader, flag);
	}
}

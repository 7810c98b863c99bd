/* SPDX-License-Identifier: MIT
 *
 * See reload.h.
 */
#include "reload.h"

#include "base/log.h"
#include "base/xalloc.h"
#include "conf_follow.h"
#include "tls.h"
#include "webhook.h"

#include "../wire/err.h"

#include <stdlib.h>
#include <string.h>

/* --- what is read --- */

struct reload_source {
	char *const *env;
	int argc;
	char *argv[];
};

struct reload_source *reload_source_new(int argc, char **argv, char *const *env)
{
	struct reload_source *const source =
		xcalloc(1, sizeof(*source) + ((size_t)argc + 1) * sizeof(char *));
	source->env = env;
	source->argc = argc;
	for (int i = 0; i < argc; i++) {
		source->argv[i] = xstrdup(argv[i]);
	}
	return source;
}

void reload_source_free(struct reload_source *source)
{
	for (int i = 0; i < source->argc; i++) {
		free(source->argv[i]);
	}
	free(source);
}

struct reload {
	struct reload_parts parts;
	struct conf *conf; /* that counts, or is being taken over */
	struct conf *old;  /* while workers may still look at it; NULL: nothing is under way */
	unsigned changes;
	bool is_wanted_again;
	bool is_stopped;
};

static void log_problem(const char *line, size_t len, enum log_level level)
{
	static const char prefix[] = "clairon-relay: ";
	char text[LOG_LINE_MAX];
	if (len >= sizeof(text)) {
		len = sizeof(text) - 1;
	}
	for (size_t i = 0; i < len; i++) {
		text[i] = line[i] == '"' ? '\'' : line[i]; /* it will stand in quotes */
	}
	text[len] = '\0';
	const bool has_prefix = strncmp(text, prefix, sizeof(prefix) - 1) == 0;
	log_event(
		level, "configuration", "problem=\"%s\"", text + (has_prefix ? sizeof(prefix) - 1 : 0));
}

/* What conf_load() printed, a line an event. */
static void log_problems(const char *text, enum log_level level)
{
	while (*text != '\0') {
		const size_t len = strcspn(text, "\n");
		log_problem(text, len, level);
		text += len + (text[len] == '\n');
	}
}

/* As at start; NULL if something is wrong. */
static struct conf *read_conf(const struct reload *reload)
{
	struct reload_source *const copy = reload_source_new(
		reload->parts.source->argc, (char **)reload->parts.source->argv, reload->parts.source->env);
	struct conf *conf = xcalloc(1, sizeof(*conf));
	char *text = NULL;
	size_t len = 0;
	FILE *const errors = open_memstream(&text, &len);
	if (errors == NULL) {
		abort(); /* no memory */
	}
	const enum conf_result result =
		conf_load(conf, copy->argc, copy->argv, copy->env, errors, errors);
	fclose(errors);
	log_problems(text, result == CONF_OK ? LOG_LEVEL_WARN : LOG_LEVEL_ERROR);
	free(text);
	reload_source_free(copy);
	if (result != CONF_OK) {
		conf_free(conf);
		free(conf);
		return NULL;
	}
	reload->parts.complete(conf);
	return conf;
}

/* --- what is told --- */

static void tell(void *context, enum conf_change change, const char *id, const char *names)
{
	unsigned *const changes = context;
	(*changes)++;
	switch (change) {
	case CONF_APP_ADDED:
		log_event(LOG_LEVEL_INFO, "app_added", "id=%s", id);
		break;
	case CONF_APP_REMOVED:
		log_event(LOG_LEVEL_INFO, "app_removed", "id=%s", id);
		break;
	case CONF_APP_CHANGED:
		log_event(LOG_LEVEL_INFO, "app_changed", "id=%s keys=%s", id, names);
		break;
	case CONF_KEY_CHANGED:
		log_event(LOG_LEVEL_INFO, "setting_changed", "key=%s", names);
		break;
	case CONF_KEY_NEEDS_START:
		log_event(LOG_LEVEL_WARN, "setting_kept",
			"key=%s reason=\"it takes effect at the next start\"", names);
		break;
	}
}

static void fail(const char *reason)
{
	log_event(LOG_LEVEL_ERROR, "reload_failed", "reason=\"%s\"", reason);
}

/* --- taking over --- */

static void discard(struct conf *conf)
{
	conf_free(conf);
	free(conf);
}

static void on_switched(void *context)
{
	struct reload *const reload = context;
	if (reload->is_stopped) {
		return;
	}
	/* Workers emit by the new configuration only. */
	webhooks_reload(reload->parts.webhooks, reload->conf);
	discard(reload->old);
	reload->old = NULL;
	log_event(LOG_LEVEL_INFO, "reloaded", "changes=%u", reload->changes);
	if (reload->is_wanted_again) {
		reload->is_wanted_again = false;
		reload_begin(reload);
	}
}

static void on_learned(void *context)
{
	struct reload *const reload = context;
	if (reload->is_stopped) {
		return;
	}
	workers_visit(reload->parts.workers, WORKERS_SWITCH, reload->conf,
		&(struct workers_done){reload->parts.loop, on_switched, reload});
}

static void take_over(struct reload *reload, struct conf *next)
{
	enum log_level level;
	reload->old = reload->conf;
	reload->conf = next;
	if (log_level_parse(next->log_level, &level)) {
		log_set_level(level);
	}
	/* Indexes of the old one are good in the new one, too. */
	reload->parts.loop->conf = next;
	hub_shared_set_conf(reload->parts.shared, next);
	workers_visit(reload->parts.workers, WORKERS_LEARN, next,
		&(struct workers_done){reload->parts.loop, on_learned, reload});
}

void reload_begin(struct reload *reload)
{
	if (reload->old != NULL) {
		reload->is_wanted_again = true;
		return;
	}
	struct conf *const next = read_conf(reload);
	reload->changes = 0;
	if (next == NULL) {
		fail("the configuration is wrong, see above; the relay goes on with the old one");
		return;
	}
	if (reload->parts.tls != NULL && next->tls_certificate_count > 0 &&
		tls_reload(reload->parts.tls, next) != CLN_OK) {
		fail("a certificate can't be used, see above; the relay goes on with the old ones");
		discard(next);
		return;
	}
	if (!conf_follow(next, reload->conf, tell, &reload->changes)) {
		fail("too many applications have come and gone since the start; restart the relay");
		discard(next);
		return;
	}
	take_over(reload, next);
}

struct reload *reload_new(const struct reload_parts *parts, struct conf *conf)
{
	struct reload *const reload = xcalloc(1, sizeof(*reload));
	reload->parts = *parts;
	reload->conf = conf;
	return reload;
}

const struct conf *reload_conf(const struct reload *reload)
{
	return reload->conf;
}

void reload_stop(struct reload *reload)
{
	reload->is_stopped = true;
}

void reload_free(struct reload *reload)
{
	if (reload->old != NULL) {
		discard(reload->old);
	}
	discard(reload->conf);
	free(reload);
}

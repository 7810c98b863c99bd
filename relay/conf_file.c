/* SPDX-License-Identifier: MIT
 *
 * The configuration file: [relay] and [app:ID] sections of `key = value` lines, comments on lines
 * of their own beginning with # or ;. Inside a value both are ordinary characters, since secrets
 * may hold them. A byte order mark, CRLF, a missing last newline are fine; a line that is too
 * long, unknown or doubled is refused by its number. Own code because inih (as Debian builds it)
 * cuts values at " ;", joins indented lines and splits long ones.
 */
#include "conf_load.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

enum section {
	SECTION_NONE,
	SECTION_RELAY,
	SECTION_APP,
	SECTION_BAD, /* its lines are skipped: the section itself was the problem */
};

struct file_state {
	struct conf_loader *loader;
	struct conf_place place;
	enum section section;
	unsigned relay_line; /* of the first [relay], 0: none yet */
	struct conf_app *app;
};

static struct cln_slice trim(struct cln_slice text)
{
	while (text.len > 0 && (text.ptr[0] == ' ' || text.ptr[0] == '\t')) {
		text = cln_slice_from(text, 1);
	}
	while (text.len > 0 && strchr(" \t\r", text.ptr[text.len - 1]) != NULL) {
		text.len--;
	}
	return text;
}

static void to_string(struct cln_slice text, char *out, size_t cap)
{
	const size_t len = text.len < cap ? text.len : cap - 1;
	memcpy(out, text.ptr, len);
	out[len] = '\0';
}

static void open_section(struct file_state *state, struct cln_slice name)
{
	char text[CONF_VALUE_MAX], shown[CONF_SHOWN_MAX];
	to_string(name, text, sizeof(text));
	state->section = SECTION_BAD;
	if (strcmp(text, "relay") == 0) {
		if (state->relay_line > 0) {
			conf_problem(state->loader, state->place,
				"[relay] stands here and on line %u; join the two", state->relay_line);
			return;
		}
		state->relay_line = state->place.line;
		state->section = SECTION_RELAY;
	} else if (strncmp(text, "app:", 4) == 0) {
		state->app = conf_app_add(state->loader, state->place, text + 4);
		state->section = state->app != NULL ? SECTION_APP : SECTION_BAD;
	} else {
		conf_problem(state->loader, state->place,
			"[%s] is not a section; there are [relay] and [app:ID]", conf_shown(text, shown));
	}
}

static void refuse_unknown(struct file_state *state, const char *name, bool is_app)
{
	char shown[CONF_SHOWN_MAX];
	const struct cln_slice slice = cln_slice_of(name);
	const char *where = is_app ? "[app:ID]" : "[relay]";
	const struct conf_key *nearest = conf_key_nearest(slice, is_app);
	conf_shown(name, shown);
	if (conf_key_find(slice, !is_app) != NULL) {
		conf_problem(state->loader, state->place, "%s does not belong into %s but into %s", shown,
			where, is_app ? "[relay]" : "[app:ID]");
	} else if (nearest != NULL) {
		conf_problem(state->loader, state->place, "%s is not a setting of %s; did you mean %s?",
			shown, where, nearest->name);
	} else {
		conf_problem(state->loader, state->place,
			"%s is not a setting of %s; clairon-relay --help-all lists all of them", shown, where);
	}
}

static void set_relay(struct file_state *state, const struct conf_key *key, const char *value)
{
	const struct conf_place *before = &state->loader->key_place[conf_key_index(key)];
	if (before->source == CONF_FROM_FILE) {
		conf_problem(state->loader, state->place, "%s stands here and on line %u; remove one",
			key->name, before->line);
		return;
	}
	conf_global_set(state->loader, state->place, key, value);
}

static void set_app(struct file_state *state, const struct conf_key *key, const char *value)
{
	const size_t app = (size_t)(state->app - state->loader->conf->apps);
	if (state->loader->app_origins[app].has[conf_key_index(key)]) {
		conf_problem(state->loader, state->place, "%s stands twice in [app:%s]; remove one",
			key->name, state->app->id);
		return;
	}
	conf_app_set(state->loader, state->place, state->app, key, value);
}

static void set_pair(struct file_state *state, struct cln_slice name, struct cln_slice value)
{
	char name_text[CONF_VALUE_MAX], value_text[CONF_VALUE_MAX];
	if (state->section == SECTION_BAD) {
		return;
	}
	if (state->section == SECTION_NONE) {
		conf_problem(state->loader, state->place,
			"a setting before the first section; put [relay] above it");
		return;
	}
	to_string(name, name_text, sizeof(name_text));
	to_string(value, value_text, sizeof(value_text));
	const bool is_app = state->section == SECTION_APP;
	const struct conf_key *key = conf_key_find(name, is_app);
	if (key == NULL) {
		refuse_unknown(state, name_text, is_app);
		return;
	}
	state->loader->has_secret_in_file |= key->is_secret;
	if (is_app) {
		set_app(state, key, value_text);
	} else {
		set_relay(state, key, value_text);
	}
}

static void read_line(struct file_state *state, struct cln_slice raw)
{
	char shown[CONF_SHOWN_MAX], text[CONF_VALUE_MAX];
	const struct cln_slice line = trim(raw);
	if (line.len == 0 || line.ptr[0] == '#' || line.ptr[0] == ';') {
		return;
	}
	if (memchr(line.ptr, '\0', line.len) != NULL) {
		conf_problem(state->loader, state->place, "a NUL byte; this is not a text file");
		return;
	}
	if (line.ptr[0] == '[' && line.ptr[line.len - 1] == ']') {
		open_section(state, trim(cln_slice(line.ptr + 1, line.len - 2)));
		return;
	}
	const char *equals = memchr(line.ptr, '=', line.len);
	if (equals == NULL || equals == line.ptr) {
		/* Only the first word is shown: the rest may be a secret. */
		to_string(line, text, sizeof(text));
		text[strcspn(text, " \t:=")] = '\0';
		conf_problem(state->loader, state->place,
			"\"%s...\" is neither [section] nor key = value nor a comment",
			conf_shown(text, shown));
		return;
	}
	const size_t at = (size_t)(equals - line.ptr);
	set_pair(state, trim(cln_slice(line.ptr, at)), trim(cln_slice_from(line, at + 1)));
}

/* Reads up to the next newline. False at the end of the file. Of a line longer than CONF_LINE_MAX
 * the rest is skipped and `len` is CONF_LINE_MAX + 1. */
static bool next_line(FILE *file, char line[CONF_LINE_MAX + 1], size_t *len)
{
	int byte = getc(file);
	if (byte == EOF) {
		return false;
	}
	for (*len = 0; byte != EOF && byte != '\n'; byte = getc(file)) {
		if (*len < CONF_LINE_MAX + 1) {
			line[(*len)++] = (char)byte;
		}
	}
	if (*len > 0 && *len <= CONF_LINE_MAX + 1 && line[*len - 1] == '\r') {
		(*len)--;
	}
	return true;
}

static void read_lines(struct file_state *state, FILE *file)
{
	char line[CONF_LINE_MAX + 1];
	size_t len;
	while (next_line(file, line, &len)) {
		state->place.line++;
		const bool has_mark =
			state->place.line == 1 && len >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0;
		if (len > CONF_LINE_MAX) {
			conf_problem(state->loader, state->place,
				"the line is longer than %d bytes; shorten it", CONF_LINE_MAX);
		} else {
			read_line(state, cln_slice_from(cln_slice(line, len), has_mark ? 3 : 0));
		}
	}
}

static void warn_if_open(struct conf_loader *loader, FILE *file, struct conf_place place)
{
	struct stat info;
	if (loader->has_secret_in_file && fstat(fileno(file), &info) == 0 && S_ISREG(info.st_mode) &&
		(info.st_mode & S_IROTH) != 0) {
		conf_warning(
			loader, place, "holds secrets and everybody may read it; chmod o-r %s", place.name);
	}
}

void conf_file_load(struct conf_loader *loader, const char *path)
{
	struct file_state state = {
		.loader = loader,
		.place = {CONF_FROM_FILE, path, 0},
		.section = SECTION_NONE,
	};
	FILE *file = fopen(path, "re");
	if (file == NULL) {
		conf_problem(loader, state.place, "cannot be opened: %s", strerror(errno));
		return;
	}
	read_lines(&state, file);
	state.place.line = 0;
	if (ferror(file)) {
		conf_problem(loader, state.place, "cannot be read: %s", strerror(errno));
	}
	warn_if_open(loader, file, state.place);
	fclose(file);
}

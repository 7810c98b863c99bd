/* SPDX-License-Identifier: MIT
 *
 * What the table says to people: --help (one screen of 80 by 24), --help-all and
 * docs/configuration.md.
 */
#include "conf_load.h"

#include <inttypes.h>
#include <string.h>

#define LINE_WIDTH 78

void conf_print_help(FILE *output)
{
	fputs("usage: clairon-relay [--config FILE] [--app ID:KEY:SECRET]... [--SETTING VALUE]\n"
		  "\n"
		  "Relays events from PHP to browsers: Pusher protocol over WebSocket.\n"
		  "\n"
		  "  --app ID:KEY:SECRET      an application; repeat it for more\n"
		  "  --config FILE            settings and applications from a file\n"
		  "  --listen HOST:PORT       for browsers, default 127.0.0.1:6001\n"
		  "  --ingest unix:PATH       for publishers, default unix:/run/clairon/relay.sock\n"
		  "  --ingest-group GROUP     who may open that socket besides the relay's user\n"
		  "  --workers N              threads, default half as many as processors\n"
		  "  --engine local|redis     redis where more than one relay runs\n"
		  "  --redis redis://HOST     the Redis server of engine redis\n"
		  "  --log-level LEVEL        error, warn, info (default) or debug\n"
		  "  --help-all               every setting with its default\n"
		  "  --version\n"
		  "\n"
		  "Every setting is also a variable (CLAIRON_WORKERS) and a line of the file.\n"
		  "Flags stand over the environment, the environment over the file.\n"
		  "Applications add up; the environment gives one by CLAIRON_APP_ID, _KEY and\n"
		  "_SECRET, else REVERB_APP_*, else PUSHER_APP_*. SIGTERM ends it in order.\n"
		  "Exit status: 0 ended in order, 1 could not start, 2 wrong settings.\n",
		output);
}

/* Words of `text` in lines of LINE_WIDTH, each behind `indent` blanks. */
static void print_wrapped(FILE *output, size_t indent, const char *text)
{
	size_t column = LINE_WIDTH + 1; /* no line begun */
	while (*text != '\0') {
		const size_t word = strcspn(text, " ");
		if (column + 1 + word > LINE_WIDTH) {
			fprintf(output, "%s%*s", column > LINE_WIDTH ? "" : "\n", (int)indent, "");
			column = indent;
		} else {
			fputc(' ', output);
			column++;
		}
		fwrite(text, 1, word, output);
		column += word;
		text += word + strspn(text + word, " ");
	}
	fputc('\n', output);
}

static const char *unit(const struct conf_key *key)
{
	return key->type == CONF_SIZE ? " bytes" : key->type == CONF_MS ? " ms" : "";
}

void conf_print_help_all(FILE *output)
{
	char flag[CONF_NAME_MAX + 3];
	const char *group = "";
	conf_print_help(output);
	for (size_t i = 0; i < conf_key_count; i++) {
		const struct conf_key *key = &conf_keys[i];
		if (key->group != group) {
			group = key->group;
			fprintf(output, "\n%s\n", group);
		}
		conf_key_flag(key, flag, sizeof(flag));
		fprintf(output, "\n  %s", key->scope == CONF_APP_OWN ? key->name : flag);
		fputs(key->scope == CONF_APP_OWN ? " (in [app:ID])" : "", output);
		if (key->standard[0] != '\0') {
			fprintf(output, ", default %s%s", key->standard, unit(key));
		}
		fputc('\n', output);
		print_wrapped(output, 6, key->help);
	}
}

static void print_default(FILE *output, const struct conf_key *key)
{
	if (key->standard[0] != '\0') {
		fprintf(output, "`%s`", key->standard);
	}
	fputs(" | ", output);
	switch (key->type) {
	case CONF_UINT:
	case CONF_SIZE:
	case CONF_MS:
		fprintf(output, "%" PRId64 " to %" PRId64 "%s", key->min, key->max, unit(key));
		break;
	case CONF_BOOL:
		fputs("true, false", output);
		break;
	case CONF_ENGINE_NAME:
		fputs("local, redis", output);
		break;
	case CONF_LEVEL:
		fputs("error, warn, info, debug", output);
		break;
	case CONF_LIST:
		fprintf(output, "up to %" PRId64 ", separated by commas; none", key->max);
		break;
	case CONF_TEXT:
		fprintf(output, "text, up to %zu bytes", key->size - 1);
		break;
	}
}

static const char *scope_text(const struct conf_key *key)
{
	switch (key->scope) {
	case CONF_GLOBAL:
		return "relay";
	case CONF_APP:
		return "application, or default of all";
	case CONF_APP_OWN:
		return "application";
	}
	return "";
}

/* A cell can't hold a bar. */
static void print_cell(FILE *output, const char *text)
{
	for (; *text != '\0'; text++) {
		fputs(*text == '|' ? "\\|" : (const char[]){*text, '\0'}, output);
	}
}

void conf_print_markdown(FILE *output)
{
	const char *group = "";
	fputs(
		"# Settings of clairon-relay\n"
		"\n"
		"Made by `clairon-relay --print-configuration` from the table in `relay/conf_table.c`; "
		"edit "
		"that.\n"
		"\n"
		"A setting can be given in three ways; flags stand over the environment, the environment\n"
		"over the file:\n"
		"\n"
		"| | setting `max_connections` | an application |\n"
		"|---|---|---|\n"
		"| flag | `--max-connections 5000` or `--max-connections=5000` | `--app ID:KEY:SECRET`, "
		"for trials; overwritten in the process list |\n"
		"| environment | `CLAIRON_MAX_CONNECTIONS=5000` | `CLAIRON_APP_ID`, `CLAIRON_APP_KEY`, "
		"`CLAIRON_APP_SECRET`; else `REVERB_APP_*`; else `PUSHER_APP_*`, each complete |\n"
		"| file (`--config FILE`) | `max_connections = 5000` under `[relay]` | `[app:ID]` with "
		"`key` "
		"and `secret` |\n"
		"\n"
		"Applications of the three add up; an id or a key can be used once. A setting of an\n"
		"application that is given for the relay (under `[relay]`, as variable or flag) is the "
		"default\n"
		"of all applications; what stands in `[app:ID]` is that application's own.\n"
		"\n"
		"```ini\n"
		"[relay]\n"
		"listen = 127.0.0.1:6001, [::1]:6001\n"
		"ingest = unix:/run/clairon/relay.sock\n"
		"ingest_group = www-data\n"
		"\n"
		"[app:chat]\n"
		"key = chat-key\n"
		"secret = chat-secret\n"
		"members = 500\n"
		"```\n"
		"\n"
		"Comments are lines that begin with `#` or `;`; in a value both are ordinary characters.\n"
		"A line has at most 1024 bytes. The relay names every wrong setting with file and line,\n"
		"variable or flag, and does not start. Lists are separated by commas; a flag for a list "
		"can\n"
		"be repeated; `none` empties a list.\n",
		output);
	for (size_t i = 0; i < conf_key_count; i++) {
		const struct conf_key *key = &conf_keys[i];
		if (key->group != group) {
			group = key->group;
			fprintf(output,
				"\n## %s\n\n| setting | of | default | values | what it says |\n"
				"|---|---|---|---|---|\n",
				group);
		}
		fprintf(output, "| `%s` | %s | ", key->name, scope_text(key));
		print_default(output, key);
		fputs(" | ", output);
		print_cell(output, key->help);
		fputs(" |\n", output);
	}
}

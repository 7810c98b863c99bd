/* SPDX-License-Identifier: MIT
 *
 * See options.h. The slices point into argv.
 */
#include "options.h"

#include "message.h"

#include <err.h>
#include <getopt.h>
#include <stdlib.h>

#define NS_PER_US      INT64_C(1000)
#define NAP_MAX        1000000
#define NS_PER_SECOND  INT64_C(1000000000)
#define PATIENCE_USUAL 20
#define PATIENCE_MAX   600
#define PORT_MAX       65535

enum option_id {
	OPTION_PORT = 256, /* above every character */
	OPTION_SPEAK,
	OPTION_PATH,
	OPTION_PUBLISH,
	OPTION_TO,
	OPTION_PUBLISH_PATH,
	OPTION_SIGNED,
	OPTION_DEFLATE,
	OPTION_TLS,
	OPTION_APP,
	OPTION_KEY,
	OPTION_SECRET,
	OPTION_PAYLOAD,
	OPTION_NAP,
	OPTION_PATIENCE,
};

static const struct option table[] = {
	{"port", required_argument, NULL, OPTION_PORT},
	{"speak", required_argument, NULL, OPTION_SPEAK},
	{"path", required_argument, NULL, OPTION_PATH},
	{"publish", required_argument, NULL, OPTION_PUBLISH},
	{"to", required_argument, NULL, OPTION_TO},
	{"publish-path", required_argument, NULL, OPTION_PUBLISH_PATH},
	{"signed", no_argument, NULL, OPTION_SIGNED},
	{"deflate", no_argument, NULL, OPTION_DEFLATE},
	{"tls", no_argument, NULL, OPTION_TLS},
	{"app", required_argument, NULL, OPTION_APP},
	{"key", required_argument, NULL, OPTION_KEY},
	{"secret", required_argument, NULL, OPTION_SECRET},
	{"payload", required_argument, NULL, OPTION_PAYLOAD},
	{"patience-s", required_argument, NULL, OPTION_PATIENCE},
	{"nap-us", required_argument, NULL, OPTION_NAP},
	{0},
};

static const char *const speak_names[] = {
	[SPEAK_PUSHER] = "pusher", [SPEAK_WEBSOCKET] = "websocket", [SPEAK_PLAIN] = "plain", NULL};
static const char *const publish_names[] = {[PUBLISH_RESP] = "resp",
	[PUBLISH_PLAIN] = "plain",
	[PUBLISH_HTTP] = "http",
	[PUBLISH_PUSHER_HTTP] = "pusher-http",
	[PUBLISH_NONE] = "none",
	NULL};

static unsigned one_of(const char *const *names, const char *option, const char *word)
{
	for (unsigned i = 0; names[i]; i++)
		if (strcmp(names[i], word) == 0)
			return i;
	errx(2, "--%s %s: not one of those the tool knows", option, word);
}

static long number(const char *option, const char *word, long min, long max)
{
	char *end;
	const long value = strtol(word, &end, 10);

	if (*end != '\0' || end == word || value < min || value > max)
		errx(2, "--%s takes a number from %ld to %ld, not %s", option, min, max, word);
	return value;
}

static void take(struct options *options, int option, const char *name, const char *word)
{
	switch ((enum option_id)option) {
	case OPTION_PORT:
		options->port = (uint16_t)number(name, word, 1, PORT_MAX);
		return;
	case OPTION_SPEAK:
		options->speak = (enum speak)one_of(speak_names, name, word);
		return;
	case OPTION_PATH:
		options->path = word;
		return;
	case OPTION_PUBLISH:
		options->publish = (enum publish)one_of(publish_names, name, word);
		return;
	case OPTION_TO:
		options->to = word;
		return;
	case OPTION_PUBLISH_PATH:
		options->publish_path = word;
		return;
	case OPTION_SIGNED:
		options->is_signed = true;
		return;
	case OPTION_DEFLATE:
		options->has_deflate = true;
		return;
	case OPTION_TLS:
		options->has_tls = true;
		return;
	case OPTION_APP:
		options->app = cln_slice_of(word);
		return;
	case OPTION_KEY:
		options->key = cln_slice_of(word);
		return;
	case OPTION_SECRET:
		options->secret = cln_slice_of(word);
		return;
	case OPTION_PAYLOAD:
		options->payload = (size_t)number(name, word, MESSAGE_TEXT_MIN, MESSAGE_TEXT_MAX);
		return;
	case OPTION_PATIENCE:
		options->patience_ns = number(name, word, 1, PATIENCE_MAX) * NS_PER_SECOND;
		return;
	case OPTION_NAP:
		options->nap_ns = number(name, word, 0, NAP_MAX) * NS_PER_US;
		return;
	}
	errx(2, "load reads its options in the comment of bench/load.c");
}

static void check_publish(const struct options *options)
{
	const bool is_stream = options->publish == PUBLISH_RESP || options->publish == PUBLISH_PLAIN;

	if (is_stream && !options->to)
		errx(2, "--publish resp and plain need --to, the path of a Unix socket or a port");
	if (options->publish == PUBLISH_HTTP && !options->publish_path)
		errx(2, "--publish http needs --publish-path");
}

void options_read(struct options *options, int argc, char **argv)
{
	int option, index = 0;

	*options = (struct options){.app = CLN_SLICE("bench"),
		.key = CLN_SLICE("bench-key"),
		.secret = CLN_SLICE("bench-secret"),
		.publish = PUBLISH_NONE,
		.patience_ns = PATIENCE_USUAL * NS_PER_SECOND,
		.payload = MESSAGE_TEXT_USUAL};
	while ((option = getopt_long(argc, argv, "", table, &index)) != -1)
		take(options, option, option == '?' ? "" : table[index].name, optarg);
	if (optind < argc)
		errx(2, "%s: not an option", argv[optind]);
	check_publish(options);
}

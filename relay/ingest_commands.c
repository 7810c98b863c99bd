/* SPDX-License-Identifier: MIT
 *
 * The commands of the RESP server, one table.
 */
#include "dropped.h"
#include "ingest_private.h"
#include "intake.h"
#include "sequence.h"

#include "../wire/name.h"
#include "../wire/sign.h"
#include "../wire/version.h"

#include <stdio.h>
#include <strings.h>

typedef void (*command_fn)(struct ingest *ingest, const struct cln_resp_request *request);

struct command {
	const char *name;
	size_t args_min; /* the name included */
	size_t args_max;
	bool needs_auth;
	command_fn run;
};

static bool word_is(struct cln_slice word, const char *name)
{
	return strlen(name) == word.len && strncasecmp(word.ptr, name, word.len) == 0;
}

/* --- AUTH, HELLO --- */

static bool is_secret_of(const struct app *app, struct cln_slice secret)
{
	struct app_pair pairs[APP_PAIRS_MAX];
	const unsigned count = app_pairs(app, pairs);
	bool is_equal = false;
	for (unsigned i = 0; i < count; i++)
		is_equal |= cln_equal_constant_time(secret, pairs[i].secret);
	return is_equal;
}

static bool auth_app(struct ingest *ingest, struct cln_slice id, struct cln_slice secret)
{
	struct app *const app = app_list_by_id(&ingest->hub->apps, id);
	if (app == NULL || !is_secret_of(app, secret))
		return false;
	ingest->app = app;
	ingest->is_trusted = false;
	ingest_authenticated(ingest);
	return true;
}

static bool auth_password(struct ingest *ingest, struct cln_slice password)
{
	const struct cln_slice expected = cln_slice_of(ingest->hub->shared->conf->ingest_password);
	if (expected.len == 0 || !cln_equal_constant_time(password, expected))
		return false;
	ingest->app = NULL;
	ingest->is_trusted = true;
	ingest_authenticated(ingest);
	return true;
}

static void run_auth(struct ingest *ingest, const struct cln_resp_request *request)
{
	const bool is_good = request->argc == 2 ? auth_password(ingest, request->argv[1])
											: auth_app(ingest, request->argv[1], request->argv[2]);
	if (is_good)
		ingest_simple(ingest, "OK");
	else
		ingest_error(ingest, request->argc == 2
								 ? "WRONGPASS not the ingest password; an application "
								   "authenticates with AUTH APPID SECRET"
								 : "WRONGPASS no application has that id and secret");
}

struct hello {
	struct cln_slice auth[2];
	bool has_auth;
	struct cln_slice name;
	const char *error;
};

static struct cln_slice number_slice(char out[16], unsigned long value)
{
	return cln_slice(out, (size_t)snprintf(out, 16, "%lu", value));
}

static const char *check_envelope_version(struct cln_slice word)
{
	char text[16];
	for (unsigned v = CLN_ENVELOPE_VERSION_MIN; v <= CLN_ENVELOPE_VERSION; v++) {
		if (cln_slice_equal(word, number_slice(text, v)))
			return NULL;
	}
	return "ERR unknown envelope version; this relay is " CLN_VERSION
		   ": install extension and relay from the same release";
}

static struct hello parse_hello(const struct cln_resp_request *request)
{
	struct hello hello = {0};
	size_t i = 2;
	while (i < request->argc && hello.error == NULL) {
		const size_t left = request->argc - i - 1;
		const struct cln_slice *const word = &request->argv[i];
		if (word_is(*word, "AUTH") && left >= 2) {
			hello.has_auth = true;
			hello.auth[0] = word[1];
			hello.auth[1] = word[2];
			i += 3;
		} else if (word_is(*word, "SETNAME") && left >= 1) {
			hello.name = word[1];
			i += 2;
		} else if (word_is(*word, "ENVELOPE") && left >= 1) {
			hello.error = check_envelope_version(word[1]);
			i += 2;
		} else {
			hello.error = "ERR syntax: HELLO [2 [AUTH APPID SECRET] [SETNAME NAME] "
						  "[ENVELOPE VERSION]]";
		}
	}
	return hello;
}

static size_t payload_max(const struct ingest *ingest)
{
	const struct conf *const conf = ingest->hub->shared->conf;
	if (ingest->app != NULL)
		return ingest->app->conf->payload_bytes;
	size_t max = 0;
	for (size_t i = 0; i < conf->app_count; i++) {
		if (conf->apps[i].payload_bytes > max)
			max = conf->apps[i].payload_bytes;
	}
	return max;
}

static void put_text(struct ingest *ingest, const char *name, const char *value)
{
	ingest_bulk(ingest, cln_slice_of(name));
	ingest_bulk(ingest, cln_slice_of(value));
}

static void put_number(struct ingest *ingest, const char *name, size_t value)
{
	ingest_bulk(ingest, cln_slice_of(name));
	ingest_integer(ingest, (long long)value);
}

#define HELLO_PAIRS 12

static void answer_hello(struct ingest *ingest)
{
	ingest_array(ingest, 2 * HELLO_PAIRS);
	put_text(ingest, "server", "clairon");
	put_text(ingest, "version", CLN_VERSION);
	put_number(ingest, "proto", 2);
	put_number(ingest, "id", ingest->id);
	put_text(ingest, "mode", "standalone");
	put_text(ingest, "role", "master");
	ingest_bulk(ingest, CLN_SLICE("modules"));
	ingest_array(ingest, 0);
	put_number(ingest, "envelope_min", CLN_ENVELOPE_VERSION_MIN);
	put_number(ingest, "envelope_max", CLN_ENVELOPE_VERSION);
	put_number(ingest, "payload_max", payload_max(ingest));
	put_number(ingest, "channel_max", CLN_CHANNEL_NAME_MAX);
	put_number(ingest, "event_max", CLN_EVENT_NAME_MAX);
}

static bool set_name(struct ingest *ingest, struct cln_slice name)
{
	if (name.len > INGEST_NAME_MAX)
		return false;
	for (size_t i = 0; i < name.len; i++) {
		if (name.ptr[i] <= ' ' || name.ptr[i] > '~')
			return false;
	}
	memcpy(ingest->name, name.ptr, name.len);
	ingest->name[name.len] = '\0';
	return true;
}

static void run_hello(struct ingest *ingest, const struct cln_resp_request *request)
{
	if (request->argc > 1 && !cln_slice_equal(request->argv[1], CLN_SLICE("2"))) {
		ingest_error(ingest, "NOPROTO unsupported protocol version, use HELLO 2");
		return;
	}
	const struct hello hello = parse_hello(request);
	if (hello.error != NULL)
		ingest_error(ingest, hello.error);
	else if (hello.has_auth && !auth_app(ingest, hello.auth[0], hello.auth[1]))
		ingest_error(ingest, "WRONGPASS no application has that id and secret");
	else if (hello.name.len > 0 && !set_name(ingest, hello.name))
		ingest_error(ingest, "ERR client names are up to 64 printable characters without blanks");
	else
		answer_hello(ingest);
}

/* --- PUBLISH --- */

/* One connection is one publisher's, so only the last one's number is kept. */
static void check_sequence(struct ingest *ingest, const struct cln_envelope *envelope)
{
	if (envelope->publisher != ingest->publisher) {
		ingest->publisher = envelope->publisher;
		ingest->sequence = 0;
	}
	sequence_check(&ingest->sequence, envelope->sequence, &ingest->hub->loop->metrics);
}

static struct app *publish_app(
	struct ingest *ingest, struct cln_slice bus, struct cln_slice *channel)
{
	const struct conf *const conf = ingest->hub->shared->conf;
	struct cln_slice id;
	const int result = cln_bus_channel_parse(bus, cln_slice_of(conf->bus_prefix), &id, channel);
	if (result < 0) {
		ingest_error(ingest, result == CLN_ERR_VERSION
								 ? "ERR unknown version in the channel's name; install extension "
								   "and relay from the same release"
								 : "ERR not a bus channel: PREFIX:1:{PART}:APPID:CHANNEL with this "
								   "relay's prefix");
		return NULL;
	}
	struct app *const app =
		ingest->app != NULL && cln_slice_equal(id, app_id(ingest->app))
			? ingest->app
			: (ingest->is_trusted ? app_list_by_id(&ingest->hub->apps, id) : NULL);
	if (app == NULL || app->conf->is_removed)
		ingest_error(ingest, "NOPERM this connection may not publish for that application");
	return app;
}

#define ENVELOPE_ERROR_MAX 256

static void run_publish(struct ingest *ingest, const struct cln_resp_request *request)
{
	struct cln_slice channel;
	if (ingest->hub->shared->conf->engine != CONF_ENGINE_LOCAL) {
		ingest_error(ingest, "ERR this relay takes its messages from Redis (engine=redis): "
							 "publish there");
		return;
	}
	struct app *const app = publish_app(ingest, request->argv[1], &channel);
	if (app == NULL) {
		ingest->hub->loop->metrics.envelopes_refused++;
		return;
	}
	struct cln_envelope envelope = {0};
	const bool must_verify = !ingest->is_unix || ingest->is_trusted;
	const char *const error =
		intake_envelope(ingest->hub, app, channel, request->argv[2], must_verify, &envelope);
	/* One that is refused got here, too: no number is missing. */
	check_sequence(ingest, &envelope);
	if (error != NULL) {
		char text[ENVELOPE_ERROR_MAX];
		snprintf(text, sizeof(text), "ENVELOPE %s", error);
		ingest_error(ingest, text);
		return;
	}
	ingest_integer(ingest, 1);
}

/* --- the rest --- */

static void run_ping(struct ingest *ingest, const struct cln_resp_request *request)
{
	const struct cln_slice echo = request->argc > 1 ? request->argv[1] : CLN_SLICE("");
	if (watch_is_on(ingest)) {
		ingest_array(ingest, 2);
		ingest_bulk(ingest, CLN_SLICE("pong"));
		ingest_bulk(ingest, echo);
	} else if (request->argc > 1) {
		ingest_bulk(ingest, echo);
	} else {
		ingest_simple(ingest, "PONG");
	}
}

static void run_echo(struct ingest *ingest, const struct cln_resp_request *request)
{
	ingest_bulk(ingest, request->argv[1]);
}

static void run_info(struct ingest *ingest, const struct cln_resp_request *request)
{
	struct buf text = {0};
	(void)request;
	if (!ingest->is_unix && !ingest_has_auth(ingest)) {
		ingest_error(ingest, "NOAUTH Authentication required.");
		return;
	}
	ingest_info(ingest->hub, &text);
	ingest_bulk(ingest, buf_slice(&text));
	buf_deinit(&text);
}

/* redis-cli asks for it at start and lives with an empty answer. */
static void run_command(struct ingest *ingest, const struct cln_resp_request *request)
{
	(void)request;
	ingest_array(ingest, 0);
}

static void run_client(struct ingest *ingest, const struct cln_resp_request *request)
{
	const struct cln_slice verb = request->argv[1];
	if (word_is(verb, "SETNAME") && request->argc == 3) {
		if (set_name(ingest, request->argv[2]))
			ingest_simple(ingest, "OK");
		else
			ingest_error(
				ingest, "ERR client names are up to 64 printable characters without blanks");
	} else if (word_is(verb, "GETNAME") && request->argc == 2) {
		ingest_bulk(ingest, cln_slice_of(ingest->name));
	} else if (word_is(verb, "ID") && request->argc == 2) {
		ingest_integer(ingest, (long long)ingest->id);
	} else if (word_is(verb, "SETINFO") && request->argc == 4) {
		ingest_simple(ingest, "OK");
	} else {
		ingest_error(ingest, "ERR CLIENT knows SETNAME, GETNAME, ID and SETINFO here");
	}
}

static void run_dropped(struct ingest *ingest, const struct cln_resp_request *request)
{
	if (dropped_count(&ingest->hub->loop->metrics, request->argv + 1, request->argc - 1))
		ingest_simple(ingest, "OK");
	else
		ingest_error(ingest, "ERR syntax: DROPPED REASON COUNT [REASON COUNT ...]");
}

static void run_select(struct ingest *ingest, const struct cln_resp_request *request)
{
	if (cln_slice_equal(request->argv[1], CLN_SLICE("0")))
		ingest_simple(ingest, "OK");
	else
		ingest_error(ingest, "ERR there is only database 0");
}

static void run_quit(struct ingest *ingest, const struct cln_resp_request *request)
{
	(void)request;
	ingest_simple(ingest, "OK");
	ingest->is_quitting = true;
}

#define ANY CLN_RESP_ARGS_MAX

static const struct command commands[] = {
	{"PUBLISH", 3, 3, true, run_publish},
	{"DROPPED", 3, ANY, true, run_dropped},
	{"PING", 1, 2, false, run_ping},
	{"ECHO", 2, 2, true, run_echo},
	{"AUTH", 2, 3, false, run_auth},
	{"HELLO", 1, ANY, false, run_hello},
	{"SUBSCRIBE", 2, ANY, true, watch_subscribe},
	{"UNSUBSCRIBE", 1, ANY, true, watch_unsubscribe},
	{"PSUBSCRIBE", 2, ANY, true, watch_psubscribe},
	{"PUNSUBSCRIBE", 1, ANY, true, watch_punsubscribe},
	{"INFO", 1, ANY, false, run_info},
	{"COMMAND", 1, ANY, false, run_command},
	{"CLIENT", 2, ANY, false, run_client},
	{"SELECT", 2, 2, false, run_select},
	{"QUIT", 1, 1, false, run_quit},
};

static const struct command *find_command(struct cln_slice name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (word_is(name, commands[i].name))
			return &commands[i];
	}
	return NULL;
}

#define COMMAND_ERROR_MAX 160
#define COMMAND_SHOWN_MAX 32

static void say_unknown(struct ingest *ingest, struct cln_slice name)
{
	char shown[COMMAND_SHOWN_MAX + 1];
	char text[COMMAND_ERROR_MAX];
	size_t len = 0;
	for (; len < name.len && len < COMMAND_SHOWN_MAX; len++)
		shown[len] = name.ptr[len] > ' ' && name.ptr[len] <= '~' ? name.ptr[len] : '?';
	shown[len] = '\0';
	snprintf(text, sizeof(text),
		"ERR unknown command '%s': clairon-relay is no Redis; it knows PUBLISH, SUBSCRIBE, INFO "
		"and little else",
		shown);
	ingest_error(ingest, text);
}

void ingest_command(struct ingest *ingest, const struct cln_resp_request *request)
{
	char text[COMMAND_ERROR_MAX];
	const struct command *const command = find_command(request->argv[0]);
	ingest->hub->loop->metrics.ingest_commands++;
	if (command == NULL) {
		say_unknown(ingest, request->argv[0]);
	} else if (request->argc < command->args_min || request->argc > command->args_max) {
		snprintf(text, sizeof(text), "ERR wrong number of arguments for '%s'", command->name);
		ingest_error(ingest, text);
	} else if (command->needs_auth && !ingest_has_auth(ingest)) {
		ingest_error(ingest, "NOAUTH Authentication required: AUTH APPID SECRET");
	} else {
		command->run(ingest, request);
	}
}

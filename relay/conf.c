/* SPDX-License-Identifier: MIT
 *
 * The table of all settings, and loading: defaults, then file, environment and flags in rising
 * rank, then the checks of the whole. Readers of the three sources are conf_file.c, conf_env.c and
 * conf_flags.c; values are parsed in conf_value.c.
 */
#include "conf_load.h"

#include "../wire/name.h"
#include "../wire/version.h"

#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#define OF_RELAY(member)  offsetof(struct conf, member), sizeof(((struct conf *)0)->member)
#define OF_APP(member)    offsetof(struct conf_app, member), sizeof(((struct conf_app *)0)->member)
#define DEFAULT_(literal) #literal
#define DEFAULT(literal)  DEFAULT_(literal)

#define ONE_DAY_MS (24 * 60 * 60 * 1000)
#define MANY       10000000
#define BYTES_MAX  (64 * 1024 * 1024)

#define NETWORK      "Where it listens"
#define ENGINE       "Engine"
#define SIZE         "Size"
#define TIMES        "Times"
#define CLIENTS      "Limits of a client"
#define APPLICATIONS "Applications"
#define LOGS         "Logs"

_Static_assert(offsetof(struct conf, listen_count) ==
				   offsetof(struct conf, listen) + sizeof(((struct conf *)0)->listen),
	"a list's count stands behind its items");
_Static_assert(offsetof(struct conf, ingest_count) ==
				   offsetof(struct conf, ingest) + sizeof(((struct conf *)0)->ingest),
	"a list's count stands behind its items");

/* name, scope, type, offset and size, least, most, default, secret, check, group, help */
const struct conf_key conf_keys[] = {
	{"listen", CONF_GLOBAL, CONF_LIST, OF_RELAY(listen), 1, CONF_LISTEN_MAX, "127.0.0.1:6001",
		false, conf_check_listen, NETWORK,
		"address for browsers, WebSocket and HTTP, as HOST:PORT or [IPV6]:PORT; port 0 lets the "
		"system choose and the start line tells"},
	{"ingest", CONF_GLOBAL, CONF_LIST, OF_RELAY(ingest), 1, CONF_INGEST_MAX,
		"unix:/run/clairon/relay.sock", false, conf_check_ingest, NETWORK,
		"where publishers connect, as unix:PATH or tcp:HOST:PORT; tcp needs ingest_password"},
	{"ingest_group", CONF_GLOBAL, CONF_TEXT, OF_RELAY(ingest_group), 0, 0, "", false, NULL, NETWORK,
		"group that may open the Unix sockets (mode 0660); without it the mode is 0666 and the "
		"application's secret alone decides who may publish"},
	{"ingest_password", CONF_GLOBAL, CONF_TEXT, OF_RELAY(ingest_password), 0, 0, "", true,
		conf_check_secret, NETWORK, "password that publishers send first over tcp"},

	{"engine", CONF_GLOBAL, CONF_ENGINE_NAME, OF_RELAY(engine), 0, 0, "local", false, NULL, ENGINE,
		"local: publishers speak to this relay; redis: to a Redis server that several relays "
		"share"},
	{"redis", CONF_GLOBAL, CONF_TEXT, OF_RELAY(redis), 0, 0, "", true, conf_check_redis, ENGINE,
		"the Redis server, as redis://[USER:PASSWORD@]HOST[:PORT][/DB] or unix:PATH"},
	{"bus_prefix", CONF_GLOBAL, CONF_TEXT, OF_RELAY(bus_prefix), 0, 0, CLN_BUS_PREFIX_DEFAULT,
		false, conf_check_prefix, ENGINE,
		"first word of the names of bus channels; the publishers' bus_prefix must be the same"},
	{"redis_timeout_ms", CONF_GLOBAL, CONF_MS, OF_RELAY(redis_timeout_ms), 10, ONE_DAY_MS, "2000",
		false, NULL, ENGINE, "how long Redis may take to connect and to answer"},
	{"redis_backoff_max_ms", CONF_GLOBAL, CONF_MS, OF_RELAY(redis_backoff_max_ms), 10, ONE_DAY_MS,
		"5000", false, NULL, ENGINE, "longest pause between two attempts to reach Redis"},
	{"unsubscribe_delay_ms", CONF_GLOBAL, CONF_MS, OF_RELAY(unsubscribe_delay_ms), 0, ONE_DAY_MS,
		"5000", false, NULL, ENGINE,
		"how long a channel stays subscribed at Redis after its last local subscriber left"},

	{"workers", CONF_GLOBAL, CONF_UINT, OF_RELAY(workers), 0, CONF_WORKERS_MAX, "0", false, NULL,
		SIZE, "threads that serve connections; 0: half as many as processors, at least 1"},
	{"max_connections", CONF_GLOBAL, CONF_UINT, OF_RELAY(max_connections), 0, MANY, "0", false,
		NULL, SIZE,
		"open client connections; more are closed with 4100; 0: as many as the limit of "
		"descriptors allows"},
	{"upgrade_rate", CONF_GLOBAL, CONF_UINT, OF_RELAY(upgrade_rate), 0, MANY, "2000", false, NULL,
		SIZE, "new connections a second; what comes faster waits to be accepted; 0: no limit"},
	{"mailbox_limit", CONF_GLOBAL, CONF_UINT, OF_RELAY(mailbox_limit), 16, MANY, "65536", false,
		NULL, SIZE, "messages that may wait for one worker"},
	{"seen_ids", CONF_GLOBAL, CONF_UINT, OF_RELAY(seen_ids), 0, MANY, "65536", false, NULL, SIZE,
		"message ids a worker remembers to drop doubles; 0: none"},

	{"activity_timeout_ms", CONF_GLOBAL, CONF_MS, OF_RELAY(activity_timeout_ms), 1000, ONE_DAY_MS,
		"120000", false, NULL, TIMES,
		"silence after which a client asks whether the relay is there; told to it in seconds"},
	{"ping_grace_ms", CONF_GLOBAL, CONF_MS, OF_RELAY(ping_grace_ms), 0, ONE_DAY_MS, "15000", false,
		NULL, TIMES, "silence on top of activity_timeout_ms before the relay sends a ping"},
	{"pong_timeout_ms", CONF_GLOBAL, CONF_MS, OF_RELAY(pong_timeout_ms), 10, ONE_DAY_MS, "30000",
		false, NULL, TIMES, "how long a client may take to answer it; then 4201"},
	{"close_timeout_ms", CONF_GLOBAL, CONF_MS, OF_RELAY(close_timeout_ms), 10, ONE_DAY_MS, "2000",
		false, NULL, TIMES, "how long a client may take to answer a close frame"},
	{"request_timeout_ms", CONF_GLOBAL, CONF_MS, OF_RELAY(request_timeout_ms), 10, ONE_DAY_MS,
		"10000", false, NULL, TIMES, "how long an HTTP request or an upgrade may take to arrive"},
	{"drain_timeout_ms", CONF_GLOBAL, CONF_MS, OF_RELAY(drain_timeout_ms), 0, ONE_DAY_MS, "5000",
		false, NULL, TIMES, "how long connections may take to close after SIGTERM"},

	{"backlog_bytes", CONF_GLOBAL, CONF_SIZE, OF_RELAY(backlog_bytes), 4096, BYTES_MAX, "262144",
		false, NULL, CLIENTS, "unsent bytes that may wait for one client; more closes it"},
	{"backlog_age_ms", CONF_GLOBAL, CONF_MS, OF_RELAY(backlog_age_ms), 10, ONE_DAY_MS, "10000",
		false, NULL, CLIENTS, "how long a client may read nothing while bytes wait for it"},
	{"http_head_bytes", CONF_GLOBAL, CONF_SIZE, OF_RELAY(http_head_bytes), 512, 65536, "8192",
		false, NULL, CLIENTS, "request line and headers of an HTTP request"},
	{"message_rate", CONF_GLOBAL, CONF_UINT, OF_RELAY(message_rate), 0, MANY, "50", false, NULL,
		CLIENTS, "messages a second from one client, on average; 0: no limit"},
	{"message_burst", CONF_GLOBAL, CONF_UINT, OF_RELAY(message_burst), 1, MANY, "200", false, NULL,
		CLIENTS, "messages a client may send at once before message_rate counts"},

	{"key", CONF_APP_OWN, CONF_TEXT, OF_APP(key), 0, 0, "", false, conf_check_key, APPLICATIONS,
		"public key, part of the address that browsers connect to"},
	{"secret", CONF_APP_OWN, CONF_TEXT, OF_APP(secret), 0, 0, "", true, conf_check_secret,
		APPLICATIONS, "what publishers and the signatures of private channels prove to know"},
	{"enabled", CONF_APP_OWN, CONF_BOOL, OF_APP(enabled), 0, 0, "true", false, NULL, APPLICATIONS,
		"false closes the application's clients with 4003"},
	{"max_connections", CONF_APP_OWN, CONF_UINT, OF_APP(max_connections), 0, MANY, "0", false, NULL,
		APPLICATIONS,
		"open connections of the application; more are closed with 4004; 0: no limit"},
	{"client_events", CONF_APP, CONF_BOOL, OF_APP(client_events), 0, 0, "true", false, NULL,
		APPLICATIONS, "whether clients may send client- events on private and presence channels"},
	{"client_event_rate", CONF_APP, CONF_UINT, OF_APP(client_event_rate), 1, MANY, "10", false,
		NULL, APPLICATIONS, "client events a second and connection; more get 4301"},
	{"channels", CONF_APP, CONF_UINT, OF_APP(channels), 1, MANY, "100", false, NULL, APPLICATIONS,
		"channels of one connection"},
	{"members", CONF_APP, CONF_UINT, OF_APP(members), 1, 10000, "100", false, NULL, APPLICATIONS,
		"members of a presence channel"},
	{"member_bytes", CONF_APP, CONF_UINT, OF_APP(member_bytes), 2, 65536, "1024", false, NULL,
		APPLICATIONS, "user_info of a member"},
	{"payload_bytes", CONF_APP, CONF_SIZE, OF_APP(payload_bytes), 1, CLN_PAYLOAD_BYTES_MAX,
		DEFAULT(CLN_PAYLOAD_BYTES_DEFAULT), false, NULL, APPLICATIONS, "data of a published event"},
	{"message_bytes", CONF_APP, CONF_SIZE, OF_APP(message_bytes), 128, CLN_PAYLOAD_BYTES_MAX,
		"10240", false, NULL, APPLICATIONS, "one message from a client"},

	{"log_level", CONF_GLOBAL, CONF_LEVEL, OF_RELAY(log_level), 0, 0, "info", false, NULL, LOGS,
		"error, warn, info or debug"},
};

const size_t conf_key_count = sizeof(conf_keys) / sizeof(conf_keys[0]);
_Static_assert(sizeof(conf_keys) / sizeof(conf_keys[0]) <= CONF_KEYS_MAX, "CONF_KEYS_MAX");

size_t conf_key_index(const struct conf_key *key)
{
	return (size_t)(key - conf_keys);
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

static const struct conf_app *find_app(
	const struct conf *conf, struct cln_slice value, size_t offset)
{
	for (size_t i = 0; i < conf->app_count; i++) {
		const char *own = (const char *)&conf->apps[i] + offset;
		if (cln_slice_equal(value, cln_slice_of(own))) {
			return &conf->apps[i];
		}
	}
	return NULL;
}

const struct conf_app *conf_app_by_key(const struct conf *conf, struct cln_slice key)
{
	return find_app(conf, key, offsetof(struct conf_app, key));
}

const struct conf_app *conf_app_by_id(const struct conf *conf, struct cln_slice id)
{
	return find_app(conf, id, offsetof(struct conf_app, id));
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
	loader->app_place[conf->app_count] = place;
	struct conf_app *app = &conf->apps[conf->app_count++];
	app->source = place.source;
	memcpy(app->id, id, strlen(id) + 1);
	return app;
}

void conf_app_set(struct conf_loader *loader, struct conf_place place, struct conf_app *app,
	const struct conf_key *key, const char *value)
{
	loader->app_has[app - loader->conf->apps][conf_key_index(key)] = true;
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
			if (key->scope != CONF_GLOBAL && !loader->app_has[a][i]) {
				memcpy((char *)&loader->conf->apps[a] + key->offset,
					(const char *)&loader->defaults + key->offset, key->size);
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
	conf_check_whole(&loader);
	choose_workers(conf);
	return loader.problems == 0 ? CONF_OK : CONF_INVALID;
}

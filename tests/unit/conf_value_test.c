/* SPDX-License-Identifier: MIT
 *
 * Values of settings: every type at its limits, one below and one above, and what is refused.
 */
/* sources: relay/conf.c relay/conf_table.c relay/conf_value.c relay/conf_webhook.c */
/* sources: relay/conf_file.c relay/conf_env.c */
/* sources: relay/conf_memory.c relay/base/xalloc.c relay/base/log.c relay/base/clock.c */
/* sources: relay/base/utf8.c */
/* sources: relay/conf_flags.c relay/conf_check.c relay/conf_print.c wire/name.c */
/* sources: relay/redis_address.c */
/* libs: */
#include "conf_test.h"

#define APP "--app", "chat:key1:secret1"

static void accept(const char *flag, const char *value)
{
	struct loaded loaded = {0};
	load(&loaded, LIST(flag, value, APP), NOTHING);
	assert_errors(&loaded, "");
	unload(&loaded);
}

static void refuse(const char *flag, const char *value, const char *sentence)
{
	struct loaded loaded = {0};
	char expected[512];
	load(&loaded, LIST(flag, value, APP), NOTHING);
	snprintf(expected, sizeof(expected), "clairon-relay: %s: %s\n", flag, sentence);
	assert_errors(&loaded, expected);
	assert_int_equal(loaded.result, CONF_INVALID);
	unload(&loaded);
}

static void numbers_at_their_limits(void **state)
{
	(void)state;
	accept("--workers", "0");
	accept("--workers", "64");
	refuse("--workers", "65", "workers: \"65\" is not a whole number from 0 to 64");
	accept("--http-head-bytes", "512");
	refuse("--http-head-bytes", "511",
		"http_head_bytes: \"511\" is not a whole number from 512 to 65536");
	accept("--http-head-bytes", "65536");
	refuse("--http-head-bytes", "65537",
		"http_head_bytes: \"65537\" is not a whole number from 512 to 65536");
	accept("--activity-timeout-ms", "100");
	refuse("--activity-timeout-ms", "99",
		"activity_timeout_ms: \"99\" is not a whole number from 100 to 86400000");
}

static void numbers_in_no_other_form(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"-1", "+1", "1k", "0x1", "1.0", "1e1", "1 ", "18446744073709551617", "nan"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char sentence[128];
		snprintf(sentence, sizeof(sentence), "workers: \"%s\" is not a whole number from 0 to 64",
			bad[i]);
		refuse("--workers", bad[i], sentence);
	}
}

static void numbers_arrive(void **state)
{
	(void)state;
	struct loaded loaded = {0};
	load(&loaded,
		LIST(APP, "--workers=7", "--backlog-bytes=4096", "--drain-timeout-ms=0",
			"--payload-bytes=1048576"),
		NOTHING);
	assert_errors(&loaded, "");
	assert_int_equal(loaded.conf.workers, 7);
	assert_int_equal(loaded.conf.backlog_bytes, 4096);
	assert_int_equal(loaded.conf.drain_timeout_ms, 0);
	assert_int_equal(loaded.conf.apps[0].payload_bytes, 1048576);
	unload(&loaded);
}

static void bools(void **state)
{
	(void)state;
	static const char *const words[] = {"true", "false", "yes", "no", "on", "off", "1", "0"};
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct loaded loaded = {0};
		load(&loaded, LIST("--client-events", words[i], APP), NOTHING);
		assert_errors(&loaded, "");
		assert_int_equal(loaded.conf.apps[0].client_events, i % 2 == 0);
		unload(&loaded);
	}
	refuse("--client-events", "TRUE", "client_events: \"TRUE\" is neither true nor false");
	refuse("--client-events", "2", "client_events: \"2\" is neither true nor false");
}

static void words(void **state)
{
	(void)state;
	accept("--log-level", "error");
	accept("--log-level", "debug");
	refuse("--log-level", "trace", "log_level: \"trace\" is none of error, warn, info and debug");
	refuse("--engine", "Redis", "engine: \"Redis\" is neither local nor redis");
}

static void addresses(void **state)
{
	(void)state;
	static const char *const good[] = {
		"127.0.0.1:0", "localhost:65535", "[::1]:6001", "a-b.example:1"};
	static const char *const bad[] = {"127.0.0.1", ":6001", "127.0.0.1:", "127.0.0.1:65536",
		"::1:6001", "[]:1", "[::1:1", "h:x", "h:-1", "h h:1"};
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		accept("--listen", good[i]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char sentence[160];
		snprintf(sentence, sizeof(sentence),
			"listen: \"%s\" must be HOST:PORT or [IPV6]:PORT, for example 127.0.0.1:6001", bad[i]);
		refuse("--listen", bad[i], sentence);
	}
	refuse("--listen", "h:1,",
		"listen: \"\" must be HOST:PORT or [IPV6]:PORT, for example 127.0.0.1:6001");
}

static void at_most_eight_addresses(void **state)
{
	(void)state;
	accept("--listen", "h:1,h:2,h:3,h:4,h:5,h:6,h:7,h:8");
	refuse("--listen", "h:1,h:2,h:3,h:4,h:5,h:6,h:7,h:8,h:9", "listen: at most 8 are allowed");
}

/* "unix:" and a path of `len` bytes. */
static void path_of(size_t len, char out[256])
{
	memset(out, 'p', 5 + len);
	memcpy(out, "unix:", 5);
	out[5 + len] = '\0';
}

static void paths_of_sockets(void **state)
{
	(void)state;
	char path[256];
	path_of(107, path);
	accept("--ingest", path);
	path_of(108, path);
	struct loaded loaded = {0};
	load(&loaded, LIST("--ingest", path, APP), NOTHING);
	assert_non_null(
		strstr(loaded.errors, "is too long: the system allows 107 bytes for the path of a socket"));
	unload(&loaded);
	refuse("--ingest", "unix:", "ingest: \"unix:\" names no path");
	refuse("--ingest", "/run/x", "ingest: \"/run/x\" must be unix:PATH or tcp:HOST:PORT");
	refuse("--ingest", "tcp:1", "ingest: \"tcp:1\" must be unix:PATH or tcp:HOST:PORT");
}

static void prefixes_of_the_bus(void **state)
{
	(void)state;
	accept("--bus-prefix", "abcdefghijklmnopqrstuvwxyz012345");
	refuse("--bus-prefix", "abcdefghijklmnopqrstuvwxyz0123456",
		"bus_prefix: \"abcdefghijklmnopqrstuvwxyz0123456\" must be 1 to 32 of A-Z a-z 0-9 _ . : "
		"and -");
	refuse(
		"--bus-prefix", "a{b}", "bus_prefix: \"a{b}\" must be 1 to 32 of A-Z a-z 0-9 _ . : and -");
}

static void secrets_are_never_printed(void **state)
{
	(void)state;
	refuse("--redis", "http://u:hidden@h",
		"redis: its value (not shown) must be redis://[USER:PASSWORD@]HOST[:PORT][/DB] or "
		"unix:PATH");
	refuse("--ingest-password", "hid den",
		"ingest_password: its value (not shown) may hold printable ASCII without blanks only");
	refuse("--app", "hidden", "its value (not shown) must be ID:KEY:SECRET");
	refuse("--app", "a:hidden", "its value (not shown) must be ID:KEY:SECRET");
	refuse("--app", "a:b:hid\tden",
		"secret: its value (not shown) may hold printable ASCII without blanks only");
	refuse("--app", "a:k:", "secret has no value; give one, or leave it out for the default");
}

static void rediss_gets_the_cure(void **state)
{
	(void)state;
	refuse("--redis", "rediss://h",
		"redis: its value (not shown) asks for TLS, which the relay does not speak to Redis; "
		"put a TLS tunnel in front of Redis and name it with redis://");
}

/* ID:KEY:SECRET with `len` bytes of one part. */
static void app_of(const char *before, size_t len, const char *behind, char out[512])
{
	char part[256];
	memset(part, 'x', len);
	part[len] = '\0';
	snprintf(out, 512, "%s%s%s", before, part, behind);
}

static void parts_of_an_application_at_their_limits(void **state)
{
	(void)state;
	char app[512];
	struct loaded loaded = {0};
	app_of("", CLN_APP_ID_MAX, ":k:s", app);
	load(&loaded, LIST("--app", app), NOTHING);
	assert_errors(&loaded, "");
	unload(&loaded);
	app_of("", CLN_APP_ID_MAX + 1, ":k:s", app);
	load(&loaded, LIST("--app", app), NOTHING);
	assert_non_null(strstr(loaded.errors, "must be 1 to 64 of A-Z a-z 0-9 _ and -"));
	unload(&loaded);
	app_of("a:", CLN_APP_KEY_MAX, ":s", app);
	load(&loaded, LIST("--app", app), NOTHING);
	assert_errors(&loaded, "");
	unload(&loaded);
	app_of("a:", CLN_APP_KEY_MAX + 1, ":s", app);
	load(&loaded, LIST("--app", app), NOTHING);
	assert_errors(&loaded, PROBLEM("--app", "key: 65 bytes are too many; at most 64 are allowed"));
	unload(&loaded);
	app_of("a:k:", CLN_APP_SECRET_MAX, "", app);
	load(&loaded, LIST("--app", app), NOTHING);
	assert_errors(&loaded, "");
	unload(&loaded);
	app_of("a:k:", CLN_APP_SECRET_MAX + 1, "", app);
	load(&loaded, LIST("--app", app), NOTHING);
	assert_errors(
		&loaded, PROBLEM("--app", "secret: 129 bytes are too many; at most 128 are allowed"));
	unload(&loaded);
}

static void strange_bytes_are_not_printed(void **state)
{
	(void)state;
	refuse("--log-level", "a\x1b[2J\nb",
		"log_level: \"a?[2J?b\" is none of error, warn, info and debug");
	refuse("--log-level",
		"01234567890123456789012345678901234567890123456789012345678901234567890123456789",
		"log_level: \"01234567890123456789012345678901234567890123456789012345678901234567...\" is "
		"none of error, warn, info and debug");
}

#define MANY_APPS 2000

static void many_applications(void **state)
{
	(void)state;
	struct loaded loaded = {0};
	char *text;
	size_t len;
	char name[16];
	FILE *stream = open_memstream(&text, &len);
	for (int i = 0; i < MANY_APPS; i++) {
		fprintf(stream, "[app:a%d]\nkey = k%d\nsecret = s%d\nprevious_key = p%d\n", i, i, i, i);
	}
	fclose(stream);
	load_file(&loaded, text);
	free(text);
	assert_errors(&loaded, "");
	assert_int_equal(loaded.conf.app_count, MANY_APPS);
	for (size_t i = 0; i < MANY_APPS; i++) {
		const struct conf_app *const app = &loaded.conf.apps[i];
		assert_ptr_equal(conf_app_by_id(&loaded.conf, cln_slice_of(app->id)), app);
		assert_ptr_equal(conf_app_by_key(&loaded.conf, cln_slice_of(app->key)), app);
		snprintf(name, sizeof(name), "p%zu", i);
		assert_ptr_equal(conf_app_by_key(&loaded.conf, cln_slice_of(name)), app);
	}
	assert_null(conf_app_by_key(&loaded.conf, CLN_SLICE("k2000")));
	assert_null(conf_app_by_id(&loaded.conf, CLN_SLICE("k1")));
	unload(&loaded);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_at_their_limits),
		cmocka_unit_test(numbers_in_no_other_form),
		cmocka_unit_test(numbers_arrive),
		cmocka_unit_test(bools),
		cmocka_unit_test(words),
		cmocka_unit_test(addresses),
		cmocka_unit_test(at_most_eight_addresses),
		cmocka_unit_test(paths_of_sockets),
		cmocka_unit_test(prefixes_of_the_bus),
		cmocka_unit_test(secrets_are_never_printed),
		cmocka_unit_test(rediss_gets_the_cure),
		cmocka_unit_test(parts_of_an_application_at_their_limits),
		cmocka_unit_test(strange_bytes_are_not_printed),
		cmocka_unit_test(many_applications),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

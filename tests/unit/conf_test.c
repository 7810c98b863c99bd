/* SPDX-License-Identifier: MIT
 *
 * The configuration as a whole: defaults, ranks, applications of all sources, the checks that need
 * the whole, help, and docs/configuration.md.
 */
/* sources: relay/conf.c relay/conf_table.c relay/conf_value.c relay/conf_webhook.c */
/* sources: relay/conf_file.c relay/conf_env.c */
/* sources: relay/conf_memory.c relay/base/xalloc.c relay/base/log.c relay/base/clock.c */
/* sources: relay/base/utf8.c */
/* sources: relay/conf_flags.c relay/conf_check.c relay/conf_print.c wire/name.c */
/* sources: relay/redis_address.c */
/* libs: */
#include "conf_test.h"

#include "../../relay/conf_load.h"
#include "../../wire/version.h"

#define APP "--app", "chat:key1:secret1"

static void defaults_are_those_of_the_header(void **state)
{
	(void)state;
	struct loaded loaded = {0};
	load(&loaded, LIST(APP), NOTHING);
	const struct conf *conf = &loaded.conf;
	assert_errors(&loaded, "");
	assert_int_equal(loaded.result, CONF_OK);
	assert_int_equal(conf->listen_count, 1);
	assert_string_equal(conf->listen[0], "127.0.0.1:6001");
	assert_int_equal(conf->ingest_count, 1);
	assert_string_equal(conf->ingest[0], "unix:/run/clairon/relay.sock");
	assert_int_equal(conf->engine, CONF_ENGINE_LOCAL);
	assert_string_equal(conf->bus_prefix, "clairon");
	assert_true(conf->workers >= 1 && conf->workers <= CONF_WORKERS_MAX);
	assert_int_equal(conf->max_connections, 0);
	assert_int_equal(conf->activity_timeout_ms, 120000);
	assert_int_equal(conf->ping_grace_ms, 15000);
	assert_int_equal(conf->pong_timeout_ms, 30000);
	assert_int_equal(conf->close_timeout_ms, 2000);
	assert_int_equal(conf->request_timeout_ms, 10000);
	assert_int_equal(conf->drain_timeout_ms, 5000);
	assert_int_equal(conf->backlog_age_ms, 10000);
	assert_int_equal(conf->backlog_bytes, 262144);
	assert_int_equal(conf->http_head_bytes, 8192);
	assert_int_equal(conf->message_rate, 50);
	assert_int_equal(conf->message_burst, 200);
	assert_int_equal(conf->upgrade_rate, 2000);
	assert_int_equal(conf->mailbox_limit, 65536);
	assert_int_equal(conf->seen_ids, 65536);
	assert_int_equal(conf->unsubscribe_delay_ms, 5000);
	assert_int_equal(conf->redis_timeout_ms, 2000);
	assert_int_equal(conf->redis_backoff_max_ms, 5000);
	assert_string_equal(conf->log_level, "info");
	unload(&loaded);
}

static void defaults_of_an_application(void **state)
{
	(void)state;
	struct loaded loaded = {0};
	load(&loaded, LIST(APP), NOTHING);
	const struct conf_app *app = conf_app_by_id(&loaded.conf, CLN_SLICE("chat"));
	assert_non_null(app);
	assert_int_equal(app->source, CONF_FROM_FLAG);
	assert_string_equal(app->key, "key1");
	assert_string_equal(app->secret, "secret1");
	assert_true(app->client_events);
	assert_true(app->enabled);
	assert_int_equal(app->client_event_rate, 10);
	assert_int_equal(app->max_connections, 0);
	assert_int_equal(app->members, 100);
	assert_int_equal(app->member_bytes, 1024);
	assert_int_equal(app->payload_bytes, 10240);
	assert_int_equal(app->message_bytes, 10240);
	assert_int_equal(app->channels, 100);
	unload(&loaded);
}

static void flags_stand_over_environment_over_file(void **state)
{
	(void)state;
	struct loaded loaded = {0};
	const char *text = "[relay]\nworkers = 2\nmailbox_limit = 100\nseen_ids = 10\n"
					   "[app:a]\nkey = k\nsecret = s\n";
	write_file(&loaded, text, strlen(text));
	load(&loaded, LIST("--workers", "4"), LIST("CLAIRON_WORKERS=3", "CLAIRON_MAILBOX_LIMIT=200"));
	assert_errors(&loaded, "");
	assert_int_equal(loaded.conf.workers, 4);
	assert_int_equal(loaded.conf.mailbox_limit, 200);
	assert_int_equal(loaded.conf.seen_ids, 10);
	unload(&loaded);
}

static void a_list_of_higher_rank_replaces_the_lower(void **state)
{
	(void)state;
	struct loaded loaded = {0};
	const char *text = "[relay]\nlisten = 127.0.0.1:1, 127.0.0.1:2\n[app:a]\nkey = k\nsecret = s\n";
	write_file(&loaded, text, strlen(text));
	load(&loaded, LIST("--listen", "[::1]:3", "--listen=localhost:4"), LIST("CLAIRON_LISTEN=h:5"));
	assert_errors(&loaded, "");
	assert_int_equal(loaded.conf.listen_count, 2);
	assert_string_equal(loaded.conf.listen[0], "[::1]:3");
	assert_string_equal(loaded.conf.listen[1], "localhost:4");
	unload(&loaded);
}

static void applications_of_all_sources_add_up(void **state)
{
	(void)state;
	struct loaded loaded = {0};
	const char *text = "[app:a]\nkey = ka\nsecret = sa\nmembers = 7\n";
	write_file(&loaded, text, strlen(text));
	load(&loaded, LIST("--app", "c:kc:sc", "--app=d:kd:s:d", "--members", "9"),
		LIST("REVERB_APP_ID=b", "REVERB_APP_KEY=kb", "REVERB_APP_SECRET=sb"));
	const struct conf *conf = &loaded.conf;
	assert_errors(&loaded, "");
	assert_int_equal(conf->app_count, 4);
	assert_int_equal(conf_app_by_key(conf, CLN_SLICE("ka"))->source, CONF_FROM_FILE);
	assert_int_equal(conf_app_by_key(conf, CLN_SLICE("kb"))->source, CONF_FROM_ENV);
	assert_int_equal(conf_app_by_key(conf, CLN_SLICE("kc"))->source, CONF_FROM_FLAG);
	assert_string_equal(conf_app_by_key(conf, CLN_SLICE("kd"))->secret, "s:d");
	assert_string_equal(conf->env_source, "REVERB");
	assert_int_equal(conf_app_by_id(conf, CLN_SLICE("a"))->members, 7);
	assert_int_equal(conf_app_by_id(conf, CLN_SLICE("b"))->members, 9);
	assert_int_equal(conf_app_by_id(conf, CLN_SLICE("c"))->members, 9);
	assert_null(conf_app_by_id(conf, CLN_SLICE("ab")));
	assert_null(conf_app_by_key(conf, CLN_SLICE("")));
	unload(&loaded);
}

static void no_application_says_how_to_give_one(void **state)
{
	(void)state;
	struct loaded loaded = {0};
	load(&loaded, NOTHING, NOTHING);
	assert_int_equal(loaded.result, CONF_INVALID);
	assert_errors(&loaded,
		"clairon-relay: no application; give one by --app ID:KEY:SECRET, by CLAIRON_APP_ID, "
		"CLAIRON_APP_KEY and CLAIRON_APP_SECRET in the environment, or by [app:ID] with key and "
		"secret in a file (--config FILE)\n");
	unload(&loaded);
}

static void an_id_is_taken_once(void **state)
{
	(void)state;
	struct loaded loaded = {0};
	const char *text = "[app:a]\nkey = k1\nsecret = s\n\n[app:a]\nkey = k2\nsecret = s\n";
	write_file(&loaded, text, strlen(text));
	load(&loaded, LIST("--app", "a:k3:s"), NOTHING);
	assert_int_equal(loaded.result, CONF_INVALID);
	assert_errors(&loaded,
		PROBLEM("$F:5", "application id \"a\" is taken already ($F:1); remove one")
			PROBLEM("--app", "application id \"a\" is taken already ($F:1); remove one"));
	unload(&loaded);
}

static void a_key_is_taken_once(void **state)
{
	(void)state;
	struct loaded loaded = {0};
	load(&loaded, LIST("--app", "b:k:hidden"),
		LIST("PUSHER_APP_ID=a", "PUSHER_APP_KEY=k", "PUSHER_APP_SECRET=s"));
	assert_errors(&loaded,
		PROBLEM("--app",
			"application b has the key of application a (PUSHER_APP_ID); give each its own"));
	unload(&loaded);
}

static void an_application_needs_key_and_secret(void **state)
{
	(void)state;
	struct loaded loaded = {0};
	load_file(&loaded, "[app:a]\nmembers = 5\n[app:b]\nkey = k\n");
	assert_errors(&loaded, PROBLEM("$F:1", "[app:a] has no key") PROBLEM("$F:1",
							   "[app:a] has no secret") PROBLEM("$F:3", "[app:b] has no secret"));
	unload(&loaded);
}

static void tcp_ingest_needs_a_password(void **state)
{
	(void)state;
	struct loaded loaded = {0};
	load(&loaded, LIST(APP, "--ingest", "tcp:127.0.0.1:0"), NOTHING);
	assert_errors(&loaded,
		PROBLEM("--ingest",
			"tcp needs ingest_password; set CLAIRON_INGEST_PASSWORD or put it into the file"));
	unload(&loaded);
	load(&loaded, LIST(APP, "--ingest", "tcp:127.0.0.1:0"), LIST("CLAIRON_INGEST_PASSWORD=p"));
	assert_errors(&loaded, "");
	assert_string_equal(loaded.conf.ingest_password, "p");
	unload(&loaded);
}

static void a_group_must_exist(void **state)
{
	(void)state;
	struct loaded loaded = {0};
	load(&loaded, LIST(APP, "--ingest-group", "no-such-group"), NOTHING);
	assert_errors(&loaded,
		PROBLEM("--ingest-group", "ingest_group: this system has no group \"no-such-group\""));
	unload(&loaded);
}

static void engine_and_redis_need_one_another(void **state)
{
	(void)state;
	struct loaded loaded = {0};
	load(&loaded, LIST(APP), LIST("CLAIRON_ENGINE=redis"));
	assert_errors(&loaded,
		PROBLEM("CLAIRON_ENGINE",
			"engine redis needs the server; set redis, for example redis://127.0.0.1:6379"));
	unload(&loaded);
	load(&loaded, LIST(APP, "--redis", "redis://:hidden@h"), NOTHING);
	assert_errors(&loaded,
		PROBLEM("--redis",
			"redis names a server, but engine is local; set engine to redis, or remove redis"));
	unload(&loaded);
	load(&loaded, LIST(APP, "--redis", "redis://u:p@h:1/2", "--engine", "redis"), NOTHING);
	assert_errors(&loaded, "");
	assert_string_equal(loaded.conf.redis, "redis://u:p@h:1/2");
	unload(&loaded);
}

static void none_empties_a_list(void **state)
{
	(void)state;
	struct loaded loaded = {0};
	load(&loaded, LIST(APP, "--ingest", "none"), NOTHING);
	assert_errors(&loaded, "");
	assert_int_equal(loaded.conf.ingest_count, 0);
	unload(&loaded);
	load(&loaded, LIST(APP, "--listen", "none"), NOTHING);
	assert_errors(&loaded, PROBLEM("--listen", "listen: no address is left"));
	unload(&loaded);
}

static void all_problems_are_listed(void **state)
{
	(void)state;
	struct loaded loaded = {0};
	const char *text = "[relay]\nworkers = many\nspeed = 5\n";
	write_file(&loaded, text, strlen(text));
	load(&loaded, LIST("--seen-ids", "-1", "--fast"),
		LIST("CLAIRON_LOG_LEVEL=loud", "PUSHER_APP_ID=x"));
	assert_int_equal(loaded.result, CONF_INVALID);
	assert_errors(&loaded,
		PROBLEM("$F:2", "workers: \"many\" is not a whole number from 0 to 64") PROBLEM(
			"$F:3", "speed is not a setting of [relay]; clairon-relay --help-all lists all of them")
			PROBLEM(
				"CLAIRON_LOG_LEVEL", "log_level: \"loud\" is none of error, warn, info and debug")
				PROBLEM("PUSHER_APP_ID",
					"needs PUSHER_APP_KEY and PUSHER_APP_SECRET too; set all three, or none")
					PROBLEM("--seen-ids", "seen_ids: \"-1\" is not a whole number from 0 to "
										  "10000000") "clairon-relay: --fast is not a flag; "
													  "clairon-relay --help-all lists all of "
													  "them\n");
	unload(&loaded);
}

static void help_fits_a_screen(void **state)
{
	(void)state;
	struct loaded loaded = {0};
	load(&loaded, LIST("--help", "--nonsense"), NOTHING);
	assert_int_equal(loaded.result, CONF_HELP);
	assert_errors(&loaded, "");
	unsigned lines = 0, column = 0;
	for (const char *at = loaded.output; *at != '\0'; at++) {
		lines += *at == '\n';
		column = *at == '\n' ? 0 : column + 1;
		assert_true(column <= 80);
	}
	assert_in_range(lines, 10, 23); /* the prompt takes the 24th */
	unload(&loaded);
}

static void help_all_names_every_setting(void **state)
{
	(void)state;
	struct loaded loaded = {0};
	load(&loaded, LIST("--help-all"), NOTHING);
	assert_int_equal(loaded.result, CONF_HELP);
	for (size_t i = 0; i < conf_key_count; i++) {
		char flag[64];
		conf_key_flag(&conf_keys[i], flag, sizeof(flag));
		const char *name = conf_keys[i].scope == CONF_APP_OWN ? conf_keys[i].name : flag;
		assert_non_null(strstr(loaded.output, name));
	}
	for (const char *line = loaded.output; *line != '\0'; line += strspn(line, "\n")) {
		assert_in_range(strcspn(line, "\n"), 1, 80);
		line += strcspn(line, "\n");
	}
	unload(&loaded);
}

static void flags_of_the_help_exist(void **state)
{
	(void)state;
	struct loaded loaded = {0};
	load(&loaded, LIST("--help"), NOTHING);
	for (const char *at = strstr(loaded.output, "\n  --"); at != NULL;
		 at = strstr(at + 5, "\n  --")) {
		char argument[64];
		const size_t len = strcspn(at + 3, " \n");
		snprintf(argument, sizeof(argument), "%.*s=", (int)len, at + 3);
		struct loaded one = {0};
		if (strncmp(argument, "--help", 6) == 0 || strcmp(argument, "--version=") == 0) {
			continue;
		}
		load(&one, LIST(argument, APP), NOTHING);
		assert_null(strstr(one.errors, "is not a flag"));
		unload(&one);
	}
	unload(&loaded);
}

static void version_is_printed(void **state)
{
	(void)state;
	struct loaded loaded = {0};
	load(&loaded, LIST("--version"), NOTHING);
	assert_int_equal(loaded.result, CONF_HELP);
	assert_string_equal(loaded.output, "clairon-relay " CLN_VERSION "\n");
	unload(&loaded);
}

/* The rows themselves: no name twice within a scope, names that fit, defaults within bounds. */
static void rows_are_sound(void **state)
{
	(void)state;
	for (size_t i = 0; i < conf_key_count; i++) {
		const struct conf_key *key = &conf_keys[i];
		assert_true(strlen(key->name) <= CONF_NAME_MAX);
		assert_true(strlen(key->help) > 0 && key->help[strlen(key->help) - 1] != '.');
		const bool is_app = key->scope != CONF_GLOBAL;
		assert_ptr_equal(conf_key_find(cln_slice_of(key->name), is_app), key);
	}
}

static void the_document_is_up_to_date(void **state)
{
	(void)state;
	const char *path = getenv("CLAIRON_DOCS");
	struct loaded loaded = {0};
	FILE *file = fopen(path != NULL ? path : "../../docs/configuration.md", "re");
	if (file == NULL) {
		file = fopen("docs/configuration.md", "re");
	}
	assert_non_null(file);
	load(&loaded, LIST("--print-configuration"), NOTHING);
	assert_int_equal(loaded.result, CONF_HELP);
	for (const char *at = loaded.output; *at != '\0'; at++) {
		assert_int_equal(getc(file), (unsigned char)*at);
	}
	assert_int_equal(getc(file), EOF);
	fclose(file);
	unload(&loaded);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_those_of_the_header),
		cmocka_unit_test(defaults_of_an_application),
		cmocka_unit_test(flags_stand_over_environment_over_file),
		cmocka_unit_test(a_list_of_higher_rank_replaces_the_lower),
		cmocka_unit_test(applications_of_all_sources_add_up),
		cmocka_unit_test(no_application_says_how_to_give_one),
		cmocka_unit_test(an_id_is_taken_once),
		cmocka_unit_test(a_key_is_taken_once),
		cmocka_unit_test(an_application_needs_key_and_secret),
		cmocka_unit_test(tcp_ingest_needs_a_password),
		cmocka_unit_test(a_group_must_exist),
		cmocka_unit_test(engine_and_redis_need_one_another),
		cmocka_unit_test(none_empties_a_list),
		cmocka_unit_test(all_problems_are_listed),
		cmocka_unit_test(help_fits_a_screen),
		cmocka_unit_test(help_all_names_every_setting),
		cmocka_unit_test(flags_of_the_help_exist),
		cmocka_unit_test(version_is_printed),
		cmocka_unit_test(rows_are_sound),
		cmocka_unit_test(the_document_is_up_to_date),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

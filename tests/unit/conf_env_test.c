/* SPDX-License-Identifier: MIT
 *
 * Settings from the environment: every row, the three families of application variables, which are
 * never mixed, and variables that only look like settings.
 */
/* sources: relay/conf.c relay/conf_table.c relay/conf_value.c relay/conf_webhook.c */
/* sources: relay/conf_file.c relay/conf_env.c */
/* sources: relay/conf_memory.c relay/base/xalloc.c relay/base/log.c relay/base/clock.c */
/* sources: relay/base/utf8.c */
/* sources: relay/conf_flags.c relay/conf_check.c relay/conf_print.c wire/name.c */
/* sources: relay/redis_address.c */
/* libs: */
#include "conf_test.h"

static void expect(const char *const *env, const char *errors)
{
	struct loaded loaded = {0};
	load(&loaded, LIST("--app", "flag:flagkey:s"), env);
	assert_errors(&loaded, errors);
	unload(&loaded);
}

#define THREE(family, id)                                                                          \
	family "_APP_ID=" id, family "_APP_KEY=" id "-key", family "_APP_SECRET=" id "-secret"

static void families_in_their_order(void **state)
{
	(void)state;
	static const char *const all[] = {
		THREE("PUSHER", "p"), THREE("REVERB", "r"), THREE("CLAIRON", "c"), NULL};
	static const char *const names[] = {"PUSHER", "REVERB", "CLAIRON"};
	static const char *const ids[] = {"p", "r", "c"};
	for (size_t families = 1; families <= 3; families++) {
		const char *env[10] = {NULL};
		memcpy(env, all, 3 * families * sizeof(env[0]));
		struct loaded loaded = {0};
		load(&loaded, NOTHING, env);
		assert_errors(&loaded, "");
		assert_int_equal(loaded.conf.app_count, 1);
		assert_string_equal(loaded.conf.apps[0].id, ids[families - 1]);
		assert_string_equal(loaded.conf.env_source, names[families - 1]);
		assert_int_equal(loaded.conf.apps[0].source, CONF_FROM_ENV);
		unload(&loaded);
	}
}

static void incomplete_families_name_what_is_missing(void **state)
{
	(void)state;
	expect(LIST("CLAIRON_APP_ID=a"),
		PROBLEM("CLAIRON_APP_ID",
			"needs CLAIRON_APP_KEY and CLAIRON_APP_SECRET too; set all three, or none"));
	expect(LIST("REVERB_APP_ID=a", "REVERB_APP_KEY=k"),
		PROBLEM("REVERB_APP_KEY", "needs REVERB_APP_SECRET too; set all three, or none"));
	expect(LIST("PUSHER_APP_SECRET=hidden", "PUSHER_APP_KEY=k"),
		PROBLEM("PUSHER_APP_SECRET", "needs PUSHER_APP_ID too; set all three, or none"));
}

static void families_are_never_mixed(void **state)
{
	(void)state;
	expect(LIST("CLAIRON_APP_ID=a", THREE("REVERB", "r")),
		PROBLEM("CLAIRON_APP_ID",
			"needs CLAIRON_APP_KEY and CLAIRON_APP_SECRET too; set all three, or none"));
	expect(LIST("REVERB_APP_ID=a", "REVERB_APP_KEY=k", "PUSHER_APP_SECRET=s"),
		PROBLEM("REVERB_APP_KEY", "needs REVERB_APP_SECRET too; set all three, or none"));
}

static void an_empty_variable_is_not_set(void **state)
{
	(void)state;
	struct loaded loaded = {0};
	load(&loaded, NOTHING,
		LIST("CLAIRON_APP_ID=", "CLAIRON_APP_KEY=", "CLAIRON_APP_SECRET=", "CLAIRON_WORKERS=",
			THREE("PUSHER", "p")));
	assert_errors(&loaded, "");
	assert_string_equal(loaded.conf.env_source, "PUSHER");
	unload(&loaded);
}

static void wrong_parts_name_their_variable(void **state)
{
	(void)state;
	expect(LIST("REVERB_APP_ID=a/b", "REVERB_APP_KEY=k", "REVERB_APP_SECRET=s"),
		PROBLEM("REVERB_APP_ID", "application id \"a/b\" must be 1 to 64 of A-Z a-z 0-9 _ and -"));
	expect(LIST("REVERB_APP_ID=a", "REVERB_APP_KEY=k/", "REVERB_APP_SECRET=s"),
		PROBLEM("REVERB_APP_KEY", "key: \"k/\" may hold A-Z a-z 0-9 _ - and . only"));
	expect(LIST("REVERB_APP_ID=a", "REVERB_APP_KEY=k", "REVERB_APP_SECRET=hid den"),
		PROBLEM("REVERB_APP_SECRET",
			"secret: its value (not shown) may hold printable ASCII without blanks only"));
}

static void every_row_has_a_variable(void **state)
{
	(void)state;
	struct loaded loaded = {0};
	load(&loaded, NOTHING,
		LIST(THREE("CLAIRON", "a"), "CLAIRON_LISTEN=h:1, h:2", "CLAIRON_MEMBERS=5",
			"CLAIRON_CLIENT_EVENTS=false", "CLAIRON_UNSUBSCRIBE_DELAY_MS=1"));
	assert_errors(&loaded, "");
	assert_int_equal(loaded.conf.listen_count, 2);
	assert_string_equal(loaded.conf.listen[1], "h:2");
	assert_int_equal(loaded.conf.apps[0].members, 5);
	assert_false(loaded.conf.apps[0].client_events);
	assert_int_equal(loaded.conf.unsubscribe_delay_ms, 1);
	unload(&loaded);
}

static void a_wrong_value_names_its_variable(void **state)
{
	(void)state;
	expect(LIST("CLAIRON_MAX_CONNECTIONS=lots"),
		PROBLEM("CLAIRON_MAX_CONNECTIONS",
			"max_connections: \"lots\" is not a whole number from 0 to 10000000"));
}

static void a_name_close_to_a_setting_is_warned_about(void **state)
{
	(void)state;
	struct loaded loaded = {0};
	load(&loaded, LIST("--app", "a:k:s"),
		LIST("CLAIRON_WORKER=3", "CLAIRON_DSN=unix:/x", "WORKERS=2"));
	assert_errors(&loaded, "clairon-relay: warning: the variable CLAIRON_WORKER is not read; did "
						   "you mean CLAIRON_WORKERS?\n");
	assert_int_equal(loaded.result, CONF_OK);
	unload(&loaded);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(families_in_their_order),
		cmocka_unit_test(incomplete_families_name_what_is_missing),
		cmocka_unit_test(families_are_never_mixed),
		cmocka_unit_test(an_empty_variable_is_not_set),
		cmocka_unit_test(wrong_parts_name_their_variable),
		cmocka_unit_test(every_row_has_a_variable),
		cmocka_unit_test(a_wrong_value_names_its_variable),
		cmocka_unit_test(a_name_close_to_a_setting_is_warned_about),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

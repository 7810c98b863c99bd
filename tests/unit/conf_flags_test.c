/* SPDX-License-Identifier: MIT
 *
 * The command line: both forms of a flag, what is refused, and secrets overwritten in argv.
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

static void expect(const char *const *args, const char *errors)
{
	struct loaded loaded = {0};
	load(&loaded, args, LIST("PUSHER_APP_ID=a", "PUSHER_APP_KEY=k", "PUSHER_APP_SECRET=s"));
	assert_errors(&loaded, errors);
	unload(&loaded);
}

static void both_forms(void **state)
{
	(void)state;
	struct loaded loaded = {0};
	load(&loaded, LIST("--workers=5", "--seen-ids", "6", APP), NOTHING);
	assert_errors(&loaded, "");
	assert_int_equal(loaded.conf.workers, 5);
	assert_int_equal(loaded.conf.seen_ids, 6);
	unload(&loaded);
}

static void unknown_flags_get_the_nearest(void **state)
{
	(void)state;
	expect(
		LIST("--worker", "5"), "clairon-relay: --worker is not a flag; did you mean --workers?\n");
	expect(LIST("--activity_timeout_ms=5"), "clairon-relay: --activity_timeout_ms is not a flag; "
											"did you mean --activity-timeout-ms?\n");
	expect(LIST("--zzzzzzzzz=5"),
		"clairon-relay: --zzzzzzzzz is not a flag; clairon-relay --help-all lists all of them\n");
	expect(LIST("--secret", "hidden"),
		"clairon-relay: --secret is not a flag; clairon-relay --help-all lists all of them\n");
}

static void words_that_are_no_flags(void **state)
{
	(void)state;
	expect(LIST("start"),
		"clairon-relay: \"start\" is not a flag; flags begin with --, see clairon-relay --help\n");
	expect(LIST("-p"),
		"clairon-relay: \"-p\" is not a flag; flags begin with --, see clairon-relay --help\n");
	expect(LIST("--"),
		"clairon-relay: \"--\" is not a flag; flags begin with --, see clairon-relay --help\n");
}

static void values_must_be_there(void **state)
{
	(void)state;
	expect(LIST("--workers"), PROBLEM("--workers", "needs a value"));
	expect(LIST("--workers="), PROBLEM("--workers", "needs a value"));
	expect(LIST("--workers", "--seen-ids", "1"), PROBLEM("--workers", "needs a value"));
	expect(LIST("--app"), PROBLEM("--app", "needs a value"));
	expect(LIST("--config"), PROBLEM("--config", "needs a value"));
}

static void doubles_are_refused(void **state)
{
	(void)state;
	expect(
		LIST("--workers", "1", "--workers=2"), PROBLEM("--workers", "is given twice; remove one"));
	expect(LIST("--config", "/dev/null", "--config=/dev/null"),
		PROBLEM("--config", "is given twice; remove one"));
}

static void secrets_are_blanked(void **state)
{
	(void)state;
	struct loaded loaded = {0};
	load(&loaded,
		LIST("--app", "a:k:hidden", "--app=b:l:hidden", "--ingest-password", "hidden",
			"--redis=redis://:hidden@h", "--engine", "redis", "--workers", "2"),
		NOTHING);
	assert_errors(&loaded, "");
	assert_string_equal(loaded.conf.apps[0].secret, "hidden");
	assert_string_equal(loaded.conf.apps[1].secret, "hidden");
	assert_string_equal(loaded.conf.ingest_password, "hidden");
	for (int i = 0; i < loaded.argc; i++) {
		assert_null(strstr(loaded.argv[i], "hidden"));
	}
	assert_string_equal(loaded.argv[2], "**********");
	assert_string_equal(loaded.argv[10], "2");
	unload(&loaded);
}

static void secrets_are_blanked_though_wrong(void **state)
{
	(void)state;
	struct loaded loaded = {0};
	load(&loaded, LIST("--app", "hidden", "--ingest-password", "hid\thidden", "--fast"), NOTHING);
	assert_int_equal(loaded.result, CONF_INVALID);
	for (int i = 0; i < loaded.argc; i++) {
		assert_null(strstr(loaded.argv[i], "hidden"));
	}
	unload(&loaded);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_forms),
		cmocka_unit_test(unknown_flags_get_the_nearest),
		cmocka_unit_test(words_that_are_no_flags),
		cmocka_unit_test(values_must_be_there),
		cmocka_unit_test(doubles_are_refused),
		cmocka_unit_test(secrets_are_blanked),
		cmocka_unit_test(secrets_are_blanked_though_wrong),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

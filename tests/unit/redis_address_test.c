/* SPDX-License-Identifier: MIT
 *
 * Addresses of Redis.
 */
/* sources: relay/redis_address.c */
#include "../../relay/redis_address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void assert_good(const char *text, const struct redis_address *expected)
{
	struct redis_address address;
	const char *const error = redis_address_parse(&address, text);
	if (error != NULL)
		fail_msg("%s: %s", text, error);
	assert_int_equal(address.is_unix, expected->is_unix);
	assert_string_equal(address.host, expected->host);
	assert_string_equal(address.port, expected->port);
	assert_string_equal(address.user, expected->user);
	assert_string_equal(address.password, expected->password);
	assert_int_equal(address.db, expected->db);
}

#define GOOD(text, ...) assert_good(text, &(const struct redis_address){__VA_ARGS__})

static void takes_urls_and_paths(void **state)
{
	(void)state;
	GOOD("redis://h", .host = "h", .port = "6379");
	GOOD("redis://127.0.0.1:1/", .host = "127.0.0.1", .port = "1");
	GOOD("redis://h:65535/15", .host = "h", .port = "65535", .db = 15);
	GOOD("redis://:p@h", .host = "h", .port = "6379", .password = "p");
	GOOD("redis://u:p%40%2f%3a@h:7", .host = "h", .port = "7", .user = "u", .password = "p@/:");
	GOOD("redis://u:a@b:c@h", .host = "h", .port = "6379", .user = "u", .password = "a@b:c");
	GOOD("redis://[::1]", .host = "::1", .port = "6379");
	GOOD("redis://[::1]:8/2", .host = "::1", .port = "8", .db = 2);
	GOOD("unix:/run/redis.sock", .is_unix = true, .host = "/run/redis.sock", .port = "");
}

static void refuses_the_rest(void **state)
{
	(void)state;
	static const char *const bad[] = {"", "redis:", "redis://", "redis://:7",
		"redis://h:", "redis://h:0", "redis://h:65536", "redis://h:x", "redis://h/x",
		"redis://h/99999", "redis://u@h", "redis://u:%4@h", "redis://u:%zz@h", "redis://u:%00@h",
		"redis://[::1", "rediss://h", "unix:", "h:1"};
	struct redis_address address;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (redis_address_parse(&address, bad[i]) == NULL)
			fail_msg("taken: %s", bad[i]);
	}
}

static void lengths_are_bounded(void **state)
{
	(void)state;
	struct redis_address address;
	char text[sizeof("unix:") + CLN_UNIX_PATH_MAX + 1] = "unix:";
	for (size_t len = CLN_UNIX_PATH_MAX - 1; len <= CLN_UNIX_PATH_MAX + 1; len++) {
		memset(text + 5, 'x', len);
		text[5 + len] = '\0';
		assert_int_equal(redis_address_parse(&address, text) == NULL, len <= CLN_UNIX_PATH_MAX);
	}
	char host[2 * CONF_ADDRESS_MAX] = "redis://";
	memset(host + 8, 'h', CONF_ADDRESS_MAX);
	assert_non_null(redis_address_parse(&address, host));
	host[8 + CONF_ADDRESS_MAX - 1] = '\0';
	assert_null(redis_address_parse(&address, host));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_urls_and_paths),
		cmocka_unit_test(refuses_the_rest),
		cmocka_unit_test(lengths_are_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

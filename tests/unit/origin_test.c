/* SPDX-License-Identifier: MIT
 *
 * Which web pages may connect.
 */
/* sources: relay/origin.c */
/* libs: */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../relay/origin.h"

static bool allows(const char *pattern, const char *origin)
{
	return origin_is_allowed(&pattern, 1, cln_slice_of(origin));
}

static void a_star_allows_everything(void **state)
{
	(void)state;
	assert_true(allows("*", "https://example.com"));
	assert_true(allows("*", "null"));
	assert_true(allows("*", "file://"));
	assert_true(allows("*", "no origin at all"));
}

static void an_origin_is_compared_as_a_whole(void **state)
{
	(void)state;
	assert_true(allows("https://example.com", "https://example.com"));
	assert_true(allows("https://example.com", "HTTPS://EXAMPLE.com"));
	assert_true(allows("https://example.com:8443", "https://example.com:8443"));
	assert_false(allows("https://example.com", "http://example.com"));
	assert_false(allows("https://example.com", "https://example.com:8443"));
	assert_false(allows("https://example.com", "https://example.com.evil.test"));
	assert_false(allows("https://example.com", "https://www.example.com"));
	assert_false(allows("https://example.com", "https://example.co"));
}

static void a_host_is_compared_without_scheme_and_port(void **state)
{
	(void)state;
	assert_true(allows("example.com", "https://example.com"));
	assert_true(allows("example.com", "http://example.com:3000"));
	assert_true(allows("localhost", "http://localhost:5173"));
	assert_true(allows("[::1]", "http://[::1]:5173"));
	assert_true(allows("[::1]", "http://[::1]"));
	assert_false(allows("example.com", "https://example.com.evil.test"));
	assert_false(allows("example.com", "https://notexample.com"));
	assert_false(allows("::1", "http://[::1]"));
}

static void a_port_in_the_pattern_counts(void **state)
{
	(void)state;
	assert_true(allows("localhost:5173", "http://localhost:5173"));
	assert_false(allows("localhost:5173", "http://localhost:5174"));
	assert_false(allows("localhost:5173", "http://localhost"));
	assert_true(allows("[::1]:5173", "http://[::1]:5173"));
	assert_true(allows("localhost:*", "http://localhost:5174"));
}

static void wildcards_stand_for_any_characters(void **state)
{
	(void)state;
	assert_true(allows("https://*.example.com", "https://a.example.com"));
	assert_true(allows("https://*.example.com", "https://a.b.example.com"));
	assert_false(allows("https://*.example.com", "https://example.com"));
	assert_false(allows("https://*.example.com", "https://a.example.com.evil.test"));
	assert_false(allows("https://*.example.com", "https://aexample.com"));
	assert_true(allows("*.example.com", "https://a.example.com:444"));
	assert_true(allows("shop-*.example.*", "https://shop-12.example.org"));
	assert_true(allows("a*b*c", "x://aXbbXbc"));
	assert_false(allows("a*b*c", "x://aXbbXb"));
	assert_true(allows("http*://example.com", "https://example.com"));
	assert_true(allows("**", "https://example.com"));
}

static void what_is_no_origin_matches_no_pattern(void **state)
{
	static const char *const strange[] = {"null", "example.com", "://example.com", "https://",
		"https:/example.com", "https://evil.test/.example.com", "https://evil.test#.example.com",
		"https://evil.test?.example.com", "https://evil.test@www.example.com", "https://:80",
		"https://*.example.com"};
	(void)state;
	for (size_t i = 0; i < sizeof(strange) / sizeof(strange[0]); i++) {
		assert_false(allows("**", strange[i]));
		assert_false(allows("*example.com", strange[i]));
		assert_false(allows("https://*", strange[i]));
	}
	const char *const pattern = "*";
	const char *const host = "*.example.com";
	assert_true(origin_is_allowed(&pattern, 1, cln_slice("a\0b", 3)));
	assert_false(origin_is_allowed(&host, 1, cln_slice("https://a\0.example.com", 22)));
}

static void without_an_origin_it_is_no_browser(void **state)
{
	(void)state;
	assert_true(allows("https://example.com", ""));
	assert_true(origin_is_allowed(NULL, 0, (struct cln_slice){0}));
}

static void one_of_several_is_enough(void **state)
{
	const char *const patterns[] = {"https://example.com", "*.test"};
	(void)state;
	assert_true(origin_is_allowed(patterns, 2, CLN_SLICE("http://a.test")));
	assert_true(origin_is_allowed(patterns, 2, CLN_SLICE("https://example.com")));
	assert_false(origin_is_allowed(patterns, 2, CLN_SLICE("https://example.org")));
	assert_false(origin_is_allowed(patterns, 0, CLN_SLICE("https://example.com")));
}

/* A hostile origin costs no more than its length allows. */
static void a_long_origin_is_refused(void **state)
{
	char text[8192];
	const char *const pattern = "*a*a*a*a*a*a*a*a*b";
	(void)state;
	memset(text, 'a', sizeof(text));
	memcpy(text, "https://", 8);
	assert_false(origin_is_allowed(&pattern, 1, cln_slice(text, sizeof(text))));
	assert_false(origin_is_allowed(&pattern, 1, cln_slice(text, 512)));
	const char *const all = "*a";
	assert_true(origin_is_allowed(&all, 1, cln_slice(text, 512)));
	assert_false(origin_is_allowed(&all, 1, cln_slice(text, 513)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_star_allows_everything),
		cmocka_unit_test(an_origin_is_compared_as_a_whole),
		cmocka_unit_test(a_host_is_compared_without_scheme_and_port),
		cmocka_unit_test(a_port_in_the_pattern_counts),
		cmocka_unit_test(wildcards_stand_for_any_characters),
		cmocka_unit_test(what_is_no_origin_matches_no_pattern),
		cmocka_unit_test(without_an_origin_it_is_no_browser),
		cmocka_unit_test(one_of_several_is_enough),
		cmocka_unit_test(a_long_origin_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

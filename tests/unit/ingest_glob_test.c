/* SPDX-License-Identifier: MIT
 *
 * Patterns, and that none of them takes long.
 */
/* sources: relay/ingest_glob.c */
#include "../../relay/ingest_glob.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void expect(const char *pattern, const char *text, bool is_match)
{
	if (glob_matches(cln_slice_of(pattern), cln_slice_of(text)) != is_match)
		fail_msg("\"%s\" on \"%s\" is not %d", pattern, text, is_match);
}

static void literal_text_and_wildcards(void **state)
{
	(void)state;
	expect("", "", true);
	expect("", "a", false);
	expect("a", "", false);
	expect("abc", "abc", true);
	expect("abc", "abd", false);
	expect("abc", "abcd", false);
	expect("*", "", true);
	expect("*", "anything", true);
	expect("**", "x", true);
	expect("a*", "a", true);
	expect("*a", "bca", true);
	expect("*a", "bcab", false);
	expect("a*b*c", "axxbyyc", true);
	expect("a*b*c", "axxbyy", false);
	expect("*ab*ab", "abxabab", true);
	expect("?", "a", true);
	expect("?", "", false);
	expect("a?c", "abc", true);
	expect("private-*.4?", "private-orders.42", true);
}

static void sets_and_escapes(void **state)
{
	(void)state;
	expect("[abc]", "b", true);
	expect("[abc]", "d", false);
	expect("[a-c]x", "bx", true);
	expect("[a-c]x", "dx", false);
	expect("[^a-c]", "d", true);
	expect("[^a-c]", "b", false);
	expect("[a-]", "-", true);
	expect("[", "[", false);
	expect("[abc", "b", true);
	expect("[]", "a", false);
	expect("\\*", "*", true);
	expect("\\*", "a", false);
	expect("\\", "\\", true);
	expect("a\\", "a\\", true);
}

static void many_stars_take_no_time(void **state)
{
	(void)state;
	char pattern[201];
	char text[201];
	for (size_t i = 0; i < 200; i += 2)
		memcpy(pattern + i, "*a", 2);
	memcpy(pattern + 198, "*b", 2);
	pattern[200] = '\0';
	memset(text, 'a', 200);
	text[200] = '\0';
	expect(pattern, text, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(literal_text_and_wildcards),
		cmocka_unit_test(sets_and_escapes),
		cmocka_unit_test(many_stars_take_no_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

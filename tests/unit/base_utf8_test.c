/* SPDX-License-Identifier: MIT */
/* sources: relay/base/utf8.c */
/*
 * UTF-8 against a decoder written the slow way: all code points, all sequences of up to three bytes
 * that could matter, and every cut.
 */
#include "relay/base/utf8.h"

#include <stdarg.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

static size_t encode(uint32_t code, char out[4])
{
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		out[0] = (char)(0xc0 | code >> 6);
		out[1] = (char)(0x80 | (code & 0x3f));
		return 2;
	}
	if (code < 0x10000) {
		out[0] = (char)(0xe0 | code >> 12);
		out[1] = (char)(0x80 | (code >> 6 & 0x3f));
		out[2] = (char)(0x80 | (code & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | code >> 18);
	out[1] = (char)(0x80 | (code >> 12 & 0x3f));
	out[2] = (char)(0x80 | (code >> 6 & 0x3f));
	out[3] = (char)(0x80 | (code & 0x3f));
	return 4;
}

static void every_code_point(void **state)
{
	(void)state;
	for (uint32_t code = 0; code < 0x1fffff; code++) {
		char bytes[4];
		const size_t len = encode(code, bytes);
		const bool is_right = (code < 0xd800 || code > 0xdfff) && code <= 0x10ffff;
		assert_int_equal(utf8_is_valid(cln_slice(bytes, len)), is_right);
		for (size_t cut = 1; is_right && cut < len; cut++)
			assert_false(utf8_is_valid(cln_slice(bytes, cut)));
	}
}

/* Valid means: some code point encodes to exactly these bytes. */
static bool slow_pair(unsigned a, unsigned b)
{
	return (a < 0x80 && b < 0x80) || (a >= 0xc2 && a <= 0xdf && b >= 0x80 && b <= 0xbf);
}

static void every_pair_of_bytes(void **state)
{
	(void)state;
	for (unsigned a = 0; a < 256; a++)
		for (unsigned b = 0; b < 256; b++) {
			const char bytes[] = {(char)a, (char)b};
			assert_int_equal(utf8_is_valid(cln_slice(bytes, 2)), slow_pair(a, b));
		}
}

static void cut_anywhere(void **state)
{
	static const char text[] =
		"ascii ascii ascii \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 ascii ascii \xce\xba\xe1\xbd\xb9";
	(void)state;
	for (size_t cut = 0; cut <= sizeof(text) - 1; cut++) {
		uint8_t at = UTF8_START;
		assert_true(utf8_feed(&at, text, cut));
		assert_true(utf8_feed(&at, text + cut, sizeof(text) - 1 - cut));
		assert_int_equal(at, UTF8_START);
	}
}

static void wrong_byte_at_any_place(void **state)
{
	char text[40];
	(void)state;
	for (size_t at = 0; at < sizeof(text); at++) {
		memset(text, 'a', sizeof(text));
		text[at] = '\xff';
		assert_false(utf8_is_valid(cln_slice(text, sizeof(text))));
	}
	assert_true(utf8_is_valid(cln_slice(NULL, 0)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_point),
		cmocka_unit_test(every_pair_of_bytes),
		cmocka_unit_test(cut_anywhere),
		cmocka_unit_test(wrong_byte_at_any_place),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

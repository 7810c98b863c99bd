/* SPDX-License-Identifier: MIT
 *
 * The validator: what it takes and refuses, cut at every byte, at its depth limit, and what its
 * strings decode to.
 */
/* sources: relay/jslice.c relay/base/buf.c relay/base/xalloc.c relay/base/log.c relay/base/clock.c
 */
/* sources: wire/name.c */
#include "../../relay/jslice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* In memory of exactly its size, so that a sanitizer sees each byte read too far. */
static int parse(struct cln_slice text, struct jslice *value)
{
	char *const copy = malloc(text.len + (text.len == 0));
	if (text.len > 0)
		memcpy(copy, text.ptr, text.len);
	struct jslice found = {0};
	const int result = jslice_parse(cln_slice(copy, text.len), &found);
	if (result == CLN_OK) {
		const size_t offset = (size_t)(found.raw.ptr - copy);
		assert_true(offset + found.raw.len <= text.len);
		value->type = found.type;
		value->raw = cln_slice(text.ptr + offset, found.raw.len);
	}
	free(copy);
	return result;
}

static void assert_good(const char *text, enum jslice_type type)
{
	struct jslice value;
	if (parse(cln_slice_of(text), &value) != CLN_OK)
		fail_msg("refused: %s", text);
	assert_int_equal(value.type, type);
}

static void assert_bad(const char *text)
{
	struct jslice value;
	if (parse(cln_slice_of(text), &value) != CLN_ERR_PROTOCOL)
		fail_msg("taken: %s", text);
}

static void takes_what_rfc_8259_allows(void **state)
{
	(void)state;
	assert_good("{}", JSLICE_OBJECT);
	assert_good(" \t\r\n{ \"a\" : [ ] , \"b\" : { } } \n", JSLICE_OBJECT);
	assert_good("[]", JSLICE_ARRAY);
	assert_good("[1,2,[3,{\"a\":[]}],\"x\"]", JSLICE_ARRAY);
	assert_good("\"\"", JSLICE_STRING);
	assert_good(
		"\"\\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u00e9 \\uD83D\\uDE00 \\u0000\"", JSLICE_STRING);
	assert_good("\"\xc3\xa9\xf0\x9f\x98\x80\x7f\"", JSLICE_STRING);
	assert_good("0", JSLICE_NUMBER);
	assert_good("-0", JSLICE_NUMBER);
	assert_good("1e400", JSLICE_NUMBER);
	assert_good("-12.50E-7", JSLICE_NUMBER);
	assert_good("1E+2", JSLICE_NUMBER);
	assert_good("12345678901234567890123", JSLICE_NUMBER);
	assert_good("true", JSLICE_TRUE);
	assert_good("false", JSLICE_FALSE);
	assert_good("null", JSLICE_NULL);
}

static void refuses_the_rest(void **state)
{
	(void)state;
	static const char *const bad[] = {"", " ", "{", "}", "[", "]", "{]", "[}", "{}}", "[]]", "{},",
		"{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{,}", "[,]", "[1,]", "[1 2]", "{\"a\":1 \"b\":2}",
		"{a:1}", "{1:2}", "{'a':1}", "'a'", "\"", "\"a", "\"\\\"", "\"\\x\"", "\"\\u12\"",
		"\"\\u12g4\"", "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\ud800\"", "\"\\ud800\\n\"",
		"\"\\ud800x\"", "\"a\tb\"", "\"a\nb\"", "\"\x01\"", "\"\xff\"", "\"\xc0\xaf\"",
		"\"\xed\xa0\x80\"", "\xc3\xa9", "01", "-", "-01", "+1", ".5", "1.", "1.e5", "1e", "1e+",
		"0x10", "1a", "--1", "NaN", "Infinity", "tru", "truex", "True", "nul", "nullnull",
		"\xef\xbb\xbf{}", "[1]x", "[1][2]", "{}\v", "/**/{}", "{\"a\":1}//"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_bad(bad[i]);
	struct jslice value;
	assert_int_equal(parse(CLN_SLICE("{}\0"), &value), CLN_ERR_PROTOCOL);
	assert_int_equal(parse(CLN_SLICE("\"\0\""), &value), CLN_ERR_PROTOCOL);
}

static void no_prefix_of_a_text_is_a_text(void **state)
{
	(void)state;
	const struct cln_slice text = CLN_SLICE("{\"event\":\"client-x\\u00e9\\ud83d\\ude00\",\"data\":"
											"[1.5e-7,true,false,null,{\"a\":\"b\"},\"\xc3\xa9\"]}");
	struct jslice value;
	assert_int_equal(parse(text, &value), CLN_OK);
	for (size_t len = 0; len < text.len; len++)
		assert_int_equal(parse(cln_slice(text.ptr, len), &value), CLN_ERR_PROTOCOL);
}

static void depth_is_bounded(void **state)
{
	(void)state;
	char text[2 * (JSLICE_DEPTH_MAX + 1)];
	struct jslice value;
	for (size_t depth = JSLICE_DEPTH_MAX - 1; depth <= JSLICE_DEPTH_MAX + 1; depth++) {
		memset(text, '[', depth);
		memset(text + depth, ']', depth);
		const int expected = depth <= JSLICE_DEPTH_MAX ? CLN_OK : CLN_ERR_LIMIT;
		assert_int_equal(parse(cln_slice(text, 2 * depth), &value), expected);
	}
	static char deep[100000];
	memset(deep, '[', sizeof(deep));
	assert_int_equal(parse(cln_slice(deep, sizeof(deep)), &value), CLN_ERR_LIMIT);
	for (size_t i = 0; i + 5 <= sizeof(deep); i += 5)
		memcpy(deep + i, "{\"a\":", 5);
	assert_int_equal(parse(cln_slice(deep, sizeof(deep)), &value), CLN_ERR_LIMIT);
}

static void objects_and_arrays_alternate(void **state)
{
	(void)state;
	assert_good("[{\"a\":[{\"b\":[{}]},[]]},{}]", JSLICE_ARRAY);
	assert_bad("[{\"a\":[{\"b\":[{}]}},[]]},{}]");
	assert_bad("{\"a\":[1,\"b\":2]}");
	assert_bad("[\"a\":1]");
	assert_bad("{\"a\":1,2}");
}

static struct jslice parsed(const char *text)
{
	struct jslice value = {0};
	assert_int_equal(jslice_parse(cln_slice_of(text), &value), CLN_OK);
	return value;
}

static void assert_raw(const struct jslice *object, const char *name, const char *raw)
{
	struct jslice value;
	const bool is_found = jslice_find(object, cln_slice_of(name), &value);
	assert_int_equal(is_found, raw != NULL);
	if (raw == NULL)
		return;
	assert_int_equal(value.raw.len, strlen(raw));
	assert_memory_equal(value.raw.ptr, raw, strlen(raw));
}

static void finds_members_by_decoded_name(void **state)
{
	(void)state;
	const struct jslice object =
		parsed(" {\"a\": 1e400 ,\"b\":{\"c\":\"}\",\"a\":2},\"\\u0063\":[ ],\"d\":\"x\\\"\", "
			   "\"\":0,\"a\\u0000\":5} ");
	assert_raw(&object, "a", "1e400");
	assert_raw(&object, "b", "{\"c\":\"}\",\"a\":2}");
	assert_raw(&object, "c", "[ ]");
	assert_raw(&object, "d", "\"x\\\"\"");
	assert_raw(&object, "", "0");
	assert_raw(&object, "e", NULL);
	const struct jslice empty = parsed("{}");
	assert_raw(&empty, "a", NULL);
	const struct jslice array = parsed("[\"a\",1]");
	assert_raw(&array, "a", NULL);
	const struct jslice string = parsed("\"a\"");
	assert_raw(&string, "a", NULL);
}

static void of_equal_names_the_last_counts(void **state)
{
	(void)state;
	const struct jslice object = parsed("{\"a\":1,\"\\u0061\":2,\"a\":3,\"b\":4}");
	assert_raw(&object, "a", "3");
}

/* The elements of `json`, each followed by a blank. */
static void assert_elements(const char *json, const char *expected)
{
	const struct jslice array = parsed(json);
	struct cln_slice rest = array.raw;
	struct jslice value;
	struct buf said = {0};
	while (jslice_next_element(&rest, &value)) {
		buf_append_slice(&said, value.raw);
		buf_append_byte(&said, ' ');
	}
	buf_append_byte(&said, '\0');
	assert_string_equal(said.bytes, expected);
	buf_deinit(&said);
}

static void arrays_are_walked(void **state)
{
	(void)state;
	assert_elements("[]", "");
	assert_elements(" [ \n] ", "");
	assert_elements("[1]", "1 ");
	assert_elements("[ \"a\\\"]\" , {\"b\":[1,2]},\t[[],[3]] ,null, true,-1e5 ]",
		"\"a\\\"]\" {\"b\":[1,2]} [[],[3]] null true -1e5 ");
	assert_elements("[[[1]]]", "[[1]] ");
	assert_elements("{\"a\":1}", "");
	assert_elements("\"[1]\"", "");
	assert_elements("5", "");
}

static void assert_decodes(const char *json, struct cln_slice expected)
{
	const struct jslice string = parsed(json);
	char out[64];
	size_t len;
	assert_int_equal(jslice_string(&string, out, sizeof(out), &len), CLN_OK);
	assert_int_equal(len, expected.len);
	assert_memory_equal(out, expected.ptr, len);
	assert_int_equal(jslice_string(&string, out, expected.len, &len), CLN_OK);
	if (expected.len > 0)
		assert_int_equal(jslice_string(&string, out, expected.len - 1, &len), CLN_ERR_SPACE);
}

static void strings_decode(void **state)
{
	(void)state;
	assert_decodes("\"\"", CLN_SLICE(""));
	assert_decodes("\"a\\/b\"", CLN_SLICE("a/b"));
	assert_decodes("\"\\\"\\\\\\b\\f\\n\\r\\t\"", CLN_SLICE("\"\\\b\f\n\r\t"));
	assert_decodes("\"\\u0000\\u007f\"", CLN_SLICE("\0\x7f"));
	assert_decodes("\"\\u0080\\u07ff\"", CLN_SLICE("\xc2\x80\xdf\xbf"));
	assert_decodes("\"\\u0800\\uFFff\"", CLN_SLICE("\xe0\xa0\x80\xef\xbf\xbf"));
	assert_decodes(
		"\"\\ud800\\udc00\\udbff\\udfff\"", CLN_SLICE("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"));
	assert_decodes("\"\xe2\x82\xac\"", CLN_SLICE("\xe2\x82\xac"));
}

static void escaping_is_undone_by_decoding(void **state)
{
	(void)state;
	char all[256];
	size_t len = 0;
	for (int byte = 0; byte < 128; byte++)
		all[len++] = (char)byte;
	memcpy(all + len, "\xe2\x82\xac", 3);
	len += 3;
	struct buf text = {0};
	buf_append_byte(&text, '"');
	jslice_escape(&text, cln_slice(all, len));
	buf_append_byte(&text, '"');
	struct jslice value;
	char back[sizeof(all)];
	size_t back_len;
	assert_int_equal(jslice_parse(buf_slice(&text), &value), CLN_OK);
	assert_int_equal(jslice_string(&value, back, sizeof(back), &back_len), CLN_OK);
	assert_int_equal(back_len, len);
	assert_memory_equal(back, all, len);
	buf_deinit(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_what_rfc_8259_allows),
		cmocka_unit_test(refuses_the_rest),
		cmocka_unit_test(no_prefix_of_a_text_is_a_text),
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(objects_and_arrays_alternate),
		cmocka_unit_test(finds_members_by_decoded_name),
		cmocka_unit_test(of_equal_names_the_last_counts),
		cmocka_unit_test(arrays_are_walked),
		cmocka_unit_test(strings_decode),
		cmocka_unit_test(escaping_is_undone_by_decoding),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

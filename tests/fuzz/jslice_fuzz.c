/* SPDX-License-Identifier: MIT */
/* sources: relay/jslice.c relay/base/buf.c relay/base/xalloc.c relay/base/log.c relay/base/clock.c
 */
/* sources: wire/name.c */
/* libs: jansson */
/*
 * The validator beside jansson: both take or refuse a text, and agree on the members of an object.
 * They may differ only where jansson reads values and we don't: numbers out of its range, NUL in
 * keys, and nesting beyond our limit.
 */
#include "support/fuzz.h"

#include "relay/jslice.h"

#include <jansson.h>

#define FLAGS (JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL)

static bool may_differ(enum json_error_code code)
{
	return code == json_error_numeric_overflow || code == json_error_null_byte_in_key ||
		   code == json_error_stack_overflow;
}

static size_t deepest_of(struct cln_slice text)
{
	size_t depth = 0;
	size_t deepest = 0;
	bool is_string = false;
	for (size_t i = 0; i < text.len; i++) {
		const char c = text.ptr[i];
		if (is_string && c == '\\')
			i++;
		else if (c == '"')
			is_string = !is_string;
		else if (!is_string && (c == '[' || c == '{'))
			deepest = ++depth > deepest ? depth : deepest;
		else if (!is_string && (c == ']' || c == '}'))
			depth--;
	}
	return deepest;
}

static void compare_value(const struct jslice *ours, const json_t *theirs)
{
	static const enum jslice_type types[] = {
		[JSON_OBJECT] = JSLICE_OBJECT,
		[JSON_ARRAY] = JSLICE_ARRAY,
		[JSON_STRING] = JSLICE_STRING,
		[JSON_INTEGER] = JSLICE_NUMBER,
		[JSON_REAL] = JSLICE_NUMBER,
		[JSON_TRUE] = JSLICE_TRUE,
		[JSON_FALSE] = JSLICE_FALSE,
		[JSON_NULL] = JSLICE_NULL,
	};
	claim(ours->type == types[json_typeof(theirs)]);
	if (!json_is_string(theirs))
		return;
	char *const text = malloc(ours->raw.len);
	size_t len;
	claim(jslice_string(ours, text, ours->raw.len, &len) == CLN_OK);
	claim(len == json_string_length(theirs));
	claim(memcmp(text, json_string_value(theirs), len) == 0);
	struct buf escaped = {0};
	buf_append_byte(&escaped, '"');
	jslice_escape(&escaped, cln_slice(text, len));
	buf_append_byte(&escaped, '"');
	json_t *const back = json_loadb(escaped.bytes, escaped.len, FLAGS, NULL);
	claim(back != NULL && json_equal(back, theirs));
	json_decref(back);
	buf_deinit(&escaped);
	free(text);
}

#define NAME_MAX_LEN 63

static void compare_members(const struct jslice *ours, json_t *theirs)
{
	const char *name;
	json_t *value;
	json_object_foreach(theirs, name, value)
	{
		struct jslice found;
		if (strlen(name) > NAME_MAX_LEN)
			continue;
		claim(jslice_find(ours, cln_slice_of(name), &found));
		compare_value(&found, value);
	}
	struct jslice none;
	if (json_object_get(theirs, "event") == NULL)
		claim(!jslice_find(ours, CLN_SLICE("event"), &none));
}

static void compare_elements(const struct jslice *ours, const json_t *theirs)
{
	struct cln_slice rest = ours->raw;
	struct jslice found;
	const size_t count = json_array_size(theirs);
	for (size_t i = 0; i < count; i++) {
		claim(jslice_next_element(&rest, &found));
		compare_value(&found, json_array_get(theirs, i));
	}
	claim(!jslice_next_element(&rest, &found));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct cln_slice text = exact(cln_slice(data, size));
	struct jslice ours;
	json_error_t error;
	const int result = jslice_parse(text, &ours);
	if (size > 0 && memchr(data, '\0', size) != NULL) {
		claim(result < 0); /* jansson takes a raw NUL for the end of the text */
		free((char *)text.ptr);
		return 0;
	}
	json_t *const theirs = json_loadb(text.ptr, text.len, FLAGS, &error);
	if (theirs == NULL) {
		claim(result < 0 || may_differ(json_error_code(&error)));
	} else if (result < 0) {
		claim(result == CLN_ERR_LIMIT && deepest_of(text) > JSLICE_DEPTH_MAX);
	} else {
		compare_value(&ours, theirs);
		if (json_is_object(theirs))
			compare_members(&ours, theirs);
		else
			compare_elements(&ours, theirs);
	}
	json_decref(theirs);
	free((char *)text.ptr);
	return 0;
}

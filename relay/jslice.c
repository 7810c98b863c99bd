/* SPDX-License-Identifier: MIT
 *
 * jslice.h: a scanner that steps over one token at a time. jslice_parse() checks everything, once;
 * the other functions rely on that and only look for ends.
 */
#include "jslice.h"

#include "../wire/name.h"

#include <assert.h>
#include <stdint.h>

struct scan {
	const unsigned char *at;
	const unsigned char *end;
};

static void skip_blanks(struct scan *scan)
{
	while (scan->at < scan->end &&
		   (*scan->at == ' ' || *scan->at == '\t' || *scan->at == '\n' || *scan->at == '\r'))
		scan->at++;
}

static bool take(struct scan *scan, unsigned char byte)
{
	if (scan->at >= scan->end || *scan->at != byte)
		return false;
	scan->at++;
	return true;
}

static int hex_value(unsigned char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	return -1;
}

#define HEX_DIGITS 4 /* of \uXXXX */

/* The number behind "\u", -1 if there are not four digits. */
static int32_t take_hex(struct scan *scan)
{
	if (scan->end - scan->at < HEX_DIGITS)
		return -1;
	int32_t code = 0;
	for (int i = 0; i < HEX_DIGITS; i++) {
		const int digit = hex_value(scan->at[i]);
		if (digit < 0)
			return -1;
		code = code * 16 + digit;
	}
	scan->at += HEX_DIGITS;
	return code;
}

static bool is_high_surrogate(int32_t code)
{
	return code >= 0xD800 && code <= 0xDBFF;
}

static bool is_low_surrogate(int32_t code)
{
	return code >= 0xDC00 && code <= 0xDFFF;
}

/* Behind "\u": a code point, of two escapes if need be; -1 if malformed. */
static int32_t take_unicode(struct scan *scan)
{
	const int32_t first = take_hex(scan);
	if (first < 0 || is_low_surrogate(first))
		return -1;
	if (!is_high_surrogate(first))
		return first;
	if (!take(scan, '\\') || !take(scan, 'u'))
		return -1;
	const int32_t second = take_hex(scan);
	if (!is_low_surrogate(second))
		return -1;
	return 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
}

/* Behind the backslash: the code point, -1 if malformed. */
static int32_t take_escape(struct scan *scan)
{
	if (scan->at >= scan->end)
		return -1;
	switch (*scan->at++) {
	case '"':
		return '"';
	case '\\':
		return '\\';
	case '/':
		return '/';
	case 'b':
		return '\b';
	case 'f':
		return '\f';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	case 'u':
		return take_unicode(scan);
	default:
		return -1;
	}
}

/* Behind the opening quote, up to and over the closing one. */
static bool take_string(struct scan *scan)
{
	while (scan->at < scan->end) {
		const unsigned char byte = *scan->at++;
		if (byte == '"')
			return true;
		if (byte < ' ')
			return false;
		if (byte == '\\' && take_escape(scan) < 0)
			return false;
	}
	return false;
}

static bool take_digits(struct scan *scan)
{
	const unsigned char *const start = scan->at;
	while (scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9')
		scan->at++;
	return scan->at > start;
}

static bool take_number(struct scan *scan)
{
	(void)take(scan, '-');
	if (!take(scan, '0') && !take_digits(scan))
		return false;
	if (take(scan, '.') && !take_digits(scan))
		return false;
	if (take(scan, 'e') || take(scan, 'E')) {
		if (!take(scan, '+'))
			(void)take(scan, '-');
		return take_digits(scan);
	}
	return true;
}

static bool take_word(struct scan *scan, struct cln_slice word)
{
	const struct cln_slice rest = {(const char *)scan->at, (size_t)(scan->end - scan->at)};
	if (!cln_slice_starts(rest, word))
		return false;
	scan->at += word.len;
	return true;
}

/* A value that is no array and no object. */
static bool take_scalar(struct scan *scan)
{
	if (scan->at >= scan->end)
		return false;
	switch (*scan->at) {
	case '"':
		scan->at++;
		return take_string(scan);
	case 't':
		return take_word(scan, CLN_SLICE("true"));
	case 'f':
		return take_word(scan, CLN_SLICE("false"));
	case 'n':
		return take_word(scan, CLN_SLICE("null"));
	default:
		return take_number(scan);
	}
}

/* The arrays (0) and objects (1) around the current place, innermost in the lowest bit. */
struct nesting {
	uint64_t kinds;
	unsigned depth;
};

static_assert(JSLICE_DEPTH_MAX <= 64, "one bit of nesting.kinds a level");

static bool take_name(struct scan *scan)
{
	skip_blanks(scan);
	if (!take(scan, '"') || !take_string(scan))
		return false;
	skip_blanks(scan);
	return take(scan, ':');
}

/* Behind a complete value: closes what closes, and steps over the comma (and the name) in front
 * of the next value. *more tells whether there is one. */
static bool after_value(struct scan *scan, struct nesting *nesting, bool *more)
{
	while (nesting->depth > 0) {
		const bool is_object = nesting->kinds & 1;
		skip_blanks(scan);
		if (take(scan, ',')) {
			*more = true;
			return !is_object || take_name(scan);
		}
		if (!take(scan, is_object ? '}' : ']'))
			return false;
		nesting->kinds >>= 1;
		nesting->depth--;
	}
	*more = false;
	return true;
}

/* Behind an opening bracket. *is_empty: the closing one was taken, too. */
static bool open_nesting(struct scan *scan, struct nesting *nesting, bool is_object, bool *is_empty)
{
	skip_blanks(scan);
	*is_empty = take(scan, is_object ? '}' : ']');
	if (*is_empty)
		return true;
	nesting->kinds = nesting->kinds << 1 | is_object;
	nesting->depth++;
	return !is_object || take_name(scan);
}

static int take_value(struct scan *scan)
{
	struct nesting nesting = {0};
	for (bool more = true; more;) {
		skip_blanks(scan);
		const bool is_object = take(scan, '{');
		bool is_complete = true;
		if (is_object || take(scan, '[')) {
			if (nesting.depth == JSLICE_DEPTH_MAX)
				return CLN_ERR_LIMIT;
			if (!open_nesting(scan, &nesting, is_object, &is_complete))
				return CLN_ERR_PROTOCOL;
		} else if (!take_scalar(scan)) {
			return CLN_ERR_PROTOCOL;
		}
		if (is_complete && !after_value(scan, &nesting, &more))
			return CLN_ERR_PROTOCOL;
	}
	return CLN_OK;
}

static enum jslice_type type_of(unsigned char first)
{
	switch (first) {
	case '{':
		return JSLICE_OBJECT;
	case '[':
		return JSLICE_ARRAY;
	case '"':
		return JSLICE_STRING;
	case 't':
		return JSLICE_TRUE;
	case 'f':
		return JSLICE_FALSE;
	case 'n':
		return JSLICE_NULL;
	default:
		return JSLICE_NUMBER;
	}
}

static void value_set(struct jslice *value, const unsigned char *start, const unsigned char *end)
{
	value->type = type_of(*start);
	value->raw = cln_slice(start, (size_t)(end - start));
}

static struct scan scan_of(struct cln_slice text)
{
	const unsigned char *const bytes = (const unsigned char *)text.ptr;
	return (struct scan){bytes, text.len == 0 ? bytes : bytes + text.len};
}

int jslice_parse(struct cln_slice text, struct jslice *value)
{
	struct scan scan = scan_of(text);
	skip_blanks(&scan);
	const unsigned char *const start = scan.at;
	const int result = take_value(&scan);
	if (result < 0)
		return result;
	const unsigned char *const end = scan.at;
	skip_blanks(&scan);
	if (scan.at != scan.end || !cln_utf8_is_valid(text))
		return CLN_ERR_PROTOCOL;
	value_set(value, start, end);
	return CLN_OK;
}

/* `rest` is the object itself at first, later what follows a member: a comma or the end. */
bool jslice_next_member(struct cln_slice *rest, struct jslice_member *member)
{
	struct scan scan = scan_of(*rest);
	if (!take(&scan, '{') && !take(&scan, ','))
		return false;
	skip_blanks(&scan);
	const unsigned char *const name = scan.at;
	if (!take(&scan, '"'))
		return false;
	if (!take_string(&scan))
		return false;
	member->name = cln_slice(name, (size_t)(scan.at - name));
	skip_blanks(&scan);
	if (!take(&scan, ':'))
		return false;
	skip_blanks(&scan);
	const unsigned char *const start = scan.at;
	if (take_value(&scan) < 0)
		return false;
	value_set(&member->value, start, scan.at);
	skip_blanks(&scan);
	*rest = cln_slice(scan.at, (size_t)(scan.end - scan.at));
	return true;
}

/* `rest` is the array itself at first, later what follows an element: a comma or the end. */
bool jslice_next_element(struct cln_slice *rest, struct jslice *value)
{
	struct scan scan = scan_of(*rest);
	if (!take(&scan, '[') && !take(&scan, ','))
		return false;
	skip_blanks(&scan);
	const unsigned char *const start = scan.at;
	if (take_value(&scan) < 0)
		return false;
	value_set(value, start, scan.at);
	skip_blanks(&scan);
	*rest = cln_slice(scan.at, (size_t)(scan.end - scan.at));
	return true;
}

#define NAME_MAX_BYTES 64 /* of a member name that anybody asks for */

static bool name_is(struct cln_slice raw, struct cln_slice name)
{
	assert(name.len < NAME_MAX_BYTES);
	if (memchr(raw.ptr, '\\', raw.len) == NULL)
		return cln_slice_equal(cln_slice(raw.ptr + 1, raw.len - 2), name);
	char decoded[NAME_MAX_BYTES];
	size_t len;
	const struct jslice string = {JSLICE_STRING, raw};
	return jslice_string(&string, decoded, sizeof(decoded), &len) == CLN_OK &&
		   cln_slice_equal(cln_slice(decoded, len), name);
}

bool jslice_find(const struct jslice *object, struct cln_slice name, struct jslice *value)
{
	if (object->type != JSLICE_OBJECT)
		return false;
	bool is_found = false;
	struct cln_slice rest = object->raw;
	struct jslice_member member;
	while (jslice_next_member(&rest, &member)) {
		if (!name_is(member.name, name))
			continue;
		*value = member.value;
		is_found = true;
	}
	return is_found;
}

#define UTF8_MAX 4

/* `code` is no surrogate and at most 0x10FFFF. */
static size_t utf8_encode(int32_t code, char out[UTF8_MAX])
{
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		out[0] = (char)(0xC0 | code >> 6);
		out[1] = (char)(0x80 | (code & 0x3F));
		return 2;
	}
	if (code < 0x10000) {
		out[0] = (char)(0xE0 | code >> 12);
		out[1] = (char)(0x80 | (code >> 6 & 0x3F));
		out[2] = (char)(0x80 | (code & 0x3F));
		return 3;
	}
	out[0] = (char)(0xF0 | code >> 18);
	out[1] = (char)(0x80 | (code >> 12 & 0x3F));
	out[2] = (char)(0x80 | (code >> 6 & 0x3F));
	out[3] = (char)(0x80 | (code & 0x3F));
	return UTF8_MAX;
}

int jslice_string(const struct jslice *string, char *out, size_t cap, size_t *len)
{
	assert(string->type == JSLICE_STRING && string->raw.len >= 2);
	struct scan scan = scan_of(cln_slice(string->raw.ptr + 1, string->raw.len - 2));
	size_t used = 0;
	while (scan.at < scan.end) {
		char bytes[UTF8_MAX] = {(char)*scan.at++};
		size_t count = 1;
		if (bytes[0] == '\\')
			count = utf8_encode(take_escape(&scan), bytes);
		if (count > cap - used)
			return CLN_ERR_SPACE;
		memcpy(out + used, bytes, count);
		used += count;
	}
	*len = used;
	return CLN_OK;
}

static void escape_byte(struct buf *out, unsigned char byte)
{
	static const char hex[] = "0123456789abcdef";
	char escape[] = "\\u00xx";
	switch (byte) {
	case '"':
	case '\\':
		buf_append_byte(out, '\\');
		buf_append_byte(out, (char)byte);
		return;
	case '\n':
		buf_append_slice(out, CLN_SLICE("\\n"));
		return;
	case '\r':
		buf_append_slice(out, CLN_SLICE("\\r"));
		return;
	case '\t':
		buf_append_slice(out, CLN_SLICE("\\t"));
		return;
	default:
		escape[4] = hex[byte >> 4];
		escape[5] = hex[byte & 0xF];
		buf_append(out, escape, sizeof(escape) - 1);
	}
}

void jslice_escape(struct buf *out, struct cln_slice text)
{
	size_t start = 0;
	for (size_t i = 0; i < text.len; i++) {
		const unsigned char byte = (unsigned char)text.ptr[i];
		if (byte >= ' ' && byte != '"' && byte != '\\')
			continue;
		buf_append(out, text.ptr + start, i - start);
		escape_byte(out, byte);
		start = i + 1;
	}
	if (text.len > start)
		buf_append(out, text.ptr + start, text.len - start);
}

/* SPDX-License-Identifier: MIT
 *
 * See plain.h. Everything that is not plain is json_encode()'s affair, its errors included: the
 * first such thing ends the attempt. What json_encode() escapes by a backslash takes two here.
 */
#include "plain.h"

#include "../wire/name.h"
#include "encode.h"

/* Deeper data is rare, and may contain itself. */
#define DEPTH_MAX 32
/* Larger data goes where memory_limit counts it. */
#define STRING_MAX 8192
#define BYTES_MAX  (256 * 1024)

/* What a byte of a string takes at most: \\u001f. */
#define ESCAPE_MAX 7
/* A backslash and a quote at both ends, a comma or a colon; eight bytes where fewer are left. */
#define AROUND_MAX (5 + 8)

static bool put_value(struct cln_text *out, zval *value, int depth);

/* ---- strings ---- */

/* How a byte of a string appears in the literal. */
enum appearance {
	AS_IT_IS,
	AS_CONTROL = 'u', /* \\u00XX */
	AS_UTF8 = 'U',    /* \\uXXXX */
					  /* all others: two backslashes and that letter */
};

static const unsigned char appearances[256] = {
	[0x00 ... 0x07] = AS_CONTROL,
	['\b'] = 'b',
	['\t'] = 't',
	['\n'] = 'n',
	['\v'] = AS_CONTROL,
	['\f'] = 'f',
	['\r'] = 'r',
	[0x0e ... 0x1f] = AS_CONTROL,
	['"'] = '"',
	['/'] = '/',
	['\\'] = '\\',
	[0x80 ... 0xff] = AS_UTF8,
};

/* Eight bytes as one number and, for comparisons of all of them at once, as a vector. Signed: bytes
 * from 0x80 on are below all others. */
typedef signed char eight_bytes __attribute__((vector_size(8)));

#define EACH(byte) (0x0101010101010101u * (byte))

static bool are_as_they_are(uint64_t eight)
{
	const eight_bytes bytes = (eight_bytes)eight;
	const eight_bytes others = (bytes == '"') | (bytes == '/') | (bytes == '\\') | (bytes < ' ');
	return (uint64_t)others == 0;
}

/* \\uXXXX of one UTF-16 unit. */
static char *put_unit(char *to, unsigned unit)
{
	static const char digits[] = "0123456789abcdef";
	*to++ = '\\';
	*to++ = '\\';
	*to++ = 'u';
	for (int shift = 12; shift >= 0; shift -= 4) {
		*to++ = digits[unit >> shift & 15];
	}
	return to;
}

/* One character of more than one byte, of valid UTF-8; `*at` moves behind it. */
static char *put_character(char *to, const char **at)
{
	const unsigned char *from = (const unsigned char *)*at;
	unsigned character = *from++;
	const int more = character >= 0xf0 ? 3 : character >= 0xe0 ? 2 : 1;
	character &= 0x3fu >> more;
	for (int i = 0; i < more; i++) {
		character = character << 6 | (*from++ & 0x3fu);
	}
	*at = (const char *)from;
	if (character < 0x10000) {
		return put_unit(to, character);
	}
	to = put_unit(to, 0xd800 + ((character - 0x10000) >> 10));
	return put_unit(to, 0xdc00 + ((character - 0x10000) & 0x3ff));
}

/* One byte below 0x80. */
static char *put_ascii(char *to, char c)
{
	const unsigned char appearance = appearances[(unsigned char)c];
	if (appearance == AS_IT_IS) {
		*to++ = c;
		return to;
	}
	if (appearance == AS_CONTROL) {
		return put_unit(to, (unsigned char)c);
	}
	*to++ = '\\';
	*to++ = '\\';
	if (appearance == '"' || appearance == '\\') {
		*to++ = '\\'; /* these two need one of their own in a literal */
	}
	*to++ = (char)appearance;
	return to;
}

/* A text with characters of more than one byte; NULL if it is not valid UTF-8. */
static char *put_utf8(char *to, struct cln_slice text)
{
	const char *at = text.ptr;
	const char *const end = at + text.len;
	if (!cln_utf8_is_valid(text)) {
		return NULL;
	}
	while (at < end) {
		if ((unsigned char)*at >= 0x80) {
			to = put_character(to, &at);
		} else {
			to = put_ascii(to, *at++);
		}
	}
	return to;
}

/* A text with something to escape; NULL if it is not valid UTF-8. Its head may be plain. */
static zend_never_inline char *put_escaped(char *to, struct cln_slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		if ((unsigned char)text.ptr[i] >= 0x80) {
			return put_utf8(to, cln_slice_from(text, i));
		}
		to = put_ascii(to, text.ptr[i]);
	}
	return to;
}

/* Writes a string of at most STRING_MAX bytes; NULL if it is not valid UTF-8. Most strings are
 * copied, eight bytes at a time; `to` has room for whole ones. */
static zend_always_inline char *put_bytes(char *to, const zend_string *string)
{
	const char *from = ZSTR_VAL(string);
	size_t left = ZSTR_LEN(string);
	uint64_t eight;
	for (; left >= 8; left -= 8) {
		memcpy(&eight, from, 8);
		if (UNEXPECTED(!are_as_they_are(eight))) {
			return put_escaped(to, cln_slice(from, left));
		}
		memcpy(to, &eight, 8);
		from += 8;
		to += 8;
	}
	if (left == 0) {
		return to;
	}
	if (ZSTR_LEN(string) > 8) { /* the last eight: the first of them are there already, as plain */
		from -= 8 - left;
		to -= 8 - left;
		left = 8;
		memcpy(&eight, from, 8);
	} else {
		eight = EACH(' ');
		memcpy(&eight, from, left);
	}
	if (UNEXPECTED(!are_as_they_are(eight))) {
		return put_escaped(to, cln_slice(from, left));
	}
	memcpy(to, &eight, 8);
	return to + left;
}

/* The string in its quotes, and the byte that follows them unless that is NUL. */
static bool put_string(struct cln_text *out, const zend_string *string, char then)
{
	if (ZSTR_LEN(string) > STRING_MAX) {
		return false;
	}
	char *to = cln_text_reserve(out, ESCAPE_MAX * ZSTR_LEN(string) + AROUND_MAX);
	*to++ = '\\';
	*to++ = '"';
	to = put_bytes(to, string);
	if (to == NULL) {
		return false;
	}
	*to++ = '\\';
	*to++ = '"';
	if (then != '\0') {
		*to++ = then;
	}
	cln_text_end(out, to);
	return true;
}

/* ---- all else ---- */

static void put(struct cln_text *out, struct cln_slice bytes)
{
	memcpy(cln_text_reserve(out, bytes.len), bytes.ptr, bytes.len);
	out->len += bytes.len;
}

static zend_never_inline void put_integer(struct cln_text *out, zend_long number)
{
	char digits[MAX_LENGTH_OF_LONG + 1];
	char *const end = digits + sizeof(digits) - 1;
	const char *const start = zend_print_long_to_buf(end, number);
	put(out, cln_slice(start, (size_t)(end - start)));
}

/* As serialize_precision wants it. */
static zend_never_inline bool put_double(struct cln_text *out, zval *number)
{
	smart_str json = {0};
	if (!zend_finite(Z_DVAL_P(number)) ||
		clairon_encode_json(&json, number, "a number") == FAILURE) {
		return false;
	}
	put(out, cln_slice(ZSTR_VAL(json.s), ZSTR_LEN(json.s)));
	smart_str_free(&json);
	return true;
}

static bool put_key(struct cln_text *out, const zend_string *key, zend_ulong index)
{
	if (key != NULL) {
		return put_string(out, key, ':');
	}
	put(out, CLN_SLICE("\\\""));
	put_integer(out, (zend_long)index);
	put(out, CLN_SLICE("\\\":"));
	return true;
}

/* Replaces the comma behind the last element, if there is one, by the end. */
static void put_end(struct cln_text *out, size_t start, char end)
{
	if (out->len > start) {
		out->len--;
	}
	*cln_text_reserve(out, 1) = end;
	out->len++;
}

static zend_never_inline bool put_list(struct cln_text *out, HashTable *list, int depth)
{
	zval *value;
	put(out, CLN_SLICE("["));
	const size_t start = out->len;
	ZEND_HASH_FOREACH_VAL(list, value)
	{
		if (!put_value(out, value, depth)) {
			return false;
		}
		put(out, CLN_SLICE(","));
	}
	ZEND_HASH_FOREACH_END();
	put_end(out, start, ']');
	return true;
}

static zend_never_inline bool put_map(struct cln_text *out, HashTable *map, int depth)
{
	zend_ulong index;
	zend_string *key;
	zval *value;
	put(out, CLN_SLICE("{"));
	const size_t start = out->len;
	ZEND_HASH_FOREACH_KEY_VAL(map, index, key, value)
	{
		if (!put_key(out, key, index) || !put_value(out, value, depth)) {
			return false;
		}
		put(out, CLN_SLICE(","));
	}
	ZEND_HASH_FOREACH_END();
	put_end(out, start, '}');
	return true;
}

static bool put_value(struct cln_text *out, zval *value, int depth)
{
	ZVAL_DEREF(value);
	if (UNEXPECTED(out->len > BYTES_MAX)) {
		return false;
	}
	switch (Z_TYPE_P(value)) {
	case IS_STRING:
		return put_string(out, Z_STR_P(value), '\0');
	case IS_LONG:
		put_integer(out, Z_LVAL_P(value));
		return true;
	case IS_ARRAY:
		if (depth == DEPTH_MAX) {
			return false;
		}
		return zend_array_is_list(Z_ARRVAL_P(value)) ? put_list(out, Z_ARRVAL_P(value), depth + 1)
													 : put_map(out, Z_ARRVAL_P(value), depth + 1);
	case IS_NULL:
		put(out, CLN_SLICE("null"));
		return true;
	case IS_TRUE:
		put(out, CLN_SLICE("true"));
		return true;
	case IS_FALSE:
		put(out, CLN_SLICE("false"));
		return true;
	case IS_DOUBLE:
		return put_double(out, value);
	default:
		return false;
	}
}

bool clairon_plain_literal(struct cln_text *out, zval *data)
{
	const size_t start = out->len;
	put(out, CLN_SLICE("\""));
	if (!put_value(out, data, 0)) {
		out->len = start;
		return false;
	}
	put(out, CLN_SLICE("\""));
	return true;
}

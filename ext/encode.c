/* SPDX-License-Identifier: MIT
 *
 * See encode.h. JSON inside of a JSON string is Pusher's form of an event's data.
 */
#include "encode.h"

#include "exception.h"
#include "ext/json/php_json.h"
#include "zend_exceptions.h"

#define DEPTH_MAX 512

static const char *json_error_text(php_json_error_code code)
{
	switch (code) {
	case PHP_JSON_ERROR_DEPTH:
		return "it is nested deeper than 512 levels";
	case PHP_JSON_ERROR_UTF8:
		return "it holds a string that is not valid UTF-8";
	case PHP_JSON_ERROR_RECURSION:
		return "it contains itself";
	case PHP_JSON_ERROR_INF_OR_NAN:
		return "it holds INF or NAN, which JSON has no way to write";
	case PHP_JSON_ERROR_UNSUPPORTED_TYPE:
		return "it holds a value that JSON has no type for";
	case PHP_JSON_ERROR_NON_BACKED_ENUM:
		return "it holds an enum case without a value";
	default:
		return "json_encode() refuses it";
	}
}

zend_result clairon_encode_json(smart_str *json, zval *value, const char *what)
{
	/* What json_last_error() tells belongs to the script. And the result alone does not tell all:
	 * INF is written as 0, with success and an error code. */
	const php_json_error_code code_of_script = JSON_G(error_code);
	const zend_result result = php_json_encode_ex(json, value, 0, DEPTH_MAX);
	const php_json_error_code code = JSON_G(error_code);
	JSON_G(error_code) = code_of_script;
	if (result == SUCCESS && code == PHP_JSON_ERROR_NONE && !EG(exception)) {
		smart_str_0(json);
		return SUCCESS;
	}
	smart_str_free(json);
	if (!EG(exception)) {
		zend_throw_exception_ex(clairon_payload_exception_ce, 0, "%s cannot be encoded: %s", what,
			json_error_text(code));
	}
	return FAILURE;
}

/* Whether one of eight bytes is `wanted`: a byte of zero in the difference (Warren, Hacker's
 * Delight, 6-1). */
static bool has_byte(uint64_t eight, unsigned char wanted)
{
	const uint64_t ones = 0x0101010101010101u;
	const uint64_t difference = eight ^ (ones * wanted);
	return ((difference - ones) & ~difference & (ones << 7)) != 0;
}

/* Writes a byte, escaped if need be. Without a branch: quotes are too frequent and too irregular
 * to be predicted. */
static char *put_escaped(char *to, char c)
{
	const int is_special = (c == '"') | (c == '\\');
	to[0] = '\\';
	to[is_special] = c;
	return to + 1 + is_special;
}

void clairon_encode_text_literal(struct cln_text *out, const zend_string *json)
{
	/* JSON text by json_encode()'s default flags is ASCII without control characters: quotes and
	 * backslashes are all there is to escape, and the text doubles at most. */
	char *to = cln_text_reserve(out, 2 * ZSTR_LEN(json) + 2);
	const char *from = ZSTR_VAL(json);
	const char *const end = from + ZSTR_LEN(json);
	uint64_t eight;
	*to++ = '"';
	while ((size_t)(end - from) >= sizeof(eight)) {
		memcpy(&eight, from, sizeof(eight));
		if (has_byte(eight, '"') || has_byte(eight, '\\')) {
			for (size_t i = 0; i < sizeof(eight); i++) {
				to = put_escaped(to, from[i]);
			}
		} else {
			memcpy(to, &eight, sizeof(eight));
			to += sizeof(eight);
		}
		from += sizeof(eight);
	}
	while (from < end) {
		to = put_escaped(to, *from++);
	}
	*to++ = '"';
	cln_text_end(out, to);
}

static bool is_printable_ascii(struct cln_slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		const unsigned char c = (unsigned char)text.ptr[i];
		if (c < ' ' || c > '~') {
			return false;
		}
	}
	return true;
}

size_t clairon_encode_literal(char *out, struct cln_slice text)
{
	if (!is_printable_ascii(text)) {
		zend_string *literal = php_json_encode_string(
			text.ptr, text.len, PHP_JSON_UNESCAPED_SLASHES | PHP_JSON_UNESCAPED_UNICODE);
		const size_t len = ZSTR_LEN(literal);
		memcpy(out, ZSTR_VAL(literal), len);
		zend_string_release(literal);
		return len;
	}
	char *to = out;
	*to++ = '"';
	for (size_t i = 0; i < text.len; i++) {
		to = put_escaped(to, text.ptr[i]);
	}
	*to++ = '"';
	return (size_t)(to - out);
}

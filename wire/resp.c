/* SPDX-License-Identifier: MIT
 *
 * RESP2 by hand. The request parser reads strictly from left to right and decides each thing at the
 * byte that decides it, so the same input gives the same answer however it is cut: an announced
 * number is refused at the digit that passes its limit, long before its bytes could arrive.
 */
#include "resp.h"

#include <assert.h>
#include <stdint.h>

/* `-9223372036854775808` */
#define NUMBER_MAX 20
/* The shortest argument: $0 CRLF CRLF. */
#define ARGUMENT_MIN 6

/* ---- writing ---- */

static char *reserve(struct cln_out *out, size_t len)
{
	char *at = out->ptr + out->len;

	if (out->is_full || len > out->cap - out->len) {
		out->is_full = true;
		return NULL;
	}
	out->len += len;
	return at;
}

void cln_out_bytes(struct cln_out *out, struct cln_slice bytes)
{
	char *at = reserve(out, bytes.len);

	if (at && bytes.len)
		memcpy(at, bytes.ptr, bytes.len);
}

/* Writes TYPE and the number into `line`, which has room for NUMBER_MAX + 3; returns its length,
 * CRLF included. */
static size_t number_line(char *line, char type, bool is_negative, uint64_t value)
{
	char digits[NUMBER_MAX];
	size_t count = 0, len = 0;

	do {
		digits[count++] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	line[len++] = type;
	if (is_negative)
		line[len++] = '-';
	while (count)
		line[len++] = digits[--count];
	line[len++] = '\r';
	line[len++] = '\n';
	return len;
}

void cln_resp_array(struct cln_out *out, size_t count)
{
	char line[NUMBER_MAX + 3];

	cln_out_bytes(out, cln_slice(line, number_line(line, '*', false, count)));
}

void cln_resp_bulk_head(struct cln_out *out, size_t len)
{
	char line[NUMBER_MAX + 3];

	cln_out_bytes(out, cln_slice(line, number_line(line, '$', false, len)));
}

void cln_resp_bulk(struct cln_out *out, struct cln_slice bytes)
{
	char line[NUMBER_MAX + 3];
	size_t head = number_line(line, '$', false, bytes.len);
	char *at;

	if (bytes.len > SIZE_MAX - head - 2) {
		out->is_full = true;
		return;
	}
	at = reserve(out, head + bytes.len + 2);
	if (!at)
		return;
	memcpy(at, line, head);
	if (bytes.len)
		memcpy(at + head, bytes.ptr, bytes.len);
	memcpy(at + head + bytes.len, "\r\n", 2);
}

void cln_resp_null_bulk(struct cln_out *out)
{
	cln_out_bytes(out, CLN_SLICE("$-1\r\n"));
}

void cln_resp_integer(struct cln_out *out, long long value)
{
	char line[NUMBER_MAX + 3];
	/* Negating as unsigned is defined for LLONG_MIN as well. */
	uint64_t magnitude = value < 0 ? -(uint64_t)value : (uint64_t)value;

	cln_out_bytes(out, cln_slice(line, number_line(line, ':', value < 0, magnitude)));
}

static char *text_line(struct cln_out *out, char type, struct cln_slice text)
{
	char *at = text.len > SIZE_MAX - 3 ? NULL : reserve(out, text.len + 3);

	if (!at) {
		out->is_full = true;
		return NULL;
	}
	at[0] = type;
	if (text.len)
		memcpy(at + 1, text.ptr, text.len);
	memcpy(at + 1 + text.len, "\r\n", 2);
	return at + 1;
}

void cln_resp_simple(struct cln_out *out, struct cln_slice text)
{
	text_line(out, '+', text);
}

void cln_resp_error(struct cln_out *out, struct cln_slice text)
{
	char *at = text_line(out, '-', text);

	for (size_t i = 0; at && i < text.len; i++) {
		if (at[i] == '\r' || at[i] == '\n')
			at[i] = ' ';
	}
}

/* ---- reading ---- */

/* A request in the making: `at` walks over `bytes`. */
struct cursor {
	struct cln_slice bytes;
	size_t at;
	struct cln_resp_request *request;
};

static int fail(struct cursor *cursor, enum cln_err result, const char *error)
{
	cursor->request->error = error;
	return result;
}

static int more(struct cursor *cursor, size_t need)
{
	cursor->request->need = need > cursor->bytes.len ? need : cursor->bytes.len + 1;
	return CLN_ERR_MORE;
}

static int skip_crlf(struct cursor *cursor, const char *error)
{
	for (int i = 0; i < 2; i++, cursor->at++) {
		if (cursor->at == cursor->bytes.len)
			return more(cursor, cursor->at + 2 - (size_t)i);
		if (cursor->bytes.ptr[cursor->at] != "\r\n"[i])
			return fail(cursor, CLN_ERR_PROTOCOL, error);
	}
	return CLN_OK;
}

/* What to say about a number that is none, too large or not ended. */
struct number_errors {
	const char *malformed;
	const char *too_large;
};

/* Digits and CRLF. No sign, no leading zero: no client writes them. */
static int read_number(
	struct cursor *cursor, size_t max, const struct number_errors *errors, size_t *number)
{
	const size_t start = cursor->at;
	size_t value = 0;

	for (; cursor->at < cursor->bytes.len; cursor->at++) {
		unsigned digit = (unsigned)(unsigned char)cursor->bytes.ptr[cursor->at] - '0';

		if (digit > 9)
			break;
		if (cursor->at > start && value == 0)
			return fail(cursor, CLN_ERR_PROTOCOL, errors->malformed);
		if (value > max / 10 || value * 10 > max - digit || digit > max)
			return fail(cursor, CLN_ERR_LIMIT, errors->too_large);
		value = value * 10 + digit;
	}
	if (cursor->at == cursor->bytes.len)
		return more(cursor, cursor->at + (cursor->at == start ? 3 : 2));
	if (cursor->at == start)
		return fail(cursor, CLN_ERR_PROTOCOL, errors->malformed);
	*number = value;
	return skip_crlf(cursor, errors->malformed);
}

/* `later` arguments follow this one; they tell how much is needed at least. */
static int read_argument(
	struct cursor *cursor, size_t bulk_max, size_t later, struct cln_slice *argument)
{
	static const struct number_errors errors = {
		"Protocol error: invalid argument length; write $LENGTH in plain decimal digits",
		"Protocol error: argument longer than this server accepts",
	};
	const size_t rest = later * ARGUMENT_MIN;
	size_t len;
	int result;

	if (cursor->at == cursor->bytes.len)
		return more(cursor, cursor->at + ARGUMENT_MIN + rest);
	if (cursor->bytes.ptr[cursor->at] != '$')
		return fail(cursor, CLN_ERR_PROTOCOL, "Protocol error: expected '$' before an argument");
	cursor->at++;
	result = read_number(cursor, bulk_max, &errors, &len);
	if (result != CLN_OK)
		return result;
	if (len > cursor->bytes.len - cursor->at)
		return more(cursor, cursor->at + len + 2 + rest);
	*argument = cln_slice(cursor->bytes.ptr + cursor->at, len);
	cursor->at += len;
	return skip_crlf(cursor, "Protocol error: argument is not followed by CRLF; check its length");
}

static int read_array(struct cursor *cursor, size_t bulk_max)
{
	static const struct number_errors errors = {
		"Protocol error: invalid argument count; write *COUNT in plain decimal digits",
		"Protocol error: more than 16 arguments",
	};
	struct cln_resp_request *request = cursor->request;
	size_t count;
	int result;

	cursor->at = 1; /* the star */
	result = read_number(cursor, CLN_RESP_ARGS_MAX, &errors, &count);
	for (size_t i = 0; result == CLN_OK && i < count; i++)
		result = read_argument(cursor, bulk_max, count - i - 1, &request->argv[i]);
	if (result != CLN_OK)
		return result;
	request->argc = count;
	request->consumed = cursor->at;
	return CLN_OK;
}

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t';
}

/* The argument at `at` of an inline line; quotes group, but hold no escapes, because an argument is
 * a piece of the input. */
static int read_word(struct cursor *cursor, struct cln_slice line, struct cln_slice *word)
{
	const char quote = line.ptr[cursor->at];
	const bool is_quoted = quote == '"' || quote == '\'';
	size_t start = cursor->at + is_quoted, end = start;

	while (end < line.len && (is_quoted ? line.ptr[end] != quote : !is_blank(line.ptr[end]))) {
		if (is_quoted && line.ptr[end] == '\\')
			return fail(cursor, CLN_ERR_PROTOCOL,
				"Protocol error: no escapes in inline commands; send an array of bulk strings");
		end++;
	}
	*word = cln_slice(line.ptr + start, end - start);
	cursor->at = end + is_quoted;
	if (is_quoted &&
		(end == line.len || (cursor->at < line.len && !is_blank(line.ptr[cursor->at]))))
		return fail(cursor, CLN_ERR_PROTOCOL, "Protocol error: unbalanced quotes in request");
	return CLN_OK;
}

static int split_words(struct cursor *cursor, struct cln_slice line)
{
	struct cln_resp_request *request = cursor->request;
	size_t count = 0;

	for (;;) {
		int result;

		while (cursor->at < line.len && is_blank(line.ptr[cursor->at]))
			cursor->at++;
		if (cursor->at == line.len)
			break;
		if (count == CLN_RESP_ARGS_MAX)
			return fail(cursor, CLN_ERR_LIMIT, "Protocol error: more than 16 arguments");
		result = read_word(cursor, line, &request->argv[count]);
		if (result != CLN_OK)
			return result;
		count++;
	}
	request->argc = count;
	return CLN_OK;
}

/* Bytes of the first line without its end, as far as they are there. */
static size_t line_length(struct cln_slice bytes, const char *newline)
{
	size_t len = newline ? (size_t)(newline - bytes.ptr) : bytes.len;

	return len && bytes.ptr[len - 1] == '\r' ? len - 1 : len;
}

static int read_inline(struct cursor *cursor)
{
	/* A newline past the longest line with CRLF can't help any more. */
	const size_t window =
		cursor->bytes.len > CLN_RESP_INLINE_MAX + 2 ? CLN_RESP_INLINE_MAX + 2 : cursor->bytes.len;
	const char *newline = memchr(cursor->bytes.ptr, '\n', window);
	const size_t len = line_length(cln_slice(cursor->bytes.ptr, window), newline);
	int result;

	if (len > CLN_RESP_INLINE_MAX)
		return fail(cursor, CLN_ERR_LIMIT, "Protocol error: inline command longer than 1024 bytes");
	if (!newline)
		return more(cursor, cursor->bytes.len + 1);
	result = split_words(cursor, cln_slice(cursor->bytes.ptr, len));
	if (result == CLN_OK)
		cursor->request->consumed = (size_t)(newline - cursor->bytes.ptr) + 1;
	return result;
}

int cln_resp_request(struct cln_slice bytes, size_t bulk_max, struct cln_resp_request *request)
{
	struct cursor cursor = {bytes, 0, request};

	request->argc = 0;
	request->consumed = 0;
	request->need = 0;
	request->error = NULL;
	/* Sums of lengths below can't overflow. */
	assert(bulk_max <= SIZE_MAX / 2);
	if (bytes.len == 0)
		return more(&cursor, 1);
	return bytes.ptr[0] == '*' ? read_array(&cursor, bulk_max) : read_inline(&cursor);
}

/* SPDX-License-Identifier: MIT */
/* sources: wire/resp.c */
/*
 * RESP against wire/vectors/resp.txt: each request whole, cut at each byte and at its limits, and
 * the writers at every size of buffer.
 */
#include "wire/resp.h"

#include "support/vectors.h"

#include <stdarg.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <limits.h>
#include <stdlib.h>

#define BULK_MAX 64

/* Parses a copy of exactly these bytes, so that a sanitizer sees a read past them. */
static int parse(struct cln_slice bytes, struct cln_resp_request *request)
{
	struct cln_slice copy = exact(bytes);
	int result = cln_resp_request(copy, BULK_MAX, request);

	for (size_t i = 0; result == CLN_OK && i < request->argc; i++) {
		const size_t offset = (size_t)(request->argv[i].ptr - copy.ptr);

		assert_true(offset + request->argv[i].len <= request->consumed);
		request->argv[i].ptr = bytes.ptr + offset;
	}
	if (result == CLN_ERR_MORE)
		assert_true(request->need > bytes.len);
	else
		assert_int_equal(request->error == NULL, result == CLN_OK);
	release(copy);
	return result;
}

/* Every shorter piece wants more, and says so without asking for more than there is. */
static void assert_pieces_want_more(struct cln_slice whole, size_t len)
{
	struct cln_resp_request request;

	for (size_t cut = 0; cut < len; cut++) {
		assert_int_equal(parse(cln_slice(whole.ptr, cut), &request), CLN_ERR_MORE);
		assert_true(request.need <= len);
	}
}

static void whole_requests_and_pieces(void **state)
{
	struct vectors v;

	(void)state;
	vectors_open(&v, "resp");
	while (vectors_next(&v)) {
		struct cln_slice input = vector_text(&v, 1);
		struct cln_resp_request request;
		const size_t argc = v.count - 3;

		if (!vector_is(&v, 0, "request"))
			continue;
		assert_int_equal(parse(input, &request), CLN_OK);
		assert_int_equal(request.consumed, vector_number(&v, 2));
		assert_int_equal(request.argc, argc);
		for (size_t i = 0; i < argc; i++)
			assert_true(cln_slice_equal(request.argv[i], vector_text(&v, 3 + i)));
		assert_pieces_want_more(input, request.consumed);
	}
}

static void what_is_needed(void **state)
{
	struct vectors v;

	(void)state;
	vectors_open(&v, "resp");
	while (vectors_next(&v)) {
		struct cln_resp_request request;

		if (!vector_is(&v, 0, "more"))
			continue;
		assert_int_equal(parse(vector_text(&v, 1), &request), CLN_ERR_MORE);
		assert_int_equal(request.need, vector_number(&v, 2));
	}
}

static void refused_at_the_byte_that_decides(void **state)
{
	struct vectors v;

	(void)state;
	vectors_open(&v, "resp");
	while (vectors_next(&v)) {
		const bool is_prefix = vector_is(&v, 0, "prefix");
		struct cln_resp_request request;
		struct cln_slice input;
		bool was_refused = false;

		if (!is_prefix && !vector_is(&v, 0, "refused"))
			continue;
		input = vector_text(&v, 2);
		for (size_t len = 0; len <= input.len; len++) {
			int result = parse(cln_slice(input.ptr, len), &request);

			if (result != CLN_ERR_MORE)
				was_refused = true;
			else
				assert_false(was_refused);
			if (was_refused)
				assert_int_equal(result, vector_result(&v, 1));
			if (!is_prefix && was_refused != (len == input.len))
				fail_msg("line %u: %zu of %zu bytes decide", v.line, len, input.len);
		}
		assert_true(was_refused);
	}
}

static void argument_at_its_limit(void **state)
{
	(void)state;
	for (size_t len = BULK_MAX - 1; len <= BULK_MAX + 1; len++) {
		char buffer[256], text[BULK_MAX + 1];
		struct cln_out out = {.ptr = buffer, .cap = sizeof buffer};
		struct cln_resp_request request;

		memset(text, 'x', sizeof text);
		cln_resp_array(&out, 1);
		cln_resp_bulk(&out, cln_slice(text, len));
		assert_int_equal(
			parse(cln_slice(buffer, out.len), &request), len <= BULK_MAX ? CLN_OK : CLN_ERR_LIMIT);
		if (len <= BULK_MAX)
			assert_pieces_want_more(cln_slice(buffer, out.len), out.len);
	}
}

/* With the largest bound that is allowed, numbers past 64 bits are seen as too large, not wrapped.
 */
static void numbers_past_64_bits(void **state)
{
	static const char *const numbers[] = {"18446744073709551616", "18446744073709551620",
		"36893488147419103232", "184467440737095516160", "9223372036854775808"};
	struct cln_resp_request request;

	(void)state;
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		char line[64];
		int len = snprintf(line, sizeof line, "*1\r\n$%s\r\n", numbers[i]);

		assert_int_equal(
			cln_resp_request(cln_slice(line, (size_t)len), SIZE_MAX / 2, &request), CLN_ERR_LIMIT);
	}
}

static void arguments_at_their_limit(void **state)
{
	(void)state;
	for (size_t count = CLN_RESP_ARGS_MAX - 1; count <= CLN_RESP_ARGS_MAX + 1; count++) {
		char buffer[256];
		struct cln_out out = {.ptr = buffer, .cap = sizeof buffer};
		struct cln_resp_request request;

		cln_resp_array(&out, count);
		for (size_t i = 0; i < count; i++)
			cln_resp_bulk(&out, CLN_SLICE("ab"));
		assert_int_equal(parse(cln_slice(buffer, out.len), &request),
			count <= CLN_RESP_ARGS_MAX ? CLN_OK : CLN_ERR_LIMIT);
	}
}

static void inline_line_at_its_limit(void **state)
{
	static const char *const ends[] = {"\n", "\r\n"};

	(void)state;
	for (size_t len = CLN_RESP_INLINE_MAX - 1; len <= CLN_RESP_INLINE_MAX + 1; len++) {
		for (int i = 0; i < 2; i++) {
			char line[CLN_RESP_INLINE_MAX + 8];
			const size_t end = strlen(ends[i]);
			const bool fits = len <= CLN_RESP_INLINE_MAX;
			struct cln_resp_request request;

			memset(line, 'x', len);
			memcpy(line + len, ends[i], end);
			assert_int_equal(
				parse(cln_slice(line, len + end), &request), fits ? CLN_OK : CLN_ERR_LIMIT);
			assert_int_equal(
				parse(cln_slice(line, len), &request), fits ? CLN_ERR_MORE : CLN_ERR_LIMIT);
		}
	}
}

/* One that never ends is refused at the same length, however much of it is there. */
static void endless_inline_line(void **state)
{
	static char line[4 * CLN_RESP_INLINE_MAX];
	struct cln_resp_request request;

	(void)state;
	memset(line, 'x', sizeof line);
	for (size_t len = 1; len <= sizeof line; len++)
		assert_int_equal(parse(cln_slice(line, len), &request),
			len <= CLN_RESP_INLINE_MAX ? CLN_ERR_MORE : CLN_ERR_LIMIT);
	memset(line, '\r', sizeof line);
	assert_int_equal(parse(cln_slice(line, sizeof line), &request), CLN_ERR_LIMIT);
}

/* Any text a publisher may send comes back as it was. */
static void large_arguments(void **state)
{
	const size_t size = 1024 * 1024;
	char *text = malloc(size), *buffer = malloc(size + 64);
	struct cln_out out = {.ptr = buffer, .cap = size + 64};
	struct cln_resp_request request;

	(void)state;
	for (size_t i = 0; i < size; i++)
		text[i] = (char)(i * 31);
	cln_resp_array(&out, 2);
	cln_resp_bulk(&out, CLN_SLICE("PUBLISH"));
	cln_resp_bulk_head(&out, size);
	cln_out_bytes(&out, cln_slice(text, size));
	assert_int_equal(cln_resp_request(cln_slice(buffer, out.len), size, &request), CLN_ERR_MORE);
	assert_int_equal(request.need, out.len + 2);
	cln_out_bytes(&out, CLN_SLICE("\r\n"));
	assert_false(out.is_full);
	assert_int_equal(
		cln_resp_request(cln_slice(buffer, out.len), size - 1, &request), CLN_ERR_LIMIT);
	assert_int_equal(cln_resp_request(cln_slice(buffer, out.len), size, &request), CLN_OK);
	assert_int_equal(request.consumed, out.len);
	assert_true(cln_slice_equal(request.argv[1], cln_slice(text, size)));
	free(text);
	free(buffer);
}

static void write_all(struct cln_out *out)
{
	cln_resp_array(out, 3);
	cln_resp_bulk(out, CLN_SLICE("a\r\nb"));
	cln_resp_bulk(out, cln_slice(NULL, 0));
	cln_resp_null_bulk(out);
	cln_resp_integer(out, 0);
	cln_resp_integer(out, LLONG_MIN);
	cln_resp_integer(out, LLONG_MAX);
	cln_resp_simple(out, CLN_SLICE("OK"));
	cln_resp_error(out, CLN_SLICE("ERR a\r\nb"));
	cln_resp_bulk_head(out, 1234567890);
	cln_out_bytes(out, cln_slice(NULL, 0));
}

static void writers_at_every_size_of_buffer(void **state)
{
	static const char want[] =
		"*3\r\n$4\r\na\r\nb\r\n$0\r\n\r\n$-1\r\n:0\r\n:-9223372036854775808\r\n"
		":9223372036854775807\r\n+OK\r\n-ERR a  b\r\n$1234567890\r\n";
	const size_t size = sizeof want - 1;

	(void)state;
	for (size_t cap = 0; cap <= size; cap++) {
		char *buffer = malloc(cap + 1);
		struct cln_out out = {.ptr = buffer, .cap = cap};

		buffer[cap] = '!';
		write_all(&out);
		assert_int_equal(out.is_full, cap < size);
		assert_true(out.len <= cap);
		assert_memory_equal(buffer, want, out.len);
		assert_int_equal(buffer[cap], '!');
		free(buffer);
	}
}

/* Once something did not fit, nothing smaller slips in behind the gap. */
static void full_stays_full(void **state)
{
	char buffer[8];
	struct cln_out out = {.ptr = buffer, .cap = sizeof buffer};

	(void)state;
	cln_resp_bulk(&out, CLN_SLICE("too long for it"));
	assert_true(out.is_full);
	cln_resp_simple(&out, CLN_SLICE("a"));
	assert_int_equal(out.len, 0);
	out = (struct cln_out){.ptr = buffer, .cap = sizeof buffer};
	cln_resp_bulk(&out, cln_slice(buffer, SIZE_MAX));
	assert_true(out.is_full);
	out = (struct cln_out){.ptr = buffer, .cap = sizeof buffer};
	cln_resp_simple(&out, cln_slice(buffer, SIZE_MAX - 1));
	assert_true(out.is_full);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_requests_and_pieces),
		cmocka_unit_test(what_is_needed),
		cmocka_unit_test(refused_at_the_byte_that_decides),
		cmocka_unit_test(argument_at_its_limit),
		cmocka_unit_test(numbers_past_64_bits),
		cmocka_unit_test(arguments_at_their_limit),
		cmocka_unit_test(inline_line_at_its_limit),
		cmocka_unit_test(endless_inline_line),
		cmocka_unit_test(large_arguments),
		cmocka_unit_test(writers_at_every_size_of_buffer),
		cmocka_unit_test(full_stays_full),
	};

	return cmocka_run_group_tests_name("wire_resp", tests, NULL, NULL);
}

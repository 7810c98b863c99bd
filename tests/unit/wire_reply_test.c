/* SPDX-License-Identifier: MIT */
/* sources: wire/reply.c wire/resp.c */
/* libs: hiredis */
/*
 * Replies against wire/vectors/reply.txt: fed whole, bytewise and cut in two anywhere, at the
 * limits of bytes and items, and one after the other on the same reader.
 */
#include "wire/reply.h"

#include "support/vectors.h"
#include "wire/resp.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>

#define BYTES_MAX 4096

static const char *const type_names[] = {
	[CLN_REPLY_STATUS] = "status",
	[CLN_REPLY_ERROR] = "error",
	[CLN_REPLY_INTEGER] = "integer",
	[CLN_REPLY_STRING] = "string",
	[CLN_REPLY_NIL] = "nil",
	[CLN_REPLY_ARRAY] = "array",
};

static int feed(struct cln_reply_reader *reader, struct cln_slice bytes)
{
	struct cln_slice copy = exact(bytes);
	int result = cln_reply_feed(reader, copy);

	release(copy);
	return result;
}

static void assert_is_vector(const struct cln_reply *reply, const struct vectors *v)
{
	size_t at = 3, items = 0;

	assert_true(vector_is(v, 2, type_names[reply->type]));
	for (; at < v->count; items++) {
		const struct cln_reply_item *item = &reply->item[items];

		assert_true(items < reply->count);
		assert_true(vector_is(v, at++, type_names[item->type]));
		switch (item->type) {
		case CLN_REPLY_STATUS:
		case CLN_REPLY_ERROR:
		case CLN_REPLY_STRING:
			assert_true(cln_slice_equal(item->text, vector_text(v, at++)));
			break;
		case CLN_REPLY_INTEGER:
		case CLN_REPLY_ARRAY:
			assert_true(item->integer == vector_number(v, at++));
			break;
		case CLN_REPLY_NIL:
			break;
		}
	}
	assert_int_equal(reply->count, items);
}

/* In two pieces: nothing is complete before the second. */
static void read_in_two(const struct vectors *v, struct cln_reply_reader *reader, size_t cut)
{
	struct cln_slice input = vector_text(v, 1);
	struct cln_reply reply;

	assert_int_equal(feed(reader, cln_slice(input.ptr, cut)), CLN_OK);
	if (cut < input.len)
		assert_int_equal(cln_reply_next(reader, &reply), CLN_ERR_MORE);
	assert_int_equal(feed(reader, cln_slice_from(input, cut)), CLN_OK);
	assert_int_equal(cln_reply_next(reader, &reply), CLN_OK);
	assert_is_vector(&reply, v);
	assert_int_equal(cln_reply_next(reader, &reply), CLN_ERR_MORE);
}

static void read_bytewise(const struct vectors *v, struct cln_reply_reader *reader)
{
	struct cln_slice input = vector_text(v, 1);
	struct cln_reply reply;

	for (size_t i = 0; i < input.len; i++) {
		assert_int_equal(cln_reply_next(reader, &reply), CLN_ERR_MORE);
		assert_int_equal(feed(reader, cln_slice(input.ptr + i, 1)), CLN_OK);
	}
	assert_int_equal(cln_reply_next(reader, &reply), CLN_OK);
	assert_is_vector(&reply, v);
}

static void replies_whole_bytewise_and_in_two(void **state)
{
	struct cln_reply_reader *used = cln_reply_reader_new(BYTES_MAX);
	struct vectors v;

	(void)state;
	vectors_open(&v, "reply");
	while (vectors_next(&v)) {
		if (!vector_is(&v, 0, "reply"))
			continue;
		/* One reader reads them all, which also shows that it holds nothing of the last. */
		for (size_t cut = 0; cut <= vector_text(&v, 1).len; cut++)
			read_in_two(&v, used, cut);
		read_bytewise(&v, used);
	}
	cln_reply_reader_free(used);
	cln_reply_reader_free(NULL);
}

static void refused(void **state)
{
	struct vectors v;

	(void)state;
	vectors_open(&v, "reply");
	while (vectors_next(&v)) {
		struct cln_slice input;

		if (!vector_is(&v, 0, "refused"))
			continue;
		input = vector_text(&v, 2);
		for (size_t cut = 0; cut <= input.len; cut++) {
			struct cln_reply_reader *reader = cln_reply_reader_new(BYTES_MAX);
			struct cln_reply reply;
			int result;

			assert_int_equal(feed(reader, cln_slice(input.ptr, cut)), CLN_OK);
			result = cln_reply_next(reader, &reply);
			if (result == CLN_ERR_MORE) {
				assert_int_equal(feed(reader, cln_slice_from(input, cut)), CLN_OK);
				result = cln_reply_next(reader, &reply);
			}
			if (result != vector_result(&v, 1))
				fail_msg("line %u cut at %zu: %d", v.line, cut, result);
			/* It stays so until the reader is freed. */
			assert_int_equal(cln_reply_next(reader, &reply), result);
			assert_int_equal(feed(reader, CLN_SLICE("+OK\r\n")), CLN_ERR_LIMIT);
			cln_reply_reader_free(reader);
		}
	}
}

static void many_in_one_feed(void **state)
{
	struct cln_reply_reader *reader = cln_reply_reader_new(BYTES_MAX);
	struct cln_reply reply;
	char input[BYTES_MAX];
	struct cln_out out = {.ptr = input, .cap = sizeof input};

	(void)state;
	for (int i = 0; i < 400; i++)
		cln_resp_integer(&out, i);
	for (int round = 0; round < 3; round++) {
		assert_int_equal(feed(reader, cln_slice(input, out.len)), CLN_OK);
		for (int i = 0; i < 400; i++) {
			assert_int_equal(cln_reply_next(reader, &reply), CLN_OK);
			assert_int_equal(reply.item[0].integer, i);
		}
		assert_int_equal(cln_reply_next(reader, &reply), CLN_ERR_MORE);
	}
	cln_reply_reader_free(reader);
}

static void bytes_at_their_limit(void **state)
{
	(void)state;
	for (size_t size = BYTES_MAX - 1; size <= BYTES_MAX + 1; size++) {
		for (int pieces = 1; pieces <= 64; pieces *= 4) {
			struct cln_reply_reader *reader = cln_reply_reader_new(BYTES_MAX);
			char input[BYTES_MAX + 1];
			struct cln_reply reply;
			const size_t text = size - 9; /* $4087 CRLF ... CRLF */
			int result = CLN_OK;

			memset(input, 'x', sizeof input);
			snprintf(input, 8, "$%zu\r\n", text);
			input[7] = 'x';
			memcpy(input + size - 2, "\r\n", 2);
			for (int i = 0; i < pieces && result == CLN_OK; i++) {
				const size_t from = size * (size_t)i / (size_t)pieces;
				const size_t to = size * (size_t)(i + 1) / (size_t)pieces;

				result = feed(reader, cln_slice(input + from, to - from));
				if (result == CLN_OK && i + 1 < pieces)
					assert_int_equal(cln_reply_next(reader, &reply), CLN_ERR_MORE);
			}
			assert_int_equal(result, size <= BYTES_MAX ? CLN_OK : CLN_ERR_LIMIT);
			if (result == CLN_OK) {
				assert_int_equal(cln_reply_next(reader, &reply), CLN_OK);
				assert_int_equal(reply.item[0].text.len, text);
			}
			cln_reply_reader_free(reader);
		}
	}
}

/* What follows a complete reply counts for the next one. */
static void bytes_behind_a_reply_count(void **state)
{
	struct cln_reply_reader *reader = cln_reply_reader_new(BYTES_MAX);
	char block[BYTES_MAX];
	struct cln_reply reply;

	(void)state;
	memset(block, 'x', sizeof block);
	memcpy(block, "+OK\r\n+", 6);
	assert_int_equal(feed(reader, cln_slice(block, sizeof block)), CLN_OK);
	assert_int_equal(feed(reader, CLN_SLICE("x")), CLN_ERR_LIMIT);
	assert_int_equal(cln_reply_next(reader, &reply), CLN_OK);
	assert_int_equal(cln_reply_next(reader, &reply), CLN_ERR_MORE);
	assert_int_equal(feed(reader, CLN_SLICE("xxxxxx")), CLN_ERR_LIMIT);
	assert_int_equal(feed(reader, CLN_SLICE("xxx\r\n")), CLN_OK);
	assert_int_equal(cln_reply_next(reader, &reply), CLN_OK);
	assert_int_equal(reply.item[0].text.len, BYTES_MAX - 6 + 3);
	cln_reply_reader_free(reader);
}

/* hiredis drops what it has read from its buffer; the limit counts it all the same. */
static void long_array_of_short_items_meets_the_limit(void **state)
{
	struct cln_reply_reader *reader = cln_reply_reader_new(BYTES_MAX);
	struct cln_reply reply;
	size_t fed = 0;

	(void)state;
	assert_int_equal(feed(reader, CLN_SLICE("*1\r\n*100000\r\n")), CLN_OK);
	fed += 13;
	while (feed(reader, CLN_SLICE(":1\r\n")) == CLN_OK) {
		assert_int_equal(cln_reply_next(reader, &reply), CLN_ERR_MORE);
		fed += 4;
		assert_true(fed <= BYTES_MAX);
	}
	assert_true(fed + 4 > BYTES_MAX);
	cln_reply_reader_free(reader);
}

static void announced_bytes_reserve_nothing(void **state)
{
	struct cln_reply_reader *reader = cln_reply_reader_new(BYTES_MAX);
	char block[1024] = {0};
	struct cln_reply reply;
	int result;

	(void)state;
	assert_int_equal(feed(reader, CLN_SLICE("$762000000\r\n")), CLN_OK);
	do {
		assert_int_equal(cln_reply_next(reader, &reply), CLN_ERR_MORE);
		result = feed(reader, cln_slice(block, sizeof block));
	} while (result == CLN_OK);
	assert_int_equal(result, CLN_ERR_LIMIT);
	cln_reply_reader_free(reader);
}

static void items_at_their_limit(void **state)
{
	(void)state;
	for (size_t count = CLN_REPLY_ITEMS_MAX - 1; count <= CLN_REPLY_ITEMS_MAX + 1; count++) {
		struct cln_reply_reader *reader = cln_reply_reader_new(BYTES_MAX);
		char input[BYTES_MAX];
		struct cln_out out = {.ptr = input, .cap = sizeof input};
		struct cln_reply reply;

		cln_resp_array(&out, count);
		for (size_t i = 0; i < count; i++) {
			char digit = (char)('0' + i % 10);

			cln_resp_bulk(&out, cln_slice(&digit, 1));
		}
		assert_int_equal(feed(reader, cln_slice(input, out.len)), CLN_OK);
		assert_int_equal(
			cln_reply_next(reader, &reply), count <= CLN_REPLY_ITEMS_MAX ? CLN_OK : CLN_ERR_LIMIT);
		for (size_t i = 0; count <= CLN_REPLY_ITEMS_MAX && i < count; i++)
			assert_int_equal(reply.item[i].text.ptr[0], '0' + i % 10);
		cln_reply_reader_free(reader);
	}
}

/* Texts stay where they are when the store grows under an array in the making, and until the next
 * call, feeding included. */
static void texts_survive_growth_and_feeding(void **state)
{
	struct cln_reply_reader *reader = cln_reply_reader_new(BYTES_MAX);
	char input[BYTES_MAX], text[1500];
	struct cln_out out = {.ptr = input, .cap = sizeof input};
	struct cln_reply reply;

	(void)state;
	memset(text, 'y', sizeof text);
	cln_resp_array(&out, 3);
	cln_resp_bulk(&out, CLN_SLICE("first"));
	cln_resp_bulk(&out, cln_slice(text, sizeof text));
	cln_resp_bulk(&out, CLN_SLICE("last"));
	for (size_t i = 0; i < out.len; i++) {
		assert_int_equal(cln_reply_next(reader, &reply), CLN_ERR_MORE);
		assert_int_equal(feed(reader, cln_slice(input + i, 1)), CLN_OK);
	}
	assert_int_equal(cln_reply_next(reader, &reply), CLN_OK);
	assert_true(cln_slice_equal(reply.item[0].text, CLN_SLICE("first")));
	assert_true(cln_slice_equal(reply.item[1].text, cln_slice(text, sizeof text)));
	assert_true(cln_slice_equal(reply.item[2].text, CLN_SLICE("last")));
	cln_reply_reader_free(reader);
}

static void integers_are_counted(void **state)
{
	static const struct {
		struct cln_slice bytes;
		size_t count, left;
		long long most;
	} cases[] = {
		{{"", 0}, 0, 0, 0},
		{{":1\r\n", 4}, 1, 0, 1},
		{{":1\r\n:20\r\n:0\r\n", 13}, 3, 0, 20},
		{{":1\r\n:2\r", 7}, 1, 3, 1},
		{{":1\r\n:", 5}, 1, 1, 1},
		{{":1\r\n-ERR\r\n:1\r\n", 14}, 1, 10, 1},
		{{":\r\n", 3}, 0, 3, 0},
		{{":\r\n:1\r\n", 7}, 0, 7, 0},
		{{":-1\r\n", 5}, 0, 5, 0},
		{{":1\n\r", 4}, 0, 4, 0},
		{{":1x\r\n", 5}, 0, 5, 0},
		{{":123456789012345678\r\n", 21}, 1, 0, 123456789012345678},
		{{":1234567890123456789\r\n", 22}, 0, 22, 0},
	};
	struct cln_reply_reader *reader = cln_reply_reader_new(BYTES_MAX);
	struct cln_slice rest = CLN_SLICE(":1\r\n");
	struct cln_reply reply;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct cln_slice copy = exact(cases[i].bytes), bytes = copy;
		long long most = 0;

		assert_int_equal(cln_reply_count_integers(reader, &bytes, &most), cases[i].count);
		assert_int_equal(most, cases[i].most);
		assert_int_equal(bytes.len, cases[i].left);
		release(copy);
	}
	/* Not in the middle of a reply: these bytes may belong to it. */
	assert_int_equal(feed(reader, CLN_SLICE("$4\r\n")), CLN_OK);
	assert_int_equal(cln_reply_next(reader, &reply), CLN_ERR_MORE);
	assert_int_equal(cln_reply_count_integers(reader, &rest, NULL), 0);
	assert_int_equal(feed(reader, CLN_SLICE(":1\r\n\r\n")), CLN_OK);
	assert_int_equal(cln_reply_next(reader, &reply), CLN_OK);
	assert_int_equal(cln_reply_count_integers(reader, &rest, NULL), 1);
	cln_reply_reader_free(reader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replies_whole_bytewise_and_in_two),
		cmocka_unit_test(refused),
		cmocka_unit_test(many_in_one_feed),
		cmocka_unit_test(integers_are_counted),
		cmocka_unit_test(bytes_at_their_limit),
		cmocka_unit_test(bytes_behind_a_reply_count),
		cmocka_unit_test(long_array_of_short_items_meets_the_limit),
		cmocka_unit_test(announced_bytes_reserve_nothing),
		cmocka_unit_test(items_at_their_limit),
		cmocka_unit_test(texts_survive_growth_and_feeding),
	};

	return cmocka_run_group_tests_name("wire_reply", tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* sources: wire/spool_format.c wire/crc32c.c wire/name.c */
/*
 * The spool's bytes against wire/vectors/spool.txt, and every cut and flipped bit of them.
 */
#include "wire/spool_format.h"

#include "support/vectors.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>

#define BYTES_MAX 1024

static struct cln_slice hex_field(const struct vectors *v, size_t i)
{
	unsigned char bytes[BYTES_MAX];

	return exact(cln_slice(bytes, unhex(vector_text(v, i), bytes, sizeof bytes)));
}

static void crc_at_every_cut(void **state)
{
	struct vectors v;

	(void)state;
	vectors_open(&v, "spool");
	while (vectors_next(&v)) {
		if (!vector_is(&v, 0, "crc"))
			continue;
		const struct cln_slice text = vector_text(&v, 1);

		for (size_t cut = 0; cut <= text.len; cut++) {
			const uint32_t first = cln_crc32c(0, cln_slice(text.ptr, cut));

			assert_int_equal(cln_crc32c(first, cln_slice_from(text, cut)), vector_hex(&v, 2));
		}
	}
}

static struct cln_spool_record record_field(const struct vectors *v, struct cln_slice envelope)
{
	return (struct cln_spool_record){
		.time_ms = (uint64_t)vector_number(v, 2),
		.was_sent = vector_number(v, 3) != 0,
		.channel = vector_text(v, 4),
		.envelope = envelope,
	};
}

static void assert_reads_as(struct cln_slice bytes, const struct cln_spool_record *expected)
{
	struct cln_spool_record got;

	assert_int_equal(cln_spool_record_next(&bytes, &got), CLN_OK);
	assert_int_equal(bytes.len, 0);
	assert_true(got.time_ms == expected->time_ms);
	assert_int_equal(got.was_sent, expected->was_sent);
	assert_true(cln_slice_equal(got.channel, expected->channel));
	assert_true(cln_slice_equal(got.envelope, expected->envelope));
}

static void assert_pieces_want_more(struct cln_slice whole)
{
	for (size_t cut = 0; cut < whole.len; cut++) {
		struct cln_slice piece = exact(cln_slice(whole.ptr, cut)), rest = piece;
		struct cln_spool_record record;

		assert_int_equal(cln_spool_record_next(&rest, &record), CLN_ERR_MORE);
		assert_ptr_equal(rest.ptr, piece.ptr);
		assert_int_equal(rest.len, cut);
		release(piece);
	}
}

static void assert_flips_are_noticed(struct cln_slice whole)
{
	char *copy = malloc(whole.len);

	for (size_t bit = 0; bit < 8 * whole.len; bit++) {
		struct cln_slice bytes = {copy, whole.len};
		struct cln_spool_record record;

		memcpy(copy, whole.ptr, whole.len);
		copy[bit / 8] = (char)(copy[bit / 8] ^ (1 << bit % 8));
		assert_int_not_equal(cln_spool_record_next(&bytes, &record), CLN_OK);
	}
	free(copy);
}

static void records_both_ways(void **state)
{
	struct vectors v;

	(void)state;
	vectors_open(&v, "spool");
	while (vectors_next(&v)) {
		if (!vector_is(&v, 0, "record"))
			continue;
		const struct cln_slice envelope = hex_field(&v, 5), whole = hex_field(&v, 6);
		const struct cln_spool_record record = record_field(&v, envelope);
		char *out = malloc(whole.len);

		assert_int_equal(cln_spool_record_size(&record), whole.len);
		cln_spool_record_write(out, &record);
		assert_memory_equal(out, whole.ptr, whole.len);
		assert_reads_as(whole, &record);
		assert_pieces_want_more(whole);
		assert_flips_are_noticed(whole);
		free(out);
		release(whole);
		release(envelope);
	}
}

static void first_records(void **state)
{
	struct vectors v;

	(void)state;
	vectors_open(&v, "spool");
	while (vectors_next(&v)) {
		if (!vector_is(&v, 0, "next"))
			continue;
		const struct cln_slice whole = hex_field(&v, 3);
		struct cln_slice bytes = whole;
		struct cln_spool_record record;

		assert_int_equal(cln_spool_record_next(&bytes, &record), vector_result(&v, 2));
		release(whole);
	}
}

/* The largest record that limits allow is read, and one byte more is none. */
static void the_largest_record(void **state)
{
	static char channel[CLN_CHANNEL_NAME_MAX];
	const size_t most = CLN_SPOOL_BODY_MAX - 1 - sizeof channel;

	(void)state;
	memset(channel, 'c', sizeof channel);
	for (size_t more = 0; more <= 1; more++) {
		char *envelope = calloc(1, most + more), *out = malloc(CLN_SPOOL_RECORD_MAX + 1);
		const struct cln_spool_record record = {
			.channel = {channel, sizeof channel}, .envelope = {envelope, most + more}};
		struct cln_slice bytes = {out, cln_spool_record_size(&record)};
		struct cln_spool_record got;

		assert_int_equal(bytes.len, CLN_SPOOL_RECORD_MAX + more);
		cln_spool_record_write(out, &record);
		assert_int_equal(cln_spool_record_peek(out), more ? 0 : bytes.len);
		assert_int_equal(cln_spool_record_next(&bytes, &got), more ? CLN_ERR_PROTOCOL : CLN_OK);
		free(out);
		free(envelope);
	}
}

static struct cln_spool_header header_field(const struct vectors *v)
{
	struct cln_spool_header header = {
		.base = (uint64_t)vector_number(v, 2),
		.done = (uint64_t)vector_number(v, 3),
		.tried = (uint64_t)vector_number(v, 4),
		.end = (uint64_t)vector_number(v, 5),
		.appended = (uint64_t)vector_number(v, 6),
		.replayed = (uint64_t)vector_number(v, 7),
		.repeated = (uint64_t)vector_number(v, 8),
	};

	for (size_t i = 0; i < CLN_SPOOL_DROPS; i++)
		header.dropped[i] = (uint64_t)vector_number(v, 9 + i);
	return header;
}

/* What a flipped bit makes of a header: no spool, another version, or one to be mended. */
static int flipped_result(size_t byte)
{
	if (byte < 8)
		return CLN_ERR_PROTOCOL;
	return byte < 12 ? CLN_ERR_VERSION : CLN_ERR_SIGNATURE;
}

static void assert_header_flips_are_noticed(struct cln_slice whole)
{
	for (size_t bit = 0; bit < 8 * whole.len; bit++) {
		char bytes[CLN_SPOOL_HEADER];
		struct cln_spool_header header;
		struct cln_slice app;

		memcpy(bytes, whole.ptr, sizeof bytes);
		bytes[bit / 8] = (char)(bytes[bit / 8] ^ (1 << bit % 8));
		assert_int_equal(cln_spool_header_read(bytes, &header, &app), flipped_result(bit / 8));
	}
}

static void headers_both_ways(void **state)
{
	struct vectors v;

	(void)state;
	vectors_open(&v, "spool");
	while (vectors_next(&v)) {
		if (!vector_is(&v, 0, "header"))
			continue;
		const struct cln_slice whole = hex_field(&v, 13), app = vector_text(&v, 12);
		const struct cln_spool_header header = header_field(&v);
		struct cln_spool_header got;
		struct cln_slice got_app;
		char out[CLN_SPOOL_HEADER];

		assert_int_equal(whole.len, CLN_SPOOL_HEADER);
		cln_spool_header_write(out, &header, app);
		assert_memory_equal(out, whole.ptr, sizeof out);
		assert_int_equal(cln_spool_header_read(whole.ptr, &got, &got_app), CLN_OK);
		assert_memory_equal(&got, &header, sizeof got);
		assert_true(cln_slice_equal(got_app, app));
		assert_header_flips_are_noticed(whole);
		release(whole);
	}
}

static void headers_that_are_none(void **state)
{
	struct vectors v;

	(void)state;
	vectors_open(&v, "spool");
	while (vectors_next(&v)) {
		if (!vector_is(&v, 0, "open"))
			continue;
		const struct cln_slice whole = hex_field(&v, 3);
		struct cln_spool_header header;
		struct cln_slice app;

		assert_int_equal(whole.len, CLN_SPOOL_HEADER);
		assert_int_equal(cln_spool_header_read(whole.ptr, &header, &app), vector_result(&v, 2));
		release(whole);
	}
}

static void offsets_of_new_files_differ(void **state)
{
	struct cln_spool_header first, second;

	(void)state;
	cln_spool_header_init(&first, 1700000000123, 1000);
	cln_spool_header_init(&second, 1700000000124, 0);
	assert_true(first.end - first.done == 1000 && first.done == first.base);
	assert_true(second.base > first.end);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(crc_at_every_cut),
		cmocka_unit_test(records_both_ways),
		cmocka_unit_test(first_records),
		cmocka_unit_test(the_largest_record),
		cmocka_unit_test(headers_both_ways),
		cmocka_unit_test(headers_that_are_none),
		cmocka_unit_test(offsets_of_new_files_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* sources: wire/id.c */
/*
 * Message ids: vectors, and that they rise whatever the clock does.
 */
#include "wire/id.h"

#include "support/vectors.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>

static void vectors_of_the_next_id(void **state)
{
	struct vectors v;

	(void)state;
	vectors_open(&v, "id");
	while (vectors_next(&v)) {
		struct cln_id_source source = {.last_ms = 0};
		unsigned char random[10], want[CLN_ID_BYTES], got[CLN_ID_BYTES];
		const bool has_random = vector_text(&v, 3).len > 0;
		const int64_t now_ms = vector_number(&v, 2);

		unhex(vector_text(&v, 1), source.last, sizeof source.last);
		for (size_t i = 0; i < 6; i++)
			source.last_ms = source.last_ms << 8 | source.last[i];
		for (size_t i = 0; i < sizeof source.last; i++)
			source.has_given |= source.last[i] != 0;
		unhex(vector_text(&v, 3), random, sizeof random);
		unhex(vector_text(&v, 4), want, sizeof want);
		assert_int_equal(cln_id_needs_random(&source, now_ms), has_random);
		cln_id_next(&source, now_ms, has_random ? random : NULL, got);
		assert_memory_equal(got, want, sizeof want);
		assert_memory_equal(source.last, want, sizeof want);
	}
}

/* A clock that jumps about, and random bytes that carry at once. */
static void ids_rise_strictly(void **state)
{
	struct cln_id_source source = {.last_ms = 0};
	unsigned char before[CLN_ID_BYTES] = {0}, id[CLN_ID_BYTES], random[10];
	uint32_t noise = 1;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		int64_t now_ms;

		noise = noise * 1664525 + 1013904223;
		now_ms = 1700000000000 + i / 7 - (noise >> 28);
		memset(random, 0xff, sizeof random);
		random[9] = (unsigned char)(noise >> 20);
		cln_id_next(&source, now_ms, random, id);
		assert_true(memcmp(before, id, sizeof id) < 0);
		memcpy(before, id, sizeof id);
	}
}

static void hexadecimal(void **state)
{
	const unsigned char id[CLN_ID_BYTES] = {0x00, 0x01, 0x0f, 0x10, 0x7f, 0x80, 0x99, 0x9a, 0xa0,
		0xab, 0xbc, 0xcd, 0xde, 0xef, 0xf0, 0xff};
	char hex[2 * CLN_ID_BYTES + 1];

	(void)state;
	hex[2 * CLN_ID_BYTES] = '!';
	cln_id_hex(id, hex);
	assert_memory_equal(hex, "00010f107f80999aa0abbccddeeff0ff!", sizeof hex);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_of_the_next_id),
		cmocka_unit_test(ids_rise_strictly),
		cmocka_unit_test(hexadecimal),
	};

	return cmocka_run_group_tests_name("wire_id", tests, NULL, NULL);
}

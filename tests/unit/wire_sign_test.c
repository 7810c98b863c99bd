/* SPDX-License-Identifier: MIT */
/* sources: wire/sign.c relay/base/hmac.c relay/base/log.c */
/* libs: libcrypto */
/*
 * Pusher's signatures against the published vectors, with the relay's HMAC.
 */
#include "wire/sign.h"

#include "support/vectors.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>

static void signatures_of_channels_members_and_users(void **state)
{
	struct vectors v;
	unsigned count = 0;

	(void)state;
	vectors_open(&v, "sign");
	while (vectors_next(&v)) {
		struct cln_slice data;
		char hex[CLN_SIGNATURE_HEX];

		if (vector_is(&v, 0, "hmac"))
			continue;
		if (vector_is(&v, 0, "user")) {
			cln_sign_user(vector_text(&v, 2), vector_text(&v, 3), vector_text(&v, 4), hex);
		} else if (vector_is(&v, 0, "member")) {
			data = vector_text(&v, 5);
			cln_sign_channel(
				vector_text(&v, 2), vector_text(&v, 3), vector_text(&v, 4), &data, hex);
		} else {
			assert_true(vector_is(&v, 0, "channel"));
			cln_sign_channel(vector_text(&v, 2), vector_text(&v, 3), vector_text(&v, 4), NULL, hex);
		}
		assert_int_equal(vector_text(&v, v.count - 1).len, sizeof hex);
		assert_memory_equal(vector_text(&v, v.count - 1).ptr, hex, sizeof hex);
		count++;
	}
	assert_int_equal(count, 11);
}

static void empty_channel_data_differs_from_none(void **state)
{
	const struct cln_slice empty = CLN_SLICE("");
	char with[CLN_SIGNATURE_HEX], without[CLN_SIGNATURE_HEX];

	(void)state;
	cln_sign_channel(CLN_SLICE("s"), CLN_SLICE("1.1"), CLN_SLICE("presence-a"), &empty, with);
	cln_sign_channel(CLN_SLICE("s"), CLN_SLICE("1.1"), CLN_SLICE("presence-a"), NULL, without);
	assert_memory_not_equal(with, without, sizeof with);
	cln_sign_channel(CLN_SLICE("s"), CLN_SLICE("1.1"), CLN_SLICE("presence-a:"), NULL, without);
	assert_memory_equal(with, without, sizeof with);
}

static void hmac_alone_at_every_split(void **state)
{
	struct vectors v;
	unsigned count = 0;

	(void)state;
	vectors_open(&v, "sign");
	while (vectors_next(&v)) {
		struct cln_slice text;
		unsigned char want[CLN_SIGNATURE_BYTES], got[CLN_SIGNATURE_BYTES];

		if (!vector_is(&v, 0, "hmac"))
			continue;
		text = vector_text(&v, 3);
		assert_int_equal(unhex(vector_text(&v, 4), want, sizeof want), sizeof want);
		for (size_t cut = 0; cut <= text.len; cut++) {
			const struct cln_slice parts[] = {
				{text.ptr, cut}, {NULL, 0}, cln_slice_from(text, cut)};

			cln_hmac_sha256(vector_text(&v, 2), parts, 3, got);
			assert_memory_equal(got, want, sizeof want);
		}
		count++;
	}
	assert_int_equal(count, 4);
}

static void comparing_finds_every_difference(void **state)
{
	char a[64], b[64];

	(void)state;
	memset(a, 'a', sizeof a);
	memset(b, 'a', sizeof b);
	assert_true(cln_equal_constant_time(cln_slice(a, 64), cln_slice(b, 64)));
	assert_true(cln_equal_constant_time(cln_slice(NULL, 0), cln_slice(b, 0)));
	assert_false(cln_equal_constant_time(cln_slice(a, 63), cln_slice(b, 64)));
	assert_false(cln_equal_constant_time(cln_slice(a, 0), cln_slice(b, 1)));
	for (size_t i = 0; i < 64; i++) {
		for (int bit = 0; bit < 8; bit++) {
			b[i] = (char)(b[i] ^ (1 << bit));
			assert_false(cln_equal_constant_time(cln_slice(a, 64), cln_slice(b, 64)));
			b[i] = a[i];
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signatures_of_channels_members_and_users),
		cmocka_unit_test(empty_channel_data_differs_from_none),
		cmocka_unit_test(hmac_alone_at_every_split),
		cmocka_unit_test(comparing_finds_every_difference),
	};

	return cmocka_run_group_tests_name("wire_sign", tests, NULL, NULL);
}

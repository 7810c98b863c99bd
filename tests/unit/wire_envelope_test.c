/* SPDX-License-Identifier: MIT */
/* sources: wire/envelope.c wire/name.c wire/sign.c relay/base/hmac.c relay/base/log.c */
/* libs: libcrypto */
/*
 * Envelopes against wire/vectors/envelope.txt, and every cut, flipped bit and reserved bit of them.
 */
#include "wire/envelope.h"

#include "support/vectors.h"
#include "wire/version.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>

/* A vector of kind `whole`. */
struct whole {
	struct cln_envelope envelope;
	struct cln_slice secret;
	struct cln_slice app;
	struct cln_slice channel;
	struct cln_slice bytes; /* freed by the next call of next_whole() */
};

static bool next_whole(struct vectors *v, struct whole *whole)
{
	unsigned char bytes[1024];

	if (whole->bytes.ptr)
		release(whole->bytes);
	whole->bytes = cln_slice(NULL, 0);
	do {
		if (!vectors_next(v))
			return false;
	} while (!vector_is(v, 0, "whole"));
	unhex(vector_text(v, 2), whole->envelope.id, CLN_ID_BYTES);
	whole->envelope.publisher = vector_hex(v, 3);
	whole->envelope.sequence = (uint64_t)vector_number(v, 4);
	whole->envelope.channel_sequence = (uint64_t)vector_number(v, 5);
	whole->envelope.socket_id = vector_text(v, 6);
	whole->envelope.text = vector_text(v, 7);
	whole->secret = vector_text(v, 8);
	whole->app = vector_text(v, 9);
	whole->channel = vector_text(v, 10);
	whole->bytes = exact(cln_slice(bytes, unhex(vector_text(v, 11), bytes, sizeof bytes)));
	return true;
}

static void writing(void **state)
{
	struct whole w = {0};
	struct vectors v;

	(void)state;
	vectors_open(&v, "envelope");
	while (next_whole(&v, &w)) {
		const struct cln_slice *secret = w.secret.len ? &w.secret : NULL;
		char head[CLN_ENVELOPE_HEAD_MAX];
		size_t len = cln_envelope_head(head, &w.envelope, secret, w.app, w.channel);

		assert_int_equal(len + w.envelope.text.len, w.bytes.len);
		assert_int_equal(cln_envelope_size(&w.envelope, secret != NULL), w.bytes.len);
		assert_memory_equal(head, w.bytes.ptr, len);
		assert_memory_equal(w.envelope.text.ptr, w.bytes.ptr + len, w.envelope.text.len);
	}
}

static void reading(void **state)
{
	struct whole w = {0};
	struct vectors v;

	(void)state;
	vectors_open(&v, "envelope");
	while (next_whole(&v, &w)) {
		struct cln_envelope got;

		assert_int_equal(cln_envelope_decode(w.bytes, &got), CLN_OK);
		assert_memory_equal(got.id, w.envelope.id, CLN_ID_BYTES);
		assert_true(got.publisher == w.envelope.publisher);
		assert_true(got.sequence == w.envelope.sequence);
		assert_true(got.channel_sequence == w.envelope.channel_sequence);
		assert_true(cln_slice_equal(got.socket_id, w.envelope.socket_id));
		assert_true(cln_slice_equal(got.text, w.envelope.text));
		assert_int_equal(got.signature.len, w.secret.len ? CLN_SIGNATURE_BYTES : 0);
		assert_int_equal(cln_envelope_verify(w.bytes, &got, w.secret, w.app, w.channel),
			w.secret.len ? CLN_OK : CLN_ERR_SIGNATURE);
	}
}

static void refused_and_verified_vectors(void **state)
{
	struct vectors v;

	(void)state;
	vectors_open(&v, "envelope");
	while (vectors_next(&v)) {
		const bool is_verify = vector_is(&v, 0, "verify");
		unsigned char buffer[1024];
		struct cln_envelope got;
		struct cln_slice bytes;

		if (vector_is(&v, 0, "whole"))
			continue;
		bytes = exact(
			cln_slice(buffer, unhex(vector_text(&v, is_verify ? 6 : 3), buffer, sizeof buffer)));
		if (is_verify) {
			assert_int_equal(cln_envelope_decode(bytes, &got), CLN_OK);
			assert_int_equal(cln_envelope_verify(bytes, &got, vector_text(&v, 3),
								 vector_text(&v, 4), vector_text(&v, 5)),
				vector_result(&v, 2));
		} else if (cln_envelope_decode(bytes, &got) != vector_result(&v, 2)) {
			fail_msg("decode %.*s", (int)vector_text(&v, 1).len, vector_text(&v, 1).ptr);
		}
		release(bytes);
	}
}

static void cut_at_each_byte_and_left_over(void **state)
{
	struct whole w = {0};
	struct vectors v;

	(void)state;
	vectors_open(&v, "envelope");
	while (next_whole(&v, &w)) {
		char longer[1024];
		struct cln_slice bytes;
		struct cln_envelope got;

		for (size_t len = 0; len < w.bytes.len; len++) {
			bytes = exact(cln_slice(w.bytes.ptr, len));
			assert_int_equal(cln_envelope_decode(bytes, &got), CLN_ERR_PROTOCOL);
			release(bytes);
		}
		memcpy(longer, w.bytes.ptr, w.bytes.len);
		for (size_t extra = 1; extra <= 33; extra++) {
			memset(longer + w.bytes.len, '1', extra);
			bytes = exact(cln_slice(longer, w.bytes.len + extra));
			assert_int_equal(cln_envelope_decode(bytes, &got), CLN_ERR_PROTOCOL);
			release(bytes);
		}
	}
}

static void every_reserved_bit(void **state)
{
	struct whole w = {0};
	struct vectors v;

	(void)state;
	vectors_open(&v, "envelope");
	while (next_whole(&v, &w)) {
		char bytes[1024];
		struct cln_envelope got;

		for (int bit = 0; bit < 8; bit++) {
			memcpy(bytes, w.bytes.ptr, w.bytes.len);
			bytes[1] = (char)(bytes[1] ^ (1 << bit));
			/* Bit 0, the flag itself, makes the lengths wrong instead. */
			assert_int_equal(
				cln_envelope_decode(cln_slice(bytes, w.bytes.len), &got), CLN_ERR_PROTOCOL);
			memcpy(bytes, w.bytes.ptr, w.bytes.len);
			bytes[3] = (char)(1 << bit);
			assert_int_equal(
				cln_envelope_decode(cln_slice(bytes, w.bytes.len), &got), CLN_ERR_PROTOCOL);
		}
	}
}

static void every_version(void **state)
{
	struct whole w = {0};
	struct vectors v;

	(void)state;
	vectors_open(&v, "envelope");
	while (next_whole(&v, &w)) {
		for (int version = 0; version < 256; version++) {
			char bytes[1024];
			struct cln_envelope got;
			const bool is_spoken =
				version >= CLN_ENVELOPE_VERSION_MIN && version <= CLN_ENVELOPE_VERSION;

			memcpy(bytes, w.bytes.ptr, w.bytes.len);
			bytes[0] = (char)version;
			assert_int_equal(cln_envelope_decode(cln_slice(bytes, w.bytes.len), &got),
				is_spoken ? CLN_OK : CLN_ERR_VERSION);
		}
	}
}

/* A signature covers every bit of the envelope. */
static void every_flipped_bit_of_a_signed_one(void **state)
{
	struct whole w = {0};
	struct vectors v;
	unsigned count = 0;

	(void)state;
	vectors_open(&v, "envelope");
	while (next_whole(&v, &w)) {
		for (size_t bit = 0; w.secret.len && bit < 8 * w.bytes.len; bit++) {
			char bytes[1024];
			struct cln_slice changed = cln_slice(bytes, w.bytes.len);
			struct cln_envelope got;

			memcpy(bytes, w.bytes.ptr, w.bytes.len);
			bytes[bit / 8] = (char)(bytes[bit / 8] ^ (1 << bit % 8));
			if (cln_envelope_decode(changed, &got) == CLN_OK)
				assert_int_equal(cln_envelope_verify(changed, &got, w.secret, w.app, w.channel),
					CLN_ERR_SIGNATURE);
			count++;
		}
	}
	assert_true(count > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writing),
		cmocka_unit_test(reading),
		cmocka_unit_test(refused_and_verified_vectors),
		cmocka_unit_test(cut_at_each_byte_and_left_over),
		cmocka_unit_test(every_reserved_bit),
		cmocka_unit_test(every_version),
		cmocka_unit_test(every_flipped_bit_of_a_signed_one),
	};

	return cmocka_run_group_tests_name("wire_envelope", tests, NULL, NULL);
}

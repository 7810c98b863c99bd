/* SPDX-License-Identifier: MIT */
/* sources: relay/deflate.c relay/base/xalloc.c relay/base/log.c relay/base/buf.c */
/* libs: zlib */
/*
 * permessage-deflate: which offers are accepted and how, what compressing makes, and what inflating
 * takes: the examples of RFC 7692, limits at n-1, n, n+1, every truncation, every flipped bit.
 */
#include "relay/deflate.h"

#include <stdarg.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#define ZLIB_CONST
#include <zlib.h>

#define MESSAGE_MAX 10240
#define FAR_MAX     (64 * 1024)

/* --- negotiation --- */

#define ALWAYS    "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
#define DECLINED  ""
#define MALFORMED NULL

static const struct {
	const char *field;
	const char *answer;
} offers[] = {
	{"permessage-deflate", ALWAYS},
	{"permessage-deflate; client_max_window_bits", ALWAYS}, /* Chromium, Firefox */
	{"permessage-deflate; client_no_context_takeover; server_no_context_takeover", ALWAYS},
	{"\t permessage-deflate\t;  client_max_window_bits \t= 12 ", ALWAYS},
	{"permessage-deflate;client_max_window_bits=8", ALWAYS},
	{"permessage-deflate;client_max_window_bits=15", ALWAYS},
	{"permessage-deflate;client_max_window_bits=\"10\"", ALWAYS},
	{"permessage-deflate;client_max_window_bits=\"1\\0\"", ALWAYS},
	{"permessage-deflate;server_max_window_bits=9", ALWAYS "; server_max_window_bits=9"},
	{"permessage-deflate;server_max_window_bits=15", ALWAYS "; server_max_window_bits=15"},
	{"permessage-deflate;server_max_window_bits=\"11\"", ALWAYS "; server_max_window_bits=11"},
	/* the first acceptable one counts */
	{"permessage-deflate; server_max_window_bits=10, permessage-deflate",
		ALWAYS "; server_max_window_bits=10"},
	{"permessage-deflate; server_max_window_bits=8, permessage-deflate", ALWAYS},
	{"permessage-deflate; unknown, permessage-deflate; server_max_window_bits=12",
		ALWAYS "; server_max_window_bits=12"},
	{"x-webkit-deflate-frame, permessage-deflate", ALWAYS},
	{"foo; bar=1; bar=2; baz=\"q\", permessage-deflate", ALWAYS},
	{",, permessage-deflate ,\t,", ALWAYS},

	{"x-webkit-deflate-frame", DECLINED},
	{"permessage-bzip2", DECLINED},
	{"permessage-deflatex", DECLINED},
	{"Permessage-Deflate", DECLINED},
	{"permessage-deflate; unknown", DECLINED},
	{"permessage-deflate; unknown=1", DECLINED},
	{"permessage-deflate; server_no_context_takeover=1", DECLINED},
	{"permessage-deflate; client_no_context_takeover=true", DECLINED},
	{"permessage-deflate; server_no_context_takeover; server_no_context_takeover", DECLINED},
	{"permessage-deflate; client_no_context_takeover; client_no_context_takeover", DECLINED},
	{"permessage-deflate; client_max_window_bits; client_max_window_bits=10", DECLINED},
	{"permessage-deflate; server_max_window_bits=10; server_max_window_bits=10", DECLINED},
	{"permessage-deflate; server_max_window_bits", DECLINED},
	{"permessage-deflate; server_max_window_bits=8", DECLINED}, /* zlib can't */
	{"permessage-deflate; server_max_window_bits=7", DECLINED},
	{"permessage-deflate; server_max_window_bits=16", DECLINED},
	{"permessage-deflate; server_max_window_bits=09", DECLINED},
	{"permessage-deflate; server_max_window_bits=010", DECLINED},
	{"permessage-deflate; server_max_window_bits=+9", DECLINED},
	{"permessage-deflate; server_max_window_bits=-9", DECLINED},
	{"permessage-deflate; server_max_window_bits=1e1", DECLINED},
	{"permessage-deflate; server_max_window_bits=4294967305", DECLINED},
	{"permessage-deflate; client_max_window_bits=7", DECLINED},
	{"permessage-deflate; client_max_window_bits=16", DECLINED},
	{"permessage-deflate; client_max_window_bits=0", DECLINED},
	{"permessage-deflate; client_max_window_bits=x", DECLINED},

	{"", MALFORMED},
	{" ,, ", MALFORMED},
	{";", MALFORMED},
	{"permessage-deflate;", MALFORMED},
	{"permessage-deflate; ;", MALFORMED},
	{"permessage-deflate client_max_window_bits", MALFORMED},
	{"permessage-deflate; =10", MALFORMED},
	{"permessage-deflate; client_max_window_bits=", MALFORMED},
	{"permessage-deflate; client_max_window_bits=\"\"", MALFORMED},
	{"permessage-deflate; client_max_window_bits=\"10", MALFORMED},
	{"permessage-deflate; client_max_window_bits=\"1 0\"", MALFORMED},
	{"permessage-deflate; client_max_window_bits=\"10\\", MALFORMED},
	{"permessage-deflate; client_max_window_bits=1=0", MALFORMED},
	{"permessage-deflate; client_max_window_bits=10 11", MALFORMED},
	{"permessage-deflate; b\xe4r", MALFORMED},
	{"permessage-deflate/1", MALFORMED},
	{"permessage-deflate, foo;", MALFORMED},
	{"\"permessage-deflate\"", MALFORMED},
};

static void offers_are_judged(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(offers) / sizeof(offers[0]); i++) {
		struct deflate_terms terms = {0};
		char answer[DEFLATE_ANSWER_MAX] = "";
		const bool is_readable = deflate_read_offers(cln_slice_of(offers[i].field), &terms);
		if (is_readable != (offers[i].answer != NULL))
			fail_msg("%s: %s", offers[i].field, is_readable ? "read" : "malformed");
		if (!is_readable)
			continue;
		if (terms.window_bits != 0) {
			const size_t len = deflate_print_answer(&terms, answer);
			assert_int_equal(len, strlen(answer));
		}
		if (strcmp(answer, offers[i].answer) != 0)
			fail_msg("%s: %s", offers[i].field, answer);
	}
}

static void fields_are_one_list(void **state)
{
	struct deflate_terms terms = {0};
	(void)state;
	assert_true(deflate_read_offers(CLN_SLICE("permessage-deflate; nonsense"), &terms));
	assert_int_equal(terms.window_bits, 0);
	assert_true(
		deflate_read_offers(CLN_SLICE("permessage-deflate; server_max_window_bits=9"), &terms));
	assert_true(
		deflate_read_offers(CLN_SLICE("permessage-deflate; server_max_window_bits=13"), &terms));
	assert_int_equal(terms.window_bits, 9);
}

static void a_zero_byte_is_no_token(void **state)
{
	struct deflate_terms terms = {0};
	(void)state;
	assert_false(deflate_read_offers(cln_slice("permessage-deflate\0", 19), &terms));
}

/* --- compressing --- */

/* Text with repetitions near and far. */
static void fill(char *text, size_t len)
{
	uint32_t seed = 1;
	for (size_t i = 0; i < len; i++) {
		seed = seed * 1664525 + 1013904223;
		text[i] =
			i % 700 < 400 ? "{\"name\":\"value\",\"n\":12}"[i % 24] : (char)('a' + (seed >> 29));
	}
}

static void fill_noise(char *bytes, size_t len)
{
	uint32_t seed = 7;
	for (size_t i = 0; i < len; i++) {
		seed = seed * 1664525 + 1013904223;
		bytes[i] = (char)(seed >> 24);
	}
}

/* Inflates by zlib with a window of exactly that size. */
static void expect_inflates(
	const char *payload, size_t len, int window_bits, const char *text, size_t text_len)
{
	static char out[FAR_MAX];
	z_stream stream = {0};
	assert_int_equal(inflateInit2(&stream, -window_bits), Z_OK);
	char *const whole = malloc(len + 4);
	memcpy(whole, payload, len);
	memcpy(whole + len, "\x00\x00\xff\xff", 4);
	stream.next_in = (const unsigned char *)whole;
	stream.avail_in = (unsigned)len + 4;
	/* Small pieces of output, so that references go to the window and not to `out`. */
	for (size_t at = 0; at < text_len; at += 100) {
		const size_t room = text_len - at < 100 ? text_len - at : 100;
		stream.next_out = (unsigned char *)out + at;
		stream.avail_out = (unsigned)room;
		assert_int_equal(inflate(&stream, Z_SYNC_FLUSH), Z_OK);
		assert_int_equal(stream.avail_out, 0);
	}
	assert_memory_equal(out, text, text_len);
	inflateEnd(&stream);
	free(whole);
}

static void compressed_text_fits_its_window(void **state)
{
	static char text[FAR_MAX];
	static const size_t sizes[] = {64, 127, 512, 1000, 4096, 10240, FAR_MAX};
	struct deflate_codec *const codec = deflate_codec_new();
	(void)state;
	fill(text, sizeof(text));
	for (unsigned bits = 9; bits <= 15; bits++) {
		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			char *const out = malloc(deflate_room(sizes[i])); /* the sanitizer sees one too many */
			const size_t len =
				deflate_compress(codec, deflate_kind(bits), cln_slice(text, sizes[i]), out);
			assert_in_range(len, 1, sizes[i] - sizes[i] / 10);
			expect_inflates(out, len, (int)bits, text, sizes[i]);
			free(out);
		}
	}
	deflate_codec_free(codec);
}

static void larger_windows_share_a_form(void **state)
{
	(void)state;
	for (unsigned bits = 9; bits < 12; bits++)
		assert_true(deflate_kind(bits) < deflate_kind(bits + 1));
	for (unsigned bits = 12; bits <= 15; bits++)
		assert_int_equal(deflate_kind(bits), DEFLATE_KINDS - 1);
}

static void what_does_not_get_shorter_is_left_alone(void **state)
{
	static char noise[FAR_MAX];
	static const size_t sizes[] = {1, 2, 5, 10, 11, 100, 512, 4096, FAR_MAX};
	struct deflate_codec *const codec = deflate_codec_new();
	(void)state;
	fill_noise(noise, sizeof(noise));
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		char *const out = malloc(deflate_room(sizes[i]));
		assert_int_equal(deflate_compress(codec, 0, cln_slice(noise, sizes[i]), out), 0);
		free(out);
	}
	/* ... and the codec goes on as if nothing had been. */
	char out[512];
	char text[512];
	fill(text, sizeof(text));
	const size_t len = deflate_compress(codec, 0, cln_slice(text, sizeof(text)), out);
	expect_inflates(out, len, 9, text, sizeof(text));
	deflate_codec_free(codec);
}

/* --- inflating --- */

static enum deflate_result inflate_with(
	struct deflate_codec *codec, const void *payload, size_t len, size_t max, struct buf *out)
{
	/* A block of exactly its size: a read past it is seen. */
	char *const copy = malloc(len > 0 ? len : 1);
	memcpy(copy, payload, len);
	buf_deinit(out);
	const enum deflate_result result = deflate_inflate(codec, cln_slice(copy, len), max, out);
	free(copy);
	assert_true(out->cap <= (max + 1 > DEFLATE_FIRST ? max + 1 : DEFLATE_FIRST));
	return result;
}

#define PAYLOAD(bytes) bytes, sizeof(bytes) - 1

static const struct {
	const char *what;
	const char *bytes;
	size_t len;
	const char *text; /* NULL: refused */
} payloads[] = {
	/* RFC 7692, 7.2.3.1 to 7.2.3.6 */
	{"one block", PAYLOAD("\xf2\x48\xcd\xc9\xc9\x07\x00"), "Hello"},
	{"a stored block", PAYLOAD("\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"), "Hello"},
	{"BFINAL", PAYLOAD("\xf3\x48\xcd\xc9\xc9\x07\x00\x00"), "Hello"},
	{"two blocks", PAYLOAD("\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"), "Hello"},
	{"an empty message", PAYLOAD("\x00"), ""},
	{"refers to the message before", PAYLOAD("\xf2\x00\x11\x00\x00"), NULL},
	/* what others send */
	{"nothing at all", PAYLOAD(""), ""},
	{"BFINAL without the byte behind it", PAYLOAD("\xf3\x48\xcd\xc9\xc9\x07\x00"), "Hello"},
	{"an empty last block", PAYLOAD("\x01"), ""},
	{"the four bytes left in", PAYLOAD("\xf2\x48\xcd\xc9\xc9\x07\x00\x00\x00\xff\xff\x00"),
		"Hello"},
	{"a stored block that ends all", PAYLOAD("\x01\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f"), "Hello"},
	{"two streams", PAYLOAD("\xf3\x48\xcd\xc9\xc9\x07\x00\xf3\x48\xcd\xc9\xc9\x07\x00\x00"),
		"HelloHello"},
	{"the second stream refers to the first",
		PAYLOAD("\x01\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x02\x13\x00\x00"), "HelloHello"},
	/* what is wrong */
	{"a block of type 3", PAYLOAD("\x06"), NULL},
	{"a stored length that is not confirmed", PAYLOAD("\x00\x05\x00\xfa\xfe"), NULL},
	{"a stored block cut short", PAYLOAD("\x00\x05\x00\xfa\xff\x48\x65"), NULL},
	{"0xff", PAYLOAD("\xff\xff\xff\xff"), NULL},
	{"a reference before the beginning", PAYLOAD("\x02\x13\x00\x00"), NULL},
	{"plain text", PAYLOAD("Hello, world"), NULL},
	{"a zlib header", PAYLOAD("\x78\x9c\xf2\x48\xcd\xc9\xc9\x07\x00"), NULL},
	{"a gzip header", PAYLOAD("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"), NULL},
};

static void payloads_are_inflated_or_refused(void **state)
{
	struct deflate_codec *const codec = deflate_codec_new();
	struct buf out = {0};
	(void)state;
	for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++) {
		const enum deflate_result result =
			inflate_with(codec, payloads[i].bytes, payloads[i].len, MESSAGE_MAX, &out);
		const bool is_right = payloads[i].text == NULL
								  ? result == DEFLATE_BROKEN
								  : result == DEFLATE_OK && cln_slice_equal(buf_slice(&out),
																cln_slice_of(payloads[i].text));
		if (!is_right)
			fail_msg("%s: %d, %zu bytes", payloads[i].what, (int)result, out.len);
	}
	buf_deinit(&out);
	deflate_codec_free(codec);
}

/* Raw DEFLATE as a client sends it: sync flush, the four bytes taken off. */
static size_t pack(const void *text, size_t len, int level, char *out, size_t room)
{
	z_stream stream = {0};
	assert_int_equal(deflateInit2(&stream, level, Z_DEFLATED, -15, 8, 0), Z_OK);
	stream.next_in = text;
	stream.avail_in = (unsigned)len;
	stream.next_out = (unsigned char *)out;
	stream.avail_out = (unsigned)room;
	assert_int_equal(deflate(&stream, Z_SYNC_FLUSH), Z_OK);
	assert_true(stream.avail_out > 0);
	deflateEnd(&stream);
	return room - stream.avail_out - 4;
}

static void all_levels_come_through(void **state)
{
	static char text[FAR_MAX];
	static char packed[FAR_MAX * 2];
	struct deflate_codec *const codec = deflate_codec_new();
	struct buf out = {0};
	(void)state;
	fill(text, sizeof(text));
	for (int level = 0; level <= 9; level++) {
		for (size_t len = 1; len <= sizeof(text); len = len * 3 + 1) {
			const size_t packed_len = pack(text, len, level, packed, sizeof(packed));
			assert_int_equal(
				inflate_with(codec, packed, packed_len, sizeof(text), &out), DEFLATE_OK);
			assert_int_equal(out.len, len);
			assert_memory_equal(out.bytes, text, len);
		}
	}
	buf_deinit(&out);
	deflate_codec_free(codec);
}

static void output_is_bounded(void **state)
{
	static char zeros[FAR_MAX];
	static char packed[FAR_MAX];
	static const size_t limits[] = {1, 128, 1023, 1024, 1025, 2048, 10240, FAR_MAX - 1};
	struct deflate_codec *const codec = deflate_codec_new();
	struct buf out = {0};
	(void)state;
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		for (size_t len = limits[i] - 1; len <= limits[i] + 1; len++) {
			const size_t packed_len = pack(zeros, len, 9, packed, sizeof(packed));
			const enum deflate_result result =
				inflate_with(codec, packed, packed_len, limits[i], &out);
			assert_int_equal(result, len <= limits[i] ? DEFLATE_OK : DEFLATE_TOO_BIG);
			assert_true(result != DEFLATE_OK || out.len == len);
		}
	}
	/* A bomb stops at the limit. */
	const size_t packed_len = pack(zeros, sizeof(zeros), 9, packed, sizeof(packed));
	assert_int_equal(inflate_with(codec, packed, packed_len, 128, &out), DEFLATE_TOO_BIG);
	assert_true(out.cap <= DEFLATE_FIRST);
	buf_deinit(&out);
	deflate_codec_free(codec);
}

static void truncations_are_refused(void **state)
{
	static char text[4000];
	static char packed[8000];
	struct deflate_codec *const codec = deflate_codec_new();
	struct buf out = {0};
	(void)state;
	fill(text, sizeof(text));
	for (int level = 0; level <= 9; level++) {
		const size_t packed_len = pack(text, sizeof(text), level, packed, sizeof(packed));
		/* The first byte of a stored block alone is an empty message. */
		for (size_t len = level == 0 ? 2 : 1; len < packed_len; len++) {
			const enum deflate_result result = inflate_with(codec, packed, len, MESSAGE_MAX, &out);
			if (result != DEFLATE_BROKEN)
				fail_msg("level %d cut to %zu of %zu: %d", level, len, packed_len, (int)result);
		}
		assert_int_equal(inflate_with(codec, packed, packed_len, MESSAGE_MAX, &out), DEFLATE_OK);
		assert_int_equal(out.len, sizeof(text));
	}
	buf_deinit(&out);
	deflate_codec_free(codec);
}

static void flipped_bits_do_no_harm(void **state)
{
	static char text[600];
	static char packed[1200];
	struct deflate_codec *const codec = deflate_codec_new();
	struct buf out = {0};
	(void)state;
	fill(text, sizeof(text));
	for (int level = 0; level <= 9; level += 9) {
		const size_t packed_len = pack(text, sizeof(text), level, packed, sizeof(packed));
		for (size_t bit = 0; bit < packed_len * 8; bit++) {
			packed[bit / 8] = (char)(packed[bit / 8] ^ 1 << bit % 8);
			inflate_with(codec, packed, packed_len, MESSAGE_MAX, &out);
			packed[bit / 8] = (char)(packed[bit / 8] ^ 1 << bit % 8);
		}
		assert_int_equal(inflate_with(codec, packed, packed_len, MESSAGE_MAX, &out), DEFLATE_OK);
		assert_memory_equal(out.bytes, text, sizeof(text));
	}
	buf_deinit(&out);
	deflate_codec_free(codec);
}

/* Each stream that ends costs a copy of the window: there is a limit. */
static void streams_are_counted(void **state)
{
	struct deflate_codec *const codec = deflate_codec_new();
	struct buf out = {0};
	(void)state;
	for (unsigned count = 60; count <= 70; count++) {
		struct buf payload = {0};
		for (unsigned i = 0; i < count; i++)
			buf_append(&payload, "\x03\x00", 2); /* an empty last block */
		assert_int_equal(inflate_with(codec, payload.bytes, payload.len, MESSAGE_MAX, &out),
			count <= 65 ? DEFLATE_OK : DEFLATE_BROKEN);
		buf_deinit(&payload);
	}
	buf_deinit(&out);
	deflate_codec_free(codec);
}

static void a_codec_without_use_is_freed(void **state)
{
	(void)state;
	deflate_codec_free(deflate_codec_new());
	deflate_codec_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(offers_are_judged),
		cmocka_unit_test(fields_are_one_list),
		cmocka_unit_test(a_zero_byte_is_no_token),
		cmocka_unit_test(compressed_text_fits_its_window),
		cmocka_unit_test(larger_windows_share_a_form),
		cmocka_unit_test(what_does_not_get_shorter_is_left_alone),
		cmocka_unit_test(payloads_are_inflated_or_refused),
		cmocka_unit_test(all_levels_come_through),
		cmocka_unit_test(output_is_bounded),
		cmocka_unit_test(truncations_are_refused),
		cmocka_unit_test(flipped_bits_do_no_harm),
		cmocka_unit_test(streams_are_counted),
		cmocka_unit_test(a_codec_without_use_is_freed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

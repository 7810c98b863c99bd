/* SPDX-License-Identifier: MIT */
/* sources: wire/name.c */
/*
 * Names, bus channels and UTF-8 against wire/vectors/{names,bus}.txt, and by exhaustion where the
 * space is small.
 */
#include "wire/name.h"

#include "support/vectors.h"
#include "wire/limits.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>

static void check_channel(const struct vectors *v)
{
	struct cln_channel_type type;
	unsigned flags = 0;

	memset(&type, 0x55, sizeof type);
	assert_int_equal(cln_channel_check(vector_text(v, 2), NULL), vector_result(v, 1));
	assert_int_equal(cln_channel_check(vector_text(v, 2), &type), vector_result(v, 1));
	if (vector_result(v, 1) != CLN_OK)
		return;
	for (size_t i = 3; i < v->count; i++) {
		flags |= vector_is(v, i, "private") ? 1 : 0;
		flags |= vector_is(v, i, "presence") ? 2 : 0;
		flags |= vector_is(v, i, "encrypted") ? 4 : 0;
		flags |= vector_is(v, i, "cache") ? 8 : 0;
		flags |= vector_is(v, i, "user") ? 16 : 0;
	}
	assert_int_equal(type.is_private, flags & 1);
	assert_int_equal(type.is_presence, flags >> 1 & 1);
	assert_int_equal(type.is_encrypted, flags >> 2 & 1);
	assert_int_equal(type.is_cache, flags >> 3 & 1);
	assert_int_equal(type.is_user, flags >> 4 & 1);
}

static void names(void **state)
{
	struct vectors v;

	(void)state;
	vectors_open(&v, "names");
	while (vectors_next(&v)) {
		struct cln_slice name = vector_text(&v, 2);
		const bool yes = vector_is(&v, 1, "yes");

		if (vector_is(&v, 0, "channel"))
			check_channel(&v);
		else if (vector_is(&v, 0, "event"))
			assert_int_equal(cln_event_check(name), vector_result(&v, 1));
		else if (vector_is(&v, 0, "app-id"))
			assert_int_equal(cln_app_id_is_valid(name), yes);
		else if (vector_is(&v, 0, "socket-id"))
			assert_int_equal(cln_socket_id_is_valid(name), yes);
		else if (vector_is(&v, 0, "bus-prefix"))
			assert_int_equal(cln_bus_prefix_is_valid(name), yes);
		else
			assert_true(vector_is(&v, 0, "utf8"));
	}
}

static void every_byte_of_a_channel_name(void **state)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
								  "_-=@,.;";

	(void)state;
	for (int byte = 0; byte < 256; byte++) {
		const bool is_allowed = byte && strchr(allowed, byte);
		char name[] = "abc";

		for (int at = 0; at < 3; at++) {
			memcpy(name, "abc", 3);
			name[at] = (char)byte;
			assert_int_equal(cln_channel_check(cln_slice(name, 3), NULL),
				is_allowed ? CLN_OK : CLN_ERR_PROTOCOL);
		}
	}
}

/* The same answer behind any number of ASCII bytes, which the fast path takes in words, and with
 * ASCII behind. */
static void utf8_behind_ascii(void **state)
{
	struct vectors v;

	(void)state;
	vectors_open(&v, "names");
	while (vectors_next(&v)) {
		struct cln_slice text;

		if (!vector_is(&v, 0, "utf8"))
			continue;
		text = vector_text(&v, 2);
		for (size_t before = 0; before <= 40; before++) {
			for (size_t after = 0; after <= 20; after++) {
				char bytes[128];
				struct cln_slice whole;

				memset(bytes, 'a', sizeof bytes);
				memcpy(bytes + before, text.ptr, text.len);
				whole = exact(cln_slice(bytes, before + text.len + after));
				assert_int_equal(cln_utf8_is_valid(whole), vector_is(&v, 1, "yes"));
				release(whole);
			}
		}
	}
}

/* How the standard's table 3-7 says it, one rule a line. */
static bool is_one_character(const unsigned char *b, size_t len)
{
#define IN(i, from, to) (b[i] >= (from) && b[i] <= (to))
	switch (len) {
	case 1:
		return b[0] < 0x80;
	case 2:
		return IN(0, 0xc2, 0xdf) && IN(1, 0x80, 0xbf);
	case 3:
		return IN(2, 0x80, 0xbf) &&
			   ((b[0] == 0xe0 && IN(1, 0xa0, 0xbf)) || (IN(0, 0xe1, 0xec) && IN(1, 0x80, 0xbf)) ||
				   (b[0] == 0xed && IN(1, 0x80, 0x9f)) || (IN(0, 0xee, 0xef) && IN(1, 0x80, 0xbf)));
	default:
		return false;
	}
#undef IN
}

/* All texts of up to three bytes. */
static void utf8_by_exhaustion(void **state)
{
	(void)state;
	for (uint32_t n = 0; n < 1u << 24; n++) {
		const unsigned char b[3] = {
			(unsigned char)(n >> 16), (unsigned char)(n >> 8), (unsigned char)n};
		const bool want =
			is_one_character(b, 3) || (is_one_character(b, 1) && is_one_character(b + 1, 2)) ||
			(is_one_character(b, 2) && is_one_character(b + 2, 1)) ||
			(is_one_character(b, 1) && is_one_character(b + 1, 1) && is_one_character(b + 2, 1));

		if (cln_utf8_is_valid(cln_slice(b, 3)) != want)
			fail_msg("%02x %02x %02x: expected %d", b[0], b[1], b[2], want);
	}
}

static void bus_channels(void **state)
{
	struct vectors v;

	(void)state;
	vectors_open(&v, "bus");
	while (vectors_next(&v)) {
		struct cln_slice app, channel;
		char bus[CLN_BUS_CHANNEL_MAX];
		size_t len;

		if (vector_is(&v, 0, "parse")) {
			assert_int_equal(
				cln_bus_channel_parse(vector_text(&v, 3), vector_text(&v, 2), &app, &channel),
				vector_result(&v, 1));
			continue;
		}
		if (vector_is(&v, 0, "part")) {
			assert_int_equal(
				cln_bus_part(vector_text(&v, 1), vector_text(&v, 2)), vector_number(&v, 3));
			continue;
		}
		assert_int_equal(
			cln_bus_part(vector_text(&v, 2), vector_text(&v, 3)), vector_number(&v, 4));
		len = cln_bus_channel(bus, vector_text(&v, 1), vector_text(&v, 2), vector_text(&v, 3));
		assert_int_equal(len, vector_text(&v, 5).len);
		assert_memory_equal(bus, vector_text(&v, 5).ptr, len);
		assert_int_equal(
			cln_bus_channel_parse(vector_text(&v, 5), vector_text(&v, 1), &app, &channel), CLN_OK);
		assert_true(cln_slice_equal(app, vector_text(&v, 2)));
		assert_true(cln_slice_equal(channel, vector_text(&v, 3)));
	}
}

/* Cut anywhere this one is refused: every shorter channel name of it has another part. (One in 128
 * shares it.) */
static void bus_channels_cut_at_each_byte(void **state)
{
	const struct cln_slice bus = CLN_SLICE("clairon:1:{41}:app1:private-orders.7");

	(void)state;
	for (size_t len = 0; len < bus.len; len++) {
		struct cln_slice app = CLN_SLICE("untouched"), channel = app;
		struct cln_slice cut = exact(cln_slice(bus.ptr, len));

		assert_int_equal(
			cln_bus_channel_parse(cut, CLN_SLICE("clairon"), &app, &channel), CLN_ERR_PROTOCOL);
		assert_true(cln_slice_equal(app, CLN_SLICE("untouched")));
		release(cut);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(every_byte_of_a_channel_name),
		cmocka_unit_test(utf8_behind_ascii),
		cmocka_unit_test(utf8_by_exhaustion),
		cmocka_unit_test(bus_channels),
		cmocka_unit_test(bus_channels_cut_at_each_byte),
	};

	return cmocka_run_group_tests_name("wire_name", tests, NULL, NULL);
}

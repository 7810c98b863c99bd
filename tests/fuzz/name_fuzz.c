/* SPDX-License-Identifier: MIT */
/* sources: wire/name.c */
/*
 * Names: UTF-8 beside a plain decoder, bus channels that parse are written again as the same bytes,
 * and what one check promises the others keep.
 */
#include "support/fuzz.h"
#include "wire/limits.h"
#include "wire/name.h"

/* Decodes one character and looks at its number; the length, or 0. */
static size_t character(const unsigned char *b, size_t len)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	const size_t want = b[0] < 0x80       ? 1
						: b[0] >> 5 == 6  ? 2
						: b[0] >> 4 == 14 ? 3
						: b[0] >> 3 == 30 ? 4
										  : 0;
	uint32_t code = want > 1 ? b[0] & (0x7fu >> want) : b[0];

	if (want == 0 || want > len)
		return 0;
	for (size_t i = 1; i < want; i++) {
		if (b[i] >> 6 != 2)
			return 0;
		code = code << 6 | (b[i] & 0x3fu);
	}
	if (code < smallest[want] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	return want;
}

static bool is_utf8(const unsigned char *b, size_t len)
{
	for (size_t at = 0, step; at < len; at += step) {
		step = character(b + at, len - at);
		if (step == 0)
			return false;
	}
	return true;
}

static void bus_channel(struct cln_slice bus)
{
	const struct cln_slice prefix = CLN_SLICE("clairon");
	struct cln_slice app, channel;
	char again[CLN_BUS_CHANNEL_MAX];

	if (cln_bus_channel_parse(bus, prefix, &app, &channel) != CLN_OK)
		return;
	claim(cln_app_id_is_valid(app) && cln_channel_check(channel, NULL) == CLN_OK);
	claim(cln_slice_equal(cln_slice(again, cln_bus_channel(again, prefix, app, channel)), bus));
}

/* A name that the fuzzer made, as the channel of a bus channel. */
static void there_and_back(struct cln_slice name)
{
	const struct cln_slice prefix = CLN_SLICE("p"), app = CLN_SLICE("app1");
	struct cln_slice found_app, found_channel;
	char bus[CLN_BUS_CHANNEL_MAX];

	if (cln_channel_check(name, NULL) != CLN_OK)
		return;
	claim(cln_utf8_is_valid(name) && cln_event_check(name) == CLN_OK);
	claim(cln_bus_channel_parse(cln_slice(bus, cln_bus_channel(bus, prefix, app, name)), prefix,
			  &found_app, &found_channel) == CLN_OK);
	claim(cln_slice_equal(found_app, app) && cln_slice_equal(found_channel, name));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cln_slice bytes = exact(cln_slice(data, size));
	struct cln_channel_type type;

	claim(cln_utf8_is_valid(bytes) == is_utf8(data, size));
	if (cln_channel_check(bytes, &type) == CLN_OK)
		claim(type.is_private || !(type.is_presence || type.is_encrypted));
	claim(!cln_socket_id_is_valid(bytes) || memchr(bytes.ptr, '.', size) != NULL);
	claim(
		!cln_app_id_is_valid(bytes) || cln_bus_prefix_is_valid(bytes) || size > CLN_BUS_PREFIX_MAX);
	bus_channel(bytes);
	there_and_back(bytes);
	free((char *)bytes.ptr);
	return 0;
}

/* SPDX-License-Identifier: MIT
 *
 * Checks of names and the naming of bus channels. All of it runs for each publish or delivery, so
 * alphabets are one table of bits per byte, the CRC takes four bytes a step, and UTF-8 skips ASCII
 * by machine words. Nothing is kept.
 */
#include "name.h"

#include "limits.h"
#include "version.h"

#include <assert.h>

/* ---- alphabets ---- */

enum alphabet {
	IN_CHANNEL = 1,
	IN_APP_ID = 2,
	IN_BUS_PREFIX = 4,
	IN_NUMBER = 8,
};

#define EVERYWHERE (IN_CHANNEL | IN_APP_ID | IN_BUS_PREFIX)

static const unsigned char alphabets[256] = {
	['A' ... 'Z'] = EVERYWHERE,
	['a' ... 'z'] = EVERYWHERE,
	['0' ... '9'] = EVERYWHERE | IN_NUMBER,
	['_'] = EVERYWHERE,
	['-'] = EVERYWHERE,
	['.'] = IN_CHANNEL | IN_BUS_PREFIX,
	[':'] = IN_BUS_PREFIX,
	['='] = IN_CHANNEL,
	['@'] = IN_CHANNEL,
	[','] = IN_CHANNEL,
	[';'] = IN_CHANNEL,
};

static bool is_all_in(struct cln_slice bytes, enum alphabet alphabet)
{
	unsigned found = alphabet;

	for (size_t i = 0; i < bytes.len; i++)
		found &= alphabets[(unsigned char)bytes.ptr[i]];
	return found != 0;
}

/* ---- channels, events, ids ---- */

/* The first row whose prefix fits decides, so longer prefixes stand above shorter ones. */
static const struct channel_prefix {
	struct cln_slice prefix;
	struct cln_channel_type type;
} channel_prefixes[] = {
	{{"private-encrypted-cache-", 24},
		{.is_private = true, .is_encrypted = true, .is_cache = true}},
	{{"private-encrypted-", 18}, {.is_private = true, .is_encrypted = true}},
	{{"private-cache-", 14}, {.is_private = true, .is_cache = true}},
	{{"private-", 8}, {.is_private = true}},
	{{"presence-cache-", 15}, {.is_private = true, .is_presence = true, .is_cache = true}},
	{{"presence-", 9}, {.is_private = true, .is_presence = true}},
	{{"cache-", 6}, {.is_cache = true}},
};

static struct cln_channel_type type_of(struct cln_slice name)
{
	const size_t count = sizeof channel_prefixes / sizeof *channel_prefixes;

	for (size_t i = 0; i < count; i++) {
		if (cln_slice_starts(name, channel_prefixes[i].prefix))
			return channel_prefixes[i].type;
	}
	return (struct cln_channel_type){0};
}

static int check_user_channel(struct cln_slice name, struct cln_channel_type *type)
{
	const struct cln_slice prefix = CLN_SLICE("#server-to-user-");

	if (!cln_slice_starts(name, prefix) || name.len == prefix.len ||
		!is_all_in(cln_slice_from(name, prefix.len), IN_CHANNEL))
		return CLN_ERR_PROTOCOL;
	if (type)
		*type = (struct cln_channel_type){.is_user = true};
	return CLN_OK;
}

int cln_channel_check(struct cln_slice name, struct cln_channel_type *type)
{
	if (name.len == 0)
		return CLN_ERR_PROTOCOL;
	if (name.len > CLN_CHANNEL_NAME_MAX)
		return CLN_ERR_LIMIT;
	if (name.ptr[0] == '#')
		return check_user_channel(name, type);
	if (!is_all_in(name, IN_CHANNEL))
		return CLN_ERR_PROTOCOL;
	if (type)
		*type = type_of(name);
	return CLN_OK;
}

int cln_event_check(struct cln_slice name)
{
	if (name.len == 0)
		return CLN_ERR_PROTOCOL;
	if (name.len > CLN_EVENT_NAME_MAX)
		return CLN_ERR_LIMIT;
	if (cln_slice_starts(name, CLN_SLICE("pusher:")) ||
		cln_slice_starts(name, CLN_SLICE("pusher_internal:")))
		return CLN_ERR_PROTOCOL;
	return cln_utf8_is_valid(name) ? CLN_OK : CLN_ERR_PROTOCOL;
}

bool cln_app_id_is_valid(struct cln_slice id)
{
	return id.len >= 1 && id.len <= CLN_APP_ID_MAX && is_all_in(id, IN_APP_ID);
}

bool cln_socket_id_is_valid(struct cln_slice id)
{
	const char *dot;
	size_t before;

	if (id.len < 3 || id.len > CLN_SOCKET_ID_MAX)
		return false;
	dot = memchr(id.ptr, '.', id.len);
	if (!dot)
		return false;
	before = (size_t)(dot - id.ptr);
	return before > 0 && before + 1 < id.len && is_all_in(cln_slice(id.ptr, before), IN_NUMBER) &&
		   is_all_in(cln_slice_from(id, before + 1), IN_NUMBER);
}

bool cln_bus_prefix_is_valid(struct cln_slice prefix)
{
	return prefix.len >= 1 && prefix.len <= CLN_BUS_PREFIX_MAX && is_all_in(prefix, IN_BUS_PREFIX);
}

/* ---- CRC-16/XMODEM ---- */

/* A CRC is linear: the entry of a byte is the sum of the entries of its bits, which makes the
 * tables constants of the compiler. Row N holds the entries of a byte that N more bytes follow. */
#define BIT(i, mask, entry) ((i) & (mask) ? (entry) : 0)
#define CRC_0(i)                                                                                   \
	(BIT(i, 1, 0x1021) ^ BIT(i, 2, 0x2042) ^ BIT(i, 4, 0x4084) ^ BIT(i, 8, 0x8108) ^               \
		BIT(i, 16, 0x1231) ^ BIT(i, 32, 0x2462) ^ BIT(i, 64, 0x48c4) ^ BIT(i, 128, 0x9188))
#define CRC_1(i)                                                                                   \
	(BIT(i, 1, 0x3331) ^ BIT(i, 2, 0x6662) ^ BIT(i, 4, 0xccc4) ^ BIT(i, 8, 0x89a9) ^               \
		BIT(i, 16, 0x0373) ^ BIT(i, 32, 0x06e6) ^ BIT(i, 64, 0x0dcc) ^ BIT(i, 128, 0x1b98))
#define CRC_2(i)                                                                                   \
	(BIT(i, 1, 0x3730) ^ BIT(i, 2, 0x6e60) ^ BIT(i, 4, 0xdcc0) ^ BIT(i, 8, 0xa9a1) ^               \
		BIT(i, 16, 0x4363) ^ BIT(i, 32, 0x86c6) ^ BIT(i, 64, 0x1dad) ^ BIT(i, 128, 0x3b5a))
#define CRC_3(i)                                                                                   \
	(BIT(i, 1, 0x76b4) ^ BIT(i, 2, 0xed68) ^ BIT(i, 4, 0xcaf1) ^ BIT(i, 8, 0x85c3) ^               \
		BIT(i, 16, 0x1ba7) ^ BIT(i, 32, 0x374e) ^ BIT(i, 64, 0x6e9c) ^ BIT(i, 128, 0xdd38))

#define FOUR(f, i)    f(i), f((i) + 1), f((i) + 2), f((i) + 3)
#define SIXTEEN(f, i) FOUR(f, i), FOUR(f, (i) + 4), FOUR(f, (i) + 8), FOUR(f, (i) + 12)
#define SIXTYFOUR(f, i)                                                                            \
	SIXTEEN(f, i), SIXTEEN(f, (i) + 16), SIXTEEN(f, (i) + 32), SIXTEEN(f, (i) + 48)
#define ALL(f) SIXTYFOUR(f, 0), SIXTYFOUR(f, 64), SIXTYFOUR(f, 128), SIXTYFOUR(f, 192)

static const uint16_t crc_table[4][256] = {{ALL(CRC_0)}, {ALL(CRC_1)}, {ALL(CRC_2)}, {ALL(CRC_3)}};

static unsigned crc16(unsigned crc, struct cln_slice bytes)
{
	const unsigned char *at = (const unsigned char *)bytes.ptr;
	size_t left = bytes.len;

	for (; left >= 4; left -= 4, at += 4) {
		crc = crc_table[3][(crc >> 8) ^ at[0]] ^ crc_table[2][(crc & 0xff) ^ at[1]] ^
			  crc_table[1][at[2]] ^ crc_table[0][at[3]];
	}
	for (; left; left--, at++)
		crc = ((crc << 8) & 0xffff) ^ crc_table[0][(crc >> 8) ^ *at];
	return crc;
}

/* ---- bus channels ---- */

/* `app_channel` is APPID:CHANNEL in one piece. */
static unsigned part_of(struct cln_slice app_channel)
{
	return crc16(0, app_channel) % CLN_BUS_PARTS;
}

unsigned cln_bus_part(struct cln_slice app, struct cln_slice channel)
{
	return crc16(crc16(crc16(0, app), CLN_SLICE(":")), channel) % CLN_BUS_PARTS;
}

static char *append(char *at, struct cln_slice bytes)
{
	memcpy(at, bytes.ptr, bytes.len);
	return at + bytes.len;
}

/* Below CLN_BUS_PARTS, so three digits at most, without leading zeros. */
static char *append_part(char *at, unsigned part)
{
	if (part >= 100)
		*at++ = (char)('0' + part / 100);
	if (part >= 10)
		*at++ = (char)('0' + part / 10 % 10);
	*at++ = (char)('0' + part % 10);
	return at;
}

/* `:1:{`, of which the digit is the version of names and envelopes together. */
static const char version_field[] = ":1:{";

_Static_assert(CLN_ENVELOPE_VERSION == 1, "the version field of bus channels names version 1");

size_t cln_bus_channel(
	char *out, struct cln_slice prefix, struct cln_slice app, struct cln_slice channel)
{
	char *at = out;

	assert(prefix.len <= CLN_BUS_PREFIX_MAX && app.len <= CLN_APP_ID_MAX);
	assert(channel.len <= CLN_CHANNEL_NAME_MAX);
	at = append(at, prefix);
	at = append(at, CLN_SLICE(version_field));
	at = append_part(at, cln_bus_part(app, channel));
	at = append(at, CLN_SLICE("}:"));
	at = append(at, app);
	*at++ = ':';
	at = append(at, channel);
	return (size_t)(at - out);
}

/* `rest` doesn't begin with our version: is it another one or no bus channel at all? */
static int check_other_version(struct cln_slice rest)
{
	size_t digits = 0;

	if (rest.len == 0 || rest.ptr[0] != ':')
		return CLN_ERR_PROTOCOL;
	rest = cln_slice_from(rest, 1);
	while (digits < rest.len && alphabets[(unsigned char)rest.ptr[digits]] & IN_NUMBER)
		digits++;
	if (digits == 0 || digits == rest.len || rest.ptr[digits] != ':' || rest.ptr[0] == '0')
		return CLN_ERR_PROTOCOL;
	return digits == 1 && rest.ptr[0] == '1' ? CLN_ERR_PROTOCOL : CLN_ERR_VERSION;
}

/* Splits at the first colon: `head` gets what stands before it, `rest` becomes what follows. */
static bool split(struct cln_slice *rest, struct cln_slice *head)
{
	const char *colon = rest->len ? memchr(rest->ptr, ':', rest->len) : NULL;

	if (!colon)
		return false;
	*head = cln_slice(rest->ptr, (size_t)(colon - rest->ptr));
	*rest = cln_slice_from(*rest, head->len + 1);
	return true;
}

int cln_bus_channel_parse(
	struct cln_slice bus, struct cln_slice prefix, struct cln_slice *app, struct cln_slice *channel)
{
	const struct cln_slice version = CLN_SLICE(version_field);
	struct cln_slice rest, part, app_channel, name;
	char expected[4], *end;

	if (!cln_slice_starts(bus, prefix))
		return CLN_ERR_PROTOCOL;
	rest = cln_slice_from(bus, prefix.len);
	if (!cln_slice_starts(rest, version))
		return check_other_version(rest);
	rest = cln_slice_from(rest, version.len);
	if (!split(&rest, &part))
		return CLN_ERR_PROTOCOL;
	app_channel = rest;
	if (!split(&rest, &name) || !cln_app_id_is_valid(name) ||
		cln_channel_check(rest, NULL) != CLN_OK)
		return CLN_ERR_PROTOCOL;
	/* Compared as text, the part has one spelling; its closing brace belongs to it. */
	end = append(append_part(expected, part_of(app_channel)), CLN_SLICE("}"));
	if (!cln_slice_equal(part, cln_slice(expected, (size_t)(end - expected))))
		return CLN_ERR_PROTOCOL;
	*app = name;
	*channel = rest;
	return CLN_OK;
}

/* ---- UTF-8 ---- */

/* What the next byte has to be. */
enum state {
	INVALID, /* 0: what the tables below leave out */
	START,   /* of a character; the only state in which a text may end */
	ONE_MORE,
	TWO_MORE,
	THREE_MORE,
	AFTER_E0, /* A0..BF: below would be overlong */
	AFTER_ED, /* 80..9F: above would be a surrogate */
	AFTER_F0, /* 90..BF: below would be overlong */
	AFTER_F4, /* 80..8F: above would pass U+10FFFF */
	STATES,
};

enum kind {
	NOWHERE, /* C0, C1, F5 and above */
	ASCII,
	IS_80_8F,
	IS_90_9F,
	IS_A0_BF,
	IS_C2_DF,
	IS_E0,
	IS_E1_EF, /* without E0 and ED */
	IS_ED,
	IS_F0,
	IS_F1_F3,
	IS_F4,
	KINDS,
};

static const unsigned char kinds[256] = {
	[0x00 ... 0x7f] = ASCII,
	[0x80 ... 0x8f] = IS_80_8F,
	[0x90 ... 0x9f] = IS_90_9F,
	[0xa0 ... 0xbf] = IS_A0_BF,
	[0xc2 ... 0xdf] = IS_C2_DF,
	[0xe0] = IS_E0,
	[0xe1 ... 0xec] = IS_E1_EF,
	[0xed] = IS_ED,
	[0xee ... 0xef] = IS_E1_EF,
	[0xf0] = IS_F0,
	[0xf1 ... 0xf3] = IS_F1_F3,
	[0xf4] = IS_F4,
};

static const unsigned char transitions[STATES][KINDS] = {
	[START] = {[ASCII] = START,
		[IS_C2_DF] = ONE_MORE,
		[IS_E0] = AFTER_E0,
		[IS_E1_EF] = TWO_MORE,
		[IS_ED] = AFTER_ED,
		[IS_F0] = AFTER_F0,
		[IS_F1_F3] = THREE_MORE,
		[IS_F4] = AFTER_F4},
	[ONE_MORE] = {[IS_80_8F... IS_A0_BF] = START},
	[TWO_MORE] = {[IS_80_8F... IS_A0_BF] = ONE_MORE},
	[THREE_MORE] = {[IS_80_8F... IS_A0_BF] = TWO_MORE},
	[AFTER_E0] = {[IS_A0_BF] = ONE_MORE},
	[AFTER_ED] = {[IS_80_8F... IS_90_9F] = ONE_MORE},
	[AFTER_F0] = {[IS_90_9F... IS_A0_BF] = TWO_MORE},
	[AFTER_F4] = {[IS_80_8F] = TWO_MORE},
};

#define WORD      sizeof(uint64_t)
#define HIGH_BITS UINT64_C(0x8080808080808080)

/* Two words at a time: most texts are ASCII from end to end. */
static const char *skip_ascii(const char *at, const char *end)
{
	while ((size_t)(end - at) >= 2 * WORD) {
		uint64_t words[2];

		memcpy(words, at, sizeof words);
		if ((words[0] | words[1]) & HIGH_BITS)
			break;
		at += sizeof words;
	}
	return at;
}

bool cln_utf8_is_valid(struct cln_slice text)
{
	const char *at = text.ptr, *const end = text.len ? text.ptr + text.len : text.ptr;
	unsigned state = START;

	while (at < end) {
		const char *stop;

		if (state == START)
			at = skip_ascii(at, end);
		/* A run byte by byte before ASCII is tried again: in text of two-byte characters, trying
		 * after each of them costs more than it saves. */
		stop = (size_t)(end - at) > 2 * WORD ? at + 2 * WORD : end;
		for (; at < stop; at++)
			state = transitions[state][kinds[(unsigned char)*at]];
		if (state == INVALID)
			return false;
	}
	return state == START;
}

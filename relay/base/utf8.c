/* SPDX-License-Identifier: MIT
 *
 * See utf8.h. The state says which bytes may come next; ASCII passes eight bytes at a time.
 */
#include "utf8.h"

#define ASCII_MASK UINT64_C(0x8080808080808080)

enum state {
	START = UTF8_START,
	ONE,      /* one continuation byte to come */
	TWO,      /* two */
	THREE,    /* three */
	AFTER_E0, /* the next one is restricted: overlong forms */
	AFTER_ED, /* surrogates */
	AFTER_F0, /* overlong forms */
	AFTER_F4, /* above U+10FFFF */
	INVALID,
};

struct step {
	unsigned char low, high;
	uint8_t next;
};

/* Indexed by the state; START has no row of its own. */
static const struct step steps[] = {
	[ONE] = {0x80, 0xbf, START},
	[TWO] = {0x80, 0xbf, ONE},
	[THREE] = {0x80, 0xbf, TWO},
	[AFTER_E0] = {0xa0, 0xbf, ONE},
	[AFTER_ED] = {0x80, 0x9f, ONE},
	[AFTER_F0] = {0x90, 0xbf, TWO},
	[AFTER_F4] = {0x80, 0x8f, TWO},
};

static uint8_t first(unsigned char byte)
{
	if (byte < 0x80) {
		return START;
	}
	if (byte < 0xc2 || byte > 0xf4) {
		return INVALID;
	}
	if (byte < 0xe0) {
		return ONE;
	}
	if (byte < 0xf0) {
		return byte == 0xe0 ? AFTER_E0 : byte == 0xed ? AFTER_ED : TWO;
	}
	return byte == 0xf0 ? AFTER_F0 : byte == 0xf4 ? AFTER_F4 : THREE;
}

static uint8_t next(uint8_t state, unsigned char byte)
{
	if (state == START) {
		return first(byte);
	}
	const struct step *const step = &steps[state];
	return byte >= step->low && byte <= step->high ? step->next : INVALID;
}

static size_t skip_ascii(const char *bytes, size_t len)
{
	size_t at = 0;
	while (len - at >= sizeof(uint64_t)) {
		uint64_t word;
		memcpy(&word, bytes + at, sizeof(word));
		if ((word & ASCII_MASK) != 0) {
			break;
		}
		at += sizeof(word);
	}
	return at;
}

bool utf8_feed(uint8_t *state, const char *bytes, size_t len)
{
	uint8_t now = *state;
	size_t at = 0;
	while (at < len) {
		if (now == START) {
			at += skip_ascii(bytes + at, len - at);
			if (at == len) {
				break;
			}
		}
		now = next(now, (unsigned char)bytes[at++]);
		if (now == INVALID) {
			return false;
		}
	}
	*state = now;
	return true;
}

bool utf8_is_valid(struct cln_slice text)
{
	uint8_t state = UTF8_START;
	return utf8_feed(&state, text.ptr, text.len) && state == UTF8_START;
}

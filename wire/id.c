/* SPDX-License-Identifier: MIT
 *
 * Message ids. The whole id counts up as one 128-bit number within a millisecond (or while the
 * clock is behind the last id), so a carry out of the random part moves the time on instead of
 * repeating an id.
 */
#include "id.h"

#include <string.h>

#define TIME_BYTES   6
#define RANDOM_BYTES (CLN_ID_BYTES - TIME_BYTES)
/* One less than 48 bits hold, so that a carry has somewhere to go. */
#define TIME_MAX_MS ((INT64_C(1) << 48) - 2)

static int64_t clamp_ms(int64_t now_ms)
{
	if (now_ms < 0)
		return 0;
	return now_ms > TIME_MAX_MS ? TIME_MAX_MS : now_ms;
}

/* A new source needs random bytes even when the clock stands at 1970, or two processes with such a
 * clock would give the same ids. */
bool cln_id_needs_random(const struct cln_id_source *source, int64_t now_ms)
{
	return clamp_ms(now_ms) > source->last_ms || !source->has_given;
}

static void count_up(struct cln_id_source *source)
{
	int i = CLN_ID_BYTES - 1;

	while (i >= 0 && ++source->last[i] == 0)
		i--;
	source->last_ms += i < TIME_BYTES;
}

static void start_ms(struct cln_id_source *source, int64_t ms, const unsigned char random[10])
{
	source->last_ms = ms;
	source->has_given = true;
	for (int i = TIME_BYTES - 1; i >= 0; i--, ms >>= 8)
		source->last[i] = (unsigned char)(ms & 0xff);
	memcpy(source->last + TIME_BYTES, random, RANDOM_BYTES);
}

void cln_id_next(struct cln_id_source *source, int64_t now_ms, const unsigned char random[10],
	unsigned char out[CLN_ID_BYTES])
{
	if (cln_id_needs_random(source, now_ms))
		start_ms(source, clamp_ms(now_ms), random);
	else
		count_up(source);
	memcpy(out, source->last, CLN_ID_BYTES);
}

void cln_id_hex(const unsigned char id[CLN_ID_BYTES], char out[2 * CLN_ID_BYTES])
{
	static const char digits[] = "0123456789abcdef";

	for (int i = 0; i < CLN_ID_BYTES; i++) {
		out[2 * i] = digits[id[i] >> 4];
		out[2 * i + 1] = digits[id[i] & 15];
	}
}

/* SPDX-License-Identifier: MIT
 *
 * 128-bit sortable message ids: 48 bits of Unix milliseconds (big endian), 80 bits that start
 * random in each millisecond and count up within it. Randomness comes from the caller.
 * One generator belongs to one thread; ids of one generator rise strictly, also when the clock
 * steps back.
 */
#ifndef CLN_ID_H
#define CLN_ID_H

#include "limits.h"

#include <stdbool.h>
#include <stdint.h>

/* Zeroed bytes are a source that has given no id. */
struct cln_id_source {
	unsigned char last[CLN_ID_BYTES];
	int64_t last_ms; /* the time in it */
	bool has_given;
};

/* Fills `out` with the next id. `random` is 10 fresh random bytes, used when `now_ms` is later
 * than the last id's; may be NULL if cln_id_needs_random(source, now_ms) is false. */
void cln_id_next(struct cln_id_source *source, int64_t now_ms, const unsigned char random[10],
	unsigned char out[CLN_ID_BYTES]);

bool cln_id_needs_random(const struct cln_id_source *source, int64_t now_ms);

/* 32 lower-case hexadecimal digits, no NUL. */
void cln_id_hex(const unsigned char id[CLN_ID_BYTES], char out[2 * CLN_ID_BYTES]);

#endif

/* SPDX-License-Identifier: MIT
 *
 * Clocks, message ids and random numbers of one process (thread under ZTS). Random bytes are
 * fetched in pools, so that an id costs no system call.
 */
#ifndef CLN_STAMP_H
#define CLN_STAMP_H

#include "../wire/id.h"

#include <stddef.h>

#define CLN_STAMP_POOL_BYTES 640

/* Zeroed bytes are a valid start. */
struct cln_stamp {
	struct cln_id_source source;
	unsigned char pool[CLN_STAMP_POOL_BYTES];
	size_t pool_left;
};

/* Fills `id` with the next message id. */
void cln_stamp_id(struct cln_stamp *stamp, unsigned char id[CLN_ID_BYTES]);

uint64_t cln_stamp_random(struct cln_stamp *stamp);

/* After a fork: the child must not repeat the parent's ids. */
void cln_stamp_reset(struct cln_stamp *stamp);

/* CLOCK_MONOTONIC; for deadlines. */
int64_t cln_now_ms(void);

/* The same clock as of the last tick, some milliseconds old at most, for less. */
int64_t cln_coarse_now_ms(void);

/* Milliseconds since 1970; for what other processes read. */
int64_t cln_wall_ms(void);

#endif

/* SPDX-License-Identifier: MIT
 *
 * See rand.h. getrandom(2) cannot block once the machine has booted. Single numbers, of which every
 * client gets one, are drawn some at a time.
 */
#include "rand.h"

#include "log.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define DRAWN 32 /* numbers of one system call */

void rand_bytes(void *out, size_t len)
{
	char *at = out;
	while (len > 0) {
		const ssize_t got = getrandom(at, len, 0);
		if (got < 0) {
			if (errno == EINTR) {
				continue;
			}
			log_event(LOG_LEVEL_ERROR, "no_randomness", "error=\"%s\"", strerror(errno));
			abort();
		}
		at += got;
		len -= (size_t)got;
	}
}

uint64_t rand_u64(void)
{
	static _Thread_local uint64_t drawn[DRAWN];
	static _Thread_local unsigned left;
	if (left == 0) {
		rand_bytes(drawn, sizeof(drawn));
		left = DRAWN;
	}
	const uint64_t value = drawn[--left];
	drawn[left] = 0; /* nobody who reads our memory learns the past */
	return value;
}

uint64_t rand_below(uint64_t bound)
{
	assert(bound > 0);
	/* Values from the incomplete last interval would favour small results. */
	const uint64_t excess = UINT64_MAX % bound;
	uint64_t value;
	do {
		value = rand_u64();
	} while (value > UINT64_MAX - excess - 1);
	return value % bound;
}

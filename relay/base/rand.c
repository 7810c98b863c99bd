/* SPDX-License-Identifier: MIT
 *
 * See rand.h. One getrandom(2) a call; it cannot block once the machine has booted.
 */
#include "rand.h"

#include "log.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

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
	uint64_t value;
	rand_bytes(&value, sizeof(value));
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

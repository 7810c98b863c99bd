/* SPDX-License-Identifier: MIT
 *
 * See stamp.h. Where the system has no random bytes to give (it always has on Linux) ids fall back
 * to clock and process id: they stay unique in practice and are no secret.
 */
#include "stamp.h"

#include "compat.h"

#include <time.h>
#include <unistd.h>

#define ID_RANDOM_BYTES 10
#define MS_PER_S        1000
#define NS_PER_MS       1000000

static int64_t read_clock(clockid_t clock)
{
	struct timespec now;
	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * MS_PER_S + now.tv_nsec / NS_PER_MS;
}

int64_t cln_now_ms(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

int64_t cln_coarse_now_ms(void)
{
#ifdef CLOCK_MONOTONIC_COARSE
	return read_clock(CLOCK_MONOTONIC_COARSE);
#else
	return read_clock(CLOCK_MONOTONIC);
#endif
}

int64_t cln_wall_ms(void)
{
	return read_clock(CLOCK_REALTIME);
}

static void fill_without_random(struct cln_stamp *stamp)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	uint64_t seed = (uint64_t)now.tv_nsec * 0x9e3779b97f4a7c15u ^ ((uint64_t)getpid() << 32);
	for (size_t i = 0; i < sizeof(stamp->pool); i++) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		stamp->pool[i] = (unsigned char)(seed >> 56);
	}
}

/* `size` bytes of the pool, which is filled anew when it runs short. */
static const unsigned char *take(struct cln_stamp *stamp, size_t size)
{
	if (stamp->pool_left < size) {
		if (!clairon_random_bytes(stamp->pool, sizeof(stamp->pool))) {
			fill_without_random(stamp);
		}
		stamp->pool_left = sizeof(stamp->pool);
	}
	stamp->pool_left -= size;
	return stamp->pool + stamp->pool_left;
}

/* The time of an id may be some milliseconds old, for a quarter of the price. */
static int64_t coarse_wall_ms(void)
{
#ifdef CLOCK_REALTIME_COARSE
	return read_clock(CLOCK_REALTIME_COARSE);
#else
	return read_clock(CLOCK_REALTIME);
#endif
}

void cln_stamp_id(struct cln_stamp *stamp, unsigned char id[CLN_ID_BYTES])
{
	const int64_t now_ms = coarse_wall_ms();
	const unsigned char *random = NULL;
	if (cln_id_needs_random(&stamp->source, now_ms)) {
		random = take(stamp, ID_RANDOM_BYTES);
	}
	cln_id_next(&stamp->source, now_ms, random, id);
}

uint64_t cln_stamp_random(struct cln_stamp *stamp)
{
	uint64_t number;
	memcpy(&number, take(stamp, sizeof(number)), sizeof(number));
	return number;
}

void cln_stamp_reset(struct cln_stamp *stamp)
{
	memset(stamp, 0, sizeof(*stamp));
}

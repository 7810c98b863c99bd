/* SPDX-License-Identifier: MIT
 *
 * See map.h. The only file that includes xxhash.
 */
#include "map.h"

#include "rand.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

static uint64_t seed;

void map_seed_init(void)
{
	seed = rand_u64();
}

uint32_t map_hash(const void *key, size_t len)
{
	/* The low half is as good as the whole: XXH3 mixes all bits. */
	return (uint32_t)XXH3_64bits_withSeed(key, len, seed);
}

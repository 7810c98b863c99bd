/* SPDX-License-Identifier: MIT
 *
 * uthash with a hash that peers cannot aim at: XXH3 with a seed drawn at start. Include this, never
 * <uthash.h>, in every file that uses HASH_*. The seed is written once, before threads start.
 */
#ifndef MAP_H
#define MAP_H

#include "xalloc.h"

#include <stdint.h>
#include <stdlib.h>

/* Once, at the start of main() and of each test that uses maps. */
void map_seed_init(void);

uint32_t map_hash(const void *key, size_t len);

#define HASH_FUNCTION(key, len, hash) ((hash) = map_hash((key), (size_t)(len)))
#define uthash_malloc(size)           xmalloc(size)
#define uthash_free(memory, size)     free(memory)

#include <uthash.h>

#endif

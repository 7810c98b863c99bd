/* SPDX-License-Identifier: MIT
 *
 * The message ids seen lately, by channel: bounded, in two generations. When the younger is full
 * it becomes the older one, whose content is forgotten; so the last `limit` / 2 to `limit` ids are
 * known. What is stored is a seeded 128-bit hash of id, application and channel. Memory comes with
 * the first id.
 */
#ifndef SEEN_H
#define SEEN_H

#include "../wire/limits.h"
#include "../wire/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct seen_key {
	uint64_t low;
	uint64_t high;
};

struct seen {
	uint64_t seed;
	size_t capacity; /* slots of a generation, a power of two */
	size_t limit;    /* of entries in a generation */
	size_t count;    /* in the younger one */
	struct seen_key *young;
	struct seen_key *old;
};

void seen_init(struct seen *seen, size_t limit);
void seen_deinit(struct seen *seen);
/* True if it was seen before; remembers it otherwise. */
bool seen_check(struct seen *seen, const unsigned char id[CLN_ID_BYTES], unsigned app,
	struct cln_slice channel);

#endif

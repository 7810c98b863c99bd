/* SPDX-License-Identifier: MIT
 *
 * Two open-addressing tables of hashes; a zero key marks a free slot.
 */
#include "seen.h"
#include "base/rand.h"
#include "base/xalloc.h"

#include <stdlib.h>
#include <xxhash.h>

#define LIMIT_MIN 16

void seen_init(struct seen *seen, size_t limit)
{
	*seen = (struct seen){.seed = rand_u64(), .limit = limit / 2};
	if (seen->limit < LIMIT_MIN)
		seen->limit = LIMIT_MIN;
	seen->capacity = LIMIT_MIN;
	while (seen->capacity < 2 * seen->limit)
		seen->capacity *= 2;
}

void seen_deinit(struct seen *seen)
{
	free(seen->young);
	free(seen->old);
	seen->young = NULL;
	seen->old = NULL;
}

/* The id of a message is random but its publisher chooses it: hashed with the rest. */
static struct seen_key key_of(const struct seen *seen, const unsigned char id[CLN_ID_BYTES],
	unsigned app, struct cln_slice channel)
{
	char bytes[CLN_ID_BYTES + sizeof(app) + CLN_CHANNEL_NAME_MAX];
	size_t len = CLN_ID_BYTES;
	memcpy(bytes, id, CLN_ID_BYTES);
	memcpy(bytes + len, &app, sizeof(app));
	len += sizeof(app);
	const size_t room = sizeof(bytes) - len;
	const size_t name = channel.len < room ? channel.len : room; /* names are checked before */
	memcpy(bytes + len, channel.ptr, name);
	const XXH128_hash_t hash = XXH3_128bits_withSeed(bytes, len + name, seen->seed);
	return (struct seen_key){hash.low64 | 1, hash.high64};
}

/* The slot that holds `key`, or the free one where it belongs. A generation is at most half full,
 * so there always is one. */
static struct seen_key *slot_of(struct seen_key *table, size_t capacity, struct seen_key key)
{
	size_t i = (size_t)key.high & (capacity - 1);
	while (table[i].low != 0 && (table[i].low != key.low || table[i].high != key.high))
		i = (i + 1) & (capacity - 1);
	return &table[i];
}

static void age(struct seen *seen)
{
	struct seen_key *const spare = seen->old;
	seen->old = seen->young;
	seen->young = spare;
	memset(seen->young, 0, seen->capacity * sizeof(*seen->young));
	seen->count = 0;
}

bool seen_check(
	struct seen *seen, const unsigned char id[CLN_ID_BYTES], unsigned app, struct cln_slice channel)
{
	if (seen->young == NULL) {
		seen->young = xcalloc(seen->capacity, sizeof(*seen->young));
		seen->old = xcalloc(seen->capacity, sizeof(*seen->old));
	}
	const struct seen_key key = key_of(seen, id, app, channel);
	struct seen_key *const slot = slot_of(seen->young, seen->capacity, key);
	if (slot->low != 0 || slot_of(seen->old, seen->capacity, key)->low != 0)
		return true;
	*slot = key;
	if (++seen->count == seen->limit)
		age(seen);
	return false;
}

/* SPDX-License-Identifier: MIT
 *
 * Objects found by a key that they hold themselves: an open-addressing table of pointers, for
 * objects of which there are so many that uthash's 56 bytes in each would be felt. It costs 12
 * bytes a place, 14 to 18 an object. The caller brings the hash: map_hash() of the key, or
 * something else that peers cannot aim.
 *
 * Zeroed: empty; an empty table holds no memory.
 */
#ifndef TABLE_H
#define TABLE_H

#include <stdbool.h>
#include <stdint.h>

struct table {
	void **entries;   /* `cap` places, NULL where nothing is; the hashes behind them */
	uint32_t *hashes; /* in the memory of `entries` */
	uint32_t cap;
	uint32_t count;
};

/* Whether `entry`, whose hash is right, is the one with that key. */
typedef bool (*table_match_fn)(const void *entry, const void *key);

/* NULL if there is none. */
void *table_find(const struct table *table, uint32_t hash, table_match_fn matches, const void *key);
/* There must be none with the same key. */
void table_add(struct table *table, uint32_t hash, void *entry);
/* `entry` is in the table, under `hash`. */
void table_remove(struct table *table, uint32_t hash, const void *entry);
/* Forgets all entries. */
void table_clear(struct table *table);

/* One entry after the other, in no order, NULL at the end: `at` begins as 0. Nothing may be added
 * or removed meanwhile. */
void *table_next(const struct table *table, uint32_t *at);

#endif

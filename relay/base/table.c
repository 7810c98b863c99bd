/* SPDX-License-Identifier: MIT
 *
 * See table.h. Linear probing from the place that a hash is scaled to. The hashes stand close
 * together, so that probing reads no object but the right one, and growing reads none at all. What
 * is removed leaves no mark: those behind it that had to step aside move up.
 */
#include "table.h"

#include "xalloc.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>

#define CAP_MIN   8u
#define HASH_BITS 32

/* Full at 7/8, and one place always stays free: that is where a search ends. It grows by a quarter,
 * since twice as much would stay half empty. */
static bool is_full(const struct table *table)
{
	return table->count + 1 >= table->cap - table->cap / 8;
}

static uint32_t place_of(const struct table *table, uint32_t hash)
{
	return (uint32_t)((uint64_t)hash * table->cap >> HASH_BITS);
}

static uint32_t behind(const struct table *table, uint32_t at)
{
	return at + 1 < table->cap ? at + 1 : 0;
}

static void put(struct table *table, uint32_t hash, void *entry)
{
	uint32_t at = place_of(table, hash);
	while (table->entries[at] != NULL) {
		at = behind(table, at);
	}
	table->entries[at] = entry;
	table->hashes[at] = hash;
}

static void resize(struct table *table, uint32_t cap)
{
	const struct table old = *table;
	table->cap = cap;
	table->entries = xcalloc(cap, sizeof(*table->entries) + sizeof(*table->hashes));
	table->hashes = (uint32_t *)(table->entries + cap);
	for (uint32_t at = 0; at < old.cap; at++) {
		if (old.entries[at] != NULL) {
			put(table, old.hashes[at], old.entries[at]);
		}
	}
	free(old.entries);
}

void *table_find(const struct table *table, uint32_t hash, table_match_fn matches, const void *key)
{
	if (table->count == 0) {
		return NULL;
	}
	for (uint32_t at = place_of(table, hash); table->entries[at] != NULL; at = behind(table, at)) {
		if (table->hashes[at] == hash && matches(table->entries[at], key)) {
			return table->entries[at];
		}
	}
	return NULL;
}

void table_add(struct table *table, uint32_t hash, void *entry)
{
	assert(entry != NULL);
	if (table->cap == 0) {
		resize(table, CAP_MIN);
	} else if (is_full(table)) {
		resize(table, table->cap + table->cap / 4);
	}
	put(table, hash, entry);
	table->count++;
}

static uint32_t find_place(const struct table *table, uint32_t hash, const void *entry)
{
	uint32_t at = place_of(table, hash);
	while (table->entries[at] != entry) {
		assert(table->entries[at] != NULL);
		at = behind(table, at);
	}
	return at;
}

/* Whether an entry whose place is `wanted` and that stands at `at` may move up to `gap`: unless
 * the gap is in front of its place, seen in a ring. */
static bool may_move(const struct table *table, uint32_t wanted, uint32_t gap, uint32_t at)
{
	const uint32_t aside = at >= wanted ? at - wanted : at + table->cap - wanted;
	const uint32_t distance = at >= gap ? at - gap : at + table->cap - gap;
	return aside >= distance;
}

static void close_gap(struct table *table, uint32_t gap)
{
	for (uint32_t at = behind(table, gap); table->entries[at] != NULL; at = behind(table, at)) {
		if (!may_move(table, place_of(table, table->hashes[at]), gap, at)) {
			continue;
		}
		table->entries[gap] = table->entries[at];
		table->hashes[gap] = table->hashes[at];
		gap = at;
	}
	table->entries[gap] = NULL;
}

void table_remove(struct table *table, uint32_t hash, const void *entry)
{
	close_gap(table, find_place(table, hash, entry));
	table->count--;
	if (table->count == 0) {
		table_clear(table);
	} else if (table->cap > CAP_MIN && table->count < table->cap / 4) {
		resize(table, table->cap / 2 > CAP_MIN ? table->cap / 2 : CAP_MIN);
	}
}

void table_clear(struct table *table)
{
	free(table->entries);
	*table = (struct table){0};
}

void *table_next(const struct table *table, uint32_t *at)
{
	while (*at < table->cap) {
		void *const entry = table->entries[(*at)++];
		if (entry != NULL) {
			return entry;
		}
	}
	return NULL;
}

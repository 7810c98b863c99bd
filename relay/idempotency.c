/* SPDX-License-Identifier: MIT
 *
 * See idempotency.h. All keys are kept equally long, so the list in the order of their coming is
 * also that of their end, but for keys that stay since they are on their way.
 */
#include "idempotency.h"

#include "base/map.h"

#include <assert.h>
#include <string.h>
#include <sys/queue.h>

struct entry {
	UT_hash_handle hh;
	TAILQ_ENTRY(entry) link;
	int64_t until_ms;
	struct frame *answer; /* NULL while the first request is on its way */
	void **waiters;
	size_t waiter_count;
	unsigned char print[IDEMPOTENCY_PRINT];
	size_t name_len;
	char name[]; /* application index, then the key */
};

TAILQ_HEAD(entry_list, entry);

struct idempotency {
	struct entry *entries; /* uthash by name */
	struct entry_list ages;
	size_t bytes;
};

struct name {
	size_t len;
	char bytes[sizeof(unsigned) + IDEMPOTENCY_KEY_MAX];
};

struct idempotency *idempotency_new(void)
{
	struct idempotency *const store = xcalloc(1, sizeof(*store));
	TAILQ_INIT(&store->ages);
	return store;
}

static void entry_free(struct idempotency *store, struct entry *entry)
{
	if (entry->answer != NULL)
		store->bytes -= entry->answer->len;
	frame_unref(entry->answer);
	TAILQ_REMOVE(&store->ages, entry, link);
	HASH_DELETE(hh, store->entries, entry);
	free(entry->waiters);
	free(entry);
}

void idempotency_free(struct idempotency *store, void (*drop)(void *waiter))
{
	if (store == NULL)
		return;
	struct entry *entry;
	while ((entry = TAILQ_FIRST(&store->ages)) != NULL) {
		for (size_t i = 0; i < entry->waiter_count; i++)
			drop(entry->waiters[i]);
		entry_free(store, entry);
	}
	free(store);
}

static struct name name_of(unsigned app, struct cln_slice key)
{
	struct name name;
	assert(key.len <= IDEMPOTENCY_KEY_MAX);
	memcpy(name.bytes, &app, sizeof(app));
	memcpy(name.bytes + sizeof(app), key.ptr, key.len);
	name.len = sizeof(app) + key.len;
	return name;
}

static struct entry *find(const struct idempotency *store, const struct name *name)
{
	struct entry *entry;
	HASH_FIND(hh, store->entries, name->bytes, name->len, entry);
	return entry;
}

static struct entry *oldest_answer(const struct idempotency *store)
{
	struct entry *entry;
	TAILQ_FOREACH(entry, &store->ages, link)
	{
		if (entry->answer != NULL)
			return entry;
	}
	return NULL;
}

static void drop_old(struct idempotency *store, int64_t now_ms)
{
	struct entry *entry;
	while ((entry = oldest_answer(store)) != NULL && entry->until_ms <= now_ms)
		entry_free(store, entry);
}

/* False if everything is on its way. */
static bool make_room(struct idempotency *store, unsigned limit, uint64_t *forgotten)
{
	while (HASH_COUNT(store->entries) >= limit || store->bytes > IDEMPOTENCY_BYTES_MAX) {
		struct entry *const entry = oldest_answer(store);
		if (entry == NULL)
			return false;
		entry_free(store, entry);
		++*forgotten;
	}
	return true;
}

static void add(
	struct idempotency *store, const struct idempotency_claim *claim, const struct name *name)
{
	struct entry *const entry = xcalloc(1, sizeof(*entry) + name->len);
	entry->until_ms = claim->now_ms + claim->keep_ms;
	memcpy(entry->print, claim->print, sizeof(entry->print));
	memcpy(entry->name, name->bytes, name->len);
	entry->name_len = name->len;
	HASH_ADD_KEYPTR(hh, store->entries, entry->name, entry->name_len, entry);
	TAILQ_INSERT_TAIL(&store->ages, entry, link);
}

static void wait(struct entry *entry, void *waiter)
{
	entry->waiters = xrealloc(entry->waiters, (entry->waiter_count + 1) * sizeof(*entry->waiters));
	entry->waiters[entry->waiter_count++] = waiter;
}

enum idempotency_result idempotency_claim(struct idempotency *store,
	const struct idempotency_claim *claim, struct frame **answer, uint64_t *forgotten)
{
	const struct name name = name_of(claim->app, claim->key);
	drop_old(store, claim->now_ms);
	struct entry *const entry = find(store, &name);
	if (entry == NULL) {
		if (claim->limit == 0 || !make_room(store, claim->limit, forgotten))
			return IDEMPOTENCY_FULL;
		add(store, claim, &name);
		return IDEMPOTENCY_FIRST;
	}
	if (memcmp(entry->print, claim->print, sizeof(entry->print)) != 0)
		return IDEMPOTENCY_OTHER;
	if (entry->answer == NULL) {
		wait(entry, claim->waiter);
		return IDEMPOTENCY_WAIT;
	}
	*answer = entry->answer;
	return IDEMPOTENCY_KNOWN;
}

void idempotency_settle(struct idempotency *store, unsigned app, struct cln_slice key,
	struct frame *answer, void (*wake)(void *waiter, struct frame *answer, void *context),
	void *context)
{
	const struct name name = name_of(app, key);
	struct entry *const entry = find(store, &name);
	if (entry == NULL || entry->answer != NULL)
		return;
	entry->answer = frame_ref(answer);
	store->bytes += answer->len;
	void **const waiters = entry->waiters;
	const size_t count = entry->waiter_count;
	entry->waiters = NULL;
	entry->waiter_count = 0;
	/* May come back here with other keys: the entry is not touched any more. */
	for (size_t i = 0; i < count; i++)
		wake(waiters[i], answer, context);
	free(waiters);
}

size_t idempotency_count(const struct idempotency *store)
{
	return store == NULL ? 0 : HASH_COUNT(store->entries);
}

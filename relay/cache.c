/* SPDX-License-Identifier: MIT
 *
 * Two shelves of items by channel, each in the order of time, so that what is too old stands in
 * front. One timer, for the front item that is due first, takes a bounded number at a time.
 */
#include "cache.h"
#include "base/map.h"

#include <assert.h>
#include <stddef.h>
#include <sys/queue.h>

#define DROPS_MAX 256 /* of one call: what is left goes in the next */

struct item {
	TAILQ_ENTRY(item) link;
	UT_hash_handle hh;
	struct frame *frame; /* NULL: a miss */
	int64_t put_ms;
	size_t name_len;
	char name[];
};

TAILQ_HEAD(item_queue, item);

struct shelf {
	struct item_queue queue; /* the oldest first */
	struct item *items;      /* uthash by channel */
};

struct cache {
	struct app *app;
	struct loop *loop;
	struct wheel_timer timer;
	struct shelf events;
	struct shelf misses;
};

/* --- shelves --- */

static struct item *shelf_find(const struct shelf *shelf, struct cln_slice channel)
{
	struct item *item;
	HASH_FIND(hh, shelf->items, channel.ptr, channel.len, item);
	return item;
}

static void shelf_drop(struct shelf *shelf, struct item *item)
{
	TAILQ_REMOVE(&shelf->queue, item, link);
	HASH_DELETE(hh, shelf->items, item);
	frame_unref(item->frame);
	free(item);
}

/* The channel's item, at the end of the queue. */
static struct item *shelf_ensure(struct shelf *shelf, struct cln_slice channel, int64_t now_ms)
{
	struct item *item = shelf_find(shelf, channel);
	if (item == NULL) {
		item = xcalloc(1, sizeof(*item) + channel.len);
		item->name_len = channel.len;
		memcpy(item->name, channel.ptr, channel.len);
		HASH_ADD_KEYPTR(hh, shelf->items, item->name, item->name_len, item);
	} else {
		TAILQ_REMOVE(&shelf->queue, item, link);
	}
	TAILQ_INSERT_TAIL(&shelf->queue, item, link);
	item->put_ms = now_ms;
	return item;
}

static unsigned shelf_shrink(struct shelf *shelf, unsigned limit)
{
	unsigned dropped = 0;
	while (HASH_COUNT(shelf->items) > limit && dropped < DROPS_MAX) {
		shelf_drop(shelf, TAILQ_FIRST(&shelf->queue));
		dropped++;
	}
	return dropped;
}

static void shelf_expire(struct shelf *shelf, int64_t before_ms)
{
	struct item *item;
	for (unsigned i = 0; i < DROPS_MAX; i++) {
		item = TAILQ_FIRST(&shelf->queue);
		if (item == NULL || item->put_ms > before_ms)
			return;
		shelf_drop(shelf, item);
	}
}

static void shelf_clear(struct shelf *shelf)
{
	struct item *item;
	while ((item = TAILQ_FIRST(&shelf->queue)) != NULL)
		shelf_drop(shelf, item);
}

/* --- time --- */

static int64_t ttl_ms(const struct cache *cache)
{
	return cache->app->conf->cache_ttl_ms;
}

/* When the front of `shelf` is too old, or `other_ms` if that is sooner. */
static int64_t due_ms(const struct shelf *shelf, int64_t kept_ms, int64_t other_ms)
{
	const struct item *const item = TAILQ_FIRST(&shelf->queue);
	if (item == NULL || item->put_ms + kept_ms > other_ms)
		return other_ms;
	return item->put_ms + kept_ms;
}

static void on_timer(struct wheel_timer *timer);

static void watch(struct cache *cache)
{
	const int64_t now_ms = cache->loop->now_ms;
	int64_t next_ms = due_ms(&cache->events, ttl_ms(cache), INT64_MAX);
	next_ms = due_ms(&cache->misses, CACHE_MISS_QUIET_MS, next_ms);
	loop_timer_set(cache->loop, &cache->timer, next_ms > now_ms ? next_ms - now_ms : 0, on_timer);
}

static void on_timer(struct wheel_timer *timer)
{
	struct cache *const cache = (struct cache *)((char *)timer - offsetof(struct cache, timer));
	const int64_t now_ms = cache->loop->now_ms;
	shelf_expire(&cache->events, now_ms - ttl_ms(cache));
	shelf_expire(&cache->misses, now_ms - CACHE_MISS_QUIET_MS);
	if (cache->events.items == NULL && cache->misses.items == NULL)
		cache_free(cache->app);
	else
		watch(cache);
}

/* --- the store --- */

static struct cache *ensure(struct app *app, struct loop *loop)
{
	if (app->cache == NULL) {
		app->cache = xcalloc(1, sizeof(*app->cache));
		app->cache->app = app;
		app->cache->loop = loop;
		TAILQ_INIT(&app->cache->events.queue);
		TAILQ_INIT(&app->cache->misses.queue);
	}
	return app->cache;
}

/* A reload ended the keeping: what is there from before is nobody's last event any more. */
static void forget_event(const struct app *app, struct cln_slice channel)
{
	struct item *const item = app->cache == NULL ? NULL : shelf_find(&app->cache->events, channel);
	if (item != NULL)
		shelf_drop(&app->cache->events, item);
}

void cache_put(struct app *app, struct loop *loop, struct cln_slice channel, struct frame *frame)
{
	if (app->conf->cache_channels == 0) {
		forget_event(app, channel);
		return;
	}
	struct cache *const cache = ensure(app, loop);
	struct item *const miss = shelf_find(&cache->misses, channel);
	if (miss != NULL)
		shelf_drop(&cache->misses, miss);
	struct item *const item = shelf_ensure(&cache->events, channel, loop->now_ms);
	frame_ref(frame);
	frame_unref(item->frame);
	item->frame = frame;
	loop->metrics.cache_evictions += shelf_shrink(&cache->events, app->conf->cache_channels);
	if (!cache->timer.is_running)
		watch(cache);
}

struct frame *cache_find(const struct app *app, struct cln_slice channel, int64_t *left_ms)
{
	const struct cache *const cache = app->cache;
	const struct item *const item = cache == NULL ? NULL : shelf_find(&cache->events, channel);
	if (item == NULL)
		return NULL;
	const int64_t left = item->put_ms + ttl_ms(cache) - cache->loop->now_ms;
	if (left <= 0)
		return NULL;
	if (left_ms != NULL)
		*left_ms = left;
	return item->frame;
}

bool cache_note_miss(struct app *app, struct loop *loop, struct cln_slice channel)
{
	struct cache *const cache = ensure(app, loop);
	const struct item *const known = shelf_find(&cache->misses, channel);
	if (known != NULL && loop->now_ms - known->put_ms < CACHE_MISS_QUIET_MS)
		return false;
	shelf_ensure(&cache->misses, channel, loop->now_ms);
	shelf_shrink(&cache->misses, CACHE_MISSES_MAX);
	watch(cache);
	return true;
}

void cache_free(struct app *app)
{
	struct cache *const cache = app->cache;
	if (cache == NULL)
		return;
	loop_timer_stop(cache->loop, &cache->timer);
	shelf_clear(&cache->events);
	shelf_clear(&cache->misses);
	free(cache);
	app->cache = NULL;
}

bool cache_has(struct cln_slice channel)
{
	static const struct cln_slice prefixes[] = {
		{"cache-", 6},
		{"private-cache-", 14},
		{"presence-cache-", 15},
		{"private-encrypted-cache-", 24},
	};
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		if (cln_slice_starts(channel, prefixes[i]))
			return true;
	}
	return false;
}

/* SPDX-License-Identifier: MIT
 *
 * The last event of each cache channel of one application, of those channels that are at home at
 * this worker. An event is kept for the application's cache_ttl_ms, whether or not anybody is
 * subscribed; of more than cache_channels the oldest goes. Also remembers, briefly, which channels
 * were found empty, so that many who find the same are reported once.
 *
 * The store hangs from app->cache. It comes with the first event or miss and goes with the last.
 */
#ifndef CACHE_H
#define CACHE_H

#include "app.h"
#include "base/frame.h"
#include "loop.h"

/* Whether channels of that name keep their last event; for names that passed their check. */
bool cache_has(struct cln_slice channel);

/* `frame` is the channel's last event from now on; counts what had to go for room. */
void cache_put(struct app *app, struct loop *loop, struct cln_slice channel, struct frame *frame);

/* The frame of the channel's last event, NULL if there is none. Borrowed until the loop's turn
 * ends or the store is written to. *left_ms, unless NULL: how long it will still be kept. */
struct frame *cache_find(const struct app *app, struct cln_slice channel, int64_t *left_ms);

/* `channel` was found empty. True if that is news: since its last event it was not found so, or
 * not for CACHE_MISS_QUIET_MS. */
bool cache_note_miss(struct app *app, struct loop *loop, struct cln_slice channel);

#define CACHE_MISS_QUIET_MS 10000
#define CACHE_MISSES_MAX    1000 /* remembered per application and worker */

/* Forgets everything; before the application or its loop goes. */
void cache_free(struct app *app);

#endif

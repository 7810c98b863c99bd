/* SPDX-License-Identifier: MIT
 *
 * The debounce of webhooks: channel_vacated and member_removed wait here for a while and are
 * dropped if the channel or member is back by then. Knows no loop: it is told the time. What is
 * held beyond its bounds leaves early instead of being lost.
 */
#ifndef WEBHOOK_HOLD_H
#define WEBHOOK_HOLD_H

#include "webhook_item.h"

#include <sys/queue.h>

struct webhook_held;
TAILQ_HEAD(webhook_held_list, webhook_held);

/* Zeroed and then webhook_hold_init(); the three limits may change at any time. */
struct webhook_hold {
	int64_t delay_ms;
	size_t count_max;
	size_t bytes_max;
	size_t count;
	size_t bytes;
	struct webhook_held *by_key;   /* uthash */
	struct webhook_held_list list; /* the oldest first */
};

void webhook_hold_init(struct webhook_hold *hold);
void webhook_hold_deinit(struct webhook_hold *hold);

/* Takes over a reference to an event that reports an end. */
void webhook_hold_put(struct webhook_hold *hold, struct webhook_item *item);

/* True if the end that `event` undoes was held: it is forgotten, and so should `event` be. */
bool webhook_hold_cancel(struct webhook_hold *hold, const struct webhook_event *event);

/* The oldest event if its time has come, or NULL. The caller has its reference. */
struct webhook_item *webhook_hold_take(struct webhook_hold *hold, int64_t now_ms);

/* Milliseconds until webhook_hold_take() has something, -1: nothing is held. */
int64_t webhook_hold_wait(const struct webhook_hold *hold, int64_t now_ms);

#endif

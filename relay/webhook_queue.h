/* SPDX-License-Identifier: MIT
 *
 * Events in order: a ring that grows with what waits and whose memory goes when it is empty. Main
 * thread only.
 */
#ifndef WEBHOOK_QUEUE_H
#define WEBHOOK_QUEUE_H

#include "webhook_item.h"

/* Zeroed: empty. */
struct webhook_queue {
	struct webhook_item **items;
	size_t first;
	size_t count;
	size_t cap;   /* a power of two */
	size_t bytes; /* of the items */
};

/* Takes over a reference. */
void webhook_queue_put(struct webhook_queue *queue, struct webhook_item *item);
/* The oldest, with its reference; NULL if none is there. */
struct webhook_item *webhook_queue_take(struct webhook_queue *queue);
/* The oldest, borrowed. */
struct webhook_item *webhook_queue_first(const struct webhook_queue *queue);

#endif

/* SPDX-License-Identifier: MIT
 *
 * See webhook_queue.h.
 */
#include "webhook_queue.h"
#include "base/xalloc.h"

#include <stdlib.h>

#define CAP_FIRST 16

static void grow(struct webhook_queue *queue)
{
	const size_t cap = queue->cap > 0 ? 2 * queue->cap : CAP_FIRST;
	struct webhook_item **const items = xcalloc(cap, sizeof(struct webhook_item *));
	for (size_t i = 0; i < queue->count; i++)
		items[i] = queue->items[(queue->first + i) & (queue->cap - 1)];
	free(queue->items);
	queue->items = items;
	queue->first = 0;
	queue->cap = cap;
}

void webhook_queue_put(struct webhook_queue *queue, struct webhook_item *item)
{
	if (queue->count == queue->cap)
		grow(queue);
	queue->items[(queue->first + queue->count) & (queue->cap - 1)] = item;
	queue->count++;
	queue->bytes += item->size;
}

struct webhook_item *webhook_queue_first(const struct webhook_queue *queue)
{
	return queue->count > 0 ? queue->items[queue->first] : NULL;
}

struct webhook_item *webhook_queue_take(struct webhook_queue *queue)
{
	struct webhook_item *const item = webhook_queue_first(queue);
	if (item == NULL)
		return NULL;
	queue->first = (queue->first + 1) & (queue->cap - 1);
	queue->count--;
	queue->bytes -= item->size;
	if (queue->count == 0) {
		free(queue->items);
		*queue = (struct webhook_queue){0};
	}
	return item;
}

/* SPDX-License-Identifier: MIT
 *
 * An event on its way to endpoints: a copy in one piece of memory. A worker makes it and mails it;
 * from then on it belongs to the main thread, which counts who still needs it.
 */
#ifndef WEBHOOK_ITEM_H
#define WEBHOOK_ITEM_H

#include "webhook.h"

struct webhook_item {
	struct mail mail;
	struct webhooks *webhooks;
	unsigned refs;
	int64_t at_ms;              /* when the main thread got it, monotonic */
	size_t size;                /* in memory, all included */
	struct webhook_event event; /* its slices point into `bytes` */
	char bytes[];
};

/* What webhook_item_new() would take. */
size_t webhook_item_size(const struct webhook_event *event);
/* With one reference. */
struct webhook_item *webhook_item_new(const struct webhook_event *event);
struct webhook_item *webhook_item_ref(struct webhook_item *item);
void webhook_item_unref(struct webhook_item *item);

#endif

/* SPDX-License-Identifier: MIT
 *
 * See webhook_item.h.
 */
#include "webhook_item.h"
#include "base/xalloc.h"

#include <stdlib.h>

size_t webhook_item_size(const struct webhook_event *event)
{
	return sizeof(struct webhook_item) + event->channel.len + event->user_id.len +
		   event->event.len + event->data.len;
}

static struct cln_slice keep(char **at, struct cln_slice slice)
{
	char *const bytes = *at;
	if (slice.len > 0)
		memcpy(bytes, slice.ptr, slice.len);
	*at += slice.len;
	return cln_slice(slice.ptr == NULL ? NULL : bytes, slice.len);
}

struct webhook_item *webhook_item_new(const struct webhook_event *event)
{
	const size_t size = webhook_item_size(event);
	struct webhook_item *const item = xmalloc(size);
	char *at = item->bytes;
	*item = (struct webhook_item){.refs = 1, .size = size, .event = *event};
	item->event.channel = keep(&at, event->channel);
	item->event.user_id = keep(&at, event->user_id);
	item->event.event = keep(&at, event->event);
	item->event.data = keep(&at, event->data);
	return item;
}

struct webhook_item *webhook_item_ref(struct webhook_item *item)
{
	item->refs++;
	return item;
}

void webhook_item_unref(struct webhook_item *item)
{
	if (--item->refs == 0)
		free(item);
}

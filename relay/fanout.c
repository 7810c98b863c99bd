/* SPDX-License-Identifier: MIT
 *
 * The delivery loop.
 */
#include "fanout.h"

size_t fanout_deliver(
	const struct channel *channel, struct frame *frame, const struct subscriber *except)
{
	struct subscriber *const *const live = channel_live(channel);
	const size_t count = channel->live_count;
	size_t delivered = 0;
	for (size_t i = 0; i < count; i++) {
		struct subscriber *const subscriber = live[i];
		if (subscriber == except)
			continue;
		subscriber->ops->deliver(subscriber, channel, frame);
		delivered++;
	}
	return delivered;
}

/* SPDX-License-Identifier: MIT
 *
 * The delivery loops.
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

static bool belongs(
	const struct fanout *fanout, const struct channel *channel, const struct frame *frame)
{
	return fanout->count == 0 || (fanout->channel == channel && fanout->count < FANOUT_FRAMES_MAX &&
									 fanout->bytes + frame->len <= FANOUT_BYTES_MAX);
}

size_t fanout_add(struct fanout *fanout, const struct channel *channel, struct frame *frame)
{
	if (channel->live_count == 0)
		return 0;
	if (!belongs(fanout, channel, frame))
		fanout_flush(fanout);
	fanout->channel = channel;
	fanout->frames[fanout->count++] = frame_ref(frame);
	fanout->bytes += frame->len;
	return channel->live_count;
}

static struct frame *join(const struct fanout *fanout)
{
	struct frame *const joined = frame_new(fanout->bytes);
	char *at = joined->bytes;
	for (size_t i = 0; i < fanout->count; i++) {
		memcpy(at, fanout->frames[i]->bytes, fanout->frames[i]->len);
		at += fanout->frames[i]->len;
	}
	return joined;
}

static void deliver_each(
	struct subscriber *subscriber, const struct channel *channel, const struct frame_run *run)
{
	for (size_t i = 0; i < run->count; i++)
		subscriber->ops->deliver(subscriber, channel, run->frames[i]);
}

static void deliver_joined(const struct fanout *fanout)
{
	const struct channel *const channel = fanout->channel;
	struct subscriber *const *const live = channel_live(channel);
	const size_t count = channel->live_count;
	struct frame *const joined = join(fanout);
	const struct frame_run run = {fanout->frames, fanout->count, joined};
	for (size_t i = 0; i < count; i++) {
		if (live[i]->ops->deliver_all != NULL)
			live[i]->ops->deliver_all(live[i], &run);
		else
			deliver_each(live[i], channel, &run);
	}
	frame_unref(joined);
}

void fanout_flush(struct fanout *fanout)
{
	if (fanout->count == 0)
		return;
	if (fanout->count == 1)
		fanout_deliver(fanout->channel, fanout->frames[0], NULL);
	else
		deliver_joined(fanout);
	for (size_t i = 0; i < fanout->count; i++)
		frame_unref(fanout->frames[i]);
	fanout->count = 0;
	fanout->bytes = 0;
}

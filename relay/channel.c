/* SPDX-License-Identifier: MIT
 *
 * Channels by name and their subscriptions; leaving the dense array is a swap with its last.
 */
#include "channel.h"

#include <assert.h>

#define LIVE_CAP_MIN 4

void subscriber_init(struct subscriber *subscriber, const struct subscriber_ops *ops, uint64_t id)
{
	subscriber->ops = ops;
	subscriber->id = id;
	subscriber->count = 0;
	LIST_INIT(&subscriber->subscriptions);
}

static uint32_t hash_of(struct cln_slice name)
{
	return map_hash(name.ptr, name.len);
}

static bool has_name(const void *channel, const void *name)
{
	return cln_slice_equal(channel_name(channel), *(const struct cln_slice *)name);
}

struct channel *channel_new(
	struct app *app, struct cln_slice name, const struct cln_channel_type *type)
{
	struct channel *const channel = xcalloc(1, sizeof(*channel) + name.len);
	channel->app = app;
	channel->type = *type;
	channel->name_len = name.len;
	memcpy(channel->name, name.ptr, name.len);
	TAILQ_INIT(&channel->waiting);
	table_add(&app->channels, hash_of(name), channel);
	return channel;
}

struct channel *channel_find(struct app *app, struct cln_slice name)
{
	return table_find(&app->channels, hash_of(name), has_name, &name);
}

struct cln_slice channel_name(const struct channel *channel)
{
	return cln_slice(channel->name, channel->name_len);
}

bool channel_is_empty(const struct channel *channel)
{
	return channel->live_count == 0 && TAILQ_EMPTY(&channel->waiting);
}

void channel_free(struct channel *channel)
{
	assert(channel_is_empty(channel));
	table_remove(&channel->app->channels, hash_of(channel_name(channel)), channel);
	free(channel->live);
	free(channel);
}

struct subscription *subscription_new(struct channel *channel, struct subscriber *subscriber,
	uint64_t token, struct cln_slice user_id)
{
	struct subscription *const subscription = xcalloc(1, sizeof(*subscription) + user_id.len);
	subscription->subscriber = subscriber;
	subscription->channel = channel;
	subscription->index = SUBSCRIPTION_WAITING;
	subscription->token = token;
	subscription->user_id_len = user_id.len;
	if (user_id.len > 0)
		memcpy(subscription->user_id, user_id.ptr, user_id.len);
	TAILQ_INSERT_TAIL(&channel->waiting, subscription, of_channel);
	LIST_INSERT_HEAD(&subscriber->subscriptions, subscription, of_subscriber);
	subscriber->count++;
	return subscription;
}

struct subscription *subscription_find(
	const struct subscriber *subscriber, const struct channel *channel)
{
	struct subscription *subscription;
	LIST_FOREACH(subscription, &subscriber->subscriptions, of_subscriber)
	{
		if (subscription->channel == channel)
			return subscription;
	}
	return NULL;
}

bool subscription_is_waiting(const struct subscription *subscription)
{
	return subscription->index == SUBSCRIPTION_WAITING;
}

struct cln_slice subscription_user(const struct subscription *subscription)
{
	return cln_slice(subscription->user_id, subscription->user_id_len);
}

void subscription_enter(struct subscription *subscription)
{
	struct channel *const channel = subscription->channel;
	assert(subscription_is_waiting(subscription));
	TAILQ_REMOVE(&channel->waiting, subscription, of_channel);
	if (channel->live_count == channel->live_cap) {
		channel->live_cap = channel->live_cap == 0 ? LIVE_CAP_MIN : 2 * channel->live_cap;
		channel->live = xrealloc(channel->live, channel->live_cap * sizeof(*channel->live));
	}
	subscription->index = channel->live_count;
	channel->live[channel->live_count++] =
		(struct channel_slot){subscription->subscriber, subscription};
	if (subscription->subscriber->id != 0)
		channel->clients++;
}

static void leave(const struct subscription *subscription)
{
	struct channel *const channel = subscription->channel;
	const size_t index = subscription->index;
	const struct channel_slot last = channel->live[--channel->live_count];
	channel->live[index] = last;
	last.subscription->index = index;
	if (channel->live_cap > LIVE_CAP_MIN && channel->live_count < channel->live_cap / 4) {
		channel->live_cap /= 2;
		channel->live = xrealloc(channel->live, channel->live_cap * sizeof(*channel->live));
	}
	if (subscription->subscriber->id != 0)
		channel->clients--;
}

void subscription_free(struct subscription *subscription)
{
	struct channel *const channel = subscription->channel;
	if (subscription_is_waiting(subscription))
		TAILQ_REMOVE(&channel->waiting, subscription, of_channel);
	else
		leave(subscription);
	LIST_REMOVE(subscription, of_subscriber);
	subscription->subscriber->count--;
	free(subscription);
}

/* SPDX-License-Identifier: MIT
 *
 * Channels by name and their subscriptions. A subscription stands in two dense arrays, as a
 * subscriber in its channel's and as itself in its subscriber's, and each knows its place in the
 * other: leaving is a swap with the last one in both, whatever their length.
 */
#include "channel.h"

#include <assert.h>

#define LIVE_CAP_MIN 4
#define MANY_MIN     4
#define SLOT_BYTES   (sizeof(struct subscriber *) + sizeof(uint32_t))

void subscriber_init(struct subscriber *subscriber, const struct subscriber_ops *ops, uint64_t id)
{
	*subscriber = (struct subscriber){.ops = ops, .id = id};
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
	channel->name_len = (uint8_t)name.len; /* checked */
	memcpy(channel->name, name.ptr, name.len);
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
	return channel->live_count == 0 && LIST_EMPTY(&channel->waiting);
}

void channel_free(struct channel *channel)
{
	assert(channel_is_empty(channel));
	table_remove(&channel->app->channels, hash_of(channel_name(channel)), channel);
	if (channel->live_cap > 0)
		free(channel->many);
	free(channel);
}

/* --- the channel's array --- */

struct subscriber *const *channel_live(const struct channel *channel)
{
	return channel->live_cap > 0 ? channel->many : &channel->one;
}

static struct subscriber **live_of(struct channel *channel)
{
	return channel->live_cap > 0 ? channel->many : &channel->one;
}

static uint32_t *places_of(struct channel *channel)
{
	return channel->live_cap > 0 ? (uint32_t *)(channel->many + channel->live_cap)
								 : &channel->place;
}

static void live_grow(struct channel *channel)
{
	const uint32_t old = channel->live_cap;
	const uint32_t cap = old == 0 ? LIVE_CAP_MIN : 2 * old;
	struct subscriber *const one = channel->one;
	channel->many = xrealloc(old == 0 ? NULL : channel->many, cap * SLOT_BYTES);
	channel->live_cap = cap;
	if (old == 0) {
		channel->many[0] = one;
		places_of(channel)[0] = channel->place;
	} else {
		memmove(places_of(channel), channel->many + old, old * sizeof(uint32_t));
	}
}

static void live_shrink(struct channel *channel)
{
	struct subscriber **const many = channel->many;
	const uint32_t *const places = places_of(channel);
	if (channel->live_count == 1) {
		channel->place = places[0];
		channel->one = many[0];
		channel->live_cap = 0;
		free(many);
		return;
	}
	channel->live_cap /= 2;
	memmove(places_of(channel), places, channel->live_count * sizeof(uint32_t));
	channel->many = xrealloc(many, channel->live_cap * SLOT_BYTES);
}

static void live_add(struct channel *channel, struct subscriber *subscriber, uint32_t place)
{
	const uint32_t cap = channel->live_cap > 0 ? channel->live_cap : 1;
	if (channel->live_count == cap)
		live_grow(channel);
	live_of(channel)[channel->live_count] = subscriber;
	places_of(channel)[channel->live_count] = place;
	channel->live_count++;
}

/* --- the subscriber's array --- */

static struct subscription *all_of(struct subscriber *subscriber)
{
	return subscriber->cap > 0 ? subscriber->many : &subscriber->one;
}

static struct subscription *many_new_place(struct subscriber *subscriber)
{
	const uint32_t cap = subscriber->cap > 0 ? subscriber->cap : 1;
	if (subscriber->count == cap) {
		const struct subscription one = subscriber->one;
		const uint32_t more = subscriber->cap == 0 ? MANY_MIN : 2 * subscriber->cap;
		subscriber->many = xrealloc(
			subscriber->cap == 0 ? NULL : subscriber->many, more * sizeof(struct subscription));
		if (subscriber->cap == 0)
			subscriber->many[0] = one;
		subscriber->cap = more;
	}
	return &all_of(subscriber)[subscriber->count++];
}

/* After one has gone. */
static void many_shrink(struct subscriber *subscriber)
{
	struct subscription *const many = subscriber->many;
	if (subscriber->count <= 1) {
		subscriber->one = many[0];
		subscriber->cap = 0;
		free(many);
	} else if (subscriber->cap > MANY_MIN && subscriber->count < subscriber->cap / 4) {
		subscriber->cap /= 2;
		subscriber->many = xrealloc(many, subscriber->cap * sizeof(struct subscription));
	}
}

static void set_place(struct subscription *subscription, uint32_t place)
{
	if (subscription->extra != NULL)
		subscription->extra->place = place;
	if (!subscription_is_waiting(subscription))
		places_of(subscription->channel)[subscription->index] = place;
}

static void many_remove(struct subscriber *subscriber, struct subscription *subscription)
{
	struct subscription *const all = all_of(subscriber);
	const uint32_t last = --subscriber->count;
	if (subscription != &all[last]) {
		*subscription = all[last];
		set_place(subscription, (uint32_t)(subscription - all));
	}
	if (subscriber->cap > 0)
		many_shrink(subscriber);
}

/* --- subscriptions --- */

static struct subscription *subscription_of(const struct subscription_extra *extra)
{
	return extra == NULL ? NULL : &all_of(extra->subscriber)[extra->place];
}

struct subscription *channel_waiting(const struct channel *channel)
{
	return subscription_of(LIST_FIRST(&channel->waiting));
}

struct subscription *subscription_next_waiting(const struct subscription *subscription)
{
	return subscription_of(LIST_NEXT(subscription->extra, waiting));
}

static struct subscription_extra *extra_new(
	struct subscriber *subscriber, uint64_t token, struct cln_slice user_id)
{
	struct subscription_extra *const extra = xcalloc(1, sizeof(*extra) + user_id.len);
	extra->subscriber = subscriber;
	extra->token = token;
	extra->place = subscriber->count;
	extra->user_id_len = user_id.len;
	if (user_id.len > 0)
		memcpy(extra->user_id, user_id.ptr, user_id.len);
	return extra;
}

struct subscription *subscription_new(struct channel *channel, struct subscriber *subscriber,
	uint64_t token, struct cln_slice user_id)
{
	struct subscription_extra *const extra = extra_new(subscriber, token, user_id);
	struct subscription *const subscription = many_new_place(subscriber);
	*subscription = (struct subscription){channel, extra, SUBSCRIPTION_WAITING};
	LIST_INSERT_HEAD(&channel->waiting, extra, waiting);
	return subscription;
}

struct subscription *subscription_find(struct subscriber *subscriber, const struct channel *channel)
{
	struct subscription *const all = all_of(subscriber);
	for (uint32_t i = 0; i < subscriber->count; i++) {
		if (all[i].channel == channel)
			return &all[i];
	}
	return NULL;
}

struct subscription *subscription_last(struct subscriber *subscriber)
{
	return subscriber->count == 0 ? NULL : &all_of(subscriber)[subscriber->count - 1];
}

bool subscription_is_waiting(const struct subscription *subscription)
{
	return subscription->index == SUBSCRIPTION_WAITING;
}

struct subscriber *subscription_subscriber(const struct subscription *subscription)
{
	return subscription_is_waiting(subscription)
			   ? subscription->extra->subscriber
			   : channel_live(subscription->channel)[subscription->index];
}

uint64_t subscription_token(const struct subscription *subscription)
{
	return subscription->extra == NULL ? 0 : subscription->extra->token;
}

struct cln_slice subscription_user(const struct subscription *subscription)
{
	const struct subscription_extra *const extra = subscription->extra;
	return extra == NULL ? cln_slice(NULL, 0) : cln_slice(extra->user_id, extra->user_id_len);
}

void subscription_enter(struct subscription *subscription)
{
	struct channel *const channel = subscription->channel;
	struct subscription_extra *const extra = subscription->extra;
	struct subscriber *const subscriber = extra->subscriber;
	assert(subscription_is_waiting(subscription));
	LIST_REMOVE(extra, waiting);
	subscription->index = channel->live_count;
	live_add(channel, subscriber, extra->place);
	if (subscriber->id != 0)
		channel->clients++;
	if (extra->user_id_len == 0) {
		subscription->extra = NULL;
		free(extra);
	}
}

/* The last one of the channel's takes the place of the one that leaves. */
static void leave(const struct subscription *subscription)
{
	struct channel *const channel = subscription->channel;
	struct subscriber **const live = live_of(channel);
	uint32_t *const places = places_of(channel);
	const uint32_t index = subscription->index;
	const uint32_t last = --channel->live_count;
	if (live[index]->id != 0)
		channel->clients--;
	live[index] = live[last];
	places[index] = places[last];
	all_of(live[index])[places[index]].index = index;
	if (channel->live_cap > 0 &&
		(last == 1 || (last < channel->live_cap / 4 && channel->live_cap > LIVE_CAP_MIN)))
		live_shrink(channel);
}

void subscription_free(struct subscription *subscription)
{
	struct subscription_extra *const extra = subscription->extra;
	struct subscriber *const subscriber = subscription_subscriber(subscription);
	if (subscription_is_waiting(subscription))
		LIST_REMOVE(extra, waiting);
	else
		leave(subscription);
	many_remove(subscriber, subscription);
	free(extra);
}

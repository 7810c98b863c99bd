/* SPDX-License-Identifier: MIT
 *
 * See ledger.h. A ring of the messages under way with their exact texts; what a client gets is
 * compared with the text that was sent, whole or, where the server writes the JSON around it, the
 * data in it.
 */
#include "ledger.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_SECOND    INT64_C(1000000000)
#define FOREIGN_TEXT_MAX 2048
#define CHANNELS_MAX     1000000

struct entry {
	int64_t intended;
	uint32_t serial;
	uint32_t before; /* serial of its channel's message before it */
	uint32_t channel;
	uint32_t remaining; /* deliveries */
	uint32_t len;
};

void ledger_init(struct ledger *ledger, size_t payload)
{
	*ledger = (struct ledger){.payload = payload};
	ledger->slot = payload > FOREIGN_TEXT_MAX ? payload : FOREIGN_TEXT_MAX;
	ledger->entries = calloc(LEDGER_WINDOW, sizeof *ledger->entries);
	ledger->texts = calloc(LEDGER_WINDOW, ledger->slot); /* pages come as they are used */
	if (!ledger->entries || !ledger->texts)
		err(1, "ledger");
}

void ledger_channels(struct ledger *ledger, size_t count, const char *prefix, bool is_common)
{
	if (count <= ledger->channel_count)
		return;
	if (count > CHANNELS_MAX)
		errx(2, "%zu channels: more than the %d that the tool has names for", count, CHANNELS_MAX);
	ledger->channels = realloc(ledger->channels, count * sizeof *ledger->channels);
	if (!ledger->channels)
		err(1, "channels");
	for (; ledger->channel_count < count; ledger->channel_count++) {
		struct channel *channel = &ledger->channels[ledger->channel_count];

		*channel = (struct channel){.last = ledger->serial};
		snprintf(channel->name, sizeof channel->name, is_common ? "%s" : "%s-%06zu", prefix,
			ledger->channel_count);
	}
}

void ledger_clear_channels(struct ledger *ledger)
{
	ledger->channel_count = 0;
	ledger->targets = 0;
}

static struct entry *entry_of(const struct ledger *ledger, uint32_t serial)
{
	return &ledger->entries[serial % LEDGER_WINDOW];
}

static char *text_of(const struct ledger *ledger, uint32_t serial)
{
	return ledger->texts + serial % LEDGER_WINDOW * ledger->slot;
}

uint32_t ledger_under_way(struct ledger *ledger)
{
	while (ledger->oldest < ledger->serial && entry_of(ledger, ledger->oldest + 1)->remaining == 0)
		ledger->oldest++;
	return ledger->serial - ledger->oldest;
}

/* The next message of the channel, without a text as yet. */
static struct entry *enter(struct ledger *ledger, uint32_t index, int64_t intended)
{
	struct channel *channel = &ledger->channels[index];
	struct entry *entry;

	if (ledger_under_way(ledger) >= LEDGER_WINDOW)
		errx(1, "a message from %d messages ago has not reached everybody", LEDGER_WINDOW);
	entry = entry_of(ledger, ++ledger->serial);
	*entry = (struct entry){.intended = intended,
		.serial = ledger->serial,
		.before = channel->last,
		.channel = index,
		.remaining = channel->members};
	channel->last = ledger->serial;
	return entry;
}

struct cln_slice ledger_publish(struct ledger *ledger, int64_t intended, struct cln_slice *channel)
{
	const uint32_t index = (uint32_t)(ledger->serial % ledger->targets);
	struct entry *entry = enter(ledger, index, intended);
	char *text = text_of(ledger, entry->serial);

	*channel = cln_slice_of(ledger->channels[index].name);
	message_write(text, ledger->payload, *channel, intended, entry->serial);
	entry->len = (uint32_t)ledger->payload; /* at most MESSAGE_TEXT_MAX */
	ledger->outstanding += entry->remaining;
	return cln_slice(text, entry->len);
}

void ledger_expect(struct ledger *ledger, size_t count, size_t rate, int64_t start)
{
	if (count > LEDGER_WINDOW)
		errx(2, "expect: at most %d messages at a time", LEDGER_WINDOW);
	ledger->is_foreign = true;
	ledger->base = ledger->serial;
	for (size_t i = 0; i < count; i++)
		enter(ledger, 0, rate ? start + (int64_t)i * NS_PER_SECOND / (int64_t)rate : 0);
	ledger->outstanding += count * ledger->channels[0].members;
}

/* The first copy of a foreign message: what the others are compared with. */
static void learn(struct ledger *ledger, struct entry *entry, struct cln_slice text, int64_t stamp)
{
	if (text.len > ledger->slot)
		errx(1, "a text of %zu bytes, longer than any that was asked for", text.len);
	memcpy(text_of(ledger, entry->serial), text.ptr, text.len);
	entry->len = (uint32_t)text.len; /* fits a slot */
	if (entry->intended == 0)
		entry->intended = stamp;
}

static struct subscription *subscription_to(
	struct subscription *subscriptions, size_t count, uint32_t channel)
{
	size_t low = 0;

	while (count > 1) {
		const size_t half = count / 2;

		if (subscriptions[low + half].channel <= channel)
			low += half;
		count -= half;
	}
	return count && subscriptions[low].channel == channel ? &subscriptions[low] : NULL;
}

static void check_order(const struct entry *entry, const struct subscription *subscription)
{
	if (subscription->last == entry->before)
		return;
	if (subscription->last >= entry->serial)
		errx(1, "message %u came after message %u: doubled or out of order", entry->serial,
			subscription->last);
	errx(1,
		"message %u came where the one after message %u was due: one is missing or they are "
		"out of order",
		entry->serial, subscription->last);
}

static void check_text(struct ledger *ledger, const struct entry *entry, struct cln_slice text)
{
	const struct cln_slice sent = cln_slice(text_of(ledger, entry->serial), entry->len);

	if (ledger->is_data_only ? cln_slice_equal(message_data(sent), message_data(text))
							 : cln_slice_equal(sent, text))
		return;
	errx(1, "message %u is not what was published: %.*s instead of %.*s", entry->serial,
		(int)text.len, text.ptr, (int)sent.len, sent.ptr);
}

static void arrive(struct ledger *ledger, struct entry *entry, int64_t now)
{
	if (entry->remaining == 0)
		errx(1, "message %u reached more clients than there are", entry->serial);
	entry->remaining--;
	ledger->outstanding--;
	ledger->delivered++;
	if (!ledger->is_timed)
		return;
	samples_add(&ledger->each, now - entry->intended);
	if (entry->remaining == 0)
		samples_add(&ledger->slowest, now - entry->intended);
}

/* The entry that a text belongs to, after it has been found right in every way. */
static struct entry *check(struct ledger *ledger, struct subscription *subscriptions, size_t count,
	struct cln_slice text, uint32_t serial)
{
	struct entry *entry = entry_of(ledger, serial);
	struct subscription *subscription;

	if (entry->serial != serial)
		errx(
			1, "message %u was not published or is too old: %.*s", serial, (int)text.len, text.ptr);
	check_text(ledger, entry, text);
	subscription = subscription_to(subscriptions, count, entry->channel);
	if (!subscription)
		errx(1, "a client got message %u of a channel that it is not on", serial);
	check_order(entry, subscription);
	subscription->last = serial;
	return entry;
}

bool ledger_deliver(struct ledger *ledger, struct subscription *subscriptions, size_t count,
	struct cln_slice text, int64_t now)
{
	struct entry *entry;
	int64_t stamp;
	uint32_t serial;

	if (!message_read(text, ledger->is_foreign ? &stamp : NULL, &serial))
		return false;
	if (ledger->is_foreign) {
		serial += ledger->base;
		entry = entry_of(ledger, serial);
		if (entry->serial == serial && entry->len == 0)
			learn(ledger, entry, text, stamp);
	}
	arrive(ledger, check(ledger, subscriptions, count, text, serial), now);
	return true;
}

void ledger_catch_up(
	struct ledger *ledger, struct subscription *subscriptions, size_t count, struct cln_slice text)
{
	uint32_t serial;

	if (!message_read(text, NULL, &serial))
		errx(1, "not a message: %.*s", (int)text.len, text.ptr);
	check(ledger, subscriptions, count, text, serial);
}

void ledger_deliver_plain(struct ledger *ledger, struct subscription *subscription, int64_t now)
{
	struct entry *entry = entry_of(ledger, subscription->last + 1);

	if (entry->serial != subscription->last + 1)
		errx(1, "a frame more than were published");
	check_order(entry, subscription);
	subscription->last = entry->serial;
	arrive(ledger, entry, now);
}

void ledger_join(struct ledger *ledger, struct subscription *subscription, uint32_t channel)
{
	*subscription =
		(struct subscription){.channel = channel, .last = ledger->channels[channel].last};
	ledger->channels[channel].members++;
}

void ledger_leave(struct ledger *ledger, const struct subscription *subscription)
{
	struct channel *channel = &ledger->channels[subscription->channel];

	channel->members--;
	for (uint32_t serial = channel->last; serial > subscription->last;) {
		struct entry *entry = entry_of(ledger, serial);

		if (entry->serial != serial)
			return; /* long gone */
		entry->remaining--;
		ledger->outstanding--;
		serial = entry->before;
	}
}

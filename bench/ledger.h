/* SPDX-License-Identifier: MIT
 *
 * What was published and who must still get it: every delivery is checked against it, byte by byte,
 * and anything wrong, doubled, missing or out of order ends the program with a sentence. Messages
 * go to the channels in turn and have one count, the serial; each channel remembers its last one,
 * and each of its messages the one before, so that a client knows which must come next.
 */
#ifndef BENCH_LEDGER_H
#define BENCH_LEDGER_H

#include "message.h"
#include "samples.h"

#include <stdbool.h>
#include <stdint.h>

/* Messages that may be under way at a time. */
#define LEDGER_WINDOW 8192

/* A client's membership in a channel. */
struct subscription {
	uint32_t channel;
	uint32_t last; /* serial of the channel's message that it got last, or that it came after */
};

struct channel {
	char name[MESSAGE_CHANNEL_MAX];
	uint32_t last; /* serial of its last message */
	uint32_t members;
};

struct ledger {
	struct channel *channels;
	size_t channel_count;
	size_t targets;         /* the first so many channels get messages, in turn */
	size_t outstanding;     /* deliveries that must still come */
	size_t delivered;       /* in all */
	size_t compressed;      /* texts that came compressed */
	struct samples each;    /* ns from the intended time to each delivery */
	struct samples slowest; /* and to the last one of each message */
	bool is_timed;          /* the samples are taken */
	bool is_data_only;      /* the server writes the JSON around the data */
	bool is_foreign;        /* somebody else publishes: the first copy says what the text is */
	/* Private: */
	struct entry *entries; /* LEDGER_WINDOW of them, found by serial modulo it */
	char *texts;           /* and their texts */
	size_t slot;           /* bytes of one of them */
	size_t payload;
	uint32_t serial; /* of the last message */
	uint32_t oldest; /* nothing is outstanding before it */
	uint32_t base;   /* serial of the message before the first of a foreign publisher */
};

void ledger_init(struct ledger *ledger, size_t payload);

/* Makes channels up to `count`: PREFIX-NUMBER, or just PREFIX if `is_common`. */
void ledger_channels(struct ledger *ledger, size_t count, const char *prefix, bool is_common);
void ledger_clear_channels(struct ledger *ledger);

/* Enters the next message, which was meant to be sent at `intended`. The text is borrowed until
 * LEDGER_WINDOW more have been entered. */
struct cln_slice ledger_publish(struct ledger *ledger, int64_t intended, struct cln_slice *channel);

/* Messages from the oldest one that has not reached everybody on. */
uint32_t ledger_under_way(struct ledger *ledger);

/* Somebody else will publish `count` messages on the first channel, numbered from 1: so many a
 * second from `start` on, or, with a `rate` of 0, each at the time that its stamp says. */
void ledger_expect(struct ledger *ledger, size_t count, size_t rate, int64_t start);

/* A text that one of these subscriptions (`count` of them, by rising channel) got at `now`. False
 * if it is no message of a measurement at all. */
bool ledger_deliver(struct ledger *ledger, struct subscription *subscriptions, size_t count,
	struct cln_slice text, int64_t now);

/* Frames without a text: the next message of the first channel. */
void ledger_deliver_plain(struct ledger *ledger, struct subscription *subscription, int64_t now);

/* The same of a client that is no longer waited for. */
void ledger_catch_up(
	struct ledger *ledger, struct subscription *subscriptions, size_t count, struct cln_slice text);

/* A client joins with what comes next, */
void ledger_join(struct ledger *ledger, struct subscription *subscription, uint32_t channel);
/* and a client will get nothing more: it is no longer waited for. */
void ledger_leave(struct ledger *ledger, const struct subscription *subscription);

#endif

/* SPDX-License-Identifier: MIT
 *
 * What a new connection says first, in front of the first event and without waiting for an answer:
 * AUTH and HELLO to a relay, AUTH to a Redis; and what the answers mean. Also what a connection
 * that stands says besides its events.
 */
#ifndef CLN_GREETING_H
#define CLN_GREETING_H

#include "../wire/reply.h"
#include "../wire/resp.h"
#include "counts.h"
#include "dial.h"

#define CLN_GREETING_BYTES       1536
#define CLN_GREETING_REPLIES_MAX 3

enum cln_greeting_expects {
	CLN_EXPECTS_AUTH,
	CLN_EXPECTS_HELLO,
	CLN_EXPECTS_RELAYS,   /* how many listen at Redis; what is no number says nothing */
	CLN_EXPECTS_HEARERS,  /* how many relays were told; none: it is told again */
	CLN_EXPECTS_ANYTHING, /* a courtesy: its answer does not matter */
};

/* Limits that the relay told; 0 where it said nothing. */
struct cln_peer_limits {
	size_t payload_max;
	size_t channel_max;
	size_t event_max;
};

struct cln_greeting {
	char bytes[CLN_GREETING_BYTES];
	size_t len;
	size_t written;
	enum cln_greeting_expects expects[CLN_GREETING_REPLIES_MAX];
	size_t expects_count;
	size_t answered;
	long long relays; /* workers of relays that hear every channel they should; -1: not known */
	bool is_news;
	bool tells_drops; /* and once it is answered, that they were told */
};

void cln_greeting_compose(struct cln_greeting *greeting, const struct cln_target *target);

/* What is new, for a connection that was greeted: what was dropped, and to a Redis the question for
 * relays. `untold`: dropped events by reason that no relay has heard of. It is no part of the
 * greeting: a peer that hangs would hear it from each connection, and a Redis is there before its
 * relays are. */
void cln_greeting_compose_news(struct cln_greeting *greeting, const struct cln_target *target,
	const uint64_t untold[CLN_DROP_REASONS]);

static inline bool cln_greeting_is_answered(const struct cln_greeting *greeting)
{
	return greeting->answered == greeting->expects_count;
}

/* Takes the next answer. False if the peer refuses us or can't be spoken to: `error` then holds
 * the sentence for the user. */
bool cln_greeting_answer(struct cln_greeting *greeting, const struct cln_reply *reply,
	struct cln_peer_limits *limits, char error[CLN_ERROR_MAX]);

#endif

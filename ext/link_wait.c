/* SPDX-License-Identifier: MIT
 *
 * What of link.h waits: for acknowledgements, for room, for the spool to be empty. Only where
 * somebody asked for it, or on the command line.
 */
#include "link.h"

#include "circuit.h"
#include "php.h"
#include "stamp.h"

#include <poll.h>

/* How often is looked whether another process has replayed the spool. */
#define LOOK_EVERY_MS 5
/* The coarse clock that tells a silent peer is that much behind at most. */
#define COARSE_TICK_MS 10

bool cln_link_is_settled(const struct cln_link *link)
{
	return link->mode == CLN_MODE_DIRECT && link->outbox.unsent == 0 &&
		   !cln_outbox_awaits_replies(&link->outbox);
}

/* Sleeps until the socket or the next attempt may go on, at most `left_ms`. */
static void wait_turn(struct cln_link *link, int64_t left_ms)
{
	const int64_t now_ms = cln_now_ms();
	if (link->fd < 0) {
		const int64_t pause_ms = MAX(link->retry_at_ms - now_ms, 1);
		poll(NULL, 0, (int)MIN(pause_ms, left_ms));
		return;
	}
	if (link->mode == CLN_MODE_SPOOLING && cln_greeting_is_answered(&link->greeting)) {
		poll(NULL, 0, (int)MIN(LOOK_EVERY_MS, left_ms)); /* until the other one has replayed */
		return;
	}
	struct pollfd wait = {.fd = link->fd, .events = POLLIN};
	if (!link->is_open || cln_circuit_has_unwritten(link)) {
		wait.events |= POLLOUT;
	}
	if (!link->is_open) {
		left_ms = MIN(left_ms, MAX(link->open_until_ms - now_ms, 0) + 1);
	}
	if (link->awaiting_ms != 0) {
		const int64_t silent_at_ms = link->awaiting_ms + link->target.ack_timeout_ms;
		left_ms = MIN(left_ms, MAX(silent_at_ms - now_ms, 0) + COARSE_TICK_MS);
	}
	poll(&wait, 1, (int)left_ms);
}

/* Whether a flush has nothing left to do. */
static bool is_flushed(struct cln_link *link)
{
	return cln_link_is_settled(link) &&
		   (!cln_link_has_spool(link) || cln_spooling_is_empty(&link->spooling, &link->target));
}

/* Something waits in the spool: a connection is needed, even if this process has sent all it had.
 */
static void look_again(struct cln_link *link)
{
	if (cln_link_is_settled(link) && !is_flushed(link)) {
		link->mode = CLN_MODE_SPOOLING;
	}
}

static bool flush(struct cln_link *link, int64_t until_ms)
{
	for (;;) {
		look_again(link);
		cln_link_pump(link, CLN_DRAIN_NOW);
		const int64_t left_ms = until_ms - cln_now_ms();
		const bool is_done = is_flushed(link);
		if (is_done || left_ms <= 0) {
			return is_done;
		}
		/* Nothing can happen before the next attempt: waiting for less would be in vain. */
		if (link->fd < 0 && link->retry_at_ms > until_ms) {
			return false;
		}
		wait_turn(link, left_ms);
	}
}

bool cln_link_flush(struct cln_link *link, int64_t timeout_ms)
{
	link->has_to_empty = true;
	const bool is_done = flush(link, cln_now_ms() + timeout_ms);
	link->has_to_empty = false;
	return is_done;
}

bool cln_link_has_room(const struct cln_link *link, size_t events, size_t bytes, size_t size)
{
	const struct cln_outbox *outbox = &link->outbox;
	const bool all = cln_link_has_spool(link);
	const size_t held = outbox->unsent + (all ? outbox->sent : 0);
	const size_t held_bytes = cln_outbox_unsent_bytes(outbox) + (all ? outbox->sent_bytes : 0);
	return held < events && size <= bytes - MIN(bytes, held_bytes);
}

bool cln_link_wait_room(
	struct cln_link *link, size_t events, size_t bytes, size_t size, int64_t timeout_ms)
{
	const int64_t until_ms = cln_now_ms() + timeout_ms;
	while (!cln_link_has_room(link, events, bytes, size)) {
		const int64_t left_ms = until_ms - cln_now_ms();
		if (left_ms <= 0) {
			return false;
		}
		wait_turn(link, left_ms);
		cln_link_pump(link, CLN_DRAIN_NOW);
	}
	return true;
}

/* SPDX-License-Identifier: MIT
 *
 * One connection to a target with its outbox and its side of the spool, kept over requests and
 * shared by all publishers of the same target. Belongs to one process and one thread. Nothing here
 * waits but cln_link_flush() and cln_link_wait_room(). Calls
 * no PHP code and needs no request memory.
 */
#ifndef CLN_LINK_H
#define CLN_LINK_H

#include "../wire/reply.h"
#include "command.h"
#include "counts.h"
#include "dial.h"
#include "greeting.h"
#include "numbering.h"
#include "outbox.h"
#include "spooling.h"

/* Without a spool a link is always direct. */
enum cln_mode {
	CLN_MODE_DIRECT,    /* events leave from the outbox */
	CLN_MODE_SPOOLING,  /* the circuit is open: events go to the spool */
	CLN_MODE_REPLAYING, /* this process sends what waits there; events go there, or behind it */
};

struct cln_link {
	struct cln_target target;
	unsigned refs;    /* publishers that hold it */
	uint64_t used_at; /* the table's counter, for the oldest first */

	int fd;          /* -1: not connected */
	bool is_open;    /* the connection stands; false while it is on its way */
	bool is_proven;  /* the peer has answered on this connection */
	bool is_blocked; /* the last write did not take everything */
	int64_t open_until_ms;
	int64_t retry_at_ms;
	int64_t backoff_ms;  /* 0: the last connection was a good one */
	int64_t used_ms;     /* coarse: last traffic */
	int64_t awaiting_ms; /* coarse: when the last reply came, or the first write after it went out;
							0: none is awaited. With a spool only. */
	unsigned writes_since_drain;
	struct cln_addresses addresses;
	struct cln_greeting greeting;
	struct cln_reply_reader *reader;
	struct cln_peer_limits limits;
	long long relays;        /* listened at Redis when this process was last in touch with it */
	int64_t relays_until_ms; /* how long their coming back is waited for; 0: it is not */
	long long receivers;     /* most that Redis handed one event to */
	bool asks_relays;        /* more than `relays` got it: there are new ones */

	struct cln_route route; /* of the last event */
	struct cln_outbox outbox;
	bool is_held;              /* some of it waits for the end of the request */
	bool is_stuck;             /* a wait for room ran out; no other wait before something moves */
	uint64_t dropped_in_a_row; /* calls since the last one that was sent: the length of an outage */
	struct cln_numbers numbers;

	enum cln_mode mode;
	bool goes_behind;  /* replaying: events leave from the outbox, behind the batch */
	bool has_looked;   /* whether something waits in the spool, on this connection */
	bool spares_calls; /* a web request: batches are sent, and events stored, at its end only, and
						  by flush() */
	int64_t kept_ms;   /* coarse: since when events for the spool are kept; 0: none are */
	bool has_to_empty; /* a flush wants the spool empty, too, whoever replays it */
	struct cln_spooling spooling;

	struct cln_link_stats stats;
	uint64_t told[CLN_DROP_REASONS];    /* drops that a relay has heard of */
	uint64_t telling[CLN_DROP_REASONS]; /* the same once this greeting is answered */
	char last_error[CLN_ERROR_MAX];     /* "" if there was none */
	bool has_news;                      /* something that belongs into the log */
};

/* In a forked child: closes without a word, forgets what the parent will send, numbers anew. */
void cln_link_forked(struct cln_link *link, uint64_t publisher);

/* The route of a checked channel and event name, the remembered one if it is that. Good until the
 * next call. */
const struct cln_route *cln_link_route(
	struct cln_link *link, struct cln_slice channel, struct cln_slice name);

/* Appends one command; the caller has looked for room. */
void cln_link_append(
	struct cln_link *link, const struct cln_route *route, const struct cln_event *event);

enum cln_drain {
	CLN_DRAIN_WHEN_DUE, /* replies are read now and then, to keep to one system call a publish */
	CLN_DRAIN_NOW,
};

/* Connects if it is time, reads replies, writes what waits or stores it. Never blocks a web
 * request. */
void cln_link_pump(struct cln_link *link, enum cln_drain drain);

/* Pumps until everything is sent and acknowledged and the spool is empty, at most `timeout_ms`. */
bool cln_link_flush(struct cln_link *link, int64_t timeout_ms);

/* Whether the outbox has room for `size` bytes more within these bounds. They cover what is unsent;
 * with a spool what is not acknowledged, too, for that may have to go there. */
bool cln_link_has_room(const struct cln_link *link, size_t events, size_t bytes, size_t size);

/* Pumps until there is room, at most `timeout_ms`. */
bool cln_link_wait_room(
	struct cln_link *link, size_t events, size_t bytes, size_t size, int64_t timeout_ms);

/* Whether nothing is left to do for this process's events. */
bool cln_link_is_settled(const struct cln_link *link);

/* Gives up the connection; `error` says why. */
void cln_link_fail(struct cln_link *link, const char *error);

/* Gives up the connection, unless the link goes by the spool already and it carries nothing of the
 * outbox, and stores what that holds. Does nothing without a spool. */
void cln_link_break(struct cln_link *link, const char *error);

/* Closes the connection and frees what the link holds; call cln_link_flush() and cln_link_break()
 * before. */
void cln_link_deinit(struct cln_link *link);

/* Whether events leave from the outbox, not by way of the spool. */
static inline bool cln_link_sends(const struct cln_link *link)
{
	return link->mode == CLN_MODE_DIRECT || link->goes_behind;
}

/* Whether something may wait in the spool that nobody sees to. */
static inline bool cln_link_has_to_look(const struct cln_link *link)
{
	return cln_target_has_spool(&link->target) && link->fd >= 0 && !link->has_looked;
}

static inline bool cln_link_awaits_replies(const struct cln_link *link)
{
	return !cln_greeting_is_answered(&link->greeting) || cln_outbox_awaits_replies(&link->outbox) ||
		   cln_outbox_awaits_replies(&link->spooling.lane);
}

static inline bool cln_link_has_spool(const struct cln_link *link)
{
	return cln_target_has_spool(&link->target);
}

#endif

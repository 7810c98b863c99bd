/* SPDX-License-Identifier: MIT
 *
 * One connection to a target with its outbox, kept over requests and shared by all publishers of
 * the same target. Belongs to one process and one thread. Nothing here waits but cln_link_flush()
 * and cln_link_wait_room(). Calls no PHP code and needs no request memory.
 */
#ifndef CLN_LINK_H
#define CLN_LINK_H

#include "../wire/reply.h"
#include "command.h"
#include "dial.h"
#include "greeting.h"
#include "outbox.h"

#define CLN_LINKS_MAX 32
/* Channels that are numbered on Redis before the numbering starts over. */
#define CLN_NUMBERED_CHANNELS_MAX 4096

enum cln_drop_reason {
	CLN_DROP_OUTBOX_EVENTS,
	CLN_DROP_OUTBOX_BYTES,
	CLN_DROP_REASONS,
};

struct cln_link_stats {
	uint64_t sent;
	uint64_t acknowledged;
	uint64_t dropped[CLN_DROP_REASONS];
	uint64_t rejected;
	uint64_t resent;
	uint64_t connects;
	uint64_t connect_failures;
	uint64_t writes;
	uint64_t partial_writes;
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
	int64_t backoff_ms; /* 0: the last connection was a good one */
	int64_t used_ms;    /* coarse: last traffic */
	unsigned writes_since_drain;
	struct cln_addresses addresses;
	struct cln_greeting greeting;
	struct cln_reply_reader *reader;
	struct cln_peer_limits limits;

	struct cln_outbox outbox;
	bool is_stuck;             /* a wait for room ran out; no other wait before something moves */
	uint64_t dropped_in_a_row; /* calls since the last one that was sent: the length of an outage */
	uint64_t publisher;
	uint64_t sequence;
	struct _zend_array *channels; /* Redis only: name => number; NULL before the first */

	struct cln_link_stats stats;
	char last_error[CLN_ERROR_MAX]; /* "" if there was none */
	bool has_news;                  /* something that belongs into the log */
};

/* All links of a process or thread. Zeroed bytes are a valid start. */
struct cln_link_table {
	struct cln_link *link[CLN_LINKS_MAX];
	size_t count;
	uint64_t uses;
};

/* The link of `target`, made if need be, with one more reference. At the bound the one that was
 * unused longest goes; NULL if all are held. */
struct cln_link *cln_link_acquire(
	struct cln_link_table *table, const struct cln_target *target, uint64_t publisher);
void cln_link_release(struct cln_link *link);

/* In a forked child: closes without a word, forgets what the parent will send, numbers anew. */
void cln_link_forked(struct cln_link *link, uint64_t publisher);

/* Appends one command for `channel`; the caller has looked for room. */
void cln_link_append(
	struct cln_link *link, const struct cln_event *event, struct cln_slice channel);

/* So many channels were numbered (on Redis) that the numbering has to start over. */
bool cln_link_numbering_is_full(const struct cln_link *link);

/* Starts over under a new publisher id, so that no receiver takes the jump for a loss. */
void cln_link_number_anew(struct cln_link *link, uint64_t publisher);

enum cln_drain {
	CLN_DRAIN_WHEN_DUE, /* replies are read now and then, to keep to one system call a publish */
	CLN_DRAIN_NOW,
};

/* Connects if it is time, reads replies, writes what waits. Never blocks. */
void cln_link_pump(struct cln_link *link, enum cln_drain drain);

/* Pumps until everything is sent and acknowledged, at most `timeout_ms`. */
bool cln_link_flush(struct cln_link *link, int64_t timeout_ms);

/* Pumps until the unsent entries are fewer than `events` and `bytes`, at most `timeout_ms`. */
bool cln_link_wait_room(struct cln_link *link, size_t events, size_t bytes, int64_t timeout_ms);

bool cln_link_is_settled(const struct cln_link *link);

/* Frees the table's links without waiting; call cln_link_flush() before. */
void cln_link_table_deinit(struct cln_link_table *table);

#endif

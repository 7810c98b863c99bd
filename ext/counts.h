/* SPDX-License-Identifier: MIT
 *
 * What a link counts, and the words for its reasons to drop an event.
 */
#ifndef CLN_COUNTS_H
#define CLN_COUNTS_H

#include "../wire/spool.h"

#include <stdint.h>

enum cln_drop_reason {
	CLN_DROP_OUTBOX_EVENTS, /* the outbox held as many events as it may */
	CLN_DROP_OUTBOX_BYTES,  /* or as many bytes */
	CLN_DROP_SPOOL_FULL,    /* so did the outbox, after the spool had reached its bound */
	CLN_DROP_SPOOL_DISK,    /* or after the system had refused to write it */
	CLN_DROP_SPOOL_EXPIRED, /* found in the spool, too old to be sent */
	CLN_DROP_SPOOL_TORN,    /* found in the spool: bytes that are no record */
	CLN_DROP_SPOOL_REFUSED, /* found in the spool, not signed by this application */
	CLN_DROP_REASONS,
};

#define CLN_DROP_NAME_MAX 13

/* "outbox_events" and so on, none longer than that. */
extern const char *const cln_drop_names[CLN_DROP_REASONS];

struct cln_link_stats {
	uint64_t sent;
	uint64_t acknowledged;
	uint64_t dropped[CLN_DROP_REASONS];
	uint64_t rejected;
	uint64_t resent;
	uint64_t spooled;  /* events of this process that went to the spool */
	uint64_t replayed; /* events of any process that came out of it and were acknowledged */
	uint64_t repeated; /* acknowledged though written to a connection before: perhaps twice there */
	uint64_t circuit_openings;
	uint64_t connects;
	uint64_t connect_failures;
	uint64_t writes;
	uint64_t partial_writes;
};

#endif

/* SPDX-License-Identifier: MIT
 *
 * The numbers that a publisher's commands carry: whoever hears them one after the other on a
 * connection, or on a channel of Redis, finds out whether one is missing.
 */
#ifndef CLN_NUMBERING_H
#define CLN_NUMBERING_H

#include "command.h"

/* Channels that are numbered on Redis before the numbering starts over. */
#define CLN_NUMBERED_CHANNELS_MAX 4096

/* Zeroed bytes but for `publisher` are a valid start. */
struct cln_numbers {
	uint64_t publisher;
	uint64_t sequence;
	struct _zend_array *channels; /* Redis only: name => number; NULL before the first */
};

/* The next numbers, for a command that goes to `channel`. When too many channels were numbered (on
 * Redis), the numbering starts over. */
struct cln_numbering cln_numbers_next(
	struct cln_numbers *numbers, const struct cln_target *target, struct cln_slice channel);

/* Starts over under a new publisher id, so that no receiver takes the jump for a loss. */
void cln_numbers_anew(struct cln_numbers *numbers, uint64_t publisher);

/* The same where no random number is at hand: the new id follows from the old one. */
void cln_numbers_break(struct cln_numbers *numbers);

#endif

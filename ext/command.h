/* SPDX-License-Identifier: MIT
 *
 * One event for one channel as the bytes that go out: PUBLISH, the bus channel, the envelope with
 * the finished client text.
 */
#ifndef CLN_COMMAND_H
#define CLN_COMMAND_H

#include "../wire/envelope.h"
#include "route.h"

/* One trigger() after its checks. All slices are borrowed. */
struct cln_event {
	struct cln_slice data;    /* its JSON text as a JSON string literal, quotes included */
	struct cln_slice exclude; /* socket id, may be empty */
	unsigned char id[CLN_ID_BYTES];
};

/* Numbers of one command. */
struct cln_numbering {
	uint64_t publisher;
	uint64_t sequence;
	uint64_t channel_sequence;
};

/* No command for this event on this route is longer. */
size_t cln_command_bound(const struct cln_route *route, const struct cln_event *event);

/* Writes the command to `out`, which has cln_command_bound() bytes; returns its length. */
size_t cln_command_write(char *out, const struct cln_target *target, const struct cln_route *route,
	const struct cln_event *event, const struct cln_numbering *numbering);

/* An event that was a finished command or record once. Slices point into that. */
struct cln_parcel {
	struct cln_slice channel;
	struct cln_slice bytes; /* the envelope as it was, signed or not */
	struct cln_envelope envelope;
};

/* Takes a command of cln_command_write() for this target apart. */
void cln_command_read(
	struct cln_slice command, const struct cln_target *target, struct cln_parcel *parcel);

/* The envelope as it has to be in a file: signed. `out` has cln_parcel_signed_bound() bytes;
 * returns its length. */
size_t cln_parcel_signed_bound(const struct cln_parcel *parcel);
size_t cln_parcel_sign(char *out, const struct cln_target *target, const struct cln_parcel *parcel);

/* A command again, with the parcel's id, exclusion and text under new numbers. `out` has
 * cln_parcel_bound() bytes; returns its length. */
size_t cln_parcel_bound(const struct cln_parcel *parcel);
size_t cln_parcel_write(char *out, const struct cln_target *target, const struct cln_parcel *parcel,
	const struct cln_numbering *numbering);

#endif

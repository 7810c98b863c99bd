/* SPDX-License-Identifier: MIT
 *
 * The bounded queue of encoded commands of one link, in one run of bytes:
 *
 *     first            first + sent_bytes    written        end
 *       | sent, no reply yet | the entry being written | unsent |
 *
 * Entries that were sent are kept until their reply, to be sent again on a new connection. Knows
 * no sockets and sets no bounds: the caller asks and decides. Memory is the process's, not the
 * request's.
 */
#ifndef CLN_OUTBOX_H
#define CLN_OUTBOX_H

#include "../wire/slice.h"

#include <stdint.h>

/* Zeroed bytes are an empty outbox. */
struct cln_outbox {
	char *bytes;
	size_t cap;
	size_t first;
	size_t written;
	size_t end;
	size_t sent_bytes;
	uint32_t *lens; /* ring of entry lengths, oldest at `head` */
	size_t lens_cap;
	size_t head;
	size_t sent;      /* entries written in full and not acknowledged */
	size_t unsent;    /* entries after those, a half-written one included */
	size_t again;     /* so many of the unsent were sent once, on a connection that broke */
	size_t forgotten; /* replies still to come for entries that are no longer kept */
};

/* What a write completed. */
struct cln_outbox_progress {
	size_t sent;   /* entries sent for the first time */
	size_t resent; /* entries sent again */
};

/* Room for one entry of up to `size` bytes at the end; good until the next call. */
char *cln_outbox_reserve(struct cln_outbox *outbox, size_t size);

/* Makes the first `size` reserved bytes an entry. */
void cln_outbox_commit(struct cln_outbox *outbox, size_t size);

/* Bytes of the unsent entries. */
size_t cln_outbox_unsent_bytes(const struct cln_outbox *outbox);

/* What the kernel has not got yet. */
struct cln_slice cln_outbox_unwritten(const struct cln_outbox *outbox);

/* The kernel took `size` bytes of it. */
struct cln_outbox_progress cln_outbox_wrote(struct cln_outbox *outbox, size_t size);

/* One reply came; false if none was awaited. */
bool cln_outbox_acknowledge(struct cln_outbox *outbox);

bool cln_outbox_awaits_replies(const struct cln_outbox *outbox);

/* Whether no entry is written in part only. */
bool cln_outbox_is_between(const struct cln_outbox *outbox);

/* The connection is gone: everything that is kept is to be sent, from its start. */
void cln_outbox_rewind(struct cln_outbox *outbox);

/* Forgets the oldest sent entries until at most `entries` and `bytes` of them are kept. */
void cln_outbox_forget(struct cln_outbox *outbox, size_t entries, size_t bytes);

/* Takes out what the peer has got, the entry it has got a part of included, and returns how many
 * entries that were. Only right when the connection is given up as well. */
size_t cln_outbox_take_written(struct cln_outbox *outbox);

/* Goes through the entries of an outbox that was rewound, the oldest first. */
struct cln_outbox_cursor {
	size_t nth;
	size_t offset;
};

/* The entry at the cursor, which moves on; false behind the last one. `was_sent`: it was written in
 * full once. */
bool cln_outbox_next(const struct cln_outbox *outbox, struct cln_outbox_cursor *cursor,
	struct cln_slice *entry, bool *was_sent);

/* Takes the `count` oldest entries out of an outbox that was rewound. */
void cln_outbox_skip(struct cln_outbox *outbox, size_t count);

/* Gives memory back after a burst; call it now and then. */
void cln_outbox_trim(struct cln_outbox *outbox);

/* Empties it and frees its memory. */
void cln_outbox_deinit(struct cln_outbox *outbox);

#endif

/* SPDX-License-Identifier: MIT
 *
 * What the files of client verbs share: the members of a message, and complaining about it.
 */
#ifndef PUSHER_PRIVATE_H
#define PUSHER_PRIVATE_H

#include "jslice.h"
#include "pusher_auth.h"
#include "session_private.h"

struct message {
	struct cln_slice event; /* decoded */
	bool has_channel;
	bool has_data;
	struct jslice channel;
	struct jslice data;
};

/* A slice as arguments of "%.*s". */
#define ARGS(slice) (int)(slice).len, (slice).ptr

/* A pusher:error; the sentence is cut if what it quotes makes it too long. */
void pusher_complain(struct session *session, unsigned code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Decodes a channel name into `out`; false if it is no string or longer than any name. */
bool pusher_channel_name(
	const struct jslice *value, char out[CLN_CHANNEL_NAME_MAX], struct cln_slice *name);

/* Appends the decoded text of an optional string member to `out`. False if it is neither a string
 * nor absent nor null. *is_there tells the two apart. */
bool pusher_member_text(
	const struct jslice *object, struct cln_slice name, struct buf *out, bool *is_there);

/* What proofs of this session are checked against. */
struct pusher_auth pusher_auth_of(const struct session *session);

/* The verbs outside of pusher.c. */
void pusher_sign_in(struct session *session, const struct message *message);
void pusher_client_event(struct session *session, const struct message *message);

#endif

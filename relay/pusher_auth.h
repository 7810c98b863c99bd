/* SPDX-License-Identifier: MIT
 *
 * What a client proves when it subscribes: the signature in `auth`, and who it is on a presence
 * channel. Pure functions over borrowed bytes.
 */
#ifndef PUSHER_AUTH_H
#define PUSHER_AUTH_H

#include "base/buf.h"
#include "presence.h"

#include <stdint.h>

struct pusher_auth {
	struct cln_slice key;
	struct cln_slice secret;
	uint64_t socket;
	struct cln_slice channel;
	const struct cln_slice *channel_data; /* NULL: none was sent */
};

/* Whether `auth` is KEY:SIGNATURE of exactly this. If not, `message` gets the sentence. */
bool pusher_auth_check(
	const struct pusher_auth *expected, struct cln_slice auth, struct buf *message);

struct pusher_member {
	struct cln_slice id;   /* points into the caller's buffer */
	struct cln_slice info; /* JSON text as it came; {} if there was none */
};

/* Reads channel_data. NULL, or what is wrong with it, a sentence. */
const char *pusher_member_parse(
	struct cln_slice channel_data, char id[PRESENCE_USER_ID_MAX], struct pusher_member *member);

#endif

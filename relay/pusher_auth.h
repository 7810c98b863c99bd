/* SPDX-License-Identifier: MIT
 *
 * What a client proves when it subscribes or signs in: the signature in `auth`, who it is on a
 * presence channel or as a user. Pure functions over borrowed bytes.
 */
#ifndef PUSHER_AUTH_H
#define PUSHER_AUTH_H

#include "app.h"
#include "base/buf.h"
#include "jslice.h"
#include "presence.h"

#include <stdint.h>

struct pusher_auth {
	struct app_pair pairs[APP_PAIRS_MAX]; /* any of them will do */
	unsigned pair_count;
	uint64_t socket;
	struct cln_slice channel;
	const struct cln_slice *channel_data; /* NULL: none was sent */
	const struct cln_slice *user_data;    /* of a sign-in; there is no channel then. Or NULL */
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
/* Reads the id and user_info of a sign-in's user_data, and where its watchlist is: an array, an
 * empty one if there was none. As above. */
const char *pusher_user_parse(struct cln_slice user_data, char id[PRESENCE_USER_ID_MAX],
	struct pusher_member *user, struct jslice *watchlist);

struct pusher_watchlist {
	struct cln_slice *ids;
	size_t count;
	bool is_cut; /* there were more than `limit` */
	char *bytes; /* what the ids point into */
};

/* Reads the first `limit` ids of an array. As above; the caller deinits the list in any case. */
const char *pusher_watchlist_parse(
	const struct jslice *array, size_t limit, struct pusher_watchlist *list);
void pusher_watchlist_deinit(struct pusher_watchlist *list);

#endif

/* SPDX-License-Identifier: MIT
 *
 * Signing sessions in and out, and telling them of the users they watch. A session is online for
 * those who watch its user from its sign-in until it is told to close. What a user's watchers hear
 * may lag behind for some milliseconds; changes that undo each other within are not told.
 */
#ifndef HUB_USERS_H
#define HUB_USERS_H

#include "hub.h"
#include "session_private.h"
#include "users.h"

/* Borrowed for the call. */
struct hub_identity {
	struct cln_slice id;
	struct cln_slice info;             /* JSON text */
	const struct cln_slice *watchlist; /* ids; one that comes twice counts once */
	size_t watch_count;
};

/* Replaces what a former sign-in said; its id must have been the same. */
void hub_sign_in(struct hub *hub, struct session *session, const struct hub_identity *identity);
/* Does nothing to a session that isn't signed in. */
void hub_sign_out(struct hub *hub, struct session *session);

#endif

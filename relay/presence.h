/* SPDX-License-Identifier: MIT
 *
 * The members of one presence channel, kept at its home: a user is one member however many
 * connections it has; the first connection's user_info stays until the last one leaves.
 */
#ifndef PRESENCE_H
#define PRESENCE_H

#include "base/map.h"

#include "../wire/slice.h"

#include <stdbool.h>

#define PRESENCE_USER_ID_CHARACTERS 128
#define PRESENCE_USER_ID_MAX        (4 * PRESENCE_USER_ID_CHARACTERS) /* in bytes of UTF-8 */

struct member {
	UT_hash_handle hh; /* members in the order of their joining */
	unsigned connections;
	size_t id_len;
	size_t info_len;
	char bytes[]; /* id, then user_info as JSON text */
};

/* Zeroed: nobody. */
struct presence {
	struct member *members;
};

enum presence_result {
	PRESENCE_FIRST, /* a new member */
	PRESENCE_AGAIN, /* one more connection of a member */
	PRESENCE_FULL,  /* not let in: `limit` members are there */
};

enum presence_result presence_join(
	struct presence *presence, struct cln_slice id, struct cln_slice info, unsigned limit);
/* Whether that was the member's last connection. False for an unknown member. */
bool presence_leave(struct presence *presence, struct cln_slice id);
unsigned presence_count(const struct presence *presence);
void presence_deinit(struct presence *presence);

struct cln_slice member_id(const struct member *member);
struct cln_slice member_info(const struct member *member);

#endif

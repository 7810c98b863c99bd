/* SPDX-License-Identifier: MIT
 *
 * The members of one presence channel, kept at its home: a user is one member however many
 * connections it has; the first connection's user_info stays until the last one leaves.
 */
#ifndef PRESENCE_H
#define PRESENCE_H

#include "base/buf.h"
#include "base/map.h"

#include "../wire/slice.h"

#include <stdbool.h>

#define PRESENCE_USER_ID_CHARACTERS 128
#define PRESENCE_USER_ID_MAX        (4 * PRESENCE_USER_ID_CHARACTERS) /* in bytes of UTF-8 */

struct member {
	UT_hash_handle hh; /* members in the order of their joining */
	unsigned connections;
	uint32_t ids_at; /* where it stands in the texts, and how long */
	uint32_t ids_len;
	uint32_t hash_at;
	uint32_t hash_len;
	size_t id_len;
	size_t info_len;
	char bytes[]; /* id, then user_info as JSON text */
};

/* The members as a joining one is told of them, kept as they come and go: JSON texts, already
 * escaped for the string that they are sent in. Each entry begins with a comma; who leaves becomes
 * blanks, until those are the larger part. */
struct presence_text {
	struct buf ids;  /* ,"ID" */
	struct buf hash; /* ,"ID":INFO */
	size_t blanks;
};

/* Zeroed: nobody. */
struct presence {
	struct member *members;
	struct presence_text *text; /* NULL until the first member comes */
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
/* The entries of both texts, without the first comma. Valid until members come or go. */
struct cln_slice presence_ids(const struct presence *presence);
struct cln_slice presence_hash(const struct presence *presence);
void presence_deinit(struct presence *presence);

struct cln_slice member_id(const struct member *member);
struct cln_slice member_info(const struct member *member);

#endif

/* SPDX-License-Identifier: MIT
 *
 * Members by user id, counted by connection.
 */
#include "presence.h"

static struct member *find(const struct presence *presence, struct cln_slice id)
{
	struct member *member;
	HASH_FIND(hh, presence->members, id.ptr, id.len, member);
	return member;
}

static void add(struct presence *presence, struct cln_slice id, struct cln_slice info)
{
	struct member *const member = xcalloc(1, sizeof(*member) + id.len + info.len);
	member->connections = 1;
	member->id_len = id.len;
	member->info_len = info.len;
	memcpy(member->bytes, id.ptr, id.len);
	memcpy(member->bytes + id.len, info.ptr, info.len);
	HASH_ADD_KEYPTR(hh, presence->members, member->bytes, member->id_len, member);
}

enum presence_result presence_join(
	struct presence *presence, struct cln_slice id, struct cln_slice info, unsigned limit)
{
	struct member *const member = find(presence, id);
	if (member != NULL) {
		member->connections++;
		return PRESENCE_AGAIN;
	}
	if (presence_count(presence) >= limit)
		return PRESENCE_FULL;
	add(presence, id, info);
	return PRESENCE_FIRST;
}

bool presence_leave(struct presence *presence, struct cln_slice id)
{
	struct member *const member = find(presence, id);
	if (member == NULL || --member->connections > 0)
		return false;
	HASH_DELETE(hh, presence->members, member);
	free(member);
	return true;
}

unsigned presence_count(const struct presence *presence)
{
	return HASH_COUNT(presence->members);
}

void presence_deinit(struct presence *presence)
{
	struct member *member, *next;
	HASH_ITER(hh, presence->members, member, next)
	{
		HASH_DELETE(hh, presence->members, member);
		free(member);
	}
}

struct cln_slice member_id(const struct member *member)
{
	return cln_slice(member->bytes, member->id_len);
}

struct cln_slice member_info(const struct member *member)
{
	return cln_slice(member->bytes + member->id_len, member->info_len);
}

/* SPDX-License-Identifier: MIT
 *
 * Members by user id, counted by connection, and the texts that list them.
 */
#include "presence.h"
#include "jslice.h"

/* --- the texts --- */

static void append_id(struct buf *entry, const struct member *member)
{
	buf_append_slice(entry, CLN_SLICE(",\""));
	jslice_escape(entry, member_id(member));
	buf_append_byte(entry, '"');
}

/* Appends `entry`, escaped once more, and notes where it stands. */
static void append_entry(struct buf *text, struct cln_slice entry, uint32_t *at, uint32_t *len)
{
	*at = (uint32_t)text->len;
	jslice_escape(text, entry);
	*len = (uint32_t)(text->len - *at);
}

static void text_add(struct presence_text *text, struct member *member)
{
	struct buf entry = {0};
	append_id(&entry, member);
	append_entry(&text->ids, buf_slice(&entry), &member->ids_at, &member->ids_len);
	buf_append_byte(&entry, ':');
	buf_append_slice(&entry, member_info(member));
	append_entry(&text->hash, buf_slice(&entry), &member->hash_at, &member->hash_len);
	buf_deinit(&entry);
}

static void text_clear(struct presence_text *text)
{
	buf_deinit(&text->ids);
	buf_deinit(&text->hash);
	text->blanks = 0;
}

static void text_remove(struct presence *presence, const struct member *member)
{
	struct presence_text *const text = presence->text;
	memset(text->ids.bytes + member->ids_at, ' ', member->ids_len);
	memset(text->hash.bytes + member->hash_at, ' ', member->hash_len);
	text->blanks += member->ids_len + member->hash_len;
	if (text->blanks <= (text->ids.len + text->hash.len) / 2)
		return;
	text_clear(text);
	for (struct member *each = presence->members; each != NULL; each = each->hh.next)
		text_add(text, each);
}

/* Behind the blanks and the comma in front of the first entry. */
static struct cln_slice entries(const struct buf *text)
{
	size_t first = 0;
	while (first < text->len && text->bytes[first] == ' ')
		first++;
	return cln_slice_from(buf_slice(text), first < text->len ? first + 1 : first);
}

struct cln_slice presence_ids(const struct presence *presence)
{
	return presence->text == NULL ? CLN_SLICE("") : entries(&presence->text->ids);
}

struct cln_slice presence_hash(const struct presence *presence)
{
	return presence->text == NULL ? CLN_SLICE("") : entries(&presence->text->hash);
}

/* --- the members --- */

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
	if (presence->text == NULL)
		presence->text = xcalloc(1, sizeof(*presence->text));
	text_add(presence->text, member);
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
	text_remove(presence, member);
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
	if (presence->text != NULL)
		text_clear(presence->text);
	free(presence->text);
	presence->text = NULL;
}

struct cln_slice member_id(const struct member *member)
{
	return cln_slice(member->bytes, member->id_len);
}

struct cln_slice member_info(const struct member *member)
{
	return cln_slice(member->bytes + member->id_len, member->info_len);
}

/* SPDX-License-Identifier: MIT */
/* sources: relay/pusher_auth.c relay/jslice.c relay/msg.c relay/ws_frame.c relay/base/buf.c */
/* sources: relay/base/frame.c relay/base/utf8.c relay/base/hmac.c relay/base/xalloc.c */
/* sources: relay/base/log.c relay/base/clock.c wire/sign.c wire/name.c */
/* libs: libcrypto zlib */
/*
 * Who a client says it is: channel_data, user_data and watchlists. What is taken keeps every
 * promise (ids are valid UTF-8, not empty, bounded), what is refused comes with a sentence. The
 * first byte is the bound of the watchlist.
 */
#include "support/fuzz.h"

#include "relay/pusher_auth.h"
#include "wire/name.h"

static void check_id(struct cln_slice id)
{
	size_t characters = 0;
	claim(id.len > 0 && id.len <= PRESENCE_USER_ID_MAX && cln_utf8_is_valid(id));
	for (size_t i = 0; i < id.len; i++)
		characters += ((unsigned char)id.ptr[i] & 0xC0) != 0x80;
	claim(characters <= PRESENCE_USER_ID_CHARACTERS);
}

static void check_info(struct cln_slice info)
{
	struct jslice value;
	claim(jslice_parse(info, &value) == CLN_OK && value.raw.len == info.len);
}

static void check_watchlist(const struct jslice *array, size_t limit)
{
	struct pusher_watchlist list;
	claim(array->type == JSLICE_ARRAY);
	const char *const error = pusher_watchlist_parse(array, limit, &list);
	claim(list.count <= limit);
	claim(error == NULL || !list.is_cut);
	for (size_t i = 0; i < list.count; i++)
		check_id(list.ids[i]);
	pusher_watchlist_deinit(&list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	char id[PRESENCE_USER_ID_MAX];
	struct pusher_member member;
	struct jslice watchlist;
	const struct cln_slice text = exact(cln_slice(data + 1, size - 1));
	if (pusher_member_parse(text, id, &member) == NULL) {
		check_id(member.id);
		check_info(member.info);
	}
	if (pusher_user_parse(text, id, &member, &watchlist) == NULL) {
		check_id(member.id);
		check_info(member.info);
		check_watchlist(&watchlist, data[0]);
	}
	free((char *)text.ptr);
	return 0;
}

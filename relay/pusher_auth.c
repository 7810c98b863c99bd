/* SPDX-License-Identifier: MIT
 *
 * Signature and identity.
 */
#include "pusher_auth.h"
#include "jslice.h"
#include "msg.h"

#include "../wire/sign.h"

#define QUOTED_MAX 128 /* of what the peer sent, in an answer */

static void quote(struct buf *message, struct cln_slice text)
{
	struct cln_slice cut = text;
	if (cut.len > QUOTED_MAX) {
		cut.len = QUOTED_MAX;
		/* not in the middle of a character */
		while (cut.len > 0 && ((unsigned char)text.ptr[cut.len] & 0xC0) == 0x80)
			cut.len--;
	}
	buf_append_slice(message, cut);
	if (cut.len < text.len)
		buf_append_slice(message, CLN_SLICE("..."));
}

static void say_missing(const struct pusher_auth *expected, struct buf *message)
{
	buf_append_slice(message, CLN_SLICE("Auth info required to subscribe to "));
	buf_append_slice(message, expected->channel);
}

static void say_key(struct cln_slice key, struct buf *message)
{
	buf_append_slice(message, CLN_SLICE("Invalid key in subscription auth data: '"));
	quote(message, key);
	buf_append_slice(message, CLN_SLICE("'"));
}

static void say_signature(const struct pusher_auth *expected, struct cln_slice socket_id,
	struct cln_slice got, struct buf *message)
{
	buf_append_slice(message, CLN_SLICE("Invalid signature: Expected HMAC SHA256 hex digest of "));
	buf_append_slice(message, socket_id);
	buf_append_slice(message, CLN_SLICE(":"));
	buf_append_slice(message, expected->channel);
	if (expected->channel_data != NULL) {
		buf_append_slice(message, CLN_SLICE(":"));
		quote(message, *expected->channel_data);
	}
	buf_append_slice(message, CLN_SLICE(", but got "));
	quote(message, got);
}

bool pusher_auth_check(
	const struct pusher_auth *expected, struct cln_slice auth, struct buf *message)
{
	if (auth.len == 0) {
		say_missing(expected, message);
		return false;
	}
	const char *const colon = memchr(auth.ptr, ':', auth.len);
	const size_t key_len = colon == NULL ? auth.len : (size_t)(colon - auth.ptr);
	const struct cln_slice key = {auth.ptr, key_len};
	if (colon == NULL || !cln_slice_equal(key, expected->key)) {
		say_key(key, message);
		return false;
	}
	char id[MSG_SOCKET_MAX];
	const struct cln_slice socket_id = {id, msg_socket_print(expected->socket, id)};
	char hex[CLN_SIGNATURE_HEX];
	cln_sign_channel(expected->secret, socket_id, expected->channel, expected->channel_data, hex);
	const struct cln_slice got = cln_slice_from(auth, key_len + 1);
	if (cln_equal_constant_time(got, cln_slice(hex, sizeof(hex))))
		return true;
	say_signature(expected, socket_id, got, message);
	return false;
}

static size_t count_characters(struct cln_slice text)
{
	size_t count = 0;
	for (size_t i = 0; i < text.len; i++)
		count += ((unsigned char)text.ptr[i] & 0xC0) != 0x80;
	return count;
}

static bool is_integer(struct cln_slice number)
{
	return memchr(number.ptr, '.', number.len) == NULL &&
		   memchr(number.ptr, 'e', number.len) == NULL &&
		   memchr(number.ptr, 'E', number.len) == NULL;
}

/* Integers are taken as their digits, so they stay exact at any length. */
static const char *parse_user_id(
	const struct jslice *value, char id[PRESENCE_USER_ID_MAX], struct cln_slice *out)
{
	static const char too_long[] = "The user_id of channel_data has more than 128 characters";
	size_t len;
	if (value->type == JSLICE_NUMBER && is_integer(value->raw)) {
		if (value->raw.len > PRESENCE_USER_ID_CHARACTERS)
			return too_long;
		len = value->raw.len;
		memcpy(id, value->raw.ptr, len);
	} else if (value->type != JSLICE_STRING) {
		return "The user_id of channel_data must be a string or an integer";
	} else if (jslice_string(value, id, PRESENCE_USER_ID_MAX, &len) < 0) {
		return too_long;
	}
	*out = cln_slice(id, len);
	if (len == 0)
		return "The user_id of channel_data is empty";
	return count_characters(*out) > PRESENCE_USER_ID_CHARACTERS ? too_long : NULL;
}

const char *pusher_member_parse(
	struct cln_slice channel_data, char id[PRESENCE_USER_ID_MAX], struct pusher_member *member)
{
	struct jslice object, value;
	if (jslice_parse(channel_data, &object) < 0 || object.type != JSLICE_OBJECT)
		return "channel_data is not a JSON object";
	if (!jslice_find(&object, CLN_SLICE("user_id"), &value))
		return "channel_data has no user_id";
	const char *const error = parse_user_id(&value, id, &member->id);
	if (error != NULL)
		return error;
	member->info = CLN_SLICE("{}");
	if (jslice_find(&object, CLN_SLICE("user_info"), &value))
		member->info = value.raw;
	return NULL;
}

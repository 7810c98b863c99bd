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
	if (expected->user_data != NULL) {
		buf_append_slice(message, CLN_SLICE("Auth info required to sign in"));
		return;
	}
	buf_append_slice(message, CLN_SLICE("Auth info required to subscribe to "));
	buf_append_slice(message, expected->channel);
}

static void say_key(const struct pusher_auth *expected, struct cln_slice key, struct buf *message)
{
	buf_append_slice(message, expected->user_data != NULL
								  ? CLN_SLICE("Invalid key in user auth data: '")
								  : CLN_SLICE("Invalid key in subscription auth data: '"));
	quote(message, key);
	buf_append_slice(message, CLN_SLICE("'"));
}

static void say_signature(const struct pusher_auth *expected, struct cln_slice socket_id,
	struct cln_slice got, struct buf *message)
{
	buf_append_slice(message, CLN_SLICE("Invalid signature: Expected HMAC SHA256 hex digest of "));
	buf_append_slice(message, socket_id);
	if (expected->user_data != NULL) {
		buf_append_slice(message, CLN_SLICE("::user::"));
		quote(message, *expected->user_data);
	} else {
		buf_append_slice(message, CLN_SLICE(":"));
		buf_append_slice(message, expected->channel);
	}
	if (expected->channel_data != NULL) {
		buf_append_slice(message, CLN_SLICE(":"));
		quote(message, *expected->channel_data);
	}
	buf_append_slice(message, CLN_SLICE(", but got "));
	quote(message, got);
}

static bool is_key(const struct pusher_auth *expected, struct cln_slice key)
{
	for (unsigned i = 0; i < expected->pair_count; i++) {
		if (cln_slice_equal(key, expected->pairs[i].key))
			return true;
	}
	return false;
}

/* By the secret of `key`, or one of them: a secret may be rotated without its key. */
static bool is_signed(const struct pusher_auth *expected, struct cln_slice key,
	struct cln_slice socket_id, struct cln_slice got)
{
	char hex[CLN_SIGNATURE_HEX];
	for (unsigned i = 0; i < expected->pair_count; i++) {
		const struct app_pair *const pair = &expected->pairs[i];
		if (!cln_slice_equal(key, pair->key))
			continue;
		if (expected->user_data != NULL)
			cln_sign_user(pair->secret, socket_id, *expected->user_data, hex);
		else
			cln_sign_channel(
				pair->secret, socket_id, expected->channel, expected->channel_data, hex);
		if (cln_equal_constant_time(got, cln_slice(hex, sizeof(hex))))
			return true;
	}
	return false;
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
	if (colon == NULL || !is_key(expected, key)) {
		say_key(expected, key, message);
		return false;
	}
	char id[MSG_SOCKET_MAX];
	const struct cln_slice socket_id = {id, msg_socket_print(expected->socket, id)};
	const struct cln_slice got = cln_slice_from(auth, key_len + 1);
	if (is_signed(expected, key, socket_id, got))
		return true;
	say_signature(expected, socket_id, got, message);
	return false;
}

/* --- who it is --- */

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

/* What is wrong with an id, in the words of where it stands. */
struct id_errors {
	const char *type;
	const char *empty;
	const char *too_long;
};

static const char *parse_string_id(const struct jslice *value, const struct id_errors *errors,
	char id[PRESENCE_USER_ID_MAX], struct cln_slice *out)
{
	size_t len;
	if (value->type != JSLICE_STRING)
		return errors->type;
	if (jslice_string(value, id, PRESENCE_USER_ID_MAX, &len) < 0)
		return errors->too_long;
	*out = cln_slice(id, len);
	if (len == 0)
		return errors->empty;
	return count_characters(*out) > PRESENCE_USER_ID_CHARACTERS ? errors->too_long : NULL;
}

/* Integers are taken as their digits, so they stay exact at any length. */
static const char *parse_id(const struct jslice *value, const struct id_errors *errors,
	char id[PRESENCE_USER_ID_MAX], struct cln_slice *out)
{
	if (value->type != JSLICE_NUMBER || !is_integer(value->raw))
		return parse_string_id(value, errors, id, out);
	if (value->raw.len > PRESENCE_USER_ID_CHARACTERS)
		return errors->too_long;
	memcpy(id, value->raw.ptr, value->raw.len);
	*out = cln_slice(id, value->raw.len);
	return NULL;
}

static struct cln_slice info_of(const struct jslice *object)
{
	struct jslice value;
	return jslice_find(object, CLN_SLICE("user_info"), &value) ? value.raw : CLN_SLICE("{}");
}

const char *pusher_member_parse(
	struct cln_slice channel_data, char id[PRESENCE_USER_ID_MAX], struct pusher_member *member)
{
	static const struct id_errors errors = {
		.type = "The user_id of channel_data must be a string or an integer",
		.empty = "The user_id of channel_data is empty",
		.too_long = "The user_id of channel_data has more than 128 characters",
	};
	struct jslice object, value;
	if (jslice_parse(channel_data, &object) < 0 || object.type != JSLICE_OBJECT)
		return "channel_data is not a JSON object";
	if (!jslice_find(&object, CLN_SLICE("user_id"), &value))
		return "channel_data has no user_id";
	member->info = info_of(&object);
	return parse_id(&value, &errors, id, &member->id);
}

/* Numbers are refused: pusher-js drops the answer to such a sign-in without a word, so the client
 * would wait for ever while we took it for signed in. */
const char *pusher_user_parse(struct cln_slice user_data, char id[PRESENCE_USER_ID_MAX],
	struct pusher_member *user, struct jslice *watchlist)
{
	static const struct id_errors errors = {
		.type = "The id of user_data must be a string: clients ignore other ids, so let the "
				"application convert it",
		.empty = "The id of user_data is empty",
		.too_long = "The id of user_data has more than 128 characters",
	};
	struct jslice object, value;
	if (jslice_parse(user_data, &object) < 0 || object.type != JSLICE_OBJECT)
		return "user_data is not a JSON object";
	if (!jslice_find(&object, CLN_SLICE("id"), &value))
		return "user_data has no id";
	user->info = info_of(&object);
	if (!jslice_find(&object, CLN_SLICE("watchlist"), watchlist) || watchlist->type == JSLICE_NULL)
		*watchlist = (struct jslice){JSLICE_ARRAY, CLN_SLICE("[]")};
	if (watchlist->type != JSLICE_ARRAY)
		return "The watchlist of user_data must be an array of user ids";
	return parse_string_id(&value, &errors, id, &user->id);
}

const char *pusher_watchlist_parse(
	const struct jslice *array, size_t limit, struct pusher_watchlist *list)
{
	static const struct id_errors errors = {
		.type = "The watchlist of user_data must hold strings only, or integers",
		.empty = "The watchlist of user_data holds an empty id",
		.too_long = "The watchlist of user_data holds an id of more than 128 characters",
	};
	struct cln_slice rest = array->raw;
	struct jslice value;
	size_t used = 0;
	size_t cap = array->raw.len / 2; /* an element has a byte, and a comma or a bracket behind it */
	if (cap > limit)
		cap = limit;
	*list = (struct pusher_watchlist){
		.ids = xcalloc(cap + 1, sizeof(*list->ids)),
		.bytes = xmalloc(array->raw.len + PRESENCE_USER_ID_MAX),
	};
	while (jslice_next_element(&rest, &value)) {
		if (list->count == limit) {
			list->is_cut = true;
			break;
		}
		struct cln_slice *const id = &list->ids[list->count];
		const char *const error = parse_id(&value, &errors, list->bytes + used, id);
		if (error != NULL)
			return error;
		used += id->len;
		list->count++;
	}
	return NULL;
}

void pusher_watchlist_deinit(struct pusher_watchlist *list)
{
	free(list->ids);
	free(list->bytes);
}

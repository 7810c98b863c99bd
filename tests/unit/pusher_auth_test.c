/* SPDX-License-Identifier: MIT
 *
 * Signatures of subscriptions and the identity in channel_data.
 */
/* sources: relay/pusher_auth.c relay/jslice.c relay/msg.c relay/ws_frame.c relay/base/buf.c */
/* sources: relay/base/frame.c relay/base/utf8.c relay/base/hmac.c relay/base/xalloc.c */
/* sources: relay/base/log.c relay/base/clock.c wire/sign.c wire/name.c */
/* libs: libcrypto */
#include "../../relay/msg.h"
#include "../../relay/pusher_auth.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "../../wire/name.h"
#include "../../wire/sign.h"

#include <cmocka.h>

#define SOCKET (UINT64_C(123456) << 32 | 7890)

static struct pusher_auth expected(const char *channel, const struct cln_slice *channel_data)
{
	return (struct pusher_auth){
		.pairs = {{CLN_SLICE("key1"), CLN_SLICE("secret1")}},
		.pair_count = 1,
		.socket = SOCKET,
		.channel = cln_slice_of(channel),
		.channel_data = channel_data,
	};
}

static void sign(
	const char *socket, const char *channel, const struct cln_slice *channel_data, char out[128])
{
	char hex[CLN_SIGNATURE_HEX];
	cln_sign_channel(
		CLN_SLICE("secret1"), cln_slice_of(socket), cln_slice_of(channel), channel_data, hex);
	snprintf(out, 128, "key1:%.*s", CLN_SIGNATURE_HEX, hex);
}

/* `said` is part of the sentence of a refusal, NULL: accepted. */
static void expect(const struct pusher_auth *auth, const char *text, const char *said)
{
	struct buf message = {0};
	const bool is_good = pusher_auth_check(auth, cln_slice_of(text), &message);
	buf_append_byte(&message, '\0');
	assert_int_equal(is_good, said == NULL);
	if (said != NULL && strstr(message.bytes, said) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", message.bytes, said);
	buf_deinit(&message);
}

static void a_signature_is_for_one_socket_and_channel(void **state)
{
	(void)state;
	char text[128];
	const struct pusher_auth auth = expected("private-a", NULL);
	sign("123456.7890", "private-a", NULL, text);
	expect(&auth, text, NULL);
	sign("123456.7891", "private-a", NULL, text);
	expect(&auth, text,
		"Invalid signature: Expected HMAC SHA256 hex digest of 123456.7890:private-a, but got ");
	sign("123456.7890", "private-b", NULL, text);
	expect(&auth, text, "Invalid signature");
}

static void every_byte_of_it_counts(void **state)
{
	(void)state;
	char text[128];
	const struct pusher_auth auth = expected("private-a", NULL);
	sign("123456.7890", "private-a", NULL, text);
	const size_t len = strlen(text);
	for (size_t i = 0; i < len; i++) {
		const char good = text[i];
		text[i] = good == 'f' ? 'e' : 'f';
		expect(&auth, text, i < 5 ? "Invalid key" : "Invalid signature");
		text[i] = good;
	}
	for (size_t i = 1; i < len; i++) {
		char cut[128];
		memcpy(cut, text, i);
		cut[i] = '\0';
		expect(&auth, cut, i < 5 ? "Invalid key" : "Invalid signature");
	}
	text[len] = 'f';
	text[len + 1] = '\0';
	expect(&auth, text, "Invalid signature");
}

static void the_key_is_checked(void **state)
{
	(void)state;
	const struct pusher_auth auth = expected("private-a", NULL);
	expect(&auth, "", "Auth info required to subscribe to private-a");
	expect(&auth, "key2:abc", "Invalid key in subscription auth data: 'key2'");
	expect(&auth, "key1", "Invalid key in subscription auth data: 'key1'");
	expect(&auth, ":x", "Invalid key in subscription auth data: ''");
}

static void channel_data_is_signed_as_it_is(void **state)
{
	(void)state;
	char text[128];
	const struct cln_slice data = CLN_SLICE("{\"user_id\":\"a\\/b\"}");
	const struct cln_slice other = CLN_SLICE("{\"user_id\":\"a/b\"}");
	const struct pusher_auth auth = expected("presence-a", &data);
	sign("123456.7890", "presence-a", &data, text);
	expect(&auth, text, NULL);
	sign("123456.7890", "presence-a", &other, text);
	expect(&auth, text, "Invalid signature");
	sign("123456.7890", "presence-a", NULL, text);
	expect(&auth, text, "Invalid signature");
	const struct cln_slice empty = CLN_SLICE("");
	const struct pusher_auth with_empty = expected("private-a", &empty);
	expect(&with_empty, text, "Invalid signature");
	sign("123456.7890", "private-a", &empty, text);
	expect(&with_empty, text, NULL);
}

/* The vectors of the protocol's description: one signed text, one digest each. */
struct vector {
	const char *name;
	const char *key;
	const char *secret;
	uint64_t socket;
	const char *channel; /* NULL: a sign-in */
	const char *data;    /* channel_data or user_data, NULL: none */
	const char *hex;
};

#define DOCS_KEY    "278d425bdf160c739803"
#define DOCS_SECRET "7ad3773142a6692b25b8"
#define DOCS_SOCKET (UINT64_C(1234) << 32 | 1234)
#define PHP_KEY     "thisisaauthkey"
#define PHP_SECRET  "thisisasecret"

static const struct vector vectors[] = {
	{"A1", DOCS_KEY, DOCS_SECRET, DOCS_SOCKET, "private-foobar", NULL,
		"58df8b0c36d6982b82c3ecf6b4662e34fe8c25bba48f5369f135bf843651c3a4"},
	{"A2", DOCS_KEY, DOCS_SECRET, DOCS_SOCKET, "presence-foobar",
		"{\"user_id\":10,\"user_info\":{\"name\":\"Mr. Channels\"}}",
		"31935e7d86dba64c2a90aed31fdc61869f9b22ba9d8863bba239c03ca481bc80"},
	{"A3", DOCS_KEY, DOCS_SECRET, DOCS_SOCKET, "presence-foobar",
		"{\"user_id\":10,\"user_info\":{\"name\":\"Mr. Pusher\"}}",
		"afaed3695da2ffd16931f457e338e6c9f2921fa133ce7dac49f529792be6304c"},
	{"A4", DOCS_KEY, DOCS_SECRET, DOCS_SOCKET, NULL, "{\"id\":\"12345\"}",
		"4708d583dada6a56435fb8bc611c77c359a31eebde13337c16ab43aa6de336ba"},
	{"B6", "key1", "secret1", SOCKET, "private-orders.42", NULL,
		"bdd475f80b386ea44d12b6ac1f848ed2853eb632b576e891f6cc8daa57fae4b0"},
	{"B7", "key1", "secret1", SOCKET, "presence-room",
		"{\"user_id\":\"7\",\"user_info\":{\"name\":\"Zo\xc3\xab\"}}",
		"b12345bf60c6adab040ea6fe56b70dc6a159b7dd93de515a2e689155ba552816"},
	{"B8", "key1", "secret1", SOCKET, NULL, "{\"id\":\"7\"}",
		"e0cd87b7b0b5d9a2be2505e7547f8819e3e08731fab6bdb64f33bf70f21c455c"},
	{"B9", "key1", "secret1", SOCKET, "private-encrypted-bla", NULL,
		"cda186a2a2353482a8c56c2105daad1fd502769353feef81d46241cd72c779e5"},
	{"C1", PHP_KEY, PHP_SECRET, UINT64_C(1) << 32 | 1, "testing_pusher-php", NULL,
		"751ccc12aeaa79d46f7c199bced5fa47527d3480b51fe61a0bd10438241bd52d"},
	{"C2", PHP_KEY, PHP_SECRET, UINT64_C(45055) << 32 | 28877557, "-azAZ9_=@,.;",
		"{\"user_id\": \"123\"}",
		"3b3f1dcc4d7d2f95dd10ed05562397b3287b102d4cccfacbf30eed2f1ffa3d69"},
	{"C3", PHP_KEY, PHP_SECRET, UINT64_C(12345) << 32 | 6789, NULL, "{\"id\":\"123\"}",
		"fc713f433deb729d0d96f9e26ef054285cbc3e833ebe840b93722a2fa16a6a18"},
};

/* `data` must outlive what is returned. */
static struct pusher_auth auth_of(const struct vector *vector, const struct cln_slice *data)
{
	struct pusher_auth auth = {
		.pairs = {{cln_slice_of(vector->key), cln_slice_of(vector->secret)}},
		.pair_count = 1,
		.socket = vector->socket,
	};
	if (vector->channel == NULL) {
		auth.user_data = data;
	} else {
		auth.channel = cln_slice_of(vector->channel);
		auth.channel_data = vector->data == NULL ? NULL : data;
	}
	return auth;
}

static void the_vectors_hold(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		const struct vector *const vector = &vectors[i];
		const struct cln_slice data =
			vector->data == NULL ? CLN_SLICE("") : cln_slice_of(vector->data);
		struct pusher_auth auth = auth_of(vector, &data);
		struct buf message = {0};
		char text[128];
		snprintf(text, sizeof(text), "%s:%s", vector->key, vector->hex);
		if (!pusher_auth_check(&auth, cln_slice_of(text), &message))
			fail_msg("%s: %.*s", vector->name, (int)message.len, message.bytes);
		auth.socket++;
		assert_false(pusher_auth_check(&auth, cln_slice_of(text), &message));
		buf_deinit(&message);
	}
}

static void a_sign_in_is_no_subscription(void **state)
{
	(void)state;
	const struct cln_slice data = CLN_SLICE("{\"id\":\"7\"}");
	struct pusher_auth auth = expected("", NULL);
	auth.user_data = &data;
	expect(&auth, "", "Auth info required to sign in");
	expect(&auth, "key2:x", "Invalid key in user auth data: 'key2'");
	expect(&auth, "key1:x",
		"Expected HMAC SHA256 hex digest of 123456.7890::user::{\"id\":\"7\"}, but got x");
	char text[128];
	sign("123456.7890", "presence-a", &data, text);
	expect(&auth, text, "Invalid signature");
	/* A channel's name has no colon, or this would be the signature of a sign-in. */
	sign("123456.7890", ":user:", &data, text);
	expect(&auth, text, NULL);
}

static void while_rotating_both_pairs_will_do(void **state)
{
	(void)state;
	char text[128];
	struct pusher_auth auth = expected("private-a", NULL);
	sign("123456.7890", "private-a", NULL, text);
	auth.pairs[1] = auth.pairs[0];
	auth.pairs[0] = (struct app_pair){CLN_SLICE("key2"), CLN_SLICE("secret2")};
	expect(&auth, text, "Invalid key");
	auth.pair_count = 2;
	expect(&auth, text, NULL);
	memcpy(text, "key2", 4); /* the one's key with the other's secret */
	expect(&auth, text, "Invalid signature");
	auth.pairs[0].key = CLN_SLICE("key1"); /* only the secret was rotated */
	memcpy(text, "key1", 4);
	expect(&auth, text, NULL);
	auth.pair_count = 1;
	expect(&auth, text, "Invalid signature");
}

static void sentences_are_bounded_and_stay_utf8(void **state)
{
	(void)state;
	char text[1024];
	const struct pusher_auth auth = expected("private-a", NULL);
	for (size_t shift = 0; shift < 3; shift++) {
		struct buf message = {0};
		memset(text, 'x', shift);
		for (size_t i = shift; i + 3 <= sizeof(text); i += 3)
			memcpy(text + i, "\xe2\x82\xac", 3);
		assert_false(pusher_auth_check(&auth, cln_slice(text, shift + 900), &message));
		assert_true(message.len < 300);
		assert_true(cln_utf8_is_valid(buf_slice(&message)));
		buf_deinit(&message);
	}
}

static void expect_member(const char *data, const char *id, const char *info)
{
	char buffer[PRESENCE_USER_ID_MAX];
	struct pusher_member member;
	const char *const error = pusher_member_parse(cln_slice_of(data), buffer, &member);
	if (error != NULL)
		fail_msg("%s: %s", data, error);
	assert_true(cln_slice_equal(member.id, cln_slice_of(id)));
	assert_true(cln_slice_equal(member.info, cln_slice_of(info)));
}

static void members_have_an_id_and_any_info(void **state)
{
	(void)state;
	expect_member("{\"user_id\":\"7\"}", "7", "{}");
	expect_member("{\"user_id\":7}", "7", "{}");
	expect_member("{\"user_id\":-7,\"user_info\":null}", "-7", "null");
	expect_member(
		"{\"user_id\":12345678901234567890,\"user_info\":true}", "12345678901234567890", "true");
	expect_member("{\"user_info\": {\"n\" : 1e400} ,\"user_id\":\"\\u00e9\\/\"}", "\xc3\xa9/",
		"{\"n\" : 1e400}");
	expect_member("{\"user_id\":1,\"user_id\":2}", "2", "{}");
}

static void expect_no_member(const char *data, const char *said)
{
	char buffer[PRESENCE_USER_ID_MAX];
	struct pusher_member member;
	const char *const error = pusher_member_parse(cln_slice_of(data), buffer, &member);
	assert_non_null(error);
	if (strstr(error, said) == NULL)
		fail_msg("%s: \"%s\" does not say \"%s\"", data, error, said);
}

static void other_data_is_refused(void **state)
{
	(void)state;
	expect_no_member("", "not a JSON object");
	expect_no_member("[]", "not a JSON object");
	expect_no_member("{\"user_id\":1", "not a JSON object");
	expect_no_member("{}", "no user_id");
	expect_no_member("{\"user_id\":null}", "string or an integer");
	expect_no_member("{\"user_id\":1.5}", "string or an integer");
	expect_no_member("{\"user_id\":1e3}", "string or an integer");
	expect_no_member("{\"user_id\":{}}", "string or an integer");
	expect_no_member("{\"user_id\":\"\"}", "empty");
}

static void ids_are_counted_in_characters(void **state)
{
	(void)state;
	for (size_t count = PRESENCE_USER_ID_CHARACTERS - 1; count <= PRESENCE_USER_ID_CHARACTERS + 1;
		 count++) {
		static const char *const characters[] = {"a", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};
		for (size_t c = 0; c < 3; c++) {
			struct buf data = {0};
			buf_append_slice(&data, CLN_SLICE("{\"user_id\":\""));
			for (size_t i = 0; i < count; i++)
				buf_append_slice(&data, cln_slice_of(characters[c]));
			buf_append_slice(&data, CLN_SLICE("\"}\0"));
			if (count <= PRESENCE_USER_ID_CHARACTERS) {
				char buffer[PRESENCE_USER_ID_MAX];
				struct pusher_member member;
				assert_null(
					pusher_member_parse(cln_slice(data.bytes, data.len - 1), buffer, &member));
			} else {
				expect_no_member(data.bytes, "more than 128");
			}
			buf_deinit(&data);
		}
	}
}

static void expect_user(const char *data, const char *id, const char *info, const char *list)
{
	char buffer[PRESENCE_USER_ID_MAX];
	struct pusher_member user;
	struct jslice watchlist;
	const char *const error = pusher_user_parse(cln_slice_of(data), buffer, &user, &watchlist);
	if (error != NULL)
		fail_msg("%s: %s", data, error);
	assert_true(cln_slice_equal(user.id, cln_slice_of(id)));
	assert_true(cln_slice_equal(user.info, cln_slice_of(info)));
	assert_true(cln_slice_equal(watchlist.raw, cln_slice_of(list)));
}

static void expect_no_user(const char *data, const char *said)
{
	char buffer[PRESENCE_USER_ID_MAX];
	struct pusher_member user;
	struct jslice watchlist;
	const char *const error = pusher_user_parse(cln_slice_of(data), buffer, &user, &watchlist);
	assert_non_null(error);
	if (strstr(error, said) == NULL)
		fail_msg("%s: \"%s\" does not say \"%s\"", data, error, said);
}

static void users_have_a_string_as_id(void **state)
{
	(void)state;
	expect_user("{\"id\":\"7\"}", "7", "{}", "[]");
	expect_user("{\"watchlist\":null,\"user_info\":{\"n\":1e400},\"id\":\"\\u00e9\\/\"}",
		"\xc3\xa9/", "{\"n\":1e400}", "[]");
	expect_user("{\"id\":\"7\",\"watchlist\":[ \"8\", 9 ]}", "7", "{}", "[ \"8\", 9 ]");
	expect_no_user("", "not a JSON object");
	expect_no_user("\"7\"", "not a JSON object");
	expect_no_user("{\"id\":\"7\"", "not a JSON object");
	expect_no_user("{}", "no id");
	expect_no_user("{\"user_id\":\"7\"}", "no id");
	expect_no_user("{\"id\":7}", "must be a string");
	expect_no_user("{\"id\":null}", "must be a string");
	expect_no_user("{\"id\":[\"7\"]}", "must be a string");
	expect_no_user("{\"id\":\"\"}", "empty");
	expect_no_user("{\"id\":\"7\",\"watchlist\":\"8\"}", "must be an array");
	expect_no_user("{\"id\":\"7\",\"watchlist\":{\"0\":\"8\"}}", "must be an array");
	struct buf data = {0};
	buf_append_slice(&data, CLN_SLICE("{\"id\":\""));
	for (size_t i = 0; i <= PRESENCE_USER_ID_CHARACTERS; i++)
		buf_append_slice(&data, CLN_SLICE("x"));
	buf_append_slice(&data, CLN_SLICE("\"}\0"));
	expect_no_user(data.bytes, "more than 128");
	buf_deinit(&data);
}

/* The ids that are kept, each followed by a blank; said: what is wrong, NULL for nothing. */
static void expect_watchlist(
	const char *json, size_t limit, const char *ids, bool is_cut, const char *said)
{
	struct jslice array;
	struct pusher_watchlist list;
	struct buf found = {0};
	assert_int_equal(jslice_parse(cln_slice_of(json), &array), CLN_OK);
	const char *const error = pusher_watchlist_parse(&array, limit, &list);
	assert_true((error == NULL) == (said == NULL));
	if (error != NULL) {
		assert_non_null(strstr(error, said));
	} else {
		for (size_t i = 0; i < list.count; i++)
			buf_appendf(&found, "%.*s ", (int)list.ids[i].len, list.ids[i].ptr);
		buf_append_byte(&found, '\0');
		assert_string_equal(found.bytes, ids);
		assert_int_equal(list.is_cut, is_cut);
	}
	buf_deinit(&found);
	pusher_watchlist_deinit(&list);
}

static void watchlists_are_bounded(void **state)
{
	(void)state;
	expect_watchlist("[]", 3, "", false, NULL);
	expect_watchlist("[\"8\",9,\"\\u00e9\"]", 3, "8 9 \xc3\xa9 ", false, NULL);
	expect_watchlist("[\"8\",9,\"10\",\"11\"]", 3, "8 9 10 ", true, NULL);
	expect_watchlist("[\"8\",9,\"10\",{}]", 3, "8 9 10 ", true, NULL);
	expect_watchlist("[1,2,3]", 10000, "1 2 3 ", false, NULL);
	expect_watchlist("[\"8\",{}]", 3, NULL, false, "strings only");
	expect_watchlist("[null]", 3, NULL, false, "strings only");
	expect_watchlist("[1.5]", 3, NULL, false, "strings only");
	expect_watchlist("[\"\"]", 3, NULL, false, "empty id");
	struct buf long_id = {0};
	buf_append_slice(&long_id, CLN_SLICE("[\"8\",\""));
	for (size_t i = 0; i < 600; i++)
		buf_append_slice(&long_id, CLN_SLICE("x"));
	buf_append_slice(&long_id, CLN_SLICE("\"]\0"));
	expect_watchlist(long_id.bytes, 3, NULL, false, "more than 128");
	buf_deinit(&long_id);
}

static void socket_ids_go_back_and_forth(void **state)
{
	(void)state;
	static const uint64_t ids[] = {UINT64_C(1) << 32 | 1, SOCKET, UINT64_MAX};
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		char text[MSG_SOCKET_MAX];
		const size_t len = msg_socket_print(ids[i], text);
		assert_int_equal(len, strlen(text));
		assert_int_equal(msg_socket_parse(cln_slice(text, len)), ids[i]);
	}
	assert_int_equal(msg_socket_parse(CLN_SLICE("")), 0);
	assert_int_equal(msg_socket_parse(CLN_SLICE("1")), 0);
	assert_int_equal(msg_socket_parse(CLN_SLICE("1.2.3")), 0);
	assert_int_equal(msg_socket_parse(CLN_SLICE("4294967296.1")), 0);
	assert_int_equal(msg_socket_parse(CLN_SLICE("1.4294967296")), 0);
	assert_int_equal(msg_socket_parse(CLN_SLICE("1.99999999999999999999")), 0);
}

static void the_text_of_a_frame_is_found_again(void **state)
{
	(void)state;
	static char text[70000];
	memset(text, 'x', sizeof(text));
	static const size_t lengths[] = {0, 1, 125, 126, 127, 65535, 65536, sizeof(text)};
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct frame *const frame = msg_frame(cln_slice(text, lengths[i]));
		const struct cln_slice found = msg_text(frame);
		assert_int_equal(found.len, lengths[i]);
		assert_ptr_equal(found.ptr + found.len, frame->bytes + frame->len);
		frame_unref(frame);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_signature_is_for_one_socket_and_channel),
		cmocka_unit_test(every_byte_of_it_counts),
		cmocka_unit_test(the_key_is_checked),
		cmocka_unit_test(channel_data_is_signed_as_it_is),
		cmocka_unit_test(the_vectors_hold),
		cmocka_unit_test(a_sign_in_is_no_subscription),
		cmocka_unit_test(while_rotating_both_pairs_will_do),
		cmocka_unit_test(sentences_are_bounded_and_stay_utf8),
		cmocka_unit_test(members_have_an_id_and_any_info),
		cmocka_unit_test(other_data_is_refused),
		cmocka_unit_test(ids_are_counted_in_characters),
		cmocka_unit_test(users_have_a_string_as_id),
		cmocka_unit_test(watchlists_are_bounded),
		cmocka_unit_test(socket_ids_go_back_and_forth),
		cmocka_unit_test(the_text_of_a_frame_is_found_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

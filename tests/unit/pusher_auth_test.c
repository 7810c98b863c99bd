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
		.key = CLN_SLICE("key1"),
		.secret = CLN_SLICE("secret1"),
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
		snprintf(cut, i + 1, "%s", text);
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
		cmocka_unit_test(sentences_are_bounded_and_stay_utf8),
		cmocka_unit_test(members_have_an_id_and_any_info),
		cmocka_unit_test(other_data_is_refused),
		cmocka_unit_test(ids_are_counted_in_characters),
		cmocka_unit_test(socket_ids_go_back_and_forth),
		cmocka_unit_test(the_text_of_a_frame_is_found_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

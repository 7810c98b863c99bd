/* SPDX-License-Identifier: MIT
 *
 * The client verbs against a hub that only writes down what it is asked: one line per call, in
 * `said`. Whatever a client sends, nothing but these lines may happen.
 */
/* sources: relay/pusher.c relay/pusher_user.c relay/pusher_event.c relay/pusher_auth.c */
/* sources: relay/pusher_frame.c relay/jslice.c relay/msg.c relay/users.c */
/* sources: relay/app.c relay/presence.c relay/channel.c relay/ws_frame.c relay/base/buf.c */
/* sources: relay/base/frame.c relay/base/utf8.c relay/base/hmac.c relay/base/xalloc.c */
/* sources: relay/base/log.c relay/base/clock.c relay/base/map.c relay/base/table.c */
/* sources: relay/base/rand.c wire/sign.c wire/name.c */
/* libs: libcrypto libxxhash */
#include "../../relay/base/buf.h"
#include "../../relay/hub_private.h"
#include "../../relay/hub_users.h"
#include "../../relay/jslice.h"
#include "../../relay/pusher.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "../../wire/sign.h"

#include <cmocka.h>

#define SOCKET (UINT64_C(123456) << 32 | 7890)

static struct buf said;
static struct loop loop;
static struct conf_app conf_app;
static struct app app;
static struct hub_shared shared;
static struct hub hub;
static struct session session;
static struct subscription *joined;

/* --- the fakes --- */

void session_say(struct session *to, struct frame *frame)
{
	assert_ptr_equal(to, &session);
	buf_append_slice(&said, CLN_SLICE("say "));
	buf_append_slice(&said, msg_text(frame));
	buf_append_byte(&said, '\n');
	frame_unref(frame);
}

void session_error(struct session *to, unsigned code, struct cln_slice message)
{
	assert_ptr_equal(to, &session);
	assert_true(cln_utf8_is_valid(message));
	buf_appendf(&said, "error %u %.*s\n", code, (int)message.len, message.ptr);
}

void session_refuse(struct session *to, const struct pusher_refusal *refusal)
{
	assert_ptr_equal(to, &session);
	buf_appendf(&said, "refuse %.*s %u %.*s\n", (int)refusal->channel.len, refusal->channel.ptr,
		refusal->status, (int)refusal->message.len, refusal->message.ptr);
}

enum hub_subscribed hub_subscribe(struct hub *to, struct subscriber *subscriber, struct app *of,
	struct cln_slice name, const struct cln_channel_type *type, const struct hub_member *member)
{
	assert_ptr_equal(to, &hub);
	assert_ptr_equal(subscriber, &session.subscriber);
	assert_ptr_equal(of, &app);
	(void)type;
	buf_appendf(&said, "subscribe %.*s", (int)name.len, name.ptr);
	if (member->id.len > 0)
		buf_appendf(&said, " %.*s %.*s", (int)member->id.len, member->id.ptr, (int)member->info.len,
			member->info.ptr);
	buf_append_byte(&said, '\n');
	return joined != NULL && cln_slice_equal(channel_name(joined->channel), name) ? HUB_ALREADY
																				  : HUB_SUBSCRIBED;
}

struct subscription *hub_find(struct subscriber *subscriber, struct app *of, struct cln_slice name)
{
	assert_ptr_equal(subscriber, &session.subscriber);
	assert_ptr_equal(of, &app);
	return joined != NULL && cln_slice_equal(channel_name(joined->channel), name) ? joined : NULL;
}

void hub_unsubscribe(struct hub *to, struct subscription *subscription)
{
	assert_ptr_equal(to, &hub);
	assert_ptr_equal(subscription, joined);
	buf_appendf(&said, "unsubscribe\n");
}

void hub_next_id(struct hub *to, unsigned char id[CLN_ID_BYTES])
{
	assert_ptr_equal(to, &hub);
	memset(id, 1, CLN_ID_BYTES);
}

void hub_publish(struct hub *to, const struct msg *msg)
{
	assert_ptr_equal(to, &hub);
	assert_true(msg->except == SOCKET && msg->is_client && msg->has_id);
	const struct cln_slice text = msg_text(msg->frame);
	buf_appendf(&said, "publish %.*s %.*s\n", (int)msg->channel.len, msg->channel.ptr,
		(int)text.len, text.ptr);
}

void webhooks_emit(struct webhooks *webhooks, struct loop *from, const struct webhook_event *event)
{
	assert_null(webhooks);
	assert_ptr_equal(from, &loop);
	assert_int_equal(event->kind, WEBHOOK_CLIENT_EVENT);
	assert_true(event->socket == SOCKET);
	buf_appendf(&said, "webhook %.*s %.*s user=%.*s data=", (int)event->channel.len,
		event->channel.ptr, (int)event->event.len, event->event.ptr, (int)event->user_id.len,
		event->user_id.ptr);
	buf_append_slice(&said, event->data);
	buf_append_byte(&said, '\n');
}

/* Signs in without telling anybody. */
void hub_sign_in(struct hub *to, struct session *of, const struct hub_identity *identity)
{
	assert_ptr_equal(to, &hub);
	assert_ptr_equal(of, &session);
	buf_appendf(&said, "sign in %.*s %.*s", (int)identity->id.len, identity->id.ptr,
		(int)identity->info.len, identity->info.ptr);
	for (size_t i = 0; i < identity->watch_count; i++)
		buf_appendf(&said, " %.*s", (int)identity->watchlist[i].len, identity->watchlist[i].ptr);
	buf_append_byte(&said, '\n');
	free(session.user);
	session.user = session_user_new(&session, identity->info, 0);
	session.user->user = user_ensure(&app, identity->id);
}

const struct conf_app *conf_app_by_key(const struct conf *conf, struct cln_slice key)
{
	(void)key;
	return &conf->apps[0];
}

const struct conf_app *conf_app_by_id(const struct conf *conf, struct cln_slice id)
{
	(void)id;
	return &conf->apps[0];
}

/* --- the stage --- */

static int set_up(void **state)
{
	(void)state;
	loop = (struct loop){.now_ms = 1000000};
	conf_app = (struct conf_app){
		.key = "key1",
		.secret = "secret1",
		.client_events = true,
		.client_event_rate = 10,
		.member_bytes = 20,
		.payload_bytes = 100,
		.channels = 3,
		.channel_name_bytes = CLN_CHANNEL_NAME_MAX,
		.event_name_bytes = CLN_EVENT_NAME_MAX,
		.watchlist = 3,
	};
	app = (struct app){.conf = &conf_app, .hub = &hub};
	hub = (struct hub){.loop = &loop, .shared = &shared};
	hub.pong = pusher_frame_pong();
	session = (struct session){.app = &app};
	subscriber_init(&session.subscriber, NULL, SOCKET);
	joined = NULL;
	said.len = 0;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	if (joined != NULL) {
		struct channel *const channel = joined->channel;
		subscription_free(joined);
		channel_free(channel);
	}
	if (session.user != NULL) {
		user_release(&app, session.user->user);
		free(session.user);
	}
	frame_unref(hub.pong);
	buf_deinit(&said);
	return 0;
}

static void join(const char *name, const char *user_id)
{
	struct cln_channel_type type;
	assert_int_equal(cln_channel_check(cln_slice_of(name), &type), CLN_OK);
	joined = subscription_new(channel_new(&app, cln_slice_of(name), &type), &session.subscriber, 1,
		cln_slice_of(user_id));
	subscription_enter(joined);
}

static void handle(const char *text)
{
	said.len = 0;
	pusher_handle(&session, cln_slice_of(text));
}

/* All that is said in answer to `text`. */
static void expect(const char *text, const char *lines)
{
	handle(text);
	buf_append_byte(&said, '\0');
	assert_string_equal(said.bytes, lines);
}

/* One line, which has `part` in it. */
static void expect_part(const char *text, const char *part)
{
	handle(text);
	buf_append_byte(&said, '\0');
	if (strstr(said.bytes, part) == NULL)
		fail_msg("%s: \"%s\" lacks \"%s\"", text, said.bytes, part);
	assert_ptr_equal(strchr(said.bytes, '\n'), said.bytes + said.len - 2);
}

/* --- the tests --- */

static void what_is_no_message_gets_a_sentence(void **state)
{
	(void)state;
	expect_part("", "error 0 The message is not valid JSON");
	expect_part("{\"event\":\"pusher:ping\"", "error 0 The message is not valid JSON");
	expect_part("[]", "error 0 A message is a JSON object");
	expect_part("{}", "error 0 A message is a JSON object");
	expect_part("{\"event\":5}", "error 0 A message is a JSON object");
	expect_part("{\"event\":\"x\"}", "error 0 Unsupported event received on socket: 'x'");
	char deep[200];
	memset(deep, '[', sizeof(deep));
	deep[sizeof(deep) - 1] = '\0';
	expect_part(deep, "error 0 The message is nested too deeply");
}

static void no_prefix_of_a_message_does_anything(void **state)
{
	(void)state;
	const char text[] =
		"{\"event\":\"pusher:subscribe\",\"data\":{\"auth\":\"\",\"channel\":\"a\"}}";
	for (size_t len = 0; len < sizeof(text) - 1; len++) {
		said.len = 0;
		pusher_handle(&session, cln_slice(text, len));
		assert_true(cln_slice_starts(buf_slice(&said), CLN_SLICE("error 0 The message is not")));
	}
	expect(text, "subscribe a\n");
}

static void event_names_are_bounded(void **state)
{
	(void)state;
	char text[512];
	for (int len = CLN_EVENT_NAME_MAX - 1; len <= CLN_EVENT_NAME_MAX + 1; len++) {
		snprintf(text, sizeof(text), "{\"event\":\"%0*d\"}", len, 7);
		expect_part(text, len <= CLN_EVENT_NAME_MAX ? "Unsupported event" : "at most 200 bytes");
	}
}

static void ping_and_pong(void **state)
{
	(void)state;
	expect("{\"event\":\"pusher:ping\"}", "say {\"event\":\"pusher:pong\",\"data\":{}}\n");
	expect(
		"{\"event\":\"pusher:ping\",\"data\":{}}", "say {\"event\":\"pusher:pong\",\"data\":{}}\n");
	expect(
		"{\"ev\\u0065nt\":\"pusher\\u003aping\"}", "say {\"event\":\"pusher:pong\",\"data\":{}}\n");
	expect("{\"event\":\"pusher:pong\",\"data\":{}}", "");
}

#define SUBSCRIBE(members) "{\"event\":\"pusher:subscribe\",\"data\":{" members "}}"

static void public_channels_need_no_auth(void **state)
{
	(void)state;
	expect(SUBSCRIBE("\"channel\":\"a\""), "subscribe a\n");
	expect(SUBSCRIBE("\"channel\":\"a\",\"auth\":null"), "subscribe a\n");
	expect(SUBSCRIBE("\"channel\":\"a\",\"auth\":5"), "subscribe a\n");
	expect(SUBSCRIBE("\"channel\":\"privatex\""), "subscribe privatex\n");
	expect(SUBSCRIBE("\"channel\":\"cache-x\""), "subscribe cache-x\n");
}

static void bad_names_are_refused(void **state)
{
	(void)state;
	char text[512];
	expect_part(SUBSCRIBE(""), "error 0 pusher:subscribe needs data");
	expect_part("{\"event\":\"pusher:subscribe\"}", "error 0 pusher:subscribe needs data");
	expect_part(
		"{\"event\":\"pusher:subscribe\",\"data\":\"{}\"}", "error 0 pusher:subscribe needs");
	expect_part(SUBSCRIBE("\"channel\":7"), "error 0 pusher:subscribe needs data");
	expect_part(SUBSCRIBE("\"channel\":\"\""), "refuse  400 ");
	expect_part(SUBSCRIBE("\"channel\":\"a b\""), "refuse a b 400 ");
	expect_part(SUBSCRIBE("\"channel\":\"#server-to-user-7\""), "401 Only who has signed in");
	for (int len = CLN_CHANNEL_NAME_MAX - 1; len <= CLN_CHANNEL_NAME_MAX + 1; len++) {
		snprintf(text, sizeof(text), SUBSCRIBE("\"channel\":\"%0*d\""), len, 7);
		expect_part(text, len <= CLN_CHANNEL_NAME_MAX ? "subscribe 000" : "400 Channel names have");
	}
	conf_app.channel_name_bytes = 3;
	expect(SUBSCRIBE("\"channel\":\"abc\""), "subscribe abc\n");
	expect(SUBSCRIBE("\"channel\":\"abcd\""),
		"refuse abcd 400 Channel names have at most 3 characters\n");
}

static void private_channels_need_a_signature(void **state)
{
	(void)state;
	char hex[CLN_SIGNATURE_HEX];
	char text[512];
	cln_sign_channel(
		CLN_SLICE("secret1"), CLN_SLICE("123456.7890"), CLN_SLICE("private-a"), NULL, hex);
	snprintf(text, sizeof(text), SUBSCRIBE("\"channel\":\"private-a\",\"auth\":\"key1:%.*s\""),
		CLN_SIGNATURE_HEX, hex);
	expect(text, "subscribe private-a\n");
	expect_part(SUBSCRIBE("\"channel\":\"private-a\""), "refuse private-a 401 Auth info required");
	expect_part(SUBSCRIBE("\"channel\":\"private-a\",\"auth\":\"k:x\""), "401 Invalid key");
	expect_part(
		SUBSCRIBE("\"channel\":\"private-a\",\"auth\":\"key1:x\""), "401 Invalid signature");
	expect_part(SUBSCRIBE("\"channel\":\"private-a\",\"auth\":{}"), "400 auth must be a string");
	expect_part(SUBSCRIBE("\"channel\":\"private-a\",\"auth\":\"k:x\",\"channel_data\":{}"),
		"400 channel_data must be a string");
}

/* A presence subscription with a right signature; `inner` is channel_data, `escaped` the same
 * within a JSON string. */
static void ask_presence(const char *inner, const char *escaped, char text[1024])
{
	char hex[CLN_SIGNATURE_HEX];
	const struct cln_slice data = cln_slice_of(inner);
	cln_sign_channel(
		CLN_SLICE("secret1"), CLN_SLICE("123456.7890"), CLN_SLICE("presence-a"), &data, hex);
	snprintf(text, 1024,
		SUBSCRIBE("\"channel\":\"presence-a\",\"auth\":\"key1:%.*s\",\"channel_data\":\"%s\""),
		CLN_SIGNATURE_HEX, hex, escaped);
}

static void presence_needs_a_user(void **state)
{
	(void)state;
	char text[1024];
	ask_presence("{\"user_id\":7,\"user_info\":{\"a\":1}}",
		"{\\\"user_id\\\":7,\\\"user_info\\\":{\\\"a\\\":1}}", text);
	expect(text, "subscribe presence-a 7 {\"a\":1}\n");
	ask_presence("{\"user_id\":\"a/b\"}", "{\\u0022user_id\\\":\\\"a\\/b\\\"}", text);
	expect(text, "subscribe presence-a a/b {}\n");
	ask_presence("{}", "{}", text);
	expect_part(text, "refuse presence-a 400 channel_data has no user_id");
	ask_presence("{\"user_id\":1,\"user_info\":\"123456789012345678\"}",
		"{\\\"user_id\\\":1,\\\"user_info\\\":\\\"123456789012345678\\\"}", text);
	expect_part(text, "subscribe presence-a 1 \"123456789012345678\"");
	ask_presence("{\"user_id\":1,\"user_info\":\"1234567890123456789\"}",
		"{\\\"user_id\\\":1,\\\"user_info\\\":\\\"1234567890123456789\\\"}", text);
	expect_part(text, "refuse presence-a 403 The user_info");
	expect_part(
		SUBSCRIBE("\"channel\":\"presence-a\",\"auth\":\"key1:x\""), "401 Invalid signature");
}

static void subscriptions_are_bounded(void **state)
{
	(void)state;
	session.subscriber.count = 2;
	expect(SUBSCRIBE("\"channel\":\"a\""), "subscribe a\n");
	session.subscriber.count = 3;
	expect_part(SUBSCRIBE("\"channel\":\"a\""), "refuse a 403 This connection has as many");
	session.subscriber.count = 0;
	join("a", "");
	expect(SUBSCRIBE("\"channel\":\"a\""),
		"subscribe a\nerror 0 Existing subscription to channel a\n");
}

/* --- users --- */

/* A sign-in with a right signature of `inner`; `escaped` is the same within a JSON string. */
static void ask_sign_in(const char *inner, const char *escaped, char text[2048])
{
	char hex[CLN_SIGNATURE_HEX];
	cln_sign_user(CLN_SLICE("secret1"), CLN_SLICE("123456.7890"), cln_slice_of(inner), hex);
	snprintf(text, 2048,
		"{\"event\":\"pusher:signin\",\"data\":{\"auth\":\"key1:%.*s\",\"user_data\":\"%s\"}}",
		CLN_SIGNATURE_HEX, hex, escaped);
}

static void sign_in_as_7(void)
{
	char text[2048];
	ask_sign_in("{\"id\":\"7\",\"user_info\":{\"a\":1}}",
		"{\\\"id\\\":\\\"7\\\",\\\"user_info\\\":{\\\"a\\\":1}}", text);
	handle(text);
	assert_non_null(session.user);
}

static void a_sign_in_answers_with_its_user_data(void **state)
{
	(void)state;
	char text[2048];
	ask_sign_in("{\"id\":\"7\"}", "{\\u0022id\\\":\\\"7\\\"}", text);
	expect(text, "say {\"event\":\"pusher:signin_success\",\"data\":{\"user_data\":"
				 "\"{\\\"id\\\":\\\"7\\\"}\"}}\nsign in 7 {}\n");
	assert_true(session.is_authorized);
	assert_int_equal(loop.metrics.signins, 1);
	/* again, with more in it: fine, and the signature is over the bytes as they came */
	ask_sign_in("{\"id\":\"7\",\"x\":\"\\/\",\"watchlist\":[\"8\",9]}",
		"{\\\"id\\\":\\\"7\\\",\\\"x\\\":\\\"\\\\/\\\",\\\"watchlist\\\":[\\\"8\\\",9]}", text);
	handle(text);
	buf_append_byte(&said, '\0');
	assert_non_null(strstr(said.bytes, "\nsign in 7 {} 8 9\n"));
	ask_sign_in("{\"id\":\"8\"}", "{\\\"id\\\":\\\"8\\\"}", text);
	expect_part(text, "error 4009 This connection is signed in as another user");
	assert_true(cln_slice_equal(user_id(session.user->user), CLN_SLICE("7")));
	assert_int_equal(loop.metrics.signins, 2);
	assert_int_equal(loop.metrics.signin_errors, 1);
}

#define SIGN_IN(members) "{\"event\":\"pusher:signin\",\"data\":{" members "}}"

static void a_bad_sign_in_changes_nothing(void **state)
{
	(void)state;
	char text[2048];
	expect_part("{\"event\":\"pusher:signin\"}", "error 0 pusher:signin needs data");
	expect_part("{\"event\":\"pusher:signin\",\"data\":\"{}\"}", "error 0 pusher:signin needs");
	expect_part(SIGN_IN(""), "error 0 pusher:signin needs data");
	expect_part(SIGN_IN("\"auth\":\"key1:x\""), "error 0 pusher:signin needs data");
	expect_part(SIGN_IN("\"auth\":\"key1:x\",\"user_data\":{\"id\":\"7\"}"),
		"error 0 pusher:signin needs data");
	expect_part(SIGN_IN("\"auth\":5,\"user_data\":\"{}\""), "error 0 pusher:signin needs data");
	expect_part(SIGN_IN("\"user_data\":\"{}\""), "error 4009 Auth info required to sign in");
	expect_part(SIGN_IN("\"auth\":\"k:x\",\"user_data\":\"{}\""), "error 4009 Invalid key");
	expect_part(
		SIGN_IN("\"auth\":\"key1:x\",\"user_data\":\"{}\""), "error 4009 Invalid signature");
	ask_sign_in("{\"id\":7}", "{\\\"id\\\":7}", text);
	expect_part(text, "error 0 The id of user_data must be a string");
	ask_sign_in("7", "7", text);
	expect_part(text, "error 0 user_data is not a JSON object");
	ask_sign_in("{\"id\":\"7\",\"user_info\":\"1234567890123456789\"}",
		"{\\\"id\\\":\\\"7\\\",\\\"user_info\\\":\\\"1234567890123456789\\\"}", text);
	expect_part(text, "error 0 The user_info of user_data is larger");
	ask_sign_in("{\"id\":\"7\",\"watchlist\":[null]}",
		"{\\\"id\\\":\\\"7\\\",\\\"watchlist\\\":[null]}", text);
	expect_part(text, "error 0 The watchlist of user_data must hold");
	assert_null(session.user);
	assert_false(session.is_authorized);
	assert_int_equal(loop.metrics.signin_errors, 13);
	assert_int_equal(loop.metrics.signins, 0);
}

static void watchlists_are_cut_or_ignored(void **state)
{
	(void)state;
	char text[2048];
	ask_sign_in("{\"id\":\"7\",\"watchlist\":[1,2,3,4]}",
		"{\\\"id\\\":\\\"7\\\",\\\"watchlist\\\":[1,2,3,4]}", text);
	handle(text);
	buf_append_byte(&said, '\0');
	assert_non_null(strstr(said.bytes, "\nerror 4302 The watchlist has more than 3 user ids"));
	assert_non_null(strstr(said.bytes, "\nsign in 7 {} 1 2 3\n"));
	conf_app.watchlist = 0;
	handle(text);
	buf_append_byte(&said, '\0');
	assert_null(strstr(said.bytes, "4302"));
	assert_non_null(strstr(said.bytes, "\nsign in 7 {}\n"));
}

static void a_user_has_a_channel_of_its_own(void **state)
{
	(void)state;
	sign_in_as_7();
	expect(SUBSCRIBE("\"channel\":\"#server-to-user-7\",\"auth\":\"\""),
		"subscribe #server-to-user-7\n");
	expect_part(SUBSCRIBE("\"channel\":\"#server-to-user-77\""), "401 Only who has signed in");
	expect_part(SUBSCRIBE("\"channel\":\"#server-to-user-8\""), "401 Only who has signed in");
	expect_part(SUBSCRIBE("\"channel\":\"#server-to-user-\""), "400 Channel names may hold");
	expect_part(SUBSCRIBE("\"channel\":\"#server-to-us\""), "400 Channel names may hold");
	expect_part(SUBSCRIBE("\"channel\":\"#7\""), "400 Channel names may hold");
}

static void who_has_signed_in_is_a_member_without_channel_data(void **state)
{
	(void)state;
	char hex[CLN_SIGNATURE_HEX];
	char text[1024];
	cln_sign_channel(
		CLN_SLICE("secret1"), CLN_SLICE("123456.7890"), CLN_SLICE("presence-a"), NULL, hex);
	snprintf(text, sizeof(text), SUBSCRIBE("\"channel\":\"presence-a\",\"auth\":\"key1:%.*s\""),
		CLN_SIGNATURE_HEX, hex);
	expect_part(text, "refuse presence-a 400 A presence channel needs channel_data");
	sign_in_as_7();
	expect(text, "subscribe presence-a 7 {\"a\":1}\n");
	expect_part(
		SUBSCRIBE("\"channel\":\"presence-a\",\"auth\":\"key1:x\""), "401 Invalid signature");
	/* what is given overrides */
	ask_presence("{\"user_id\":9}", "{\\\"user_id\\\":9}", text);
	expect(text, "subscribe presence-a 9 {}\n");
}

static void a_right_signature_authorizes(void **state)
{
	(void)state;
	char text[1024];
	handle(SUBSCRIBE("\"channel\":\"a\""));
	handle(SUBSCRIBE("\"channel\":\"private-a\",\"auth\":\"key1:x\""));
	assert_false(session.is_authorized);
	ask_presence("{\"user_id\":9}", "{\\\"user_id\\\":9}", text);
	handle(text);
	assert_true(session.is_authorized);
}

#define UNSUBSCRIBE(members) "{\"event\":\"pusher:unsubscribe\",\"data\":{" members "}}"

static void unsubscribing_is_silent(void **state)
{
	(void)state;
	join("a", "");
	expect(UNSUBSCRIBE("\"channel\":\"a\""), "unsubscribe\n");
	expect(UNSUBSCRIBE("\"channel\":\"b\""), "");
	expect(UNSUBSCRIBE("\"channel\":\"a b\""), "");
	expect_part(UNSUBSCRIBE("\"channel\":{}"), "error 0 pusher:unsubscribe needs");
	expect_part("{\"event\":\"pusher:unsubscribe\"}", "error 0 pusher:unsubscribe needs");
}

#define CLIENT(members) "{\"event\":\"client-x\",\"channel\":\"private-a\"" members "}"

static void client_events_are_rebuilt(void **state)
{
	(void)state;
	join("private-a", "");
#define EXPECT_DATA(sent, relayed)                                                                 \
	expect(CLIENT(sent), "publish private-a {\"event\":\"client-x\",\"channel\":\"private-a\","    \
						 "\"data\":" relayed "}\n");                                               \
	session.window_events = 0
	EXPECT_DATA(",\"data\":{\"a\":\"b\"}", "\"{\\\"a\\\":\\\"b\\\"}\"");
	EXPECT_DATA(",\"data\":\"as\\u0020is\"", "\"as\\u0020is\"");
	EXPECT_DATA(",\"data\":1e400", "\"1e400\"");
	EXPECT_DATA(",\"data\":null,\"user_id\":\"forged\",\"more\":[]", "\"null\"");
	EXPECT_DATA("", "\"null\"");
#undef EXPECT_DATA
}

static void data_passes_byte_for_byte(void **state)
{
	(void)state;
	join("private-a", "");
	conf_app.payload_bytes = 1000;
	conf_app.client_event_rate = 1000;
	static const char *const strings[] = {"\\u2028", "\xe2\x80\xa8", "\\ud83d\\ude00", "\\/",
		"\\u0000", "\\\"\\\\", "12345678901234567890"};
	static const char *const values[] = {
		"12345678901234567890", "1.0", "1e400", "-0", "true", "[1.0,{},[]]", "[1 , 2]", "0.1e-7"};
	char text[512], said_text[512];
	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
		snprintf(text, sizeof(text), CLIENT(",\"data\":\"%s\""), strings[i]);
		snprintf(said_text, sizeof(said_text), "\"data\":\"%s\"}\n", strings[i]);
		expect_part(text, said_text);
	}
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		snprintf(text, sizeof(text), CLIENT(",\"data\":%s"), values[i]);
		snprintf(said_text, sizeof(said_text), "\"data\":\"%s\"}\n", values[i]);
		expect_part(text, said_text);
	}
	/* the message is one level itself */
	char nested[2 * JSLICE_DEPTH_MAX + 1];
	for (size_t depth = JSLICE_DEPTH_MAX - 2; depth <= JSLICE_DEPTH_MAX; depth++) {
		memset(nested, '[', depth);
		memset(nested + depth, ']', depth);
		nested[2 * depth] = '\0';
		snprintf(text, sizeof(text), CLIENT(",\"data\":%s"), nested);
		expect_part(
			text, depth < JSLICE_DEPTH_MAX ? nested : "error 0 The message is nested too deeply");
	}
}

static void webhooks_hear_of_client_events(void **state)
{
	(void)state;
	join("presence-a", "7");
#define CLIENT_A(members) "{\"event\":\"client-x\",\"channel\":\"presence-a\"" members "}"
	handle(CLIENT_A(",\"data\":1"));
	buf_append_byte(&said, '\0');
	assert_null(strstr(said.bytes, "webhook"));
	conf_app.webhooks_count = 1;
#define EXPECT_HOOK(sent, text)                                                                    \
	handle(CLIENT_A(sent));                                                                        \
	buf_append_byte(&said, '\0');                                                                  \
	assert_non_null(strstr(said.bytes, "webhook presence-a client-x user=7 data=" text "\n"))
	EXPECT_HOOK(",\"data\":{\"a\": 1e400}", "{\"a\": 1e400}");
	EXPECT_HOOK(",\"data\":\"a\\u0020\\\"\"", "a \"");
	EXPECT_HOOK("", "null");
	conf_app.client_events = false;
	handle(CLIENT_A(""));
	buf_append_byte(&said, '\0');
	assert_null(strstr(said.bytes, "webhook"));
}

static void members_are_named(void **state)
{
	(void)state;
	join("presence-a", "7\"");
	expect("{\"event\":\"client-\\\"\",\"user_id\":\"8\",\"channel\":\"presence-a\",\"data\":\"\"}",
		"publish presence-a {\"event\":\"client-\\\"\",\"channel\":\"presence-a\",\"data\":\"\","
		"\"user_id\":\"7\\\"\"}\n");
}

static void client_events_have_rules(void **state)
{
	(void)state;
	join("private-a", "");
	expect_part("{\"event\":\"client-x\",\"data\":{}}", "error 0 Invalid client event");
	expect_part("{\"event\":\"client-x\",\"channel\":\"a b\"}", "error 0 Invalid client event");
	expect_part(
		"{\"event\":\"client-x\",\"channel\":\"a\"}", "error 0 Client events are for private");
	expect_part("{\"event\":\"client-x\",\"channel\":\"private-b\"}",
		"error 0 Cannot broadcast client event (connection not subscribed to channel private-b)");
	conf_app.client_events = false;
	expect_part(CLIENT(""), "error 0 To send client events, you must enable this feature");
	assert_int_equal(loop.metrics.client_events_refused, 5);
	assert_int_equal(loop.metrics.client_events, 0);
}

static void who_waits_may_not_send(void **state)
{
	(void)state;
	struct cln_channel_type type;
	assert_int_equal(cln_channel_check(CLN_SLICE("private-a"), &type), CLN_OK);
	joined = subscription_new(
		channel_new(&app, CLN_SLICE("private-a"), &type), &session.subscriber, 1, CLN_SLICE(""));
	expect_part(CLIENT(""), "error 0 Cannot broadcast client event");
}

static void payloads_are_bounded(void **state)
{
	(void)state;
	char text[512];
	join("private-a", "");
	for (int len = 99; len <= 101; len++) {
		snprintf(text, sizeof(text), CLIENT(",\"data\":\"%0*d\""), len, 7);
		expect_part(
			text, len <= 100 ? "publish" : "error 0 The data of a client event has at most");
		snprintf(text, sizeof(text), CLIENT(",\"data\":[\"%0*d\"]"), len - 4, 7);
		expect_part(
			text, len <= 100 ? "publish" : "error 0 The data of a client event has at most");
	}
}

static void escapes_count_as_what_they_stand_for(void **state)
{
	(void)state;
	char text[1024];
	join("private-a", "");
	for (int len = 89; len <= 91; len++) {
		snprintf(text, sizeof(text),
			CLIENT(",\"data\":\"\\n\\u0041\\\"\\\\\\u00e9\\ud83d\\ude00%0*d\""), len, 7);
		/* 1 + 1 + 1 + 1 + 2 + 4 bytes, and the zeros */
		expect_part(text, len <= 90 ? "publish" : "error 0 The data of a client event has at most");
	}
}

static void names_are_bounded_per_application(void **state)
{
	(void)state;
	join("private-a", "");
	conf_app.event_name_bytes = 8;
	expect_part(CLIENT(""), "publish");
	expect_part("{\"event\":\"client-xy\",\"channel\":\"private-a\"}",
		"error 0 Event names have at most 8 bytes");
	expect("{\"event\":\"pusher:ping\"}", "say {\"event\":\"pusher:pong\",\"data\":{}}\n");
	assert_int_equal(loop.metrics.client_events_refused, 1);
}

static void rates_are_bounded(void **state)
{
	(void)state;
	join("private-a", "");
	for (int second = 0; second < 3; second++) {
		for (int i = 0; i < 10; i++)
			expect_part(CLIENT(""), "publish");
		expect_part(CLIENT(""), "error 4301 ");
		loop.now_ms += 999;
		expect_part(CLIENT(""), "error 4301 ");
		loop.now_ms += 1;
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(what_is_no_message_gets_a_sentence),
		TEST(no_prefix_of_a_message_does_anything),
		TEST(event_names_are_bounded),
		TEST(ping_and_pong),
		TEST(public_channels_need_no_auth),
		TEST(bad_names_are_refused),
		TEST(private_channels_need_a_signature),
		TEST(presence_needs_a_user),
		TEST(subscriptions_are_bounded),
		TEST(a_sign_in_answers_with_its_user_data),
		TEST(a_bad_sign_in_changes_nothing),
		TEST(watchlists_are_cut_or_ignored),
		TEST(a_user_has_a_channel_of_its_own),
		TEST(who_has_signed_in_is_a_member_without_channel_data),
		TEST(a_right_signature_authorizes),
		TEST(unsubscribing_is_silent),
		TEST(client_events_are_rebuilt),
		TEST(data_passes_byte_for_byte),
		TEST(webhooks_hear_of_client_events),
		TEST(members_are_named),
		TEST(client_events_have_rules),
		TEST(who_waits_may_not_send),
		TEST(payloads_are_bounded),
		TEST(escapes_count_as_what_they_stand_for),
		TEST(names_are_bounded_per_application),
		TEST(rates_are_bounded),
	};
	map_seed_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

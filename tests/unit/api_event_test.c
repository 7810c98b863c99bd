/* SPDX-License-Identifier: MIT */
/* sources: relay/api_event.c relay/api_params.c relay/jslice.c relay/msg.c relay/ws_frame.c */
/* sources: relay/base/buf.c relay/base/xalloc.c relay/base/log.c relay/base/clock.c */
/* sources: relay/base/map.c relay/base/rand.c relay/base/frame.c relay/base/utf8.c wire/name.c */
/* libs: libxxhash */
/*
 * Bodies of events and batches: a table of what is refused and why, limits at n and n + 1, data
 * byte for byte, names once.
 */
#include "relay/api_event.h"
#include "relay/base/map.h"

#include <stdarg.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>

static const struct conf_app conf = {
	.payload_bytes = 100,
	.channel_name_bytes = 50,
	.event_name_bytes = 20,
	.event_channels = 5,
	.batch_events = 3,
};

static struct api_events events;
static struct api_refusal refusal;
static struct buf body;

static int end(void **state)
{
	(void)state;
	api_events_deinit(&events);
	events = (struct api_events){0};
	buf_deinit(&refusal.reason);
	refusal.status = 0;
	buf_deinit(&body);
	return 0;
}

static bool parse_slice(struct cln_slice text, bool is_batch)
{
	api_events_deinit(&events);
	refusal.status = 0;
	refusal.reason.len = 0;
	const bool is_good = api_events_parse(&events, &conf, text, is_batch, &refusal);
	buf_append_byte(&refusal.reason, '\0');
	assert_int_equal(is_good, refusal.status == 0);
	assert_int_equal(is_good, refusal.reason.len == 1);
	return is_good;
}

static bool parse(const char *text)
{
	return parse_slice(cln_slice_of(text), false);
}

static bool parse_batch(const char *text)
{
	return parse_slice(cln_slice_of(text), true);
}

static void assert_slice(struct cln_slice slice, const char *text)
{
	if (!cln_slice_equal(slice, cln_slice_of(text)))
		fail_msg("%.*s instead of %s", (int)slice.len, slice.ptr, text);
}

static void whole_event(void **state)
{
	(void)state;
	assert_true(parse(" { \"name\":\"a\\u0062c\", \"data\":\"{\\\"x\\\":1.0}\", \"channels\":"
					  "[\"a\",\"b\"], \"socket_id\":\"12.34\", \"info\":\"user_count,"
					  "subscription_count\", \"idempotency_key\":\"k\\u0031\" } "));
	assert_int_equal(events.count, 1);
	const struct api_event *const event = &events.list[0];
	assert_slice(event->name, "\"a\\u0062c\"");
	assert_slice(event->data, "\"{\\\"x\\\":1.0}\"");
	assert_int_equal(event->channel_count, 2);
	assert_slice(event->channels[0], "a");
	assert_slice(event->channels[1], "b");
	assert_int_equal(event->except, UINT64_C(12) << 32 | 34);
	assert_int_equal(event->info, QUERY_USER_COUNT | QUERY_SUBSCRIPTION_COUNT);
	assert_slice(events.idempotency_key, "k1");
	api_event_text(event, event->channels[1], &body);
	assert_slice(buf_slice(&body),
		"{\"event\":\"a\\u0062c\",\"data\":\"{\\\"x\\\":1.0}\",\"channel\":\"b\"}");
}

#define E(rest) "{\"name\":\"n\",\"data\":\"d\"," rest "}"

static const char *const good[] = {
	E("\"channel\":\"a\""),
	E("\"channel\":\"a\",\"socket_id\":null,\"info\":null,\"channels\":null"),
	E("\"channel\":\"a\",\"socket_id\":\"\",\"info\":\"\""),
	E("\"channel\":\"a\",\"socket_id\":\"99999999999.1\""), /* of another kind of server */
	E("\"channel\":\"a\",\"info\":\",user_count,,\""),
	E("\"channel\":\"#server-to-user-7\""),
	E("\"channel\":\"private-encrypted-cache-x\""),
	E("\"channel\":\"\\u0061-b=@,.;\""),
	E("\"channel\":\"a\",\"tags\":{\"x\":[1,{}]},\"extra\":null"),
	"{\"name\":\"App\\\\Events\\\\X\",\"data\":\"\",\"channel\":\"a\"}",
	"{\"name\":\"\xc3\xa9\",\"data\":\"\\u2028\\ud83d\\ude00\",\"channel\":\"a\"}",
};

static void good_events(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (!parse(good[i]))
			fail_msg("case %zu: %s", i, refusal.reason.bytes);
	}
}

static const struct {
	const char *body, *reason;
} bad[] = {
	{"", "JSON object"},
	{"[]", "JSON object"},
	{"\"x\"", "JSON object"},
	{"{", "JSON object"},
	{"{} {}", "JSON object"},
	{"{\"name\":\"\xff\"}", "valid UTF-8"},
	{"{\"name\":\"\\ud800\",\"data\":\"\",\"channel\":\"a\"}", "JSON object"},
	{"{}", "name is missing"},
	{"{\"name\":null}", "name is missing"},
	{"{\"name\":5}", "name must be a string"},
	{"{\"name\":\"\"}", "name is empty"},
	{"{\"name\":\"123456789012345678901\"}", "name is too long: 21 bytes where 20"},
	{"{\"name\":\"pusher:x\"}", "must not begin with pusher:"},
	{"{\"name\":\"pusher\\u003ax\"}", "must not begin with pusher:"},
	{"{\"name\":\"pusher_internal:x\"}", "must not begin with pusher:"},
	{"{\"name\":\"n\"}", "data is missing"},
	{"{\"name\":\"n\",\"data\":null}", "data must be a string"},
	{"{\"name\":\"n\",\"data\":{\"x\":1}}", "data must be a string"},
	{"{\"name\":\"n\",\"data\":1}", "data must be a string"},
	{E("\"x\":1"), "channels is missing"},
	{E("\"channels\":[]"), "channels is missing or empty"},
	{E("\"channels\":\"a\""), "channels must be an array"},
	{E("\"channels\":{\"0\":\"a\"}"), "channels must be an array"},
	{E("\"channels\":[\"a\",1]"), "channels must hold names"},
	{E("\"channels\":[null]"), "channels must hold names"},
	{E("\"channel\":[\"a\"]"), "channel must be a string"},
	{E("\"channel\":\"\""), "no channel's name"},
	{E("\"channel\":\"a b\""), "\"a b\" is no channel's name"},
	{E("\"channel\":\"#x\""), "no channel's name"},
	{E("\"channel\":\"#server-to-user-\""), "no channel's name"},
	{E("\"channels\":[\"a\",\"b\",\"c/d\"]"), "\"c/d\" is no channel's name"},
	{E("\"channel\":\"123456789012345678901234567890123456789012345678901\""),
		"too long: 51 bytes where 50"},
	{E("\"channels\":[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\"]"), "channels has 6 names, 5"},
	{E("\"channels\":[\"a\",\"b\",\"c\",\"d\",\"e\"],\"channel\":\"f\""),
		"channels has 6 names, 5"},
	{E("\"channel\":\"a\",\"socket_id\":1.2"), "socket_id must be a string"},
	{E("\"channel\":\"a\",\"socket_id\":\"x\""), "socket_id is none"},
	{E("\"channel\":\"a\",\"socket_id\":\"1.2\\n\""), "socket_id is none"},
	{E("\"channel\":\"a\",\"info\":[\"user_count\"]"), "info must be a string"},
	{E("\"channel\":\"a\",\"info\":\"cache\""), "\"cache\" can't be asked for here"},
	{E("\"channel\":\"a\",\"info\":\"user_count, x\""), "\" x\" can't be asked for here"},
	{E("\"channel\":\"a\",\"idempotency_key\":1"), "idempotency_key must be a string"},
};

static void bad_events(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(parse(bad[i].body));
		assert_int_equal(refusal.status, 400);
		if (strstr(refusal.reason.bytes, bad[i].reason) == NULL)
			fail_msg("case %zu says: %s", i, refusal.reason.bytes);
	}
}

/* Whatever is cut off, what is left is refused. */
static void cut_at_each_byte(void **state)
{
	const struct cln_slice whole = CLN_SLICE(
		"{\"name\":\"n\",\"data\":\"\\u00e9\",\"channels\":[\"a\",\"b\"],\"socket_id\":\"1.2\"}");
	(void)state;
	assert_true(parse_slice(whole, false));
	for (size_t len = 0; len < whole.len; len++) {
		char *const copy = malloc(len + 1); /* so that reading beyond the end shows */
		memcpy(copy, whole.ptr, len);
		assert_false(parse_slice(cln_slice(copy, len), false));
		free(copy);
	}
}

/* An event with `count` times `piece` as its data. */
static bool parse_data(const char *piece, size_t count)
{
	body.len = 0;
	buf_append_slice(&body, CLN_SLICE("{\"name\":\"n\",\"channel\":\"c\",\"data\":\""));
	for (size_t i = 0; i < count; i++)
		buf_append_slice(&body, cln_slice_of(piece));
	buf_append_slice(&body, CLN_SLICE("\"}"));
	return parse_slice(buf_slice(&body), false);
}

static const struct {
	const char *piece;
	size_t bytes; /* decoded */
	const char *sent;
} pieces[] = {
	{"x", 1, NULL},
	{"\xc3\xa9", 2, NULL},
	{"\\n", 1, NULL},
	{"\\/", 1, NULL},
	{"\\u00e9", 2, "\xc3\xa9"},
	{"\\u0041", 1, "A"},
	{"\\u0001", 1, "\\u0001"},
	{"\\ud83d\\ude00", 4, "\xf0\x9f\x98\x80"},
};

/* The limit counts what a handler gets; what is sent may be escaped otherwise if it was wasteful.
 */
static void limit_of_data(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		const size_t most = conf.payload_bytes / pieces[i].bytes;
		if (!parse_data(pieces[i].piece, most))
			fail_msg("piece %zu: %s", i, refusal.reason.bytes);
		struct buf text = {0}, expected = {0};
		buf_append_slice(&expected, CLN_SLICE("{\"event\":\"n\",\"data\":\""));
		const char *const sent = pieces[i].sent != NULL ? pieces[i].sent : pieces[i].piece;
		for (size_t n = 0; n < most; n++)
			buf_append_slice(&expected, cln_slice_of(sent));
		buf_append_slice(&expected, CLN_SLICE("\",\"channel\":\"c\"}"));
		api_event_text(&events.list[0], CLN_SLICE("c"), &text);
		if (strlen(pieces[i].piece) > 2 * pieces[i].bytes)
			assert_true(cln_slice_equal(buf_slice(&text), buf_slice(&expected)));
		buf_deinit(&text);
		buf_deinit(&expected);
		assert_false(parse_data(pieces[i].piece, most + 1));
		assert_int_equal(refusal.status, 413);
		assert_non_null(strstr(refusal.reason.bytes,
			"The data content of this event exceeds the allowed maximum (100 bytes)"));
	}
}

static void channels_once(void **state)
{
	(void)state;
	assert_true(parse(E("\"channels\":[\"b\",\"a\",\"\\u0062\",\"a\"],\"channel\":\"c\"")));
	assert_int_equal(events.list[0].channel_count, 3);
	assert_slice(events.list[0].channels[0], "b");
	assert_slice(events.list[0].channels[1], "a");
	assert_slice(events.list[0].channels[2], "c");
}

static void batches(void **state)
{
	(void)state;
	assert_true(parse_batch("{\"batch\":[]}"));
	assert_int_equal(events.count, 0);
	assert_true(parse_batch("{\"batch\":[" E("\"channel\":\"a\"") "," E(
		"\"channel\":\"b\",\"info\":\"user_count\",\"socket_id\":\"1.2\"") "],\"x\":1}"));
	assert_int_equal(events.count, 2);
	assert_slice(events.list[0].channels[0], "a");
	assert_slice(events.list[1].channels[0], "b");
	assert_int_equal(events.list[0].except, 0);
	assert_int_equal(events.list[1].except, UINT64_C(1) << 32 | 2);
	assert_int_equal(events.list[1].info, QUERY_USER_COUNT);
}

static const struct {
	const char *body, *reason;
} bad_batches[] = {
	{"{}", "batch must be an array"},
	{"{\"batch\":{}}", "batch must be an array"},
	{"{\"batch\":[1]}", "of batch[0] must be an object"},
	{"{\"batch\":[" E("\"channel\":\"a\"") ",[]]}", "of batch[1] must be an object"},
	{"{\"batch\":[" E("\"channel\":\"a\"") "," E("\"channels\":[\"a\"]") "]}",
		"channel of batch[1] is missing"},
	{"{\"batch\":[" E("\"channel\":\"a\"") ",{\"name\":\"n\"}]}", "data of batch[1] is missing"},
	{"{\"batch\":[1,2,3,4]}", "batch has 4 events, 3 are allowed"},
};

static void refused_batches(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad_batches) / sizeof(bad_batches[0]); i++) {
		assert_false(parse_batch(bad_batches[i].body));
		if (strstr(refusal.reason.bytes, bad_batches[i].reason) == NULL)
			fail_msg("case %zu says: %s", i, refusal.reason.bytes);
	}
}

static void body_of_params(void **state)
{
	struct api_params params;
	(void)state;
	assert_true(api_params_init(&params,
		CLN_SLICE("name=n%22&data=%7B%22x%22%3A1%7D&channels[]=a&auth_key=k&channels%5B%5D=b&"
				  "socket_id=1.2&info=user_count")));
	body.len = 0;
	api_body_of_params(&params, NULL, &body);
	assert_slice(buf_slice(&body),
		"{\"name\":\"n\\\"\",\"data\":\"{\\\"x\\\":1}\",\"socket_id\":\"1.2\","
		"\"info\":\"user_count\",\"channels\":[\"a\",\"b\"]}");
	assert_true(parse_slice(buf_slice(&body), false));
	/* The older way; what the query says of channel and data doesn't count. */
	const struct api_old_event old = {CLN_SLICE("c"), CLN_SLICE("raw\n")};
	body.len = 0;
	api_body_of_params(&params, &old, &body);
	assert_true(parse_slice(buf_slice(&body), false));
	assert_slice(events.list[0].channels[0], "c");
	assert_slice(events.list[0].data, "\"raw\\n\"");
	api_params_deinit(&params);
	/* Bytes that are no UTF-8. */
	assert_true(api_params_init(&params, CLN_SLICE("name=%ff&data=&channel=a")));
	body.len = 0;
	api_body_of_params(&params, NULL, &body);
	assert_false(parse_slice(buf_slice(&body), false));
	api_params_deinit(&params);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_event),
		cmocka_unit_test(good_events),
		cmocka_unit_test(bad_events),
		cmocka_unit_test(cut_at_each_byte),
		cmocka_unit_test(limit_of_data),
		cmocka_unit_test(channels_once),
		cmocka_unit_test(batches),
		cmocka_unit_test(refused_batches),
		cmocka_unit_test(body_of_params),
	};
	map_seed_init();
	return cmocka_run_group_tests(tests, NULL, end);
}

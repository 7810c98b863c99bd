/* SPDX-License-Identifier: MIT */
/* sources: relay/conf_webhook.c relay/webhook_item.c relay/webhook_hold.c relay/webhook_queue.c */
/* sources: relay/webhook_body.c relay/jslice.c relay/msg.c relay/ws_frame.c wire/sign.c */
/* sources: relay/base/buf.c relay/base/frame.c relay/base/xalloc.c relay/base/log.c */
/* sources: relay/base/clock.c relay/base/hmac.c relay/base/map.c relay/base/rand.c */
/* sources: relay/base/utf8.c wire/name.c */
/* libs: libcrypto libxxhash */
/*
 * The parts of webhooks that know no loop: what an endpoint wants, bodies and their signatures, the
 * debounce with a clock of our own, the ring of what waits.
 */
#include "relay/base/map.h"
#include "relay/conf_webhook.h"
#include "relay/msg.h"
#include "relay/webhook_body.h"
#include "relay/webhook_hold.h"
#include "relay/webhook_queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#define DELAY_MS 3000
#define ALL      (WEBHOOK_BIT(WEBHOOK_KINDS) - 1)

/* --- items of the setting --- */

static struct conf_webhook conf;

static void assert_wrong(const char *item, const char *words)
{
	const char *const wrong = conf_webhook_parse(&conf, item);
	if (wrong == NULL || strstr(wrong, words) == NULL)
		fail_msg("%s: \"%s\" does not say \"%s\"", item, wrong == NULL ? "nothing" : wrong, words);
}

static void an_item_without_words_wants_everything(void **state)
{
	(void)state;
	assert_null(conf_webhook_parse(&conf, "https://example.test/hook?a=b"));
	assert_string_equal(conf.url, "https://example.test/hook?a=b");
	assert_int_equal(conf.kinds, ALL);
	assert_true(conf_webhook_wants(&conf, WEBHOOK_CACHE_MISS, CLN_SLICE("cache-x")));
}

static void an_item_names_kinds_and_prefixes_in_any_order(void **state)
{
	(void)state;
	assert_null(conf_webhook_parse(
		&conf, "http://h  channel:presence-a\tmember_added channel:presence-b  member_removed "));
	assert_int_equal(
		conf.kinds, WEBHOOK_BIT(WEBHOOK_MEMBER_ADDED) | WEBHOOK_BIT(WEBHOOK_MEMBER_REMOVED));
	assert_int_equal(conf.prefix_count, 2);
	assert_true(conf_webhook_wants(&conf, WEBHOOK_MEMBER_ADDED, CLN_SLICE("presence-a")));
	assert_true(conf_webhook_wants(&conf, WEBHOOK_MEMBER_REMOVED, CLN_SLICE("presence-b.1")));
	assert_false(conf_webhook_wants(&conf, WEBHOOK_MEMBER_ADDED, CLN_SLICE("presence-")));
	assert_false(conf_webhook_wants(&conf, WEBHOOK_MEMBER_ADDED, CLN_SLICE("presence-c")));
	assert_false(conf_webhook_wants(&conf, WEBHOOK_CLIENT_EVENT, CLN_SLICE("presence-a")));
}

static void wrong_items_are_told(void **state)
{
	char item[CONF_ADDRESS_MAX + 32];
	(void)state;
	assert_wrong("", "http");
	assert_wrong("ftp://h/", "http://");
	assert_wrong("HTTP://h/", "http://");
	assert_wrong("http://", "host");
	assert_wrong("https:///path", "host");
	assert_wrong("http://:80/", "host");
	assert_wrong("http://h:x/", "port");
	assert_wrong("http://u:pa/ss@h", "port");
	assert_wrong("http://[::1", "port");
	assert_null(conf_webhook_parse(&conf, "http://u:p%2F@[::1]:8080/a:b@c"));
	assert_null(conf_webhook_parse(&conf, "http://h:/"));
	assert_wrong("http://h/\xc3\xa9", "ASCII");
	assert_wrong("http://h/\x7f", "ASCII");
	assert_wrong("http://h channel_gone", "does not exist");
	assert_wrong("http://h channel_occupie", "does not exist");
	assert_wrong("http://h channel_occupied channel:", "prefix");
	snprintf(item, sizeof(item), "http://h/%0*d", CONF_ADDRESS_MAX, 0);
	assert_wrong(item, "too long");
	snprintf(item, sizeof(item), "http://h channel:%0*d", CONF_ADDRESS_MAX, 0);
	assert_wrong(item, "too long");
}

static void assert_shown(const char *url, const char *shown)
{
	char out[CONF_ADDRESS_MAX];
	assert_null(conf_webhook_parse(&conf, url));
	conf_webhook_show(&conf, out);
	assert_string_equal(out, shown);
}

static void logs_show_no_secrets_of_urls(void **state)
{
	(void)state;
	assert_shown("http://h:80/a/b", "http://h:80/a/b");
	assert_shown("https://user:pa@ss@h/a?token=1#x", "https://h/a");
	assert_shown("https://h?token=1", "https://h");
	assert_shown("https://h/a@b", "https://h/a@b");
	assert_shown("http://u:p@h", "http://h");
}

/* --- bodies --- */

static struct buf body;

static void assert_body(const char *expected)
{
	assert_int_equal(body.len, strlen(expected));
	assert_memory_equal(body.bytes, expected, body.len);
	buf_deinit(&body);
}

static void a_body_and_its_signature_are_those_of_the_vector(void **state)
{
	char signature[WEBHOOK_SIGNATURE_MAX];
	const struct webhook_event event = {.channel = CLN_SLICE("private-orders.42")};
	(void)state;
	webhook_body_begin(&body, 1700000000123);
	webhook_body_add(&body, &event);
	webhook_body_end(&body);
	webhook_body_sign(buf_slice(&body), CLN_SLICE("secret1"), signature);
	assert_string_equal(
		signature, "c92e66cd20c0e90487d8b402c14354ed04d97f042c0cba8e044a369b7b821bac");
	assert_body("{\"time_ms\":1700000000123,\"events\":[{\"name\":\"channel_occupied\","
				"\"channel\":\"private-orders.42\"}]}");
	webhook_body_sign(CLN_SLICE("{\"hello\":\"world\"}"), CLN_SLICE("thisisasecret"), signature);
	assert_string_equal(
		signature, "40e0ad3b9aa49529322879e84de1aaaf18bde1efe839ca263d540cc865510d25");
}

static void every_kind_has_its_fields(void **state)
{
	const uint64_t socket = msg_socket_parse(CLN_SLICE("12.34"));
	struct webhook_event event = {.kind = WEBHOOK_MEMBER_ADDED,
		.channel = CLN_SLICE("presence-a"),
		.user_id = CLN_SLICE("1\"\n")};
	(void)state;
	webhook_body_begin(&body, 5);
	webhook_body_add(&body, &event);
	event = (struct webhook_event){
		.kind = WEBHOOK_SUBSCRIPTION_COUNT, .channel = CLN_SLICE("b"), .count = 3};
	webhook_body_add(&body, &event);
	event = (struct webhook_event){.kind = WEBHOOK_CLIENT_EVENT,
		.channel = CLN_SLICE("presence-a"),
		.user_id = CLN_SLICE("7"),
		.event = CLN_SLICE("client-x"),
		.data = CLN_SLICE("{\"a\":1}"),
		.socket = socket};
	webhook_body_add(&body, &event);
	webhook_body_end(&body);
	assert_body("{\"time_ms\":5,\"events\":["
				"{\"name\":\"member_added\",\"channel\":\"presence-a\",\"user_id\":\"1\\\"\\n\"},"
				"{\"name\":\"subscription_count\",\"channel\":\"b\",\"subscription_count\":3},"
				"{\"name\":\"client_event\",\"channel\":\"presence-a\",\"event\":\"client-x\","
				"\"data\":\"{\\\"a\\\":1}\",\"socket_id\":\"12.34\",\"user_id\":\"7\"}]}");
}

static void a_client_event_has_a_user_on_presence_channels_only(void **state)
{
	const struct webhook_event event = {.kind = WEBHOOK_CLIENT_EVENT,
		.channel = CLN_SLICE("private-a"),
		.event = CLN_SLICE("client-x"),
		.data = CLN_SLICE(""),
		.socket = msg_socket_parse(CLN_SLICE("1.2"))};
	(void)state;
	webhook_body_begin(&body, -1);
	webhook_body_add(&body, &event);
	webhook_body_end(&body);
	assert_body("{\"time_ms\":-1,\"events\":[{\"name\":\"client_event\",\"channel\":\"private-a\","
				"\"event\":\"client-x\",\"data\":\"\",\"socket_id\":\"1.2\"}]}");
}

/* --- the debounce --- */

static struct webhook_hold hold;

static struct webhook_event event_of(enum webhook_kind kind, const char *channel, const char *user)
{
	return (struct webhook_event){
		.kind = kind, .channel = cln_slice_of(channel), .user_id = cln_slice_of(user)};
}

static void put(enum webhook_kind kind, const char *channel, const char *user, int64_t at_ms)
{
	const struct webhook_event event = event_of(kind, channel, user);
	struct webhook_item *const item = webhook_item_new(&event);
	item->at_ms = at_ms;
	webhook_hold_put(&hold, item);
}

static bool cancels(enum webhook_kind kind, const char *channel, const char *user)
{
	const struct webhook_event event = event_of(kind, channel, user);
	return webhook_hold_cancel(&hold, &event);
}

static void assert_taken(int64_t now_ms, const char *channel)
{
	struct webhook_item *const item = webhook_hold_take(&hold, now_ms);
	assert_non_null(item);
	assert_true(cln_slice_equal(item->event.channel, cln_slice_of(channel)));
	webhook_item_unref(item);
}

static int begin_hold(void **state)
{
	(void)state;
	hold = (struct webhook_hold){.delay_ms = DELAY_MS, .count_max = 100, .bytes_max = 1024 * 1024};
	webhook_hold_init(&hold);
	return 0;
}

static int end_hold(void **state)
{
	(void)state;
	webhook_hold_deinit(&hold);
	assert_int_equal(hold.count, 0);
	assert_int_equal(hold.bytes, 0);
	return 0;
}

static void an_end_waits_for_the_delay(void **state)
{
	(void)state;
	assert_int_equal(webhook_hold_wait(&hold, 0), -1);
	put(WEBHOOK_CHANNEL_VACATED, "a", "", 1000);
	put(WEBHOOK_CHANNEL_VACATED, "b", "", 1500);
	assert_int_equal(webhook_hold_wait(&hold, 1000), DELAY_MS);
	assert_null(webhook_hold_take(&hold, 1000 + DELAY_MS - 1));
	assert_int_equal(webhook_hold_wait(&hold, 1000 + DELAY_MS), 0);
	assert_taken(1000 + DELAY_MS, "a");
	assert_null(webhook_hold_take(&hold, 1000 + DELAY_MS));
	assert_int_equal(webhook_hold_wait(&hold, 1000 + DELAY_MS), 500);
	assert_taken(1500 + DELAY_MS, "b");
	assert_int_equal(webhook_hold_wait(&hold, 5000), -1);
}

static void who_is_back_in_time_was_never_away(void **state)
{
	(void)state;
	put(WEBHOOK_CHANNEL_VACATED, "presence-a", "", 0);
	put(WEBHOOK_MEMBER_REMOVED, "presence-a", "7", 0);
	put(WEBHOOK_MEMBER_REMOVED, "presence-a", "8", 0);
	put(WEBHOOK_MEMBER_REMOVED, "presence-b", "7", 0);
	assert_false(cancels(WEBHOOK_MEMBER_ADDED, "presence-a", "9"));
	assert_false(cancels(WEBHOOK_MEMBER_ADDED, "presence-a", ""));
	assert_true(cancels(WEBHOOK_MEMBER_ADDED, "presence-a", "7"));
	assert_false(cancels(WEBHOOK_MEMBER_ADDED, "presence-a", "7"));
	assert_true(cancels(WEBHOOK_CHANNEL_OCCUPIED, "presence-a", ""));
	assert_int_equal(hold.count, 2);
	assert_taken(DELAY_MS, "presence-a");
	assert_taken(DELAY_MS, "presence-b");
	assert_false(cancels(WEBHOOK_MEMBER_ADDED, "presence-a", "8"));
}

static void a_second_absence_waits_anew(void **state)
{
	(void)state;
	put(WEBHOOK_CHANNEL_VACATED, "a", "", 0);
	assert_true(cancels(WEBHOOK_CHANNEL_OCCUPIED, "a", ""));
	put(WEBHOOK_CHANNEL_VACATED, "a", "", 2000);
	assert_null(webhook_hold_take(&hold, DELAY_MS));
	assert_taken(2000 + DELAY_MS, "a");
}

static void an_end_that_comes_twice_is_held_once(void **state)
{
	(void)state;
	put(WEBHOOK_CHANNEL_VACATED, "a", "", 0);
	put(WEBHOOK_CHANNEL_VACATED, "a", "", 10);
	assert_int_equal(hold.count, 1);
	assert_taken(DELAY_MS, "a");
}

static void applications_do_not_meet(void **state)
{
	struct webhook_event event = event_of(WEBHOOK_CHANNEL_OCCUPIED, "a", "");
	(void)state;
	put(WEBHOOK_CHANNEL_VACATED, "a", "", 0);
	event.app = 1;
	assert_false(webhook_hold_cancel(&hold, &event));
	event.app = 0;
	assert_true(webhook_hold_cancel(&hold, &event));
}

static void what_is_too_much_to_hold_leaves_early(void **state)
{
	(void)state;
	hold.count_max = 2;
	put(WEBHOOK_CHANNEL_VACATED, "a", "", 0);
	put(WEBHOOK_CHANNEL_VACATED, "b", "", 0);
	assert_null(webhook_hold_take(&hold, 1));
	put(WEBHOOK_CHANNEL_VACATED, "c", "", 0);
	assert_int_equal(webhook_hold_wait(&hold, 1), 0);
	assert_taken(1, "a");
	assert_null(webhook_hold_take(&hold, 1));
	hold.bytes_max = hold.bytes - 1;
	assert_taken(1, "b");
	assert_null(webhook_hold_take(&hold, 1));
}

/* --- the ring --- */

static void add(struct webhook_queue *queue, unsigned count)
{
	const struct webhook_event event = {.channel = CLN_SLICE("a"), .count = count};
	webhook_queue_put(queue, webhook_item_new(&event));
}

static void assert_next(struct webhook_queue *queue, unsigned count)
{
	assert_int_equal(webhook_queue_first(queue)->event.count, count);
	struct webhook_item *const item = webhook_queue_take(queue);
	assert_int_equal(item->event.count, count);
	webhook_item_unref(item);
}

static void what_waits_keeps_its_order_and_leaves_no_memory(void **state)
{
	struct webhook_queue queue = {0};
	unsigned in = 0, out = 0;
	(void)state;
	assert_null(webhook_queue_take(&queue));
	for (unsigned round = 0; round < 50; round++) {
		for (unsigned i = 0; i < 7; i++)
			add(&queue, in++);
		for (unsigned i = 0; i < 5; i++)
			assert_next(&queue, out++);
	}
	assert_int_equal(queue.count, in - out);
	assert_true(queue.bytes > queue.count * sizeof(struct webhook_item));
	while (out < in)
		assert_next(&queue, out++);
	assert_null(queue.items);
	assert_int_equal(queue.bytes, 0);
}

int main(void)
{
#define HOLD(test) cmocka_unit_test_setup_teardown(test, begin_hold, end_hold)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_item_without_words_wants_everything),
		cmocka_unit_test(an_item_names_kinds_and_prefixes_in_any_order),
		cmocka_unit_test(wrong_items_are_told),
		cmocka_unit_test(logs_show_no_secrets_of_urls),
		cmocka_unit_test(a_body_and_its_signature_are_those_of_the_vector),
		cmocka_unit_test(every_kind_has_its_fields),
		cmocka_unit_test(a_client_event_has_a_user_on_presence_channels_only),
		HOLD(an_end_waits_for_the_delay),
		HOLD(who_is_back_in_time_was_never_away),
		HOLD(a_second_absence_waits_anew),
		HOLD(an_end_that_comes_twice_is_held_once),
		HOLD(applications_do_not_meet),
		HOLD(what_is_too_much_to_hold_leaves_early),
		cmocka_unit_test(what_waits_keeps_its_order_and_leaves_no_memory),
	};
	map_seed_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

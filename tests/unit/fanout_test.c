/* SPDX-License-Identifier: MIT
 *
 * What one turn brings for a channel, given out together. Listeners write down what they get: half
 * of them take messages one by one, half as one frame.
 */
/* sources: relay/channel.c relay/fanout.c relay/base/map.c relay/base/table.c relay/base/rand.c */
/* sources: relay/base/xalloc.c relay/base/log.c relay/base/clock.c relay/base/frame.c wire/name.c
 */
/* libs: libxxhash */
#include "../../relay/fanout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define LISTENERS  4
#define HEARD_MAX  512
#define LONG_BYTES (FANOUT_BYTES_MAX / 2 + 1)

struct listener {
	struct subscriber subscriber;
	char heard[HEARD_MAX]; /* the first byte of each message */
	size_t count;
	unsigned calls;
};

static void hear(struct listener *listener, const struct frame *frame)
{
	listener->heard[listener->count++] = frame->bytes[0];
	listener->heard[listener->count] = '\0';
}

static void deliver(
	struct subscriber *subscriber, const struct channel *channel, struct frame *frame)
{
	struct listener *const listener = (struct listener *)subscriber;
	(void)channel;
	listener->calls++;
	hear(listener, frame);
}

static void deliver_all(struct subscriber *subscriber, const struct frame_run *run)
{
	struct listener *const listener = (struct listener *)subscriber;
	size_t at = 0;
	listener->calls++;
	for (size_t i = 0; i < run->count; i++) {
		assert_memory_equal(run->joined->bytes + at, run->frames[i]->bytes, run->frames[i]->len);
		at += run->frames[i]->len;
		hear(listener, run->frames[i]);
	}
	assert_int_equal(run->joined->len, at);
}

static const struct subscriber_ops one_by_one = {.deliver = deliver};
static const struct subscriber_ops together = {.deliver = deliver, .deliver_all = deliver_all};

static struct app app;
static struct listener listeners[LISTENERS];
static struct fanout fanout;
static struct channel *a, *b;

static struct channel *new_channel(const char *name)
{
	struct cln_channel_type type;
	assert_int_equal(cln_channel_check(cln_slice_of(name), &type), CLN_OK);
	return channel_new(&app, cln_slice_of(name), &type);
}

static int set_up(void **state)
{
	(void)state;
	app = (struct app){0};
	memset(listeners, 0, sizeof(listeners));
	a = new_channel("a");
	b = new_channel("b");
	for (size_t i = 0; i < LISTENERS; i++) {
		struct subscriber *const subscriber = &listeners[i].subscriber;
		subscriber_init(subscriber, i % 2 == 0 ? &one_by_one : &together, i + 1);
		subscription_enter(subscription_new(a, subscriber, 1, CLN_SLICE("")));
		subscription_enter(subscription_new(b, subscriber, 2, CLN_SLICE("")));
	}
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fanout_flush(&fanout);
	for (size_t i = 0; i < LISTENERS; i++) {
		while (listeners[i].subscriber.count > 0)
			subscription_free(subscription_last(&listeners[i].subscriber));
	}
	channel_free(a);
	channel_free(b);
	return 0;
}

static void add(const struct channel *channel, char byte, size_t len)
{
	struct frame *const frame = frame_new(len);
	memset(frame->bytes, byte, len);
	assert_int_equal(fanout_add(&fanout, channel, frame), LISTENERS);
	frame_unref(frame);
}

static void everybody_heard(const char *expected)
{
	for (size_t i = 0; i < LISTENERS; i++)
		assert_string_equal(listeners[i].heard, expected);
}

static void nothing_leaves_before_the_flush(void **state)
{
	(void)state;
	add(a, '1', 3);
	add(a, '2', 5);
	add(a, '3', 1);
	everybody_heard("");
	fanout_flush(&fanout);
	everybody_heard("123");
	assert_int_equal(listeners[0].calls, 3);
	assert_int_equal(listeners[1].calls, 1);
	fanout_flush(&fanout);
	everybody_heard("123");
}

static void one_message_is_joined_to_nothing(void **state)
{
	(void)state;
	add(a, '1', 3);
	fanout_flush(&fanout);
	everybody_heard("1");
	assert_int_equal(listeners[1].calls, 1);
}

static void another_channel_comes_after_the_first(void **state)
{
	(void)state;
	add(a, '1', 3);
	add(a, '2', 3);
	add(b, '3', 3);
	everybody_heard("12");
	add(a, '4', 3);
	everybody_heard("123");
	fanout_flush(&fanout);
	everybody_heard("1234");
}

static void a_full_frame_leaves(void **state)
{
	(void)state;
	add(a, '1', LONG_BYTES);
	add(a, '2', LONG_BYTES);
	everybody_heard("1");
	add(a, '3', 4 * (size_t)FANOUT_BYTES_MAX);
	everybody_heard("12");
	add(a, '4', 1);
	everybody_heard("123");
	fanout_flush(&fanout);
	everybody_heard("1234");
}

static void many_small_ones_leave_in_order(void **state)
{
	(void)state;
	char expected[2 * FANOUT_FRAMES_MAX + 2];
	for (size_t i = 0; i <= 2 * FANOUT_FRAMES_MAX; i++) {
		expected[i] = (char)('A' + i % 26);
		add(a, expected[i], 1);
	}
	expected[2 * FANOUT_FRAMES_MAX + 1] = '\0';
	fanout_flush(&fanout);
	everybody_heard(expected);
	assert_int_equal(listeners[1].calls, 3);
}

static void nobody_is_no_reason_to_join(void **state)
{
	(void)state;
	struct channel *const empty = new_channel("empty");
	struct frame *const frame = frame_copy(CLN_SLICE("x"));
	assert_int_equal(fanout_add(&fanout, empty, frame), 0);
	assert_int_equal(fanout_add(&fanout, empty, frame), 0);
	fanout_flush(&fanout);
	assert_int_equal(atomic_load(&frame->refs), 1);
	frame_unref(frame);
	channel_free(empty);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing_leaves_before_the_flush, set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_message_is_joined_to_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(another_channel_comes_after_the_first, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_full_frame_leaves, set_up, tear_down),
		cmocka_unit_test_setup_teardown(many_small_ones_leave_in_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nobody_is_no_reason_to_join, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

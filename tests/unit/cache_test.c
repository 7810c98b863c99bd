/* SPDX-License-Identifier: MIT
 *
 * The store of cache channels: last events, time, room, misses; with a loop that only has a clock
 * and a wheel.
 */
/* sources: relay/cache.c relay/base/wheel.c relay/base/map.c relay/base/rand.c */
/* sources: relay/base/xalloc.c relay/base/log.c relay/base/clock.c relay/base/frame.c */
/* libs: libxxhash */
#include "../../relay/cache.h"
#include "../../relay/base/map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define TTL_MS     1000
#define CHANNELS   3
#define START_MS   8000
#define NAME_MAX_L 32

static struct conf_app conf;
static struct app app;
static struct loop loop;

void loop_timer_set(
	struct loop *to, struct wheel_timer *timer, int64_t delay_ms, wheel_timer_fn fire)
{
	wheel_set(&to->wheel, timer, to->now_ms + delay_ms, fire);
}

void loop_timer_stop(struct loop *from, struct wheel_timer *timer)
{
	wheel_stop(&from->wheel, timer);
}

static int set_up(void **state)
{
	(void)state;
	conf = (struct conf_app){.cache_ttl_ms = TTL_MS, .cache_channels = CHANNELS};
	app = (struct app){.conf = &conf};
	loop = (struct loop){.now_ms = START_MS};
	wheel_init(&loop.wheel, START_MS);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	cache_free(&app);
	assert_null(app.cache);
	assert_int_equal(loop.wheel.running, 0);
	return 0;
}

static void pass(int64_t ms)
{
	loop.now_ms += ms;
	wheel_advance(&loop.wheel, loop.now_ms);
}

static void put(const char *channel, const char *text)
{
	struct frame *const frame = frame_copy(cln_slice_of(text));
	cache_put(&app, &loop, cln_slice_of(channel), frame);
	frame_unref(frame);
}

/* "" if there is none. */
static const char *found(const char *channel)
{
	static char text[NAME_MAX_L];
	const struct frame *const frame = cache_find(&app, cln_slice_of(channel), NULL);
	snprintf(text, sizeof(text), "%.*s", frame == NULL ? 0 : (int)frame->len,
		frame == NULL ? "" : frame->bytes);
	return text;
}

static void the_last_event_is_kept_for_its_time(void **state)
{
	(void)state;
	int64_t left_ms = 0;
	assert_string_equal(found("cache-a"), "");
	assert_null(app.cache);
	put("cache-a", "one");
	pass(TTL_MS / 2);
	put("cache-a", "two");
	put("cache-b", "three");
	assert_string_equal(found("cache-a"), "two");
	pass(TTL_MS / 2);
	assert_non_null(cache_find(&app, CLN_SLICE("cache-a"), &left_ms));
	assert_int_equal(left_ms, TTL_MS / 2);
	pass(TTL_MS / 2 - 1);
	assert_string_equal(found("cache-b"), "three");
	loop.now_ms++; /* the timer has not come yet */
	assert_string_equal(found("cache-b"), "");
	pass(2 * WHEEL_TICK_MS);
	assert_null(app.cache); /* nothing is left of an empty store */
	assert_int_equal(loop.metrics.cache_evictions, 0);
}

static void the_oldest_makes_room(void **state)
{
	(void)state;
	put("cache-a", "a");
	put("cache-b", "b");
	put("cache-c", "c");
	put("cache-a", "again"); /* the youngest now */
	assert_int_equal(loop.metrics.cache_evictions, 0);
	put("cache-d", "d");
	assert_int_equal(loop.metrics.cache_evictions, 1);
	assert_string_equal(found("cache-b"), "");
	assert_string_equal(found("cache-a"), "again");
	/* A reload may lower the bound, or end it all. */
	conf.cache_channels = 1;
	put("cache-e", "e");
	assert_int_equal(loop.metrics.cache_evictions, 4);
	assert_string_equal(found("cache-e"), "e");
	assert_string_equal(found("cache-d"), "");
	conf.cache_channels = 0;
	put("cache-f", "f");
	assert_string_equal(found("cache-f"), "");
	/* What was kept is the last event no longer. */
	put("cache-e", "newer");
	assert_string_equal(found("cache-e"), "");
}

static void a_time_that_got_shorter_counts_at_once(void **state)
{
	(void)state;
	put("cache-a", "a");
	pass(TTL_MS / 4);
	assert_string_equal(found("cache-a"), "a");
	conf.cache_ttl_ms = TTL_MS / 8;
	assert_string_equal(found("cache-a"), "");
	conf.cache_ttl_ms = 2 * TTL_MS;
	pass(TTL_MS);
	assert_string_equal(found("cache-a"), "a");
}

static void many_go_in_portions(void **state)
{
	(void)state;
	enum {
		MANY = 1000
	};
	char name[NAME_MAX_L];
	conf.cache_channels = MANY;
	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "cache-%d", i);
		put(name, "x");
	}
	pass(TTL_MS);
	for (int i = 0; i < MANY && app.cache != NULL; i++)
		pass(WHEEL_TICK_MS);
	assert_null(app.cache);
}

static void a_miss_is_news_once(void **state)
{
	(void)state;
	const struct cln_slice a = CLN_SLICE("cache-a");
	assert_true(cache_note_miss(&app, &loop, a));
	assert_false(cache_note_miss(&app, &loop, a));
	assert_true(cache_note_miss(&app, &loop, CLN_SLICE("cache-b")));
	pass(CACHE_MISS_QUIET_MS - 1);
	assert_false(cache_note_miss(&app, &loop, a));
	pass(WHEEL_TICK_MS + 1);
	assert_true(cache_note_miss(&app, &loop, a));
	/* An event ends it, too. */
	put("cache-a", "x");
	pass(TTL_MS + WHEEL_TICK_MS);
	assert_string_equal(found("cache-a"), "");
	assert_true(cache_note_miss(&app, &loop, a));
	pass(CACHE_MISS_QUIET_MS + 2 * WHEEL_TICK_MS);
	assert_null(app.cache);
}

static void misses_are_bounded(void **state)
{
	(void)state;
	char name[NAME_MAX_L];
	put("cache-kept", "kept");
	for (int i = 0; i <= CACHE_MISSES_MAX; i++) {
		snprintf(name, sizeof(name), "cache-%d", i);
		assert_true(cache_note_miss(&app, &loop, cln_slice_of(name)));
	}
	assert_false(cache_note_miss(&app, &loop, CLN_SLICE("cache-1")));
	assert_true(cache_note_miss(&app, &loop, CLN_SLICE("cache-0"))); /* was forgotten */
	assert_string_equal(found("cache-kept"), "kept");                /* misses push no events out */
}

static void names_tell(void **state)
{
	(void)state;
	static const char *const yes[] = {
		"cache-", "cache-a", "private-cache-a", "presence-cache-a", "private-encrypted-cache-a"};
	static const char *const no[] = {"", "c", "cache", "cacheb-", "acache-", "private-cache",
		"private-", "presence-cachea", "private-encrypted-a-cache-", "presence-private-cache-"};
	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		assert_true(cache_has(cln_slice_of(yes[i])));
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		assert_false(cache_has(cln_slice_of(no[i])));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(the_last_event_is_kept_for_its_time),
		TEST(the_oldest_makes_room),
		TEST(a_time_that_got_shorter_counts_at_once),
		TEST(many_go_in_portions),
		TEST(a_miss_is_news_once),
		TEST(misses_are_bounded),
		TEST(names_tell),
	};
	map_seed_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* sources: relay/base/wheel.c */
/*
 * The timer wheel against a plain list of due times: never early, at most a tick late, whatever is
 * set, moved and stopped meanwhile.
 */
#include "relay/base/wheel.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>

#define TURN_MS ((int64_t)WHEEL_TICK_MS * WHEEL_SLOTS)

struct item {
	struct wheel_timer timer; /* first */
	int64_t expected_ms;      /* 0: must not fire */
	unsigned fired;
};

static struct wheel wheel;
static int64_t now_ms;

static void on_fire(struct wheel_timer *timer)
{
	struct item *const item = (struct item *)timer;
	assert_true(item->expected_ms != 0);
	assert_true(now_ms >= item->expected_ms);
	assert_false(timer->is_running);
	item->fired++;
	item->expected_ms = 0;
}

static void set(struct item *item, int64_t delay_ms)
{
	item->expected_ms = now_ms + delay_ms;
	wheel_set(&wheel, &item->timer, item->expected_ms, on_fire);
}

static void advance(int64_t by_ms)
{
	now_ms += by_ms;
	wheel_advance(&wheel, now_ms);
}

static int start(void **state)
{
	(void)state;
	now_ms = 123456;
	wheel_init(&wheel, now_ms);
	return 0;
}

static void fires_once_and_not_early(void **state)
{
	static const int64_t delays[] = {1, 7, 8, 9, 100, TURN_MS - 1, TURN_MS, TURN_MS + 1,
		10 * TURN_MS + 3, TURN_MS * WHEEL_COARSE - 1, TURN_MS * WHEEL_COARSE + 1,
		3 * TURN_MS * WHEEL_COARSE};
	(void)state;
	for (size_t i = 0; i < sizeof(delays) / sizeof(delays[0]); i++) {
		struct item item = {0};
		set(&item, delays[i]);
		assert_int_equal(wheel.running, 1);
		advance(delays[i] - 1);
		assert_int_equal(item.fired, 0);
		advance(WHEEL_TICK_MS + 1);
		assert_int_equal(item.fired, 1);
		assert_int_equal(wheel.running, 0);
	}
}

static void zero_delay_fires_in_the_next_tick(void **state)
{
	struct item item = {0};
	(void)state;
	set(&item, 0);
	advance(0);
	assert_int_equal(item.fired, 0);
	advance(WHEEL_TICK_MS);
	assert_int_equal(item.fired, 1);
}

static void stopped_does_not_fire(void **state)
{
	struct item near = {0}, far = {0};
	(void)state;
	set(&near, 50);
	set(&far, 3 * TURN_MS);
	wheel_stop(&wheel, &near.timer);
	wheel_stop(&wheel, &far.timer);
	wheel_stop(&wheel, &far.timer); /* again is harmless */
	near.expected_ms = far.expected_ms = 0;
	assert_int_equal(wheel.running, 0);
	assert_int_equal(wheel_next(&wheel, now_ms), -1);
	advance(10 * TURN_MS);
}

static struct item victim;

static void fire_and_stop(struct wheel_timer *timer)
{
	(void)timer;
	wheel_stop(&wheel, &victim.timer);
	victim.expected_ms = 0;
}

static void one_stops_another_of_the_same_tick(void **state)
{
	struct wheel_timer killers[2] = {{.is_running = false}};
	(void)state;
	victim = (struct item){0};
	wheel_set(&wheel, &killers[0], now_ms + 100, fire_and_stop);
	set(&victim, 100);
	wheel_set(&wheel, &killers[1], now_ms + 100, fire_and_stop);
	advance(200);
	assert_int_equal(victim.fired, 0);
	assert_int_equal(wheel.running, 0);
}

static void fire_and_set_again(struct wheel_timer *timer)
{
	victim.fired++;
	wheel_set(&wheel, timer, 0, fire_and_set_again);
}

static void set_from_within_fires_in_a_later_call(void **state)
{
	(void)state;
	victim = (struct item){0};
	wheel_set(&wheel, &victim.timer, now_ms, fire_and_set_again);
	advance(10000);
	assert_int_equal(victim.fired, 1);
	advance(10000);
	assert_int_equal(victim.fired, 2);
	wheel_stop(&wheel, &victim.timer);
}

static void next_tells_when_to_come(void **state)
{
	struct item near = {0}, far = {0};
	(void)state;
	assert_int_equal(wheel_next(&wheel, now_ms), -1);
	set(&far, 20 * TURN_MS);
	/* At the latest when the far one has to be dealt out. */
	assert_true(wheel_next(&wheel, now_ms) > 18 * TURN_MS);
	assert_true(wheel_next(&wheel, now_ms) <= 20 * TURN_MS);
	set(&near, 100);
	const int64_t wait_ms = wheel_next(&wheel, now_ms);
	assert_true(wait_ms >= 100 && wait_ms <= 100 + WHEEL_TICK_MS);
	advance(wait_ms);
	assert_int_equal(near.fired, 1);
	wheel_stop(&wheel, &far.timer);
}

/* Sleeping exactly as long as wheel_next() says loses nothing and wakes seldom. */
static void sleeping_by_next(void **state)
{
	struct item item = {0};
	unsigned wakes = 0;
	(void)state;
	set(&item, 40 * TURN_MS + 5);
	while (item.fired == 0) {
		const int64_t wait_ms = wheel_next(&wheel, now_ms);
		assert_true(wait_ms > 0);
		advance(wait_ms);
		wakes++;
	}
	assert_true(wakes <= 3);
}

#define ITEMS  300
#define ROUNDS 20000

static void random_life(void **state)
{
	static struct item items[ITEMS];
	(void)state;
	srand(7);
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct item *const item = &items[rand() % ITEMS];
		if (rand() % 4 == 0) {
			wheel_stop(&wheel, &item->timer);
			item->expected_ms = 0;
		} else {
			set(item, rand() % 3 == 0 ? rand() % 3000000 : rand() % 9000);
		}
		advance(rand() % 50 == 0 ? rand() % 20000 : rand() % 20);
		for (unsigned i = 0; i < ITEMS; i++)
			assert_true(items[i].expected_ms == 0 || items[i].expected_ms > now_ms - WHEEL_TICK_MS);
	}
	advance(4000000);
	assert_int_equal(wheel.running, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(fires_once_and_not_early, start),
		cmocka_unit_test_setup(zero_delay_fires_in_the_next_tick, start),
		cmocka_unit_test_setup(stopped_does_not_fire, start),
		cmocka_unit_test_setup(one_stops_another_of_the_same_tick, start),
		cmocka_unit_test_setup(set_from_within_fires_in_a_later_call, start),
		cmocka_unit_test_setup(next_tells_when_to_come, start),
		cmocka_unit_test_setup(sleeping_by_next, start),
		cmocka_unit_test_setup(random_life, start),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

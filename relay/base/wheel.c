/* SPDX-License-Identifier: MIT
 *
 * See wheel.h. A fine slot holds timers of one tick only: those less than a turn away. Whatever is
 * farther is in the coarse slot of its turn, maybe together with turns 64, 128, ... later.
 */
#include "wheel.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>

#define WORD_BITS 64
#define FARTHEST  INT32_MAX

static int64_t tick_of(int64_t ms)
{
	/* Rounded up: never early. */
	return (ms + WHEEL_TICK_MS - 1) / WHEEL_TICK_MS;
}

static void set_bit(uint64_t *words, unsigned bit)
{
	words[bit / WORD_BITS] |= UINT64_C(1) << bit % WORD_BITS;
}

static void clear_bit(uint64_t *words, unsigned bit)
{
	words[bit / WORD_BITS] &= ~(UINT64_C(1) << bit % WORD_BITS);
}

void wheel_init(struct wheel *wheel, int64_t now_ms)
{
	*wheel = (struct wheel){.now_tick = now_ms / WHEEL_TICK_MS};
}

/* Which tick is meant by its low half: no timer is farther away than FARTHEST. */
static int64_t due_tick(const struct wheel *wheel, const struct wheel_timer *timer)
{
	return wheel->now_tick + (int32_t)(timer->due_tick - (uint32_t)wheel->now_tick);
}

int64_t wheel_due_ms(const struct wheel *wheel, const struct wheel_timer *timer)
{
	return due_tick(wheel, timer) * WHEEL_TICK_MS;
}

static void place(struct wheel *wheel, struct wheel_timer *timer)
{
	const int64_t tick = due_tick(wheel, timer);
	assert(tick >= wheel->now_tick);
	if (tick - wheel->now_tick < WHEEL_SLOTS) {
		const unsigned slot = (unsigned)(tick % WHEEL_SLOTS);
		LIST_INSERT_HEAD(&wheel->slots[slot], timer, link);
		set_bit(wheel->used, slot);
	} else {
		const unsigned slot = (unsigned)(tick / WHEEL_SLOTS % WHEEL_COARSE);
		LIST_INSERT_HEAD(&wheel->coarse[slot], timer, link);
		set_bit(&wheel->coarse_used, slot);
	}
}

static uint8_t number_of(struct wheel *wheel, wheel_timer_fn fire)
{
	uint8_t number = 0;
	while (wheel->functions[number] != fire && wheel->functions[number] != NULL) {
		number++;
		assert(number < WHEEL_FUNCTIONS_MAX);
	}
	wheel->functions[number] = fire;
	return number;
}

void wheel_set(struct wheel *wheel, struct wheel_timer *timer, int64_t due_ms, wheel_timer_fn fire)
{
	assert(fire != NULL);
	wheel_stop(wheel, timer);
	const int64_t farthest = wheel->now_tick + FARTHEST;
	int64_t tick = due_ms < farthest * WHEEL_TICK_MS ? tick_of(due_ms) : farthest;
	tick = tick > wheel->now_tick ? tick : wheel->now_tick + 1;
	timer->due_tick = (uint32_t)tick; /* see due_tick() */
	timer->fire = number_of(wheel, fire);
	timer->is_running = true;
	place(wheel, timer);
	wheel->running++;
}

void wheel_stop(struct wheel *wheel, struct wheel_timer *timer)
{
	if (!timer->is_running) {
		return;
	}
	LIST_REMOVE(timer, link);
	timer->is_running = false;
	wheel->running--;
}

/* The turn that begins at now_tick: its timers move to their own slots. */
static void deal_out(struct wheel *wheel)
{
	const int64_t turn = wheel->now_tick / WHEEL_SLOTS;
	const unsigned slot = (unsigned)(turn % WHEEL_COARSE);
	struct wheel_timer *next;
	for (struct wheel_timer *timer = LIST_FIRST(&wheel->coarse[slot]); timer != NULL;
		 timer = next) {
		next = LIST_NEXT(timer, link);
		if (due_tick(wheel, timer) / WHEEL_SLOTS == turn) {
			LIST_REMOVE(timer, link);
			place(wheel, timer);
		}
	}
	if (LIST_EMPTY(&wheel->coarse[slot])) {
		clear_bit(&wheel->coarse_used, slot);
	}
}

static void take_slot(struct wheel *wheel, struct wheel_slot *due, struct wheel_timer **last)
{
	const unsigned slot = (unsigned)(wheel->now_tick % WHEEL_SLOTS);
	struct wheel_timer *timer;
	while ((timer = LIST_FIRST(&wheel->slots[slot])) != NULL) {
		LIST_REMOVE(timer, link);
		if (*last == NULL) {
			LIST_INSERT_HEAD(due, timer, link);
		} else {
			LIST_INSERT_AFTER(*last, timer, link);
		}
		*last = timer;
	}
	clear_bit(wheel->used, slot);
}

void wheel_advance(struct wheel *wheel, int64_t now_ms)
{
	const int64_t target = now_ms / WHEEL_TICK_MS;
	struct wheel_slot due = LIST_HEAD_INITIALIZER(due);
	struct wheel_timer *timer = NULL;
	while (wheel->now_tick < target) {
		wheel->now_tick++;
		if (wheel->now_tick % WHEEL_SLOTS == 0) {
			deal_out(wheel);
		}
		take_slot(wheel, &due, &timer);
	}
	/* One at a time: any of those behind may be stopped or moved by this one. */
	while ((timer = LIST_FIRST(&due)) != NULL) {
		wheel_stop(wheel, timer);
		wheel->functions[timer->fire](timer);
	}
}

/* Ticks to the first fine slot with timers, or -1. */
static int64_t next_fine(struct wheel *wheel)
{
	const unsigned start = (unsigned)((wheel->now_tick + 1) % WHEEL_SLOTS);
	unsigned distance = 0;
	while (distance < WHEEL_SLOTS) {
		const unsigned slot = (start + distance) % WHEEL_SLOTS;
		const uint64_t rest = wheel->used[slot / WORD_BITS] >> slot % WORD_BITS;
		if (rest == 0) {
			distance += WORD_BITS - slot % WORD_BITS;
			continue;
		}
		const unsigned skip = (unsigned)__builtin_ctzll(rest);
		if (!LIST_EMPTY(&wheel->slots[slot + skip])) {
			return distance + skip + 1;
		}
		clear_bit(wheel->used, slot + skip);
	}
	return -1;
}

/* Ticks to the beginning of the first coarse slot with timers, or -1. */
static int64_t next_coarse(struct wheel *wheel)
{
	const int64_t turn = wheel->now_tick / WHEEL_SLOTS;
	for (int64_t i = 1; i <= WHEEL_COARSE && wheel->coarse_used != 0; i++) {
		const unsigned slot = (unsigned)((turn + i) % WHEEL_COARSE);
		if (LIST_EMPTY(&wheel->coarse[slot])) {
			clear_bit(&wheel->coarse_used, slot);
			continue;
		}
		return (turn + i) * WHEEL_SLOTS - wheel->now_tick;
	}
	return -1;
}

int64_t wheel_next(struct wheel *wheel, int64_t now_ms)
{
	if (wheel->running == 0) {
		return -1;
	}
	const int64_t fine = next_fine(wheel);
	const int64_t coarse = next_coarse(wheel);
	const bool is_coarse = fine < 0 || (coarse >= 0 && coarse < fine);
	const int64_t ticks = is_coarse ? coarse : fine;
	assert(ticks > 0);
	const int64_t wait_ms = (wheel->now_tick + ticks) * WHEEL_TICK_MS - now_ms;
	return wait_ms > 0 ? wait_ms : 0;
}

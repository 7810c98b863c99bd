/* SPDX-License-Identifier: MIT
 *
 * A timer wheel: O(1) set, move and stop; no memory of its own but the slots. Knows no event loop:
 * the loop tells it the time and asks when to come next. Two levels: timers due within 8 s sit in
 * the slot of their tick, later ones in coarse slots of 8 s that are dealt out when their turn
 * comes, so that thousands of far timers wake nobody.
 */
#ifndef WHEEL_H
#define WHEEL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#define WHEEL_TICK_MS 8
#define WHEEL_SLOTS   1024 /* about 8 s a turn */
#define WHEEL_COARSE  64   /* turns, about 9 minutes; later timers wait for another round */

struct wheel_timer;
typedef void (*wheel_timer_fn)(struct wheel_timer *timer);

struct wheel_timer {
	LIST_ENTRY(wheel_timer) link;
	uint32_t due_tick; /* its low half */
	uint8_t fire;      /* which of the wheel's functions */
	bool is_running;
};

/* How many functions all timers of a wheel may have: a timer keeps a number, since there are many
 * timers of few kinds. */
#define WHEEL_FUNCTIONS_MAX 64

LIST_HEAD(wheel_slot, wheel_timer);

struct wheel {
	int64_t now_tick;
	unsigned running;
	wheel_timer_fn functions[WHEEL_FUNCTIONS_MAX]; /* NULL behind the last */
	/* One bit a slot; set while it may have timers, cleared by whoever finds it empty. */
	uint64_t used[WHEEL_SLOTS / 64];
	uint64_t coarse_used;
	struct wheel_slot slots[WHEEL_SLOTS];
	struct wheel_slot coarse[WHEEL_COARSE];
};

void wheel_init(struct wheel *wheel, int64_t now_ms);
/* A time that has passed fires in the next tick, one that is months away after as many as 32 bits
 * of ticks can tell. */
void wheel_set(struct wheel *wheel, struct wheel_timer *timer, int64_t due_ms, wheel_timer_fn fire);
/* When a running timer fires. */
int64_t wheel_due_ms(const struct wheel *wheel, const struct wheel_timer *timer);
void wheel_stop(struct wheel *wheel, struct wheel_timer *timer);
/* Fires all that is due at `now_ms`, by tick. Timers may be set, moved and stopped from within;
 * those set now fire in a later call. */
void wheel_advance(struct wheel *wheel, int64_t now_ms);
/* Milliseconds until the next tick with work in it, -1 if nothing runs. */
int64_t wheel_next(struct wheel *wheel, int64_t now_ms);

#endif

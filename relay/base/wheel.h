/* SPDX-License-Identifier: MIT
 *
 * A timer wheel: O(1) set, move and stop; no memory of its own but the slots. Knows no event loop:
 * the loop tells it the time and asks when to come next.
 */
#ifndef WHEEL_H
#define WHEEL_H

#include <stdint.h>
#include <sys/queue.h>

#define WHEEL_TICK_MS 8
#define WHEEL_SLOTS   1024 /* about 8 s a turn; later timers wait for further turns */

struct wheel_timer;
typedef void (*wheel_timer_fn)(struct wheel_timer *timer);

struct wheel_timer {
	LIST_ENTRY(wheel_timer) link;
	int64_t due_ms; /* 0: not running */
	wheel_timer_fn fire;
};

LIST_HEAD(wheel_slot, wheel_timer);

struct wheel {
	int64_t now_tick;
	unsigned running;
	struct wheel_slot slots[WHEEL_SLOTS];
};

void wheel_init(struct wheel *wheel, int64_t now_ms);
void wheel_set(struct wheel *wheel, struct wheel_timer *timer, int64_t due_ms, wheel_timer_fn fire);
void wheel_stop(struct wheel *wheel, struct wheel_timer *timer);
/* Fires all that is due at `now_ms`. Timers may be set, moved and stopped from within. */
void wheel_advance(struct wheel *wheel, int64_t now_ms);
/* Milliseconds until the next tick with work in it, -1 if nothing runs. */
int64_t wheel_next(const struct wheel *wheel, int64_t now_ms);

#endif

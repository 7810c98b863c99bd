/* SPDX-License-Identifier: MIT
 *
 * The clocks. Code on a loop reads loop->now_ms and loop->wall_ms instead: one reading per turn.
 */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>

int64_t clock_monotonic_ms(void);
int64_t clock_monotonic_ns(void);
int64_t clock_wall_ms(void); /* Unix time */

#endif

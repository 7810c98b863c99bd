/* SPDX-License-Identifier: MIT
 *
 * Counting what a publisher's numbers tell: those left out are events that got lost, those that
 * come again are repetitions. Numbers begin with 1; 0 says nothing.
 */
#ifndef SEQUENCE_H
#define SEQUENCE_H

#include "metrics.h"

/* `last` is the highest number of this publisher so far, 0 before its first. */
static inline void sequence_check(uint64_t *last, uint64_t number, struct metrics *metrics)
{
	if (number == 0)
		return;
	if (*last != 0 && number <= *last) {
		metrics->sequence_repeats++;
		return;
	}
	if (*last != 0)
		metrics->sequence_gaps += number - *last - 1;
	*last = number;
}

#endif

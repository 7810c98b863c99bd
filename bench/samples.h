/* SPDX-License-Identifier: MIT
 *
 * Latencies in nanoseconds: collected in a growing array, asked for once at the end.
 */
#ifndef BENCH_SAMPLES_H
#define BENCH_SAMPLES_H

#include <stddef.h>
#include <stdint.h>

struct samples {
	int64_t *value;
	size_t count;
	size_t cap;
};

void samples_add(struct samples *samples, int64_t value);

/* The value that `percent` of them do not exceed; 0 if there are none. Sorts. */
int64_t samples_percentile(struct samples *samples, unsigned percent);

/* The one added last, before any percentile was asked for; 0 if there is none. */
static inline int64_t samples_last(const struct samples *samples)
{
	return samples->count ? samples->value[samples->count - 1] : 0;
}

static inline void samples_clear(struct samples *samples)
{
	samples->count = 0;
}

#endif

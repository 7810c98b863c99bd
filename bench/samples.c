/* SPDX-License-Identifier: MIT
 *
 * See samples.h. Kept for the life of the program; never freed.
 */
#include "samples.h"

#include <err.h>
#include <stdlib.h>

#define FIRST_CAP 4096

void samples_add(struct samples *samples, int64_t value)
{
	if (samples->count == samples->cap) {
		samples->cap = samples->cap ? 2 * samples->cap : FIRST_CAP;
		samples->value = realloc(samples->value, samples->cap * sizeof *samples->value);
		if (!samples->value)
			err(1, "latencies");
	}
	samples->value[samples->count++] = value;
}

static int by_value(const void *a, const void *b)
{
	const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

int64_t samples_percentile(struct samples *samples, unsigned percent)
{
	if (samples->count == 0)
		return 0;
	qsort(samples->value, samples->count, sizeof *samples->value, by_value);
	return samples->value[(samples->count - 1) * percent / 100];
}

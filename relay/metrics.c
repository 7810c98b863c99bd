/* SPDX-License-Identifier: MIT
 *
 * The table of counters, from the list in metrics.h, and the sum over workers.
 */
#include "metrics.h"

#include <stddef.h>

const struct metrics_info metrics_table[] = {
#define METRICS_ROW(name, help) {#name, help, offsetof(struct metrics, name)},
	METRICS_LIST(METRICS_ROW)
#undef METRICS_ROW
};

const unsigned metrics_count = sizeof(metrics_table) / sizeof(metrics_table[0]);

void metrics_add(struct metrics *sum, const struct metrics *part)
{
#define METRICS_SUM(name, help) sum->name += __atomic_load_n(&part->name, __ATOMIC_RELAXED);
	METRICS_LIST(METRICS_SUM)
#undef METRICS_SUM
}

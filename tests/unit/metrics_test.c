/* SPDX-License-Identifier: MIT
 *
 * The table of counters: complete, distinct, and summed member by member.
 */
/* sources: relay/metrics.c */
/* libs: */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../relay/metrics.h"

static void the_table_covers_the_struct(void **state)
{
	(void)state;
	assert_int_equal(metrics_count * sizeof(uint64_t), sizeof(struct metrics));
	for (unsigned i = 0; i < metrics_count; i++) {
		assert_int_equal(metrics_table[i].offset, i * sizeof(uint64_t));
		assert_true(strlen(metrics_table[i].help) > 0);
		for (unsigned j = 0; j < i; j++) {
			assert_string_not_equal(metrics_table[i].name, metrics_table[j].name);
		}
	}
}

static void sums_are_member_by_member(void **state)
{
	(void)state;
	struct metrics sum, part;
	uint64_t counters[sizeof(struct metrics) / sizeof(uint64_t)] = {0};
	for (unsigned i = 0; i < metrics_count; i++) {
		counters[i] = i + 1;
	}
	memcpy(&part, counters, sizeof(part));
	memcpy(&sum, counters, sizeof(sum));
	metrics_add(&sum, &part);
	memcpy(counters, &sum, sizeof(counters));
	for (unsigned i = 0; i < metrics_count; i++) {
		assert_int_equal(counters[i], 2 * (i + 1));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_covers_the_struct),
		cmocka_unit_test(sums_are_member_by_member),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

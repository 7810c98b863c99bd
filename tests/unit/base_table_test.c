/* SPDX-License-Identifier: MIT
 *
 * The table of pointers, beside a plain array that says what must be in it.
 */
/* sources: relay/base/table.c relay/base/xalloc.c relay/base/log.c relay/base/clock.c */
#include "../../relay/base/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define THINGS 3000

struct thing {
	unsigned key;
	uint32_t hash;
	bool is_in;
	bool is_seen;
};

static struct thing things[THINGS];
static struct table table;

static bool is_key(const void *entry, const void *key)
{
	return ((const struct thing *)entry)->key == *(const unsigned *)key;
}

static struct thing *find(unsigned key)
{
	return table_find(&table, things[key].hash, is_key, &key);
}

static void add(unsigned key)
{
	things[key].is_in = true;
	table_add(&table, things[key].hash, &things[key]);
}

static void take_out(unsigned key)
{
	things[key].is_in = false;
	table_remove(&table, things[key].hash, &things[key]);
}

/* What is in it is found, by key and by walking; what is not is not. */
static void check(void)
{
	uint32_t at = 0;
	uint32_t count = 0;
	struct thing *thing;
	for (unsigned key = 0; key < THINGS; key++) {
		assert_ptr_equal(find(key), things[key].is_in ? &things[key] : NULL);
		things[key].is_seen = false;
	}
	while ((thing = table_next(&table, &at)) != NULL) {
		assert_true(thing->is_in);
		assert_false(thing->is_seen);
		thing->is_seen = true;
		count++;
	}
	assert_int_equal(count, table.count);
}

/* `spread`: how many hashes there are, at both ends of the ring. */
static void set_up_hashes(uint32_t spread)
{
	table = (struct table){0};
	for (unsigned key = 0; key < THINGS; key++) {
		const uint32_t hash = (uint32_t)rand() % spread;
		things[key] = (struct thing){.key = key, .hash = (key & 1) != 0 ? UINT32_MAX - hash : hash};
	}
}

static void an_empty_one_has_nothing(void **state)
{
	(void)state;
	uint32_t at = 0;
	set_up_hashes(1);
	assert_null(find(0));
	assert_null(table_next(&table, &at));
	table_clear(&table);
	add(1);
	take_out(1);
	assert_null(table.entries);
	check();
}

static void it_grows_and_shrinks(void **state)
{
	(void)state;
	set_up_hashes(UINT32_MAX);
	for (unsigned key = 0; key < THINGS; key++)
		add(key);
	check();
	assert_true(table.cap <= THINGS * 3 / 2);
	for (unsigned key = 10; key < THINGS; key++)
		take_out(key);
	check();
	assert_true(table.cap <= 40);
	table_clear(&table);
	assert_int_equal(table.count, 0);
}

/* Also with hashes of which many are the same, and over the end of the ring. */
static void any_order_of_coming_and_going(void **state)
{
	(void)state;
	const uint32_t spreads[] = {1, 3, 100, 1 << 20, UINT32_MAX};
	for (size_t i = 0; i < sizeof(spreads) / sizeof(spreads[0]); i++) {
		set_up_hashes(spreads[i]);
		const unsigned among = spreads[i] < 100 ? 60 : THINGS;
		for (unsigned step = 0; step < 6 * among; step++) {
			const unsigned key = (unsigned)rand() % among;
			if (things[key].is_in)
				take_out(key);
			else
				add(key);
			if (step % (among / 4) == 0)
				check();
		}
		check();
		table_clear(&table);
	}
}

/* Whatever size it had before, a search in it comes to its end. */
static void small_after_any_size(void **state)
{
	(void)state;
	set_up_hashes(UINT32_MAX);
	for (unsigned size = 1; size < 80; size++) {
		for (unsigned left = 1; left <= 12; left++) {
			for (unsigned key = 0; key < size; key++)
				add(key);
			for (unsigned key = left; key < size; key++)
				take_out(key);
			for (unsigned key = size; key < left; key++)
				add(key);
			for (unsigned key = left; key < left + 12; key++) {
				assert_true(table.count < table.cap);
				assert_null(find(key));
				add(key);
			}
			table_clear(&table);
			for (unsigned key = 0; key < THINGS; key++)
				things[key].is_in = false;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_one_has_nothing),
		cmocka_unit_test(it_grows_and_shrinks),
		cmocka_unit_test(any_order_of_coming_and_going),
		cmocka_unit_test(small_after_any_size),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

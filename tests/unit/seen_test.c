/* SPDX-License-Identifier: MIT
 *
 * Remembered message ids: doubles are found by id, application and channel; the memory is bounded
 * and the latest ids are always in it.
 */
/* sources: relay/seen.c relay/base/rand.c relay/base/xalloc.c relay/base/log.c relay/base/clock.c
 */
/* libs: libxxhash */
#include "../../relay/seen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static bool check(struct seen *seen, unsigned number, unsigned app, const char *channel)
{
	unsigned char id[CLN_ID_BYTES] = {0};
	memcpy(id + 4, &number, sizeof(number));
	return seen_check(seen, id, app, cln_slice_of(channel));
}

static void a_double_is_the_same_id_on_the_same_channel(void **state)
{
	(void)state;
	struct seen seen;
	seen_init(&seen, 1000);
	assert_false(check(&seen, 1, 0, "a"));
	assert_true(check(&seen, 1, 0, "a"));
	assert_false(check(&seen, 1, 0, "b"));
	assert_false(check(&seen, 1, 1, "a"));
	assert_false(check(&seen, 2, 0, "a"));
	assert_true(check(&seen, 1, 0, "b"));
	assert_true(check(&seen, 1, 1, "a"));
	assert_true(check(&seen, 2, 0, "a"));
	seen_deinit(&seen);
}

/* limit / 2 ids back everything is known, limit back nothing is. */
static void memory_is_bounded(void **state)
{
	(void)state;
	static const unsigned limits[] = {0, 1, 32, 33, 1000, 65536};
	for (size_t l = 0; l < sizeof(limits) / sizeof(limits[0]); l++) {
		struct seen seen;
		seen_init(&seen, limits[l]);
		const unsigned half = (unsigned)seen.limit;
		assert_true(seen.capacity >= 2 * seen.limit);
		for (unsigned i = 0; i < 5 * half; i++) {
			assert_false(check(&seen, i, 0, "a"));
			if (i + 1 >= half)
				assert_true(check(&seen, i + 1 - half, 0, "a"));
			assert_true(seen.count < half);
		}
		assert_false(check(&seen, 5 * half - 1 - 2 * half, 0, "a"));
		seen_deinit(&seen);
	}
}

static void channel_names_of_any_length(void **state)
{
	(void)state;
	struct seen seen;
	char name[CLN_CHANNEL_NAME_MAX + 1];
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	seen_init(&seen, 100);
	assert_false(check(&seen, 1, 0, name));
	assert_true(check(&seen, 1, 0, name));
	name[sizeof(name) - 2] = 'y';
	assert_false(check(&seen, 1, 0, name));
	assert_false(check(&seen, 1, 0, ""));
	seen_deinit(&seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_double_is_the_same_id_on_the_same_channel),
		cmocka_unit_test(memory_is_bounded),
		cmocka_unit_test(channel_names_of_any_length),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

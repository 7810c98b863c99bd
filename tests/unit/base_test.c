/* SPDX-License-Identifier: MIT */
/* sources: relay/base/buf.c relay/base/map.c relay/base/rand.c relay/base/log.c */
/* sources: relay/base/xalloc.c relay/base/clock.c */
/* libs: libxxhash */
/*
 * The small parts of base: growing buffers, the seeded map, randomness, the log's lines.
 */
#include "relay/base/buf.h"
#include "relay/base/clock.h"
#include "relay/base/log.h"
#include "relay/base/map.h"
#include "relay/base/rand.h"

#include <stdarg.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <unistd.h>

static void buffer_grows_and_consumes(void **state)
{
	struct buf buf = {0};
	(void)state;
	assert_int_equal(buf_slice(&buf).len, 0);
	for (unsigned i = 0; i < 1000; i++)
		buf_appendf(&buf, "%03u", i);
	assert_int_equal(buf.len, 3000);
	buf_consume(&buf, 2997);
	assert_true(cln_slice_equal(buf_slice(&buf), CLN_SLICE("999")));
	buf_append_byte(&buf, '!');
	buf_append(&buf, NULL, 0);
	buf_append_slice(&buf, CLN_SLICE("?"));
	assert_true(cln_slice_equal(buf_slice(&buf), CLN_SLICE("999!?")));
	buf_consume(&buf, 5);
	assert_int_equal(buf.len, 0);
	buf_deinit(&buf);
	assert_null(buf.bytes);
	for (int width = 60; width < 70; width++) { /* around the room that is made at first */
		buf_appendf(&buf, "%0*d", width, 7);
		assert_int_equal(buf.len, width);
		assert_int_equal(buf.bytes[width - 1], '7');
		buf_deinit(&buf);
	}
}

struct entry {
	char key[8];
	UT_hash_handle hh;
};

static void numbers_are_decimal(void **state)
{
	(void)state;
	struct buf buf = {0};
	buf_append_number(&buf, 0);
	buf_append_byte(&buf, ' ');
	buf_append_number(&buf, 1200);
	buf_append_byte(&buf, ' ');
	buf_append_number(&buf, UINT64_MAX);
	assert_true(cln_slice_equal(buf_slice(&buf), CLN_SLICE("0 1200 18446744073709551615")));
	buf_deinit(&buf);
}

/* Numbers are drawn some at a time: none of them twice. */
static void random_numbers_differ(void **state)
{
	(void)state;
	uint64_t numbers[200];
	for (size_t i = 0; i < 200; i++) {
		numbers[i] = rand_u64();
		for (size_t k = 0; k < i; k++)
			assert_true(numbers[i] != numbers[k]);
	}
}

static void map_finds_and_seed_matters(void **state)
{
	static struct entry entries[1000];
	struct entry *map = NULL, *found;
	(void)state;
	const uint32_t before = map_hash("key", 3);
	map_seed_init();
	const uint32_t after = map_hash("key", 3);
	map_seed_init();
	assert_true(before != after || after != map_hash("key", 3)); /* twice the same: 2^-64 */
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(entries[i].key, sizeof(entries[i].key), "k%u", i);
		HASH_ADD_STR(map, key, &entries[i]);
	}
	HASH_FIND_STR(map, "k777", found);
	assert_ptr_equal(found, &entries[777]);
	HASH_FIND_STR(map, "k1000", found);
	assert_null(found);
	HASH_CLEAR(hh, map);
}

static void random_numbers_stay_below(void **state)
{
	bool seen[3] = {false};
	(void)state;
	for (unsigned i = 0; i < 200; i++) {
		const uint64_t value = rand_below(3);
		assert_true(value < 3);
		seen[value] = true;
	}
	assert_true(seen[0] && seen[1] && seen[2]);
	assert_int_equal(rand_below(1), 0);
	assert_true(rand_u64() != rand_u64());
}

static void clocks_do_not_run_backwards(void **state)
{
	(void)state;
	const int64_t before = clock_monotonic_ns();
	assert_true(clock_monotonic_ns() >= before);
	assert_true(clock_monotonic_ms() > 0);
	assert_true(clock_wall_ms() > INT64_C(1700000000000));
}

/* What was logged since the last call. */
static size_t logged(int fd, char *out, size_t cap)
{
	const ssize_t len = read(fd, out, cap - 1);
	out[len > 0 ? len : 0] = '\0';
	return len > 0 ? (size_t)len : 0;
}

static void log_is_one_line_an_event(void **state)
{
	int ends[2];
	char line[2 * LOG_LINE_MAX];
	char longer[2 * LOG_LINE_MAX];
	(void)state;
	assert_int_equal(pipe(ends), 0);
	log_init(ends[1], LOG_LEVEL_INFO);
	log_event(LOG_LEVEL_INFO, "started", "path=\"%s\" n=%d", "a\nb\x1b", 5);
	logged(ends[0], line, sizeof(line));
	assert_non_null(strstr(line, "level=info event=started path=\"a?b?\" n=5\n"));
	assert_int_equal(strncmp(line, "time=20", 7), 0);

	log_event(LOG_LEVEL_DEBUG, "hidden", " ");
	log_event(LOG_LEVEL_WARN, "shown", "a=%d", 1);
	logged(ends[0], line, sizeof(line));
	assert_null(strstr(line, "hidden"));
	assert_non_null(strstr(line, "level=warn event=shown a=1\n"));

	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	log_event(LOG_LEVEL_ERROR, "long", "value=%s", longer);
	const size_t len = logged(ends[0], line, sizeof(line));
	assert_int_equal(len, LOG_LINE_MAX);
	assert_string_equal(line + len - 4, "...\n");

	char quoted[LOG_QUOTED_MAX];
	log_quote(quoted, CLN_SLICE("a\" code=\"1"));
	assert_string_equal(quoted, "a' code='1");
	log_quote(quoted, cln_slice(longer, sizeof(longer)));
	assert_int_equal(strlen(quoted), LOG_QUOTED_MAX - 1);

	struct log_limit limit = {0};
	for (unsigned i = 0; i < LOG_LIMIT_BURST + 5; i++)
		log_event_limited(&limit, 1000, LOG_LEVEL_WARN, "often", "i=%u", i);
	logged(ends[0], line, sizeof(line));
	assert_non_null(strstr(line, "i=9\n"));
	assert_null(strstr(line, "i=10\n"));
	log_event_limited(&limit, 1000 + LOG_LIMIT_MS, LOG_LEVEL_WARN, "often", "i=%u", 99);
	logged(ends[0], line, sizeof(line));
	assert_non_null(strstr(line, "event=often suppressed=5 i=99\n"));
	log_init(STDERR_FILENO, LOG_LEVEL_INFO);
	close(ends[0]);
	close(ends[1]);
}

static void levels_have_names(void **state)
{
	enum log_level level;
	(void)state;
	assert_true(log_level_parse("debug", &level));
	assert_int_equal(level, LOG_LEVEL_DEBUG);
	assert_true(log_level_parse("error", &level));
	assert_int_equal(level, LOG_LEVEL_ERROR);
	assert_false(log_level_parse("loud", &level));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buffer_grows_and_consumes),
		cmocka_unit_test(numbers_are_decimal),
		cmocka_unit_test(random_numbers_differ),
		cmocka_unit_test(map_finds_and_seed_matters),
		cmocka_unit_test(random_numbers_stay_below),
		cmocka_unit_test(clocks_do_not_run_backwards),
		cmocka_unit_test(log_is_one_line_an_event),
		cmocka_unit_test(levels_have_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

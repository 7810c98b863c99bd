/* SPDX-License-Identifier: MIT */
/* sources: relay/idempotency.c relay/base/map.c relay/base/frame.c relay/base/xalloc.c */
/* sources: relay/base/rand.c relay/base/log.c relay/base/clock.c */
/* libs: libxxhash */
/*
 * Idempotency keys: the first one goes on, the others wait or get its answer, other requests are
 * told apart, and neither count nor bytes grow beyond their bounds.
 */
#include "relay/idempotency.h"
#include "relay/base/map.h"

#include <stdarg.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>

#define KEEP_MS 1000
#define LIMIT   4

static struct idempotency *store;
static uint64_t forgotten;
static unsigned woken[100];
static size_t woken_count;

static int start(void **state)
{
	(void)state;
	store = idempotency_new();
	forgotten = 0;
	woken_count = 0;
	return 0;
}

static void drop(void *waiter)
{
	woken[woken_count++] = 1000 + *(unsigned *)waiter;
}

static int stop(void **state)
{
	(void)state;
	idempotency_free(store, drop);
	store = NULL;
	return 0;
}

static void wake(void *waiter, struct frame *answer, void *context)
{
	assert_ptr_equal(context, &woken);
	assert_true(answer->len > 0);
	woken[woken_count++] = *(unsigned *)waiter;
}

/* `print` stands for what is asked. */
static enum idempotency_result claim_as(const char *key, char print, unsigned app, int64_t now_ms,
	unsigned *waiter, struct frame **answer)
{
	struct idempotency_claim claim = {
		.app = app,
		.key = cln_slice_of(key),
		.now_ms = now_ms,
		.keep_ms = KEEP_MS,
		.limit = LIMIT,
		.waiter = waiter,
	};
	memset(claim.print, print, sizeof(claim.print));
	*answer = NULL;
	return idempotency_claim(store, &claim, answer, &forgotten);
}

static enum idempotency_result claim(const char *key, int64_t now_ms)
{
	struct frame *answer;
	static unsigned nobody;
	return claim_as(key, 'p', 0, now_ms, &nobody, &answer);
}

static void settle(const char *key, size_t len)
{
	struct frame *const answer = frame_new(len);
	memset(answer->bytes, 'a', len);
	idempotency_settle(store, 0, cln_slice_of(key), answer, wake, &woken);
	frame_unref(answer);
}

static void first_then_known(void **state)
{
	struct frame *answer;
	unsigned waiter = 1;
	(void)state;
	assert_int_equal(claim("k", 0), IDEMPOTENCY_FIRST);
	settle("k", 2);
	assert_int_equal(claim_as("k", 'p', 0, 1, &waiter, &answer), IDEMPOTENCY_KNOWN);
	assert_int_equal(answer->len, 2);
	assert_int_equal(claim_as("k", 'q', 0, 1, &waiter, &answer), IDEMPOTENCY_OTHER);
	assert_null(answer);
	/* Of another application, and a key that goes on. */
	assert_int_equal(claim_as("k", 'p', 1, 1, &waiter, &answer), IDEMPOTENCY_FIRST);
	assert_int_equal(claim("kk", 1), IDEMPOTENCY_FIRST);
	assert_int_equal(woken_count, 0);
}

static void others_wait_for_the_first(void **state)
{
	static unsigned numbers[] = {1, 2, 3};
	struct frame *answer;
	(void)state;
	assert_int_equal(claim("k", 0), IDEMPOTENCY_FIRST);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(claim_as("k", 'p', 0, 0, &numbers[i], &answer), IDEMPOTENCY_WAIT);
	assert_int_equal(claim_as("k", 'q', 0, 0, &numbers[0], &answer), IDEMPOTENCY_OTHER);
	settle("k", 2);
	assert_int_equal(woken_count, 3);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(woken[i], i + 1);
	settle("k", 9); /* nothing is on its way any more */
	assert_int_equal(claim_as("k", 'p', 0, 0, &numbers[0], &answer), IDEMPOTENCY_KNOWN);
	assert_int_equal(answer->len, 2);
	settle("unknown", 2);
	assert_int_equal(idempotency_count(store), 1);
}

static void keys_end(void **state)
{
	(void)state;
	assert_int_equal(claim("k", 0), IDEMPOTENCY_FIRST);
	settle("k", 2);
	assert_int_equal(claim("k", KEEP_MS - 1), IDEMPOTENCY_KNOWN);
	assert_int_equal(claim("k", KEEP_MS), IDEMPOTENCY_FIRST);
	/* What is on its way has no end. */
	assert_int_equal(claim("k", 10 * KEEP_MS), IDEMPOTENCY_WAIT);
	assert_int_equal(forgotten, 0);
}

static void bounded_by_count(void **state)
{
	char key[8];
	(void)state;
	for (unsigned i = 0; i < 3 * LIMIT; i++) {
		snprintf(key, sizeof(key), "%u", i);
		assert_int_equal(claim(key, 0), IDEMPOTENCY_FIRST);
		settle(key, 2);
		assert_true(idempotency_count(store) <= LIMIT);
	}
	assert_int_equal(forgotten, 2 * LIMIT);
	assert_int_equal(claim(key, 0), IDEMPOTENCY_KNOWN);
	assert_int_equal(claim("0", 0), IDEMPOTENCY_FIRST); /* the oldest is gone */
}

static void full_of_what_is_on_its_way(void **state)
{
	char key[8];
	(void)state;
	for (unsigned i = 0; i < LIMIT; i++) {
		snprintf(key, sizeof(key), "%u", i);
		assert_int_equal(claim(key, 0), IDEMPOTENCY_FIRST);
	}
	assert_int_equal(claim("more", 0), IDEMPOTENCY_FULL);
	assert_int_equal(claim("0", 0), IDEMPOTENCY_WAIT);
	settle("2", 2);
	assert_int_equal(claim("more", 0), IDEMPOTENCY_FIRST);
	assert_int_equal(claim("even more", 0), IDEMPOTENCY_FULL);
}

static void bounded_by_bytes(void **state)
{
	(void)state;
	assert_int_equal(claim("a", 0), IDEMPOTENCY_FIRST);
	settle("a", IDEMPOTENCY_BYTES_MAX);
	assert_int_equal(claim("b", 0), IDEMPOTENCY_FIRST);
	settle("b", 1);
	assert_int_equal(claim("c", 0), IDEMPOTENCY_FIRST);
	assert_int_equal(forgotten, 1);
	assert_int_equal(claim("b", 0), IDEMPOTENCY_KNOWN);
	assert_int_equal(claim("a", 0), IDEMPOTENCY_FIRST);
}

static void keys_of_any_bytes_and_length(void **state)
{
	char key[IDEMPOTENCY_KEY_MAX + 1];
	(void)state;
	memset(key, 0xFF, sizeof(key));
	key[IDEMPOTENCY_KEY_MAX] = '\0';
	assert_int_equal(claim(key, 0), IDEMPOTENCY_FIRST);
	key[IDEMPOTENCY_KEY_MAX - 1] = '\0';
	assert_int_equal(claim(key, 0), IDEMPOTENCY_FIRST);
	assert_int_equal(claim("", 0), IDEMPOTENCY_FIRST);
}

static void end_drops_who_waits(void **state)
{
	static unsigned number = 7;
	struct frame *answer;
	(void)state;
	assert_int_equal(claim("k", 0), IDEMPOTENCY_FIRST);
	assert_int_equal(claim_as("k", 'p', 0, 0, &number, &answer), IDEMPOTENCY_WAIT);
	idempotency_free(store, drop);
	store = NULL;
	assert_int_equal(woken_count, 1);
	assert_int_equal(woken[0], 1007);
	assert_int_equal(idempotency_count(NULL), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(first_then_known),
		TEST(others_wait_for_the_first),
		TEST(keys_end),
		TEST(bounded_by_count),
		TEST(full_of_what_is_on_its_way),
		TEST(bounded_by_bytes),
		TEST(keys_of_any_bytes_and_length),
		TEST(end_drops_who_waits),
	};
	map_seed_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

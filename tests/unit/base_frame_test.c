/* SPDX-License-Identifier: MIT */
/* sources: relay/base/frame.c relay/base/xalloc.c relay/base/log.c */
/* libs: -lpthread */
/*
 * Frames: contents, and a count that several threads may change.
 */
#include "relay/base/frame.h"

#include <stdarg.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <pthread.h>

#define THREADS 2
#define ROUNDS  100000

static void copies_bytes(void **state)
{
	struct frame *const frame = frame_copy(CLN_SLICE("bytes"));
	struct frame *const empty = frame_copy(cln_slice(NULL, 0));
	(void)state;
	assert_int_equal(frame->len, 5);
	assert_memory_equal(frame->bytes, "bytes", 5);
	assert_int_equal(empty->len, 0);
	frame_unref(frame);
	frame_unref(empty);
	frame_unref(NULL);
}

static void *hold_and_release(void *context)
{
	struct frame *const frame = context;
	for (unsigned i = 0; i < ROUNDS; i++)
		frame_unref(frame_ref(frame));
	frame_unref(frame);
	return NULL;
}

static void counts_over_threads(void **state)
{
	struct frame *const frame = frame_new(8);
	pthread_t threads[THREADS];
	(void)state;
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, hold_and_release, frame_ref(frame)), 0);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(atomic_load(&frame->refs), 1);
	frame_unref(frame); /* the sanitizer sees a leak or a use after free */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copies_bytes),
		cmocka_unit_test(counts_over_threads),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* sources: relay/base/frame.c relay/base/xalloc.c relay/base/log.c */
/* libs: -lpthread */
/*
 * Frames: contents, a count that several threads may change, and variants that they may publish.
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

static void variants_are_kept_and_freed(void **state)
{
	struct frame *const frame = frame_copy(CLN_SLICE("long long long"));
	(void)state;
	for (unsigned kind = 0; kind < FRAME_VARIANTS_MAX; kind++)
		assert_null(frame_variant(frame, kind));
	struct frame *const variant = frame_copy(CLN_SLICE("short"));
	assert_ptr_equal(frame_publish(frame, 0, variant), variant);
	assert_ptr_equal(frame_publish(frame, 1, frame), frame); /* nothing better */
	struct frame *const other = frame_publish(frame, 3, frame_copy(CLN_SLICE("other")));
	assert_ptr_equal(frame_variant(frame, 3), other);
	assert_ptr_equal(frame_variant(frame, 0), variant);
	assert_ptr_equal(frame_variant(frame, 1), frame);
	assert_null(frame_variant(frame, 2));
	/* A second one of the kind came too late and is dropped. */
	assert_ptr_equal(frame_publish(frame, 0, frame_copy(CLN_SLICE("late"))), variant);
	assert_ptr_equal(frame_publish(frame, 0, frame), variant);
	frame_ref(variant);
	frame_unref(frame);
	assert_int_equal(atomic_load(&variant->refs), 1); /* outlives it: still on its way */
	frame_unref(variant);
}

struct race {
	struct frame *frame;
	struct frame *won[FRAME_VARIANTS_MAX];
};

static void *publish_all(void *context)
{
	struct race *const race = context;
	for (unsigned kind = 0; kind < FRAME_VARIANTS_MAX; kind++) {
		struct frame *const found = frame_variant(race->frame, kind);
		race->won[kind] =
			found != NULL ? found : frame_publish(race->frame, kind, frame_copy(CLN_SLICE("x")));
	}
	return NULL;
}

static void variants_are_published_once(void **state)
{
	(void)state;
	for (unsigned round = 0; round < ROUNDS / 100; round++) {
		struct frame *const frame = frame_new(8);
		struct race races[THREADS] = {{.frame = frame}, {.frame = frame}};
		pthread_t threads[THREADS];
		for (unsigned i = 0; i < THREADS; i++)
			assert_int_equal(pthread_create(&threads[i], NULL, publish_all, &races[i]), 0);
		for (unsigned i = 0; i < THREADS; i++)
			pthread_join(threads[i], NULL);
		assert_memory_equal(races[0].won, races[1].won, sizeof(races[0].won));
		frame_unref(frame);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copies_bytes),
		cmocka_unit_test(counts_over_threads),
		cmocka_unit_test(variants_are_kept_and_freed),
		cmocka_unit_test(variants_are_published_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

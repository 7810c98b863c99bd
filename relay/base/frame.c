/* SPDX-License-Identifier: MIT
 *
 * See frame.h. One allocation a frame; another one for the table of its variants. Variants are
 * published by compare and exchange: of two threads that make the same one, the slower drops its
 * own.
 */
#include "frame.h"

#include "xalloc.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct frame_variants {
	_Atomic(struct frame *) of[FRAME_VARIANTS_MAX];
};

struct frame *frame_new(size_t len)
{
	assert(len <= UINT32_MAX);
	struct frame *const frame = xmalloc(sizeof(*frame) + len);
	atomic_init(&frame->refs, 1);
	atomic_init(&frame->variants, NULL);
	frame->len = (uint32_t)len;
	return frame;
}

struct frame *frame_copy(struct cln_slice bytes)
{
	struct frame *const frame = frame_new(bytes.len);
	if (bytes.len > 0) {
		memcpy(frame->bytes, bytes.ptr, bytes.len);
	}
	return frame;
}

struct frame *frame_ref(struct frame *frame)
{
	atomic_fetch_add_explicit(&frame->refs, 1, memory_order_relaxed);
	return frame;
}

/* Nobody else knows `frame` any more. */
static void free_variants(struct frame *frame)
{
	struct frame_variants *const variants =
		atomic_load_explicit(&frame->variants, memory_order_relaxed);
	if (variants == NULL) {
		return;
	}
	for (unsigned kind = 0; kind < FRAME_VARIANTS_MAX; kind++) {
		struct frame *const variant =
			atomic_load_explicit(&variants->of[kind], memory_order_relaxed);
		if (variant != frame) {
			frame_unref(variant);
		}
	}
	free(variants);
}

void frame_unref(struct frame *frame)
{
	if (frame == NULL) {
		return;
	}
	if (atomic_fetch_sub_explicit(&frame->refs, 1, memory_order_acq_rel) == 1) {
		free_variants(frame);
		free(frame);
	}
}

struct frame *frame_variant(const struct frame *frame, unsigned kind)
{
	struct frame_variants *const variants =
		atomic_load_explicit(&frame->variants, memory_order_acquire);
	return variants != NULL ? atomic_load_explicit(&variants->of[kind], memory_order_acquire)
							: NULL;
}

static struct frame_variants *ensure_variants(struct frame *frame)
{
	struct frame_variants *found = atomic_load_explicit(&frame->variants, memory_order_acquire);
	if (found != NULL) {
		return found;
	}
	struct frame_variants *const made = xcalloc(1, sizeof(*made));
	if (atomic_compare_exchange_strong(&frame->variants, &found, made)) {
		return made;
	}
	free(made);
	return found;
}

struct frame *frame_publish(struct frame *frame, unsigned kind, struct frame *variant)
{
	assert(kind < FRAME_VARIANTS_MAX);
	struct frame *found = NULL;
	if (atomic_compare_exchange_strong(&ensure_variants(frame)->of[kind], &found, variant)) {
		return variant;
	}
	if (variant != frame) {
		frame_unref(variant);
	}
	return found;
}

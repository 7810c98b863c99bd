/* SPDX-License-Identifier: MIT
 *
 * See frame.h. One allocation a frame.
 */
#include "frame.h"

#include "xalloc.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct frame *frame_new(size_t len)
{
	assert(len <= UINT32_MAX);
	struct frame *const frame = xmalloc(sizeof(*frame) + len);
	atomic_init(&frame->refs, 1);
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

void frame_unref(struct frame *frame)
{
	if (frame == NULL) {
		return;
	}
	if (atomic_fetch_sub_explicit(&frame->refs, 1, memory_order_acq_rel) == 1) {
		free(frame);
	}
}

/* SPDX-License-Identifier: MIT
 *
 * Immutable, reference-counted bytes ready for a socket: one WebSocket frame (header and payload
 * together), an HTTP response, RESP replies. Encoded once, shared by every connection and worker
 * that sends it; hence the count is atomic. The bytes may be written only by the one who made the
 * frame and before it is shared.
 *
 * A frame can carry other encodings of itself (variants), each made by whoever needs it first and
 * freed with the frame; a frame without any pays a pointer.
 */
#ifndef FRAME_H
#define FRAME_H

#include "../../wire/slice.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_VARIANTS_MAX 4

struct frame_variants;

struct frame {
	atomic_uint refs;
	uint32_t len;
	_Atomic(struct frame_variants *) variants; /* NULL until the first is published */
	char bytes[];
};

/* Frames in their order, and the bytes of all of them as one frame. Everything is borrowed. */
struct frame_run {
	struct frame *const *frames;
	size_t count;
	struct frame *joined;
};

/* A frame of `len` bytes for the caller to fill; reference count 1. Never NULL. */
struct frame *frame_new(size_t len);
struct frame *frame_copy(struct cln_slice bytes);
struct frame *frame_ref(struct frame *frame);
void frame_unref(struct frame *frame); /* NULL is fine */

/* Borrowed from `frame`, valid as long as it; NULL if nobody has published it. `kind` is less than
 * FRAME_VARIANTS_MAX. */
struct frame *frame_variant(const struct frame *frame, unsigned kind);
/* Takes `variant`, `frame` itself (not counted) if no other encoding is better. Returns the one to
 * use, borrowed: another thread may have been faster. */
struct frame *frame_publish(struct frame *frame, unsigned kind, struct frame *variant);

#endif

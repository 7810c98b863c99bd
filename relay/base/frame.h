/* SPDX-License-Identifier: MIT
 *
 * Immutable, reference-counted bytes ready for a socket: one WebSocket frame (header and payload
 * together), an HTTP response, RESP replies. Encoded once, shared by every connection and worker
 * that sends it; hence the count is atomic. The bytes may be written only by the one who made the
 * frame and before it is shared.
 */
#ifndef FRAME_H
#define FRAME_H

#include "../../wire/slice.h"

#include <stdatomic.h>
#include <stdint.h>

struct frame {
	atomic_uint refs;
	uint32_t len;
	char bytes[];
};

/* A frame of `len` bytes for the caller to fill; reference count 1. Never NULL. */
struct frame *frame_new(size_t len);
struct frame *frame_copy(struct cln_slice bytes);
struct frame *frame_ref(struct frame *frame);
void frame_unref(struct frame *frame); /* NULL is fine */

#endif

/* SPDX-License-Identifier: MIT
 *
 * A growable run of bytes. The owner is whoever embeds it; a zeroed struct is an empty buffer
 * without memory. What peers put in is limited by the caller before it grows.
 */
#ifndef BUF_H
#define BUF_H

#include "../../wire/slice.h"

#include <stddef.h>
#include <stdint.h>

struct buf {
	char *bytes;
	size_t len;
	size_t cap;
};

void buf_deinit(struct buf *buf); /* frees; the buffer is empty and usable afterwards */
/* Room for `more` bytes behind bytes[len]. */
void buf_reserve(struct buf *buf, size_t more);
void buf_append(struct buf *buf, const void *bytes, size_t len);
void buf_append_slice(struct buf *buf, struct cln_slice slice);
void buf_append_byte(struct buf *buf, char byte);
void buf_append_number(struct buf *buf, uint64_t number); /* in decimal */
void buf_appendf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Drops `len` bytes at the front. */
void buf_consume(struct buf *buf, size_t len);
struct cln_slice buf_slice(const struct buf *buf);

#endif

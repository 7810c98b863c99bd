/* SPDX-License-Identifier: MIT
 *
 * See buf.h. Doubles from 64 bytes on.
 */
#include "buf.h"

#include "xalloc.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUF_FIRST    64
#define NUMBER_MAX   20 /* digits of 64 bits */
#define FORMAT_FIRST 64 /* room for a formatted text, before its length is known */

void buf_deinit(struct buf *buf)
{
	free(buf->bytes);
	*buf = (struct buf){0};
}

void buf_reserve(struct buf *buf, size_t more)
{
	if (more <= buf->cap - buf->len) {
		return;
	}
	assert(more < SIZE_MAX / 2 - buf->len);
	size_t cap = buf->cap > 0 ? buf->cap : BUF_FIRST;
	while (cap - buf->len < more) {
		cap *= 2;
	}
	buf->bytes = xrealloc(buf->bytes, cap);
	buf->cap = cap;
}

void buf_append(struct buf *buf, const void *bytes, size_t len)
{
	if (len == 0) {
		return;
	}
	buf_reserve(buf, len);
	memcpy(buf->bytes + buf->len, bytes, len);
	buf->len += len;
}

void buf_append_slice(struct buf *buf, struct cln_slice slice)
{
	buf_append(buf, slice.ptr, slice.len);
}

void buf_append_byte(struct buf *buf, char byte)
{
	buf_append(buf, &byte, 1);
}

void buf_append_number(struct buf *buf, uint64_t number)
{
	char digits[NUMBER_MAX];
	size_t first = NUMBER_MAX;
	do {
		digits[--first] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	buf_append(buf, digits + first, NUMBER_MAX - first);
}

void buf_appendf(struct buf *buf, const char *format, ...)
{
	va_list args;
	buf_reserve(buf, FORMAT_FIRST);
	const size_t room = buf->cap - buf->len;
	va_start(args, format);
	const int len = vsnprintf(buf->bytes + buf->len, room, format, args);
	va_end(args);
	assert(len >= 0);
	if ((size_t)len >= room) {
		buf_reserve(buf, (size_t)len + 1); /* vsnprintf() writes a NUL; it is not counted */
		va_start(args, format);
		vsnprintf(buf->bytes + buf->len, (size_t)len + 1, format, args);
		va_end(args);
	}
	buf->len += (size_t)len;
}

void buf_consume(struct buf *buf, size_t len)
{
	assert(len <= buf->len);
	buf->len -= len;
	if (len > 0 && buf->len > 0) {
		memmove(buf->bytes, buf->bytes + len, buf->len);
	}
}

struct cln_slice buf_slice(const struct buf *buf)
{
	return cln_slice(buf->bytes, buf->len);
}

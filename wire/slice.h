/* SPDX-License-Identifier: MIT
 *
 * A borrowed run of bytes: never owns, never NUL-terminated by contract, ptr may be NULL when len
 * is 0.
 */
#ifndef CLN_SLICE_H
#define CLN_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct cln_slice {
	const char *ptr;
	size_t len;
};

#define CLN_SLICE(literal) ((struct cln_slice){(literal), sizeof(literal) - 1})

static inline struct cln_slice cln_slice(const void *ptr, size_t len)
{
	return (struct cln_slice){ptr, len};
}

static inline struct cln_slice cln_slice_of(const char *string)
{
	return (struct cln_slice){string, strlen(string)};
}

static inline bool cln_slice_equal(struct cln_slice a, struct cln_slice b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool cln_slice_starts(struct cln_slice s, struct cln_slice prefix)
{
	return s.len >= prefix.len && (prefix.len == 0 || memcmp(s.ptr, prefix.ptr, prefix.len) == 0);
}

static inline struct cln_slice cln_slice_from(struct cln_slice s, size_t offset)
{
	return (struct cln_slice){s.ptr + offset, s.len - offset};
}

#endif

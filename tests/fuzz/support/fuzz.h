/* SPDX-License-Identifier: MIT
 *
 * What the fuzz targets share: claims about a parser, exact copies, and cutting an input at places
 * that the input itself chooses.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include "wire/slice.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the run as a crash does, with a stack trace and the input kept. */
static inline void claim(bool holds)
{
	if (!holds)
		abort();
}

/* A copy in a block of exactly its size: a read past it is seen. The caller frees `ptr`. */
static inline struct cln_slice exact(struct cln_slice bytes)
{
	char *copy = malloc(bytes.len ? bytes.len : 1);

	claim(copy != NULL);
	if (bytes.len)
		memcpy(copy, bytes.ptr, bytes.len);
	return cln_slice(copy, bytes.len);
}

/* FNV-1a over everything a parser said, to compare two runs. */
static inline uint64_t mix(uint64_t hash, struct cln_slice bytes)
{
	for (size_t i = 0; i < bytes.len; i++)
		hash = (hash ^ (unsigned char)bytes.ptr[i]) * UINT64_C(0x100000001b3);
	return (hash ^ bytes.len) * UINT64_C(0x100000001b3);
}

static inline uint64_t mix_number(uint64_t hash, long long number)
{
	return mix(hash, cln_slice(&number, sizeof number));
}

/* The next length to feed, 1 to 16 or the rest; `seed` makes the same choice for the same input. */
static inline size_t next_cut(uint32_t *seed, size_t left)
{
	size_t len;

	*seed = *seed * 1664525 + 1013904223;
	len = (*seed >> 24) % 16 + 1;
	return len < left ? len : left;
}

#endif

/* SPDX-License-Identifier: MIT
 *
 * Reads wire/vectors/NAME.txt; the format is described in wire/vectors/README.md. A broken line
 * ends the test at once. Tests run with the root of the repository as their working directory.
 */
#ifndef TEST_VECTORS_H
#define TEST_VECTORS_H

#include "wire/slice.h"

#include <stdint.h>
#include <stdio.h>

#define VECTOR_FIELDS_MAX 24

struct vectors {
	FILE *file;
	const char *name;
	unsigned line;
	size_t count;
	struct cln_slice field[VECTOR_FIELDS_MAX]; /* each in a block of exactly its size, so that the
												  sanitizer sees a read past it */
};

void vectors_open(struct vectors *vectors, const char *name);

/* The next line that is neither empty nor a comment. False at the end, which closes the file.
 * The fields of the line before are freed. */
bool vectors_next(struct vectors *vectors);

/* Field `i`, which must be there. */
struct cln_slice vector_text(const struct vectors *vectors, size_t i);
bool vector_is(const struct vectors *vectors, size_t i, const char *word);
/* A number of up to 16 lower-case hexadecimal digits. */
uint64_t vector_hex(const struct vectors *vectors, size_t i);
long long vector_number(const struct vectors *vectors, size_t i);

/* enum cln_err by its name in the files: ok, more, protocol, limit, space, version, signature. */
int vector_result(const struct vectors *vectors, size_t i);

/* Turns an even number of hexadecimal digits into bytes and returns how many. */
size_t unhex(struct cln_slice hex, unsigned char *out, size_t cap);

/* A copy in a block of exactly its size, never NULL; the caller frees it with release(). */
struct cln_slice exact(struct cln_slice bytes);
void release(struct cln_slice bytes);

#endif

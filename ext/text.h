/* SPDX-License-Identifier: MIT
 *
 * Bytes that grow at their end and are reused by the next call, so that a publish allocates
 * nothing. Calls that happen within each other (jsonSerialize() may publish) stack: each begins at
 * the `len` it finds and puts that back when it is done. Memory is the process's.
 */
#ifndef CLN_TEXT_H
#define CLN_TEXT_H

#include "php.h"
#include "../wire/slice.h"

/* Zeroed bytes are an empty text. */
struct cln_text {
	char *bytes;
	size_t len;
	size_t cap;
};

void cln_text_grow(struct cln_text *text, size_t more);

/* Room for `more` bytes at the end; good until the next call. */
static zend_always_inline char *cln_text_reserve(struct cln_text *text, size_t more)
{
	if (UNEXPECTED(more > text->cap - text->len)) {
		cln_text_grow(text, more);
	}
	return text->bytes + text->len;
}

/* The text is now as long as `end` says, which points into what was reserved. */
static zend_always_inline void cln_text_end(struct cln_text *text, const char *end)
{
	text->len = (size_t)(end - text->bytes);
}

/* Between requests: empties it (a request that died may have left something) and gives memory back
 * after a large one. */
void cln_text_reset(struct cln_text *text);

void cln_text_deinit(struct cln_text *text);

#endif

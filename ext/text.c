/* SPDX-License-Identifier: MIT
 *
 * See text.h.
 */
#include "text.h"

#define BYTES_START 4096
#define BYTES_KEEP  65536

void cln_text_grow(struct cln_text *text, size_t more)
{
	size_t cap = text->cap > 0 ? text->cap : BYTES_START;
	while (more > cap - text->len) {
		cap *= 2;
	}
	text->bytes = perealloc(text->bytes, cap, 1);
	text->cap = cap;
}

void cln_text_reset(struct cln_text *text)
{
	text->len = 0;
	if (text->cap > BYTES_KEEP) {
		cln_text_deinit(text);
	}
}

void cln_text_deinit(struct cln_text *text)
{
	if (text->bytes != NULL) {
		pefree(text->bytes, 1);
	}
	memset(text, 0, sizeof(*text));
}

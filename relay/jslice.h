/* SPDX-License-Identifier: MIT
 *
 * A strict JSON validator with offsets (RFC 8259, UTF-8 checked, depth bounded, no recursion and
 * no allocation). Values are slices of the input, so numbers of any size and any user data pass on
 * byte for byte. Of duplicate keys the last one counts, as in JavaScript and PHP.
 *
 * Escaped surrogates must come in pairs: what can't become UTF-8 is refused.
 *
 * Not named json: those names are jansson's, in the same program.
 */
#ifndef JSLICE_H
#define JSLICE_H

#include "base/buf.h"

#include "../wire/err.h"

#include <stdbool.h>

#define JSLICE_DEPTH_MAX 64 /* arrays and objects within each other */

enum jslice_type {
	JSLICE_OBJECT,
	JSLICE_ARRAY,
	JSLICE_STRING,
	JSLICE_NUMBER,
	JSLICE_TRUE,
	JSLICE_FALSE,
	JSLICE_NULL,
};

struct jslice {
	enum jslice_type type;
	struct cln_slice raw; /* the value's own bytes, quotes and brackets included */
};

/* The whole of `text` as one value. 0, CLN_ERR_PROTOCOL, or CLN_ERR_LIMIT (too deep). */
int jslice_parse(struct cln_slice text, struct jslice *value);

/* The members of a valid object, one after another: `rest` starts as object.raw. */
struct jslice_member {
	struct cln_slice name; /* raw, with quotes */
	struct jslice value;
};
bool jslice_next_member(struct cln_slice *rest, struct jslice_member *member);

/* The elements of a valid array, one after another: `rest` starts as array.raw. */
bool jslice_next_element(struct cln_slice *rest, struct jslice *value);

/* The last member of a valid object whose decoded name is `name`; false if there is none. */
bool jslice_find(const struct jslice *object, struct cln_slice name, struct jslice *value);

/* Decodes a valid string to UTF-8. `out` needs at most raw.len bytes. 0 and *len, or
 * CLN_ERR_SPACE if `cap` is too small. */
int jslice_string(const struct jslice *string, char *out, size_t cap, size_t *len);

/* Appends `text` (UTF-8) with what a JSON string must escape escaped, without quotes. */
void jslice_escape(struct buf *out, struct cln_slice text);

#endif

/* SPDX-License-Identifier: MIT
 *
 * Plain data (null, booleans, numbers, strings, arrays of these) straight to the form that travels:
 * its JSON text as a JSON string literal. In one pass, where json_encode() and escaping its result
 * are two and cost five times as much. Runs no PHP code.
 */
#ifndef CLAIRON_PLAIN_H
#define CLAIRON_PLAIN_H

#include "text.h"

/* Appends the literal of what json_encode() makes of `data` with its default flags. Returns false
 * and appends nothing where json_encode() has to be asked: objects, errors, deep or large data. */
bool clairon_plain_literal(struct cln_text *out, zval *data);

#endif

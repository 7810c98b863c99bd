/* SPDX-License-Identifier: MIT
 *
 * PHP values to JSON text and JSON text to JSON string literals. The functions that take a zval
 * may run PHP code (jsonSerialize()); hold no link and no borrowed pointer over them.
 */
#ifndef CLAIRON_ENCODE_H
#define CLAIRON_ENCODE_H

#include "text.h"
#include "zend_smart_str.h"

/* Appends `value` as json_encode() with its default flags gives it. On failure it frees `json`,
 * throws PayloadException (or lets jsonSerialize()'s own exception pass) and returns FAILURE.
 * `what` begins the message. */
zend_result clairon_encode_json(smart_str *json, zval *value, const char *what);

/* Appends JSON text, as clairon_encode_json() makes it, as a string literal. */
void clairon_encode_text_literal(struct cln_text *out, const zend_string *json);

/* Bytes that a literal of a text of `len` bytes has at most. */
#define CLN_LITERAL_MAX(len) (2 + 6 * (len))

/* Writes any valid UTF-8 as a string literal; returns its length. */
size_t clairon_encode_literal(char *out, struct cln_slice text);

#endif

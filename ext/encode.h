/* SPDX-License-Identifier: MIT
 *
 * PHP values to JSON text and JSON text to JSON string literals. The functions that take a zval
 * may run PHP code (jsonSerialize()); hold no link and no borrowed pointer over them.
 */
#ifndef CLAIRON_ENCODE_H
#define CLAIRON_ENCODE_H

#include "php.h"
#include "zend_smart_str.h"

/* Appends `value` as json_encode() with its default flags gives it. On failure it frees `json`,
 * throws PayloadException (or lets jsonSerialize()'s own exception pass) and returns FAILURE.
 * `what` begins the message. */
zend_result clairon_encode_json(smart_str *json, zval *value, const char *what);

/* Appends JSON text, as clairon_encode_json() makes it, as a string literal. */
void clairon_encode_text_literal(smart_str *out, const zend_string *json);

/* Appends any valid UTF-8 as a string literal. */
void clairon_encode_literal(smart_str *out, const zend_string *text);

#endif

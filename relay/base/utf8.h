/* SPDX-License-Identifier: MIT
 *
 * UTF-8 as RFC 3629 has it: no surrogates, no overlong forms, nothing above U+10FFFF. Checks runs
 * of bytes that may be cut anywhere; a wrong byte is reported as soon as it is seen.
 */
#ifndef UTF8_H
#define UTF8_H

#include "../../wire/slice.h"

#include <stdint.h>

#define UTF8_START 0 /* between characters: where a text begins and has to end */

/* Goes on from `*state`. False at the first byte that no continuation can make valid. */
bool utf8_feed(uint8_t *state, const char *bytes, size_t len);
bool utf8_is_valid(struct cln_slice text);

#endif

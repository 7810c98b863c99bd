/* SPDX-License-Identifier: MIT
 *
 * Every place where PHP's versions differ for this extension, each under a name that says what
 * for. Tests of PHP_VERSION_ID belong here and nowhere else.
 */
#ifndef CLAIRON_COMPAT_H
#define CLAIRON_COMPAT_H

#include "php.h"

#include "ext/random/php_random.h"

/* Random bytes without an exception on failure. */
static inline bool clairon_random_bytes(void *bytes, size_t size)
{
	return php_random_bytes_silent(bytes, size) == SUCCESS;
}

#endif

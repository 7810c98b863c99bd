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

/* Properties of objects that are computed and have no place, since PHP 8.4. */
static inline bool clairon_property_has_place(const zend_property_info *property)
{
#ifdef ZEND_ACC_VIRTUAL
	return (property->flags & ZEND_ACC_VIRTUAL) == 0;
#else
	(void)property;
	return true;
#endif
}

#endif

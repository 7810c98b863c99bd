/* SPDX-License-Identifier: MIT
 *
 * What PHP itself needs to know of the extension: the module entry and the version. Everything
 * else is in private.h.
 */
#ifndef PHP_CLAIRON_H
#define PHP_CLAIRON_H

#include "../wire/version.h"

#define PHP_CLAIRON_VERSION CLN_VERSION

extern zend_module_entry clairon_module_entry;
#define phpext_clairon_ptr &clairon_module_entry

#endif

/* SPDX-License-Identifier: MIT
 *
 * Reads the constructor's DSN into a target. Opens and resolves nothing.
 */
#ifndef CLAIRON_DSN_H
#define CLAIRON_DSN_H

#include "php.h"
#include "target.h"

/* Fills transport, path, host, port, user and password of `target`, which is zeroed. On failure it
 * throws a ValueError that names the argument and keeps passwords to itself, and returns FAILURE.
 */
zend_result clairon_dsn_parse(zend_string *dsn, struct cln_target *target);

#endif

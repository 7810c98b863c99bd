/* SPDX-License-Identifier: MIT
 *
 * The exception classes. Mistakes of the caller are the only ones: a dead relay is no exception.
 */
#ifndef CLAIRON_EXCEPTION_H
#define CLAIRON_EXCEPTION_H

#include "php.h"

extern zend_class_entry *clairon_exception_ce; /* interface */
extern zend_class_entry *clairon_payload_exception_ce;

void clairon_exception_minit(void);

#endif

/* SPDX-License-Identifier: MIT
 *
 * Registers Clairon\Exception\*. Class entries are written in MINIT and never after.
 */
#include "exception.h"

#include "zend_exceptions.h"

#include "Exception_arginfo.h"

zend_class_entry *clairon_exception_ce;
zend_class_entry *clairon_payload_exception_ce;

void clairon_exception_minit(void)
{
	clairon_exception_ce = register_class_Clairon_Exception_ClaironException(zend_ce_throwable);
	clairon_payload_exception_ce = register_class_Clairon_Exception_PayloadException(
		zend_ce_value_error, clairon_exception_ce);
}

/* SPDX-License-Identifier: MIT
 *
 * Writes what went wrong on a link into PHP's error log: no warning in the page, for frameworks
 * turn those into exceptions. At most one line in five seconds; INI clairon.log_errors.
 */
#ifndef CLAIRON_REPORT_H
#define CLAIRON_REPORT_H

#include "link.h"

/* Call it after a link was used, while the request is still alive. */
void clairon_report(struct cln_link *link);

#endif

/* SPDX-License-Identifier: MIT
 *
 * What a link has counted, as Publisher::stats() and phpinfo() show it. No secrets.
 */
#ifndef CLAIRON_STATS_H
#define CLAIRON_STATS_H

#include "php.h"
#include "link_table.h"

/* Makes `array` the array of Publisher::stats(); the link was pumped before. */
void clairon_stats(zval *array, struct cln_link *link);

/* Rows of phpinfo()'s table: drops of this process (thread) by reason, and one row for each link.
 */
void clairon_stats_info(const struct cln_link_table *table);

#endif

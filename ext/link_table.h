/* SPDX-License-Identifier: MIT
 *
 * All links of a process or thread, and who holds them.
 */
#ifndef CLN_LINK_TABLE_H
#define CLN_LINK_TABLE_H

#include "link.h"

#define CLN_LINKS_MAX 32

/* Zeroed bytes are a valid start. */
struct cln_link_table {
	struct cln_link *link[CLN_LINKS_MAX];
	size_t count;
	uint64_t uses;
	struct cln_link_stats gone; /* what links counted that are no more */
};

/* The link of `target`, made if need be, with one more reference. At the bound the one that was
 * unused longest goes; NULL if all are held. */
struct cln_link *cln_link_acquire(
	struct cln_link_table *table, const struct cln_target *target, uint64_t publisher);
void cln_link_release(struct cln_link *link);

/* What all links have dropped, by reason, since the process or thread began. */
void cln_link_table_drops(const struct cln_link_table *table, uint64_t dropped[CLN_DROP_REASONS]);

/* In a forked child: nothing has been counted. */
void cln_link_table_forked(struct cln_link_table *table);

/* Stores what is left where there is a spool, and frees the links without waiting; call
 * cln_link_flush() before. */
void cln_link_table_deinit(struct cln_link_table *table);

#endif

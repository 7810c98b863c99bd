/* SPDX-License-Identifier: MIT
 *
 * See link_table.h.
 */
#include "link_table.h"

#include "php.h"

static struct cln_link *link_new(const struct cln_target *target, uint64_t publisher)
{
	struct cln_link *link = pecalloc(1, sizeof(*link), 1);
	link->target = *target;
	link->fd = -1;
	link->numbers.publisher = publisher;
	cln_spooling_init(&link->spooling);
	return link;
}

static void remove_link(struct cln_link_table *table, size_t nth)
{
	struct cln_link *link = table->link[nth];
	cln_spooling_hurry(&link->spooling);
	cln_link_break(link, "the process ends or needs room for another target");
	for (size_t i = 0; i < CLN_DROP_REASONS; i++) {
		table->gone.dropped[i] += link->stats.dropped[i];
	}
	cln_link_deinit(link);
	ZEND_SECURE_ZERO(&link->target, sizeof(link->target));
	pefree(link, 1);
	table->link[nth] = table->link[--table->count];
}

/* Frees the place of the link that was unused longest; false if all are held. */
static bool evict_oldest(struct cln_link_table *table)
{
	size_t oldest = table->count;
	for (size_t i = 0; i < table->count; i++) {
		const struct cln_link *link = table->link[i];
		if (link->refs == 0 &&
			(oldest == table->count || link->used_at < table->link[oldest]->used_at)) {
			oldest = i;
		}
	}
	if (oldest == table->count) {
		return false;
	}
	cln_link_pump(table->link[oldest], CLN_DRAIN_NOW);
	remove_link(table, oldest);
	return true;
}

struct cln_link *cln_link_acquire(
	struct cln_link_table *table, const struct cln_target *target, uint64_t publisher)
{
	struct cln_link *found = NULL;
	for (size_t i = 0; found == NULL && i < table->count; i++) {
		if (memcmp(&table->link[i]->target, target, sizeof(*target)) == 0) {
			found = table->link[i];
		}
	}
	if (found == NULL) {
		if (table->count == CLN_LINKS_MAX && !evict_oldest(table)) {
			return NULL;
		}
		found = link_new(target, publisher);
		table->link[table->count++] = found;
	}
	found->refs++;
	found->used_at = ++table->uses;
	return found;
}

void cln_link_release(struct cln_link *link)
{
	link->refs--;
}

void cln_link_table_drops(const struct cln_link_table *table, uint64_t dropped[CLN_DROP_REASONS])
{
	memcpy(dropped, table->gone.dropped, sizeof(table->gone.dropped));
	for (size_t i = 0; i < table->count; i++) {
		for (size_t reason = 0; reason < CLN_DROP_REASONS; reason++) {
			dropped[reason] += table->link[i]->stats.dropped[reason];
		}
	}
}

void cln_link_table_forked(struct cln_link_table *table)
{
	memset(&table->gone, 0, sizeof(table->gone));
}

void cln_link_table_deinit(struct cln_link_table *table)
{
	while (table->count > 0) {
		remove_link(table, table->count - 1);
	}
}

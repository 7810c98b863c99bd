/* SPDX-License-Identifier: MIT
 *
 * See stats.h.
 */
#include "stats.h"

#include "ext/standard/info.h"

/* No record is shorter: its head, a channel of one byte, an envelope without a text. */
#define RECORD_BYTES_MIN (CLN_SPOOL_RECORD_HEAD + 2 + CLN_ENVELOPE_FIXED + CLN_SIGNATURE_BYTES)

static const char *const mode_names[] = {
	[CLN_MODE_DIRECT] = "direct",
	[CLN_MODE_SPOOLING] = "spooling",
	[CLN_MODE_REPLAYING] = "replaying",
};

static void add_count(zval *array, const char *name, uint64_t count)
{
	add_assoc_long(array, name, (zend_long)count);
}

static void add_text_or_null(zval *array, const char *name, const char *text)
{
	if (text[0] != '\0') {
		add_assoc_string(array, name, text);
	} else {
		add_assoc_null(array, name);
	}
}

static void add_dropped(zval *array, const struct cln_link_stats *stats)
{
	uint64_t sum = 0;
	zval by_reason;
	array_init(&by_reason);
	for (size_t i = 0; i < CLN_DROP_REASONS; i++) {
		sum += stats->dropped[i];
		add_count(&by_reason, cln_drop_names[i], stats->dropped[i]);
	}
	add_count(array, "dropped", sum);
	add_assoc_zval(array, "dropped_by_reason", &by_reason);
}

/* The header counts what came and what went; damage makes that a guess, which stays possible. */
static uint64_t waiting(const struct cln_spool_header *header)
{
	const uint64_t most = (header->end - header->done) / RECORD_BYTES_MIN;
	const uint64_t gone = header->replayed + header->dropped[CLN_SPOOL_DROP_EXPIRED] +
						  header->dropped[CLN_SPOOL_DROP_REFUSED];
	const uint64_t left = header->appended > gone ? header->appended - gone : 0;
	return most == 0 ? 0 : MAX(MIN(left, most), 1);
}

static void add_spool(zval *array, struct cln_link *link)
{
	struct cln_spool_header header;
	zval spool;
	if (!cln_link_has_spool(link)) {
		add_assoc_null(array, "spool");
		return;
	}
	cln_spooling_look(&link->spooling, &link->target, &header);
	array_init(&spool);
	add_assoc_string(&spool, "path", link->target.spool_path);
	add_text_or_null(&spool, "error", link->spooling.error);
	add_count(&spool, "waiting", waiting(&header));
	add_count(&spool, "waiting_bytes", header.end - header.done);
	add_count(&spool, "bytes_max", link->target.spool_bytes);
	add_count(&spool, "appended", header.appended);
	add_count(&spool, "replayed", header.replayed);
	add_count(&spool, "possibly_repeated", header.repeated);
	for (size_t i = 0; i < CLN_SPOOL_DROPS; i++) {
		add_count(&spool, cln_spool_drop_names[i], header.dropped[i]);
	}
	add_assoc_zval(array, "spool", &spool);
}

void clairon_stats(zval *array, struct cln_link *link)
{
	const struct cln_link_stats *stats = &link->stats;
	const struct cln_outbox *outbox = &link->outbox;
	array_init(array);
	add_assoc_string(array, "mode", mode_names[link->mode]);
	add_assoc_bool(array, "connected", link->fd >= 0 && link->is_open);
	add_count(array, "sent", stats->sent);
	add_count(array, "acknowledged", stats->acknowledged);
	add_count(array, "pending", outbox->unsent);
	add_count(array, "pending_bytes", cln_outbox_unsent_bytes(outbox));
	add_count(array, "unacknowledged", outbox->sent + outbox->forgotten + link->spooling.lane.sent);
	add_count(array, "spooled", stats->spooled);
	add_count(array, "replayed", stats->replayed);
	add_count(array, "possibly_repeated", stats->repeated);
	add_dropped(array, stats);
	add_count(array, "dropped_in_a_row", link->dropped_in_a_row);
	add_count(array, "rejected", stats->rejected);
	add_count(array, "resent", stats->resent);
	add_count(array, "circuit_openings", stats->circuit_openings);
	add_count(array, "connects", stats->connects);
	add_count(array, "connect_failures", stats->connect_failures);
	add_count(array, "writes", stats->writes);
	add_count(array, "partial_writes", stats->partial_writes);
	add_text_or_null(array, "last_error", link->last_error);
	add_spool(array, link);
}

/* ---- phpinfo() ---- */

static void info_count(const char *name, uint64_t count)
{
	char text[MAX_LENGTH_OF_LONG];
	snprintf(text, sizeof(text), "%" PRIu64, count);
	php_info_print_table_row(2, name, text);
}

static void info_link(const struct cln_link *link)
{
	char where[CLN_ERROR_MAX];
	char state[2 * CLN_ERROR_MAX];
	cln_target_describe(&link->target, where);
	snprintf(state, sizeof(state),
		"%s, %s, %zu pending, %zu unacknowledged, %" PRIu64 " sent, %" PRIu64 " spooled%s%s",
		mode_names[link->mode], link->fd >= 0 && link->is_open ? "connected" : "not connected",
		link->outbox.unsent, link->outbox.sent, link->stats.sent, link->stats.spooled,
		link->last_error[0] != '\0' ? "; " : "", link->last_error);
	php_info_print_table_row(2, where, state);
	if (cln_link_has_spool(link)) {
		php_info_print_table_row(2, "Its spool", link->target.spool_path);
	}
}

void clairon_stats_info(const struct cln_link_table *table)
{
	uint64_t dropped[CLN_DROP_REASONS];
	char name[64];
	cln_link_table_drops(table, dropped);
	for (size_t i = 0; i < CLN_DROP_REASONS; i++) {
		snprintf(name, sizeof(name), "Events dropped by this process: %s", cln_drop_names[i]);
		info_count(name, dropped[i]);
	}
	for (size_t i = 0; i < table->count; i++) {
		info_link(table->link[i]);
	}
}

/* SPDX-License-Identifier: MIT
 *
 * See report.h.
 */
#include "private.h"

#include "report.h"

#define LOG_EVERY_MS 5000
#define LINE_BYTES   1024

static uint64_t dropped(const struct cln_link *link)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < CLN_DROP_REASONS; i++) {
		sum += link->stats.dropped[i];
	}
	return sum;
}

/* Peers choose part of the text: control characters stay out of the log. */
static void make_printable(char *line)
{
	for (; *line != '\0'; line++) {
		if ((unsigned char)*line < ' ' || *line == 0x7f) {
			*line = '?';
		}
	}
}

static const char *state_of(const struct cln_link *link)
{
	switch (link->mode) {
	case CLN_MODE_DIRECT:
		break;
	case CLN_MODE_SPOOLING:
		return link->spooling.cause == CLN_DROP_REASONS
				   ? "Events go to the spool until a process gets through."
				   : "Events wait in this process, for the spool does not take them.";
	case CLN_MODE_REPLAYING:
		return "What waits in the spool is being sent.";
	}
	return "Events are sent directly.";
}

/* One line: what happened, what becomes of the events, what was lost up to now. */
static void compose(const struct cln_link *link, char line[LINE_BYTES])
{
	char where[CLN_ERROR_MAX];
	char spool[CLN_ERROR_MAX] = "";
	cln_target_describe(&link->target, where);
	if (cln_link_has_spool(link)) {
		snprintf(
			spool, sizeof(spool), " %s (spooled=%" PRIu64 ")", state_of(link), link->stats.spooled);
	}
	snprintf(line, LINE_BYTES,
		"clairon: %s: %s.%s pending=%zu dropped=%" PRIu64 " rejected=%" PRIu64 " muted=%" PRIu64,
		where, link->last_error[0] != '\0' ? link->last_error : "the outbox is full", spool,
		link->outbox.unsent, dropped(link), link->stats.rejected, CLAIRON_G(log_muted));
}

void clairon_report(struct cln_link *link)
{
	if (EXPECTED(!link->has_news)) {
		return;
	}
	link->has_news = false;
	if (!CLAIRON_G(log_errors)) {
		return;
	}
	const int64_t now_ms = cln_now_ms();
	if (CLAIRON_G(logged_at_ms) != 0 && now_ms - CLAIRON_G(logged_at_ms) < LOG_EVERY_MS) {
		CLAIRON_G(log_muted)++;
		return;
	}
	char line[LINE_BYTES];
	compose(link, line);
	make_printable(line);
	CLAIRON_G(logged_at_ms) = now_ms;
	CLAIRON_G(log_muted) = 0;
	php_log_err(line);
}

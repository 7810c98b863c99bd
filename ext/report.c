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
	char where[CLN_ERROR_MAX];
	cln_target_describe(&link->target, where);
	snprintf(line, sizeof(line),
		"clairon: %s: %s (pending=%zu dropped=%" PRIu64 " rejected=%" PRIu64 " muted=%" PRIu64 ")",
		where, link->last_error[0] != '\0' ? link->last_error : "the outbox is full",
		link->outbox.unsent, dropped(link), link->stats.rejected, CLAIRON_G(log_muted));
	make_printable(line);
	CLAIRON_G(logged_at_ms) = now_ms;
	CLAIRON_G(log_muted) = 0;
	php_log_err(line);
}

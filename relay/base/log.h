/* SPDX-License-Identifier: MIT
 *
 * The relay's log: one line an event, logfmt, written with one write(2) so that lines of several
 * threads never mix. The sink is the only global of the relay; it is set once, before threads
 * start. No secrets and no payloads go in here: that is the caller's duty.
 */
#ifndef LOG_H
#define LOG_H

#include "../../wire/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
};

#define LOG_LINE_MAX 1024 /* longer lines are cut, marked by "..." */

/* Default: standard error, info. */
void log_init(int fd, enum log_level level);
/* Any thread, any time. */
void log_set_level(enum log_level level);
bool log_enabled(enum log_level level);
/* "error", "warn", "info", "debug"; false if `name` is none of them. */
bool log_level_parse(const char *name, enum log_level *level);

/* log_event(LOG_LEVEL_INFO, "listening", "address=%s workers=%u", ...) prints
 * `time=2026-01-02T03:04:05.678Z level=info event=listening address=... workers=...`.
 * Values with blanks stand in double quotes: `reason=\"%s\"`. Control characters become '?'. */
void log_event(enum log_level level, const char *event, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* For events that a peer can cause: at most `LOG_LIMIT_BURST` lines in `LOG_LIMIT_MS`; the first
 * line of the next period says how many were left out (`suppressed=N`). Zeroed before first use,
 * one thread. */
#define LOG_LIMIT_BURST 10
#define LOG_LIMIT_MS    10000

struct log_limit {
	int64_t period_ms;
	unsigned printed;
	unsigned suppressed;
};

/* `text` for a value in quotes: cut, its quotes replaced. What else must not stand in a line
 * is replaced in all lines. */
#define LOG_QUOTED_MAX 120
void log_quote(char out[LOG_QUOTED_MAX], struct cln_slice text);

void log_event_limited(struct log_limit *limit, int64_t now_ms, enum log_level level,
	const char *event, const char *format, ...) __attribute__((format(printf, 5, 6)));

#endif

/* SPDX-License-Identifier: MIT
 *
 * See log.h. Formats into a buffer on the stack; a line that the descriptor does not take whole is
 * lost rather than waited for.
 */
#include "log.h"

#include <assert.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_MS 1000000

static const char *const level_names[] = {"error", "warn", "info", "debug"};

static struct {
	int fd;
	_Atomic enum log_level level;
} sink = {STDERR_FILENO, LOG_LEVEL_INFO};

struct line {
	size_t len;
	char bytes[LOG_LINE_MAX];
};

void log_init(int fd, enum log_level level)
{
	sink.fd = fd;
	sink.level = level;
}

void log_set_level(enum log_level level)
{
	sink.level = level;
}

bool log_enabled(enum log_level level)
{
	return level <= sink.level;
}

bool log_level_parse(const char *name, enum log_level *level)
{
	for (size_t i = 0; i < sizeof(level_names) / sizeof(level_names[0]); i++) {
		if (strcmp(name, level_names[i]) == 0) {
			*level = (enum log_level)i;
			return true;
		}
	}
	return false;
}

static void line_vadd(struct line *line, const char *format, va_list args)
{
	const size_t room = sizeof(line->bytes) - line->len;
	const int wanted = vsnprintf(line->bytes + line->len, room, format, args);
	if (wanted < 0) {
		return;
	}
	line->len += (size_t)wanted < room ? (size_t)wanted : room - 1;
}

__attribute__((format(printf, 2, 3))) static void line_add(
	struct line *line, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	line_vadd(line, format, args);
	va_end(args);
}

static void line_start(struct line *line, enum log_level level, const char *event)
{
	struct timespec now;
	struct tm utc;
	char date[sizeof("2026-01-02T03:04:05")];
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &utc);
	line->len = 0;
	line_add(line, "time=%s.%03ldZ level=%s event=%s", date, now.tv_nsec / NS_PER_MS,
		level_names[level], event);
}

static void line_write(struct line *line)
{
	static const char cut[] = "...";
	if (line->len >= sizeof(line->bytes) - 1) {
		memcpy(line->bytes + sizeof(line->bytes) - sizeof(cut), cut, sizeof(cut) - 1);
		line->len = sizeof(line->bytes) - 1;
	}
	/* What peers sent may be among the values: one event stays one line. */
	for (size_t i = 0; i < line->len; i++) {
		const unsigned char c = (unsigned char)line->bytes[i];
		if (c < ' ' || c == 0x7f) {
			line->bytes[i] = '?';
		}
	}
	line->bytes[line->len++] = '\n';
	const ssize_t written = write(sink.fd, line->bytes, line->len);
	(void)written; /* there is nowhere to report a log that cannot be written */
}

void log_quote(char out[LOG_QUOTED_MAX], struct cln_slice text)
{
	const size_t len = text.len < LOG_QUOTED_MAX ? text.len : LOG_QUOTED_MAX - 1;
	for (size_t i = 0; i < len; i++) {
		out[i] = text.ptr[i] == '"' || text.ptr[i] == '\0' ? '\'' : text.ptr[i];
	}
	out[len] = '\0';
}

static void log_vevent(
	enum log_level level, unsigned suppressed, const char *event, const char *format, va_list args)
{
	struct line line;
	assert(level <= LOG_LEVEL_DEBUG);
	line_start(&line, level, event);
	if (suppressed > 0) {
		line_add(&line, " suppressed=%u", suppressed);
	}
	if (format[0] != '\0') {
		line_add(&line, " ");
		line_vadd(&line, format, args);
	}
	line_write(&line);
}

void log_event(enum log_level level, const char *event, const char *format, ...)
{
	if (!log_enabled(level)) {
		return;
	}
	va_list args;
	va_start(args, format);
	log_vevent(level, 0, event, format, args);
	va_end(args);
}

void log_event_limited(struct log_limit *limit, int64_t now_ms, enum log_level level,
	const char *event, const char *format, ...)
{
	if (!log_enabled(level)) {
		return;
	}
	unsigned suppressed = 0;
	if (limit->printed == 0 || now_ms - limit->period_ms >= LOG_LIMIT_MS) {
		suppressed = limit->suppressed;
		*limit = (struct log_limit){.period_ms = now_ms};
	}
	if (limit->printed >= LOG_LIMIT_BURST) {
		limit->suppressed++;
		return;
	}
	limit->printed++;
	va_list args;
	va_start(args, format);
	log_vevent(level, suppressed, event, format, args);
	va_end(args);
}

/* SPDX-License-Identifier: MIT
 *
 * See dropped.h.
 */
#include "dropped.h"

#include <stddef.h>
#include <string.h>

#define DIGITS_MAX 18 /* of a count; any such number fits */

struct reason {
	const char *name;
	size_t offset; /* of the counter in struct metrics */
};

#define REASON(name)                                                                               \
	{                                                                                              \
#name, offsetof(struct metrics, publisher_dropped_##name)                                  \
	}

static const struct reason reasons[] = {
	REASON(outbox_events),
	REASON(outbox_bytes),
	REASON(spool_full),
	REASON(spool_disk),
	REASON(spool_expired),
	REASON(spool_torn),
	REASON(spool_refused),
};

static uint64_t *counter_of(struct metrics *metrics, struct cln_slice name)
{
	size_t offset = offsetof(struct metrics, publisher_dropped_other);
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (cln_slice_equal(name, cln_slice_of(reasons[i].name)))
			offset = reasons[i].offset;
	}
	return (uint64_t *)(void *)((char *)metrics + offset);
}

static bool parse_count(struct cln_slice text, uint64_t *count)
{
	*count = 0;
	if (text.len == 0 || text.len > DIGITS_MAX)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9')
			return false;
		*count = 10 * *count + (uint64_t)(text.ptr[i] - '0');
	}
	return true;
}

bool dropped_count(struct metrics *metrics, const struct cln_slice *words, size_t count)
{
	uint64_t counts[CLN_RESP_ARGS_MAX];
	if (count == 0 || count % 2 != 0 || count > CLN_RESP_ARGS_MAX)
		return false;
	for (size_t i = 1; i < count; i += 2) {
		if (!parse_count(words[i], &counts[i]))
			return false;
	}
	for (size_t i = 1; i < count; i += 2)
		*counter_of(metrics, words[i - 1]) += counts[i];
	return true;
}

bool dropped_count_text(struct metrics *metrics, struct cln_slice text)
{
	struct cln_slice words[CLN_RESP_ARGS_MAX];
	size_t count = 0;
	if (!cln_slice_starts(text, CLN_SLICE("DROPPED ")))
		return false;
	text = cln_slice_from(text, sizeof("DROPPED ") - 1);
	while (count < CLN_RESP_ARGS_MAX) {
		const char *const space = memchr(text.ptr, ' ', text.len);
		const size_t len = space == NULL ? text.len : (size_t)(space - text.ptr);
		words[count++] = cln_slice(text.ptr, len);
		if (space == NULL)
			return dropped_count(metrics, words, count);
		text = cln_slice_from(text, len + 1);
	}
	return false;
}

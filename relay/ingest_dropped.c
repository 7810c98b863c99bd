/* SPDX-License-Identifier: MIT
 *
 * DROPPED: a publisher tells how many events it had to drop since it last said so, by reason. The
 * numbers go into the metrics publisher_dropped_*, where an operator sees all publishers' at once.
 */
#include "ingest_private.h"

#include <stddef.h>

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

/* Nothing is counted unless all of it is good. */
void ingest_dropped(struct ingest *ingest, const struct cln_resp_request *request)
{
	uint64_t counts[CLN_RESP_ARGS_MAX];
	bool is_good = request->argc % 2 == 1;
	for (size_t i = 2; i < request->argc && is_good; i += 2)
		is_good = parse_count(request->argv[i], &counts[i]);
	if (!is_good) {
		ingest_error(ingest, "ERR syntax: DROPPED REASON COUNT [REASON COUNT ...]");
		return;
	}
	for (size_t i = 2; i < request->argc; i += 2)
		*counter_of(&ingest->hub->loop->metrics, request->argv[i - 1]) += counts[i];
	ingest_simple(ingest, "OK");
}

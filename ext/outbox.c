/* SPDX-License-Identifier: MIT
 *
 * See outbox.h. The bytes start over at the front whenever the outbox is empty; when they reach
 * the end of the buffer first, they move to the front if at least half of the buffer is free there,
 * else the buffer doubles, so that a byte moves a bounded number of times.
 */
#include "outbox.h"

#include "php.h"

#define BYTES_START 16384
#define BYTES_KEEP  65536
#define LENS_START  64

static size_t ring_index(const struct cln_outbox *outbox, size_t nth)
{
	return (outbox->head + nth) & (outbox->lens_cap - 1);
}

static void move_to_front(struct cln_outbox *outbox)
{
	memmove(outbox->bytes, outbox->bytes + outbox->first, outbox->end - outbox->first);
	outbox->written -= outbox->first;
	outbox->end -= outbox->first;
	outbox->first = 0;
}

char *cln_outbox_reserve(struct cln_outbox *outbox, size_t size)
{
	if (size <= outbox->cap - outbox->end) {
		return outbox->bytes + outbox->end;
	}
	const size_t used = outbox->end - outbox->first;
	if (used <= outbox->cap / 2 && size <= outbox->cap - used && outbox->cap > 0) {
		move_to_front(outbox);
		return outbox->bytes + outbox->end;
	}
	size_t cap = outbox->cap > 0 ? outbox->cap : BYTES_START;
	while (size > cap - outbox->end) {
		cap *= 2;
	}
	outbox->bytes = perealloc(outbox->bytes, cap, 1);
	outbox->cap = cap;
	return outbox->bytes + outbox->end;
}

static void grow_ring(struct cln_outbox *outbox)
{
	const size_t count = outbox->sent + outbox->unsent;
	const size_t cap = outbox->lens_cap > 0 ? outbox->lens_cap * 2 : LENS_START;
	uint32_t *lens = safe_pemalloc(cap, sizeof(*lens), 0, 1);
	for (size_t i = 0; i < count; i++) {
		lens[i] = outbox->lens[ring_index(outbox, i)];
	}
	if (outbox->lens != NULL) {
		pefree(outbox->lens, 1);
	}
	outbox->lens = lens;
	outbox->lens_cap = cap;
	outbox->head = 0;
}

void cln_outbox_commit(struct cln_outbox *outbox, size_t size)
{
	const size_t count = outbox->sent + outbox->unsent;
	if (count == outbox->lens_cap) {
		grow_ring(outbox);
	}
	outbox->lens[ring_index(outbox, count)] = (uint32_t)size; /* bounded by CLN_PAYLOAD_BYTES_MAX */
	outbox->unsent++;
	outbox->end += size;
}

size_t cln_outbox_unsent_bytes(const struct cln_outbox *outbox)
{
	return outbox->end - outbox->first - outbox->sent_bytes;
}

struct cln_slice cln_outbox_unwritten(const struct cln_outbox *outbox)
{
	return cln_slice(outbox->bytes + outbox->written, outbox->end - outbox->written);
}

struct cln_outbox_progress cln_outbox_wrote(struct cln_outbox *outbox, size_t size)
{
	struct cln_outbox_progress progress = {0, 0};
	outbox->written += size;
	while (outbox->unsent > 0) {
		const size_t len = outbox->lens[ring_index(outbox, outbox->sent)];
		if (outbox->first + outbox->sent_bytes + len > outbox->written) {
			break;
		}
		outbox->sent_bytes += len;
		outbox->sent++;
		outbox->unsent--;
		if (outbox->again > 0) {
			outbox->again--;
			progress.resent++;
		} else {
			progress.sent++;
		}
	}
	return progress;
}

/* Removes the oldest entry, which was sent. */
static void shift(struct cln_outbox *outbox)
{
	const size_t len = outbox->lens[outbox->head];
	outbox->head = ring_index(outbox, 1);
	outbox->first += len;
	outbox->sent_bytes -= len;
	outbox->sent--;
	if (outbox->first == outbox->end) {
		outbox->first = outbox->written = outbox->end = 0;
	}
}

bool cln_outbox_acknowledge(struct cln_outbox *outbox)
{
	if (outbox->forgotten > 0) {
		outbox->forgotten--;
		return true;
	}
	if (outbox->sent == 0) {
		return false;
	}
	shift(outbox);
	return true;
}

bool cln_outbox_awaits_replies(const struct cln_outbox *outbox)
{
	return outbox->sent > 0 || outbox->forgotten > 0;
}

bool cln_outbox_is_between(const struct cln_outbox *outbox)
{
	return outbox->written == outbox->first + outbox->sent_bytes;
}

void cln_outbox_rewind(struct cln_outbox *outbox)
{
	outbox->again += outbox->sent;
	outbox->unsent += outbox->sent;
	outbox->sent = 0;
	outbox->sent_bytes = 0;
	outbox->written = outbox->first;
	outbox->forgotten = 0;
}

void cln_outbox_forget(struct cln_outbox *outbox, size_t entries, size_t bytes)
{
	while (outbox->sent > entries || (outbox->sent > 0 && outbox->sent_bytes > bytes)) {
		shift(outbox);
		outbox->forgotten++;
	}
}

size_t cln_outbox_take_written(struct cln_outbox *outbox)
{
	size_t taken = outbox->sent;
	if (!cln_outbox_is_between(outbox)) {
		outbox->written = outbox->first + outbox->sent_bytes;
		outbox->written += outbox->lens[ring_index(outbox, outbox->sent)];
		cln_outbox_wrote(outbox, 0);
		taken++;
	}
	while (outbox->sent > 0) {
		shift(outbox);
	}
	return taken;
}

bool cln_outbox_next(const struct cln_outbox *outbox, struct cln_outbox_cursor *cursor,
	struct cln_slice *entry, bool *was_sent)
{
	if (cursor->nth == outbox->unsent) {
		return false;
	}
	const size_t len = outbox->lens[ring_index(outbox, cursor->nth)];
	*entry = cln_slice(outbox->bytes + outbox->first + cursor->offset, len);
	*was_sent = cursor->nth < outbox->again;
	cursor->nth++;
	cursor->offset += len;
	return true;
}

void cln_outbox_skip(struct cln_outbox *outbox, size_t count)
{
	ZEND_ASSERT(outbox->sent == 0 && outbox->written == outbox->first && count <= outbox->unsent);
	for (; count > 0; count--) {
		outbox->again -= outbox->again > 0;
		outbox->sent++;
		outbox->unsent--;
		outbox->sent_bytes += outbox->lens[outbox->head];
		shift(outbox);
	}
	outbox->written = outbox->first;
}

void cln_outbox_trim(struct cln_outbox *outbox)
{
	if (outbox->sent + outbox->unsent == 0 && outbox->cap > BYTES_KEEP) {
		pefree(outbox->bytes, 1);
		outbox->bytes = NULL;
		outbox->cap = 0;
	}
}

void cln_outbox_deinit(struct cln_outbox *outbox)
{
	if (outbox->bytes != NULL) {
		pefree(outbox->bytes, 1);
	}
	if (outbox->lens != NULL) {
		pefree(outbox->lens, 1);
	}
	memset(outbox, 0, sizeof(*outbox));
}

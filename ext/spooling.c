/* SPDX-License-Identifier: MIT
 *
 * See spooling.h. Buffers live for one call: none of this happens while the peer is well.
 */
#include "spooling.h"

#include "../wire/name.h"
#include "php.h"
#include "stamp.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* What one append or one read holds, if no single event is larger. */
#define PORTION_BYTES 131072
/* Portions of which nothing was worth sending, in one call. */
#define BARREN_PORTIONS_MAX 16
/* How long others leave a batch to the process that sent it. */
#define NOTE_MS 1000
/* A file that took nothing (full, no disk) is left alone for this long. */
#define RETRY_AFTER_MS 500
/* What a record has beside channel and envelope. */
#define RECORD_EXTRA (CLN_SPOOL_RECORD_HEAD + 1)

const char *const cln_drop_names[CLN_DROP_REASONS] = {
	[CLN_DROP_OUTBOX_EVENTS] = "outbox_events",
	[CLN_DROP_OUTBOX_BYTES] = "outbox_bytes",
	[CLN_DROP_SPOOL_FULL] = "spool_full",
	[CLN_DROP_SPOOL_DISK] = "spool_disk",
	[CLN_DROP_SPOOL_EXPIRED] = "spool_expired",
	[CLN_DROP_SPOOL_TORN] = "spool_torn",
	[CLN_DROP_SPOOL_REFUSED] = "spool_refused",
};

void cln_spooling_init(struct cln_spooling *spooling)
{
	memset(spooling, 0, sizeof(*spooling));
	spooling->file.fd = -1;
	spooling->file.replay_fd = -1;
	spooling->cause = CLN_DROP_REASONS;
}

void cln_spooling_deinit(struct cln_spooling *spooling)
{
	cln_spool_close(&spooling->file);
	cln_outbox_deinit(&spooling->lane);
	cln_spooling_init(spooling);
}

/* ---- errors ---- */

/* Keeps the sentence for a failed call on the file. `number` is errno. */
static void say(
	struct cln_spooling *spooling, const struct cln_target *target, int result, int number)
{
	const char *why = "unknown error";
	switch ((enum cln_err)result) {
	case CLN_ERR_SYSTEM:
		why = strerror(number);
		break;
	case CLN_ERR_LIMIT:
		why = "it is full";
		break;
	case CLN_ERR_VERSION:
		why = "another version of clairon made it";
		break;
	case CLN_ERR_PROTOCOL:
		why = "it is no spool of this application; name another file, or remove it";
		break;
	case CLN_OK:
	case CLN_ERR_MORE:
	case CLN_ERR_SPACE:
	case CLN_ERR_SIGNATURE:
		break;
	}
	snprintf(spooling->error, sizeof(spooling->error), "spool %.140s: %s", target->spool_path, why);
}

/* Tells the file its name at the first use; opening it is tried by each call anew. */
static void name_file(struct cln_spooling *spooling, const struct cln_target *target)
{
	if (spooling->file.path[0] == '\0') {
		cln_spool_open(&spooling->file, target->spool_path, cln_target_app(target), false);
	}
}

void cln_spooling_look(
	struct cln_spooling *spooling, const struct cln_target *target, struct cln_spool_header *header)
{
	name_file(spooling, target);
	const int result = cln_spool_stat(&spooling->file, header);
	if (result == CLN_OK) {
		return;
	}
	if (result != CLN_ERR_MORE && !(result == CLN_ERR_SYSTEM && errno == ENOENT)) {
		say(spooling, target, result, errno);
	}
	memset(header, 0, sizeof(*header));
}

/* ---- storing ---- */

/* How many of the oldest entries, `most` of them, go into one append, and how many bytes that takes
 * at most. */
static size_t measure_portion(
	const struct cln_outbox *outbox, size_t most, size_t *bytes, size_t *largest)
{
	struct cln_outbox_cursor cursor = {0, 0};
	struct cln_slice entry;
	bool was_sent;
	size_t count = 0;
	*bytes = *largest = 0;
	while (count < most && cln_outbox_next(outbox, &cursor, &entry, &was_sent)) {
		const size_t bound = RECORD_EXTRA + CLN_SIGNATURE_BYTES + entry.len;
		if (count > 0 && bound > PORTION_BYTES - MIN(*bytes, PORTION_BYTES)) {
			break;
		}
		*bytes += bound;
		*largest = MAX(*largest, bound);
		count++;
	}
	return count;
}

/* The record of one command; `scratch` has room for the envelope. */
static size_t write_record(char *out, char *scratch, const struct cln_target *target,
	struct cln_slice command, bool was_sent, uint64_t now_ms)
{
	struct cln_parcel parcel;
	cln_command_read(command, target, &parcel);
	const struct cln_spool_record record = {
		.time_ms = now_ms,
		.was_sent = was_sent,
		.channel = parcel.channel,
		.envelope = cln_slice(scratch, cln_parcel_sign(scratch, target, &parcel)),
	};
	cln_spool_record_write(out, &record);
	return cln_spool_record_size(&record);
}

static int append(struct cln_spooling *spooling, const struct cln_target *target,
	struct cln_slice records, size_t count)
{
	spooling->file.creates = true;
	const int result = cln_spool_append(&spooling->file, records, count, target->spool_bytes);
	spooling->file.creates = false; /* to look makes no file */
	return result;
}

/* Appends the oldest `count` entries, which take `bytes` as records at most. */
static int store_portion(struct cln_spooling *spooling, const struct cln_target *target,
	const struct cln_outbox *outbox, size_t count, size_t bytes, size_t largest)
{
	const uint64_t now_ms = (uint64_t)cln_wall_ms();
	struct cln_outbox_cursor cursor = {0, 0};
	struct cln_slice entry;
	bool was_sent;
	char *records = pemalloc(bytes + largest, 1);
	size_t len = 0;
	while (cursor.nth < count && cln_outbox_next(outbox, &cursor, &entry, &was_sent)) {
		len += write_record(records + len, records + bytes, target, entry, was_sent, now_ms);
	}
	const int result = append(spooling, target, cln_slice(records, len), count);
	const int number = errno;
	pefree(records, 1);
	errno = number;
	return result;
}

/* Why the file took nothing, for the reason of a drop that may follow. */
static void note_failure(struct cln_spooling *spooling, const struct cln_target *target, int result)
{
	if (result == CLN_ERR_MORE) {
		return; /* locked for a moment: nothing is wrong */
	}
	say(spooling, target, result, errno);
	spooling->cause = result == CLN_ERR_LIMIT ? CLN_DROP_SPOOL_FULL : CLN_DROP_SPOOL_DISK;
	cln_spooling_rest(spooling);
}

void cln_spooling_rest(struct cln_spooling *spooling)
{
	if (spooling->cause != CLN_DROP_REASONS) {
		spooling->retry_at_ms = cln_coarse_now_ms() + RETRY_AFTER_MS;
	}
}

bool cln_spooling_is_failing(const struct cln_spooling *spooling)
{
	return spooling->retry_at_ms > 0 && cln_coarse_now_ms() < spooling->retry_at_ms;
}

void cln_spooling_store(struct cln_spooling *spooling, const struct cln_spooling_context *context,
	struct cln_outbox *outbox)
{
	name_file(spooling, context->target);
	if (cln_spooling_is_failing(spooling)) {
		return;
	}
	while (outbox->unsent > 0) {
		size_t bytes, largest;
		/* After a failure one event shows whether there is room again. */
		const size_t most = spooling->retry_at_ms > 0 ? 1 : SIZE_MAX;
		const size_t count = measure_portion(outbox, most, &bytes, &largest);
		const int result = store_portion(spooling, context->target, outbox, count, bytes, largest);
		if (result != CLN_OK) {
			note_failure(spooling, context->target, result);
			return;
		}
		cln_outbox_skip(outbox, count);
		context->stats->spooled += count;
		spooling->cause = CLN_DROP_REASONS;
		spooling->retry_at_ms = 0;
	}
}

/* ---- replaying ---- */

bool cln_spooling_is_empty(struct cln_spooling *spooling, const struct cln_target *target)
{
	name_file(spooling, target);
	return cln_spool_is_empty(&spooling->file);
}

static bool is_expired(const struct cln_target *target, const struct cln_spool_record *record)
{
	const int64_t age_ms = cln_wall_ms() - (int64_t)record->time_ms;
	return target->spool_age_ms > 0 && age_ms > target->spool_age_ms;
}

/* Reads a record as an event of this application: the file may have been written by anybody. */
static bool read_parcel(const struct cln_target *target, const struct cln_spool_record *record,
	struct cln_parcel *parcel)
{
	parcel->channel = record->channel;
	parcel->bytes = record->envelope;
	return cln_channel_check(record->channel, NULL) == CLN_OK &&
		   cln_envelope_decode(record->envelope, &parcel->envelope) == CLN_OK &&
		   cln_envelope_verify(record->envelope, &parcel->envelope, cln_target_secret(target),
			   cln_target_app(target), record->channel) == CLN_OK;
}

static void drop(struct cln_spooling *spooling, const struct cln_spooling_context *context,
	enum cln_spool_drop in_file, enum cln_drop_reason reason)
{
	spooling->batch.progress.dropped[in_file]++;
	context->stats->dropped[reason]++;
}

/* One record to the lane, or to the count of those that are dropped. */
static void take_record(struct cln_spooling *spooling, const struct cln_spooling_context *context,
	const struct cln_spool_record *record, bool was_sent)
{
	struct cln_parcel parcel;
	if (is_expired(context->target, record)) {
		drop(spooling, context, CLN_SPOOL_DROP_EXPIRED, CLN_DROP_SPOOL_EXPIRED);
		return;
	}
	if (!read_parcel(context->target, record, &parcel)) {
		drop(spooling, context, CLN_SPOOL_DROP_REFUSED, CLN_DROP_SPOOL_REFUSED);
		return;
	}
	struct cln_batch *batch = &spooling->batch;
	const struct cln_numbering numbering =
		cln_numbers_next(context->numbers, context->target, record->channel);
	char *out = cln_outbox_reserve(&spooling->lane, cln_parcel_bound(&parcel));
	const size_t size = cln_parcel_write(out, context->target, &parcel, &numbering);
	cln_outbox_commit(&spooling->lane, size);
	batch->was_sent[batch->count / 64] |= (uint64_t)was_sent << batch->count % 64;
	batch->count++;
}

/* Reads a portion into `*bytes`, which grows if one record needs it. */
static int read_portion(
	struct cln_spooling *spooling, char **bytes, struct cln_slice *portion, uint64_t *offset)
{
	size_t len;
	*offset = 0;
	*bytes = pemalloc(PORTION_BYTES, 1);
	int result = cln_spool_read(&spooling->file, *bytes, PORTION_BYTES, &len, offset);
	if (result == CLN_ERR_SPACE) {
		const size_t cap = len; /* at most CLN_SPOOL_RECORD_MAX */
		*bytes = perealloc(*bytes, cap, 1);
		result = cln_spool_read(&spooling->file, *bytes, cap, &len, offset);
	}
	*portion = cln_slice(*bytes, len);
	return result;
}

/* Fills the batch from a portion of whole records that begins at `offset`, and notes that it is
 * under way. */
static void take_portion(struct cln_spooling *spooling, const struct cln_spooling_context *context,
	struct cln_slice portion, uint64_t offset, size_t records_max)
{
	struct cln_slice rest = portion;
	struct cln_spool_record record;
	struct cln_spool_note note;
	struct cln_batch *batch = &spooling->batch;
	cln_spool_read_note(&spooling->file, &note);
	memset(batch, 0, sizeof(*batch));
	batch->start = batch->progress.offset = offset;
	while (batch->count < records_max && cln_spool_record_next(&rest, &record) == CLN_OK) {
		batch->progress.offset = offset + (portion.len - rest.len);
		take_record(
			spooling, context, &record, record.was_sent || batch->progress.offset <= note.offset);
	}
	note.offset = MAX(note.offset, batch->progress.offset);
	note.until_ms = (uint64_t)cln_wall_ms() + NOTE_MS;
	spooling->noted = note.offset;
	cln_spool_write_note(&spooling->file, &note);
}

/* Whether another process has sent what comes next, and may still write down what became of it. A
 * time too far away comes from a clock that was put back. */
static bool is_left_to_another(struct cln_spooling *spooling)
{
	struct cln_spool_note note;
	struct cln_spool_header header;
	cln_spool_read_note(&spooling->file, &note);
	const uint64_t now_ms = (uint64_t)cln_wall_ms();
	return note.offset != spooling->noted && note.until_ms > now_ms &&
		   note.until_ms <= now_ms + NOTE_MS &&
		   cln_spool_stat(&spooling->file, &header) == CLN_OK && header.done < note.offset &&
		   header.done != header.end;
}

/* Writes down the answered batch, unless somebody else has moved on meanwhile. */
static int settle_batch(struct cln_spooling *spooling)
{
	struct cln_spool_header header;
	int result = cln_spool_stat(&spooling->file, &header);
	if (result == CLN_OK && header.done == spooling->batch.start) {
		result = cln_spool_advance(&spooling->file, &spooling->batch.progress);
	}
	if (result != CLN_ERR_MORE) {
		memset(&spooling->batch, 0, sizeof(spooling->batch));
	}
	return result;
}

/* What lies at `offset` is no record. */
static int skip_torn(
	struct cln_spooling *spooling, const struct cln_spooling_context *context, uint64_t offset)
{
	const int result = cln_spool_cut(&spooling->file, offset);
	context->stats->dropped[CLN_DROP_SPOOL_TORN] += result == CLN_OK;
	return result;
}

/* One portion, of which the batch may hold nothing in the end. CLN_ERR_SPACE: nothing waits. */
static int take_next(
	struct cln_spooling *spooling, const struct cln_spooling_context *context, size_t records_max)
{
	char *bytes;
	struct cln_slice portion;
	uint64_t offset;
	int result = read_portion(spooling, &bytes, &portion, &offset);
	if (result == CLN_OK && portion.len == 0) {
		result = CLN_ERR_SPACE;
	} else if (result == CLN_OK) {
		take_portion(spooling, context, portion, offset, records_max);
	} else if (result == CLN_ERR_PROTOCOL) {
		result = skip_torn(spooling, context, offset);
	}
	const int number = errno;
	pefree(bytes, 1);
	errno = number;
	return result;
}

static int take_claimed(
	struct cln_spooling *spooling, const struct cln_spooling_context *context, size_t records_max)
{
	int result = CLN_OK;
	for (int i = 0; result == CLN_OK && i < BARREN_PORTIONS_MAX; i++) {
		if (cln_spooling_has_result(spooling)) {
			result = settle_batch(spooling);
		}
		if (result == CLN_OK && cln_spool_is_empty(&spooling->file)) {
			return CLN_ERR_SPACE;
		}
		if (result != CLN_OK || records_max == 0 || is_left_to_another(spooling)) {
			return result == CLN_OK ? CLN_ERR_MORE : result;
		}
		result = take_next(spooling, context, records_max);
		if (spooling->batch.count > 0) {
			return result;
		}
	}
	return result == CLN_OK ? CLN_ERR_MORE : result;
}

static enum cln_taken explain(
	struct cln_spooling *spooling, const struct cln_target *target, int result, int number)
{
	switch ((enum cln_err)result) {
	case CLN_OK:
		return CLN_TAKEN_BATCH;
	case CLN_ERR_SPACE:
		return CLN_TAKEN_NOTHING;
	case CLN_ERR_MORE:
		return CLN_TAKEN_LATER;
	case CLN_ERR_PROTOCOL:
	case CLN_ERR_LIMIT:
	case CLN_ERR_VERSION:
	case CLN_ERR_SIGNATURE:
	case CLN_ERR_SYSTEM:
		break;
	}
	say(spooling, target, result, number);
	return CLN_TAKEN_FAILED;
}

enum cln_taken cln_spooling_take(
	struct cln_spooling *spooling, const struct cln_spooling_context *context, size_t records_max)
{
	ZEND_ASSERT(spooling->batch.answered == spooling->batch.count);
	if (!cln_spooling_has_result(spooling) && cln_spooling_is_empty(spooling, context->target)) {
		return explain(spooling, context->target, CLN_ERR_SPACE, 0);
	}
	if (!cln_spool_claim(&spooling->file)) {
		return CLN_TAKEN_LATER;
	}
	const int result = take_claimed(spooling, context, records_max);
	const int number = errno;
	cln_spool_unclaim(&spooling->file);
	return explain(spooling, context->target, result, number);
}

void cln_spooling_answered(
	struct cln_spooling *spooling, struct cln_link_stats *stats, bool is_accepted)
{
	struct cln_batch *batch = &spooling->batch;
	const bool was_sent = (batch->was_sent[batch->answered / 64] >> batch->answered % 64) & 1;
	batch->answered++;
	if (!is_accepted) {
		batch->progress.dropped[CLN_SPOOL_DROP_REFUSED]++;
		return;
	}
	batch->progress.replayed++;
	batch->progress.repeated += was_sent;
	stats->replayed++;
	stats->repeated += was_sent;
}

void cln_spooling_forget_batch(struct cln_spooling *spooling)
{
	memset(&spooling->batch, 0, sizeof(spooling->batch));
	cln_outbox_deinit(&spooling->lane);
}

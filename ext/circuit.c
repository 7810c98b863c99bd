/* SPDX-License-Identifier: MIT
 *
 * See circuit.h.
 */
#include "circuit.h"

#include "php.h"
#include "stamp.h"

/* How long a web request keeps events that are for the spool, if it lasts that long. */
#define KEEP_MS 100

static struct cln_spooling_context context_of(struct cln_link *link)
{
	return (struct cln_spooling_context){&link->target, &link->numbers, &link->stats};
}

void cln_circuit_open(struct cln_link *link)
{
	cln_spooling_forget_batch(&link->spooling);
	link->stats.circuit_openings += link->mode == CLN_MODE_DIRECT;
	if (link->mode != CLN_MODE_SPOOLING) {
		/* Numbers of what goes to the spool, or stays in it, are never seen: that is no loss. */
		cln_numbers_break(&link->numbers);
	}
	link->mode = CLN_MODE_SPOOLING;
	link->goes_behind = false;
}

struct cln_outbox *cln_circuit_queue(struct cln_link *link)
{
	switch (link->mode) {
	case CLN_MODE_DIRECT:
		return &link->outbox;
	case CLN_MODE_REPLAYING:
		if (link->goes_behind && link->spooling.lane.written == link->spooling.lane.end) {
			return &link->outbox;
		}
		return &link->spooling.lane;
	case CLN_MODE_SPOOLING:
		break;
	}
	return NULL;
}

bool cln_circuit_has_unwritten(struct cln_link *link)
{
	const struct cln_outbox *queue = cln_circuit_queue(link);
	return queue != NULL && queue->end > queue->written;
}

/* What came while the circuit was open carries no numbers yet. */
static void number_outbox(struct cln_link *link)
{
	/* The detour began idle, or with a connection that broke. */
	ZEND_ASSERT(link->outbox.sent == 0);
	struct cln_outbox numbered = {0};
	struct cln_outbox_cursor cursor = {0, 0};
	struct cln_slice entry;
	bool was_sent;
	while (cln_outbox_next(&link->outbox, &cursor, &entry, &was_sent)) {
		struct cln_parcel parcel;
		cln_command_read(entry, &link->target, &parcel);
		const struct cln_numbering numbering =
			cln_numbers_next(&link->numbers, &link->target, parcel.channel);
		char *out = cln_outbox_reserve(&numbered, cln_parcel_bound(&parcel));
		cln_outbox_commit(&numbered, cln_parcel_write(out, &link->target, &parcel, &numbering));
	}
	numbered.again = link->outbox.again;
	cln_outbox_deinit(&link->outbox);
	link->outbox = numbered;
}

static void close_circuit(struct cln_link *link)
{
	cln_spooling_forget_batch(&link->spooling);
	cln_spooling_rest(&link->spooling);
	if (!link->goes_behind) {
		number_outbox(link);
	}
	link->kept_ms = 0;
	link->goes_behind = false;
	link->mode = CLN_MODE_DIRECT;
	link->has_looked = true;
}

/* The detour is over as soon as nothing of this process waits: it would never be where others keep
 * filling the file. What they left is looked after at the next good moment. */
static void close_circuit_early(struct cln_link *link)
{
	if (!link->has_to_empty && !cln_spooling_has_result(&link->spooling) &&
		(link->goes_behind || !cln_spool_own_waits(&link->spooling.file))) {
		close_circuit(link);
		link->has_looked = false;
	}
}

/* A batch with the last of this process's events: what comes now may follow it on the connection,
 * nobody has to wait for the answers. Should the connection break, the batch is in the file still,
 * and the rest goes behind it there. */
static void begin_batch(struct cln_link *link)
{
	link->mode = CLN_MODE_REPLAYING;
	if (link->spooling.batch.progress.offset >= link->spooling.file.own_end) {
		number_outbox(link);
		link->goes_behind = true;
	}
}

/* Writes down the last batch and takes another one of up to `records_max`. */
static void take(struct cln_link *link, size_t records_max)
{
	const struct cln_spooling_context context = context_of(link);
	switch (cln_spooling_take(&link->spooling, &context, records_max)) {
	case CLN_TAKEN_BATCH:
		begin_batch(link);
		break;
	case CLN_TAKEN_LATER:
		if (!link->goes_behind) {
			link->mode = CLN_MODE_SPOOLING;
		}
		close_circuit_early(link);
		break;
	case CLN_TAKEN_NOTHING:
		close_circuit(link);
		break;
	case CLN_TAKEN_FAILED:
		snprintf(link->last_error, sizeof(link->last_error), "%s", link->spooling.error);
		link->has_news = true;
		close_circuit(link);
		break;
	}
}

/* Another batch gets the next numbers, so nothing that has numbers may be behind it. */
static bool may_begin(const struct cln_link *link)
{
	return !cln_outbox_awaits_replies(&link->outbox) &&
		   !(link->goes_behind && link->outbox.unsent > 0);
}

/* With everything answered: the next batch, or the end of the detour. */
static void replay(struct cln_link *link, bool may_take)
{
	if (may_take && may_begin(link)) {
		/* After a failure one event shows whether more would be taken. */
		take(link, link->backoff_ms > 0 ? 1 : CLN_BATCH_RECORDS_MAX);
	} else if (cln_spooling_has_result(&link->spooling) ||
			   !cln_spool_own_waits(&link->spooling.file)) {
		take(link, 0);
	}
}

/* Whether nothing of this process is under way. */
static bool is_idle(const struct cln_link *link)
{
	return link->outbox.unsent == 0 && !cln_outbox_awaits_replies(&link->outbox);
}

void cln_circuit_step(struct cln_link *link, bool may_take)
{
	if (link->fd < 0 || !link->is_proven || !cln_greeting_is_answered(&link->greeting)) {
		return;
	}
	if (link->mode == CLN_MODE_DIRECT) {
		if (link->has_looked || !may_take || !is_idle(link)) {
			return;
		}
		link->has_looked = true;
		if (cln_spooling_is_empty(&link->spooling, &link->target)) {
			return;
		}
		link->mode = CLN_MODE_SPOOLING;
	}
	if (link->spooling.batch.answered == link->spooling.batch.count) {
		replay(link, may_take);
	}
}

bool cln_circuit_may_keep(struct cln_link *link)
{
	if (!link->spares_calls || link->outbox.unsent == 0) {
		return false;
	}
	const int64_t now_ms = cln_coarse_now_ms();
	if (link->kept_ms == 0) {
		link->kept_ms = now_ms;
	}
	return now_ms - link->kept_ms < KEEP_MS;
}

void cln_circuit_store(struct cln_link *link)
{
	link->kept_ms = 0;
	if (cln_link_sends(link) || link->outbox.unsent == 0) {
		return;
	}
	const struct cln_spooling_context context = context_of(link);
	cln_spooling_store(&link->spooling, &context, &link->outbox);
	if (link->spooling.cause != CLN_DROP_REASONS) {
		snprintf(link->last_error, sizeof(link->last_error), "%s", link->spooling.error);
		link->has_news = true;
	}
}

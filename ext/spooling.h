/* SPDX-License-Identifier: MIT
 *
 * A link's side of the spool: commands of the outbox become records, records become commands of a
 * queue of their own, batch by batch, and what became of a batch is written down. Knows no sockets.
 *
 * The claim to replay is held only while one of these functions runs, so an idle process keeps
 * nobody away for long. A batch on its way is noted beside the claim: others leave it alone for a
 * second. After that another process may send it again; it counts for whoever writes it down first.
 */
#ifndef CLN_SPOOLING_H
#define CLN_SPOOLING_H

#include "counts.h"
#include "dial.h"
#include "numbering.h"
#include "outbox.h"

/* More than nearly any request publishes: else a request brings more than it takes away. */
#define CLN_BATCH_RECORDS_MAX 512

struct cln_batch {
	size_t count; /* records that went to the lane; 0: there is no batch */
	size_t answered;
	uint64_t start; /* where the spool was done when the batch was read */
	uint64_t was_sent[CLN_BATCH_RECORDS_MAX / 64]; /* a bit for each record */
	struct cln_spool_progress progress;
};

struct cln_spooling {
	struct cln_spool file;
	struct cln_outbox lane; /* the batch's commands */
	struct cln_batch batch;
	uint64_t noted;             /* the offset of this process's last note */
	enum cln_drop_reason cause; /* why the last event was not taken; CLN_DROP_REASONS: it was */
	int64_t retry_at_ms;        /* a file that took nothing is left alone until then */
	char error[CLN_ERROR_MAX];  /* the last error of the file; "" if there was none */
};

/* What these functions need of the link. */
struct cln_spooling_context {
	const struct cln_target *target;
	struct cln_numbers *numbers;
	struct cln_link_stats *stats;
};

/* Opens nothing. */
void cln_spooling_init(struct cln_spooling *spooling);

/* Also for a forked child, whose descriptors and events are its parent's. */
void cln_spooling_deinit(struct cln_spooling *spooling);

/* Moves what a rewound outbox holds to the file, as far as that takes it. After a failure it is not
 * tried again for a moment. */
void cln_spooling_store(struct cln_spooling *spooling, const struct cln_spooling_context *context,
	struct cln_outbox *outbox);

/* Whether the file took nothing a moment ago, and is left alone. */
bool cln_spooling_is_failing(const struct cln_spooling *spooling);

/* A file that took nothing is left alone for another moment. */
void cln_spooling_rest(struct cln_spooling *spooling);

/* The next attempt to store comes at once: it is the last one. */
static inline void cln_spooling_hurry(struct cln_spooling *spooling)
{
	spooling->retry_at_ms = 0;
}

/* What the file's header says; zeroes if there is no file, or if it can't be read, which is then
 * said in `error`. */
void cln_spooling_look(struct cln_spooling *spooling, const struct cln_target *target,
	struct cln_spool_header *header);

/* Whether nothing waits in the file. */
bool cln_spooling_is_empty(struct cln_spooling *spooling, const struct cln_target *target);

enum cln_taken {
	CLN_TAKEN_BATCH,   /* the lane holds it */
	CLN_TAKEN_NOTHING, /* nothing waits */
	CLN_TAKEN_LATER,   /* another process replays or has the lock */
	CLN_TAKEN_FAILED,  /* the file can't be read */
};

/* Writes down what became of the last batch, all of it answered, and takes the next one of up to
 * `records_max`. With 0 it takes none, and says CLN_TAKEN_LATER if there is one. */
enum cln_taken cln_spooling_take(
	struct cln_spooling *spooling, const struct cln_spooling_context *context, size_t records_max);

/* Whether cln_spooling_take() has a last batch to write down. */
static inline bool cln_spooling_has_result(const struct cln_spooling *spooling)
{
	return spooling->batch.progress.offset > 0;
}

/* One record of the batch was answered. */
void cln_spooling_answered(
	struct cln_spooling *spooling, struct cln_link_stats *stats, bool is_accepted);

/* The connection is gone, and the batch with it: its records still wait in the file. */
void cln_spooling_forget_batch(struct cln_spooling *spooling);

#endif

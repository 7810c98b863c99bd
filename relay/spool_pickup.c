/* SPDX-License-Identifier: MIT
 *
 * A spool is idle (looked at every spool_look_ms) or claimed; while it is claimed, at most one
 * portion is with the engine. Invariant between turns: `progress.offset` is 0, or what the file's
 * `done` moves to once the engine has all of the portion.
 */
#include "spool_pickup.h"
#include "hub_private.h"
#include "intake.h"

#include "../wire/name.h"
#include "../wire/spool.h"

#include <errno.h>
#include <inttypes.h>

#define PORTION_BYTES (64 * 1024)
#define NOW_MS        1   /* the loop's next turn */
#define RETRY_MS      100 /* the engine takes nothing now */
#define NOTE_MAX_MS   5000
#define REASON_MAX    128

struct spool_reader {
	struct cln_spool file;
	bool is_claimed;
	uint64_t tried; /* what waits before it may have been published by somebody who died */
	struct cln_spool_progress progress;
	struct cln_spool_progress total; /* of this claim, for the log */
	char told[REASON_MAX];           /* the last problem in the log */
	int64_t due_ms;
	char path[CLN_SPOOL_PATH_MAX + 1];
};

struct spool_pickup {
	struct hub *hub;
	struct wheel_timer timer;
	char *bytes; /* while a spool is claimed */
	size_t cap;
	struct log_limit log_refused;
	size_t count;
	struct spool_reader readers[];
};

/* --- the log --- */

static const char *reason_of(int result, int error)
{
	switch ((enum cln_err)result) {
	case CLN_ERR_PROTOCOL:
		return "no spool, or a link to one; name the file that publishers use, or remove it";
	case CLN_ERR_VERSION:
		return "made by another version; install extension and relay from the same release";
	case CLN_ERR_SYSTEM:
		return strerror(error);
	case CLN_OK:
	case CLN_ERR_MORE:
	case CLN_ERR_LIMIT:
	case CLN_ERR_SPACE:
	case CLN_ERR_SIGNATURE:
		break;
	}
	return "busy";
}

/* Once for each problem, however often it is met again. */
static void tell(struct spool_reader *reader, const char *reason)
{
	if (strncmp(reader->told, reason, sizeof(reader->told) - 1) == 0)
		return;
	snprintf(reader->told, sizeof(reader->told), "%s", reason);
	log_event(LOG_LEVEL_WARN, "spool_failed", "path=%s reason=\"%s\"", reader->path, reader->told);
}

static void log_begin(const struct spool_reader *reader, const struct cln_spool_header *header)
{
	log_event(LOG_LEVEL_INFO, "spool_begin", "path=%s app=%s bytes=%" PRIu64, reader->path,
		reader->file.app, header->end - header->done);
}

static void log_end(const struct spool_reader *reader)
{
	const struct cln_spool_progress *const total = &reader->total;
	log_event(LOG_LEVEL_INFO, "spool_end",
		"path=%s app=%s replayed=%" PRIu64 " repeated=%" PRIu64 " expired=%" PRIu64
		" refused=%" PRIu64 " torn=%" PRIu64,
		reader->path, reader->file.app, total->replayed, total->repeated,
		total->dropped[CLN_SPOOL_DROP_EXPIRED], total->dropped[CLN_SPOOL_DROP_REFUSED],
		total->dropped[CLN_SPOOL_DROP_TORN]);
}

/* --- looking, beginning, ending --- */

static int64_t idle_ms(const struct spool_pickup *pickup)
{
	const int64_t look_ms = pickup->hub->loop->conf->spool_look_ms;
	return look_ms == 0 ? INT64_MAX : look_ms;
}

static bool is_gone(int result)
{
	return result == CLN_ERR_SYSTEM && errno == ENOENT;
}

static int open_file(struct spool_reader *reader, struct cln_spool_header *header)
{
	if (reader->file.fd >= 0)
		return cln_spool_stat(&reader->file, header);
	const int result = cln_spool_open(&reader->file, reader->path, cln_slice(NULL, 0), false);
	return result == CLN_OK ? cln_spool_stat(&reader->file, header) : result;
}

static struct app *app_of(const struct spool_pickup *pickup, const struct spool_reader *reader)
{
	struct app *const app = app_list_by_id(&pickup->hub->apps, cln_slice_of(reader->file.app));
	return app == NULL || app->conf->is_removed ? NULL : app;
}

/* Gives the claim back; what waits still is looked at again. */
static int64_t leave(struct spool_pickup *pickup, struct spool_reader *reader)
{
	cln_spool_unclaim(&reader->file);
	reader->is_claimed = false;
	reader->progress.offset = 0;
	return idle_ms(pickup);
}

static int64_t fail(struct spool_pickup *pickup, struct spool_reader *reader, int result)
{
	tell(reader, reason_of(result, errno));
	return leave(pickup, reader);
}

static int64_t finish(struct spool_pickup *pickup, struct spool_reader *reader)
{
	log_end(reader);
	return leave(pickup, reader);
}

/* How long a publisher that gave the claim up may still write down what became of its records; a
 * time too far away comes from a clock that was put back. */
static int64_t noted_ms(const struct spool_pickup *pickup, const struct cln_spool_note *note,
	const struct cln_spool_header *header)
{
	const uint64_t now_ms = (uint64_t)pickup->hub->loop->wall_ms; /* since 1970 */
	if (note->offset <= header->done || note->until_ms <= now_ms ||
		note->until_ms - now_ms > NOTE_MAX_MS)
		return 0;
	return (int64_t)(note->until_ms - now_ms); /* at most NOTE_MAX_MS */
}

static int64_t begin(struct spool_pickup *pickup, struct spool_reader *reader)
{
	struct cln_spool_header header;
	struct cln_spool_note note;
	if (!cln_spool_claim(&reader->file))
		return idle_ms(pickup); /* a publisher is at it */
	/* Read again: what was done meanwhile by whoever had the claim. */
	const int result = cln_spool_stat(&reader->file, &header);
	if (result != CLN_OK)
		return fail(pickup, reader, result);
	cln_spool_read_note(&reader->file, &note);
	const int64_t wait_ms = noted_ms(pickup, &note, &header);
	if (wait_ms > 0) {
		(void)leave(pickup, reader);
		return wait_ms;
	}
	reader->is_claimed = true;
	reader->tried = note.offset;
	reader->total = reader->progress = (struct cln_spool_progress){0};
	reader->told[0] = '\0';
	log_begin(reader, &header);
	return NOW_MS;
}

static int64_t look(struct spool_pickup *pickup, struct spool_reader *reader)
{
	struct cln_spool_header header;
	const int result = open_file(reader, &header);
	if (result == CLN_ERR_MORE || is_gone(result))
		return idle_ms(pickup);
	if (result != CLN_OK) {
		tell(reader, reason_of(result, errno));
		cln_spool_close(&reader->file);
		return idle_ms(pickup);
	}
	if (header.done == header.end)
		return idle_ms(pickup);
	if (app_of(pickup, reader) == NULL) {
		tell(reader, "it belongs to an application that this relay does not serve");
		return idle_ms(pickup);
	}
	return begin(pickup, reader);
}

/* --- one record --- */

static void refuse(struct spool_pickup *pickup, struct spool_reader *reader, const char *reason)
{
	reader->progress.dropped[CLN_SPOOL_DROP_REFUSED]++;
	log_event_limited(&pickup->log_refused, pickup->hub->loop->now_ms, LOG_LEVEL_WARN,
		"envelope_refused", "app=%s source=spool reason=\"%s\"", reader->file.app, reason);
}

static bool is_expired(const struct loop *loop, const struct cln_spool_record *record)
{
	const int64_t age_ms = loop->conf->spool_age_ms;
	const uint64_t now_ms = (uint64_t)loop->wall_ms; /* since 1970 */
	return age_ms > 0 && record->time_ms < now_ms && now_ms - record->time_ms > (uint64_t)age_ms;
}

/* NULL if it may be published; *envelope is its. */
static const char *check(struct spool_pickup *pickup, struct app *app,
	const struct cln_spool_record *record, struct cln_envelope *envelope)
{
	if (cln_channel_check(record->channel, NULL) != CLN_OK)
		return "not a channel's name";
	return intake_check(pickup->hub, app, record->channel, record->envelope, true, envelope);
}

/* False: the engine takes nothing now. */
static bool publish(struct spool_pickup *pickup, const struct app *app,
	const struct cln_spool_record *record, const struct cln_envelope *envelope)
{
	struct hub *const hub = pickup->hub;
	const struct msg msg = intake_msg(app, record->channel, envelope);
	const bool is_taken = hub->engine->ops->forward(hub->engine, app, &msg);
	frame_unref(msg.frame);
	hub->loop->metrics.publishes += is_taken;
	return is_taken;
}

/* False: not now. */
static bool take(struct spool_pickup *pickup, struct spool_reader *reader, struct app *app,
	const struct cln_spool_record *record, uint64_t offset)
{
	struct cln_envelope envelope;
	if (is_expired(pickup->hub->loop, record)) {
		reader->progress.dropped[CLN_SPOOL_DROP_EXPIRED]++;
		return true;
	}
	const char *const error = check(pickup, app, record, &envelope);
	if (error != NULL) {
		refuse(pickup, reader, error);
		return true;
	}
	if (!publish(pickup, app, record, &envelope))
		return false;
	reader->progress.replayed++;
	reader->progress.repeated += record->was_sent || offset < reader->tried;
	return true;
}

/* --- a portion --- */

static void add_progress(struct spool_pickup *pickup, struct spool_reader *reader)
{
	struct metrics *const metrics = &pickup->hub->loop->metrics;
	const struct cln_spool_progress *const progress = &reader->progress;
	metrics->spool_replayed += progress->replayed;
	metrics->spool_repeated += progress->repeated;
	metrics->spool_expired += progress->dropped[CLN_SPOOL_DROP_EXPIRED];
	metrics->spool_refused += progress->dropped[CLN_SPOOL_DROP_REFUSED];
	metrics->spool_torn += progress->dropped[CLN_SPOOL_DROP_TORN];
	reader->total.replayed += progress->replayed;
	reader->total.repeated += progress->repeated;
	for (size_t i = 0; i < CLN_SPOOL_DROPS; i++)
		reader->total.dropped[i] += progress->dropped[i];
}

/* Moves on in the file, if the engine has the portion. */
static int64_t settle(struct spool_pickup *pickup, struct spool_reader *reader)
{
	struct engine *const engine = pickup->hub->engine;
	int result = engine->ops->forwarded(engine);
	if (result == CLN_ERR_MORE)
		return NOW_MS;
	if (result != CLN_OK) {
		/* Read again from where the file is: what went through is dropped by its id. */
		if (reader->tried < reader->progress.offset)
			reader->tried = reader->progress.offset;
		reader->progress = (struct cln_spool_progress){0};
		return RETRY_MS;
	}
	result = cln_spool_advance(&reader->file, &reader->progress);
	if (result == CLN_ERR_MORE)
		return NOW_MS;
	if (result != CLN_OK)
		return fail(pickup, reader, result);
	add_progress(pickup, reader);
	reader->progress = (struct cln_spool_progress){0};
	return NOW_MS;
}

static int64_t pass_over(struct spool_pickup *pickup, struct spool_reader *reader, uint64_t offset)
{
	const int result = cln_spool_cut(&reader->file, offset);
	if (result == CLN_ERR_MORE)
		return NOW_MS;
	if (result != CLN_OK)
		return fail(pickup, reader, result);
	pickup->hub->loop->metrics.spool_torn++;
	reader->total.dropped[CLN_SPOOL_DROP_TORN]++;
	return NOW_MS;
}

static void reserve(struct spool_pickup *pickup, size_t cap)
{
	if (pickup->cap >= cap)
		return;
	pickup->bytes = xrealloc(pickup->bytes, cap);
	pickup->cap = cap;
}

static int read_portion(struct spool_pickup *pickup, struct spool_reader *reader,
	struct cln_slice *portion, uint64_t *offset)
{
	size_t len;
	*offset = 0;
	reserve(pickup, PORTION_BYTES);
	int result = cln_spool_read(&reader->file, pickup->bytes, PORTION_BYTES, &len, offset);
	if (result == CLN_ERR_SPACE) {
		reserve(pickup, len); /* at most CLN_SPOOL_RECORD_MAX */
		result = cln_spool_read(&reader->file, pickup->bytes, len, &len, offset);
	}
	*portion = cln_slice(pickup->bytes, len);
	return result;
}

/* Bytes of the portion that need not be looked at again. */
static size_t take_all(struct spool_pickup *pickup, struct spool_reader *reader, struct app *app,
	struct cln_slice portion, uint64_t offset)
{
	struct cln_spool_record record;
	struct cln_slice rest = portion;
	size_t taken = 0;
	while (cln_spool_record_next(&rest, &record) == CLN_OK &&
		   take(pickup, reader, app, &record, offset + taken))
		taken = portion.len - rest.len;
	return taken;
}

static int64_t send_portion(struct spool_pickup *pickup, struct spool_reader *reader,
	struct cln_slice portion, uint64_t offset)
{
	struct app *const app = app_of(pickup, reader);
	if (app == NULL)
		return leave(pickup, reader); /* removed meanwhile; look() says so */
	const int result = cln_spool_try(&reader->file, offset + portion.len);
	if (result == CLN_ERR_MORE)
		return NOW_MS;
	if (result != CLN_OK)
		return fail(pickup, reader, result);
	const size_t taken = take_all(pickup, reader, app, portion, offset);
	if (taken == 0)
		return RETRY_MS;
	reader->progress.offset = offset + taken;
	return NOW_MS; /* done when sockets have got it, at the end of this turn */
}

static int64_t next_portion(struct spool_pickup *pickup, struct spool_reader *reader)
{
	struct cln_slice portion;
	uint64_t offset;
	const int result = read_portion(pickup, reader, &portion, &offset);
	if (result == CLN_ERR_PROTOCOL)
		return pass_over(pickup, reader, offset);
	if (result == CLN_ERR_MORE)
		return NOW_MS;
	if (result != CLN_OK)
		return fail(pickup, reader, result);
	if (portion.len == 0)
		return finish(pickup, reader);
	return send_portion(pickup, reader, portion, offset);
}

/* --- time --- */

/* How long until it wants to be called again. */
static int64_t step(struct spool_pickup *pickup, struct spool_reader *reader)
{
	if (!reader->is_claimed)
		return look(pickup, reader);
	if (reader->progress.offset > 0)
		return settle(pickup, reader);
	return next_portion(pickup, reader);
}

static int64_t step_all(struct spool_pickup *pickup)
{
	const int64_t now_ms = pickup->hub->loop->now_ms;
	int64_t next_ms = INT64_MAX;
	for (size_t i = 0; i < pickup->count; i++) {
		struct spool_reader *const reader = &pickup->readers[i];
		if (reader->due_ms <= now_ms) {
			const int64_t delay_ms = step(pickup, reader);
			reader->due_ms = delay_ms > INT64_MAX - now_ms ? INT64_MAX : now_ms + delay_ms;
		}
		if (reader->due_ms < next_ms)
			next_ms = reader->due_ms;
	}
	return next_ms;
}

static void free_bytes_if_idle(struct spool_pickup *pickup)
{
	for (size_t i = 0; i < pickup->count; i++) {
		if (pickup->readers[i].is_claimed)
			return;
	}
	free(pickup->bytes);
	pickup->bytes = NULL;
	pickup->cap = 0;
}

/* The relay ends: what the engine has is done, the rest and the claims are for others. */
static void part(struct spool_pickup *pickup)
{
	for (size_t i = 0; i < pickup->count; i++) {
		struct spool_reader *const reader = &pickup->readers[i];
		if (reader->is_claimed && reader->progress.offset > 0)
			(void)settle(pickup, reader);
		if (reader->is_claimed)
			(void)finish(pickup, reader);
	}
}

static void on_timer(struct wheel_timer *timer)
{
	struct spool_pickup *const pickup =
		(struct spool_pickup *)((char *)timer - offsetof(struct spool_pickup, timer));
	struct loop *const loop = pickup->hub->loop;
	if (atomic_load(&pickup->hub->shared->is_draining)) {
		part(pickup);
		return;
	}
	const int64_t next_ms = step_all(pickup);
	free_bytes_if_idle(pickup);
	if (next_ms < INT64_MAX)
		loop_timer_set(loop, timer, next_ms - loop->now_ms, on_timer);
}

/* --- life --- */

struct spool_pickup *spool_pickup_new(struct hub *hub)
{
	const struct conf *const conf = hub->shared->conf;
	if (conf->spool_count == 0)
		return NULL;
	struct spool_pickup *const pickup =
		xcalloc(1, sizeof(*pickup) + conf->spool_count * sizeof(pickup->readers[0]));
	pickup->hub = hub;
	pickup->count = conf->spool_count;
	for (size_t i = 0; i < pickup->count; i++) {
		struct spool_reader *const reader = &pickup->readers[i];
		reader->file.fd = reader->file.replay_fd = -1;
		snprintf(reader->path, sizeof(reader->path), "%s", conf->spool[i]);
	}
	loop_timer_set(hub->loop, &pickup->timer, NOW_MS, on_timer);
	return pickup;
}

void spool_pickup_free(struct spool_pickup *pickup)
{
	if (pickup == NULL)
		return;
	loop_timer_stop(pickup->hub->loop, &pickup->timer);
	part(pickup);
	for (size_t i = 0; i < pickup->count; i++)
		cln_spool_close(&pickup->readers[i].file);
	free(pickup->bytes);
	free(pickup);
}

/* SPDX-License-Identifier: MIT
 *
 * The reader's side of the spool: who replays, what waits, how far it is. Only the replayer moves
 * `done`; records between done and end never change, so reading them needs no lock.
 */
#include "spool.h"

#include "bytes.h"
#include "spool_private.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#define SUFFIX       ".replay"
#define CLAIM_TRIES  2 /* the lock's file may be removed between opening and locking */
#define PEEK_BYTES   (CLN_SPOOL_RECORD_HEAD + 1)
#define CHUNK_BYTES  (8 * 1024)
#define SCAN_BYTES   (1024 * 1024)     /* looked at by one cut */
#define VERIFY_BYTES (8 * 1024 * 1024) /* read by one cut to see whether it is a record */

/* A file that is gone has taken its records along: nothing is left to say about them. */
static bool is_gone(int result)
{
	return result == CLN_ERR_SYSTEM && errno == ENOENT;
}

/* ---- the claim ---- */

static void replay_path(const struct cln_spool *spool, char out[CLN_SPOOL_PATH_MAX + 8])
{
	snprintf(out, CLN_SPOOL_PATH_MAX + 8, "%s" SUFFIX, spool->path);
}

/* Whether this process replays still: nobody removed the lock's file. */
static bool has_claim(struct cln_spool *spool)
{
	char path[CLN_SPOOL_PATH_MAX + 8];

	cln_spool_leave_parent(spool);
	if (spool->replay_fd < 0)
		return false;
	replay_path(spool, path);
	if (cln_spool_is_at(spool->replay_fd, path))
		return true;
	cln_spool_unclaim(spool);
	return false;
}

bool cln_spool_claim(struct cln_spool *spool)
{
	char path[CLN_SPOOL_PATH_MAX + 8];

	if (has_claim(spool))
		return true;
	replay_path(spool, path);
	for (int i = 0; i < CLAIM_TRIES; i++) {
		int fd;

		if (cln_spool_open_plain(path, true, &fd) != CLN_OK)
			return false;
		if (cln_spool_lock(fd, false) == CLN_OK && cln_spool_is_at(fd, path)) {
			spool->replay_fd = fd;
			return true;
		}
		close(fd);
	}
	return false;
}

void cln_spool_unclaim(struct cln_spool *spool)
{
	cln_spool_leave_parent(spool);
	if (spool->replay_fd < 0)
		return;
	/* A child that was forked meanwhile has the lock open, too: closing alone would leave it. */
	cln_spool_unlock(spool->replay_fd);
	close(spool->replay_fd);
	spool->replay_fd = -1;
}

/* offset, until_ms, CRC32C of both */
#define NOTE_BYTES 20

void cln_spool_read_note(struct cln_spool *spool, struct cln_spool_note *note)
{
	char bytes[NOTE_BYTES];
	struct cln_spool_header header;

	*note = (struct cln_spool_note){0, 0};
	if (pread(spool->replay_fd, bytes, sizeof bytes, 0) == NOTE_BYTES &&
		cln_get_u32(bytes + 16) == cln_crc32c(0, cln_slice(bytes, 16))) {
		note->offset = cln_get_u64(bytes);
		note->until_ms = cln_get_u64(bytes + 8);
	}
	if (cln_spool_look(spool, false, &header) == CLN_OK && header.tried > header.done &&
		header.tried > note->offset)
		note->offset = header.tried;
}

/* A note that can't be written costs doubles, which the relay drops. */
void cln_spool_write_note(const struct cln_spool *spool, const struct cln_spool_note *note)
{
	char bytes[NOTE_BYTES];

	cln_put_u64(bytes, note->offset);
	cln_put_u64(bytes + 8, note->until_ms);
	cln_put_u32(bytes + 16, cln_crc32c(0, cln_slice(bytes, 16)));
	if (cln_spool_write_at(spool->replay_fd, cln_slice(bytes, sizeof bytes), 0) != CLN_OK)
		cln_spool_truncate(spool->replay_fd, 0);
}

/* ---- reading ---- */

/* Bytes of whole, good records at the beginning; *result says why it ends there. */
static size_t good_bytes(struct cln_slice bytes, int *result)
{
	struct cln_slice rest = bytes;
	struct cln_spool_record record;

	do
		*result = cln_spool_record_next(&rest, &record);
	while (*result == CLN_OK);
	return bytes.len - rest.len;
}

/* Nothing whole was read although bytes wait: the buffer is too small, or there is no record. */
static int explain(const char *bytes, size_t got, size_t cap, uint64_t waiting, size_t *len)
{
	const size_t size = got < PEEK_BYTES ? 0 : cln_spool_record_peek(bytes);

	if (size <= cap || size > waiting)
		return CLN_ERR_PROTOCOL;
	*len = size;
	return CLN_ERR_SPACE;
}

int cln_spool_read(struct cln_spool *spool, char *bytes, size_t cap, size_t *len, uint64_t *offset)
{
	struct cln_spool_header header;
	int result = cln_spool_look(spool, false, &header);

	*len = 0;
	if (result != CLN_OK)
		return is_gone(result) ? CLN_OK : result;
	assert(cap >= PEEK_BYTES);
	if (*offset < header.done || *offset > header.end)
		*offset = header.done;

	const uint64_t waiting = header.end - *offset;
	const size_t wanted = waiting < cap ? (size_t)waiting : cap; /* at most cap */
	const ssize_t got =
		cln_spool_read_at(spool, bytes, wanted, cln_spool_position(&header, *offset));

	if (got < 0)
		return CLN_ERR_SYSTEM;
	*len = good_bytes(cln_slice(bytes, (size_t)got), &result); /* >= 0 */
	if (*len > 0 || waiting == 0)
		return CLN_OK;
	return result == CLN_ERR_MORE ? explain(bytes, (size_t)got, cap, waiting, len)
								  : CLN_ERR_PROTOCOL;
}

/* ---- progress ---- */

static void add_counts(struct cln_spool_header *header, const struct cln_spool_progress *progress)
{
	header->replayed += progress->replayed;
	header->repeated += progress->repeated;
	for (size_t i = 0; i < CLN_SPOOL_DROPS; i++)
		header->dropped[i] += progress->dropped[i];
}

/* With the lock. The header comes first: who dies before the file is shorter leaves bytes behind
 * the end. */
static int move_done(struct cln_spool *spool, struct cln_spool_header *header, uint64_t offset)
{
	const bool is_all = offset == header->end;

	header->done = offset;
	if (header->tried < offset)
		header->tried = offset;
	if (is_all)
		header->base = header->end;
	if (cln_spool_write_header(spool, header) != CLN_OK)
		return CLN_ERR_SYSTEM;
	return is_all ? cln_spool_truncate(spool->fd, CLN_SPOOL_HEADER) : CLN_OK;
}

static int begin_advance(struct cln_spool *spool, struct cln_spool_header *header)
{
	if (!has_claim(spool))
		return CLN_ERR_PROTOCOL;
	return cln_spool_begin(spool, false, header);
}

int cln_spool_try(struct cln_spool *spool, uint64_t offset)
{
	struct cln_spool_header header;
	int result = begin_advance(spool, &header);

	if (result != CLN_OK)
		return is_gone(result) ? CLN_OK : result;
	if (offset > header.tried && offset <= header.end) {
		header.tried = offset;
		result = cln_spool_write_header(spool, &header);
	}
	cln_spool_end(spool);
	return result;
}

int cln_spool_advance(struct cln_spool *spool, const struct cln_spool_progress *progress)
{
	struct cln_spool_header header;
	int result = begin_advance(spool, &header);

	if (result != CLN_OK)
		return is_gone(result) ? CLN_OK : result;
	if (progress->offset > header.done && progress->offset <= header.end) {
		add_counts(&header, progress);
		result = move_done(spool, &header, progress->offset);
	}
	cln_spool_end(spool);
	return result;
}

/* ---- what is no record ---- */

/* The search for the next record: positions in the file. */
struct scan {
	const struct cln_spool *spool;
	uint64_t at;
	uint64_t end;
	uint64_t verify_left;
};

/* Whether a good record of `size` bytes stands there, read in pieces. */
static bool is_record(struct scan *scan, uint64_t position, size_t size)
{
	char chunk[CHUNK_BYTES];
	const size_t skipped = CLN_SPOOL_RECORD_COVERED;
	uint32_t crc = 0, expected;

	if (size > scan->end - position)
		return false;
	if (size > scan->verify_left) {
		scan->verify_left = 0;
		return false;
	}
	scan->verify_left -= size;
	if (cln_spool_read_at(scan->spool, chunk, skipped, position) != (ssize_t)skipped)
		return false;
	expected = cln_spool_record_crc(chunk);
	for (size_t done = skipped; done < size;) {
		const size_t len = size - done < sizeof chunk ? size - done : sizeof chunk;

		if (cln_spool_read_at(scan->spool, chunk, len, position + done) != (ssize_t)len)
			return false;
		crc = cln_crc32c(crc, cln_slice(chunk, len));
		done += len;
	}
	return crc == expected;
}

/* Looks at one chunk; true if a record was found, at scan->at. */
static bool scan_chunk(struct scan *scan)
{
	char chunk[CHUNK_BYTES];
	const uint64_t left = scan->end - scan->at;
	const size_t wanted = left < sizeof chunk ? (size_t)left : sizeof chunk;
	const ssize_t got = cln_spool_read_at(scan->spool, chunk, wanted, scan->at);

	if (got < PEEK_BYTES) {
		scan->at = scan->end; /* the file ends before its header says so */
		return false;
	}
	for (size_t i = 0; i + PEEK_BYTES <= (size_t)got; i++) { /* got > 0 */
		const size_t size = cln_spool_record_peek(chunk + i);

		if (size > 0 && is_record(scan, scan->at + i, size)) {
			scan->at += i;
			return true;
		}
		if (scan->verify_left == 0) {
			scan->at = scan->end; /* made to be looked at: nothing of it is worth that */
			return false;
		}
	}
	scan->at += (uint64_t)got - PEEK_BYTES + 1;
	return false;
}

/* The offset of the next good record behind `done`, of where the search got to, or the end. */
static uint64_t next_record(const struct cln_spool *spool, const struct cln_spool_header *header)
{
	struct scan scan = {
		.spool = spool,
		.at = cln_spool_position(header, header->done) + 1,
		.end = cln_spool_position(header, header->end),
		.verify_left = VERIFY_BYTES,
	};
	const uint64_t last = scan.at + SCAN_BYTES;

	while (scan.at < last && scan.end - scan.at >= PEEK_BYTES) {
		if (scan_chunk(&scan))
			break;
	}
	if (scan.end - scan.at < PEEK_BYTES)
		scan.at = scan.end;
	return header->base + (scan.at - CLN_SPOOL_HEADER);
}

int cln_spool_cut(struct cln_spool *spool, uint64_t offset)
{
	struct cln_spool_header header;
	struct cln_spool_progress progress = {.dropped[CLN_SPOOL_DROP_TORN] = 1};
	const int result = cln_spool_look(spool, false, &header);

	if (result != CLN_OK)
		return is_gone(result) ? CLN_OK : result;
	if (header.done != offset || header.done == header.end)
		return CLN_OK;
	/* Without the lock, since it may take a moment: what was appended meanwhile lies behind. */
	progress.offset = next_record(spool, &header);
	return cln_spool_advance(spool, &progress);
}

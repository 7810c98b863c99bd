/* SPDX-License-Identifier: MIT
 *
 * The spool: a bounded file that keeps events which could not be sent, shared by all processes of a
 * machine that publish for one application, and read by whoever gets through first (a publisher, or
 * the relay when it starts). Allocates nothing; the only part of wire/ that touches files.
 *
 * The file, big endian:
 *
 *   header, CLN_SPOOL_HEADER bytes
 *   0   8 B   "CLNSPOOL"
 *   8   u32   version (1)
 *   12  u32   CRC32C of the bytes from 16 to the header's end
 *   16  u64   done: offset behind the last record that was acknowledged
 *   24  u64   end: offset behind the last whole record; bytes behind it are a torn append
 *   32  u64   records appended, ever
 *   40  u64   records replayed (acknowledged by a relay), ever
 *   48  u64   records that had been sent once before, ever: their event may reach a client twice
 *   56  u64[] dropped records by reason (enum cln_spool_drop), ever
 *   ..  u8    length of the application's id, then the id
 *
 *   record
 *   0   u32   length of the body
 *   4   u32   CRC32C of the rest: time, flags, body
 *   8   u64   milliseconds since 1970 when it was spooled
 *   16  u8    flags: 1 = was written to a connection once
 *   17  ..    body: u8 length of the channel's name, the name, then the signed envelope
 *
 * Who changes the file holds its lock (flock) for the few system calls that this takes, and never
 * waits for it longer than a millisecond. Who replays holds a second lock, PATH.replay, until the
 * last record is acknowledged; appending goes on meanwhile. A record is gone only when `done` has
 * passed it. When everything is done the file shrinks to its header.
 */
#ifndef CLN_SPOOL_H
#define CLN_SPOOL_H

#include "err.h"
#include "limits.h"
#include "slice.h"

#include <stdint.h>

#define CLN_SPOOL_HEADER        256
#define CLN_SPOOL_RECORD_HEAD   17
#define CLN_SPOOL_PATH_MAX      1023
#define CLN_SPOOL_BYTES_MIN     65536
#define CLN_SPOOL_BYTES_DEFAULT (64 * 1024 * 1024)
#define CLN_SPOOL_AGE_S_DEFAULT 600

enum cln_spool_drop {
	CLN_SPOOL_DROP_EXPIRED, /* older than the replayer's bound */
	CLN_SPOOL_DROP_TORN,    /* bytes that are no record; what lies behind them is lost with them */
	CLN_SPOOL_DROP_REFUSED, /* the relay, or the replayer, found the event unacceptable */
	CLN_SPOOL_DROPS,
};

/* Words for counters: "expired", "torn", "refused". */
extern const char *const cln_spool_drop_names[CLN_SPOOL_DROPS];

struct cln_spool_record {
	uint64_t time_ms;
	bool was_sent;
	struct cln_slice channel;
	struct cln_slice envelope;
};

struct cln_spool_header {
	uint64_t done;
	uint64_t end;
	uint64_t appended;
	uint64_t replayed;
	uint64_t repeated; /* of those replayed: had been sent once before */
	uint64_t dropped[CLN_SPOOL_DROPS];
};

/* Zeroed bytes and fd = -1, replay_fd = -1 are a closed spool. */
struct cln_spool {
	char path[CLN_SPOOL_PATH_MAX + 1];
	struct cln_slice app; /* borrowed: outlives the spool */
	int fd;
	int replay_fd; /* >= 0: this process replays */
};

uint32_t cln_crc32c(uint32_t crc, struct cln_slice bytes);

/* ---- records: pure ---- */

size_t cln_spool_record_size(const struct cln_spool_record *record);

/* Writes cln_spool_record_size() bytes to `out`. */
void cln_spool_record_write(char *out, const struct cln_spool_record *record);

/* Takes the first record off *bytes; its slices point into them. CLN_OK, CLN_ERR_MORE (none left,
 * or it continues behind the bytes) or CLN_ERR_PROTOCOL (the CRC or a length is wrong). */
int cln_spool_record_next(struct cln_slice *bytes, struct cln_spool_record *record);

/* ---- the file ---- */

/* Opens the file, making it (mode 0660 less the umask) if `create`. CLN_OK; CLN_ERR_SYSTEM (errno;
 * ENOENT if it is not there); CLN_ERR_VERSION (another version's file); CLN_ERR_PROTOCOL (no spool,
 * or another application's). Refuses links and what is no regular file. A header with a wrong CRC
 * is mended by reading the records. Sets close-on-exec. */
int cln_spool_open(struct cln_spool *spool, const char *path, struct cln_slice app, bool create);

/* Closes without releasing what a forked parent holds: the lock belongs to the open file. */
void cln_spool_close(struct cln_spool *spool);

/* Appends `count` whole records, all or none. CLN_OK; CLN_ERR_LIMIT (the file would pass
 * `max_bytes`); CLN_ERR_MORE (another process held the lock for a millisecond: try later);
 * CLN_ERR_SYSTEM (errno, ENOSPC above all; the file is as before). A file that was removed or
 * replaced meanwhile is opened anew. */
int cln_spool_append(
	struct cln_spool *spool, struct cln_slice records, size_t count, uint64_t max_bytes);

/* Whether nothing waits for replay (also when there is no file any more). Reads the header. */
bool cln_spool_is_empty(struct cln_spool *spool);

/* Reads the header. CLN_OK or CLN_ERR_SYSTEM. */
int cln_spool_stat(struct cln_spool *spool, struct cln_spool_header *header);

/* Becomes the replayer: true if it is or was ours. Never waits. */
bool cln_spool_claim(struct cln_spool *spool);
void cln_spool_unclaim(struct cln_spool *spool);

/* Reads up to `cap` bytes of what waits, from `offset` on (0: from `done`), into `bytes`; *len and
 * *offset say what was read from where. Only the replayer calls it. CLN_OK (*len 0: nothing waits)
 * or CLN_ERR_SYSTEM. */
int cln_spool_read(struct cln_spool *spool, char *bytes, size_t cap, size_t *len, uint64_t *offset);

/* What happened to the records up to an offset. */
struct cln_spool_progress {
	uint64_t offset;
	uint64_t replayed;
	uint64_t repeated;
	uint64_t dropped[CLN_SPOOL_DROPS];
};

/* Moves `done` to progress->offset and adds the counts; shrinks a file that is done. Only the
 * replayer calls it. CLN_OK, CLN_ERR_MORE (the lock: try again) or CLN_ERR_SYSTEM. */
int cln_spool_advance(struct cln_spool *spool, const struct cln_spool_progress *progress);

/* Gives up everything from `offset` on, which is no record: counted as torn, once. */
int cln_spool_cut(struct cln_spool *spool, uint64_t offset);

#endif

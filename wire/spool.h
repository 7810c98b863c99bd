/* SPDX-License-Identifier: MIT
 *
 * The spool: a bounded file that keeps events which could not be sent, shared by all processes of a
 * machine that publish for one application, and read by whoever gets through first (a publisher, or
 * the relay when it starts). Allocates nothing; the only part of wire/ that touches files. The
 * bytes in it are spool_format.h's.
 *
 * Who changes the file holds its lock (flock) for the few system calls that this takes, and never
 * waits for it longer than a millisecond. Who replays holds a second lock, PATH.replay, until the
 * last record is acknowledged; appending goes on meanwhile. A record is gone only when `done` has
 * passed it. When everything is done the file shrinks to its header.
 *
 * A struct cln_spool belongs to one thread. After a fork the child's first call opens the file
 * anew: descriptors, and with them locks, stay the parent's.
 */
#ifndef CLN_SPOOL_H
#define CLN_SPOOL_H

#include "spool_format.h"

#include <sys/types.h>

#define CLN_SPOOL_PATH_MAX      1023
#define CLN_SPOOL_BYTES_MIN     65536
#define CLN_SPOOL_BYTES_DEFAULT (64 * 1024 * 1024)
#define CLN_SPOOL_AGE_S_DEFAULT 600

/* Zeroed bytes and fd = -1, replay_fd = -1 are a closed spool. */
struct cln_spool {
	char path[CLN_SPOOL_PATH_MAX + 1];
	char app[CLN_APP_ID_MAX + 1];
	bool creates;
	int fd;
	dev_t device; /* which file that is, to notice another one under its name */
	ino_t inode;
	int replay_fd;    /* >= 0: this process replays */
	uint64_t own_end; /* 0: nothing was appended */
	pid_t pid;        /* whose descriptors these are */
};

/* Opens the file, making it (mode 0660 less the umask) if `create`. An empty `app` takes the file
 * of any application; spool->app then says whose it is. CLN_OK; CLN_ERR_SYSTEM (errno; ENOENT if it
 * is not there, ELOOP if it is a link); CLN_ERR_MORE (locked: try later); CLN_ERR_VERSION (another
 * version's file); CLN_ERR_PROTOCOL (no spool, another application's, or no plain file). A header
 * with a wrong CRC is mended: everything in the file waits again. Sets close-on-exec.
 * Also after a failure the spool knows its path: the next append tries to open it again. */
int cln_spool_open(struct cln_spool *spool, const char *path, struct cln_slice app, bool create);

/* Closes, and gives up the replay unless a forked parent holds it. */
void cln_spool_close(struct cln_spool *spool);

/* Appends `count` whole records, all or none. CLN_OK; CLN_ERR_LIMIT (more than `max_bytes` would
 * wait, or the file with what is done would pass twice that); CLN_ERR_MORE (another process held
 * the lock for a millisecond: try later); CLN_ERR_SYSTEM (errno, ENOSPC above all; the file is as
 * before). A file that was removed or replaced meanwhile is opened anew, so cln_spool_open()'s
 * results can come too. spool->own_end is the offset behind the last that was appended. */
int cln_spool_append(
	struct cln_spool *spool, struct cln_slice records, size_t count, uint64_t max_bytes);

/* Whether any of what was appended through `spool` waits still; also where that can't be read just
 * now. A new file's offsets are greater than any of the one that it replaces. */
bool cln_spool_own_waits(struct cln_spool *spool);

/* Whether nothing waits for replay (also when there is no file any more). Reads the header. */
bool cln_spool_is_empty(struct cln_spool *spool);

/* Reads the header. CLN_OK or what cln_spool_open() returns. */
int cln_spool_stat(struct cln_spool *spool, struct cln_spool_header *header);

/* Becomes the replayer: true if it is or was ours. Never waits. */
bool cln_spool_claim(struct cln_spool *spool);
void cln_spool_unclaim(struct cln_spool *spool);

/* A note beside the claim, for the time in which it is given up although records are under way:
 * until `until_ms` (since 1970) nobody else need send what lies in front of `offset`, and whoever
 * does so later knows that it was sent once. Kept in the claim's file; only the replayer calls
 * these. Reading gives zeroes where there is no note; what cln_spool_try() said counts, too. */
struct cln_spool_note {
	uint64_t offset;
	uint64_t until_ms;
};

void cln_spool_read_note(struct cln_spool *spool, struct cln_spool_note *note);
void cln_spool_write_note(const struct cln_spool *spool, const struct cln_spool_note *note);

/* Reads whole, good records from *offset on (0: from `done`): as many as fit into `cap` bytes, at
 * least CLN_SPOOL_RECORD_HEAD + 1; *len and *offset say what was read from where. CLN_OK (*len 0:
 * nothing waits, or the file is gone); CLN_ERR_SPACE (the next record needs a buffer of *len bytes,
 * at most CLN_SPOOL_RECORD_MAX); CLN_ERR_PROTOCOL (there is no record at *offset: advance to there,
 * then cln_spool_cut()); or what cln_spool_open() returns. */
int cln_spool_read(struct cln_spool *spool, char *bytes, size_t cap, size_t *len, uint64_t *offset);

/* Says that the records up to `offset` are about to be sent: should this replayer die, the next one
 * finds them before header.tried and knows that they may go out twice. Results as
 * cln_spool_advance(). */
int cln_spool_try(struct cln_spool *spool, uint64_t offset);

/* What happened to the records up to an offset. */
struct cln_spool_progress {
	uint64_t offset;
	uint64_t replayed;
	uint64_t repeated;
	uint64_t dropped[CLN_SPOOL_DROPS];
};

/* Moves `done` to progress->offset and adds the counts; shrinks a file that is done. An offset that
 * is behind already, or of a file that was removed or replaced, changes nothing. Only the replayer
 * calls it: CLN_ERR_PROTOCOL if it is not. CLN_OK, CLN_ERR_MORE (the lock: try again) or
 * CLN_ERR_SYSTEM. */
int cln_spool_advance(struct cln_spool *spool, const struct cln_spool_progress *progress);

/* Passes over bytes that are no record, if they stand at `offset` and `done` is there too: up to
 * the next good record, counted as torn. Looks at a bounded number of bytes, so the next read may
 * say CLN_ERR_PROTOCOL again. Results as cln_spool_advance(). */
int cln_spool_cut(struct cln_spool *spool, uint64_t offset);

#endif

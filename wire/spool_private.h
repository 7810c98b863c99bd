/* SPDX-License-Identifier: MIT
 *
 * The spool's file as its two halves share it: spool.c (file, lock, header, appending) and
 * spool_replay.c (claim, reading, progress).
 */
#ifndef CLN_SPOOL_PRIVATE_H
#define CLN_SPOOL_PRIVATE_H

#include "spool.h"

#include <sys/types.h>

/* Opens a plain file, no link and with no second name. CLN_OK, CLN_ERR_SYSTEM, CLN_ERR_PROTOCOL. */
int cln_spool_open_plain(const char *path, bool create, int *fd);

/* Whether `path` still names the open file. */
bool cln_spool_is_at(int fd, const char *path);

/* CLN_OK, CLN_ERR_MORE (another has it) or CLN_ERR_SYSTEM; tries for a millisecond if `waits`. */
int cln_spool_lock(int fd, bool waits);
void cln_spool_unlock(int fd);

/* Closes the descriptors of a forked parent. */
void cln_spool_leave_parent(struct cln_spool *spool);

/* Opens if need be, locks, reads and mends the header. After CLN_OK the lock is the caller's until
 * cln_spool_end(). */
int cln_spool_begin(struct cln_spool *spool, bool create, struct cln_spool_header *header);
void cln_spool_end(struct cln_spool *spool);

/* The header as it is now, without the lock unless it looks wrong. */
int cln_spool_look(struct cln_spool *spool, bool create, struct cln_spool_header *header);

/* Bytes read, less than `len` at the end of the file only; -1 and errno. */
ssize_t cln_spool_read_at(
	const struct cln_spool *spool, char *bytes, size_t len, uint64_t position);

/* Writes all of it. CLN_OK or CLN_ERR_SYSTEM (errno; EFBIG at the process's bound on files, without
 * the signal that goes with it). */
int cln_spool_write_at(int fd, struct cln_slice bytes, uint64_t position);

int cln_spool_write_header(struct cln_spool *spool, const struct cln_spool_header *header);

/* CLN_OK or CLN_ERR_SYSTEM. */
int cln_spool_truncate(int fd, uint64_t len);

static inline uint64_t cln_spool_position(const struct cln_spool_header *header, uint64_t offset)
{
	return CLN_SPOOL_HEADER + (offset - header->base);
}

#endif

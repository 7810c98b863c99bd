/* SPDX-License-Identifier: MIT
 *
 * The bytes of a spool file, big endian; pure functions over borrowed bytes, vectors in
 * wire/vectors/spool.txt:
 *
 *   header, CLN_SPOOL_HEADER bytes
 *   0   8 B   "CLNSPOOL"
 *   8   u32   version (1)
 *   12  u32   CRC32C of the bytes from 16 to the header's end
 *   16  u64   base: the offset of the byte behind the header
 *   24  u64   done: offset behind the last record that was acknowledged
 *   32  u64   tried: offset behind the last record that a replayer began to send
 *   40  u64   end: offset behind the last whole record; bytes behind it are a torn append
 *   48  u64   records appended, ever
 *   56  u64   records replayed (acknowledged by a relay), ever
 *   64  u64   of those: had been sent once before; their event may have reached a client twice
 *   72  u64[] dropped records by reason (enum cln_spool_drop), ever
 *   96  u8    length of the application's id, then the id
 *   ..  0     up to the header's end
 *
 *   record
 *   0   u32   length of the body
 *   4   u32   CRC32C of the rest: time, flags, body
 *   8   u64   milliseconds since 1970 when it was spooled
 *   16  u8    flags: 1 = was written to a connection once; all other bits must be 0
 *   17  ..    body: u8 length of the channel's name, the name, then the signed envelope
 *
 * Offsets never come back: a new file begins at the time of its birth times 2^20, and a file that
 * was emptied goes on counting. So what somebody knew about an older file can't be mistaken for
 * something in a newer one.
 */
#ifndef CLN_SPOOL_FORMAT_H
#define CLN_SPOOL_FORMAT_H

#include "envelope.h"
#include "err.h"
#include "limits.h"
#include "slice.h"

#include <stdint.h>

#define CLN_SPOOL_HEADER         256
#define CLN_SPOOL_RECORD_HEAD    17
#define CLN_SPOOL_RECORD_COVERED 8 /* where the CRC's bytes begin */
/* The largest event in the longest channel. */
#define CLN_SPOOL_BODY_MAX                                                                         \
	(1 + CLN_CHANNEL_NAME_MAX + CLN_ENVELOPE_HEAD_MAX + CLN_CLIENT_TEXT_MAX(CLN_PAYLOAD_BYTES_MAX))
#define CLN_SPOOL_RECORD_MAX (CLN_SPOOL_RECORD_HEAD + CLN_SPOOL_BODY_MAX)

enum cln_spool_drop {
	CLN_SPOOL_DROP_EXPIRED, /* older than the replayer's bound */
	CLN_SPOOL_DROP_TORN,    /* runs of bytes that are no record, each counted once */
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
	uint64_t base;
	uint64_t done;
	uint64_t tried; /* what waits before it may have been sent by a replayer that died */
	uint64_t end;   /* end - done bytes wait */
	uint64_t appended;
	uint64_t replayed;
	uint64_t repeated; /* of those replayed: had been sent once before */
	uint64_t dropped[CLN_SPOOL_DROPS];
};

/* CRC32C (Castagnoli) of `bytes` behind bytes whose CRC is `crc` (0: none). */
uint32_t cln_crc32c(uint32_t crc, struct cln_slice bytes);

/* At most CLN_SPOOL_RECORD_MAX if the channel's name and the event keep to wire/limits.h. */
size_t cln_spool_record_size(const struct cln_spool_record *record);

/* Writes cln_spool_record_size() bytes to `out`. The channel's name has 1 to 255 bytes. */
void cln_spool_record_write(char *out, const struct cln_spool_record *record);

/* Takes the first record off *bytes; its slices point into them. CLN_OK, CLN_ERR_MORE (none left,
 * or it continues behind the bytes) or CLN_ERR_PROTOCOL (the CRC, a length or a flag is wrong). */
int cln_spool_record_next(struct cln_slice *bytes, struct cln_spool_record *record);

/* The size of the record that begins with these CLN_SPOOL_RECORD_HEAD + 1 bytes; 0 if none does. */
size_t cln_spool_record_peek(const char *bytes);

/* The CRC that a record claims to have; it covers everything from CLN_SPOOL_RECORD_COVERED on. */
uint32_t cln_spool_record_crc(const char *bytes);

/* A header for a file whose body has `body_len` bytes of which nothing is known: all of them wait,
 * nothing has been counted. */
void cln_spool_header_init(struct cln_spool_header *header, int64_t now_ms, uint64_t body_len);

void cln_spool_header_write(
	char out[CLN_SPOOL_HEADER], const struct cln_spool_header *header, struct cln_slice app);

/* CLN_OK; CLN_ERR_PROTOCOL (no spool), CLN_ERR_VERSION, or CLN_ERR_SIGNATURE: a spool, but the CRC
 * or a number is wrong. *app points into `bytes`; its len is 0 if there is no valid id. */
int cln_spool_header_read(
	const char bytes[CLN_SPOOL_HEADER], struct cln_spool_header *header, struct cln_slice *app);

#endif

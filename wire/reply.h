/* SPDX-License-Identifier: MIT
 *
 * Reading a server's replies: hiredis's redisReader with object functions of our own that fill a
 * flat, bounded structure instead of building a tree. Bytes are fed by the caller from its own
 * non-blocking descriptor. hiredis allocates the input buffer (bounded by `bytes_max`); nothing
 * else allocates.
 */
#ifndef CLN_REPLY_H
#define CLN_REPLY_H

#include "err.h"
#include "slice.h"

#define CLN_REPLY_ITEMS_MAX 64

enum cln_reply_type {
	CLN_REPLY_STATUS,
	CLN_REPLY_ERROR,
	CLN_REPLY_INTEGER,
	CLN_REPLY_STRING,
	CLN_REPLY_NIL,
	CLN_REPLY_ARRAY,
};

struct cln_reply_item {
	enum cln_reply_type type;
	struct cln_slice text; /* status, error, string */
	long long integer;
};

/* One top-level reply. A scalar is item[0] with count 1; an array's direct elements are its
 * items; elements of nested arrays are left out, the nested array itself being one item of type
 * ARRAY whose integer is its length. */
struct cln_reply {
	enum cln_reply_type type;
	struct cln_reply_item item[CLN_REPLY_ITEMS_MAX];
	size_t count;
};

struct cln_reply_reader; /* owned by the caller of new */

/* Texts of a reply are copied to an own store that grows up to `bytes_max`; a longer reply is
 * CLN_ERR_LIMIT. */
struct cln_reply_reader *cln_reply_reader_new(size_t bytes_max);
void cln_reply_reader_free(struct cln_reply_reader *reader);

/* Counts the whole replies of the form :NUMBER that `bytes` begins with, which come behind what was
 * fed, and moves it behind them: a shortcut for the answers to PUBLISH. `most`, if not NULL, is
 * raised to the greatest number. 0 while a reply is in the making. */
size_t cln_reply_count_integers(
	const struct cln_reply_reader *reader, struct cln_slice *bytes, long long *most);

/* 0 or CLN_ERR_LIMIT (more than bytes_max bytes without a complete reply). */
int cln_reply_feed(struct cln_reply_reader *reader, struct cln_slice bytes);

/* The next complete reply; its slices stay good until the next call on this reader.
 * 0, CLN_ERR_MORE, CLN_ERR_PROTOCOL or CLN_ERR_LIMIT (after these two: free the reader and drop
 * the connection). */
int cln_reply_next(struct cln_reply_reader *reader, struct cln_reply *reply);

#endif

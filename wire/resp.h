/* SPDX-License-Identifier: MIT
 *
 * RESP2 (Redis protocol specification): writing commands and replies into the caller's buffer, and
 * parsing requests, inline commands included. No allocation, no sockets. Replies of a server are
 * read by wire/reply.h.
 */
#ifndef CLN_RESP_H
#define CLN_RESP_H

#include "err.h"
#include "slice.h"

/* An output buffer of the caller. A write that does not fit sets `is_full` and writes nothing, so
 * a sequence of writes needs one check at its end. */
struct cln_out {
	char *ptr;
	size_t len;
	size_t cap;
	bool is_full;
};

void cln_out_bytes(struct cln_out *out, struct cln_slice bytes);

void cln_resp_array(struct cln_out *out, size_t count);          /* *COUNT */
void cln_resp_bulk(struct cln_out *out, struct cln_slice bytes); /* $LEN BYTES */
void cln_resp_bulk_head(
	struct cln_out *out, size_t len);         /* $LEN, the bytes and CRLF are the caller's */
void cln_resp_null_bulk(struct cln_out *out); /* $-1 */
void cln_resp_integer(struct cln_out *out, long long value);      /* :VALUE */
void cln_resp_simple(struct cln_out *out, struct cln_slice text); /* +TEXT, must hold no CR or LF */
void cln_resp_error(
	struct cln_out *out, struct cln_slice text); /* -TEXT, CR and LF become spaces */

#define CLN_RESP_ARGS_MAX   16
#define CLN_RESP_INLINE_MAX 1024

struct cln_resp_request {
	struct cln_slice argv[CLN_RESP_ARGS_MAX]; /* point into the input */
	size_t argc;                              /* 0: an empty line or *0, to be skipped */
	size_t consumed;                          /* bytes of this request, set on success */
	size_t need;       /* on CLN_ERR_MORE: parsing can't succeed with fewer bytes than this */
	const char *error; /* on failure: a sentence for the peer */
};

/* Parses one request at the start of `bytes`. `bulk_max` bounds each argument and is checked
 * before its bytes have arrived. Returns 0, CLN_ERR_MORE, CLN_ERR_PROTOCOL or CLN_ERR_LIMIT. */
int cln_resp_request(struct cln_slice bytes, size_t bulk_max, struct cln_resp_request *request);

#endif

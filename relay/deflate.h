/* SPDX-License-Identifier: MIT
 *
 * permessage-deflate (RFC 7692), server side: which offers are accepted, and the compressing and
 * inflating of whole messages. Knows no frames and no sockets.
 *
 * Every agreement has both no_context_takeover parameters, so that no message needs what another
 * one left behind: one codec serves all sockets of a worker, and what was compressed for one socket
 * fits all that agreed on the same window or a larger one.
 */
#ifndef DEFLATE_H
#define DEFLATE_H

#include "base/buf.h"

#include "../wire/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* --- negotiation --- */

#define DEFLATE_ANSWER_MAX 128

struct deflate_terms {
	uint8_t window_bits; /* of what we send; 0: no offer was acceptable so far */
	bool is_bounded;     /* the offer said so: the answer has to repeat it */
};

/* Reads one Sec-WebSocket-Extensions field; the first acceptable offer of all fields counts.
 * `terms` begins zeroed. False: the field breaks the grammar of RFC 6455, 9.1. */
bool deflate_read_offers(struct cln_slice field, struct deflate_terms *terms);
/* The value of the answer's field, NUL-terminated; returns its length. */
size_t deflate_print_answer(const struct deflate_terms *terms, char out[DEFLATE_ANSWER_MAX]);

/* --- messages --- */

/* Parameter sets that need a compressed form of their own. */
#define DEFLATE_KINDS 4
unsigned deflate_kind(unsigned window_bits);

struct deflate_codec;

struct deflate_codec *deflate_codec_new(void); /* what it needs is allocated with the first use */
void deflate_codec_free(struct deflate_codec *codec); /* NULL is fine */

/* The payload of a compressed message into `out`; returns its length, 0 if it is not shorter than
 * `message` by a tenth. `out` has room for deflate_room(message.len) bytes. */
size_t deflate_room(size_t len);
size_t deflate_compress(
	struct deflate_codec *codec, unsigned kind, struct cln_slice message, char *out);

enum deflate_result {
	DEFLATE_OK,
	DEFLATE_TOO_BIG, /* more than `max` bytes */
	DEFLATE_BROKEN,  /* not DEFLATE, or cut short */
};

/* The message of a compressed payload into `out`, which is empty before and gets no more memory
 * than max + 1 bytes (or DEFLATE_FIRST, if that is more). */
#define DEFLATE_FIRST 1024
enum deflate_result deflate_inflate(
	struct deflate_codec *codec, struct cln_slice payload, size_t max, struct buf *out);

#endif

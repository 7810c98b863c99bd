/* SPDX-License-Identifier: MIT
 *
 * The envelope: what a publisher puts on a bus channel. Binary, big endian, vectors in
 * wire/vectors/envelope.txt:
 *
 *   0   u8    version (1)
 *   1   u8    flags: 1 = signed; all other bits must be 0
 *   2   u8    length of the excluded socket id (0 = nobody is excluded)
 *   3   u8    0
 *   4   u32   length of the client text
 *   8   16 B  message id (wire/id.h); the same on every channel of one trigger
 *   24  u64   publisher id: random, of one connection owner (process, thread)
 *   32  u64   sequence: counts the commands of this publisher, from 1 on
 *   40  u64   channel sequence: counts this publisher's messages on this channel, from 1 on;
 *             0 = not numbered (local socket)
 *   48  32 B  HMAC-SHA256, only if signed
 *   ..        excluded socket id
 *   ..        client text: the finished JSON that a client receives
 *
 * Nothing follows the text. The signature's key is the application's secret, its text
 * "APPID:CHANNEL\n", the first 48 bytes, the socket id and the client text: an envelope can't be
 * moved to another channel, application or excluded socket.
 */
#ifndef CLN_ENVELOPE_H
#define CLN_ENVELOPE_H

#include "err.h"
#include "limits.h"
#include "slice.h"

#include <stdint.h>

#define CLN_ENVELOPE_FIXED    48
#define CLN_ENVELOPE_SIGNED   1
#define CLN_ENVELOPE_HEAD_MAX (CLN_ENVELOPE_FIXED + CLN_SIGNATURE_BYTES + CLN_SOCKET_ID_MAX)

struct cln_envelope {
	unsigned char id[CLN_ID_BYTES];
	uint64_t publisher;
	uint64_t sequence;
	uint64_t channel_sequence;
	struct cln_slice socket_id; /* len 0: nobody is excluded */
	struct cln_slice text;
	struct cln_slice signature; /* len 0: not signed; decode points it into the input */
};

/* Bytes of the whole envelope. */
size_t cln_envelope_size(const struct cln_envelope *envelope, bool is_signed);

/* Writes everything in front of the text to `out` (CLN_ENVELOPE_HEAD_MAX bytes are enough) and
 * returns its length; the text itself is the caller's to append. Signed if `secret` is not NULL. */
size_t cln_envelope_head(char *out, const struct cln_envelope *envelope,
	const struct cln_slice *secret, struct cln_slice app, struct cln_slice channel);

/* Reads one whole envelope; slices point into `bytes`. Checks lengths, the reserved bits and the
 * form of the socket id; neither the signature nor the text.
 * Returns 0, CLN_ERR_PROTOCOL (also when bytes are missing or left over) or CLN_ERR_VERSION. */
int cln_envelope_decode(struct cln_slice bytes, struct cln_envelope *envelope);

/* 0, or CLN_ERR_SIGNATURE if `bytes` (which decoded well) is unsigned or wrongly signed. */
int cln_envelope_verify(struct cln_slice bytes, const struct cln_envelope *envelope,
	struct cln_slice secret, struct cln_slice app, struct cln_slice channel);

#endif

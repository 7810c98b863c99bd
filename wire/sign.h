/* SPDX-License-Identifier: MIT
 *
 * Pusher's signatures (Pusher docs, "Auth signatures"). HMAC-SHA256 itself is the caller's: the
 * relay implements cln_hmac_sha256() over OpenSSL, the extension over PHP's ext/hash; both are
 * tested with wire/vectors/sign.txt.
 */
#ifndef CLN_SIGN_H
#define CLN_SIGN_H

#include "limits.h"
#include "slice.h"

/* Provided by relay/base/hmac.c and ext/hmac.c: HMAC-SHA256 of the concatenated parts. */
void cln_hmac_sha256(struct cln_slice key, const struct cln_slice *parts, size_t count,
	unsigned char out[CLN_SIGNATURE_BYTES]);

/* SOCKET_ID:CHANNEL, and :CHANNEL_DATA if `channel_data` is not NULL. `hex` gets 64 lower-case
 * digits, no NUL. */
void cln_sign_channel(struct cln_slice secret, struct cln_slice socket_id, struct cln_slice channel,
	const struct cln_slice *channel_data, char hex[CLN_SIGNATURE_HEX]);

/* SOCKET_ID::user::USER_DATA */
void cln_sign_user(struct cln_slice secret, struct cln_slice socket_id, struct cln_slice user_data,
	char hex[CLN_SIGNATURE_HEX]);

/* Compares in a time that depends on the lengths only. */
bool cln_equal_constant_time(struct cln_slice a, struct cln_slice b);

#endif

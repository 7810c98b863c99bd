/* SPDX-License-Identifier: MIT
 *
 * Puts together the texts that Pusher's signatures cover and prints their digests. The digest
 * itself comes from cln_hmac_sha256() of whoever links this; nothing is copied or kept.
 */
#include "sign.h"

static void hmac_hex(struct cln_slice secret, const struct cln_slice *parts, size_t count,
	char hex[CLN_SIGNATURE_HEX])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char digest[CLN_SIGNATURE_BYTES];

	cln_hmac_sha256(secret, parts, count, digest);
	for (size_t i = 0; i < CLN_SIGNATURE_BYTES; i++) {
		hex[2 * i] = digits[digest[i] >> 4];
		hex[2 * i + 1] = digits[digest[i] & 15];
	}
}

void cln_sign_channel(struct cln_slice secret, struct cln_slice socket_id, struct cln_slice channel,
	const struct cln_slice *channel_data, char hex[CLN_SIGNATURE_HEX])
{
	struct cln_slice parts[5] = {socket_id, CLN_SLICE(":"), channel};
	size_t count = 3;

	if (channel_data) {
		parts[count++] = CLN_SLICE(":");
		parts[count++] = *channel_data;
	}
	hmac_hex(secret, parts, count, hex);
}

void cln_sign_user(struct cln_slice secret, struct cln_slice socket_id, struct cln_slice user_data,
	char hex[CLN_SIGNATURE_HEX])
{
	const struct cln_slice parts[] = {socket_id, CLN_SLICE("::user::"), user_data};

	hmac_hex(secret, parts, sizeof parts / sizeof *parts, hex);
}

bool cln_equal_constant_time(struct cln_slice a, struct cln_slice b)
{
	/* volatile: the compiler must not stop at the first difference. */
	volatile unsigned char difference = 0;

	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		difference |= (unsigned char)(a.ptr[i] ^ b.ptr[i]);
	return difference == 0;
}

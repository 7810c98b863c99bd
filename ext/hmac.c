/* SPDX-License-Identifier: MIT
 *
 * HMAC (RFC 2104) over sha256.h. Key material is erased from the stack.
 */
#include "../wire/sign.h"

#include "php.h"
#include "sha256.h"

#define INNER_PAD 0x36
#define OUTER_PAD 0x5c

static void digest_key(struct cln_slice key, unsigned char block[CLN_SHA256_BLOCK])
{
	memset(block, 0, CLN_SHA256_BLOCK);
	if (key.len <= CLN_SHA256_BLOCK) {
		if (key.len > 0) {
			memcpy(block, key.ptr, key.len);
		}
		return;
	}
	struct cln_sha256 sha;
	cln_sha256_start(&sha);
	cln_sha256_update(&sha, key);
	cln_sha256_finish(&sha, block);
}

static void start_padded(
	struct cln_sha256 *sha, const unsigned char block[CLN_SHA256_BLOCK], unsigned char pad)
{
	unsigned char padded[CLN_SHA256_BLOCK];
	for (size_t i = 0; i < CLN_SHA256_BLOCK; i++) {
		padded[i] = block[i] ^ pad;
	}
	cln_sha256_start(sha);
	cln_sha256_update(sha, cln_slice(padded, sizeof(padded)));
	ZEND_SECURE_ZERO(padded, sizeof(padded));
}

void cln_hmac_sha256(struct cln_slice key, const struct cln_slice *parts, size_t count,
	unsigned char out[CLN_SIGNATURE_BYTES])
{
	unsigned char block[CLN_SHA256_BLOCK];
	struct cln_sha256 sha;
	digest_key(key, block);

	start_padded(&sha, block, INNER_PAD);
	for (size_t i = 0; i < count; i++) {
		cln_sha256_update(&sha, parts[i]);
	}
	cln_sha256_finish(&sha, out);

	start_padded(&sha, block, OUTER_PAD);
	cln_sha256_update(&sha, cln_slice(out, CLN_SIGNATURE_BYTES));
	cln_sha256_finish(&sha, out);
	ZEND_SECURE_ZERO(block, sizeof(block));
	ZEND_SECURE_ZERO(&sha, sizeof(sha));
}

/* SPDX-License-Identifier: MIT
 *
 * HMAC (RFC 2104) over ext/hash's SHA-256 functions, which every PHP has. Key material is erased
 * from the stack.
 */
#include "../wire/sign.h"

#include "php.h"
#include "ext/hash/php_hash.h"
#include "ext/hash/php_hash_sha.h"

#define BLOCK_BYTES 64
#define INNER_PAD   0x36
#define OUTER_PAD   0x5c

static void digest_key(struct cln_slice key, unsigned char block[BLOCK_BYTES])
{
	memset(block, 0, BLOCK_BYTES);
	if (key.len <= BLOCK_BYTES) {
		if (key.len > 0) {
			memcpy(block, key.ptr, key.len);
		}
		return;
	}
	PHP_SHA256_CTX sha;
	PHP_SHA256InitArgs(&sha, NULL);
	PHP_SHA256Update(&sha, (const unsigned char *)key.ptr, key.len);
	PHP_SHA256Final(block, &sha);
}

static void start_padded(
	PHP_SHA256_CTX *sha, const unsigned char block[BLOCK_BYTES], unsigned char pad)
{
	unsigned char padded[BLOCK_BYTES];
	for (size_t i = 0; i < BLOCK_BYTES; i++) {
		padded[i] = block[i] ^ pad;
	}
	PHP_SHA256InitArgs(sha, NULL);
	PHP_SHA256Update(sha, padded, BLOCK_BYTES);
	ZEND_SECURE_ZERO(padded, sizeof(padded));
}

void cln_hmac_sha256(struct cln_slice key, const struct cln_slice *parts, size_t count,
	unsigned char out[CLN_SIGNATURE_BYTES])
{
	unsigned char block[BLOCK_BYTES];
	PHP_SHA256_CTX sha;
	digest_key(key, block);

	start_padded(&sha, block, INNER_PAD);
	for (size_t i = 0; i < count; i++) {
		PHP_SHA256Update(&sha, (const unsigned char *)parts[i].ptr, parts[i].len);
	}
	PHP_SHA256Final(out, &sha);

	start_padded(&sha, block, OUTER_PAD);
	PHP_SHA256Update(&sha, out, CLN_SIGNATURE_BYTES);
	PHP_SHA256Final(out, &sha);
	ZEND_SECURE_ZERO(block, sizeof(block));
	ZEND_SECURE_ZERO(&sha, sizeof(sha));
}

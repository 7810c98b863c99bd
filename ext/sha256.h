/* SPDX-License-Identifier: MIT
 *
 * SHA-256 (FIPS 180-4) for signatures: by the processor's own instructions where it has them, which
 * takes a fifteenth of what ext/hash's function takes, else by that one.
 */
#ifndef CLN_SHA256_H
#define CLN_SHA256_H

#include "../wire/slice.h"

#include <stdint.h>

#define CLN_SHA256_BLOCK  64
#define CLN_SHA256_DIGEST 32

struct cln_sha256 {
	uint32_t state[8];
	unsigned char block[CLN_SHA256_BLOCK]; /* what is left of `len` bytes behind whole blocks */
	uint64_t len;
};

/* Looks at the processor; once, before the first thread. */
void cln_sha256_minit(void);

void cln_sha256_start(struct cln_sha256 *sha);
void cln_sha256_update(struct cln_sha256 *sha, struct cln_slice bytes);
void cln_sha256_finish(struct cln_sha256 *sha, unsigned char digest[CLN_SHA256_DIGEST]);

#endif

/* SPDX-License-Identifier: MIT
 *
 * The relay's hashes over OpenSSL: cln_hmac_sha256() of wire/sign.h, SHA-1 for the accept key of
 * RFC 6455, and MD5 for the bodies of the HTTP API. The first two end the process if OpenSSL is
 * unusable.
 */
#ifndef HMAC_H
#define HMAC_H

#include "../../wire/sign.h"

#define HMAC_SHA1_BYTES 20

void hmac_sha1(struct cln_slice bytes, unsigned char out[HMAC_SHA1_BYTES]);

/* False where OpenSSL's configuration (FIPS) has no MD5. */
#define HMAC_MD5_BYTES 16
bool hmac_md5(struct cln_slice bytes, unsigned char out[HMAC_MD5_BYTES]);

#endif

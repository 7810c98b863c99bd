/* SPDX-License-Identifier: MIT
 *
 * The relay's hashes over OpenSSL: cln_hmac_sha256() of wire/sign.h, and SHA-1 for the accept key
 * of RFC 6455. Both end the process if OpenSSL is unusable.
 */
#ifndef HMAC_H
#define HMAC_H

#include "../../wire/sign.h"

#define HMAC_SHA1_BYTES 20

void hmac_sha1(struct cln_slice bytes, unsigned char out[HMAC_SHA1_BYTES]);

#endif

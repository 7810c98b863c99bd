/* SPDX-License-Identifier: MIT
 *
 * HMAC-SHA256 for wire/sign over OpenSSL 3, the SHA-1 of WebSocket's accept key, and MD5. The
 * algorithms are fetched once for the process: a fetch costs more than the hash.
 */
#include "hmac.h"

#include "log.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <pthread.h>
#include <stdlib.h>

static EVP_MAC *mac;
static EVP_MD *sha1;
static EVP_MD *md5; /* may be missing */
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void fetch(void)
{
	mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
	md5 = EVP_MD_fetch(NULL, "MD5", NULL);
}

static void require(bool ok)
{
	if (!ok) {
		log_event(LOG_LEVEL_ERROR, "openssl_failed",
			"reason=\"OpenSSL refuses HMAC-SHA256 or SHA-1; check its configuration\"");
		abort();
	}
}

void cln_hmac_sha256(struct cln_slice key, const struct cln_slice *parts, size_t count,
	unsigned char out[CLN_SIGNATURE_BYTES])
{
	char digest[] = "SHA256";
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_end(),
	};
	size_t len = 0;
	pthread_once(&once, fetch);
	require(mac != NULL);
	EVP_MAC_CTX *const context = EVP_MAC_CTX_new(mac);
	require(context != NULL);
	/* A NULL key would mean "the key of before". */
	const unsigned char *const key_bytes = (const unsigned char *)(key.len > 0 ? key.ptr : "");
	require(EVP_MAC_init(context, key_bytes, key.len, params) == 1);
	for (size_t i = 0; i < count; i++) {
		require(EVP_MAC_update(context, (const unsigned char *)parts[i].ptr, parts[i].len) == 1);
	}
	require(EVP_MAC_final(context, out, &len, CLN_SIGNATURE_BYTES) == 1);
	EVP_MAC_CTX_free(context);
}

void hmac_sha1(struct cln_slice bytes, unsigned char out[HMAC_SHA1_BYTES])
{
	pthread_once(&once, fetch);
	require(sha1 != NULL);
	require(EVP_Digest(bytes.ptr, bytes.len, out, NULL, sha1, NULL) == 1);
}

bool hmac_md5(struct cln_slice bytes, unsigned char out[HMAC_MD5_BYTES])
{
	pthread_once(&once, fetch);
	return md5 != NULL && EVP_Digest(bytes.ptr, bytes.len, out, NULL, md5, NULL) == 1;
}

/* SPDX-License-Identifier: MIT
 *
 * HMAC-SHA256 for wire/sign over OpenSSL 3, the SHA-1 of WebSocket's accept key, and MD5. The
 * algorithms are fetched once for the process, and each thread keeps its contexts: both cost more
 * than the hash.
 */
#include "hmac.h"

#include "log.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <pthread.h>
#include <stdlib.h>

/* A thread's own: made once, since making one costs more than the hash. */
struct contexts {
	EVP_MAC_CTX *hmac; /* knows its digest; each use sets a key */
	EVP_MD_CTX *digest;
};

static EVP_MAC *mac;
static EVP_MD *sha1;
static EVP_MD *md5; /* may be missing */
static pthread_key_t of_thread;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void require(bool ok)
{
	if (!ok) {
		log_event(LOG_LEVEL_ERROR, "openssl_failed",
			"reason=\"OpenSSL refuses HMAC-SHA256 or SHA-1; check its configuration\"");
		abort();
	}
}

static void free_contexts(void *of)
{
	struct contexts *const contexts = of;
	EVP_MAC_CTX_free(contexts->hmac);
	EVP_MD_CTX_free(contexts->digest);
	free(contexts);
}

static void fetch(void)
{
	mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
	md5 = EVP_MD_fetch(NULL, "MD5", NULL);
	require(mac != NULL && sha1 != NULL && pthread_key_create(&of_thread, free_contexts) == 0);
}

static struct contexts *contexts_new(void)
{
	char digest[] = "SHA256";
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_end(),
	};
	struct contexts *const contexts = malloc(sizeof(*contexts));
	require(contexts != NULL);
	contexts->hmac = EVP_MAC_CTX_new(mac);
	contexts->digest = EVP_MD_CTX_new();
	require(contexts->hmac != NULL && contexts->digest != NULL &&
			EVP_MAC_CTX_set_params(contexts->hmac, params) == 1 &&
			pthread_setspecific(of_thread, contexts) == 0);
	return contexts;
}

static struct contexts *contexts_of_thread(void)
{
	pthread_once(&once, fetch);
	struct contexts *const contexts = pthread_getspecific(of_thread);
	return contexts != NULL ? contexts : contexts_new();
}

void cln_hmac_sha256(struct cln_slice key, const struct cln_slice *parts, size_t count,
	unsigned char out[CLN_SIGNATURE_BYTES])
{
	EVP_MAC_CTX *const context = contexts_of_thread()->hmac;
	size_t len = 0;
	/* A NULL key would mean "the key of before". */
	const unsigned char *const key_bytes = (const unsigned char *)(key.len > 0 ? key.ptr : "");
	require(EVP_MAC_init(context, key_bytes, key.len, NULL) == 1);
	for (size_t i = 0; i < count; i++) {
		require(EVP_MAC_update(context, (const unsigned char *)parts[i].ptr, parts[i].len) == 1);
	}
	require(EVP_MAC_final(context, out, &len, CLN_SIGNATURE_BYTES) == 1);
}

void hmac_sha1(struct cln_slice bytes, unsigned char out[HMAC_SHA1_BYTES])
{
	EVP_MD_CTX *const context = contexts_of_thread()->digest;
	require(EVP_DigestInit_ex(context, sha1, NULL) == 1 &&
			EVP_DigestUpdate(context, bytes.ptr, bytes.len) == 1 &&
			EVP_DigestFinal_ex(context, out, NULL) == 1);
}

bool hmac_md5(struct cln_slice bytes, unsigned char out[HMAC_MD5_BYTES])
{
	pthread_once(&once, fetch);
	return md5 != NULL && EVP_Digest(bytes.ptr, bytes.len, out, NULL, md5, NULL) == 1;
}

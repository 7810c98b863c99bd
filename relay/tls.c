/* SPDX-License-Identifier: MIT
 *
 * See tls.h: certificates and keys, from files into a context. Whatever is wrong with one is told
 * in a sentence that names the file, since this is read by whoever renewed it in a hurry.
 */
#include "tls_private.h"

#include "base/log.h"
#include "base/xalloc.h"

#include "../wire/err.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ERROR_MAX 1024
#define DATE_MAX  sizeof("2026-01-02T03:04:05Z")

/* For TLS 1.2; all of 1.3's are good. */
#define CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20"

/* What is loaded at the moment, for one sentence about it. */
struct loading {
	SSL_CTX *context;
	const char *certificate_path;
	const char *key_path;
	X509 *certificate;
	EVP_PKEY *key;
	bool has_passphrase;
	int types[CONF_CERTIFICATES_MAX];
	size_t count;
	char error[ERROR_MAX];
};

__attribute__((format(printf, 2, 3))) static int explain(
	struct loading *loading, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(loading->error, sizeof(loading->error), format, args);
	va_end(args);
	return CLN_ERR_SYSTEM;
}

static const char *openssl_reason(void)
{
	const char *const reason = ERR_reason_error_string(ERR_peek_last_error());
	return reason != NULL ? reason : "unknown reason";
}

/* --- certificates --- */

static int explain_certificate(struct loading *loading, const char *path)
{
	return explain(loading,
		"%s holds no certificate that can be read; it should begin with -----BEGIN "
		"CERTIFICATE----- "
		"(PEM).",
		path);
}

static const char *type_name(int type)
{
	const char *const name = OBJ_nid2sn(type);
	return type == EVP_PKEY_RSA ? "RSA" : type == EVP_PKEY_EC ? "ECDSA" : name;
}

static int use_certificate(struct loading *loading)
{
	const int type = EVP_PKEY_base_id(X509_get0_pubkey(loading->certificate));
	for (size_t i = 0; i < loading->count; i++) {
		if (loading->types[i] == type) {
			return explain(loading,
				"%s is the second certificate of type %s; name one of each type, with all host "
				"names in it.",
				loading->certificate_path, type_name(type));
		}
	}
	loading->types[loading->count++] = type;
	if (SSL_CTX_use_certificate(loading->context, loading->certificate) != 1) {
		return explain(loading, "OpenSSL does not take the certificate in %s: %s.",
			loading->certificate_path, openssl_reason());
	}
	return CLN_OK;
}

/* What follows the certificate in its file. */
static int read_chain(struct loading *loading, FILE *file)
{
	X509 *authority;
	while ((authority = PEM_read_X509(file, NULL, NULL, NULL)) != NULL) {
		if (SSL_CTX_add0_chain_cert(loading->context, authority) != 1) {
			X509_free(authority);
			return explain(loading, "OpenSSL does not take the chain in %s: %s.",
				loading->certificate_path, openssl_reason());
		}
	}
	if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) {
		return explain(
			loading, "The chain in %s is broken: %s.", loading->certificate_path, openssl_reason());
	}
	ERR_clear_error(); /* the end of the file */
	return CLN_OK;
}

static int read_certificate(struct loading *loading)
{
	FILE *const file = fopen(loading->certificate_path, "re");
	if (file == NULL) {
		return explain(
			loading, "%s can't be read: %s.", loading->certificate_path, strerror(errno));
	}
	int result;
	loading->certificate = PEM_read_X509(file, NULL, NULL, NULL);
	if (loading->certificate == NULL) {
		result = explain_certificate(loading, loading->certificate_path);
	} else {
		result = use_certificate(loading);
		result = result == CLN_OK ? read_chain(loading, file) : result;
	}
	fclose(file);
	return result;
}

static void print_date(const ASN1_TIME *time, char out[DATE_MAX])
{
	struct tm utc = {0};
	if (ASN1_TIME_to_tm(time, &utc) != 1 ||
		strftime(out, DATE_MAX, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0) {
		snprintf(out, DATE_MAX, "unknown");
	}
}

static void log_certificate(const struct loading *loading)
{
	const X509 *const certificate = loading->certificate;
	const ASN1_TIME *const end = X509_get0_notAfter(certificate);
	char date[DATE_MAX];
	print_date(end, date);
	log_event(LOG_LEVEL_INFO, "certificate", "file=%s type=%s not_after=%s",
		loading->certificate_path, type_name(loading->types[loading->count - 1]), date);
	const char *const reason = X509_cmp_current_time(end) < 0 ? "it has expired; renew it"
							   : X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0
								   ? "it is not valid yet; look at the clock"
								   : NULL;
	if (reason != NULL) {
		log_event(LOG_LEVEL_WARN, "certificate_date", "file=%s reason=\"%s\"",
			loading->certificate_path, reason);
	}
}

/* --- keys --- */

/* Nobody is there to be asked. */
static int on_passphrase(char *out, int cap, int is_writing, void *context)
{
	struct loading *const loading = context;
	(void)out;
	(void)cap;
	(void)is_writing;
	loading->has_passphrase = true;
	return -1;
}

static int use_key(struct loading *loading)
{
	if (X509_check_private_key(loading->certificate, loading->key) != 1) {
		return explain(loading,
			"The key in %s does not belong to the certificate in %s; name them in the same order.",
			loading->key_path, loading->certificate_path);
	}
	if (SSL_CTX_use_PrivateKey(loading->context, loading->key) != 1) {
		return explain(loading, "OpenSSL does not take the key in %s: %s.", loading->key_path,
			openssl_reason());
	}
	return CLN_OK;
}

static int read_key(struct loading *loading)
{
	FILE *const file = fopen(loading->key_path, "re");
	if (file == NULL) {
		return explain(loading, "%s can't be read: %s.", loading->key_path, strerror(errno));
	}
	loading->key = PEM_read_PrivateKey(file, NULL, on_passphrase, loading);
	fclose(file);
	if (loading->key != NULL) {
		return use_key(loading);
	}
	if (loading->has_passphrase) {
		return explain(loading,
			"The key in %s is locked by a passphrase; store it without one, readable for the "
			"relay's user only.",
			loading->key_path);
	}
	return explain(loading,
		"%s holds no private key that can be read; it should begin with -----BEGIN PRIVATE "
		"KEY----- "
		"(PEM).",
		loading->key_path);
}

static int load_pair(struct loading *loading, const char *certificate_path, const char *key_path)
{
	loading->certificate_path = certificate_path;
	loading->key_path = key_path;
	int result = read_certificate(loading);
	result = result == CLN_OK ? read_key(loading) : result;
	if (result == CLN_OK) {
		log_certificate(loading);
	}
	X509_free(loading->certificate);
	EVP_PKEY_free(loading->key);
	loading->certificate = NULL;
	loading->key = NULL;
	return result;
}

/* --- contexts --- */

/* Clients that offer protocols, but none that is spoken here, are told so. */
static int on_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len,
	const unsigned char *in, unsigned in_len, void *context)
{
	static const unsigned char ours[] = "\x08http/1.1";
	(void)ssl;
	(void)context;
	unsigned char *selected;
	if (SSL_select_next_proto(&selected, out_len, ours, sizeof(ours) - 1, in, in_len) !=
		OPENSSL_NPN_NEGOTIATED) {
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	}
	*out = selected;
	return SSL_TLSEXT_ERR_OK;
}

static bool set_options(SSL_CTX *context)
{
	static const unsigned char id[] = "clairon";
	long options = SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_PRIORITIZE_CHACHA |
				   SSL_OP_CIPHER_SERVER_PREFERENCE;
	SSL_CTX_set_options(context, options);
	SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_read_ahead(context, 1);
	/* Tickets hold the sessions, so that workers need no common cache. */
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(context, 1);
	SSL_CTX_set_alpn_select_cb(context, on_alpn, NULL);
	return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
		   SSL_CTX_set_cipher_list(context, CIPHERS) == 1 &&
		   SSL_CTX_set_session_id_context(context, id, sizeof(id) - 1) == 1;
}

/* NULL, and the reason in `loading`. */
static SSL_CTX *load(const struct conf *conf, struct loading *loading)
{
	ERR_clear_error();
	loading->context = SSL_CTX_new(TLS_server_method());
	if (loading->context == NULL || !set_options(loading->context)) {
		explain(loading, "OpenSSL does not start: %s.", openssl_reason());
		SSL_CTX_free(loading->context);
		return NULL;
	}
	for (size_t i = 0; i < conf->tls_certificate_count; i++) {
		if (load_pair(loading, conf->tls_certificate[i], conf->tls_key[i]) != CLN_OK) {
			ERR_clear_error();
			SSL_CTX_free(loading->context);
			return NULL;
		}
	}
	return loading->context;
}

struct tls *tls_new(const struct conf *conf)
{
	struct loading loading = {0};
	SSL_CTX *const context = load(conf, &loading);
	if (context == NULL) {
		log_event(LOG_LEVEL_ERROR, "tls_failed", "reason=\"%s\"", loading.error);
		return NULL;
	}
	struct tls *const tls = xcalloc(1, sizeof(*tls));
	pthread_mutex_init(&tls->lock, NULL);
	tls->context = context;
	tls->socket_type = tls_socket_type();
	if (tls->socket_type == NULL) {
		log_event(LOG_LEVEL_ERROR, "tls_failed", "reason=\"OpenSSL has no memory\"");
		tls_free(tls);
		return NULL;
	}
	return tls;
}

int tls_reload(struct tls *tls, const struct conf *conf)
{
	struct loading loading = {0};
	SSL_CTX *const context = load(conf, &loading);
	if (context == NULL) {
		log_event(LOG_LEVEL_ERROR, "tls_failed",
			"reason=\"%s\" effect=\"the former certificates stay in use\"", loading.error);
		return CLN_ERR_SYSTEM;
	}
	pthread_mutex_lock(&tls->lock);
	SSL_CTX *const former = tls->context;
	tls->context = context;
	pthread_mutex_unlock(&tls->lock);
	SSL_CTX_free(former); /* lives on in its connections */
	log_event(LOG_LEVEL_INFO, "tls_reloaded", "certificates=%zu", loading.count);
	return CLN_OK;
}

void tls_free(struct tls *tls)
{
	SSL_CTX_free(tls->context);
	BIO_meth_free(tls->socket_type);
	pthread_mutex_destroy(&tls->lock);
	free(tls);
}

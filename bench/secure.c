/* SPDX-License-Identifier: MIT
 *
 * See secure.h. Anything that goes wrong ends the program.
 */
#include "secure.h"

#include <err.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#define REASON_BYTES 256

/* The tags exist for the compiler only: they are OpenSSL's own objects. */
static SSL *ssl_of(struct secure *secure)
{
	return (SSL *)secure;
}

static void fail(const char *what)
{
	char reason[REASON_BYTES];

	ERR_error_string_n(ERR_get_error(), reason, sizeof reason);
	errx(1, "%s: %s", what, reason);
}

struct secure_context *secure_context_new(void)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());

	if (!context)
		fail("TLS");
	SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	return (struct secure_context *)context;
}

struct secure *secure_new(struct secure_context *context, int fd)
{
	SSL *ssl = SSL_new((SSL_CTX *)context);

	if (!ssl || SSL_set_fd(ssl, fd) != 1)
		fail("TLS");
	SSL_set_connect_state(ssl);
	return (struct secure *)ssl;
}

void secure_free(struct secure *secure)
{
	SSL_free(ssl_of(secure));
}

/* Nothing as yet, or the end. */
static ssize_t result(struct secure *secure, int returned, const char *what)
{
	switch (SSL_get_error(ssl_of(secure), returned)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		errno = EAGAIN;
		return -1;
	case SSL_ERROR_ZERO_RETURN:
		return 0;
	}
	fail(what);
	return -1;
}

bool secure_handshake(struct secure *secure)
{
	const int returned = SSL_do_handshake(ssl_of(secure));

	if (returned == 1)
		return true;
	if (result(secure, returned, "TLS handshake") == 0)
		errx(1, "TLS handshake: the server closed the connection");
	return false;
}

ssize_t secure_read(struct secure *secure, void *bytes, size_t len)
{
	const int n = SSL_read(ssl_of(secure), bytes, (int)len);

	return n > 0 ? n : result(secure, n, "TLS read");
}

ssize_t secure_send(struct secure *secure, const void *bytes, size_t len)
{
	const int n = SSL_write(ssl_of(secure), bytes, (int)len);

	return n > 0 ? n : result(secure, n, "TLS write");
}

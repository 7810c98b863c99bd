/* SPDX-License-Identifier: MIT
 *
 * Between tls.c (contexts) and tls_stream.c (connections); nobody else includes it.
 */
#ifndef TLS_PRIVATE_H
#define TLS_PRIVATE_H

#include "tls.h"

#include <openssl/ssl.h>
#include <pthread.h>

struct tls {
	pthread_mutex_t lock;    /* over `context` */
	SSL_CTX *context;        /* one reference; every connection has its own */
	BIO_METHOD *socket_type; /* of all connections, until tls_free() */
};

/* NULL if there is no memory. */
BIO_METHOD *tls_socket_type(void);

#endif

/* SPDX-License-Identifier: MIT
 *
 * TLS on a client's connection, by OpenSSL. Certificates are not looked at: the server is our own.
 */
#ifndef BENCH_SECURE_H
#define BENCH_SECURE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct secure;
struct secure_context;

struct secure_context *secure_context_new(void);

struct secure *secure_new(struct secure_context *context, int fd);
void secure_free(struct secure *secure); /* NULL is fine */

/* Goes on with the handshake; true once it is done. */
bool secure_handshake(struct secure *secure);

/* As read() and send(): -1 with errno EAGAIN if there is nothing as yet. */
ssize_t secure_read(struct secure *secure, void *bytes, size_t len);
ssize_t secure_send(struct secure *secure, const void *bytes, size_t len);

#endif

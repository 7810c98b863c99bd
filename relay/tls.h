/* SPDX-License-Identifier: MIT
 *
 * TLS for accepted connections, by OpenSSL: version 1.2 and up, no renegotiation, no compression,
 * http/1.1 as the only protocol offered. tls.c loads certificates and keys into a context, which
 * can be replaced while connections go on; tls_stream.c is the layer of one connection.
 *
 * An idle connection holds OpenSSL's state without its record buffers, and nothing else.
 */
#ifndef TLS_H
#define TLS_H

#include "conf.h"
#include "conn.h"

struct tls;

/* With tls_certificate and tls_key of `conf`. NULL, with the reason in the log, if one of them
 * can't be used. */
struct tls *tls_new(const struct conf *conf);
/* Reads the files again: connections that come from now on get what is in them. CLN_ERR_SYSTEM,
 * with the reason in the log, if one can't be used; then nothing has changed. Any one thread at a
 * time, while workers accept. */
int tls_reload(struct tls *tls, const struct conf *conf);
/* After the last connection. */
void tls_free(struct tls *tls);

/* Makes a connection that was just accepted speak TLS beneath its owner. Any thread.
 * CLN_ERR_SYSTEM if OpenSSL has no memory: the connection is for closing. */
int tls_accept(struct tls *tls, struct conn *conn);

#endif

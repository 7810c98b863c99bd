/* SPDX-License-Identifier: MIT
 *
 * What may stand between a connection and its socket, for those who provide it (tls.c, proxy.c),
 * and what a proxy may say of the peer. All of it is in struct conn_extra, one allocation that
 * plain connections don't have.
 *
 * A layer turns the socket's bytes into the owner's and back. It belongs to the connection, which
 * frees it; it moves along when the connection is taken apart, so it keeps no pointer to a
 * connection or a loop between calls.
 */
#ifndef CONN_LAYER_H
#define CONN_LAYER_H

#include "conn.h"

#include <netinet/in.h>
#include <sys/types.h>

struct conn_layer;

struct conn_layer_ops {
	/* As recv(): bytes, 0 at the end, -1 with errno. EAGAIN: nothing more is there now. It may
	 * replace or drop the layer and then ask by EINTR to be called again. */
	ssize_t (*receive)(struct conn_layer *layer, struct conn *conn, char *bytes, size_t cap);
	/* As send(). What is taken counts as sent, also while some of it is in the layer still. NULL:
	 * nothing can be sent yet. */
	ssize_t (*send)(struct conn_layer *layer, struct conn *conn, const char *bytes, size_t len);
	/* Hands the layer's own bytes to the kernel. 0, or -1 with errno: EAGAIN while some are left.
	 * NULL: it never has any. */
	int (*flush)(struct conn_layer *layer, struct conn *conn);
	/* The last word before FIN; flush() follows. NULL: there is none. */
	void (*finish)(struct conn_layer *layer, struct conn *conn);
	/* The connection closes, whoever wanted it: for counting what did not come to its end. */
	void (*on_close)(struct conn_layer *layer, struct conn *conn);
	void (*free)(struct conn_layer *layer);
};

/* Embedded in the layer's own state. */
struct conn_layer {
	const struct conn_layer_ops *ops;
	uint32_t output; /* bytes that flush() is to send */
	bool is_ready;   /* the owner's bytes can pass in both directions */
	bool is_secure;
};

/* Takes `layer` over, in front of the socket; a former one is not freed but returned. NULL: the
 * connection is plain (again). */
struct conn_layer *conn_set_layer(struct conn *conn, struct conn_layer *layer);

/* An IPv6 address, or an IPv4 one mapped into it. */
struct conn_address {
	struct in6_addr ip;
	uint16_t port; /* 0: not known */
};

struct conn_origin {
	struct conn_address address;
	bool has_address;
	bool is_secure;
};

/* The peer at the other end of the socket. False if it has no IP address. */
bool conn_socket_address(const struct conn *conn, struct conn_address *address);

/* The peer is a trusted proxy: conn_is_proxied() from now on. */
void conn_trust(struct conn *conn);
bool conn_is_proxied(const struct conn *conn);
/* What the proxy said of the whole connection (PROXY header) or of one request (X-Forwarded-...,
 * NULL: nothing; the connection's counts again). Only after conn_trust(). */
void conn_set_origin(struct conn *conn, const struct conn_origin *origin);
void conn_set_forwarded(struct conn *conn, const struct conn_origin *origin);
/* The PROXY header's word; NULL if there is none. */
const struct conn_origin *conn_origin(const struct conn *conn);

#endif

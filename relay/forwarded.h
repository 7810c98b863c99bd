/* SPDX-License-Identifier: MIT
 *
 * What HTTP proxies say of a request: X-Forwarded-For and X-Forwarded-Proto. Believed as far as
 * the chain of trusted proxies reaches; anybody may write such headers.
 */
#ifndef FORWARDED_H
#define FORWARDED_H

#include "http.h"
#include "proxy.h"

/* For each request, since one connection of a proxy carries those of many clients: from now on
 * conn_peer() and conn_is_secure() tell of the client. Does nothing if the peer is no trusted
 * proxy. */
void forwarded_apply(
	const struct proxy_list *list, struct conn *conn, const struct http_request *request);

#endif

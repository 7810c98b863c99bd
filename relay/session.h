/* SPDX-License-Identifier: MIT
 *
 * A client's WebSocket that speaks Pusher: its socket id, rates, idle probing and closing. What
 * its messages mean is pusher.c; who gets what is hub.c.
 */
#ifndef SESSION_H
#define SESSION_H

#include "conn.h"
#include "http.h"
#include "hub.h"

/* The router's whole answer to a request with is_upgrade, whatever its path: checks the upgrade,
 * completes it and opens a session on /app/KEY or /pusher/app/KEY; a request that can't be served
 * is upgraded all the same and closed with its code (4000 tls_only, 4001 unknown key, 4003
 * disabled, 4004 quota, 4005 other path, 4007 protocol, 4009 origin, 4100 over capacity, 4200
 * draining), since browsers can't see HTTP statuses here. */
void session_upgrade(struct hub *hub, struct conn *conn, const struct http_request *request);

/* What a session needs of its connection's room. */
size_t session_bytes(void);

#endif

/* SPDX-License-Identifier: MIT
 *
 * pusher-js's HTTP fallbacks, xhr_streaming and xhr_polling: sessions for browsers whose WebSockets
 * a proxy eats. What a session means is session.c, as for WebSockets; here are the requests that
 * carry it. Own thread only.
 *
 * A session lives at the worker that its name hashes to; requests that arrive elsewhere move there
 * with their connection. Nothing but the name, 50 random bits drawn by the client, says whose a
 * session is: who knows it can take the session over, which the former receiver is told (2010).
 */
#ifndef XHR_H
#define XHR_H

#include "http.h"
#include "hub.h"

struct xhr_hub; /* a worker's sessions */

struct xhr_hub *xhr_hub_new(struct hub *hub);
/* Where connections that came from another worker are served: as http_accept()'s. Before the loop
 * runs; all is borrowed. */
void xhr_hub_serve(
	struct xhr_hub *xhrs, const struct http_limits *limits, http_router_fn router, void *context);
/* Ends all sessions; after the loop has ended. */
void xhr_hub_stop(struct xhr_hub *xhrs);
void xhr_hub_free(struct xhr_hub *xhrs);

/* The whole answer to a request, now or later. False: its path is none of the fallbacks'. */
bool xhr_request(struct hub *hub, struct conn *conn, const struct http_request *request);

#endif

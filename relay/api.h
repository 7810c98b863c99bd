/* SPDX-License-Identifier: MIT
 *
 * The HTTP API (Pusher docs, "HTTP API"): publishing, and questions about channels and users, at
 * /apps/APP_ID/... on the clients' port. Requests are signed with the application's secret.
 */
#ifndef API_H
#define API_H

#include "http.h"

struct hub;

/* Whether a request's path is one of the API's; anything may stand in front of "/apps/". */
bool api_is_path(struct cln_slice path);

/* Answers the request, at once or later. */
void api_request(struct hub *hub, struct conn *conn, const struct http_request *request);

#endif

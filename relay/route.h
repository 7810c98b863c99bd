/* SPDX-License-Identifier: MIT
 *
 * Who answers an HTTP request: one table of endpoints. One router per worker, used on its thread.
 */
#ifndef ROUTE_H
#define ROUTE_H

#include "http.h"
#include "hub.h"
#include "proxy.h"

#include <stdatomic.h>

struct router {
	struct hub *hub;
	const struct hub_shared *shared;
	const struct conf *conf;
	const struct proxy_list *proxies;
	const atomic_bool *is_draining;
};

/* A http_router_fn; `context` is the worker's struct router. */
void route_request(struct conn *conn, struct http_request *request, void *context);

#endif

/* SPDX-License-Identifier: MIT
 *
 * The table of endpoints. Every upgrade goes to the session module, which answers wrong paths in
 * the way that a browser can see; the HTTP fallbacks and the HTTP API know their own paths;
 * everything else is plain HTTP with a sentence for an answer.
 */
#include "route.h"

#include "api.h"
#include "forwarded.h"
#include "session.h"
#include "xhr.h"

#define TEXT "text/plain; charset=utf-8"
#define JSON "application/json"

typedef void (*endpoint_fn)(
	const struct router *router, struct conn *conn, const struct http_request *request);

struct endpoint {
	struct cln_slice path;
	bool is_prefix;
	endpoint_fn answer;
};

static const char *why_not_ready(const struct router *router)
{
	if (atomic_load(router->is_draining)) {
		return "{\"status\":\"not ready\",\"reason\":\"the relay is shutting down\"}\n";
	}
	if (hub_shared_is_ready(router->shared)) {
		return NULL;
	}
	return router->conf->engine == CONF_ENGINE_REDIS
			   ? "{\"status\":\"not ready\",\"reason\":\"no connection to Redis\"}\n"
			   : "{\"status\":\"not ready\",\"reason\":\"the workers are starting\"}\n";
}

/* Live as long as it answers; ready (?ready=1) only while messages flow. */
static void answer_up(
	const struct router *router, struct conn *conn, const struct http_request *request)
{
	char ready[4];
	const bool asks_ready = http_query(request, "ready", ready, sizeof(ready)) && ready[0] == '1';
	const char *reason = asks_ready ? why_not_ready(router) : NULL;
	if (reason != NULL) {
		http_respond(conn, 503, JSON, cln_slice_of(reason));
	} else {
		http_respond(conn, 200, JSON, CLN_SLICE("{\"status\":\"ok\"}\n"));
	}
}

static void answer_app(
	const struct router *router, struct conn *conn, const struct http_request *request)
{
	(void)router;
	(void)request;
	http_respond(conn, 426, TEXT,
		CLN_SLICE("This address speaks WebSocket; connect to it with a Pusher client.\n"));
}

static const struct endpoint endpoints[] = {
	{{"/up", 3}, false, answer_up},
	{{"/app/", 5}, true, answer_app},
};

static bool is_match(const struct endpoint *endpoint, struct cln_slice path)
{
	return endpoint->is_prefix ? cln_slice_starts(path, endpoint->path)
							   : cln_slice_equal(path, endpoint->path);
}

static bool is_reading(struct cln_slice method)
{
	return cln_slice_equal(method, CLN_SLICE("GET")) || cln_slice_equal(method, CLN_SLICE("HEAD"));
}

/* HTTP/2 is offered to every server by some clients, and not taken here. */
static bool is_offer_of_http2(const struct http_request *request)
{
	const struct http_header *const upgrade = http_find(request, "Upgrade");
	return upgrade != NULL && cln_slice_equal(upgrade->value, CLN_SLICE("h2c"));
}

void route_request(struct conn *conn, struct http_request *request, void *context)
{
	const struct router *router = context;
	forwarded_apply(router->proxies, conn, request);
	const bool is_api = api_is_path(request->path);
	const bool may_pass_over = is_api || is_reading(request->method);
	if (request->is_upgrade && !(may_pass_over && is_offer_of_http2(request))) {
		session_upgrade(router->hub, conn, request);
		return;
	}
	if (is_api) {
		api_request(router->hub, conn, request);
		return;
	}
	if (xhr_request(router->hub, conn, request)) {
		return;
	}
	for (size_t i = 0; i < sizeof(endpoints) / sizeof(endpoints[0]); i++) {
		if (!is_match(&endpoints[i], request->path)) {
			continue;
		}
		if (is_reading(request->method)) {
			endpoints[i].answer(router, conn, request);
		} else {
			http_respond_with(conn, 405, "Allow: GET, HEAD\r\n", TEXT,
				CLN_SLICE("This address answers GET and HEAD only.\n"));
		}
		return;
	}
	http_respond(conn, 404, TEXT,
		CLN_SLICE("Nothing is here: clients connect by WebSocket to /app/KEY, the HTTP API is at "
				  "/apps/APP_ID/, /up tells the relay's health.\n"));
}

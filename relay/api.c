/* SPDX-License-Identifier: MIT
 *
 * From a path to an endpoint: one table. The application is found first, then the endpoint, then
 * the signature is checked; only what is signed is looked into.
 */
#include "api_private.h"
#include "api_sign.h"

#include <stdarg.h>
#include <stdio.h>

#define TEXT       "text/plain; charset=utf-8"
#define JSON       "application/json" /* exactly: some clients compare it */
#define REASON_MAX 1024
#define ALLOW_MAX  64
#define MS_PER_S   1000

/* --- answers --- */

static void count(struct hub *hub, unsigned status)
{
	hub->loop->metrics.api_requests++;
	if (status >= API_BAD_REQUEST)
		hub->loop->metrics.api_errors++;
}

static const char *type_of(unsigned status)
{
	return status == API_OK ? JSON : TEXT;
}

void api_answer(struct api_call *call, unsigned status, struct cln_slice body)
{
	count(call->hub, status);
	http_respond(call->conn, status, type_of(status), body);
}

void api_answer_later(
	struct hub *hub, struct http_ticket *ticket, unsigned status, struct cln_slice body)
{
	count(hub, status);
	http_ticket_respond(ticket, status, "", type_of(status), body);
}

void api_answer_refusal(struct api_call *call, const struct api_refusal *refusal)
{
	struct buf body = {0};
	buf_append_slice(&body, buf_slice(&refusal->reason));
	buf_append_byte(&body, '\n');
	api_answer(call, refusal->status, buf_slice(&body));
	buf_deinit(&body);
}

void api_answer_error(struct api_call *call, unsigned status, const char *format, ...)
{
	char text[REASON_MAX];
	va_list values;
	va_start(values, format);
	const int len = vsnprintf(text, sizeof(text) - 1, format, values);
	va_end(values);
	const size_t used = len < 0                          ? 0
						: (size_t)len < sizeof(text) - 2 ? (size_t)len
														 : sizeof(text) - 2;
	text[used] = '\n';
	api_answer(call, status, cln_slice(text, used + 1));
}

/* --- the table --- */

struct endpoint {
	const char *method;
	const char *allow;     /* the header field of a 405 */
	struct cln_slice head; /* behind /apps/ID/ */
	struct cln_slice tail;
	bool has_name;    /* between head and tail */
	bool has_slashes; /* in the name: ids of users may have any characters */
	void (*answer)(struct api_call *call);
};

#define WORD(literal)                                                                              \
	{                                                                                              \
		(literal), sizeof(literal) - 1                                                             \
	}
#define GET  "GET", "GET, HEAD"
#define POST "POST", "POST"

static const struct endpoint endpoints[] = {
	{POST, WORD("events"), WORD(""), false, false, api_post_event},
	{POST, WORD("batch_events"), WORD(""), false, false, api_post_batch},
	{GET, WORD("channels"), WORD(""), false, false, api_get_channels},
	{GET, WORD("channels/"), WORD(""), true, false, api_get_channel},
	{GET, WORD("channels/"), WORD("/users"), true, false, api_get_users},
	{GET, WORD("channels/"), WORD("/stats"), true, false, api_get_stats},
	{POST, WORD("channels/"), WORD("/events"), true, false, api_post_old_event},
	{POST, WORD("users/"), WORD("/terminate_connections"), true, true, api_terminate},
};

static bool ends(struct cln_slice text, struct cln_slice tail)
{
	return text.len >= tail.len && memcmp(text.ptr + text.len - tail.len, tail.ptr, tail.len) == 0;
}

/* Gives the name, raw. */
static bool is_match(const struct endpoint *endpoint, struct cln_slice rest, struct cln_slice *name)
{
	if (!endpoint->has_name)
		return cln_slice_equal(rest, endpoint->head);
	const size_t around = endpoint->head.len + endpoint->tail.len;
	if (rest.len <= around || !cln_slice_starts(rest, endpoint->head) ||
		!ends(rest, endpoint->tail))
		return false;
	*name = cln_slice(rest.ptr + endpoint->head.len, rest.len - around);
	return endpoint->has_slashes || memchr(name->ptr, '/', name->len) == NULL;
}

static const struct endpoint *find_endpoint(struct cln_slice rest, struct cln_slice *name)
{
	for (size_t i = 0; i < sizeof(endpoints) / sizeof(endpoints[0]); i++) {
		if (is_match(&endpoints[i], rest, name))
			return &endpoints[i];
	}
	return NULL;
}

/* --- a request --- */

#define APPS "/apps/"

static const char *find_apps(struct cln_slice path)
{
	return path.len == 0 ? NULL : memmem(path.ptr, path.len, APPS, sizeof(APPS) - 1);
}

bool api_is_path(struct cln_slice path)
{
	return find_apps(path) != NULL;
}

/* Splits /apps/ID/REST; `rest` is empty if there is none. */
static struct cln_slice split_path(struct cln_slice path, struct cln_slice *rest)
{
	const struct cln_slice behind = cln_slice_from(path, sizeof(APPS) - 1);
	const char *const slash = memchr(behind.ptr, '/', behind.len);
	const size_t len = slash == NULL ? behind.len : (size_t)(slash - behind.ptr);
	*rest = slash == NULL ? cln_slice(behind.ptr, 0) : cln_slice_from(behind, len + 1);
	return cln_slice(behind.ptr, len);
}

static bool is_method(const struct endpoint *endpoint, struct cln_slice method)
{
	return cln_slice_equal(method, cln_slice_of(endpoint->method)) ||
		   (cln_slice_equal(method, CLN_SLICE("HEAD")) && strcmp(endpoint->method, "GET") == 0);
}

static void refuse_method(struct api_call *call, const struct endpoint *endpoint)
{
	char lines[ALLOW_MAX];
	snprintf(lines, sizeof(lines), "Allow: %s\r\n", endpoint->allow);
	count(call->hub, API_WRONG_METHOD);
	http_respond_with(call->conn, API_WRONG_METHOD, lines, TEXT,
		CLN_SLICE("This path of the HTTP API takes another method; the Allow field names it.\n"));
}

/* One line a second at most says to the operator that somebody's keys are wrong. */
static void log_refusal(struct api_call *call, struct cln_slice reason)
{
	char peer[CONN_PEER_MAX];
	char shown[LOG_QUOTED_MAX];
	conn_peer(call->conn, peer);
	log_quote(shown, reason);
	log_event_limited(&call->hub->log_refusals, call->hub->loop->now_ms, LOG_LEVEL_INFO,
		"api_refused", "app=%s peer=%s reason=\"%s\"", call->app->conf->id, peer, shown);
}

static bool is_signed(struct api_call *call)
{
	struct app_pair pairs[APP_PAIRS_MAX];
	const unsigned pair_count = app_pairs(call->app, pairs);
	const struct api_signed request = {
		.method = call->request->method,
		.path = call->path,
		.params = call->params,
		.body = call->request->body,
	};
	struct api_refusal refusal = {.status = API_UNAUTHORIZED};
	const bool is_good = api_sign_check(
		&request, pairs, pair_count, call->hub->loop->wall_ms / MS_PER_S, &refusal.reason);
	if (!is_good) {
		log_refusal(call, buf_slice(&refusal.reason));
		api_answer_refusal(call, &refusal);
	}
	buf_deinit(&refusal.reason);
	return is_good;
}

/* With a parsed query. */
static void answer(struct api_call *call, const struct endpoint *endpoint, struct cln_slice name)
{
	struct buf decoded = {0};
	if (!is_signed(call))
		return;
	if (!call->app->conf->enabled) {
		api_answer_error(call, API_FORBIDDEN, "The application is disabled (enabled = false).");
		return;
	}
	buf_reserve(&decoded, name.len + 1);
	decoded.len = api_percent_decode(name, decoded.bytes);
	call->name = buf_slice(&decoded);
	endpoint->answer(call);
	buf_deinit(&decoded);
}

/* Finds application and endpoint, or answers. */
static const struct endpoint *judge(struct api_call *call, struct cln_slice *name)
{
	struct cln_slice rest;
	const struct cln_slice id = split_path(call->path, &rest);
	call->app = app_list_by_id(&call->hub->apps, id);
	if (call->app == NULL) {
		api_answer_error(call, API_NOT_FOUND,
			"No application has this id: the path is /apps/APP_ID/..., check the id and whether "
			"this is the right server.");
		return NULL;
	}
	if (!call->app->conf->http_api) {
		api_answer_error(call, API_FORBIDDEN,
			"The HTTP API is switched off for this application (http_api = false).");
		return NULL;
	}
	const struct endpoint *const endpoint = find_endpoint(rest, name);
	if (endpoint == NULL) {
		api_answer_error(call, API_NOT_FOUND,
			"The HTTP API has no such path; there are events, batch_events, channels, "
			"channels/NAME, channels/NAME/users and users/ID/terminate_connections.");
	} else if (!is_method(endpoint, call->request->method)) {
		refuse_method(call, endpoint);
		return NULL;
	}
	return endpoint;
}

void api_request(struct hub *hub, struct conn *conn, const struct http_request *request)
{
	struct api_params params;
	const char *const apps = find_apps(request->path);
	const size_t prefix_len = (size_t)(apps - request->path.ptr);
	struct api_call call = {
		.hub = hub,
		.conn = conn,
		.request = request,
		.params = &params,
		.path = cln_slice_from(request->path, prefix_len),
	};
	struct cln_slice name = cln_slice(NULL, 0);
	const struct endpoint *const endpoint = judge(&call, &name);
	if (endpoint == NULL)
		return;
	if (api_params_init(&params, request->query))
		answer(&call, endpoint, name);
	else
		api_answer_error(
			&call, API_BAD_REQUEST, "The query has more than %d parameters.", API_PARAMS_MAX);
	api_params_deinit(&params);
}

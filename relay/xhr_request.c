/* SPDX-License-Identifier: MIT
 *
 * The requests of the HTTP fallbacks: who may come, which session they belong to, and the headers
 * of the answers.
 *
 * Any page may read the answers (no credentials are involved): one whose origin the application
 * does not allow has to learn that from the close code, as it would by WebSocket; a browser that
 * hides the answer would make the client try for ever.
 */
#include "xhr_private.h"

#define CORS "Access-Control-Allow-Origin: *\r\n"

const char xhr_headers[] = CORS "Cache-Control: no-store, no-transform\r\n"
								"X-Accel-Buffering: no\r\n";
const char xhr_content_type[] = "application/javascript; charset=utf-8";
const char xhr_text_type[] = "text/plain; charset=utf-8";

static void answer(struct conn *conn, unsigned status, const char *headers, const char *sentence)
{
	http_respond_with(conn, status, headers, xhr_text_type, cln_slice_of(sentence));
}

/* A browser asks before it sends JSON to another origin. */
static void answer_preflight(struct conn *conn)
{
	answer(conn, 204,
		CORS "Access-Control-Allow-Methods: POST\r\n"
			 "Access-Control-Allow-Headers: Content-Type\r\n"
			 "Access-Control-Max-Age: 86400\r\n",
		"");
}

/* The client has to see an open connection close. */
static void refuse(struct hub *hub, struct conn *conn, const struct http_request *request,
	const struct session_opening *opening)
{
	struct buf text = {0};
	session_note_refusal(hub, conn, request, opening);
	xhr_append_open(&text);
	xhr_append_close(&text, opening->code, cln_slice_of(opening->reason));
	http_respond_with(conn, 200, xhr_headers, xhr_content_type, buf_slice(&text));
	buf_deinit(&text);
}

#define SECOND_MS 1000

/* One connection can ask for any number of sessions: this worker's part of upgrade_rate, which
 * connections are paced by, bounds them. */
static bool is_too_fast(struct xhr_hub *xhrs)
{
	const struct loop *const loop = xhrs->hub->loop;
	const unsigned rate = loop->conf->upgrade_rate;
	if (loop->now_ms - xhrs->second_ms >= SECOND_MS) {
		xhrs->second_ms = loop->now_ms;
		xhrs->opened = 0;
	}
	xhrs->opened++;
	return rate != 0 && xhrs->opened > rate / loop->count + 1;
}

static void open_session(struct hub *hub, struct conn *conn, const struct http_request *request,
	const struct xhr_path *path)
{
	struct session_opening opening = {0};
	if (is_too_fast(hub->xhr)) {
		opening.code = PUSHER_OVER_CAPACITY;
		opening.reason = "Too many clients come at once";
	} else {
		session_judge(hub, conn, request, path->key, &opening);
	}
	if (opening.code != 0) {
		refuse(hub, conn, request, &opening);
		return;
	}
	struct xhr *const xhr = xhr_open(hub->xhr, path->name, &opening);
	xhr_receive(xhr, http_defer(conn), path->kind == XHR_STREAMING);
}

static bool is_off(struct hub *hub, struct cln_slice key)
{
	const struct app *const app = app_list_by_key(&hub->apps, key);
	return app != NULL && !app->conf->http_fallback;
}

static void handle(struct hub *hub, struct conn *conn, const struct http_request *request,
	const struct xhr_path *path)
{
	struct xhr *const xhr = xhr_find(hub->xhr, path->name);
	if (path->kind != XHR_SEND && xhr == NULL)
		open_session(hub, conn, request, path);
	else if (path->kind != XHR_SEND)
		xhr_receive(xhr, http_defer(conn), path->kind == XHR_STREAMING);
	else if (xhr == NULL)
		answer(conn, 404, xhr_headers, "No session has this name; connect anew.\n");
	else
		xhr_take(xhr, conn, request->body);
}

static unsigned home_of(const struct hub *hub, struct cln_slice name)
{
	const unsigned count = hub->shared->count;
	return count == 1 ? 0 : map_hash(name.ptr, name.len) % count;
}

bool xhr_request(struct hub *hub, struct conn *conn, const struct http_request *request)
{
	struct xhr_path path;
	if (!xhr_path_parse(request->path, &path))
		return false;
	const unsigned home = home_of(hub, path.name);
	if (cln_slice_equal(request->method, CLN_SLICE("OPTIONS"))) {
		answer_preflight(conn);
	} else if (!cln_slice_equal(request->method, CLN_SLICE("POST"))) {
		answer(conn, 405, "Allow: POST, OPTIONS\r\n", "This address answers POST only.\n");
	} else if (is_off(hub, path.key)) {
		answer(conn, 404, xhr_headers,
			"The application does not offer HTTP transports (http_fallback in the relay's "
			"configuration).\n");
	} else if (home != hub->index) {
		xhr_move(hub->xhr, home, conn, request);
		return true;
	} else {
		handle(hub, conn, request, &path);
	}
	hub->loop->metrics.xhr_requests++;
	return true;
}

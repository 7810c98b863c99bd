/* SPDX-License-Identifier: MIT
 *
 * See http.h. struct http lives from the connection's start until it is closed or taken over; an
 * answer is one frame, a streamed one is a frame per piece. Requests are handled in the order they
 * came, each before the next is looked at: what comes behind a request that waits for its answer
 * stays with the connection, which then is paused. As long as nothing comes, reading goes on, so
 * that the peer's end is seen.
 */
#include "http.h"

#include "base/buf.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "http_parse.h"

#include <assert.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>

#define LINGER_MS      1000
#define BACKLOG_BYTES  (1024 * 1024)
#define BACKLOG_AGE_MS 10000
#define DATE_MAX       sizeof("Thu, 01 Jan 1970 00:00:00 GMT")
#define MS_PER_S       1000
#define CHUNK_HEAD_MAX 20 /* a size in hexadecimal, CRLF */

#define STATUS_NO_CONTENT 204

struct http {
	struct wheel_timer timer; /* the request's end, or that of waiting for one */
	struct conn *conn;
	struct http_ticket *ticket; /* the request that waits for its answer, NULL if none does */
	const struct http_limits *limits;
	http_router_fn router;
	void *context;
	struct http_parse *parse;
	bool is_first;      /* no request was answered yet */
	bool has_begun;     /* the first byte of a request is here */
	bool is_routing;    /* within the router's call */
	bool is_answered;   /* this request */
	bool is_head;       /* its method is HEAD */
	bool is_keep_alive; /* after this answer */
	unsigned minor;     /* of its HTTP version */
};

/* Owned by whoever called http_defer(). */
struct http_ticket {
	struct http *http; /* NULL once the connection is gone */
	void (*on_gone)(void *user);
	void *user;
	bool is_begun;
	bool is_chunked;
};

/* The parser takes all it is given; kept is only what came, by one read, behind a request that
 * waits for its answer. */
static const struct conn_limits conn_limits = {
	.input_bytes = LOOP_READ_BYTES,
	.backlog_bytes = BACKLOG_BYTES,
	.backlog_age_ms = BACKLOG_AGE_MS,
};

static const struct {
	unsigned status;
	const char *phrase;
} phrases[] = {
	{200, "OK"},
	{202, "Accepted"},
	{204, "No Content"},
	{400, "Bad Request"},
	{401, "Unauthorized"},
	{403, "Forbidden"},
	{404, "Not Found"},
	{405, "Method Not Allowed"},
	{408, "Request Timeout"},
	{413, "Content Too Large"},
	{414, "URI Too Long"},
	{422, "Unprocessable Content"},
	{426, "Upgrade Required"},
	{429, "Too Many Requests"},
	{431, "Request Header Fields Too Large"},
	{500, "Internal Server Error"},
	{501, "Not Implemented"},
	{503, "Service Unavailable"},
	{505, "HTTP Version Not Supported"},
};

static const char *phrase_of(unsigned status)
{
	for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++) {
		if (phrases[i].status == status) {
			return phrases[i].phrase;
		}
	}
	return "Status";
}

static void print_date(int64_t wall_ms, char out[DATE_MAX])
{
	const time_t now = (time_t)(wall_ms / MS_PER_S);
	struct tm utc;
	gmtime_r(&now, &utc);
	strftime(out, DATE_MAX, "%a, %d %b %Y %H:%M:%S GMT", &utc);
}

static const char *connection_line(const struct http *http)
{
	if (!http->is_keep_alive) {
		return "Connection: close\r\n";
	}
	return http->minor == 0 ? "Connection: keep-alive\r\n" : "";
}

/* Up to the fields that tell the body's length. An answer with 204 has no body by definition. */
static void append_head(struct buf *text, const struct http *http, unsigned status,
	const char *header_lines, const char *content_type)
{
	char date[DATE_MAX];
	print_date(conn_loop(http->conn)->wall_ms, date);
	buf_appendf(text, "HTTP/1.1 %u %s\r\nDate: %s\r\n", status, phrase_of(status), date);
	if (status != STATUS_NO_CONTENT) {
		buf_appendf(text, "Content-Type: %s\r\n", content_type);
	}
	buf_appendf(text, "%s%s", connection_line(http), header_lines);
}

static void send_bytes(struct conn *conn, struct cln_slice bytes)
{
	struct frame *const frame = frame_copy(bytes);
	conn_send(conn, frame);
	frame_unref(frame);
}

static void respond(struct http *http, unsigned status, const char *header_lines,
	const char *content_type, struct cln_slice body)
{
	struct buf text = {0};
	append_head(&text, http, status, header_lines, content_type);
	if (status != STATUS_NO_CONTENT) {
		buf_appendf(&text, "Content-Length: %zu\r\n", body.len);
	}
	buf_append_slice(&text, CLN_SLICE("\r\n"));
	if (!http->is_head && status != STATUS_NO_CONTENT) {
		buf_append_slice(&text, body);
	}
	send_bytes(http->conn, buf_slice(&text));
	buf_deinit(&text);
	http->is_answered = true;
	conn_loop(http->conn)->metrics.http_requests++;
}

void http_respond_with(struct conn *conn, unsigned status, const char *header_lines,
	const char *content_type, struct cln_slice body)
{
	respond(conn_user(conn), status, header_lines, content_type, body);
}

void http_respond(
	struct conn *conn, unsigned status, const char *content_type, struct cln_slice body)
{
	http_respond_with(conn, status, "", content_type, body);
}

static void http_free(struct http *http)
{
	loop_timer_stop(conn_loop(http->conn), &http->timer);
	http_parse_free(http->parse);
	free(http);
}

/* Answers what is no request to hand on, and ends the connection. */
static void refuse(struct http *http, unsigned status, const char *reason)
{
	conn_loop(http->conn)->metrics.http_errors++;
	http->is_keep_alive = false;
	struct buf body = {0};
	buf_appendf(&body, "%s\n", reason);
	http_respond(http->conn, status, "text/plain; charset=utf-8", buf_slice(&body));
	buf_deinit(&body);
	conn_finish(http->conn, LINGER_MS);
}

static void on_timeout(struct wheel_timer *timer)
{
	struct http *const http = (struct http *)timer; /* its first member */
	if (conn_is_closing(http->conn) || conn_is_finishing(http->conn)) {
		return;
	}
	if (http->has_begun) {
		refuse(http, 408, "The request took too long to arrive.");
	} else {
		conn_finish(http->conn, LINGER_MS);
	}
}

static void set_timer(struct http *http, int64_t delay_ms)
{
	loop_timer_set(conn_loop(http->conn), &http->timer, delay_ms, on_timeout);
}

/* The request has its answer: on to the next. Returns whether there may be one. */
static bool finish_request(struct http *http)
{
	if (!http->is_keep_alive) {
		conn_finish(http->conn, LINGER_MS);
		return false;
	}
	http->is_first = false;
	http->has_begun = false;
	http->is_head = false;
	set_timer(http, http->limits->idle_timeout_ms);
	return true;
}

/* A whole request is there. Returns whether the connection still is ours to read from. */
static bool dispatch(struct http *http)
{
	struct conn *const conn = http->conn;
	struct http_request request;
	http_parse_request(http->parse, &request);
	http->is_head = cln_slice_equal(request.method, CLN_SLICE("HEAD"));
	http->is_keep_alive = request.is_keep_alive;
	http->minor = request.minor;
	http->is_answered = false;
	http->is_routing = true;
	http->router(conn, &request, http->context);
	http->is_routing = false;
	if (conn_user(conn) != http) {
		http_free(http); /* taken over */
		return false;
	}
	if (conn_is_closing(conn) || conn_is_finishing(conn)) {
		return false;
	}
	http_parse_reset(http->parse);
	if (http->ticket != NULL) {
		loop_timer_stop(conn_loop(conn), &http->timer); /* the ticket's owner looks after time */
		return true;
	}
	if (!http->is_answered) {
		http_respond(conn, 500, "text/plain; charset=utf-8",
			CLN_SLICE("The server has no answer to this request.\n"));
	}
	return finish_request(http);
}

static void send_continue(struct http *http)
{
	send_bytes(http->conn, CLN_SLICE("HTTP/1.1 100 Continue\r\n\r\n"));
}

/* The timer of the first request runs since the connection's start. */
static void begin(struct http *http)
{
	http->has_begun = true;
	if (!http->is_first) {
		set_timer(http, http->limits->request_timeout_ms);
	}
}

/* Something came behind the request that waits. Returns whether it may be a request. */
static bool wait_for_answer(struct http *http)
{
	if (!http->is_keep_alive) {
		return false;
	}
	conn_pause(http->conn);
	return true;
}

/* A TLS handshake begins with this byte, and no request does. */
static bool is_tls(const struct http *http, char first)
{
	return http->is_first && first == 0x16;
}

/* No answer in HTTP would be understood. */
static void turn_tls_away(struct conn *conn)
{
	char peer[CONN_PEER_MAX];
	struct loop *const loop = conn_loop(conn);
	loop->metrics.http_errors++;
	conn_peer(conn, peer);
	log_event_limited(&loop->log_peers, loop->now_ms, LOG_LEVEL_INFO, "http_refused",
		"peer=%s reason=\"a TLS handshake on a port without TLS; clients shall use ws:// here, or "
		"an address of listen_tls\"",
		peer);
	conn_close(conn);
}

static size_t on_data(struct conn *conn, char *bytes, size_t len)
{
	struct http *const http = conn_user(conn);
	size_t at = 0;
	while (at < len) {
		size_t used;
		if (http->ticket != NULL) {
			return wait_for_answer(http) ? at : len;
		}
		if (!http->has_begun && is_tls(http, bytes[at])) {
			turn_tls_away(conn);
			return len;
		}
		if (!http->has_begun) {
			begin(http);
		}
		const enum http_parse_result result =
			http_parse_feed(http->parse, bytes + at, len - at, &used);
		at += used;
		if (result == HTTP_PARSE_BAD) {
			refuse(http, http_parse_status(http->parse), http_parse_reason(http->parse));
			return len;
		}
		if (result == HTTP_PARSE_DONE && !dispatch(http)) {
			return at;
		}
		if (result == HTTP_PARSE_MORE && http_parse_wants_continue(http->parse)) {
			send_continue(http);
		}
	}
	return at;
}

/* Who waits for a whole answer may have closed its sending side only. Nobody does that who waits
 * for long: there the end of one side is the end. */
static void on_end(struct conn *conn)
{
	struct http *const http = conn_user(conn);
	const struct http_ticket *const ticket = http->ticket;
	if (ticket == NULL) {
		conn_finish(conn, LINGER_MS);
	} else if (ticket->is_begun || ticket->on_gone != NULL) {
		conn_close(conn);
	} else {
		http->is_keep_alive = false;
	}
}

static void on_closed(struct conn *conn)
{
	struct http *const http = conn_user(conn);
	struct http_ticket *const ticket = http->ticket;
	conn_loop(conn)->metrics.connections--;
	http_free(http);
	if (ticket != NULL) {
		ticket->http = NULL;
		if (ticket->on_gone != NULL) {
			ticket->on_gone(ticket->user);
		}
	}
}

static const struct conn_ops conn_ops = {
	.on_data = on_data,
	.on_end = on_end,
	.on_closed = on_closed,
};

/* The gauge of open connections is counted down by whoever owns the connection last: here, or by
 * the WebSocket that took it over. */
static struct conn *serve(struct http *http, struct conn *conn, const struct http_limits *limits,
	http_router_fn router, void *context)
{
	if (conn == NULL) {
		free(http);
		return NULL;
	}
	http->conn = conn;
	http->limits = limits;
	http->router = router;
	http->context = context;
	http->parse = http_parse_new(limits);
	http->is_first = true;
	set_timer(http, limits->request_timeout_ms);
	conn_loop(conn)->metrics.connections++;
	return conn;
}

struct conn *http_accept(struct loop *loop, int fd, const struct http_limits *limits,
	http_router_fn router, void *context)
{
	struct http *const http = xcalloc(1, sizeof(*http));
	struct conn *const conn =
		conn_new_with_room(loop, fd, limits->room_bytes, &conn_limits, &conn_ops, http);
	if (conn != NULL) {
		loop->metrics.connections_total++;
	}
	return serve(http, conn, limits, router, context);
}

struct conn *http_attach(struct loop *loop, const struct conn_parts *parts, struct cln_slice input,
	const struct http_limits *limits, http_router_fn router, void *context)
{
	struct http *const http = xcalloc(1, sizeof(*http));
	return serve(http, conn_attach(loop, parts, input, &conn_limits, &conn_ops, http), limits,
		router, context);
}

/* --- answers that come later --- */

struct http_ticket *http_defer(struct conn *conn)
{
	struct http *const http = conn_user(conn);
	assert(http->is_routing && !http->is_answered && http->ticket == NULL);
	http->ticket = xcalloc(1, sizeof(*http->ticket));
	http->ticket->http = http;
	return http->ticket;
}

void http_ticket_on_gone(struct http_ticket *ticket, void (*on_gone)(void *user), void *user)
{
	ticket->on_gone = on_gone;
	ticket->user = user;
}

struct conn *http_ticket_conn(const struct http_ticket *ticket)
{
	struct conn *const conn = ticket->http == NULL ? NULL : ticket->http->conn;
	return conn == NULL || conn_is_closing(conn) ? NULL : conn;
}

bool http_ticket_is_gone(const struct http_ticket *ticket)
{
	return http_ticket_conn(ticket) == NULL;
}

/* What came behind the request is read at the end of this turn, not within the caller's call. */
static void ticket_free(struct http_ticket *ticket)
{
	struct http *const http = ticket->http;
	free(ticket);
	if (http == NULL) {
		return;
	}
	http->ticket = NULL;
	http->is_answered = true;
	if (!http->is_routing && !conn_is_closing(http->conn) && finish_request(http)) {
		conn_resume(http->conn);
	}
}

void http_ticket_respond(struct http_ticket *ticket, unsigned status, const char *header_lines,
	const char *content_type, struct cln_slice body)
{
	assert(!ticket->is_begun);
	if (!http_ticket_is_gone(ticket)) {
		respond(ticket->http, status, header_lines, content_type, body);
	}
	ticket_free(ticket);
}

void http_ticket_begin(
	struct http_ticket *ticket, unsigned status, const char *header_lines, const char *content_type)
{
	assert(!ticket->is_begun);
	ticket->is_begun = true;
	if (http_ticket_is_gone(ticket)) {
		return;
	}
	struct http *const http = ticket->http;
	struct buf text = {0};
	ticket->is_chunked = http->minor > 0;
	http->is_keep_alive = http->is_keep_alive && ticket->is_chunked;
	append_head(&text, http, status, header_lines, content_type);
	buf_appendf(&text, "%s\r\n", ticket->is_chunked ? "Transfer-Encoding: chunked\r\n" : "");
	send_bytes(http->conn, buf_slice(&text));
	buf_deinit(&text);
	conn_loop(http->conn)->metrics.http_requests++;
}

void http_ticket_send(struct http_ticket *ticket, struct cln_slice piece)
{
	assert(ticket->is_begun);
	/* An empty chunk would be the last one. */
	if (http_ticket_is_gone(ticket) || ticket->http->is_head || piece.len == 0) {
		return;
	}
	if (!ticket->is_chunked) {
		send_bytes(ticket->http->conn, piece);
		return;
	}
	struct buf chunk = {0};
	buf_reserve(&chunk, piece.len + CHUNK_HEAD_MAX);
	buf_appendf(&chunk, "%zx\r\n", piece.len);
	buf_append_slice(&chunk, piece);
	buf_append_slice(&chunk, CLN_SLICE("\r\n"));
	send_bytes(ticket->http->conn, buf_slice(&chunk));
	buf_deinit(&chunk);
}

void http_ticket_end(struct http_ticket *ticket)
{
	assert(ticket->is_begun);
	if (!http_ticket_is_gone(ticket) && ticket->is_chunked && !ticket->http->is_head) {
		send_bytes(ticket->http->conn, CLN_SLICE("0\r\n\r\n"));
	}
	ticket_free(ticket);
}

void http_ticket_detach(struct http_ticket *ticket, struct conn_parts *parts, struct buf *rest)
{
	struct http *const http = ticket->http;
	struct conn *const conn = http->conn;
	assert(!http->is_routing && !ticket->is_begun && !conn_is_closing(conn));
	buf_append_slice(rest, conn_kept(conn));
	conn_detach(conn, parts);
	conn_loop(conn)->metrics.connections--;
	http_free(http);
	free(ticket);
}

/* --- the request --- */

const struct http_header *http_find(const struct http_request *request, const char *name)
{
	const size_t len = strlen(name);
	for (size_t i = 0; i < request->header_count; i++) {
		const struct cln_slice found = request->headers[i].name;
		if (found.len == len && strncasecmp(found.ptr, name, len) == 0) {
			return &request->headers[i];
		}
	}
	return NULL;
}

static int hex_value(char digit)
{
	if (digit >= '0' && digit <= '9') {
		return digit - '0';
	}
	const char lower = (char)(digit | 0x20);
	return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static bool query_decode(struct cln_slice text, char *out, size_t cap)
{
	size_t len = 0;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i] == '+' ? ' ' : text.ptr[i];
		if (c == '%') {
			const int high = text.len - i > 2 ? hex_value(text.ptr[i + 1]) : -1;
			const int low = high >= 0 ? hex_value(text.ptr[i + 2]) : -1;
			if (low < 0) {
				return false;
			}
			c = (char)(high << 4 | low);
			i += 2;
		}
		if (c == '\0' || cap - len < 2) {
			return false;
		}
		out[len++] = c;
	}
	out[len] = '\0';
	return true;
}

bool http_query(const struct http_request *request, const char *name, char *out, size_t cap)
{
	const struct cln_slice wanted = cln_slice_of(name);
	struct cln_slice rest = request->query;
	if (cap == 0) {
		return false;
	}
	while (rest.len > 0) {
		const char *const end = memchr(rest.ptr, '&', rest.len);
		const struct cln_slice pair =
			cln_slice(rest.ptr, end != NULL ? (size_t)(end - rest.ptr) : rest.len);
		rest = cln_slice_from(rest, pair.len + (end != NULL ? 1 : 0));
		const char *const equal = pair.len > 0 ? memchr(pair.ptr, '=', pair.len) : NULL;
		const size_t name_len = equal != NULL ? (size_t)(equal - pair.ptr) : pair.len;
		if (cln_slice_equal(cln_slice(pair.ptr, name_len), wanted)) {
			const size_t skip = name_len + (equal != NULL ? 1 : 0);
			return query_decode(cln_slice_from(pair, skip), out, cap);
		}
	}
	return false;
}

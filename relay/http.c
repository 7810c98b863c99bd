/* SPDX-License-Identifier: MIT
 *
 * See http.h. struct http lives from the connection's start until it is closed or taken over; an
 * answer is one frame. Requests are handled in the order they came, each before the next is read.
 */
#include "http.h"

#include "base/buf.h"
#include "base/xalloc.h"
#include "http_parse.h"

#include <stdlib.h>
#include <strings.h>
#include <time.h>

#define LINGER_MS      1000
#define BACKLOG_BYTES  (1024 * 1024)
#define BACKLOG_AGE_MS 10000
#define DATE_MAX       sizeof("Thu, 01 Jan 1970 00:00:00 GMT")
#define MS_PER_S       1000

struct http {
	struct wheel_timer timer; /* the request's end, or that of waiting for one */
	struct conn *conn;
	const struct http_limits *limits;
	http_router_fn router;
	void *context;
	struct http_parse *parse;
	bool is_first;      /* no request was answered yet */
	bool has_begun;     /* the first byte of a request is here */
	bool is_answered;   /* this request */
	bool is_head;       /* its method is HEAD */
	bool is_keep_alive; /* after this answer */
	unsigned minor;     /* of its HTTP version */
};

/* The parser takes all it is given, so nothing is ever kept. */
static const struct conn_limits conn_limits = {
	.input_bytes = 0,
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

void http_respond_with(struct conn *conn, unsigned status, const char *header_lines,
	const char *content_type, struct cln_slice body)
{
	struct http *const http = conn_user(conn);
	struct buf text = {0};
	char date[DATE_MAX];
	print_date(conn_loop(conn)->wall_ms, date);
	buf_appendf(&text,
		"HTTP/1.1 %u %s\r\nDate: %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n%s%s\r\n", status,
		phrase_of(status), date, content_type, body.len, connection_line(http), header_lines);
	if (!http->is_head) {
		buf_append_slice(&text, body);
	}
	struct frame *const frame = frame_copy(buf_slice(&text));
	conn_send(conn, frame);
	frame_unref(frame);
	buf_deinit(&text);
	http->is_answered = true;
	conn_loop(conn)->metrics.http_requests++;
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
	http->router(conn, &request, http->context);
	if (conn_user(conn) != http) {
		http_free(http); /* taken over */
		return false;
	}
	if (conn_is_closing(conn) || conn_is_finishing(conn)) {
		return false;
	}
	if (!http->is_answered) {
		http_respond(conn, 500, "text/plain; charset=utf-8",
			CLN_SLICE("The server has no answer to this request.\n"));
	}
	if (!http->is_keep_alive) {
		conn_finish(conn, LINGER_MS);
		return false;
	}
	http_parse_reset(http->parse);
	http->is_first = false;
	http->has_begun = false;
	http->is_head = false;
	set_timer(http, http->limits->idle_timeout_ms);
	return true;
}

static void send_continue(struct http *http)
{
	struct frame *const frame = frame_copy(CLN_SLICE("HTTP/1.1 100 Continue\r\n\r\n"));
	conn_send(http->conn, frame);
	frame_unref(frame);
}

/* The timer of the first request runs since the connection's start. */
static void begin(struct http *http)
{
	http->has_begun = true;
	if (!http->is_first) {
		set_timer(http, http->limits->request_timeout_ms);
	}
}

static size_t on_data(struct conn *conn, char *bytes, size_t len)
{
	struct http *const http = conn_user(conn);
	size_t at = 0;
	while (at < len) {
		size_t used;
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

static void on_end(struct conn *conn)
{
	conn_finish(conn, LINGER_MS);
}

static void on_closed(struct conn *conn)
{
	conn_loop(conn)->metrics.connections--;
	http_free(conn_user(conn));
}

static const struct conn_ops conn_ops = {
	.on_data = on_data,
	.on_end = on_end,
	.on_closed = on_closed,
};

/* The gauge of open connections is counted down by whoever owns the connection last: here, or by
 * the WebSocket that took it over. */
struct conn *http_accept(struct loop *loop, int fd, const struct http_limits *limits,
	http_router_fn router, void *context)
{
	struct http *const http = xcalloc(1, sizeof(*http));
	http->conn = conn_new(loop, fd, &conn_limits, &conn_ops, http);
	if (http->conn == NULL) {
		free(http);
		return NULL;
	}
	http->limits = limits;
	http->router = router;
	http->context = context;
	http->parse = http_parse_new(limits);
	http->is_first = true;
	set_timer(http, limits->request_timeout_ms);
	loop->metrics.connections++;
	loop->metrics.connections_total++;
	return http->conn;
}

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

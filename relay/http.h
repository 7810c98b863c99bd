/* SPDX-License-Identifier: MIT
 *
 * The HTTP/1.1 side of the one port, over llhttp or http_parser (relay/http_parse.c is the only
 * file that knows which). Reads one request after another from a connection, bounded by
 * `http_limits`, and hands each, whole, to the router. Answers malformed input itself: 400, 408,
 * 413, 414, 431, 501, 505 with a sentence as the body.
 */
#ifndef HTTP_H
#define HTTP_H

#include "base/buf.h"
#include "conn.h"

#define HTTP_HEADERS_MAX 64

struct http_header {
	struct cln_slice name;
	struct cln_slice value;
};

/* Borrowed for the duration of the router's call. */
struct http_request {
	struct cln_slice method;
	struct cln_slice path;  /* raw, without the query */
	struct cln_slice query; /* raw, without '?' */
	struct http_header headers[HTTP_HEADERS_MAX];
	size_t header_count;
	struct cln_slice body;
	bool is_keep_alive;
	bool is_upgrade;
	unsigned minor; /* HTTP/1.minor */
};

struct http_limits {
	size_t head_bytes;
	size_t body_bytes;
	int64_t
		request_timeout_ms;  /* from the connection's start, or the first byte of a later request */
	int64_t idle_timeout_ms; /* between requests */
	size_t room_bytes;       /* of its connections, for who takes them over: ws_room() */
};

typedef void (*http_router_fn)(struct conn *conn, struct http_request *request, void *context);

/* Makes `conn` speak HTTP. `limits` is borrowed. The router answers by http_respond() or takes the
 * connection over (ws_accept()) before it returns. */
struct conn *http_accept(struct loop *loop, int fd, const struct http_limits *limits,
	http_router_fn router, void *context);

/* NULL if there is none. Names compare without regard to case. */
const struct http_header *http_find(const struct http_request *request, const char *name);

/* The decoded value of a query parameter, in `out`; false if absent, malformed or too long. */
bool http_query(const struct http_request *request, const char *name, char *out, size_t cap);

/* The whole answer to the request that the router was called with; without the body if that is
 * HEAD. */
void http_respond(
	struct conn *conn, unsigned status, const char *content_type, struct cln_slice body);
/* With further header lines, each ended by CRLF. */
void http_respond_with(struct conn *conn, unsigned status, const char *header_lines,
	const char *content_type, struct cln_slice body);

/* --- answers that come later --- */

struct http_ticket;

/* For the request that the router was called with, instead of answering it: no later request is
 * looked at before the ticket is used, and no time-out ends the connection. It belongs to the
 * caller, on this worker's thread, also when the connection ends before. Using it within the
 * router's call is fine. */
struct http_ticket *http_defer(struct conn *conn);
/* Called once if the connection ends before the answer; the ticket stays the caller's. With it, or
 * once an answer in pieces has begun, a peer that closes its sending side counts as gone; without
 * it, such a peer still gets a whole answer. */
void http_ticket_on_gone(struct http_ticket *ticket, void (*on_gone)(void *user), void *user);
bool http_ticket_is_gone(const struct http_ticket *ticket);
struct conn *http_ticket_conn(const struct http_ticket *ticket); /* NULL when gone */
/* The whole answer, as http_respond_with(); nothing if the connection is gone. Frees the ticket. */
void http_ticket_respond(struct http_ticket *ticket, unsigned status, const char *header_lines,
	const char *content_type, struct cln_slice body);
/* An answer in pieces (chunked, or until the end of the connection for HTTP/1.0): begin once, send
 * any number of times, end once, which frees the ticket. */
void http_ticket_begin(struct http_ticket *ticket, unsigned status, const char *header_lines,
	const char *content_type);
void http_ticket_send(struct http_ticket *ticket, struct cln_slice piece);
void http_ticket_end(struct http_ticket *ticket);
/* No answer: takes the connection apart for another worker (conn_detach()) and frees the ticket.
 * What came behind the request is appended to `rest`. Not within the router's call, nor for a
 * connection that is gone or has something queued. */
void http_ticket_detach(struct http_ticket *ticket, struct conn_parts *parts, struct buf *rest);
/* As http_accept(), from such parts; `input` (copied) is read first. */
struct conn *http_attach(struct loop *loop, const struct conn_parts *parts, struct cln_slice input,
	const struct http_limits *limits, http_router_fn router, void *context);

#endif

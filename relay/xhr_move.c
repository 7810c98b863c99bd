/* SPDX-License-Identifier: MIT
 *
 * Requests that arrived at another worker than their session's move there with their connection:
 * the request is written out again and read there as if it had come by that way. A connection
 * leaves once the answers to former requests have been sent.
 */
#include "xhr_private.h"

#include <strings.h>

#define MOVE_RETRY_MS 8

/* First waits in xhr_hub.moves, then travels as mail. */
struct xhr_move {
	struct mail mail;
	TAILQ_ENTRY(xhr_move) link;
	struct http_ticket *ticket;
	struct xhr_hub *to;
	struct conn_parts parts;
	struct buf input;
};

static void move_free(struct xhr_move *move)
{
	buf_deinit(&move->input);
	free(move);
}

/* --- arriving --- */

static void on_arrival(struct loop *loop, struct mail *mail)
{
	struct xhr_move *const move = (struct xhr_move *)mail; /* its first member */
	struct xhr_hub *const xhrs = move->to;
	/* Failing that, the connection is closed, and the client comes again. */
	if (xhrs->is_stopped)
		conn_parts_close(&move->parts);
	else
		(void)http_attach(
			loop, &move->parts, buf_slice(&move->input), xhrs->limits, xhrs->router, xhrs->context);
	move_free(move);
}

/* --- leaving --- */

static bool is_named(const struct http_header *header, const char *name)
{
	return header->name.len == strlen(name) &&
		   strncasecmp(header->name.ptr, name, header->name.len) == 0;
}

/* The body stands behind it as it is, and nobody waits for a 100 any more. */
static bool is_kept(const struct http_header *header)
{
	return !is_named(header, "Transfer-Encoding") && !is_named(header, "Content-Length") &&
		   !is_named(header, "Expect");
}

static void write_request(struct buf *out, const struct http_request *request)
{
	buf_append_slice(out, request->method);
	buf_append_byte(out, ' ');
	buf_append_slice(out, request->path);
	if (request->query.len > 0)
		buf_append_byte(out, '?');
	buf_append_slice(out, request->query);
	buf_appendf(out, " HTTP/1.%u\r\n", request->minor);
	for (size_t i = 0; i < request->header_count; i++) {
		const struct http_header *const header = &request->headers[i];
		if (!is_kept(header))
			continue;
		buf_append_slice(out, header->name);
		buf_append_slice(out, CLN_SLICE(": "));
		buf_append_slice(out, header->value);
		buf_append_slice(out, CLN_SLICE("\r\n"));
	}
	buf_appendf(out, "Content-Length: %zu\r\n\r\n", request->body.len);
	buf_append_slice(out, request->body);
}

/* Returns whether it has been dealt with. */
static bool leave(struct xhr_hub *xhrs, struct xhr_move *move)
{
	const struct conn *const conn = http_ticket_conn(move->ticket);
	if (conn == NULL) {
		http_ticket_respond(move->ticket, 404, "", xhr_text_type, CLN_SLICE(""));
		TAILQ_REMOVE(&xhrs->moves, move, link);
		move_free(move);
		return true;
	}
	if (conn_backlog(conn) > 0)
		return false;
	http_ticket_detach(move->ticket, &move->parts, &move->input);
	TAILQ_REMOVE(&xhrs->moves, move, link);
	loop_post(move->to->hub->loop, &move->mail);
	return true;
}

static void on_timer(struct wheel_timer *timer)
{
	xhr_move_all((struct xhr_hub *)((char *)timer - offsetof(struct xhr_hub, move_timer)));
}

void xhr_move_all(struct xhr_hub *xhrs)
{
	struct xhr_move *move = TAILQ_FIRST(&xhrs->moves);
	bool is_all = true;
	while (move != NULL) {
		struct xhr_move *const next = TAILQ_NEXT(move, link);
		is_all = leave(xhrs, move) && is_all;
		move = next;
	}
	if (!is_all)
		loop_timer_set(xhrs->hub->loop, &xhrs->move_timer, MOVE_RETRY_MS, on_timer);
}

void xhr_move(
	struct xhr_hub *xhrs, unsigned worker, struct conn *conn, const struct http_request *request)
{
	struct xhr_move *const move = xcalloc(1, sizeof(*move));
	move->mail.deliver = on_arrival;
	move->to = xhrs->hub->shared->hubs[worker]->xhr;
	move->ticket = http_defer(conn);
	write_request(&move->input, request);
	TAILQ_INSERT_TAIL(&xhrs->moves, move, link);
	xhr_wake(xhrs);
}

void xhr_move_drop(struct xhr_hub *xhrs)
{
	struct xhr_move *move;
	loop_timer_stop(xhrs->hub->loop, &xhrs->move_timer);
	while ((move = TAILQ_FIRST(&xhrs->moves)) != NULL) {
		TAILQ_REMOVE(&xhrs->moves, move, link);
		http_ticket_respond(move->ticket, 503, "", xhr_text_type, CLN_SLICE(""));
		move_free(move);
	}
}

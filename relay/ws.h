/* SPDX-License-Identifier: MIT
 *
 * RFC 6455, server side: the upgrade, frames in and out, pings, the closing handshake. Knows
 * nothing of Pusher. The codec itself is ws_frame.h; this file joins it to a connection.
 *
 * Protocol errors close by themselves: 1002 framing, 1007 UTF-8, 1009 size, each sent before the
 * connection goes, after whatever was received before was handled. A close frame is answered by
 * the same code, an empty one by an empty one.
 *
 * permessage-deflate (RFC 7692) is agreed on if the client offers it and the limits allow it; then
 * ws_send() sends a compressed form that is made once per message and shared by all sockets.
 */
#ifndef WS_H
#define WS_H

#include "conn.h"
#include "http.h"
#include "ws_frame.h"

struct ws;

struct ws_ops {
	/* One whole message; text is valid UTF-8. Borrowed for the call. */
	void (*on_message)(struct ws *ws, enum ws_opcode opcode, struct cln_slice message);
	/* Any frame arrived, control frames included. May be NULL. */
	void (*on_activity)(struct ws *ws);
	/* The peer reads too slowly (see conn_ops.on_overflow). */
	void (*on_overflow)(struct ws *ws);
	/* The last call: `code` is the close code that went over the wire first, 1006 if none did. */
	void (*on_closed)(struct ws *ws, uint16_t code);
};

/* What WebSockets of one kind may do, and who hears of them. */
struct ws_limits {
	struct conn_limits conn;
	const struct ws_ops *ops;
	size_t message_bytes;        /* as sent and, if it was compressed, as inflated */
	unsigned fragments;          /* of one message */
	unsigned control_per_second; /* pings, pongs; more is 1008. At most 254; 0: no limit */
	int64_t close_timeout_ms;    /* for the peer's close frame and FIN */
	size_t compression_bytes;    /* shorter messages go out as they are. 0: no compression */
};

/* Whether `request` is a valid RFC 6455 upgrade (GET, HTTP/1.1, Upgrade, Connection, version 13,
 * a key of 16 bytes, extensions that can be read). If not, answers it (400, or 426 with
 * Sec-WebSocket-Version) and returns false. */
bool ws_check_upgrade(struct conn *conn, const struct http_request *request);

/* The room that a connection must have (http_limits.room_bytes) for a WebSocket whose owner keeps
 * `owner_bytes` with it. */
size_t ws_room(size_t owner_bytes);

/* Answers 101 and takes `conn` over from http. `limits` is borrowed and outlives the ws. */
struct ws *ws_accept(
	struct conn *conn, const struct http_request *request, const struct ws_limits *limits);

/* The owner's part of the room: zeroed at first, there until on_closed() has returned. */
void *ws_user(struct ws *ws);
struct ws *ws_of_user(void *user);
struct conn *ws_conn(struct ws *ws);
struct loop *ws_loop(struct ws *ws);

void ws_send(struct ws *ws, struct frame *frame); /* takes a reference; a finished frame */
void ws_send_all(struct ws *ws, const struct frame_run *run); /* as each of them, in one piece */
void ws_ping(struct ws *ws);
/* Sends a close frame behind what is queued, then waits for the peer's and closes. Messages that
 * arrive after this are dropped. `reason` at most 123 bytes; code 0 is an empty close frame. */
void ws_close(struct ws *ws, uint16_t code, struct cln_slice reason);
bool ws_is_closing(struct ws *ws);

#endif

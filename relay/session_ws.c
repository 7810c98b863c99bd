/* SPDX-License-Identifier: MIT
 *
 * Sessions over a WebSocket: hands what arrives to the session, and what the session says to the
 * socket. A session stands in its WebSocket's room and ends with it.
 */
#include "hub_private.h"
#include "session.h"
#include "ws.h"

#define SESSION_FRAGMENTS          1024 /* of one client message */
#define SESSION_CONTROL_PER_SECOND 50   /* some clients ping once a second */

/* --- what the socket says --- */

static void on_message(struct ws *ws, enum ws_opcode opcode, struct cln_slice message)
{
	struct session *const session = ws_user(ws);
	if (opcode == WS_TEXT)
		session_take(session, message);
	else
		session_close(session, WS_CLOSE_UNSUPPORTED,
			CLN_SLICE("Binary messages are no part of the protocol"));
}

static void on_activity(struct ws *ws)
{
	session_heard(ws_user(ws));
}

static void on_overflow(struct ws *ws)
{
	struct session *const session = ws_user(ws);
	if (session->is_leaving)
		return;
	conn_discard_unsent(ws_conn(ws));
	session_overflow(session);
}

static void on_closed(struct ws *ws, uint16_t code)
{
	(void)code;
	session_end(ws_user(ws));
}

const struct ws_ops session_ops = {
	.on_message = on_message,
	.on_activity = on_activity,
	.on_overflow = on_overflow,
	.on_closed = on_closed,
};

/* --- what the session says; a subscriber is the first member of its session --- */

/* Who is leaving gets nothing more: the WebSocket has its close frame. */

static void deliver(
	struct subscriber *subscriber, const struct channel *channel, struct frame *frame)
{
	(void)channel;
	ws_send(ws_of_user(subscriber), frame);
}

static void deliver_all(struct subscriber *subscriber, const struct frame_run *run)
{
	ws_send_all(ws_of_user(subscriber), run);
}

void session_say_goodbye(struct ws *ws, unsigned protocol, uint16_t code, struct cln_slice reason)
{
	if (protocol < SESSION_PROTOCOL_CLOSE_CODES) {
		ws_loop(ws)->metrics.pusher_errors++;
		struct frame *const frame = pusher_frame_error(code, reason);
		ws_send(ws, frame);
		frame_unref(frame);
	}
	ws_close(ws, code, reason);
}

static void leave(struct session *session, uint16_t code, struct cln_slice reason)
{
	session_say_goodbye(ws_of_user(session), session->protocol, code, reason);
}

static void probe(struct session *session)
{
	ws_ping(ws_of_user(session));
}

static void set_paused(struct session *session, bool is_paused)
{
	struct conn *const conn = ws_conn(ws_of_user(session));
	if (is_paused)
		conn_pause(conn);
	else
		conn_resume(conn);
}

static const struct session_transport transport = {
	.subscriber =
		{
			.deliver = deliver,
			.close = session_close_subscriber,
			.describe = session_describe,
			.deliver_all = deliver_all,
		},
	.leave = leave,
	.probe = probe,
	.set_paused = set_paused,
};

/* --- opening --- */

void session_limits_set(
	struct ws_limits *limits, const struct conf *conf, const struct conf_app *app)
{
	const size_t message = app != NULL ? app->message_bytes : WS_CONTROL_MAX;
	*limits = (struct ws_limits){
		.conn =
			{
				.input_bytes = LOOP_READ_BYTES + message, /* one read, during a pause */
				.backlog_bytes = conf->backlog_bytes,
				.backlog_age_ms = conf->backlog_age_ms,
			},
		.ops = app != NULL ? &session_ops : &session_refused_ops,
		.message_bytes = message,
		.fragments = SESSION_FRAGMENTS,
		.control_per_second = SESSION_CONTROL_PER_SECOND,
		.close_timeout_ms = conf->close_timeout_ms,
		.compression_bytes = conf->compression ? conf->compression_bytes : 0,
	};
}

void session_welcome(
	struct conn *conn, const struct http_request *request, struct app *app, unsigned protocol)
{
	assert(conn_room_bytes(conn) >= ws_room(session_bytes()));
	struct ws *const ws = ws_accept(conn, request, app->hub->limits[app->index]);
	struct session *const session = ws_user(ws);
	session_begin(session, app, protocol, &transport);
	session->is_secure = conn_is_secure(conn);
	session_greet(session);
}

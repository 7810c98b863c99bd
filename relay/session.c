/* SPDX-License-Identifier: MIT
 *
 * Watching and closing sessions; session_open.c opens them. Activity stores a time, nothing more;
 * one timer per session looks at it when the earliest moment for a probe has come.
 */
#include "session.h"
#include "base/rand.h"
#include "hub_private.h"
#include "pusher.h"
#include "ws.h"

#include <stdio.h>

#define SESSION_FRAGMENTS          1024 /* of one client message */
#define SESSION_CONTROL_PER_SECOND 50   /* some clients ping once a second */
#define SESSION_STRIKES_MAX        30   /* pauses in a row before the close */
#define SESSION_PAUSE_MS           1000
#define PER_MESSAGE                1000 /* units of session_bucket.level */

static const struct ws_ops session_ops;

struct subscriber *session_subscriber(struct session *session)
{
	return &session->subscriber;
}

/* --- what sessions say --- */

void session_say(struct session *session, struct frame *frame)
{
	if (!session->is_leaving)
		ws_send(session->ws, frame);
	frame_unref(frame);
}

void session_error(struct session *session, unsigned code, struct cln_slice message)
{
	ws_loop(session->ws)->metrics.pusher_errors++;
	session_say(session, pusher_frame_error(code, message));
}

void session_refuse(struct session *session, const struct pusher_refusal *refusal)
{
	const bool is_auth = refusal->status == PUSHER_STATUS_UNAUTHORIZED;
	ws_loop(session->ws)->metrics.subscribe_errors++;
	session_error(session, is_auth ? PUSHER_UNAUTHORIZED : PUSHER_NONE, refusal->message);
	session_say(session, pusher_frame_refused(refusal, true));
	session_say(session, pusher_frame_refused(refusal, false));
}

/* --- closing --- */

/* From protocol 6 on the close code says it all. */
#define PROTOCOL_CLOSE_CODES 6

void session_say_goodbye(struct ws *ws, unsigned protocol, uint16_t code, struct cln_slice reason)
{
	if (protocol < PROTOCOL_CLOSE_CODES) {
		ws_loop(ws)->metrics.pusher_errors++;
		struct frame *const frame = pusher_frame_error(code, reason);
		ws_send(ws, frame);
		frame_unref(frame);
	}
	ws_close(ws, code, reason);
}

/* Marks and says it; the subscriptions stay. */
static void begin_close(struct session *session, uint16_t code, struct cln_slice reason)
{
	if (session->is_leaving)
		return;
	session->is_leaving = true;
	loop_timer_stop(session->hub->loop, &session->timer);
	if (session->is_paused)
		conn_resume(ws_conn(session->ws));
	session_say_goodbye(session->ws, session->protocol, code, reason);
}

void session_close(struct session *session, uint16_t code, struct cln_slice reason)
{
	begin_close(session, code, reason);
	/* At a restart everybody leaves: nobody needs to hear of each one. */
	if (code != PUSHER_RESTART)
		hub_unsubscribe_all(session->hub, &session->subscriber);
}

static void on_overflow(struct ws *ws)
{
	struct session *const session = ws_user(ws);
	if (session->is_leaving)
		return;
	ws_loop(ws)->metrics.overflows++;
	conn_discard_unsent(ws_conn(ws));
	session_close(session, PUSHER_OVER_CAPACITY, CLN_SLICE("You read too slowly"));
}

static void on_closed(struct ws *ws, uint16_t code)
{
	struct session *const session = ws_user(ws);
	struct hub *const hub = session->hub;
	(void)code;
	hub_unsubscribe_all(hub, &session->subscriber);
	loop_timer_stop(hub->loop, &session->timer);
	HASH_DELETE(hh, hub->sessions, session);
	atomic_fetch_sub_explicit(&hub->session_count, 1, memory_order_relaxed);
	atomic_fetch_sub(&hub->shared->sessions, 1);
	atomic_fetch_sub(&hub->shared->app_sessions[session->app->index], 1);
	free(session);
}

/* --- time --- */

static struct session *session_of_timer(struct wheel_timer *timer)
{
	return (struct session *)((char *)timer - offsetof(struct session, timer));
}

static void watch(struct session *session, int64_t delay_ms);

static int64_t probe_after_ms(const struct conf *conf)
{
	return conf->activity_timeout_ms + conf->ping_grace_ms;
}

static void check_idle(struct session *session)
{
	struct loop *const loop = session->hub->loop;
	const struct conf *const conf = loop->conf;
	if (session->probed_ms != 0) {
		loop->metrics.probe_failures++;
		session_close(session, PUSHER_NO_PONG, CLN_SLICE("Pong reply not received in time"));
		return;
	}
	const int64_t idle_ms = loop->now_ms - session->input_ms;
	if (idle_ms < probe_after_ms(conf)) {
		watch(session, probe_after_ms(conf) - idle_ms);
		return;
	}
	loop->metrics.probes++;
	session->probed_ms = loop->now_ms;
	ws_ping(session->ws);
	watch(session, conf->pong_timeout_ms);
}

static void end_pause(struct session *session)
{
	struct loop *const loop = session->hub->loop;
	session->is_paused = false;
	session->input_ms = loop->now_ms;
	session->probed_ms = 0;
	watch(session, probe_after_ms(loop->conf));
	conn_resume(ws_conn(session->ws));
}

static void on_timer(struct wheel_timer *timer)
{
	struct session *const session = session_of_timer(timer);
	if (session->is_paused)
		end_pause(session);
	else
		check_idle(session);
}

static void watch(struct session *session, int64_t delay_ms)
{
	loop_timer_set(session->hub->loop, &session->timer, delay_ms, on_timer);
}

static void on_activity(struct ws *ws)
{
	struct session *const session = ws_user(ws);
	session->input_ms = session->hub->loop->now_ms;
	session->probed_ms = 0;
}

/* --- rates --- */

static void fill(struct session_bucket *bucket, const struct conf *conf, int64_t now_ms)
{
	const int64_t full = (int64_t)conf->message_burst * PER_MESSAGE;
	bucket->level += (now_ms - bucket->filled_ms) * conf->message_rate;
	bucket->filled_ms = now_ms;
	if (bucket->level < full)
		return;
	bucket->level = full;
	bucket->strikes = 0;
}

static void pause(struct session *session)
{
	session->is_paused = true;
	session->messages.strikes++;
	conn_pause(ws_conn(session->ws));
	watch(session, SESSION_PAUSE_MS);
}

/* False: the session is closing, since it has been too fast for too long. A pause takes effect
 * behind this message; the next one waits in the connection's input. */
static bool take_message(struct session *session)
{
	const struct conf *const conf = session->hub->loop->conf;
	struct session_bucket *const bucket = &session->messages;
	if (conf->message_rate == 0)
		return true;
	fill(bucket, conf, session->hub->loop->now_ms);
	bucket->level -= PER_MESSAGE;
	if (bucket->level >= PER_MESSAGE)
		return true;
	if (bucket->strikes >= SESSION_STRIKES_MAX) {
		session_close(session, PUSHER_OVER_CAPACITY, CLN_SLICE("You send too many messages"));
		return false;
	}
	pause(session);
	return true;
}

static void on_message(struct ws *ws, enum ws_opcode opcode, struct cln_slice message)
{
	struct session *const session = ws_user(ws);
	if (session->is_leaving)
		return;
	if (opcode != WS_TEXT) {
		session_close(session, WS_CLOSE_UNSUPPORTED,
			CLN_SLICE("Binary messages are no part of the protocol"));
		return;
	}
	if (take_message(session))
		pusher_handle(session, message);
}

/* --- the subscriber --- */

static void deliver(
	struct subscriber *subscriber, const struct channel *channel, struct frame *frame)
{
	struct session *const session = (struct session *)subscriber;
	(void)channel;
	if (!session->is_leaving)
		ws_send(session->ws, frame);
}

static void close_subscriber(struct subscriber *subscriber, uint16_t code, struct cln_slice reason)
{
	session_close((struct session *)subscriber, code, reason);
}

static void describe(const struct subscriber *subscriber, char *out, size_t cap)
{
	char id[MSG_SOCKET_MAX];
	msg_socket_print(subscriber->id, id);
	snprintf(out, cap, "socket=%s", id);
}

static const struct subscriber_ops subscriber_ops = {
	.deliver = deliver,
	.close = close_subscriber,
	.describe = describe,
};

/* --- opening --- */

struct ws_limits *session_limits_new(const struct conf *conf)
{
	struct ws_limits *const limits = xcalloc(conf->app_count + 1, sizeof(*limits));
	for (size_t i = 0; i <= conf->app_count; i++) {
		const size_t message = i < conf->app_count ? conf->apps[i].message_bytes : WS_CONTROL_MAX;
		limits[i] = (struct ws_limits){
			.conn =
				{
					.input_bytes = LOOP_READ_BYTES + message, /* one read, during a pause */
					.backlog_bytes = conf->backlog_bytes,
					.backlog_age_ms = conf->backlog_age_ms,
				},
			.message_bytes = message,
			.fragments = SESSION_FRAGMENTS,
			.control_per_second = SESSION_CONTROL_PER_SECOND,
			.close_timeout_ms = conf->close_timeout_ms,
		};
	}
	return limits;
}

static uint64_t new_socket_id(struct hub *hub)
{
	for (;;) {
		const uint64_t id = rand_u64();
		if (id >> 32 != 0 && (id & UINT32_MAX) != 0 && hub_find_session(hub, id) == NULL)
			return id;
	}
}

void session_welcome(struct hub *hub, struct conn *conn, const struct http_request *request,
	struct app *app, unsigned protocol)
{
	struct session *const session = xcalloc(1, sizeof(*session));
	subscriber_init(&session->subscriber, &subscriber_ops, new_socket_id(hub));
	session->hub = hub;
	session->app = app;
	session->protocol = protocol;
	session->input_ms = hub->loop->now_ms;
	session->messages.filled_ms = hub->loop->now_ms;
	session->messages.level = (int64_t)hub->loop->conf->message_burst * PER_MESSAGE;
	HASH_ADD(hh, hub->sessions, subscriber.id, sizeof(session->subscriber.id), session);
	atomic_fetch_add_explicit(&hub->session_count, 1, memory_order_relaxed);
	session->ws = ws_accept(conn, request, &hub->limits[app->index], &session_ops, session);
	watch(session, probe_after_ms(hub->loop->conf));
	session_say(session,
		pusher_frame_established(session->subscriber.id, hub->loop->conf->activity_timeout_ms));
}

static const struct ws_ops session_ops = {
	.on_message = on_message,
	.on_activity = on_activity,
	.on_overflow = on_overflow,
	.on_closed = on_closed,
};

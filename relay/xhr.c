/* SPDX-License-Identifier: MIT
 *
 * Sessions of the HTTP fallbacks: what a session says waits here for the end of the turn, and
 * longer while no request receives it; each turn's messages go out as one line.
 *
 * A streaming answer ends where the client stops listening to it: pusher-js leaves an answer of
 * more than XHR_STREAM_UNITS characters at the end of a line and asks anew. Going on would lose
 * messages, ending earlier would be a lost connection to it.
 *
 * A receiver that goes away takes the session with it: pusher-js begins a new one then, and what
 * had been sent may be lost. Between two requests a session lives for xhr_grace_ms.
 */
#include "xhr_private.h"

#define XHR_STREAM_UNITS (256 * 1024)
#define XHR_TAKEN_OVER   2010 /* SockJS: another connection is open */
#define XHR_FRAMES_FIRST 4

static const struct session_transport transport;

static struct xhr_hub *hub_of(const struct xhr *xhr)
{
	return xhr->session.app->hub->xhr;
}

static struct loop *loop_of(const struct xhr *xhr)
{
	return xhr->session.app->hub->loop;
}

struct xhr *xhr_find(struct xhr_hub *xhrs, struct cln_slice name)
{
	struct xhr *xhr;
	HASH_FIND(hh, xhrs->sessions, name.ptr, name.len, xhr);
	return xhr;
}

void xhr_wake(struct xhr_hub *xhrs)
{
	if (xhrs->is_posted || xhrs->is_stopped)
		return;
	xhrs->is_posted = true;
	loop_post(xhrs->hub->loop, &xhrs->wake);
}

void xhr_touch(struct xhr *xhr)
{
	struct xhr_hub *const xhrs = hub_of(xhr);
	if (xhr->is_dirty)
		return;
	xhr->is_dirty = true;
	TAILQ_INSERT_TAIL(&xhrs->dirty, xhr, dirty);
	xhr_wake(xhrs);
}

/* --- the end --- */

static void drop_frames(struct xhr *xhr)
{
	for (uint32_t i = 0; i < xhr->frame_count; i++)
		frame_unref(xhr->frames[i]);
	free(xhr->frames);
	xhr->frames = NULL;
	xhr->frame_count = 0;
	xhr->frame_cap = 0;
	xhr->bytes = 0;
}

/* The answer ends with `text`. */
static void end_receiver(struct xhr *xhr, struct cln_slice text)
{
	struct http_ticket *const receiver = xhr->receiver;
	xhr->receiver = NULL;
	if (xhr->is_streaming) {
		http_ticket_send(receiver, text);
		http_ticket_end(receiver);
	} else {
		http_ticket_respond(receiver, 200, xhr_headers, xhr_content_type, text);
	}
}

static void finish(struct xhr *xhr)
{
	struct xhr_hub *const xhrs = hub_of(xhr);
	if (xhr->receiver != NULL)
		end_receiver(xhr, CLN_SLICE(""));
	xhr_drop_waiting(xhr);
	loop_timer_stop(loop_of(xhr), &xhr->timer);
	if (xhr->is_dirty)
		TAILQ_REMOVE(&xhrs->dirty, xhr, dirty);
	HASH_DELETE(hh, xhrs->sessions, xhr);
	session_end(&xhr->session);
	drop_frames(xhr);
	buf_deinit(&xhr->close_line);
	free(xhr);
}

/* --- sending --- */

static void say(struct xhr *xhr, struct cln_slice text)
{
	xhr->said_ms = loop_of(xhr)->now_ms;
	if (xhr->close_line.len > 0 || !xhr->is_streaming) {
		end_receiver(xhr, text);
		return;
	}
	xhr->units += xhr_count_units(text);
	if (xhr->units > XHR_STREAM_UNITS)
		end_receiver(xhr, text);
	else
		http_ticket_send(xhr->receiver, text);
}

/* What waits, as lines. */
static void compose(struct xhr *xhr, struct xhr_hub *xhrs)
{
	struct buf *const text = &xhrs->text;
	text->len = 0;
	if (!xhr->is_open)
		xhr_append_open(text);
	if (xhr->frame_count > 0 || xhr->owes_life)
		xhr_append_messages(text, &xhrs->memo, xhr->frames, xhr->frame_count);
	if (xhr->owes_heartbeat && xhr->close_line.len == 0) {
		xhr_append_heartbeat(text);
		xhr->has_asked = true;
	}
	buf_append_slice(text, buf_slice(&xhr->close_line));
	xhr->is_open = true;
	xhr->owes_life = false;
	xhr->owes_heartbeat = false;
	drop_frames(xhr);
}

static void on_timer(struct wheel_timer *timer);

static void set_timer(struct xhr *xhr, int64_t delay_ms)
{
	loop_timer_set(loop_of(xhr), &xhr->timer, delay_ms, on_timer);
}

/* Without a receiver: until one comes. A session that is told to close waits no longer for it than
 * a socket for the peer's close frame. */
static void wait_for_receiver(struct xhr *xhr)
{
	const struct conf *const conf = loop_of(xhr)->conf;
	const bool is_closing = xhr->close_line.len > 0;
	const bool is_shorter = is_closing && conf->close_timeout_ms < conf->xhr_grace_ms;
	set_timer(xhr, is_shorter ? conf->close_timeout_ms : conf->xhr_grace_ms);
}

static bool has_news(const struct xhr *xhr)
{
	return !xhr->is_open || xhr->frame_count > 0 || xhr->owes_life || xhr->owes_heartbeat ||
		   xhr->close_line.len > 0;
}

static void overflow(struct xhr *xhr)
{
	struct conn *const conn = xhr->receiver == NULL ? NULL : http_ticket_conn(xhr->receiver);
	xhr->is_overflowed = false;
	drop_frames(xhr);
	if (conn != NULL)
		conn_discard_unsent(conn);
	session_overflow(&xhr->session);
}

/* May end the session. */
static void flush(struct xhr *xhr)
{
	struct xhr_hub *const xhrs = hub_of(xhr);
	if (xhr->is_overflowed)
		overflow(xhr);
	if (xhr->receiver == NULL || !has_news(xhr))
		return;
	compose(xhr, xhrs);
	say(xhr, buf_slice(&xhrs->text));
	if (xhr->receiver != NULL)
		return;
	if (xhr->close_line.len > 0)
		finish(xhr);
	else
		wait_for_receiver(xhr);
}

static void on_wake(struct loop *loop, struct mail *mail)
{
	struct xhr_hub *const xhrs = (struct xhr_hub *)mail; /* its first member */
	struct xhr *xhr;
	(void)loop;
	xhrs->is_posted = false;
	while ((xhr = TAILQ_FIRST(&xhrs->dirty)) != NULL) {
		TAILQ_REMOVE(&xhrs->dirty, xhr, dirty);
		xhr->is_dirty = false;
		flush(xhr);
	}
	xhr_memo_forget(&xhrs->memo);
	xhr_move_all(xhrs);
}

/* --- time --- */

static struct xhr *xhr_of_timer(struct wheel_timer *timer)
{
	return (struct xhr *)((char *)timer - offsetof(struct xhr, timer));
}

static void on_timer(struct wheel_timer *timer)
{
	struct xhr *const xhr = xhr_of_timer(timer);
	const struct loop *const loop = loop_of(xhr);
	if (xhr->receiver == NULL) {
		finish(xhr);
		return;
	}
	const int64_t left_ms = xhr->said_ms + loop->conf->xhr_heartbeat_ms - loop->now_ms;
	if (left_ms > 0) {
		set_timer(xhr, left_ms);
		return;
	}
	set_timer(xhr, loop->conf->xhr_heartbeat_ms);
	xhr->owes_heartbeat = true;
	xhr_touch(xhr);
}

/* --- receiving --- */

static void on_gone(void *user)
{
	finish(user);
}

static void take_over(struct xhr *xhr)
{
	struct buf text = {0};
	xhr_append_close(&text, XHR_TAKEN_OVER, CLN_SLICE("Another request receives for this session"));
	end_receiver(xhr, buf_slice(&text));
	buf_deinit(&text);
}

void xhr_receive(struct xhr *xhr, struct http_ticket *ticket, bool is_streaming)
{
	struct loop *const loop = loop_of(xhr);
	if (xhr->receiver != NULL)
		take_over(xhr);
	session_heard(&xhr->session);
	xhr->receiver = ticket;
	xhr->is_streaming = is_streaming;
	xhr->units = 0;
	xhr->has_asked = false;
	xhr->said_ms = loop->now_ms;
	http_ticket_on_gone(ticket, on_gone, xhr);
	if (is_streaming)
		http_ticket_begin(ticket, 200, xhr_headers, xhr_content_type);
	set_timer(xhr, loop->conf->xhr_heartbeat_ms);
	flush(xhr);
}

struct xhr *xhr_open(
	struct xhr_hub *xhrs, struct cln_slice name, const struct session_opening *opening)
{
	struct xhr *const xhr = xcalloc(1, sizeof(*xhr) + name.len);
	xhr->name_len = name.len;
	memcpy(xhr->name, name.ptr, name.len);
	TAILQ_INIT(&xhr->waiting);
	HASH_ADD_KEYPTR(hh, xhrs->sessions, xhr->name, xhr->name_len, xhr);
	session_begin(&xhr->session, opening->app, opening->protocol, &transport);
	xhr->session.is_secure = opening->is_secure;
	xhrs->hub->loop->metrics.xhr_sessions++;
	session_greet(&xhr->session);
	return xhr;
}

/* --- the session's transport --- */

static struct xhr *xhr_of(struct session *session)
{
	return (struct xhr *)session; /* its first member */
}

static void push(struct xhr *xhr, struct frame *frame)
{
	if (xhr->frame_count == xhr->frame_cap) {
		xhr->frame_cap = xhr->frame_cap > 0 ? xhr->frame_cap * 2 : XHR_FRAMES_FIRST;
		xhr->frames = xrealloc(xhr->frames, xhr->frame_cap * sizeof(struct frame *));
	}
	xhr->frames[xhr->frame_count++] = frame_ref(frame);
	xhr->bytes += frame->len;
}

/* Also counts what the receiver's connection could not send. A message alone may be larger. */
static bool has_room(const struct xhr *xhr, const struct frame *frame)
{
	const struct conn *const conn = xhr->receiver == NULL ? NULL : http_ticket_conn(xhr->receiver);
	const size_t used = xhr->bytes + (conn == NULL ? 0 : conn_backlog(conn));
	const size_t limit = loop_of(xhr)->conf->backlog_bytes;
	return used == 0 || (frame->len <= limit && used <= limit - frame->len);
}

static void deliver(
	struct subscriber *subscriber, const struct channel *channel, struct frame *frame)
{
	struct session *const session = (struct session *)subscriber;
	struct xhr *const xhr = xhr_of(session);
	(void)channel;
	if (session->is_leaving || xhr->is_overflowed)
		return;
	if (has_room(xhr, frame))
		push(xhr, frame);
	else
		xhr->is_overflowed = true;
	if (xhr->receiver != NULL || xhr->is_overflowed)
		xhr_touch(xhr);
}

static void leave(struct session *session, uint16_t code, struct cln_slice reason)
{
	struct xhr *const xhr = xhr_of(session);
	if (session->protocol < SESSION_PROTOCOL_CLOSE_CODES) {
		session->app->hub->loop->metrics.pusher_errors++;
		struct frame *const frame = pusher_frame_error(code, reason);
		push(xhr, frame);
		frame_unref(frame);
	}
	xhr_drop_waiting(xhr);
	xhr_append_close(&xhr->close_line, code, reason);
	if (xhr->receiver == NULL)
		wait_for_receiver(xhr);
	else
		xhr_touch(xhr);
}

static void probe(struct session *session)
{
	struct xhr *const xhr = xhr_of(session);
	xhr->owes_heartbeat = true;
	xhr_touch(xhr);
}

static void set_paused(struct session *session, bool is_paused)
{
	if (!is_paused && !session->is_leaving)
		xhr_take_waiting(xhr_of(session));
}

static const struct session_transport transport = {
	.subscriber =
		{
			.deliver = deliver,
			.close = session_close_subscriber,
			.describe = session_describe,
		},
	.leave = leave,
	.probe = probe,
	.set_paused = set_paused,
};

/* --- the worker's sessions --- */

struct xhr_hub *xhr_hub_new(struct hub *hub)
{
	struct xhr_hub *const xhrs = xcalloc(1, sizeof(*xhrs));
	xhrs->hub = hub;
	xhrs->wake.deliver = on_wake;
	TAILQ_INIT(&xhrs->dirty);
	TAILQ_INIT(&xhrs->moves);
	return xhrs;
}

void xhr_hub_serve(
	struct xhr_hub *xhrs, const struct http_limits *limits, http_router_fn router, void *context)
{
	xhrs->limits = limits;
	xhrs->router = router;
	xhrs->context = context;
}

void xhr_hub_stop(struct xhr_hub *xhrs)
{
	struct xhr *xhr, *next;
	xhrs->is_stopped = true;
	HASH_ITER(hh, xhrs->sessions, xhr, next)
	{
		finish(xhr);
	}
	xhr_move_drop(xhrs);
}

void xhr_hub_free(struct xhr_hub *xhrs)
{
	xhr_memo_forget(&xhrs->memo);
	buf_deinit(&xhrs->text);
	free(xhrs);
}

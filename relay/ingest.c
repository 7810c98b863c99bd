/* SPDX-License-Identifier: MIT
 *
 * An ingest connection's life: reading requests, sending the replies of one read together, the
 * clock of the unauthenticated phase, and not reading from who does not read.
 */
#include "ingest_private.h"

#include "../wire/envelope.h"

#define BULK_MAX_BEFORE_AUTH 512
#define BULK_MAX_SMALL       1024        /* names and passwords */
#define REPLIES_FLUSH        (16 * 1024) /* hand over and look at the backlog */
#define BACKLOG_PAUSE        (64 * 1024) /* unread replies: stop reading */
#define BACKLOG_MAX          (1024 * 1024)
#define PAUSE_MS             16
#define LINGER_MS            1000

/* --- replies --- */

#define REPLY_MAX 512 /* of one without a peer's bytes */

static struct cln_out reply_out(struct ingest *ingest, size_t len)
{
	buf_reserve(&ingest->replies, len);
	return (struct cln_out){.ptr = ingest->replies.bytes + ingest->replies.len, .cap = len};
}

void ingest_simple(struct ingest *ingest, const char *text)
{
	struct cln_out out = reply_out(ingest, REPLY_MAX);
	cln_resp_simple(&out, cln_slice_of(text));
	ingest->replies.len += out.len;
}

void ingest_error(struct ingest *ingest, const char *text)
{
	struct cln_out out = reply_out(ingest, REPLY_MAX);
	ingest->hub->loop->metrics.ingest_errors++;
	cln_resp_error(&out, cln_slice_of(text));
	ingest->replies.len += out.len;
}

void ingest_integer(struct ingest *ingest, long long value)
{
	struct cln_out out = reply_out(ingest, REPLY_MAX);
	cln_resp_integer(&out, value);
	ingest->replies.len += out.len;
}

void ingest_bulk(struct ingest *ingest, struct cln_slice bytes)
{
	struct cln_out out = reply_out(ingest, bytes.len + REPLY_MAX);
	cln_resp_bulk(&out, bytes);
	ingest->replies.len += out.len;
}

void ingest_null(struct ingest *ingest)
{
	struct cln_out out = reply_out(ingest, REPLY_MAX);
	cln_resp_null_bulk(&out);
	ingest->replies.len += out.len;
}

void ingest_array(struct ingest *ingest, size_t count)
{
	struct cln_out out = reply_out(ingest, REPLY_MAX);
	cln_resp_array(&out, count);
	ingest->replies.len += out.len;
}

static void send_replies(struct ingest *ingest)
{
	if (ingest->replies.len == 0)
		return;
	struct frame *const frame = frame_copy(buf_slice(&ingest->replies));
	conn_send(ingest->conn, frame);
	frame_unref(frame);
	ingest->replies.len = 0;
}

/* --- who it is --- */

bool ingest_has_auth(const struct ingest *ingest)
{
	return ingest->app != NULL || ingest->is_trusted;
}

static size_t envelope_max(const struct conf_app *app)
{
	return CLN_ENVELOPE_HEAD_MAX + CLN_CLIENT_TEXT_MAX(app->payload_bytes);
}

static size_t largest_envelope(const struct conf *conf)
{
	size_t max = BULK_MAX_SMALL;
	for (size_t i = 0; i < conf->app_count; i++) {
		if (envelope_max(&conf->apps[i]) > max)
			max = envelope_max(&conf->apps[i]);
	}
	return max;
}

size_t ingest_bulk_max(const struct ingest *ingest)
{
	if (!ingest_has_auth(ingest))
		return BULK_MAX_BEFORE_AUTH;
	return ingest->app != NULL ? envelope_max(ingest->app->conf)
							   : largest_envelope(ingest->hub->shared->conf);
}

void ingest_authenticated(struct ingest *ingest)
{
	loop_timer_stop(ingest->hub->loop, &ingest->timer);
}

/* --- time --- */

static void on_timer(struct wheel_timer *timer);

static void set_timer(struct ingest *ingest, int64_t delay_ms)
{
	loop_timer_set(ingest->hub->loop, &ingest->timer, delay_ms, on_timer);
}

static void end_pause(struct ingest *ingest)
{
	ingest->is_paused = false;
	conn_resume(ingest->conn);
	if (!ingest_has_auth(ingest))
		set_timer(ingest, ingest->auth_due_ms - ingest->hub->loop->now_ms);
}

static void on_timer(struct wheel_timer *timer)
{
	struct ingest *const ingest = (struct ingest *)((char *)timer - offsetof(struct ingest, timer));
	const bool is_late =
		!ingest_has_auth(ingest) && ingest->hub->loop->now_ms >= ingest->auth_due_ms;
	if (is_late && ingest->is_paused) {
		conn_close(ingest->conn); /* it does not read its answers: not the last one either */
	} else if (is_late) {
		ingest_error(ingest, "ERR not authenticated in time, closing");
		send_replies(ingest);
		conn_finish(ingest->conn, LINGER_MS);
	} else if (conn_backlog(ingest->conn) > BACKLOG_PAUSE / 2) {
		set_timer(ingest, PAUSE_MS);
	} else {
		end_pause(ingest);
	}
}

static void pause(struct ingest *ingest)
{
	ingest->is_paused = true;
	conn_pause(ingest->conn);
	set_timer(ingest, PAUSE_MS);
}

/* --- requests --- */

static void give_up(struct ingest *ingest, const char *error)
{
	char text[REPLY_MAX / 2];
	snprintf(text, sizeof(text), "ERR Protocol error: %s", error);
	ingest_error(ingest, text);
	ingest->is_quitting = true;
}

/* Whether another request may be handled now. */
static bool may_go_on(struct ingest *ingest)
{
	if (ingest->is_quitting || conn_is_closing(ingest->conn))
		return false;
	if (ingest->replies.len < REPLIES_FLUSH)
		return true;
	send_replies(ingest);
	if (conn_backlog(ingest->conn) < BACKLOG_PAUSE)
		return true;
	pause(ingest);
	return false;
}

static size_t on_data(struct conn *conn, char *bytes, size_t len)
{
	struct ingest *const ingest = conn_user(conn);
	struct cln_slice rest = {bytes, len};
	while (rest.len > 0 && may_go_on(ingest)) {
		struct cln_resp_request request;
		const int result = cln_resp_request(rest, ingest_bulk_max(ingest), &request);
		if (result == CLN_ERR_MORE)
			break;
		if (result < 0) {
			give_up(ingest, request.error);
			break;
		}
		rest = cln_slice_from(rest, request.consumed);
		if (request.argc > 0)
			ingest_command(ingest, &request);
	}
	send_replies(ingest);
	if (ingest->is_quitting)
		conn_finish(conn, LINGER_MS);
	return len - rest.len;
}

static void on_closed(struct conn *conn)
{
	struct ingest *const ingest = conn_user(conn);
	ingest->hub->loop->metrics.ingest_connections--;
	watch_deinit(ingest);
	loop_timer_stop(ingest->hub->loop, &ingest->timer);
	buf_deinit(&ingest->replies);
	LIST_REMOVE(ingest, link);
	free(ingest);
}

static const struct conn_ops ingest_ops = {
	.on_data = on_data,
	.on_closed = on_closed,
};

void ingest_accept(struct hub *hub, int fd, bool is_unix)
{
	struct ingest *const ingest = xcalloc(1, sizeof(*ingest));
	ingest->hub = hub;
	ingest->is_unix = is_unix;
	ingest->id = ++hub->last_token;
	/* One request that is not complete, or one read's worth during a pause. */
	ingest->limits.input_bytes = LOOP_READ_BYTES + largest_envelope(hub->shared->conf);
	ingest->limits.backlog_bytes = BACKLOG_MAX;
	ingest->conn = conn_new(hub->loop, fd, &ingest->limits, &ingest_ops, ingest);
	if (ingest->conn == NULL) {
		free(ingest);
		return;
	}
	if (is_unix)
		conn_watch_room_on_demand(ingest->conn);
	watch_init(ingest);
	LIST_INSERT_HEAD(&hub->ingests, ingest, link);
	hub->loop->metrics.ingest_connections++;
	ingest->auth_due_ms = hub->loop->now_ms + INGEST_AUTH_MS;
	set_timer(ingest, INGEST_AUTH_MS);
}

void ingest_dismiss(struct hub *hub)
{
	struct ingest *ingest;
	LIST_FOREACH(ingest, &hub->ingests, link)
	{
		if (ingest->app == NULL || !ingest->app->conf->is_removed || ingest->is_quitting)
			continue;
		ingest->is_quitting = true;
		ingest_error(ingest, "NOPERM the application was removed from the configuration, closing");
		send_replies(ingest);
		conn_finish(ingest->conn, LINGER_MS);
	}
}

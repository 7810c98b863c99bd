/* SPDX-License-Identifier: MIT
 *
 * The life of a session, whatever its transport: session_open.c judges who comes, session_ws.c and
 * xhr.c carry what is said. Activity stores a time, nothing more; one timer per session looks at it
 * when the earliest moment for a probe has come.
 */
#include "session.h"
#include "base/rand.h"
#include "hub_private.h"
#include "hub_users.h"
#include "pusher.h"

#include <stdio.h>

#define SESSION_STRIKES_MAX 30 /* pauses in a row before the close; at most 31 */
#define SESSION_PAUSE_MS    1000
#define PER_MESSAGE         1000 /* units of session_bucket.missing */

struct subscriber *session_subscriber(struct session *session)
{
	return &session->subscriber;
}

static const struct session_transport *transport_of(const struct session *session)
{
	return (const struct session_transport *)session->subscriber.ops; /* its first member */
}

/* --- what sessions say --- */

void session_say(struct session *session, struct frame *frame)
{
	hub_hand_out(session->app->hub);
	session->subscriber.ops->deliver(&session->subscriber, NULL, frame);
	frame_unref(frame);
}

void session_error(struct session *session, unsigned code, struct cln_slice message)
{
	session->app->hub->loop->metrics.pusher_errors++;
	session_say(session, pusher_frame_error(code, message));
}

void session_refuse(struct session *session, const struct pusher_refusal *refusal)
{
	const bool is_auth = refusal->status == PUSHER_STATUS_UNAUTHORIZED;
	session->app->hub->loop->metrics.subscribe_errors++;
	session_error(session, is_auth ? PUSHER_UNAUTHORIZED : PUSHER_NONE, refusal->message);
	session_say(session, pusher_frame_refused(refusal, true));
	session_say(session, pusher_frame_refused(refusal, false));
}

uint32_t session_hash(uint64_t id)
{
	return (uint32_t)id;
}

/* --- closing --- */

/* Marks and says it; the subscriptions stay. */
static void begin_close(struct session *session, uint16_t code, struct cln_slice reason)
{
	if (session->is_leaving)
		return;
	hub_hand_out(session->app->hub);
	session->is_leaving = true;
	loop_timer_stop(session->app->hub->loop, &session->timer);
	if (session->is_paused)
		transport_of(session)->set_paused(session, false);
	transport_of(session)->leave(session, code, reason);
}

void session_close(struct session *session, uint16_t code, struct cln_slice reason)
{
	begin_close(session, code, reason);
	/* At a restart everybody leaves: nobody needs to hear of each one. */
	if (code == PUSHER_RESTART)
		return;
	hub_unsubscribe_all(session->app->hub, &session->subscriber);
	hub_sign_out(session->app->hub, session);
}

void session_overflow(struct session *session)
{
	session->app->hub->loop->metrics.overflows++;
	session_close(session, PUSHER_OVER_CAPACITY, CLN_SLICE("You read too slowly"));
}

void session_end(struct session *session)
{
	struct hub *const hub = session->app->hub;
	hub_unsubscribe_all(hub, &session->subscriber);
	hub_sign_out(hub, session);
	loop_timer_stop(hub->loop, &session->timer);
	table_remove(&hub->sessions, session_hash(session->subscriber.id), session);
	atomic_fetch_sub_explicit(&hub->session_count, 1, memory_order_relaxed);
	atomic_fetch_sub(&hub->shared->sessions, 1);
	atomic_fetch_sub(session->app->sessions, 1);
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
	struct loop *const loop = session->app->hub->loop;
	const struct conf *const conf = loop->conf;
	const int64_t passed_ms = (uint32_t)((uint32_t)loop->now_ms - session->heard_ms);
	if (session->is_probed) {
		const int64_t left_ms = conf->pong_timeout_ms - passed_ms;
		if (left_ms > 0) {
			watch(session, left_ms);
			return;
		}
		loop->metrics.probe_failures++;
		session_close(session, PUSHER_NO_PONG, CLN_SLICE("Pong reply not received in time"));
		return;
	}
	if (passed_ms < probe_after_ms(conf)) {
		watch(session, probe_after_ms(conf) - passed_ms);
		return;
	}
	loop->metrics.probes++;
	session->heard_ms = (uint32_t)loop->now_ms;
	session->is_probed = true;
	transport_of(session)->probe(session);
	/* An answered probe is followed by the next one in time, however long an answer may take. */
	const int64_t next_ms = probe_after_ms(conf);
	watch(session, next_ms < conf->pong_timeout_ms ? next_ms : conf->pong_timeout_ms);
}

static void end_pause(struct session *session)
{
	struct loop *const loop = session->app->hub->loop;
	session->is_paused = false;
	session_heard(session);
	watch(session, probe_after_ms(loop->conf));
	transport_of(session)->set_paused(session, false);
}

/* Nobody who is not authorized is older than the low half of a time can tell. */
static int64_t authorization_left_ms(const struct session *session)
{
	const int64_t timeout_ms = session->app->conf->authorization_timeout_ms;
	if (timeout_ms == 0 || session->is_authorized)
		return INT64_MAX;
	return timeout_ms - (uint32_t)((uint32_t)session->app->hub->loop->now_ms - session->opened_ms);
}

static void on_timer(struct wheel_timer *timer)
{
	struct session *const session = session_of_timer(timer);
	if (authorization_left_ms(session) <= 0) {
		session->app->hub->loop->metrics.authorization_timeouts++;
		session_close(
			session, PUSHER_UNAUTHORIZED, CLN_SLICE("Connection not authorized within timeout"));
	} else if (session->is_paused) {
		end_pause(session);
	} else {
		check_idle(session);
	}
}

/* May come early: whoever it is for looks at the time. */
static void watch(struct session *session, int64_t delay_ms)
{
	const int64_t left_ms = authorization_left_ms(session);
	loop_timer_set(session->app->hub->loop, &session->timer,
		left_ms < delay_ms ? left_ms : delay_ms, on_timer);
}

void session_heard(struct session *session)
{
	session->heard_ms = (uint32_t)session->app->hub->loop->now_ms;
	session->is_probed = false;
}

/* --- rates --- */

static void fill(struct session *session, const struct conf *conf)
{
	struct session_bucket *const bucket = &session->messages;
	const uint32_t now_ms = (uint32_t)session->app->hub->loop->now_ms;
	const uint64_t gained = (uint64_t)(now_ms - bucket->filled_ms) * conf->message_rate;
	bucket->filled_ms = now_ms;
	if (gained < bucket->missing) {
		bucket->missing -= (uint32_t)gained; /* less than that */
		return;
	}
	bucket->missing = 0;
	session->strikes = 0;
}

static void pause(struct session *session)
{
	session->is_paused = true;
	session->strikes++;
	transport_of(session)->set_paused(session, true);
	watch(session, SESSION_PAUSE_MS);
}

/* False: the session is closing, since it has been too fast for too long. A pause takes effect
 * behind this message; the next one waits in the connection's input. */
static bool take_message(struct session *session)
{
	const struct conf *const conf = session->app->hub->loop->conf;
	const uint64_t full = (uint64_t)conf->message_burst * PER_MESSAGE;
	if (conf->message_rate == 0)
		return true;
	fill(session, conf);
	if (session->messages.missing <= UINT32_MAX - PER_MESSAGE)
		session->messages.missing += PER_MESSAGE;
	if (session->messages.missing + (uint64_t)PER_MESSAGE <= full)
		return true;
	if (session->strikes >= SESSION_STRIKES_MAX) {
		session_close(session, PUSHER_OVER_CAPACITY, CLN_SLICE("You send too many messages"));
		return false;
	}
	pause(session);
	return true;
}

void session_take(struct session *session, struct cln_slice message)
{
	if (!session->is_leaving && take_message(session))
		pusher_handle(session, message);
}

/* --- the subscriber --- */

void session_close_subscriber(struct subscriber *subscriber, uint16_t code, struct cln_slice reason)
{
	session_close((struct session *)subscriber, code, reason);
}

void session_describe(const struct subscriber *subscriber, char *out, size_t cap)
{
	char id[MSG_SOCKET_MAX];
	msg_socket_print(subscriber->id, id);
	snprintf(out, cap, "socket=%s", id);
}

/* --- opening --- */

static uint64_t new_socket_id(struct hub *hub)
{
	for (;;) {
		const uint64_t id = rand_u64();
		if (id >> 32 != 0 && (id & UINT32_MAX) != 0 && hub_find_session(hub, id) == NULL)
			return id;
	}
}

size_t session_bytes(void)
{
	return sizeof(struct session);
}

void session_begin(struct session *session, struct app *app, unsigned protocol,
	const struct session_transport *transport)
{
	struct hub *const hub = app->hub;
	subscriber_init(&session->subscriber, &transport->subscriber, new_socket_id(hub));
	session->app = app;
	session->protocol = (uint8_t)protocol; /* judged */
	session->opened_ms = session->heard_ms = session->messages.filled_ms =
		(uint32_t)hub->loop->now_ms;
	table_add(&hub->sessions, session_hash(session->subscriber.id), session);
	atomic_fetch_add_explicit(&hub->session_count, 1, memory_order_relaxed);
	watch(session, probe_after_ms(hub->loop->conf));
}

void session_greet(struct session *session)
{
	session_say(session, pusher_frame_established(session->subscriber.id,
							 session->app->hub->loop->conf->activity_timeout_ms));
}

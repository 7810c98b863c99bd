/* SPDX-License-Identifier: MIT
 *
 * A session as hub.c and pusher.c see it. It stands in its transport's memory (a WebSocket's room,
 * a struct xhr) and ends at the end of the turn in which its socket closed; everybody else names it
 * by its socket id.
 */
#ifndef SESSION_PRIVATE_H
#define SESSION_PRIVATE_H

#include "base/wheel.h"
#include "channel.h"
#include "pusher_frame.h"

struct conn;
struct http_request;
struct hub;
struct session;
struct session_user;
struct ws;
struct ws_limits;
struct ws_ops;

/* How a session reaches its client: by a WebSocket (session_ws.c) or by HTTP requests (xhr.h). A
 * session finds this table by its subscriber's, which is the first member: the choice costs an idle
 * session nothing and the delivery path no second call. */
struct session_transport {
	struct subscriber_ops subscriber; /* deliver() gets channel NULL for what the session says */
	/* The last word: nothing is delivered behind it, and session_end() follows, in a later turn
	 * or at this one's end. For protocols below 6 a pusher:error goes first. */
	void (*leave)(struct session *session, uint16_t code, struct cln_slice reason);
	/* Asks the client for a sign of life, which is told by session_heard(). */
	void (*probe)(struct session *session);
	/* Whether messages are taken from the client. */
	void (*set_paused)(struct session *session, bool is_paused);
};

/* A bucket that fills by `rate` a second up to `burst`, as what is missing in it, in thousandths of
 * a message. */
struct session_bucket {
	uint32_t filled_ms;
	uint32_t missing;
};

/* Times are their low halves: good for what is looked at more often than every 49 days. */
struct session {
	struct subscriber subscriber; /* its id is the socket id */
	struct app *app;              /* and, by it, the hub */
	struct session_user *user;    /* NULL: not signed in; hub_users.h */
	struct wheel_timer timer;     /* idle probe, or the end of a pause */
	uint32_t heard_ms;            /* when the peer was; with a probe open, when that was sent */
	struct session_bucket messages;
	uint32_t opened_ms;
	uint32_t window_ms;     /* begin of the second that client events are counted in */
	uint16_t window_events; /* of that second */
	uint8_t protocol : 3;
	uint8_t strikes : 5;    /* pauses since the bucket was last full */
	bool is_probed : 1;     /* a probe is open */
	bool is_authorized : 1; /* signed in once, or asked for a private channel with a right proof */
	bool is_secure : 1;     /* came by TLS */
	bool is_paused : 1;
	bool is_leaving : 1; /* told to close: gets and says nothing any more */
};

struct subscriber *session_subscriber(struct session *session);
/* For hub.sessions: ids are random, and nobody but us draws them. */
uint32_t session_hash(uint64_t id);

/* Sends `frame` and drops the caller's reference. */
void session_say(struct session *session, struct frame *frame);
void session_error(struct session *session, unsigned code, struct cln_slice message);
/* Says that a subscription failed: pusher:error and the channel's error frames. */
void session_refuse(struct session *session, const struct pusher_refusal *refusal);
/* Closes; for protocols below 6 after a pusher:error. Not from within a delivery. */
void session_close(struct session *session, uint16_t code, struct cln_slice reason);

/* --- judging who comes (session_open.c) --- */

/* What a client asks for and how that is judged. */
struct session_opening {
	struct app *app; /* NULL if there is none */
	unsigned protocol;
	uint16_t code;  /* 0: welcome, and counted in */
	bool is_secure; /* came by TLS */
	const char *reason;
};

/* The same for all transports. `key`: the application's, from the path; without a ptr the path has
 * none. Counts the session in, which session_end() takes back, or refuses and counts nothing. */
void session_judge(struct hub *hub, struct conn *conn, const struct http_request *request,
	struct cln_slice key, struct session_opening *opening);
/* The counter and the log line of a refusal. */
void session_note_refusal(struct hub *hub, struct conn *conn, const struct http_request *request,
	const struct session_opening *opening);

/* --- for transports --- */

/* Of a client that has been judged welcome and counted in; `session` is zeroed memory of the
 * transport's, which greets as soon as it can say something. */
void session_begin(struct session *session, struct app *app, unsigned protocol,
	const struct session_transport *transport);
void session_greet(struct session *session);
/* The transport is gone; the memory stays its own. */
void session_end(struct session *session);
/* Something came from the client. */
void session_heard(struct session *session);
/* A text message, valid UTF-8, within the application's limit. */
void session_take(struct session *session, struct cln_slice message);
/* The client reads too slowly: closes with 4100. The transport has made room for that. */
void session_overflow(struct session *session);
/* subscriber_ops that do not depend on the transport. */
void session_close_subscriber(
	struct subscriber *subscriber, uint16_t code, struct cln_slice reason);
void session_describe(const struct subscriber *subscriber, char *out, size_t cap);
/* The codes from which on a close says it all; below, a pusher:error goes first. */
#define SESSION_PROTOCOL_CLOSE_CODES 6

/* --- WebSockets (session_ws.c) --- */

extern const struct ws_ops session_ops;
extern const struct ws_ops session_refused_ops;

/* Opens the session of an upgrade that has been judged welcome and counted in. */
void session_welcome(
	struct conn *conn, const struct http_request *request, struct app *app, unsigned protocol);
/* A close that works for all protocols: below 6 a pusher:error goes first. */
void session_say_goodbye(struct ws *ws, unsigned protocol, uint16_t code, struct cln_slice reason);

/* What sockets of `app` may do; of NULL: of upgrades that are refused. In place, since open sockets
 * borrow it. */
void session_limits_set(
	struct ws_limits *limits, const struct conf *conf, const struct conf_app *app);

#endif

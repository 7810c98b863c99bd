/* SPDX-License-Identifier: MIT
 *
 * Opening sessions: whether a client is welcome, whatever its transport, and the close codes for
 * upgrades that are not.
 */
#include "session.h"
#include "hub_private.h"
#include "origin.h"
#include "ws.h"

static void refuse(struct session_opening *opening, uint16_t code, const char *reason)
{
	opening->code = code;
	opening->reason = reason;
}

#define PROTOCOL_MIN     4 /* from here on every subscription is confirmed */
#define PROTOCOL_MAX     7
#define PROTOCOL_DEFAULT PROTOCOL_MAX
#define PROTOCOL_TEXT    256 /* longer is taken as absent */

static unsigned parse_protocol(const struct http_request *request)
{
	char text[PROTOCOL_TEXT];
	if (!http_query(request, "protocol", text, sizeof(text)))
		return PROTOCOL_DEFAULT;
	const bool is_digit = text[0] >= '0' && text[0] <= '9' && text[1] == '\0';
	return is_digit ? (unsigned)(text[0] - '0') : 0;
}

/* Whether there is such an application, and it speaks to such a client. */
static void judge_app(struct hub *hub, struct cln_slice key, struct session_opening *opening)
{
	if (key.ptr == NULL) {
		refuse(opening, PUSHER_NO_PATH, "Path not found: clients connect to /app/KEY");
		return;
	}
	opening->app = app_list_by_key(&hub->apps, key);
	if (opening->app == NULL)
		refuse(opening, PUSHER_NO_APP, "No application has this key");
	else if (!opening->app->conf->enabled)
		refuse(opening, PUSHER_DISABLED, "The application is disabled");
	else if (opening->protocol < PROTOCOL_MIN || opening->protocol > PROTOCOL_MAX)
		refuse(opening, PUSHER_BAD_PROTOCOL, "Unsupported protocol version: use 4, 5, 6 or 7");
}

/* Whether it comes in a way that the application allows. */
static void judge_way(
	struct hub *hub, const struct http_request *request, struct session_opening *opening)
{
	const struct conf_app *const conf = opening->app->conf;
	const struct http_header *const origin = http_find(request, "Origin");
	if (conf->tls_only && !opening->is_secure) {
		refuse(opening, PUSHER_TLS_ONLY, "The application wants TLS: connect by wss");
	} else if (origin != NULL && !origin_is_allowed(conf->allowed_origins,
									 conf->allowed_origins_count, origin->value)) {
		hub->loop->metrics.origins_refused++;
		refuse(opening, PUSHER_UNAUTHORIZED, "Pages of this origin may not connect");
	}
}

/* Counts the session in, or refuses and counts nothing. */
static void judge_room(struct hub *hub, struct session_opening *opening)
{
	struct hub_shared *const shared = hub->shared;
	const unsigned quota = opening->app->conf->max_connections;
	atomic_uint *const in_app = opening->app->sessions;
	if (atomic_load(&shared->is_draining)) {
		refuse(opening, PUSHER_RESTART, "server is restarting");
		return;
	}
	if (atomic_fetch_add(in_app, 1) >= quota && quota != 0) {
		refuse(opening, PUSHER_QUOTA, "The application is over its connection quota");
	} else if (atomic_fetch_add(&shared->sessions, 1) >= shared->conf->max_connections) {
		atomic_fetch_sub(&shared->sessions, 1);
		refuse(opening, PUSHER_OVER_CAPACITY, "The server is over capacity");
	} else {
		return;
	}
	atomic_fetch_sub(in_app, 1);
}

void session_judge(struct hub *hub, struct conn *conn, const struct http_request *request,
	struct cln_slice key, struct session_opening *opening)
{
	*opening = (struct session_opening){
		.protocol = parse_protocol(request), .is_secure = conn_is_secure(conn)};
	judge_app(hub, key, opening);
	if (opening->code == 0)
		judge_way(hub, request, opening);
	if (opening->code == 0)
		judge_room(hub, opening);
}

void session_note_refusal(struct hub *hub, struct conn *conn, const struct http_request *request,
	const struct session_opening *opening)
{
	char peer[CONN_PEER_MAX];
	char page[LOG_QUOTED_MAX];
	const struct http_header *const origin = http_find(request, "Origin");
	hub->loop->metrics.sessions_refused++;
	conn_peer(conn, peer);
	log_quote(page, origin != NULL ? origin->value : CLN_SLICE(""));
	log_event_limited(&hub->log_refusals, hub->loop->now_ms, LOG_LEVEL_INFO, "refused",
		"peer=%s app=%s code=%u origin=\"%s\" reason=\"%s\"", peer,
		opening->app != NULL ? opening->app->conf->id : "-", (unsigned)opening->code, page,
		opening->reason);
}

/* The key in /app/KEY or /pusher/app/KEY; without a ptr if it is another path. */
static struct cln_slice key_of(struct cln_slice path)
{
	const struct cln_slice first = CLN_SLICE("/pusher");
	const struct cln_slice prefix = CLN_SLICE("/app/");
	if (cln_slice_starts(path, first))
		path = cln_slice_from(path, first.len);
	if (!cln_slice_starts(path, prefix))
		return (struct cln_slice){0};
	const struct cln_slice key = cln_slice_from(path, prefix.len);
	return memchr(key.ptr, '/', key.len) == NULL ? key : (struct cln_slice){0};
}

static void turn_away(struct hub *hub, struct conn *conn, const struct http_request *request,
	const struct session_opening *opening)
{
	session_note_refusal(hub, conn, request, opening);
	struct ws *const ws = ws_accept(conn, request, hub->refused_limits);
	session_say_goodbye(ws, opening->protocol, opening->code, cln_slice_of(opening->reason));
}

void session_upgrade(struct hub *hub, struct conn *conn, const struct http_request *request)
{
	struct session_opening opening;
	if (!ws_check_upgrade(conn, request))
		return;
	session_judge(hub, conn, request, key_of(request->path), &opening);
	if (opening.code == 0)
		session_welcome(conn, request, opening.app, opening.protocol);
	else
		turn_away(hub, conn, request, &opening);
}

static void ignore_message(struct ws *ws, enum ws_opcode opcode, struct cln_slice message)
{
	(void)ws;
	(void)opcode;
	(void)message;
}

static void close_refused(struct ws *ws)
{
	conn_close(ws_conn(ws));
}

static void ignore_closed(struct ws *ws, uint16_t code)
{
	(void)ws;
	(void)code;
}

const struct ws_ops session_refused_ops = {
	.on_message = ignore_message,
	.on_overflow = close_refused,
	.on_closed = ignore_closed,
};

/* SPDX-License-Identifier: MIT
 *
 * The client verbs. Each gets the session and the raw members of its message. Signatures are
 * checked over the bytes that decoding the outer JSON once yields; nothing is ever re-serialised
 * before that.
 */
#include "pusher.h"
#include "hub_private.h"
#include "jslice.h"
#include "pusher_auth.h"

#include <stdarg.h>
#include <stdio.h>

#define ERROR_TEXT_MAX 512 /* of a sentence that quotes what the peer sent */

struct message {
	struct cln_slice event; /* decoded */
	bool has_channel;
	bool has_data;
	struct jslice channel;
	struct jslice data;
};

static void complain(struct session *session, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void complain(struct session *session, const char *format, ...)
{
	char text[ERROR_TEXT_MAX];
	va_list args;
	va_start(args, format);
	const int len = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	size_t used = len < 0 ? 0 : (size_t)len;
	if (used >= sizeof(text))
		used = sizeof(text) - 1;
	struct cln_slice message = {text, used};
	/* Cutting may have split a character, which would make the frame invalid. */
	while (message.len > 0 && !cln_utf8_is_valid(message))
		message.len--;
	session_error(session, PUSHER_NONE, message);
}

/* A slice as arguments of "%.*s". */
#define ARGS(slice) (int)(slice).len, (slice).ptr

/* --- names --- */

/* Decodes a channel name into `out`; false if it is no string or longer than any name. */
static bool decode_channel(
	const struct jslice *value, char out[CLN_CHANNEL_NAME_MAX], struct cln_slice *name)
{
	size_t len;
	if (value->type != JSLICE_STRING || jslice_string(value, out, CLN_CHANNEL_NAME_MAX, &len) < 0)
		return false;
	*name = cln_slice(out, len);
	return true;
}

/* --- pusher:subscribe --- */

struct request {
	struct session *session;
	struct cln_slice channel;
	struct cln_channel_type type;
	struct jslice data; /* the object */
};

static void refuse(
	const struct request *request, unsigned status, const char *type, struct cln_slice message)
{
	const struct pusher_refusal refusal = {
		.channel = request->channel,
		.type = type,
		.status = status,
		.message = message,
	};
	session_refuse(request->session, &refusal);
}

static void refuse_auth(const struct request *request, struct buf *message)
{
	refuse(request, PUSHER_STATUS_UNAUTHORIZED, "AuthError", buf_slice(message));
	buf_deinit(message);
}

static void refuse_bad(const struct request *request, const char *message)
{
	refuse(request, PUSHER_STATUS_BAD, "InvalidRequest", cln_slice_of(message));
}

static void refuse_limit(const struct request *request, const char *message)
{
	refuse(request, PUSHER_STATUS_FORBIDDEN, "LimitReached", cln_slice_of(message));
}

/* Appends the decoded text of an optional string member to `out`. False if it is neither a string
 * nor absent nor null. *is_there tells the two apart. */
static bool decode_member(
	const struct jslice *object, struct cln_slice name, struct buf *out, bool *is_there)
{
	struct jslice value;
	*is_there = false;
	if (!jslice_find(object, name, &value) || value.type == JSLICE_NULL)
		return true;
	if (value.type != JSLICE_STRING)
		return false;
	size_t len;
	buf_reserve(out, value.raw.len);
	if (jslice_string(&value, out->bytes + out->len, value.raw.len, &len) < 0)
		return false; /* never: raw.len bytes are enough */
	out->len += len;
	*is_there = true;
	return true;
}

/* Whether the signature is right; refuses if not. */
static bool check_auth(
	const struct request *request, struct cln_slice auth, const struct cln_slice *channel_data)
{
	struct buf message = {0};
	const struct session *const session = request->session;
	const struct pusher_auth signing = {
		.key = app_key(session->app),
		.secret = app_secret(session->app),
		.socket = session->subscriber.id,
		.channel = request->channel,
		.channel_data = channel_data,
	};
	if (pusher_auth_check(&signing, auth, &message))
		return true;
	refuse_auth(request, &message);
	return false;
}

static void join(const struct request *request, const struct hub_member *member)
{
	struct session *const session = request->session;
	if (hub_subscribe(session->hub, &session->subscriber, session->app, request->channel,
			&request->type, member) == HUB_ALREADY)
		complain(session, "Existing subscription to channel %.*s", ARGS(request->channel));
}

static void join_presence(const struct request *request, struct cln_slice channel_data)
{
	char user_id[PRESENCE_USER_ID_MAX];
	struct pusher_member member;
	const char *const error = pusher_member_parse(channel_data, user_id, &member);
	if (error != NULL) {
		refuse_bad(request, error);
		return;
	}
	if (member.info.len > request->session->app->conf->member_bytes) {
		refuse_limit(request, "The user_info of channel_data is larger than allowed");
		return;
	}
	const struct hub_member joining = {member.id, member.info};
	join(request, &joining);
}

/* `auth` and `data` are scratch buffers of the caller. */
static void join_private(const struct request *request, struct buf *auth, struct buf *data)
{
	bool has_auth, has_data;
	if (!decode_member(&request->data, CLN_SLICE("auth"), auth, &has_auth)) {
		refuse_bad(request, "auth must be a string");
		return;
	}
	if (!decode_member(&request->data, CLN_SLICE("channel_data"), data, &has_data)) {
		refuse_bad(request, "channel_data must be a string that holds JSON");
		return;
	}
	const struct cln_slice channel_data = buf_slice(data);
	if (!check_auth(request, buf_slice(auth), has_data ? &channel_data : NULL))
		return;
	if (request->type.is_presence && !has_data)
		refuse_bad(request, "A presence channel needs channel_data with a user_id");
	else if (request->type.is_presence)
		join_presence(request, channel_data);
	else
		join(request, &(struct hub_member){0});
}

static void subscribe_checked(const struct request *request)
{
	struct session *const session = request->session;
	if (session->subscriber.count >= session->app->conf->channels) {
		refuse_limit(request, "This connection has as many subscriptions as it may have");
		return;
	}
	if (!request->type.is_private) {
		join(request, &(struct hub_member){0});
		return;
	}
	struct buf auth = {0};
	struct buf data = {0};
	join_private(request, &auth, &data);
	buf_deinit(&auth);
	buf_deinit(&data);
}

static void handle_subscribe(struct session *session, const struct message *message)
{
	char name[CLN_CHANNEL_NAME_MAX];
	struct request request = {.session = session};
	struct jslice channel;
	if (!message->has_data || message->data.type != JSLICE_OBJECT ||
		!jslice_find(&message->data, CLN_SLICE("channel"), &channel) ||
		channel.type != JSLICE_STRING) {
		complain(session, "pusher:subscribe needs data with a channel, a string");
		return;
	}
	request.data = message->data;
	if (!decode_channel(&channel, name, &request.channel)) {
		session->hub->loop->metrics.subscribe_errors++;
		complain(session, "Channel names have at most %d characters", CLN_CHANNEL_NAME_MAX);
	} else if (cln_channel_check(request.channel, &request.type) < 0) {
		refuse_bad(&request, "Channel names may hold only A-Z a-z 0-9 _ - = @ , . ;");
	} else if (request.type.is_user) {
		refuse_bad(&request, "User channels need a sign-in, which this server does not offer yet");
	} else {
		subscribe_checked(&request);
	}
}

/* --- the small verbs --- */

static void handle_unsubscribe(struct session *session, const struct message *message)
{
	char buffer[CLN_CHANNEL_NAME_MAX];
	struct cln_slice name;
	struct jslice channel;
	if (!message->has_data || !jslice_find(&message->data, CLN_SLICE("channel"), &channel) ||
		channel.type != JSLICE_STRING) {
		complain(session, "pusher:unsubscribe needs data with a channel, a string");
		return;
	}
	if (!decode_channel(&channel, buffer, &name))
		return; /* nobody can be subscribed to that */
	struct subscription *const subscription = hub_find(&session->subscriber, session->app, name);
	if (subscription != NULL)
		hub_unsubscribe(session->hub, subscription);
}

static void handle_ping(struct session *session, const struct message *message)
{
	(void)message;
	session_say(session, frame_ref(session->hub->pong));
}

/* That it came is all: activity was noted already. */
static void handle_pong(struct session *session, const struct message *message)
{
	(void)session;
	(void)message;
}

static void handle_signin(struct session *session, const struct message *message)
{
	(void)message;
	complain(session, "This server does not offer sign-in (pusher:signin) yet");
}

/* --- client events --- */

static void refuse_event(struct session *session)
{
	session->hub->loop->metrics.client_events_refused++;
}

#define WINDOW_MS 1000

static bool is_over_rate(struct session *session)
{
	struct session_window *const window = &session->client_events;
	const int64_t now_ms = session->hub->loop->now_ms;
	if (window->count == 0 || now_ms - window->start_ms >= WINDOW_MS)
		*window = (struct session_window){.start_ms = now_ms};
	if (window->count >= session->app->conf->client_event_rate)
		return true;
	window->count++;
	return false;
}

/* The size of what the receivers' handlers get: a string's content, or the JSON text. Escapes are
 * counted as they stand, which errs on the safe side. */
static size_t payload_size(const struct message *message)
{
	if (!message->has_data)
		return 0;
	const size_t quotes = message->data.type == JSLICE_STRING ? 2 : 0;
	return message->data.raw.len - quotes;
}

static void relay_event(
	struct session *session, const struct subscription *subscription, const struct message *message)
{
	const struct channel *const channel = subscription->channel;
	struct cln_slice user_id = {0};
	if (channel->type.is_presence)
		user_id = subscription_user(subscription);
	const struct cln_slice data = message->has_data ? message->data.raw : (struct cln_slice){0};
	struct msg msg = {
		.app = session->app->index,
		.channel = channel_name(channel),
		.frame = pusher_frame_client_event(message->event, channel_name(channel), data, user_id),
		.except = session->subscriber.id,
		.is_client = true,
		.has_id = true,
	};
	hub_next_id(session->hub, msg.id);
	session->hub->loop->metrics.client_events++;
	hub_publish(session->hub, &msg);
	frame_unref(msg.frame);
}

/* The sender's subscription if it may send to that channel; complains otherwise. */
static struct subscription *event_subscription(
	struct session *session, const struct message *message)
{
	char buffer[CLN_CHANNEL_NAME_MAX];
	struct cln_slice name;
	struct cln_channel_type type;
	if (!message->has_channel || message->channel.type != JSLICE_STRING) {
		complain(session, "Invalid client event (must contain channel and data)");
		return NULL;
	}
	if (!decode_channel(&message->channel, buffer, &name) || cln_channel_check(name, &type) < 0) {
		complain(session, "Invalid client event (not a channel name)");
		return NULL;
	}
	if (!type.is_private) {
		complain(session, "Client events are for private and presence channels only, not for %.*s",
			ARGS(name));
		return NULL;
	}
	struct subscription *const subscription = hub_find(&session->subscriber, session->app, name);
	if (subscription == NULL || subscription_is_waiting(subscription)) {
		complain(session,
			"Cannot broadcast client event (connection not subscribed to channel %.*s)",
			ARGS(name));
		return NULL;
	}
	return subscription;
}

static void handle_client_event(struct session *session, const struct message *message)
{
	const struct conf_app *const conf = session->app->conf;
	if (!conf->client_events) {
		refuse_event(session);
		complain(session, "To send client events, you must enable this feature for the "
						  "application (client_events in the relay's configuration).");
		return;
	}
	const struct subscription *const subscription = event_subscription(session, message);
	if (subscription == NULL) {
		refuse_event(session);
	} else if (payload_size(message) > conf->payload_bytes) {
		refuse_event(session);
		complain(session, "The data of a client event has at most %zu bytes", conf->payload_bytes);
	} else if (is_over_rate(session)) {
		refuse_event(session);
		session_error(session, PUSHER_EVENT_RATE,
			CLN_SLICE("The client event was rejected: too many in one second"));
	} else {
		relay_event(session, subscription, message);
	}
}

/* --- the table --- */

struct verb {
	struct cln_slice event;
	void (*handle)(struct session *session, const struct message *message);
};

#define VERB(name, handler)                                                                        \
	{                                                                                              \
		{name, sizeof(name) - 1}, handler                                                          \
	}

static const struct verb verbs[] = {
	VERB("pusher:ping", handle_ping),
	VERB("pusher:pong", handle_pong),
	VERB("pusher:subscribe", handle_subscribe),
	VERB("pusher:unsubscribe", handle_unsubscribe),
	VERB("pusher:signin", handle_signin),
};

static void dispatch(struct session *session, const struct message *message)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (cln_slice_equal(verbs[i].event, message->event)) {
			verbs[i].handle(session, message);
			return;
		}
	}
	if (cln_slice_starts(message->event, CLN_SLICE("client-")))
		handle_client_event(session, message);
	else
		complain(session, "Unsupported event received on socket: '%.*s'", ARGS(message->event));
}

void pusher_handle(struct session *session, struct cln_slice text)
{
	char event[CLN_EVENT_NAME_MAX];
	struct jslice frame, value;
	struct message message = {0};
	const int result = jslice_parse(text, &frame);
	if (result < 0) {
		complain(session, result == CLN_ERR_LIMIT ? "The message is nested too deeply"
												  : "The message is not valid JSON");
		return;
	}
	if (!jslice_find(&frame, CLN_SLICE("event"), &value) || value.type != JSLICE_STRING) {
		complain(session, "A message is a JSON object with an event, a string");
		return;
	}
	if (jslice_string(&value, event, sizeof(event), &message.event.len) < 0) {
		complain(session, "Event names have at most %d bytes", CLN_EVENT_NAME_MAX);
		return;
	}
	message.event.ptr = event;
	message.has_channel = jslice_find(&frame, CLN_SLICE("channel"), &message.channel);
	message.has_data = jslice_find(&frame, CLN_SLICE("data"), &message.data);
	dispatch(session, &message);
}

/* SPDX-License-Identifier: MIT
 *
 * The client verbs. Each gets the session and the raw members of its message. Signatures are
 * checked over the bytes that decoding the outer JSON once yields; nothing is ever re-serialised
 * before that.
 */
#include "pusher.h"
#include "hub_private.h"
#include "hub_users.h"
#include "pusher_private.h"

#include <stdarg.h>
#include <stdio.h>

#define ERROR_TEXT_MAX 512 /* of a sentence that quotes what the peer sent */

void pusher_complain(struct session *session, unsigned code, const char *format, ...)
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
	session_error(session, code, message);
}

bool pusher_channel_name(
	const struct jslice *value, char out[CLN_CHANNEL_NAME_MAX], struct cln_slice *name)
{
	size_t len;
	if (value->type != JSLICE_STRING || jslice_string(value, out, CLN_CHANNEL_NAME_MAX, &len) < 0)
		return false;
	*name = cln_slice(out, len);
	return true;
}

bool pusher_member_text(
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

struct pusher_auth pusher_auth_of(const struct session *session)
{
	struct pusher_auth expected = {.socket = session->subscriber.id};
	expected.pair_count = app_pairs(session->app, expected.pairs);
	return expected;
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

/* Whether the signature is right; refuses if not. */
static bool check_auth(
	const struct request *request, struct cln_slice auth, const struct cln_slice *channel_data)
{
	struct buf message = {0};
	struct pusher_auth signing = pusher_auth_of(request->session);
	signing.channel = request->channel;
	signing.channel_data = channel_data;
	if (!pusher_auth_check(&signing, auth, &message)) {
		refuse_auth(request, &message);
		return false;
	}
	request->session->is_authorized = true;
	return true;
}

static void join(const struct request *request, const struct hub_member *member)
{
	struct session *const session = request->session;
	if (hub_subscribe(session->app->hub, &session->subscriber, session->app, request->channel,
			&request->type, member) == HUB_ALREADY)
		pusher_complain(
			session, PUSHER_NONE, "Existing subscription to channel %.*s", ARGS(request->channel));
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

/* Without channel_data: who has signed in is the member. */
static void join_as_user(const struct request *request)
{
	const struct session_user *const by = request->session->user;
	if (by == NULL) {
		refuse_bad(request,
			"A presence channel needs channel_data with a user_id, or a sign-in before it");
		return;
	}
	const struct hub_member joining = {user_id(by->user), session_user_info(by)};
	join(request, &joining);
}

/* `auth` and `data` are scratch buffers of the caller. */
static void join_private(const struct request *request, struct buf *auth, struct buf *data)
{
	bool has_auth, has_data;
	if (!pusher_member_text(&request->data, CLN_SLICE("auth"), auth, &has_auth)) {
		refuse_bad(request, "auth must be a string");
		return;
	}
	if (!pusher_member_text(&request->data, CLN_SLICE("channel_data"), data, &has_data)) {
		refuse_bad(request, "channel_data must be a string that holds JSON");
		return;
	}
	const struct cln_slice channel_data = buf_slice(data);
	if (!check_auth(request, buf_slice(auth), has_data ? &channel_data : NULL))
		return;
	if (request->type.is_presence && !has_data)
		join_as_user(request);
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

/* Whether it is the channel of the user as whom the session is signed in. */
static bool is_own_channel(const struct session *session, struct cln_slice channel)
{
	const struct cln_slice prefix = CLN_SLICE("#server-to-user-");
	return session->user != NULL &&
		   cln_slice_equal(cln_slice_from(channel, prefix.len), user_id(session->user->user));
}

static void subscribe(struct request *request)
{
	if (cln_channel_check(request->channel, &request->type) < 0)
		refuse_bad(request, "Channel names may hold only A-Z a-z 0-9 _ - = @ , . ;");
	else if (request->type.is_user && !is_own_channel(request->session, request->channel))
		refuse(request, PUSHER_STATUS_UNAUTHORIZED, "AuthError",
			CLN_SLICE("Only who has signed in (pusher:signin) as a user may subscribe to the "
					  "user's channel"));
	else
		subscribe_checked(request);
}

/* The frames that say so name the channel, however long. */
static void refuse_long(struct request *request, const struct jslice *channel, unsigned limit)
{
	struct buf name = {0};
	struct buf message = {0};
	size_t len = 0;
	buf_reserve(&name, channel->raw.len);
	if (jslice_string(channel, name.bytes, channel->raw.len, &len) == CLN_OK)
		name.len = len;
	request->channel = buf_slice(&name);
	buf_appendf(&message, "Channel names have at most %u characters", limit);
	refuse(request, PUSHER_STATUS_BAD, "InvalidRequest", buf_slice(&message));
	buf_deinit(&message);
	buf_deinit(&name);
}

static void handle_subscribe(struct session *session, const struct message *message)
{
	char name[CLN_CHANNEL_NAME_MAX];
	struct request request = {.session = session};
	struct jslice channel;
	if (!message->has_data || message->data.type != JSLICE_OBJECT ||
		!jslice_find(&message->data, CLN_SLICE("channel"), &channel) ||
		channel.type != JSLICE_STRING) {
		pusher_complain(
			session, PUSHER_NONE, "pusher:subscribe needs data with a channel, a string");
		return;
	}
	request.data = message->data;
	const unsigned limit = session->app->conf->channel_name_bytes;
	if (pusher_channel_name(&channel, name, &request.channel) && request.channel.len <= limit)
		subscribe(&request);
	else
		refuse_long(&request, &channel, limit);
}

/* --- the small verbs --- */

static void handle_unsubscribe(struct session *session, const struct message *message)
{
	char buffer[CLN_CHANNEL_NAME_MAX];
	struct cln_slice name;
	struct jslice channel;
	if (!message->has_data || !jslice_find(&message->data, CLN_SLICE("channel"), &channel) ||
		channel.type != JSLICE_STRING) {
		pusher_complain(
			session, PUSHER_NONE, "pusher:unsubscribe needs data with a channel, a string");
		return;
	}
	if (!pusher_channel_name(&channel, buffer, &name))
		return; /* nobody can be subscribed to that */
	struct subscription *const subscription = hub_find(&session->subscriber, session->app, name);
	if (subscription != NULL)
		hub_unsubscribe(session->app->hub, subscription);
}

static void handle_ping(struct session *session, const struct message *message)
{
	(void)message;
	session_say(session, frame_ref(session->app->hub->pong));
}

/* That it came is all: activity was noted already. */
static void handle_pong(struct session *session, const struct message *message)
{
	(void)session;
	(void)message;
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
	VERB("pusher:signin", pusher_sign_in),
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
		pusher_client_event(session, message);
	else
		pusher_complain(session, PUSHER_NONE, "Unsupported event received on socket: '%.*s'",
			ARGS(message->event));
}

void pusher_handle(struct session *session, struct cln_slice text)
{
	char event[CLN_EVENT_NAME_MAX];
	struct jslice frame, value;
	struct message message = {0};
	const int result = jslice_parse(text, &frame);
	if (result < 0) {
		pusher_complain(session, PUSHER_NONE, "%s",
			result == CLN_ERR_LIMIT ? "The message is nested too deeply"
									: "The message is not valid JSON");
		return;
	}
	if (!jslice_find(&frame, CLN_SLICE("event"), &value) || value.type != JSLICE_STRING) {
		pusher_complain(session, PUSHER_NONE, "A message is a JSON object with an event, a string");
		return;
	}
	if (jslice_string(&value, event, sizeof(event), &message.event.len) < 0) {
		pusher_complain(session, PUSHER_NONE, "Event names have at most %u bytes",
			session->app->conf->event_name_bytes);
		return;
	}
	message.event.ptr = event;
	message.has_channel = jslice_find(&frame, CLN_SLICE("channel"), &message.channel);
	message.has_data = jslice_find(&frame, CLN_SLICE("data"), &message.data);
	dispatch(session, &message);
}

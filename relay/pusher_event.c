/* SPDX-License-Identifier: MIT
 *
 * Client events, which Echo calls whispers: who may send them, and what their receivers get. `data`
 * passes byte for byte; nothing a client sends but name and data reaches another one.
 */
#include "hub_private.h"
#include "pusher_private.h"

static void refuse_event(struct session *session)
{
	session->app->hub->loop->metrics.client_events_refused++;
}

#define WINDOW_MS 1000

static bool is_over_rate(struct session *session)
{
	const uint32_t now_ms = (uint32_t)session->app->hub->loop->now_ms;
	if (session->window_events == 0 || now_ms - session->window_ms >= WINDOW_MS) {
		session->window_ms = now_ms;
		session->window_events = 0;
	}
	if (session->window_events >= session->app->conf->client_event_rate)
		return true;
	session->window_events += session->window_events < UINT16_MAX;
	return false;
}

/* A valid string's content; the caller deinits it. */
static struct buf decoded(const struct jslice *string)
{
	struct buf text = {0};
	buf_reserve(&text, string->raw.len);
	if (jslice_string(string, text.bytes, string->raw.len, &text.len) < 0)
		text.len = 0; /* never: raw.len bytes are enough */
	return text;
}

/* Whether what the receivers' handlers get has at most `limit` bytes: a string's content, or the
 * JSON text. A string is only decoded if its escapes may make the difference. */
static bool is_within(const struct message *message, size_t limit)
{
	if (!message->has_data || message->data.raw.len <= limit)
		return true;
	if (message->data.type != JSLICE_STRING)
		return false;
	struct buf text = decoded(&message->data);
	const bool result = text.len <= limit;
	buf_deinit(&text);
	return result;
}

/* The text that the receivers' handlers get is only decoded if somebody may want it. */
static void emit(struct session *session, const struct msg *msg, const struct message *message,
	struct cln_slice user_id)
{
	struct hub *const hub = session->app->hub;
	if (session->app->conf->webhooks_count == 0)
		return;
	struct buf text = {0};
	struct webhook_event event = {
		.kind = WEBHOOK_CLIENT_EVENT,
		.app = msg->app,
		.channel = msg->channel,
		.user_id = user_id,
		.event = message->event,
		.data = message->has_data ? message->data.raw : CLN_SLICE("null"),
		.socket = session->subscriber.id,
	};
	if (message->has_data && message->data.type == JSLICE_STRING) {
		text = decoded(&message->data);
		event.data = buf_slice(&text);
	}
	webhooks_emit(hub->shared->webhooks, hub->loop, &event);
	buf_deinit(&text);
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
	hub_next_id(session->app->hub, msg.id);
	session->app->hub->loop->metrics.client_events++;
	emit(session, &msg, message, user_id);
	hub_publish(session->app->hub, &msg);
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
		pusher_complain(
			session, PUSHER_NONE, "Invalid client event (must contain channel and data)");
		return NULL;
	}
	if (!pusher_channel_name(&message->channel, buffer, &name) ||
		cln_channel_check(name, &type) < 0) {
		pusher_complain(session, PUSHER_NONE, "Invalid client event (not a channel name)");
		return NULL;
	}
	if (!type.is_private) {
		pusher_complain(session, PUSHER_NONE,
			"Client events are for private and presence channels only, not for %.*s", ARGS(name));
		return NULL;
	}
	struct subscription *const subscription = hub_find(&session->subscriber, session->app, name);
	if (subscription == NULL || subscription_is_waiting(subscription)) {
		pusher_complain(session, PUSHER_NONE,
			"Cannot broadcast client event (connection not subscribed to channel %.*s)",
			ARGS(name));
		return NULL;
	}
	return subscription;
}

void pusher_client_event(struct session *session, const struct message *message)
{
	const struct conf_app *const conf = session->app->conf;
	if (!conf->client_events) {
		refuse_event(session);
		pusher_complain(session, PUSHER_NONE,
			"To send client events, you must enable this feature for the "
			"application (client_events in the relay's configuration).");
		return;
	}
	const struct subscription *const subscription = event_subscription(session, message);
	if (subscription == NULL) {
		refuse_event(session);
	} else if (message->event.len > conf->event_name_bytes) {
		refuse_event(session);
		pusher_complain(
			session, PUSHER_NONE, "Event names have at most %u bytes", conf->event_name_bytes);
	} else if (!is_within(message, conf->payload_bytes)) {
		refuse_event(session);
		pusher_complain(session, PUSHER_NONE, "The data of a client event has at most %zu bytes",
			conf->payload_bytes);
	} else if (is_over_rate(session)) {
		refuse_event(session);
		session_error(session, PUSHER_EVENT_RATE,
			CLN_SLICE("The client event was rejected: too many in one second"));
	} else {
		relay_event(session, subscription, message);
	}
}

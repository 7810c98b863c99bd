/* SPDX-License-Identifier: MIT
 *
 * The hub's side that has the subscribers: asks a channel's home for interest and entry, and
 * delivers what comes back.
 *
 * With one worker hub_send() is a direct call, so everything here holds also when the answer comes
 * before hub_send() returns: after a note that may be answered, no subscription is touched again.
 */
#include "hub_private.h"
#include "pusher_frame.h"

static struct note note_to(
	const struct hub *hub, enum note_kind kind, const struct channel *channel)
{
	return (struct note){
		.kind = kind,
		.from = hub->loop->index,
		.token = channel->token,
		.msg = {.app = channel->app->index, .channel = channel_name(channel)},
	};
}

/* To the home, if another number of clients was on the channel before. */
static void tell_count(struct hub *hub, const struct channel *channel, unsigned before)
{
	if (channel->clients == before)
		return;
	struct note note = note_to(hub, NOTE_COUNT, channel);
	note.count = channel->clients;
	hub_send(hub, channel->home, &note);
}

/* The home of a channel that nobody of this worker is on is told that instead of a count. */
static void settle(struct hub *hub, struct channel *channel, unsigned clients_before)
{
	if (!channel_is_empty(channel)) {
		tell_count(hub, channel, clients_before);
		return;
	}
	const struct note note = note_to(hub, NOTE_DISINTEREST, channel);
	hub_send(hub, channel->home, &note);
	channel_free(channel);
}

void hub_hand_out(struct hub *hub)
{
	fanout_flush(&hub->fanout);
}

static void drop(struct hub *hub, struct subscription *subscription)
{
	struct channel *const channel = subscription->channel;
	const unsigned before = channel->clients;
	hub_hand_out(hub);
	subscription_free(subscription);
	hub->loop->metrics.subscriptions--;
	settle(hub, channel, before);
}

static void say(const struct subscription *subscription, struct frame *frame)
{
	struct subscriber *const subscriber = subscription_subscriber(subscription);
	subscriber->ops->deliver(subscriber, subscription->channel, frame);
}

/* Subscribers that are no clients are told nothing. */
static void enter_plain(struct subscription *subscription)
{
	if (subscription_subscriber(subscription)->id != 0) {
		struct frame *const frame = pusher_frame_succeeded(channel_name(subscription->channel));
		say(subscription, frame);
		frame_unref(frame);
	}
	subscription_enter(subscription);
}

/* Whether the home lets it in, and not this worker once the channel is live: the home knows who is
 * a member, and what a cache channel's last event is. */
static bool is_for_home(const struct subscription *subscription)
{
	const bool is_client = subscription_subscriber(subscription)->id != 0;
	return subscription_user(subscription).len > 0 ||
		   (subscription->channel->type.is_cache && is_client);
}

static void enter_now(struct hub *hub, struct subscription *subscription)
{
	const unsigned before = subscription->channel->clients;
	hub_hand_out(hub);
	enter_plain(subscription);
	tell_count(hub, subscription->channel, before);
}

static struct channel *ensure_channel(struct hub *hub, struct app *app, struct cln_slice name,
	const struct cln_channel_type *type, bool *is_new)
{
	struct channel *channel = channel_find(app, name);
	*is_new = channel == NULL;
	if (channel == NULL) {
		channel = channel_new(app, name, type);
		channel->home = (uint8_t)hub_home_of(hub, app->index, name);
		channel->token = ++hub->last_token;
	}
	return channel;
}

static void ask_to_join(
	struct hub *hub, const struct subscription *subscription, const struct hub_member *member)
{
	struct note note = note_to(hub, NOTE_JOIN, subscription->channel);
	note.token = subscription_token(subscription);
	note.socket = subscription_subscriber(subscription)->id;
	note.user_id = member->id;
	note.user_info = member->info;
	hub_send(hub, subscription->channel->home, &note);
}

enum hub_subscribed hub_subscribe(struct hub *hub, struct subscriber *subscriber, struct app *app,
	struct cln_slice name, const struct cln_channel_type *type, const struct hub_member *member)
{
	bool is_new;
	struct channel *const channel = ensure_channel(hub, app, name, type, &is_new);
	if (!is_new && subscription_find(subscriber, channel) != NULL)
		return HUB_ALREADY;
	struct subscription *const subscription =
		subscription_new(channel, subscriber, ++hub->last_token, member->id);
	hub->loop->metrics.subscriptions++;
	if (is_new) {
		const struct note note = note_to(hub, NOTE_INTEREST, channel);
		hub_send(hub, channel->home, &note);
	}
	if (is_for_home(subscription))
		ask_to_join(hub, subscription, member);
	else if (channel->is_live && subscription_is_waiting(subscription))
		enter_now(hub, subscription);
	return HUB_SUBSCRIBED;
}

struct subscription *hub_find(struct subscriber *subscriber, struct app *app, struct cln_slice name)
{
	const struct channel *const channel = channel_find(app, name);
	return channel == NULL ? NULL : subscription_find(subscriber, channel);
}

/* What the home must hear of a subscription's end: that a join is off or that a member has left.
 * False: nothing. */
static bool farewell(const struct hub *hub, const struct subscription *subscription,
	char user_id[PRESENCE_USER_ID_MAX], struct note *note)
{
	const bool is_waiting = subscription_is_waiting(subscription);
	const struct cln_slice user = subscription_user(subscription);
	if (!is_for_home(subscription) || (!is_waiting && user.len == 0))
		return false;
	*note = note_to(hub, is_waiting ? NOTE_CANCEL : NOTE_LEAVE, subscription->channel);
	note->token = subscription_token(subscription);
	note->user_id = cln_slice(user_id, user.len);
	memcpy(user_id, user.ptr, user.len);
	return true;
}

void hub_unsubscribe(struct hub *hub, struct subscription *subscription)
{
	struct channel *const channel = subscription->channel;
	const unsigned before = channel->clients;
	struct note note;
	char user_id[PRESENCE_USER_ID_MAX];
	const bool must_tell = farewell(hub, subscription, user_id, &note);
	hub_hand_out(hub);
	/* First out, so that the socket doesn't hear of its own leaving; the home must learn of the
	 * member's leaving before it learns that nobody is left. */
	subscription_free(subscription);
	hub->loop->metrics.subscriptions--;
	if (must_tell)
		hub_send(hub, channel->home, &note);
	settle(hub, channel, before);
}

void hub_unsubscribe_all(struct hub *hub, struct subscriber *subscriber)
{
	struct subscription *subscription;
	while ((subscription = subscription_last(subscriber)) != NULL)
		hub_unsubscribe(hub, subscription);
}

void hub_publish(struct hub *hub, const struct msg *msg)
{
	const struct note note = {.kind = NOTE_MESSAGE, .from = hub->loop->index, .msg = *msg};
	hub_send(hub, hub_home_of(hub, msg->app, msg->channel), &note);
}

static struct channel *channel_of(struct hub *hub, const struct note *note)
{
	return channel_find(hub_app(hub, note->msg.app), note->msg.channel);
}

/* A token that differs belongs to an interest that was given up meanwhile. */
static struct channel *channel_of_interest(struct hub *hub, const struct note *note)
{
	struct channel *const channel = channel_of(hub, note);
	return channel != NULL && channel->token == note->token ? channel : NULL;
}

static void on_live(struct hub *hub, const struct note *note)
{
	struct channel *const channel = channel_of_interest(hub, note);
	if (channel == NULL)
		return;
	const unsigned before = channel->clients;
	channel->is_live = true;
	hub_hand_out(hub);
	struct subscription *subscription = channel_waiting(channel);
	while (subscription != NULL) {
		struct subscription *const next = subscription_next_waiting(subscription);
		if (!is_for_home(subscription))
			enter_plain(subscription);
		subscription = next;
	}
	tell_count(hub, channel, before);
}

static void on_down(struct hub *hub, const struct note *note)
{
	struct channel *const channel = channel_of_interest(hub, note);
	if (channel != NULL)
		channel->is_live = false;
}

/* The subscription that a join was for; NULL if it is gone. */
static struct subscription *joining(struct hub *hub, const struct note *note)
{
	struct session *const session = hub_find_session(hub, note->socket);
	const struct channel *const channel = channel_of(hub, note);
	if (session == NULL || channel == NULL)
		return NULL;
	struct subscription *const subscription =
		subscription_find(session_subscriber(session), channel);
	return subscription != NULL && subscription_token(subscription) == note->token ? subscription
																				   : NULL;
}

/* The one who was let in has gone meanwhile: a member leaves again. */
static void decline(struct hub *hub, const struct note *note)
{
	if (note->user_id.len == 0)
		return;
	struct note leave = *note;
	leave.kind = NOTE_LEAVE;
	leave.from = hub->loop->index;
	leave.msg.frame = NULL;
	leave.extra = NULL;
	hub_send(hub, note->from, &leave);
}

static void on_joined(struct hub *hub, const struct note *note)
{
	struct subscription *const subscription = joining(hub, note);
	if (subscription == NULL) {
		decline(hub, note);
		return;
	}
	const unsigned before = subscription->channel->clients;
	hub_hand_out(hub);
	say(subscription, note->msg.frame);
	if (note->extra != NULL)
		say(subscription, note->extra);
	subscription_enter(subscription);
	tell_count(hub, subscription->channel, before);
}

static void on_refused(struct hub *hub, const struct note *note)
{
	struct subscription *const subscription = joining(hub, note);
	if (subscription == NULL)
		return;
	const struct pusher_refusal refusal = {
		.channel = note->msg.channel,
		.type = "LimitReached",
		.status = PUSHER_STATUS_FORBIDDEN,
		.message = CLN_SLICE("The presence channel has as many members as it may have"),
	};
	session_refuse(hub_find_session(hub, note->socket), &refusal);
	drop(hub, subscription);
}

static void on_deliver(struct hub *hub, const struct note *note)
{
	const struct channel *const channel = channel_of(hub, note);
	if (channel == NULL)
		return;
	struct session *const except =
		note->msg.except != 0 ? hub_find_session(hub, note->msg.except) : NULL;
	if (except == NULL) {
		hub->loop->metrics.deliveries += fanout_add(&hub->fanout, channel, note->msg.frame);
		return;
	}
	hub_hand_out(hub);
	hub->loop->metrics.deliveries +=
		fanout_deliver(channel, note->msg.frame, session_subscriber(except));
}

static void on_watch(struct hub *hub, const struct note *note)
{
	watch_deliver(hub, &note->msg);
}

void hub_local_handle(struct hub *hub, const struct note *note)
{
	static void (*const handlers[])(struct hub * hub, const struct note *note) = {
		[NOTE_LIVE] = on_live,
		[NOTE_DOWN] = on_down,
		[NOTE_JOINED] = on_joined,
		[NOTE_REFUSED] = on_refused,
		[NOTE_DELIVER] = on_deliver,
		[NOTE_WATCH] = on_watch,
	};
	handlers[note->kind](hub, note);
}

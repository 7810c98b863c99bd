/* SPDX-License-Identifier: MIT
 *
 * The engine over a Redis server that several relays share. A worker subscribes to the bus
 * channels of those channels that are at home with it. Two links: one receives, since a connection
 * with subscriptions may send no other commands; one passes client events on to the other relays
 * (their way back to us ends in the table of seen ids). Members of presence channels are not
 * shared: each relay knows those of its own sockets.
 *
 * Cache channels are not subscribed to by name but heard by patterns, by every worker, since they
 * keep their last event also while nobody is on them. Where Redis refuses patterns they are
 * subscribed to like the others, and keep only what comes meanwhile.
 *
 * An entry of `entries` is wanted or lingering (nobody needs it, UNSUBSCRIBE comes after a while);
 * it is confirmed when Redis has said so over the link that is up now.
 */
#include "base/rand.h"
#include "cache.h"
#include "dropped.h"
#include "hub_private.h"
#include "intake.h"
#include "redis_link.h"
#include "sequence.h"

#include "../wire/resp.h"

#include <assert.h>

#define NAMES_PER_COMMAND 512
#define PUBLISHERS_MAX    8 /* of a channel, whose numbers are followed */
#define REPLY_OVERHEAD    1024
#define EVENT_REPLY_MAX   4096
#define ERROR_SHOWN_MAX   100
#define PATTERNS          4
#define PATTERN_MAX       (CLN_BUS_PREFIX_MAX + 64)

/* Where a publisher's numbering on one channel stands. */
struct position {
	uint64_t publisher;
	uint64_t sequence;
};

struct entry {
	UT_hash_handle hh;
	struct engine_redis *engine;
	struct app *app;
	struct wheel_timer timer;   /* while lingering */
	struct position *positions; /* PUBLISHERS_MAX, once a numbered message came */
	unsigned next_position;     /* to give away when all are taken */
	bool is_wanted;
	bool is_confirmed;
	bool is_cache;
	size_t channel_at; /* the channel's own name within the bus name */
	size_t name_len;
	char name[];
};

struct engine_redis {
	struct engine engine;
	struct redis_address address;
	struct redis_link *subscriber;
	struct redis_link *publisher;
	struct entry *entries; /* uthash by bus name */
	unsigned patterns_confirmed;
	bool are_patterns_refused;
	struct buf commands;
	atomic_bool is_ready;
	uint64_t publisher_id;
	uint64_t sequence;
	/* PUBLISHes over the link that is up: sent, answered, and how many were sent when the last was
	 * forwarded. */
	uint64_t sent;
	uint64_t answered;
	uint64_t forwarded;
	bool is_forwarded_lost;
	struct log_limit log_refused;
};

static struct engine_redis *of(struct engine *engine)
{
	return (struct engine_redis *)engine;
}

/* --- entries --- */

static struct cln_slice entry_name(const struct entry *entry)
{
	return cln_slice(entry->name, entry->name_len);
}

static struct cln_slice entry_channel(const struct entry *entry)
{
	return cln_slice_from(entry_name(entry), entry->channel_at);
}

static struct entry *entry_find(struct engine_redis *redis, struct cln_slice name)
{
	struct entry *entry;
	HASH_FIND(hh, redis->entries, name.ptr, name.len, entry);
	return entry;
}

static struct cln_slice bus_name(const struct engine_redis *redis, const struct app *app,
	struct cln_slice channel, char out[CLN_BUS_CHANNEL_MAX])
{
	const struct cln_slice prefix = cln_slice_of(redis->engine.hub->shared->conf->bus_prefix);
	return cln_slice(out, cln_bus_channel(out, prefix, app_id(app), channel));
}

static struct entry *entry_new(
	struct engine_redis *redis, struct app *app, struct cln_slice name, size_t channel_len)
{
	struct entry *const entry = xcalloc(1, sizeof(*entry) + name.len);
	entry->engine = redis;
	entry->app = app;
	entry->name_len = name.len;
	entry->channel_at = name.len - channel_len;
	memcpy(entry->name, name.ptr, name.len);
	entry->is_cache = cache_has(entry_channel(entry));
	HASH_ADD_KEYPTR(hh, redis->entries, entry->name, entry->name_len, entry);
	return entry;
}

static void entry_free(struct entry *entry)
{
	struct engine_redis *const redis = entry->engine;
	loop_timer_stop(redis->engine.hub->loop, &entry->timer);
	HASH_DELETE(hh, redis->entries, entry);
	free(entry->positions);
	free(entry);
}

static bool is_by_pattern(const struct engine_redis *redis, const struct entry *entry)
{
	return entry->is_cache && !redis->are_patterns_refused;
}

static void send_commands(struct engine_redis *redis)
{
	if (redis->commands.len > 0 && !redis_link_send(redis->subscriber, &redis->commands))
		log_event(LOG_LEVEL_ERROR, "redis_backlog", "bytes=%zu reason=\"too many channels\"",
			redis->commands.len);
	redis->commands.len = 0;
}

static void tell(struct engine_redis *redis, struct cln_slice verb, const struct entry *entry)
{
	const struct cln_slice words[] = {verb, entry_name(entry)};
	redis_command(&redis->commands, words, 2);
	/* If the link is down, its next on_up() says everything anew. */
	(void)redis_link_send(redis->subscriber, &redis->commands);
	redis->commands.len = 0;
}

/* --- the engine's functions --- */

static void subscribe(struct engine *engine, struct app *app, struct cln_slice channel)
{
	struct engine_redis *const redis = of(engine);
	char buffer[CLN_BUS_CHANNEL_MAX];
	const struct cln_slice name = bus_name(redis, app, channel, buffer);
	struct entry *entry = entry_find(redis, name);
	if (entry == NULL) {
		entry = entry_new(redis, app, name, channel.len);
		if (is_by_pattern(redis, entry))
			entry->is_confirmed = redis->patterns_confirmed == PATTERNS;
		else
			tell(redis, CLN_SLICE("SUBSCRIBE"), entry);
	}
	loop_timer_stop(engine->hub->loop, &entry->timer);
	entry->is_wanted = true;
	if (entry->is_confirmed)
		hub_on_live(engine->hub, app, channel);
}

static void end_lingering(struct wheel_timer *timer)
{
	struct entry *const entry = (struct entry *)((char *)timer - offsetof(struct entry, timer));
	struct engine_redis *const redis = entry->engine;
	if (redis_link_is_up(redis->subscriber) && !entry->is_confirmed) {
		/* A confirmation under way could be taken for that of a later SUBSCRIBE. */
		loop_timer_set(redis->engine.hub->loop, timer,
			redis->engine.hub->loop->conf->redis_timeout_ms, end_lingering);
		return;
	}
	if (entry->is_confirmed && !is_by_pattern(redis, entry))
		tell(redis, CLN_SLICE("UNSUBSCRIBE"), entry);
	entry_free(entry);
}

static void unsubscribe(struct engine *engine, struct app *app, struct cln_slice channel)
{
	struct engine_redis *const redis = of(engine);
	char buffer[CLN_BUS_CHANNEL_MAX];
	struct entry *const entry = entry_find(redis, bus_name(redis, app, channel, buffer));
	if (entry == NULL)
		return;
	entry->is_wanted = false;
	loop_timer_set(engine->hub->loop, &entry->timer, engine->hub->loop->conf->unsubscribe_delay_ms,
		end_lingering);
}

/* PUBLISH NAME ENVELOPE, the envelope signed. */
static void append_publish(struct engine_redis *redis, const struct app *app, const struct msg *msg)
{
	char buffer[CLN_BUS_CHANNEL_MAX];
	char socket[MSG_SOCKET_MAX];
	char head[CLN_ENVELOPE_HEAD_MAX];
	struct cln_envelope envelope = {
		.publisher = redis->publisher_id,
		.sequence = ++redis->sequence,
		.socket_id = {socket, msg_socket_print(msg->except, socket)},
		.text = msg_text(msg->frame),
	};
	memcpy(envelope.id, msg->id, sizeof(envelope.id));
	const struct cln_slice secret = app_secret(app);
	const size_t head_len = cln_envelope_head(head, &envelope, &secret, app_id(app), msg->channel);
	struct buf bytes = {0};
	buf_append(&bytes, head, head_len);
	buf_append_slice(&bytes, envelope.text);
	const struct cln_slice words[] = {
		CLN_SLICE("PUBLISH"), bus_name(redis, app, msg->channel, buffer), buf_slice(&bytes)};
	redis_command(&redis->commands, words, 3);
	buf_deinit(&bytes);
}

static bool send_publish(struct engine_redis *redis, const struct app *app, const struct msg *msg)
{
	if (!redis_link_is_up(redis->publisher))
		return false;
	append_publish(redis, app, msg);
	const bool is_sent = redis_link_send(redis->publisher, &redis->commands);
	redis->commands.len = 0;
	redis->sent += is_sent;
	return is_sent;
}

static void publish(struct engine *engine, const struct app *app, const struct msg *msg)
{
	if (!send_publish(of(engine), app, msg))
		engine->hub->loop->metrics.redis_dropped++;
}

/* Our own sockets get it the way that everybody's do: from Redis, once all workers listen there. */
static bool forward(struct engine *engine, const struct app *app, const struct msg *msg)
{
	struct engine_redis *const redis = of(engine);
	if (!hub_shared_is_ready(engine->hub->shared) || !send_publish(redis, app, msg))
		return false;
	redis->forwarded = redis->sent;
	return true;
}

static int forwarded(struct engine *engine)
{
	struct engine_redis *const redis = of(engine);
	if (redis->is_forwarded_lost) {
		redis->is_forwarded_lost = false;
		redis->forwarded = 0; /* no answer says anything new about them */
		return CLN_ERR_SYSTEM;
	}
	return redis->answered < redis->forwarded ? CLN_ERR_MORE : CLN_OK;
}

static bool is_ready(const struct engine *engine)
{
	return atomic_load(&((const struct engine_redis *)engine)->is_ready);
}

/* --- the receiving link --- */

static void forget_positions(struct entry *entry)
{
	free(entry->positions);
	entry->positions = NULL;
	entry->next_position = 0;
}

static void drop_lingering(struct engine_redis *redis)
{
	struct entry *entry, *next;
	HASH_ITER(hh, redis->entries, entry, next)
	{
		if (!entry->is_wanted)
			entry_free(entry);
	}
}

/* The names that one of the two ways is for, in as few commands as the server likes. */
static void append_names(struct engine_redis *redis, bool is_cache)
{
	struct cln_slice words[1 + NAMES_PER_COMMAND] = {CLN_SLICE("SUBSCRIBE")};
	size_t count = 1;
	for (const struct entry *entry = redis->entries; entry != NULL; entry = entry->hh.next) {
		if (entry->is_cache == is_cache)
			words[count++] = entry_name(entry);
		if (count == 1 + NAMES_PER_COMMAND || (entry->hh.next == NULL && count > 1)) {
			redis_command(&redis->commands, words, count);
			count = 1;
		}
	}
}

static void append_patterns(struct engine_redis *redis)
{
	static const char *const prefixes[PATTERNS] = {
		"cache-", "private-cache-", "presence-cache-", "private-encrypted-cache-"};
	char texts[PATTERNS][PATTERN_MAX];
	struct cln_slice words[1 + PATTERNS] = {CLN_SLICE("PSUBSCRIBE")};
	for (size_t i = 0; i < PATTERNS; i++) {
		/* A name's colons stand where these do: neither ids of applications nor channels have any.
		 * So no name matches two of them. */
		const int len = snprintf(texts[i], PATTERN_MAX, "%s:1:{*}:*:%s*",
			redis->engine.hub->shared->conf->bus_prefix, prefixes[i]);
		words[1 + i] = cln_slice(texts[i], (size_t)len);
	}
	redis_command(&redis->commands, words, 1 + PATTERNS);
}

/* PREFIX:1:relays, the last of all: Redis takes a connection's commands in order, so who is counted
 * there hears every channel that its clients are on. Publishers ask (PUBSUB NUMSUB) after an outage
 * before they send what waited: a message that comes earlier would reach nobody. What they dropped
 * they tell there. */
static struct cln_slice beacon_name(const struct engine_redis *redis, char out[CLN_BUS_CHANNEL_MAX])
{
	const int len = snprintf(
		out, CLN_BUS_CHANNEL_MAX, "%s:1:relays", redis->engine.hub->shared->conf->bus_prefix);
	return cln_slice(out, (size_t)len);
}

static void append_beacon(struct engine_redis *redis)
{
	char name[CLN_BUS_CHANNEL_MAX];
	const struct cln_slice words[] = {CLN_SLICE("SUBSCRIBE"), beacon_name(redis, name)};
	redis_command(&redis->commands, words, 2);
}

static bool is_beacon(const struct engine_redis *redis, struct cln_slice name)
{
	char beacon[CLN_BUS_CHANNEL_MAX];
	return cln_slice_equal(name, beacon_name(redis, beacon));
}

/* The patterns go first: the first reply is known to be theirs. */
static void on_up(void *owner)
{
	struct engine_redis *const redis = owner;
	drop_lingering(redis);
	redis->are_patterns_refused = false;
	append_patterns(redis);
	append_names(redis, false);
	append_beacon(redis);
	send_commands(redis);
}

static void on_down(void *owner)
{
	struct engine_redis *const redis = owner;
	atomic_store(&redis->is_ready, false);
	redis->patterns_confirmed = 0;
	for (struct entry *entry = redis->entries; entry != NULL; entry = entry->hh.next) {
		entry->is_confirmed = false;
		forget_positions(entry); /* what was missed meanwhile is known to be */
	}
	hub_on_lost(redis->engine.hub);
}

static void confirm(struct entry *entry)
{
	entry->is_confirmed = true;
	if (entry->is_wanted)
		hub_on_live(entry->engine->engine.hub, entry->app, entry_channel(entry));
}

static void on_subscribed(struct engine_redis *redis, struct cln_slice name)
{
	struct entry *const entry = entry_find(redis, name);
	if (entry != NULL)
		confirm(entry);
	else if (is_beacon(redis, name))
		atomic_store(&redis->is_ready, true);
}

static void on_pattern(struct engine_redis *redis)
{
	if (++redis->patterns_confirmed != PATTERNS)
		return;
	struct entry *entry, *next;
	HASH_ITER(hh, redis->entries, entry, next)
	{
		if (entry->is_cache)
			confirm(entry);
	}
}

static void on_patterns_refused(struct engine_redis *redis)
{
	redis->are_patterns_refused = true;
	log_event(LOG_LEVEL_WARN, "redis_patterns",
		"worker=%u reason=\"Redis refuses PSUBSCRIBE: cache channels keep only what is published "
		"while somebody is subscribed; allow the user +psubscribe and all channels\"",
		redis->engine.hub->loop->index);
	append_names(redis, true);
	send_commands(redis);
}

/* That of `publisher`; a new one takes the place of the one that came in first. */
static struct position *position_of(struct entry *entry, uint64_t publisher)
{
	if (entry->positions == NULL)
		entry->positions = xcalloc(PUBLISHERS_MAX, sizeof(*entry->positions));
	for (size_t i = 0; i < PUBLISHERS_MAX; i++) {
		if (entry->positions[i].publisher == publisher)
			return &entry->positions[i];
	}
	struct position *const position = &entry->positions[entry->next_position];
	entry->next_position = (entry->next_position + 1) % PUBLISHERS_MAX;
	*position = (struct position){.publisher = publisher};
	return position;
}

/* The first message after the subscription says where a publisher stands; from then on a number
 * left out is a message lost. */
static void check_sequence(
	struct hub *hub, struct entry *entry, const struct cln_envelope *envelope)
{
	if (envelope->channel_sequence == 0)
		return;
	struct position *const position = position_of(entry, envelope->publisher);
	sequence_check(&position->sequence, envelope->channel_sequence, &hub->loop->metrics);
}

/* `entry` is NULL for a cache channel that nobody is on. */
static void take(struct engine_redis *redis, struct app *app, struct cln_slice channel,
	struct cln_slice bytes, struct entry *entry)
{
	struct hub *const hub = redis->engine.hub;
	struct cln_envelope envelope;
	const char *const error = intake_envelope(hub, app, channel, bytes, true, &envelope);
	if (error != NULL)
		log_event_limited(&redis->log_refused, hub->loop->now_ms, LOG_LEVEL_WARN,
			"envelope_refused", "app=%s source=redis reason=\"%s\"", app->conf->id, error);
	else if (entry != NULL)
		check_sequence(hub, entry, &envelope);
}

/* Every worker of every relay hears it; one of each relay counts. */
static void on_beacon_message(struct engine_redis *redis, struct cln_slice text)
{
	struct loop *const loop = redis->engine.hub->loop;
	if (loop->index == 0 && !dropped_count_text(&loop->metrics, text))
		log_event_limited(&redis->log_refused, loop->now_ms, LOG_LEVEL_WARN, "redis_error",
			"link=subscriber reason=\"a message to all relays is not of the form DROPPED REASON "
			"COUNT ...; another version's?\"");
}

static void on_message(struct engine_redis *redis, struct cln_slice name, struct cln_slice bytes)
{
	struct entry *const entry = entry_find(redis, name);
	redis->engine.hub->loop->metrics.redis_messages++;
	if (entry != NULL && entry->is_wanted)
		take(redis, entry->app, entry_channel(entry), bytes, entry);
	else if (entry == NULL && is_beacon(redis, name))
		on_beacon_message(redis, bytes);
}

/* Every worker hears these, and of other relays' applications, too. */
static void on_pattern_message(
	struct engine_redis *redis, struct cln_slice name, struct cln_slice bytes)
{
	struct hub *const hub = redis->engine.hub;
	const struct cln_slice prefix = cln_slice_of(hub->shared->conf->bus_prefix);
	struct cln_slice id, channel;
	if (cln_bus_channel_parse(name, prefix, &id, &channel) != CLN_OK)
		return;
	struct app *const app = app_list_by_id(&hub->apps, id);
	if (app == NULL || hub_home_of(hub, app->index, channel) != hub->loop->index)
		return;
	struct entry *const entry = entry_find(redis, name);
	hub->loop->metrics.redis_messages++;
	take(redis, app, channel, bytes, entry != NULL && entry->is_wanted ? entry : NULL);
}

static void on_error(struct engine_redis *redis, struct cln_slice text)
{
	const bool is_of_patterns = redis->patterns_confirmed == 0 && !redis->are_patterns_refused;
	log_event_limited(&redis->log_refused, redis->engine.hub->loop->now_ms, LOG_LEVEL_ERROR,
		"redis_error", "link=subscriber reason=\"%.*s\"",
		(int)(text.len > ERROR_SHOWN_MAX ? ERROR_SHOWN_MAX : text.len), text.ptr);
	if (is_of_patterns)
		on_patterns_refused(redis);
	else
		atomic_store(&redis->is_ready, true); /* the beacon may be what was refused */
}

#define PUSH_ITEMS         3 /* kind, channel, payload or count */
#define PATTERN_PUSH_ITEMS 4 /* kind, pattern, channel, payload */

static void on_reply(void *owner, const struct cln_reply *reply)
{
	struct engine_redis *const redis = owner;
	if (reply->type == CLN_REPLY_ERROR) {
		on_error(redis, reply->item[0].text);
		return;
	}
	if (reply->type != CLN_REPLY_ARRAY || reply->count < PUSH_ITEMS)
		return;
	const struct cln_slice kind = reply->item[0].text;
	if (cln_slice_equal(kind, CLN_SLICE("message")))
		on_message(redis, reply->item[1].text, reply->item[2].text);
	else if (cln_slice_equal(kind, CLN_SLICE("pmessage")) && reply->count == PATTERN_PUSH_ITEMS)
		on_pattern_message(redis, reply->item[2].text, reply->item[3].text);
	else if (cln_slice_equal(kind, CLN_SLICE("subscribe")))
		on_subscribed(redis, reply->item[1].text);
	else if (cln_slice_equal(kind, CLN_SLICE("psubscribe")))
		on_pattern(redis);
}

static const struct redis_link_ops subscriber_ops = {
	.name = "subscriber",
	.on_up = on_up,
	.on_reply = on_reply,
	.on_down = on_down,
};

/* --- the sending link --- */

static void ignore_change(void *owner)
{
	(void)owner;
}

static void on_published(void *owner, const struct cln_reply *reply)
{
	struct engine_redis *const redis = owner;
	redis->answered++;
	if (reply->type != CLN_REPLY_ERROR)
		return;
	/* A client event in between costs a repetition at most. */
	if (redis->answered <= redis->forwarded)
		redis->is_forwarded_lost = true;
	else
		redis->engine.hub->loop->metrics.redis_dropped++;
}

static void on_publisher_down(void *owner)
{
	struct engine_redis *const redis = owner;
	redis->is_forwarded_lost |= redis->answered < redis->forwarded;
	redis->sent = redis->answered = redis->forwarded = 0;
}

static const struct redis_link_ops publisher_ops = {
	.name = "publisher",
	.on_up = ignore_change,
	.on_reply = on_published,
	.on_down = on_publisher_down,
};

/* --- life --- */

/* Larger than any application may allow: what is merely too large for its application is refused
 * by name, what passes this costs the link. */
#define MESSAGE_MAX                                                                                \
	(CLN_CLIENT_TEXT_MAX(CLN_PAYLOAD_BYTES_MAX) + CLN_ENVELOPE_HEAD_MAX + CLN_BUS_CHANNEL_MAX +    \
		REPLY_OVERHEAD)

static void start(struct engine *engine)
{
	struct engine_redis *const redis = of(engine);
	const struct conf *const conf = engine->hub->shared->conf;
	const char *const error = redis_address_parse(&redis->address, conf->redis);
	assert(error == NULL); /* the configuration was checked by the same function */
	redis->subscriber =
		redis_link_new(engine->hub->loop, &redis->address, &subscriber_ops, redis, MESSAGE_MAX);
	redis->publisher =
		redis_link_new(engine->hub->loop, &redis->address, &publisher_ops, redis, EVENT_REPLY_MAX);
	redis_link_start(redis->subscriber);
	redis_link_start(redis->publisher);
}

static void stop(struct engine *engine)
{
	struct engine_redis *const redis = of(engine);
	struct entry *entry, *next;
	if (redis->subscriber != NULL)
		redis_link_free(redis->subscriber);
	if (redis->publisher != NULL)
		redis_link_free(redis->publisher);
	HASH_ITER(hh, redis->entries, entry, next)
	{
		entry_free(entry);
	}
	buf_deinit(&redis->commands);
	free(redis);
}

static const struct engine_ops redis_ops = {
	.name = "redis",
	.start = start,
	.stop = stop,
	.is_ready = is_ready,
	.subscribe = subscribe,
	.unsubscribe = unsubscribe,
	.publish = publish,
	.forward = forward,
	.forwarded = forwarded,
};

struct engine *engine_redis_new(struct hub *hub)
{
	struct engine_redis *const redis = xcalloc(1, sizeof(*redis));
	redis->engine.ops = &redis_ops;
	redis->engine.hub = hub;
	redis->publisher_id = rand_u64();
	return &redis->engine;
}

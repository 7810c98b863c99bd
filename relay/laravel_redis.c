/* SPDX-License-Identifier: MIT
 *
 * One link with a pattern per prefix. A prefix may belong to several applications: then each gets
 * the message. `data` passes byte for byte, as the text within a string.
 */
#include "laravel_redis.h"
#include "hub_private.h"
#include "jslice.h"
#include "redis_link.h"

#include <stdio.h>

#define REPLY_BYTES_MAX                                                                            \
	(8 * 1024 * 1024) /* foreign messages may be large, too; above: a new link */
#define PATTERN_MAX (2 * CONF_KEY_PREFIX_MAX + 1)

struct door {
	UT_hash_handle hh;
	bool is_wanted;
	size_t prefix_len;
	size_t pattern_len;
	char bytes[]; /* the pattern, then the prefix */
};

struct laravel_redis {
	struct hub *hub;
	struct redis_address address;
	char redis[CONF_ADDRESS_MAX]; /* the setting that it came from */
	struct redis_link *link;
	struct door *doors; /* uthash by pattern */
	struct buf commands;
	struct log_limit log_refused;
};

static struct cln_slice door_pattern(const struct door *door)
{
	return cln_slice(door->bytes, door->pattern_len);
}

static struct cln_slice door_prefix(const struct door *door)
{
	return cln_slice(door->bytes + door->pattern_len, door->prefix_len);
}

/* --- messages --- */

struct broadcast {
	struct cln_slice channel;
	struct cln_slice event; /* decoded */
	struct cln_slice data;  /* JSON text */
	uint64_t except;
	char event_bytes[CLN_EVENT_NAME_MAX];
};

/* Whether the payload is an object with an event, a string. */
static bool has_event(struct cln_slice payload, struct jslice *object, struct jslice *event)
{
	return jslice_parse(payload, object) == CLN_OK && object->type == JSLICE_OBJECT &&
		   jslice_find(object, CLN_SLICE("event"), event) && event->type == JSLICE_STRING;
}

/* null, or what is no socket's id, excludes nobody. */
static uint64_t read_socket(const struct jslice *object)
{
	struct jslice socket;
	char id[CLN_SOCKET_ID_MAX];
	size_t len;
	if (!jslice_find(object, CLN_SLICE("socket"), &socket) || socket.type != JSLICE_STRING ||
		jslice_string(&socket, id, sizeof(id), &len) < 0)
		return 0;
	return msg_socket_parse(cln_slice(id, len));
}

/* NULL, or what is wrong. */
static const char *read_broadcast(const struct conf_app *conf, const struct jslice *object,
	const struct jslice *event, struct broadcast *broadcast)
{
	struct jslice data;
	broadcast->event.ptr = broadcast->event_bytes;
	if (jslice_string(event, broadcast->event_bytes, sizeof(broadcast->event_bytes),
			&broadcast->event.len) < 0 ||
		broadcast->event.len > conf->event_name_bytes)
		return "the event's name is longer than event_name_bytes";
	if (cln_event_check(broadcast->event) < 0)
		return "the event's name is empty or begins with pusher: or pusher_internal:";
	if (!jslice_find(object, CLN_SLICE("data"), &data))
		return "the message has no data";
	if (data.raw.len > conf->payload_bytes)
		return "the event is larger than the application's payload_bytes allow";
	broadcast->data = data.raw;
	broadcast->except = read_socket(object);
	return NULL;
}

static struct frame *encode(const struct broadcast *broadcast)
{
	struct buf text = {0};
	buf_append_slice(&text, CLN_SLICE("{\"event\":\""));
	jslice_escape(&text, broadcast->event);
	buf_append_slice(&text, CLN_SLICE("\",\"data\":\""));
	jslice_escape(&text, broadcast->data);
	buf_append_slice(&text, CLN_SLICE("\",\"channel\":\""));
	buf_append_slice(&text, broadcast->channel); /* its alphabet has nothing to escape */
	buf_append_slice(&text, CLN_SLICE("\"}"));
	struct frame *const frame = msg_frame(buf_slice(&text));
	buf_deinit(&text);
	return frame;
}

static void deliver(struct hub *hub, const struct app *app, const struct broadcast *broadcast)
{
	struct msg msg = {
		.app = app->index,
		.channel = broadcast->channel,
		.frame = encode(broadcast),
		.except = broadcast->except,
		.has_id = true,
	};
	hub_next_id(hub, msg.id);
	hub->loop->metrics.laravel_messages++;
	hub_publish(hub, &msg);
	frame_unref(msg.frame);
}

static void refuse(struct laravel_redis *laravel, const struct app *app, const char *reason)
{
	struct loop *const loop = laravel->hub->loop;
	loop->metrics.laravel_refused++;
	log_event_limited(&laravel->log_refused, loop->now_ms, LOG_LEVEL_WARN, "laravel_refused",
		"app=%s reason=\"%s\"", app->conf->id, reason);
}

/* `is_ours`: whatever is wrong with it, it was meant for this application. */
static void take(struct laravel_redis *laravel, const struct app *app, bool is_ours,
	const struct cln_slice words[2])
{
	struct broadcast broadcast = {.channel = words[0]};
	struct jslice object, event;
	if (cln_channel_check(broadcast.channel, NULL) < 0 ||
		broadcast.channel.len > app->conf->channel_name_bytes) {
		if (is_ours)
			refuse(laravel, app, "the name behind laravel_redis_prefix is no channel's");
		return;
	}
	if (!has_event(words[1], &object, &event)) {
		if (is_ours)
			refuse(laravel, app, "the payload is no JSON object with an event");
		return;
	}
	const char *const error = read_broadcast(app->conf, &object, &event, &broadcast);
	if (error != NULL)
		refuse(laravel, app, error);
	else
		deliver(laravel->hub, app, &broadcast);
}

static bool is_bus(const struct hub *hub, struct cln_slice name)
{
	struct cln_slice app, channel;
	const struct cln_slice prefix = cln_slice_of(hub->shared->conf->bus_prefix);
	const int result = cln_bus_channel_parse(name, prefix, &app, &channel);
	return result == CLN_OK || result == CLN_ERR_VERSION;
}

static bool is_behind(const struct door *door, const struct app *app)
{
	return app->conf->laravel_redis &&
		   cln_slice_equal(cln_slice_of(app->conf->laravel_redis_prefix), door_prefix(door));
}

static void on_message(struct laravel_redis *laravel, struct cln_slice pattern,
	struct cln_slice name, struct cln_slice payload)
{
	const struct hub *const hub = laravel->hub;
	struct door *door;
	HASH_FIND(hh, laravel->doors, pattern.ptr, pattern.len, door);
	if (door == NULL || is_bus(hub, name) || !cln_slice_starts(name, door_prefix(door)))
		return;
	const struct cln_slice words[2] = {cln_slice_from(name, door->prefix_len), payload};
	for (unsigned i = 0; i < hub->apps.count; i++) {
		const struct app *const app = hub_app(hub, i);
		if (is_behind(door, app))
			take(laravel, app, door->prefix_len > 0, words);
	}
}

/* --- the link --- */

static void tell(struct laravel_redis *laravel, struct cln_slice verb, const struct door *door)
{
	const struct cln_slice words[] = {verb, door_pattern(door)};
	redis_command(&laravel->commands, words, 2);
	/* If the link is down, its next on_up() says everything anew. */
	(void)redis_link_send(laravel->link, &laravel->commands);
	laravel->commands.len = 0;
}

static void on_up(void *owner)
{
	struct laravel_redis *const laravel = owner;
	for (const struct door *door = laravel->doors; door != NULL; door = door->hh.next)
		tell(laravel, CLN_SLICE("PSUBSCRIBE"), door);
}

static void on_down(void *owner)
{
	(void)owner;
}

#define ERROR_SHOWN_MAX 100
#define PUSH_ITEMS      4 /* kind, pattern, channel, payload */

static void on_reply(void *owner, const struct cln_reply *reply)
{
	struct laravel_redis *const laravel = owner;
	const struct cln_slice first = reply->item[0].text;
	if (reply->type == CLN_REPLY_ERROR)
		log_event_limited(&laravel->log_refused, laravel->hub->loop->now_ms, LOG_LEVEL_ERROR,
			"redis_error", "link=laravel reason=\"%.*s\"",
			(int)(first.len > ERROR_SHOWN_MAX ? ERROR_SHOWN_MAX : first.len), first.ptr);
	else if (reply->type == CLN_REPLY_ARRAY && reply->count == PUSH_ITEMS &&
			 cln_slice_equal(first, CLN_SLICE("pmessage")))
		on_message(laravel, reply->item[1].text, reply->item[2].text, reply->item[3].text);
}

static const struct redis_link_ops link_ops = {
	.name = "laravel",
	.on_up = on_up,
	.on_reply = on_reply,
	.on_down = on_down,
};

/* --- doors --- */

/* `prefix` as a pattern that matches it literally, and whatever follows. */
static size_t write_pattern(struct cln_slice prefix, char out[PATTERN_MAX])
{
	size_t len = 0;
	for (size_t i = 0; i < prefix.len; i++) {
		if (strchr("*?[]\\^", prefix.ptr[i]) != NULL)
			out[len++] = '\\';
		out[len++] = prefix.ptr[i];
	}
	out[len++] = '*';
	return len;
}

static void want(struct laravel_redis *laravel, struct cln_slice prefix)
{
	char pattern[PATTERN_MAX];
	const size_t len = write_pattern(prefix, pattern);
	struct door *door;
	HASH_FIND(hh, laravel->doors, pattern, len, door);
	if (door == NULL) {
		door = xcalloc(1, sizeof(*door) + len + prefix.len);
		door->pattern_len = len;
		door->prefix_len = prefix.len;
		memcpy(door->bytes, pattern, len);
		memcpy(door->bytes + len, prefix.ptr, prefix.len);
		HASH_ADD_KEYPTR(hh, laravel->doors, door->bytes, door->pattern_len, door);
		tell(laravel, CLN_SLICE("PSUBSCRIBE"), door);
	}
	door->is_wanted = true;
}

/* Those that were not wanted since the last call. */
static void close_doors(struct laravel_redis *laravel)
{
	struct door *door, *next;
	HASH_ITER(hh, laravel->doors, door, next)
	{
		if (!door->is_wanted) {
			tell(laravel, CLN_SLICE("PUNSUBSCRIBE"), door);
			HASH_DELETE(hh, laravel->doors, door);
			free(door);
			continue;
		}
		door->is_wanted = false;
	}
}

static struct laravel_redis *open_link(struct hub *hub)
{
	struct laravel_redis *const laravel = xcalloc(1, sizeof(*laravel));
	laravel->hub = hub;
	snprintf(laravel->redis, sizeof(laravel->redis), "%s", hub->loop->conf->redis);
	const char *const error = redis_address_parse(&laravel->address, laravel->redis);
	assert(error == NULL); /* the configuration was checked by the same function */
	laravel->link =
		redis_link_new(hub->loop, &laravel->address, &link_ops, laravel, REPLY_BYTES_MAX);
	redis_link_start(laravel->link);
	return laravel;
}

static bool is_anyone_behind(const struct hub *hub)
{
	for (unsigned i = 0; i < hub->apps.count; i++) {
		if (hub_app(hub, i)->conf->laravel_redis)
			return true;
	}
	return false;
}

void laravel_redis_update(struct hub *hub)
{
	if (hub->index != 0)
		return;
	const bool is_other =
		hub->laravel != NULL && strcmp(hub->laravel->redis, hub->loop->conf->redis) != 0;
	if (is_other || !is_anyone_behind(hub))
		laravel_redis_stop(hub);
	if (!is_anyone_behind(hub))
		return;
	if (hub->laravel == NULL)
		hub->laravel = open_link(hub);
	for (unsigned i = 0; i < hub->apps.count; i++) {
		const struct conf_app *const conf = hub_app(hub, i)->conf;
		if (conf->laravel_redis)
			want(hub->laravel, cln_slice_of(conf->laravel_redis_prefix));
	}
	close_doors(hub->laravel);
}

void laravel_redis_stop(struct hub *hub)
{
	struct laravel_redis *const laravel = hub->laravel;
	struct door *door, *next;
	if (laravel == NULL)
		return;
	redis_link_free(laravel->link);
	HASH_ITER(hh, laravel->doors, door, next)
	{
		HASH_DELETE(hh, laravel->doors, door);
		free(door);
	}
	buf_deinit(&laravel->commands);
	free(laravel);
	hub->laravel = NULL;
}

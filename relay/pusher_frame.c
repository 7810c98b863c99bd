/* SPDX-License-Identifier: MIT
 *
 * Encoders: JSON written by hand into a buffer, inner JSON escaped into a string of the outer one.
 */
#include "pusher_frame.h"
#include "jslice.h"
#include "msg.h"

#include <stdbool.h>

static struct frame *finish(struct buf *text)
{
	struct frame *const frame = msg_frame(buf_slice(text));
	buf_deinit(text);
	return frame;
}

static void put(struct buf *text, const char *literal)
{
	buf_append_slice(text, cln_slice_of(literal));
}

static void put_string(struct buf *text, struct cln_slice string)
{
	buf_append_byte(text, '"');
	jslice_escape(text, string);
	buf_append_byte(text, '"');
}

/* {"event":"NAME","channel":"CHANNEL","data": */
static void put_head(struct buf *text, const char *event, struct cln_slice channel)
{
	put(text, "{\"event\":\"");
	put(text, event);
	put(text, "\",\"channel\":");
	put_string(text, channel);
	put(text, ",\"data\":");
}

/* The whole frame around `data`, which is freed. */
static struct frame *finish_with(const char *event, struct cln_slice channel, struct buf *data)
{
	struct buf text = {0};
	put_head(&text, event, channel);
	put_string(&text, buf_slice(data));
	put(&text, "}");
	buf_deinit(data);
	return finish(&text);
}

#define MS_PER_S        1000
#define ESTABLISHED_MAX 160
#define MEMBERS_MAX     256 /* beside the lists */

struct frame *pusher_frame_established(uint64_t socket, int64_t activity_timeout_ms)
{
	char id[MSG_SOCKET_MAX];
	/* 0 would make pusher-js give up for good. */
	const int64_t seconds = activity_timeout_ms < MS_PER_S ? 1 : activity_timeout_ms / MS_PER_S;
	struct buf text = {0};
	buf_reserve(&text, ESTABLISHED_MAX);
	put(&text, "{\"event\":\"pusher:connection_established\",\"data\":\"{\\\"socket_id\\\":\\\"");
	buf_append(&text, id, msg_socket_print(socket, id));
	put(&text, "\\\",\\\"activity_timeout\\\":");
	buf_append_number(&text, (uint64_t)seconds);
	put(&text, "}\"}");
	return finish(&text);
}

struct frame *pusher_frame_error(unsigned code, struct cln_slice message)
{
	struct buf text = {0};
	put(&text, "{\"event\":\"pusher:error\",\"data\":{\"code\":");
	if (code == 0)
		put(&text, "null");
	else
		buf_appendf(&text, "%u", code);
	put(&text, ",\"message\":");
	put_string(&text, message);
	put(&text, "}}");
	return finish(&text);
}

struct frame *pusher_frame_pong(void)
{
	return msg_frame(CLN_SLICE("{\"event\":\"pusher:pong\",\"data\":{}}"));
}

struct frame *pusher_frame_succeeded(struct cln_slice channel)
{
	struct buf data = {0};
	put(&data, "{}");
	return finish_with("pusher_internal:subscription_succeeded", channel, &data);
}

/* The lists stand there as they are sent. */
struct frame *pusher_frame_members(struct cln_slice channel, const struct presence *presence)
{
	const struct cln_slice ids = presence_ids(presence);
	const struct cln_slice hash = presence_hash(presence);
	struct buf text = {0};
	buf_reserve(&text, ids.len + hash.len + channel.len + MEMBERS_MAX);
	put_head(&text, "pusher_internal:subscription_succeeded", channel);
	put(&text, "\"{\\\"presence\\\":{\\\"ids\\\":[");
	buf_append_slice(&text, ids);
	put(&text, "],\\\"hash\\\":{");
	buf_append_slice(&text, hash);
	put(&text, "},\\\"count\\\":");
	buf_append_number(&text, presence_count(presence));
	put(&text, "}}\"}");
	return finish(&text);
}

struct frame *pusher_frame_member_added(
	struct cln_slice channel, struct cln_slice id, struct cln_slice info)
{
	struct buf data = {0};
	put(&data, "{\"user_id\":");
	put_string(&data, id);
	put(&data, ",\"user_info\":");
	buf_append_slice(&data, info);
	put(&data, "}");
	return finish_with("pusher_internal:member_added", channel, &data);
}

struct frame *pusher_frame_member_removed(struct cln_slice channel, struct cln_slice id)
{
	struct buf data = {0};
	put(&data, "{\"user_id\":");
	put_string(&data, id);
	put(&data, "}");
	return finish_with("pusher_internal:member_removed", channel, &data);
}

/* Without a channel: .NET takes a frame that has one for the channel's. */
struct frame *pusher_frame_signed_in(struct cln_slice user_data)
{
	struct buf text = {0};
	put(&text, "{\"event\":\"pusher:signin_success\",\"data\":{\"user_data\":");
	put_string(&text, user_data);
	put(&text, "}}");
	return finish(&text);
}

static void put_watched(struct buf *data, const char *name, struct cln_slice ids)
{
	if (ids.len == 0)
		return;
	buf_appendf(data, "{\"name\":\"%s\",\"user_ids\":[", name);
	buf_append_slice(data, ids);
	put(data, "]}");
}

struct frame *pusher_frame_watchlist(struct cln_slice online, struct cln_slice offline)
{
	struct buf data = {0};
	put(&data, "{\"events\":[");
	put_watched(&data, "online", online);
	if (online.len > 0 && offline.len > 0)
		put(&data, ",");
	put_watched(&data, "offline", offline);
	put(&data, "]}");
	struct buf text = {0};
	put(&text, "{\"event\":\"pusher_internal:watchlist_events\",\"data\":");
	put_string(&text, buf_slice(&data));
	put(&text, "}");
	buf_deinit(&data);
	return finish(&text);
}

struct frame *pusher_frame_cache_miss(struct cln_slice channel)
{
	struct buf data = {0};
	put(&data, "{}");
	return finish_with("pusher:cache_miss", channel, &data);
}

struct frame *pusher_frame_subscription_count(struct cln_slice channel, unsigned count)
{
	struct buf data = {0};
	buf_appendf(&data, "{\"subscription_count\":%u}", count);
	return finish_with("pusher_internal:subscription_count", channel, &data);
}

struct frame *pusher_frame_refused(const struct pusher_refusal *refusal, bool is_internal)
{
	struct buf data = {0};
	buf_appendf(&data, "{\"type\":\"%s\",\"error\":", refusal->type);
	put_string(&data, refusal->message);
	buf_appendf(&data, ",\"status\":%u}", refusal->status);
	return finish_with(
		is_internal ? "pusher_internal:subscription_error" : "pusher:subscription_error",
		refusal->channel, &data);
}

struct frame *pusher_frame_client_event(struct cln_slice event, struct cln_slice channel,
	struct cln_slice data, struct cln_slice user_id)
{
	struct buf text = {0};
	put(&text, "{\"event\":");
	put_string(&text, event);
	put(&text, ",\"channel\":");
	put_string(&text, channel);
	put(&text, ",\"data\":");
	if (data.len == 0)
		put(&text, "\"null\"");
	else if (data.ptr[0] == '"')
		buf_append_slice(&text, data);
	else
		put_string(&text, data);
	if (user_id.ptr != NULL) {
		put(&text, ",\"user_id\":");
		put_string(&text, user_id);
	}
	put(&text, "}");
	return finish(&text);
}

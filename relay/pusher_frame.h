/* SPDX-License-Identifier: MIT
 *
 * The frames that the relay itself says in Pusher's protocol, finished for the wire. `data` is a
 * string that holds JSON, but for pusher:error, where clients want an object. Each returns a frame
 * with reference count 1.
 */
#ifndef PUSHER_FRAME_H
#define PUSHER_FRAME_H

#include "base/frame.h"
#include "presence.h"

#include <stdint.h>

/* Pusher docs, "Error codes". */
enum pusher_code {
	PUSHER_NONE = 0, /* null in an error frame */
	PUSHER_TLS_ONLY = 4000,
	PUSHER_NO_APP = 4001,
	PUSHER_DISABLED = 4003,
	PUSHER_QUOTA = 4004,
	PUSHER_NO_PATH = 4005,
	PUSHER_BAD_PROTOCOL = 4007,
	PUSHER_UNAUTHORIZED = 4009,
	PUSHER_OVER_CAPACITY = 4100,
	PUSHER_RESTART = 4200,
	PUSHER_NO_PONG = 4201,
	/* Never as close codes: clients would give up for good. */
	PUSHER_EVENT_RATE = 4301,
	PUSHER_WATCHLIST = 4302,
};

/* pusher_refusal.status */
enum {
	PUSHER_STATUS_BAD = 400,
	PUSHER_STATUS_UNAUTHORIZED = 401,
	PUSHER_STATUS_FORBIDDEN = 403,
};

struct frame *pusher_frame_established(uint64_t socket, int64_t activity_timeout_ms);
/* `code` 0 becomes null. */
struct frame *pusher_frame_error(unsigned code, struct cln_slice message);
struct frame *pusher_frame_pong(void);
struct frame *pusher_frame_succeeded(struct cln_slice channel);
struct frame *pusher_frame_members(struct cln_slice channel, const struct presence *presence);
struct frame *pusher_frame_member_added(
	struct cln_slice channel, struct cln_slice id, struct cln_slice info);
struct frame *pusher_frame_member_removed(struct cln_slice channel, struct cln_slice id);
struct frame *pusher_frame_cache_miss(struct cln_slice channel);
struct frame *pusher_frame_subscription_count(struct cln_slice channel, unsigned count);
/* `user_data` as it came. */
struct frame *pusher_frame_signed_in(struct cln_slice user_data);
/* The ids as elements of a JSON array. An event without ids is left out. */
struct frame *pusher_frame_watchlist(struct cln_slice online, struct cln_slice offline);

/* The two frames that tell clients of one failed subscription: .NET listens for the internal one,
 * pusher-js and Echo for the other. */
struct pusher_refusal {
	struct cln_slice channel;
	const char *type; /* "AuthError" and so on */
	unsigned status;  /* as HTTP would say it */
	struct cln_slice message;
};
struct frame *pusher_frame_refused(const struct pusher_refusal *refusal, bool is_internal);

/* A client event as its receivers get it. `data` is raw JSON: a string passes unchanged, another
 * value becomes a string that holds it, nothing becomes "null". `user_id` only if it has a ptr. */
struct frame *pusher_frame_client_event(struct cln_slice event, struct cln_slice channel,
	struct cln_slice data, struct cln_slice user_id);

#endif

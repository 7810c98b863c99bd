/* SPDX-License-Identifier: MIT
 *
 * The text of pusher-js's HTTP fallbacks, which is SockJS's: lines that begin with a letter, paths
 * that name a session. Pure functions; who receives what is xhr.c.
 */
#ifndef XHR_FRAME_H
#define XHR_FRAME_H

#include "base/buf.h"
#include "base/frame.h"

#include <stdbool.h>
#include <stdint.h>

enum xhr_kind {
	XHR_STREAMING, /* an answer that stays open */
	XHR_POLLING,   /* an answer as soon as there is something to say */
	XHR_SEND,
};

/* [/pusher]/app/KEY/SERVER/SESSION/KIND */
struct xhr_path {
	enum xhr_kind kind;
	struct cln_slice key;
	struct cln_slice name; /* KEY/SERVER/SESSION, which is what a session is found by */
};

/* SERVER has 1 to 3 digits; SESSION is drawn by the client. */
#define XHR_SESSION_MIN 8
#define XHR_SESSION_MAX 32
/* False: a path of something else. */
bool xhr_path_parse(struct cln_slice path, struct xhr_path *parsed);

/* A message's text as an element of a line, remembered for the next session that gets the same
 * message. Starts zeroed. */
struct xhr_memo {
	struct frame *frame; /* referenced, so that no other can take its address */
	struct buf text;
};
void xhr_memo_forget(struct xhr_memo *memo);

void xhr_append_open(struct buf *out);
/* One line for all; with count 0 one that tells nothing but that the server lives. */
void xhr_append_messages(
	struct buf *out, struct xhr_memo *memo, struct frame *const *frames, size_t count);
void xhr_append_heartbeat(struct buf *out);
void xhr_append_close(struct buf *out, unsigned code, struct cln_slice reason);

/* The length of valid UTF-8 as JavaScript counts it. */
size_t xhr_count_units(struct cln_slice text);

#endif

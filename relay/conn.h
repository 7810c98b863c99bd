/* SPDX-License-Identifier: MIT
 *
 * A stream connection (TCP or Unix) on a loop: one embedded edge-triggered libevent event, no
 * buffer while idle. Input is read into the loop's shared buffer and offered to the owner's
 * on_data(); what it leaves is kept and offered again with what follows. Output is frames by
 * reference, sent once per turn; only what the kernel refused stays queued, up to
 * `limits.backlog_bytes`.
 *
 * Owner: whoever called conn_new(); protocols take turns by conn_set_ops() (HTTP, then WebSocket).
 * Nothing is freed within its own callback: conn_close() marks, the loop frees at the turn's end
 * after on_closed(). After calling anything that may close, check conn_is_closing(). When sending
 * fails, what the peer had sent before is still offered; then the connection closes.
 */
#ifndef CONN_H
#define CONN_H

#include "base/frame.h"
#include "loop.h"

#include <stdbool.h>
#include <stddef.h>

struct conn;

struct conn_ops {
	/* `bytes` may be altered in place. Returns how many were consumed; the rest comes again, with
	 * more behind it. A call that consumed less than all must have wanted more or closed. */
	size_t (*on_data)(struct conn *conn, char *bytes, size_t len);
	/* The peer sent FIN. NULL: conn_close(). */
	void (*on_end)(struct conn *conn);
	/* A frame did not fit in the backlog (limit or age). Called at the turn's end, not from within
	 * conn_send(); frames sent in between are dropped. The connection stays as it is until the
	 * owner acts. NULL: conn_close(). */
	void (*on_overflow)(struct conn *conn);
	/* The last call; frees the owner's state. Called at the turn's end, exactly once. */
	void (*on_closed)(struct conn *conn);
};

struct conn_limits {
	size_t input_bytes;     /* unconsumed input that may be kept; more closes the connection */
	size_t backlog_bytes;   /* unsent output; one frame alone may be larger */
	int64_t backlog_age_ms; /* a head of the backlog that has not moved for so long: overflow */
};

/* Takes over a connected (or connecting) non-blocking `fd`. `limits` is borrowed and outlives the
 * connection. NULL, with `fd` closed, only if libevent refuses the descriptor. */
struct conn *conn_new(struct loop *loop, int fd, const struct conn_limits *limits,
	const struct conn_ops *ops, void *user);

/* The same with room for the owner: `bytes`, zeroed, in one piece with the connection and freed
 * with it, for whoever the connection ends up with (conn_set_ops()); aligned for pointers. What a
 * WebSocket and its session touch for a delivery stands beside what the connection does. */
#define CONN_ROOM_MAX 1016
struct conn *conn_new_with_room(struct loop *loop, int fd, size_t bytes,
	const struct conn_limits *limits, const struct conn_ops *ops, void *user);
void *conn_room(struct conn *conn);
size_t conn_room_bytes(const struct conn *conn);
/* The connection whose room begins there. */
struct conn *conn_of_room(void *room);

/* For Unix sockets, right after conn_new(): room to write is looked out for only while output
 * waits. Their kernel side tells of it each time the peer reads, which would wake the loop for
 * nothing (TCP's only after a full buffer). Closes the connection if libevent refuses. */
void conn_watch_room_on_demand(struct conn *conn);

struct loop *conn_loop(const struct conn *conn);
void *conn_user(const struct conn *conn);
void conn_set_user(struct conn *conn, void *user);
int conn_fd(const struct conn *conn);
const struct conn_limits *conn_limits_of(const struct conn *conn);
/* Also for changing protocol from within on_data(): what that call did not consume goes to the new
 * owner at once. */
void conn_set_ops(
	struct conn *conn, const struct conn_limits *limits, const struct conn_ops *ops, void *user);

/* Takes a reference; sent at the turn's end. Does nothing on a closing connection. */
void conn_send(struct conn *conn, struct frame *frame);
size_t conn_backlog(const struct conn *conn);
/* Drops queued frames of which no byte was sent, so that a last word of at most
 * CONN_LAST_WORD_BYTES can follow, whatever the backlog's limit. */
#define CONN_LAST_WORD_BYTES 1024
void conn_discard_unsent(struct conn *conn);

/* Pauses and resumes reading (rate limits). */
void conn_pause(struct conn *conn);
void conn_resume(struct conn *conn);
bool conn_is_paused(const struct conn *conn);

/* Sends what is queued (within `limits.backlog_age_ms`), shuts down writing, waits up to
 * `linger_ms` for the peer's FIN. Input is read and thrown away, further output dropped. */
void conn_finish(struct conn *conn, int64_t linger_ms);
bool conn_is_finishing(const struct conn *conn);
/* conn_close() after `delay_ms`, whatever happens until then; 0 takes it back. */
void conn_expire(struct conn *conn, int64_t delay_ms);
void conn_close(struct conn *conn);
bool conn_is_closing(const struct conn *conn); /* after conn_close(), or on_end without an owner */

/* The errno that ended the connection, 0 if it was neither that nor ended. */
int conn_error(const struct conn *conn);

/* "127.0.0.1:1234", "unix" or "-"; at most CONN_PEER_MAX bytes with NUL. */
#define CONN_PEER_MAX 56
void conn_peer(const struct conn *conn, char out[CONN_PEER_MAX]);

/* Takes the connection apart so that another worker can go on with it: the descriptor, its TLS
 * state and who the peer is. Nothing may be queued; input that was read is lost but for what the
 * owner keeps (what it did not consume in the on_data() that calls this, too). The owner gets no
 * on_closed(), nor any other call; what conn_user() is stays the owner's. `conn` counts as closing
 * until the turn's end, when it is freed. Not for a connection that closes or finishes. */
struct conn_extra;
struct conn_parts {
	int fd;
	size_t room;              /* as conn_room_bytes() */
	struct conn_extra *extra; /* TLS and what a proxy said of the peer; NULL if neither */
};
void conn_detach(struct conn *conn, struct conn_parts *parts);
/* What on_data() did not consume so far; borrowed until the connection is read from. */
struct cln_slice conn_kept(const struct conn *conn);
/* As conn_new(), from such parts; `input` (copied) is offered to on_data() first, at the end of
 * this turn or of the next one. NULL, with the parts closed, only if libevent refuses. */
struct conn *conn_attach(struct loop *loop, const struct conn_parts *parts, struct cln_slice input,
	const struct conn_limits *limits, const struct conn_ops *ops, void *user);
/* For parts that nobody wants. Any thread. */
void conn_parts_close(const struct conn_parts *parts);
/* Whether the peer came by TLS, to us or (as a trusted proxy says) to the proxy. */
bool conn_is_secure(const struct conn *conn);

/* For loop.c. Reads what stopped half-way in the last turn, flushes, frees; returns whether work is
 * left for the next turn. */
bool conn_end_turn(struct loop *loop);
void conn_close_all(struct loop *loop);
/* After the last connection: what the loop keeps for them. */
void conn_forget_all(struct loop *loop);

#endif

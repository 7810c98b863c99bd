/* SPDX-License-Identifier: MIT
 *
 * Between conn.c (life, lists, the turn), conn_input.c and conn_output.c; nobody else includes it.
 * An idle connection is struct conn and nothing else. What only slow, closing or busy ones need (a
 * queue, a timer) is in struct conn_slow, made when needed and freed with the need.
 *
 * Between turns: pending frames mean that the connection is in loop->dirty; `slow` with frames
 * means the same, or that the kernel refused (is_blocked) and the write edge will come.
 */
#ifndef CONN_PRIVATE_H
#define CONN_PRIVATE_H

#include "conn.h"

#include <event2/event.h>
#include <event2/event_struct.h>

#define CONN_PENDING_MAX 4

struct conn_slow {
	struct wheel_timer timer; /* for the earlier of deadline and age */
	struct conn *conn;
	int64_t deadline_ms; /* 0: none */
	int64_t linger_ms;   /* of conn_finish() */
	int64_t moved_ms;    /* when the head of a blocked queue last moved */
	struct frame **frames;
	uint32_t first;
	uint32_t count;
	uint32_t cap;
	uint32_t head_sent; /* bytes of the first frame that are gone */
	size_t bytes;       /* unsent */
};

struct conn {
	/* The delivery path's cache line: */
	struct loop *loop;
	struct frame *pending[CONN_PENDING_MAX];
	struct conn_slow *slow;
	int fd;
	uint8_t pending_count;
	bool is_mute : 1;  /* closing, finishing, overflowed or broken: conn_send() drops */
	bool is_dirty : 1; /* in loop->dirty */
	bool is_blocked : 1;
	bool is_overflowed : 1;
	bool is_broken : 1;     /* sending failed: closed as soon as what was received is read */
	bool is_discarding : 1; /* conn_discard_unsent() was called */
	bool is_paused : 1;
	bool is_waiting : 1; /* input may be there that was not read, or was read and not offered */
	bool is_ended : 1;   /* the peer sent FIN */
	bool is_finishing : 1;
	bool is_shut : 1; /* FIN sent */
	bool is_closing : 1;
	bool is_reported : 1; /* on_closed() was called */
	bool is_again : 1;    /* in loop->again */
	bool has_new_ops : 1;
	const struct conn_ops *ops;
	/* The rest: */
	void *user;
	const struct conn_limits *limits;
	char *input; /* read and not consumed; NULL if nothing is */
	uint32_t input_len;
	uint32_t input_cap;
	int error;
	TAILQ_ENTRY(conn) link;
	struct event event;
};

/* conn.c */
void conn_mark_dirty(struct conn *conn);
void conn_set_again(struct conn *conn, bool is_again);

/* conn_input.c: reads until nothing is there or the turn's share is used up. */
void conn_read(struct conn *conn);

/* conn_output.c */
struct conn_slow *conn_ensure_slow(struct conn *conn);
void conn_free_slow(struct conn *conn);
bool conn_has_queue(const struct conn *conn);
/* Sends what is queued; may close. */
void conn_flush(struct conn *conn);
/* Nothing is queued (any more): FIN if the connection is finishing. */
void conn_on_drained(struct conn *conn);
/* After an overflow that the owner let pass: the backlog's age counts from now. */
void conn_restart_age(struct conn *conn);

#endif

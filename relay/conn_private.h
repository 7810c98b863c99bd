/* SPDX-License-Identifier: MIT
 *
 * Between conn.c (life, lists, the turn), conn_input.c and conn_output.c; nobody else includes it.
 * An idle connection is struct conn and nothing else. What only slow, closing or busy ones need (a
 * queue, a timer) is in struct conn_slow, made when needed and given back with the need; what only
 * half a message, TLS or a proxy needs is in struct conn_extra.
 *
 * Between turns: a pending frame means that the connection is in loop->dirty; `slow` with frames
 * means the same, or that the kernel refused (is_blocked) and the write edge will come. A layer
 * (conn_layer.h) with output of its own is blocked, too.
 */
#ifndef CONN_PRIVATE_H
#define CONN_PRIVATE_H

#include "conn_layer.h"

#include <event2/event.h>
#include <event2/event_struct.h>

/* Rooms are counted in these. */
#define CONN_ROOM_BLOCK      8
#define CONN_ROOM_BLOCKS_MAX 127

struct conn_slow {
	struct wheel_timer timer; /* for the earlier of deadline and age */
	union {
		struct conn *conn;
		struct conn_slow *next; /* of the loop's spare ones */
	};
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

/* What the owner did not consume. */
struct conn_input {
	uint32_t len;
	uint32_t cap;
	char bytes[];
};

/* Of connections with TLS, behind a trusted proxy, or with input that waits for more. */
struct conn_extra {
	struct conn_layer *layer; /* NULL: the socket itself */
	struct conn_input *input; /* read and not consumed; NULL if nothing is */
	bool is_trusted;
	bool has_said_goodbye;        /* the layer's last word is out */
	struct conn_origin origin;    /* of the connection */
	struct conn_origin forwarded; /* of the request */
};

struct conn {
	struct event event;
	const struct conn_ops *ops;
	const struct conn_limits *limits;
	void *user;
	struct conn_extra *extra; /* NULL while nobody needs it */
	/* What a delivery reads and writes, beside what is of the owner's in the room: */
	struct loop *loop;
	struct frame *pending; /* goes out at the turn's end; a second one makes it a queue */
	struct conn_slow *slow;
	int fd;
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
	bool has_layer : 1; /* extra->layer */
	uint8_t error;      /* errno */
	uint8_t room_blocks : 7;
	bool is_on_demand : 1; /* EV_WRITE is registered while is_blocked only */
	_Alignas(void *) char room[];
};

/* conn.c */
void conn_mark_dirty(struct conn *conn);
void conn_set_error(struct conn *conn, int error);
/* Registers for reading, and for the write edge if output waits or it is always wanted. */
void conn_register(struct conn *conn);
struct conn_extra *conn_ensure_extra(struct conn *conn);
/* Goes on reading at the turn's end. */
void conn_read_again(struct conn *conn);

/* conn_input.c */
void conn_drop_input(struct conn *conn);
/* Reads until nothing is there or the turn's share is used up. */
void conn_read(struct conn *conn);
/* Input of a connection that was just made, to be offered with what follows. */
void conn_put_input(struct conn *conn, struct cln_slice input);

/* conn_output.c */
struct conn_slow *conn_ensure_slow(struct conn *conn);
void conn_free_slow(struct conn *conn); /* back to the loop, for the next one that needs it */
void conn_free_spare(struct loop *loop);
bool conn_has_queue(const struct conn *conn);
/* Anything unsent, also within the layer. */
bool conn_has_output(const struct conn *conn);
/* After the layer may have kept output back: it leaves with the write edge. */
void conn_watch_output(struct conn *conn);
/* Sends what is queued; may close. */
void conn_flush(struct conn *conn);
/* Nothing is queued (any more): FIN if the connection is finishing. */
void conn_on_drained(struct conn *conn);
/* After an overflow that the owner let pass: the backlog's age counts from now. */
void conn_restart_age(struct conn *conn);

#endif

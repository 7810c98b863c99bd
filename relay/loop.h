/* SPDX-License-Identifier: MIT
 *
 * One worker's event loop as the layers above see it: the time, timers, mail to other workers and
 * work for the end of the turn. One thread, one loop; nothing here may be called from another
 * thread except loop_post() and loop_offer().
 *
 * Turn order: libevent callbacks (sockets, mail, timers), then the end-of-turn work: every dirty
 * connection is flushed with one send, then closed connections are freed.
 */
#ifndef LOOP_H
#define LOOP_H

#include "base/log.h"
#include "base/wheel.h"
#include "mailbox.h"
#include "metrics.h"

#include <stdint.h>
#include <sys/queue.h>

struct conf;
struct conn;
struct conn_slow;
struct event_base;

#define LOOP_READ_BYTES (256 * 1024)
#define LOOP_CORK_BYTES (16 * 1024)

/* Connections, first come first served; a ring that grows. */
struct conn_ring {
	struct conn **conns;
	size_t first;
	size_t count;
	size_t cap; /* a power of two */
};

struct loop {
	struct event_base *base;
	unsigned index; /* of this worker, from 0 */
	unsigned count; /* of workers */
	struct loop *const *peers;
	const struct conf *conf;
	int64_t now_ms;  /* CLOCK_MONOTONIC, read once per turn */
	int64_t wall_ms; /* Unix time, read once per turn */
	struct metrics metrics;
	struct log_limit log_peers; /* for lines about peers that speak something else */
	struct wheel wheel;
	struct mailbox *mailbox;
	char *read_buffer;       /* LOOP_READ_BYTES, shared by all connections of the loop */
	char *cork_buffer;       /* LOOP_CORK_BYTES, where small frames are joined */
	struct conn_ring dirty;  /* to flush at the turn's end */
	struct conn_ring again;  /* not read to the end in this turn: go on in the next */
	struct conn_ring dead;   /* to free at the turn's end */
	struct conn_slow *spare; /* of connections that were slow; bounded */
	unsigned spare_count;
	/* The layer above gathers what its connections are to send; called before they are flushed. */
	void (*hand_out)(void *context);
	void *hand_out_context;
	void *worker; /* struct worker above; layers below never look into it */
	/* ws.c's, for all its sockets of this loop; NULL until one needs it, freed with the loop: */
	void *codec;
	void (*free_codec)(void *codec);
	/* private to loop.c: */
	struct loop_private *private_;
};

/* `conf` may be NULL in tests: defaults. 0 or CLN_ERR_SYSTEM, with the reason in the log. */
int loop_init(struct loop *loop, unsigned index, unsigned count, struct loop *const *peers,
	const struct conf *conf);
/* Closes all connections (their owners get on_closed()), delivers what mail is left, frees. */
void loop_deinit(struct loop *loop);

/* Runs until loop_stop(), which ends the current turn as usual; may run again. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);
/* Closes all connections now, on the loop's thread or after it has ended. */
void loop_close_all(struct loop *loop);
/* Delivers the mail that waits, on the loop's thread or after it has ended. False: none waited. */
bool loop_deliver(struct loop *loop);

/* For every libevent callback outside of loop.c and conn.c to begin with: sets the turn's time. */
void loop_enter(struct loop *loop);

/* Thread-safe; a post to the own loop is delivered in this or the next turn, too. */
void loop_post(struct loop *to, struct mail *mail);
bool loop_offer(struct loop *to, struct mail *mail);

/* Timers: `timer` is embedded in the caller's struct, zeroed before the first use, and stopped
 * before that struct is freed. Fires once, at most `WHEEL_TICK_MS` late. Setting a running timer
 * moves it. */
void loop_timer_set(
	struct loop *loop, struct wheel_timer *timer, int64_t delay_ms, wheel_timer_fn fire);
void loop_timer_stop(struct loop *loop, struct wheel_timer *timer);

#endif

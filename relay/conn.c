/* SPDX-License-Identifier: MIT
 *
 * See conn.h and conn_private.h: a connection's life, the loop's lists of connections and what
 * happens to them at the end of a turn.
 */
#include "conn_private.h"

#include "base/xalloc.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define FLUSHES_PER_TURN 512 /* about 2 ms; then other sockets are looked at */
#define PREFETCH         4
#define RING_FIRST       64

static struct conn_list *list_of(struct conn *conn)
{
	return conn->is_closing ? &conn->loop->dead
		   : conn->is_again ? &conn->loop->again
							: &conn->loop->idle;
}

void conn_set_again(struct conn *conn, bool is_again)
{
	if (conn->is_again == is_again || conn->is_closing) {
		return;
	}
	TAILQ_REMOVE(list_of(conn), conn, link);
	conn->is_again = is_again;
	TAILQ_INSERT_TAIL(list_of(conn), conn, link);
}

static void ring_grow(struct conn_ring *ring)
{
	const size_t cap = ring->cap > 0 ? ring->cap * 2 : RING_FIRST;
	struct conn **const conns = xmalloc(cap * sizeof(struct conn *));
	for (size_t i = 0; i < ring->count; i++) {
		conns[i] = ring->conns[(ring->first + i) & (ring->cap - 1)];
	}
	free(ring->conns);
	*ring = (struct conn_ring){.conns = conns, .count = ring->count, .cap = cap};
}

void conn_mark_dirty(struct conn *conn)
{
	struct conn_ring *const ring = &conn->loop->dirty;
	if (conn->is_dirty) {
		return;
	}
	if (ring->count == ring->cap) {
		ring_grow(ring);
	}
	ring->conns[(ring->first + ring->count++) & (ring->cap - 1)] = conn;
	conn->is_dirty = true;
}

static void on_event(evutil_socket_t fd, short what, void *context)
{
	struct conn *const conn = context;
	(void)fd;
	loop_enter(conn->loop);
	if (conn->is_closing) {
		return;
	}
	if ((what & EV_WRITE) != 0 && conn->is_blocked) {
		conn->is_blocked = false;
		conn_mark_dirty(conn);
	}
	if ((what & EV_READ) != 0) {
		conn_read(conn);
	}
}

struct conn *conn_new(struct loop *loop, int fd, const struct conn_limits *limits,
	const struct conn_ops *ops, void *user)
{
	struct conn *const conn = xcalloc(1, sizeof(*conn));
	conn->loop = loop;
	conn->fd = fd;
	conn->limits = limits;
	conn->ops = ops;
	conn->user = user;
	if (event_assign(&conn->event, loop->base, fd, EV_READ | EV_WRITE | EV_ET | EV_PERSIST,
			on_event, conn) != 0 ||
		event_add(&conn->event, NULL) != 0) {
		close(fd);
		free(conn);
		return NULL;
	}
	TAILQ_INSERT_TAIL(&loop->idle, conn, link);
	return conn;
}

static void conn_free(struct conn *conn)
{
	for (unsigned i = 0; i < conn->pending_count; i++) {
		frame_unref(conn->pending[i]);
	}
	conn_free_slow(conn);
	free(conn->input);
	close(conn->fd);
	free(conn);
}

struct loop *conn_loop(const struct conn *conn)
{
	return conn->loop;
}

void *conn_user(const struct conn *conn)
{
	return conn->user;
}

int conn_fd(const struct conn *conn)
{
	return conn->fd;
}

int conn_error(const struct conn *conn)
{
	return conn->error;
}

bool conn_is_closing(const struct conn *conn)
{
	return conn->is_closing;
}

bool conn_is_finishing(const struct conn *conn)
{
	return conn->is_finishing;
}

void conn_set_ops(
	struct conn *conn, const struct conn_limits *limits, const struct conn_ops *ops, void *user)
{
	conn->limits = limits;
	conn->ops = ops;
	conn->user = user;
	conn->has_new_ops = true;
}

void conn_pause(struct conn *conn)
{
	conn->is_paused = true;
}

bool conn_is_paused(const struct conn *conn)
{
	return conn->is_paused;
}

void conn_resume(struct conn *conn)
{
	if (!conn->is_paused) {
		return;
	}
	conn->is_paused = false;
	conn_set_again(conn, true);
}

void conn_finish(struct conn *conn, int64_t linger_ms)
{
	if (conn->is_closing || conn->is_finishing) {
		return;
	}
	conn->is_finishing = true;
	conn->is_mute = true;
	conn_ensure_slow(conn)->linger_ms = linger_ms > 0 ? linger_ms : 1;
	conn_resume(conn);
	if (conn->pending_count > 0 || conn_has_queue(conn)) {
		const int64_t age_ms = conn->limits->backlog_age_ms;
		conn_expire(conn, age_ms > 0 ? age_ms : conn->slow->linger_ms);
		if (!conn->is_blocked) {
			conn_mark_dirty(conn);
		}
	} else {
		conn_on_drained(conn);
	}
}

void conn_close(struct conn *conn)
{
	if (conn->is_closing) {
		return;
	}
	event_del(&conn->event);
	TAILQ_REMOVE(list_of(conn), conn, link);
	conn->is_closing = true;
	conn->is_mute = true;
	TAILQ_INSERT_TAIL(list_of(conn), conn, link);
	if (conn->slow != NULL) {
		loop_timer_stop(conn->loop, &conn->slow->timer);
	}
}

/* --- the turn --- */

static void read_again(struct loop *loop)
{
	struct conn *conn;
	size_t count = 0;
	TAILQ_FOREACH(conn, &loop->again, link)
	{
		count++;
	}
	/* Those that come back to the list meanwhile wait for the next turn. */
	while (count-- > 0 && (conn = TAILQ_FIRST(&loop->again)) != NULL) {
		conn_set_again(conn, false);
		conn_read(conn);
	}
}

static void on_overflow(struct conn *conn)
{
	conn->is_overflowed = false;
	conn->is_mute = conn->is_finishing || conn->is_broken;
	if (conn->ops->on_overflow == NULL) {
		conn->loop->metrics.overflows++;
		conn_close(conn);
		return;
	}
	conn->ops->on_overflow(conn);
	conn_restart_age(conn);
}

static void on_dirty(struct conn *conn)
{
	conn->is_dirty = false;
	if (conn->is_closing) {
		return;
	}
	if (conn->is_overflowed) {
		on_overflow(conn);
	}
	if (!conn->is_closing && (conn->pending_count > 0 || conn_has_queue(conn))) {
		conn_flush(conn);
	}
}

static void flush_dirty(struct loop *loop)
{
	struct conn_ring *const ring = &loop->dirty;
	for (unsigned i = 0; i < FLUSHES_PER_TURN && ring->count > 0; i++) {
		struct conn *const conn = ring->conns[ring->first & (ring->cap - 1)];
		if (ring->count > PREFETCH) {
			__builtin_prefetch(ring->conns[(ring->first + PREFETCH) & (ring->cap - 1)]);
		}
		ring->first = (ring->first + 1) & (ring->cap - 1);
		ring->count--;
		on_dirty(conn);
	}
}

static void free_dead(struct loop *loop)
{
	struct conn *next;
	for (struct conn *conn = TAILQ_FIRST(&loop->dead); conn != NULL; conn = next) {
		if (!conn->is_reported) {
			conn->is_reported = true;
			conn->ops->on_closed(conn); /* may close others: they follow in this list */
		}
		next = TAILQ_NEXT(conn, link);
		if (!conn->is_dirty) { /* else the ring still points to it */
			TAILQ_REMOVE(&loop->dead, conn, link);
			conn_free(conn);
		}
	}
}

bool conn_end_turn(struct loop *loop)
{
	read_again(loop);
	flush_dirty(loop);
	free_dead(loop);
	return loop->dirty.count > 0 || !TAILQ_EMPTY(&loop->again) || !TAILQ_EMPTY(&loop->dead);
}

void conn_close_all(struct loop *loop)
{
	struct conn *conn;
	while (
		(conn = TAILQ_FIRST(&loop->idle)) != NULL || (conn = TAILQ_FIRST(&loop->again)) != NULL) {
		conn_close(conn);
	}
	while (conn_end_turn(loop)) {
		/* A slice of the ring each time. */
	}
}

void conn_peer(const struct conn *conn, char out[CONN_PEER_MAX])
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);
	char host[INET6_ADDRSTRLEN];
	snprintf(out, CONN_PEER_MAX, "-");
	if (getpeername(conn->fd, (struct sockaddr *)&address, &len) != 0) {
		return;
	}
	if (address.ss_family == AF_UNIX) {
		snprintf(out, CONN_PEER_MAX, "unix");
	} else if (address.ss_family == AF_INET) {
		const struct sockaddr_in *const v4 = (const struct sockaddr_in *)&address;
		inet_ntop(AF_INET, &v4->sin_addr, host, sizeof(host));
		snprintf(out, CONN_PEER_MAX, "%s:%u", host, ntohs(v4->sin_port));
	} else if (address.ss_family == AF_INET6) {
		const struct sockaddr_in6 *const v6 = (const struct sockaddr_in6 *)&address;
		inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof(host));
		snprintf(out, CONN_PEER_MAX, "[%s]:%u", host, ntohs(v6->sin6_port));
	}
}

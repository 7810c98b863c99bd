/* SPDX-License-Identifier: MIT
 *
 * See conn.h and conn_private.h: a connection's life, the loop's lists of connections and what
 * happens to them at the end of a turn.
 */
#include "conn_private.h"

#include "base/xalloc.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FLUSHES_PER_TURN 512 /* about 2 ms; then other sockets are looked at */
#define PREFETCH         4
#define RING_FIRST       64

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

static void ring_push(struct conn_ring *ring, struct conn *conn)
{
	if (ring->count == ring->cap) {
		ring_grow(ring);
	}
	ring->conns[(ring->first + ring->count++) & (ring->cap - 1)] = conn;
}

static struct conn *ring_pop(struct conn_ring *ring)
{
	struct conn *const conn = ring->conns[ring->first];
	ring->first = (ring->first + 1) & (ring->cap - 1);
	ring->count--;
	return conn;
}

void conn_read_again(struct conn *conn)
{
	if (!conn->is_again && !conn->is_closing) {
		conn->is_again = true;
		ring_push(&conn->loop->again, conn);
	}
}

void conn_mark_dirty(struct conn *conn)
{
	if (!conn->is_dirty) {
		conn->is_dirty = true;
		ring_push(&conn->loop->dirty, conn);
	}
}

void conn_set_error(struct conn *conn, int error)
{
	conn->error = error > 0 && error <= UINT8_MAX ? (uint8_t)error : UINT8_MAX;
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
		if (conn->is_on_demand) {
			conn_register(conn);
		}
	}
	if ((what & EV_READ) != 0) {
		conn_read(conn);
	}
}

static bool add_event(struct conn *conn)
{
	const bool wants_room = !conn->is_on_demand || conn->is_blocked;
	const short what = (short)(EV_READ | EV_ET | EV_PERSIST | (wants_room ? EV_WRITE : 0));
	return event_assign(&conn->event, conn->loop->base, conn->fd, what, on_event, conn) == 0 &&
		   event_add(&conn->event, NULL) == 0;
}

/* What is ready already is announced again: no edge gets lost between the two. */
void conn_register(struct conn *conn)
{
	event_del(&conn->event);
	if (!add_event(conn)) {
		conn_set_error(conn, ENOMEM);
		conn_close(conn);
	}
}

void conn_watch_room_on_demand(struct conn *conn)
{
	conn->is_on_demand = true;
	conn_register(conn);
}

static_assert(CONN_ROOM_MAX <= CONN_ROOM_BLOCKS_MAX * CONN_ROOM_BLOCK, "conn.room_blocks");

struct conn *conn_new_with_room(struct loop *loop, int fd, size_t bytes,
	const struct conn_limits *limits, const struct conn_ops *ops, void *user)
{
	assert(bytes <= CONN_ROOM_MAX);
	const size_t blocks = (bytes + CONN_ROOM_BLOCK - 1) / CONN_ROOM_BLOCK;
	struct conn *const conn = xcalloc(1, sizeof(*conn) + blocks * CONN_ROOM_BLOCK);
	conn->room_blocks = (uint8_t)blocks & CONN_ROOM_BLOCKS_MAX;
	conn->loop = loop;
	conn->fd = fd;
	conn->limits = limits;
	conn->ops = ops;
	conn->user = user;
	if (!add_event(conn)) {
		close(fd);
		free(conn);
		return NULL;
	}
	return conn;
}

struct conn *conn_new(struct loop *loop, int fd, const struct conn_limits *limits,
	const struct conn_ops *ops, void *user)
{
	return conn_new_with_room(loop, fd, 0, limits, ops, user);
}

void *conn_room(struct conn *conn)
{
	return conn->room;
}

size_t conn_room_bytes(const struct conn *conn)
{
	return (size_t)conn->room_blocks * CONN_ROOM_BLOCK;
}

struct conn *conn_of_room(void *room)
{
	return (struct conn *)((char *)room - offsetof(struct conn, room));
}

static void free_extra(struct conn_extra *extra)
{
	if (extra != NULL && extra->layer != NULL) {
		extra->layer->ops->free(extra->layer);
	}
	free(extra);
}

static void conn_free(struct conn *conn)
{
	frame_unref(conn->pending);
	conn_free_slow(conn);
	conn_drop_input(conn);
	free_extra(conn->extra);
	if (conn->fd >= 0) {
		close(conn->fd);
	}
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

void conn_set_user(struct conn *conn, void *user)
{
	conn->user = user;
}

const struct conn_limits *conn_limits_of(const struct conn *conn)
{
	return conn->limits;
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
	conn_read_again(conn);
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
	if (conn->has_layer && !conn->extra->layer->is_ready) {
		conn_close(conn); /* nobody is there who would understand a last word */
	} else if (conn_has_output(conn)) {
		const int64_t age_ms = conn->limits->backlog_age_ms;
		conn_expire(conn, age_ms > 0 ? age_ms : conn->slow->linger_ms);
		if (!conn->is_blocked) {
			conn_mark_dirty(conn);
		}
	} else {
		conn_on_drained(conn);
	}
}

/* To the end of the loop's dead connections. */
static void bury(struct conn *conn)
{
	event_del(&conn->event);
	conn->is_closing = true;
	conn->is_mute = true;
	ring_push(&conn->loop->dead, conn);
	if (conn->slow != NULL) {
		loop_timer_stop(conn->loop, &conn->slow->timer);
	}
}

void conn_close(struct conn *conn)
{
	if (conn->is_closing) {
		return;
	}
	if (conn->has_layer && conn->extra->layer->ops->on_close != NULL) {
		conn->extra->layer->ops->on_close(conn->extra->layer, conn);
	}
	bury(conn);
}

/* --- moving between loops --- */

/* All but the input, which the caller may be looking at. */
static struct conn_extra *take_extra(struct conn *conn)
{
	struct conn_extra *const extra = conn->extra;
	struct conn_input *const input = extra != NULL ? extra->input : NULL;
	conn->extra = NULL;
	if (input != NULL) {
		extra->input = NULL;
		conn_ensure_extra(conn)->input = input;
	}
	return extra;
}

void conn_detach(struct conn *conn, struct conn_parts *parts)
{
	assert(!conn->is_closing && !conn->is_finishing);
	assert(conn->pending == NULL && !conn_has_queue(conn));
	*parts = (struct conn_parts){
		.fd = conn->fd, .room = conn_room_bytes(conn), .extra = take_extra(conn)};
	bury(conn);
	conn->fd = -1;
	conn->has_layer = false;
	conn->is_reported = true; /* there is no owner to report to */
}

struct conn *conn_attach(struct loop *loop, const struct conn_parts *parts, struct cln_slice input,
	const struct conn_limits *limits, const struct conn_ops *ops, void *user)
{
	struct conn *const conn = conn_new_with_room(loop, parts->fd, parts->room, limits, ops, user);
	if (conn == NULL) {
		free_extra(parts->extra);
		return NULL;
	}
	conn->extra = parts->extra;
	conn->has_layer = conn->extra != NULL && conn->extra->layer != NULL;
	conn_put_input(conn, input);
	conn_watch_output(conn);
	return conn;
}

void conn_parts_close(const struct conn_parts *parts)
{
	free_extra(parts->extra);
	close(parts->fd);
}

/* --- the turn --- */

static void read_again(struct loop *loop)
{
	/* Those that come back to the ring meanwhile wait for the next turn. */
	for (size_t left = loop->again.count; left > 0; left--) {
		struct conn *const conn = ring_pop(&loop->again);
		conn->is_again = false;
		if (!conn->is_closing) {
			conn_read(conn);
		}
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
	if (!conn->is_closing && conn_has_output(conn)) {
		conn_flush(conn);
	}
}

static void flush_dirty(struct loop *loop)
{
	struct conn_ring *const ring = &loop->dirty;
	for (unsigned i = 0; i < FLUSHES_PER_TURN && ring->count > 0; i++) {
		if (ring->count > PREFETCH) {
			__builtin_prefetch(&ring->conns[(ring->first + PREFETCH) & (ring->cap - 1)]->pending);
		}
		on_dirty(ring_pop(ring));
	}
}

static void report(struct conn *conn)
{
	if (!conn->is_reported) {
		conn->is_reported = true;
		conn->ops->on_closed(conn); /* may close others: they follow in the ring */
	}
}

static void free_dead(struct loop *loop)
{
	struct conn_ring *const dead = &loop->dead;
	size_t kept = 0;
	while (dead->count > kept) {
		struct conn *const conn = ring_pop(dead);
		report(conn);
		if (conn->is_dirty || conn->is_again) {
			ring_push(dead, conn); /* other rings still point to it */
			kept++;
		} else {
			conn_free(conn);
		}
	}
}

static void hand_out(struct loop *loop)
{
	if (loop->hand_out != NULL) {
		loop->hand_out(loop->hand_out_context);
	}
}

bool conn_end_turn(struct loop *loop)
{
	read_again(loop);
	hand_out(loop);
	flush_dirty(loop);
	free_dead(loop);
	hand_out(loop); /* who is left hears of who is gone in the next turn, which is due then */
	return loop->dirty.count > 0 || loop->again.count > 0 || loop->dead.count > 0;
}

static int collect(const struct event_base *base, const struct event *event, void *context)
{
	(void)base;
	if (event_get_callback(event) == on_event) {
		ring_push(context, event_get_callback_arg(event));
	}
	return 0;
}

void conn_close_all(struct loop *loop)
{
	struct conn_ring open = {0};
	event_base_foreach_event(loop->base, collect, &open);
	while (open.count > 0) {
		conn_close(ring_pop(&open));
	}
	free(open.conns);
	while (conn_end_turn(loop)) {
		/* A slice of the ring each time. */
	}
}

void conn_forget_all(struct loop *loop)
{
	free(loop->dirty.conns);
	free(loop->again.conns);
	free(loop->dead.conns);
	conn_free_spare(loop);
}

/* --- who the peer is --- */

struct conn_extra *conn_ensure_extra(struct conn *conn)
{
	if (conn->extra == NULL) {
		conn->extra = xcalloc(1, sizeof(*conn->extra));
	}
	return conn->extra;
}

struct conn_layer *conn_set_layer(struct conn *conn, struct conn_layer *layer)
{
	struct conn_extra *const extra = conn_ensure_extra(conn);
	struct conn_layer *const former = extra->layer;
	extra->layer = layer;
	conn->has_layer = layer != NULL;
	return former;
}

void conn_trust(struct conn *conn)
{
	conn_ensure_extra(conn)->is_trusted = true;
}

bool conn_is_proxied(const struct conn *conn)
{
	return conn->extra != NULL && conn->extra->is_trusted;
}

void conn_set_origin(struct conn *conn, const struct conn_origin *origin)
{
	assert(conn_is_proxied(conn));
	conn->extra->origin = *origin;
	conn->extra->forwarded = *origin;
}

void conn_set_forwarded(struct conn *conn, const struct conn_origin *origin)
{
	assert(conn_is_proxied(conn));
	conn->extra->forwarded = origin != NULL ? *origin : conn->extra->origin;
}

const struct conn_origin *conn_origin(const struct conn *conn)
{
	return conn_is_proxied(conn) && conn->extra->origin.has_address ? &conn->extra->origin : NULL;
}

bool conn_is_secure(const struct conn *conn)
{
	const struct conn_extra *const extra = conn->extra;
	return extra != NULL && ((extra->layer != NULL && extra->layer->is_secure) ||
								extra->forwarded.is_secure || extra->origin.is_secure);
}

/* False, with the family in `family`, if there is no IP address. */
static bool socket_address(int fd, struct conn_address *out, sa_family_t *family)
{
	static const uint8_t mapped[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);
	*family = AF_UNSPEC;
	if (getpeername(fd, (struct sockaddr *)&address, &len) != 0) {
		return false;
	}
	*family = address.ss_family;
	if (address.ss_family == AF_INET) {
		const struct sockaddr_in *const v4 = (const struct sockaddr_in *)&address;
		memcpy(out->ip.s6_addr, mapped, sizeof(mapped));
		memcpy(out->ip.s6_addr + sizeof(mapped), &v4->sin_addr, sizeof(v4->sin_addr));
		out->port = ntohs(v4->sin_port);
	} else if (address.ss_family == AF_INET6) {
		const struct sockaddr_in6 *const v6 = (const struct sockaddr_in6 *)&address;
		out->ip = v6->sin6_addr;
		out->port = ntohs(v6->sin6_port);
	}
	return address.ss_family == AF_INET || address.ss_family == AF_INET6;
}

bool conn_socket_address(const struct conn *conn, struct conn_address *address)
{
	sa_family_t family;
	return socket_address(conn->fd, address, &family);
}

static void print_address(const struct conn_address *address, char out[CONN_PEER_MAX])
{
	char host[INET6_ADDRSTRLEN];
	const bool is_v4 = IN6_IS_ADDR_V4MAPPED(&address->ip);
	const size_t skip = is_v4 ? sizeof(struct in6_addr) - sizeof(struct in_addr) : 0;
	inet_ntop(is_v4 ? AF_INET : AF_INET6, address->ip.s6_addr + skip, host, sizeof(host));
	if (address->port == 0) {
		snprintf(out, CONN_PEER_MAX, "%s", host);
	} else {
		snprintf(out, CONN_PEER_MAX, is_v4 ? "%s:%u" : "[%s]:%u", host, (unsigned)address->port);
	}
}

void conn_peer(const struct conn *conn, char out[CONN_PEER_MAX])
{
	struct conn_address address;
	sa_family_t family = AF_UNSPEC;
	if (conn->extra != NULL && conn->extra->forwarded.has_address) {
		print_address(&conn->extra->forwarded.address, out);
	} else if (socket_address(conn->fd, &address, &family)) {
		print_address(&address, out);
	} else {
		snprintf(out, CONN_PEER_MAX, "%s", family == AF_UNIX ? "unix" : "-");
	}
}

/* SPDX-License-Identifier: MIT
 *
 * A connection's output: pending frames go out at the turn's end with one system call; what the
 * kernel refuses waits in a queue for the write edge, within the limits of size and age.
 */
#include "conn_private.h"

#include "base/xalloc.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define PENDING_BYTES LOOP_CORK_BYTES /* a larger frame goes through the queue */
#define PARTS_MAX     64
#define FLUSH_BYTES   (64 * 1024) /* queued within a turn: try the kernel before its end */
#define QUEUE_FIRST   8
/* Of connections that more than one frame waited for in a turn, the loop keeps what they had for
 * those of the next turns: bursts allocate nothing. */
#define SPARE_MAX    1024
#define SPARE_FRAMES 64

static void on_timer(struct wheel_timer *timer);

bool conn_has_queue(const struct conn *conn)
{
	return conn->slow != NULL && conn->slow->count > 0;
}

static size_t layer_output(const struct conn *conn)
{
	return conn->has_layer ? conn->extra->layer->output : 0;
}

bool conn_has_output(const struct conn *conn)
{
	return conn->pending != NULL || conn_has_queue(conn) || layer_output(conn) > 0;
}

static struct conn_slow *take_spare(struct loop *loop)
{
	struct conn_slow *const spare = loop->spare;
	if (spare == NULL) {
		return xcalloc(1, sizeof(*spare));
	}
	loop->spare = spare->next;
	loop->spare_count--;
	*spare = (struct conn_slow){.frames = spare->frames, .cap = spare->cap};
	return spare;
}

struct conn_slow *conn_ensure_slow(struct conn *conn)
{
	if (conn->slow == NULL) {
		conn->slow = take_spare(conn->loop);
		conn->slow->conn = conn;
	}
	return conn->slow;
}

static void slow_free(struct conn_slow *slow)
{
	free(slow->frames);
	free(slow);
}

void conn_free_slow(struct conn *conn)
{
	struct conn_slow *const slow = conn->slow;
	struct loop *const loop = conn->loop;
	if (slow == NULL) {
		return;
	}
	loop_timer_stop(loop, &slow->timer);
	for (uint32_t i = 0; i < slow->count; i++) {
		frame_unref(slow->frames[slow->first + i]);
	}
	conn->slow = NULL;
	if (loop->spare_count >= SPARE_MAX || slow->cap > SPARE_FRAMES) {
		slow_free(slow);
		return;
	}
	slow->next = loop->spare;
	loop->spare = slow;
	loop->spare_count++;
}

void conn_free_spare(struct loop *loop)
{
	while (loop->spare != NULL) {
		struct conn_slow *const spare = loop->spare;
		loop->spare = spare->next;
		slow_free(spare);
	}
}

/* Sets the timer for the earlier of deadline and age; leaves one alone that fires before. */
static void arm(struct conn *conn)
{
	struct conn_slow *const slow = conn->slow;
	int64_t due_ms = slow->deadline_ms;
	if (conn->is_blocked && !conn->is_mute && conn->limits->backlog_age_ms > 0) {
		const int64_t aged_ms = slow->moved_ms + conn->limits->backlog_age_ms;
		if (due_ms == 0 || aged_ms < due_ms) {
			due_ms = aged_ms;
		}
	}
	if (due_ms != 0 &&
		(!slow->timer.is_running || due_ms < wheel_due_ms(&conn->loop->wheel, &slow->timer))) {
		loop_timer_set(conn->loop, &slow->timer, due_ms - conn->loop->now_ms, on_timer);
	}
}

void conn_restart_age(struct conn *conn)
{
	if (conn->is_blocked && conn->slow != NULL) {
		conn->slow->moved_ms = conn->loop->now_ms;
		arm(conn);
	}
}

static void overflow(struct conn *conn)
{
	conn->is_overflowed = true;
	conn->is_mute = true;
	conn_mark_dirty(conn); /* where the owner hears of it */
}

static void on_timer(struct wheel_timer *timer)
{
	struct conn_slow *const slow = (struct conn_slow *)timer; /* its first member */
	struct conn *const conn = slow->conn;
	const int64_t now_ms = conn->loop->now_ms;
	if (slow->deadline_ms != 0 && now_ms >= slow->deadline_ms) {
		conn_set_error(conn, ETIMEDOUT);
		conn_close(conn);
		return;
	}
	if (conn->is_blocked && !conn->is_mute && conn->limits->backlog_age_ms > 0 &&
		now_ms - slow->moved_ms >= conn->limits->backlog_age_ms) {
		overflow(conn);
	}
	arm(conn);
}

void conn_expire(struct conn *conn, int64_t delay_ms)
{
	if (conn->is_closing) {
		return;
	}
	if (delay_ms > 0) {
		struct conn_slow *const slow = conn_ensure_slow(conn);
		slow->deadline_ms = conn->loop->now_ms + delay_ms;
		arm(conn);
	} else if (conn->slow != NULL) {
		conn->slow->deadline_ms = 0;
	}
}

static void queue_push(struct conn_slow *slow, struct frame *frame)
{
	if (slow->first + slow->count == slow->cap) {
		if (slow->first > slow->cap / 2) {
			memmove(slow->frames, slow->frames + slow->first, slow->count * sizeof(struct frame *));
			slow->first = 0;
		} else {
			slow->cap = slow->cap > 0 ? slow->cap * 2 : QUEUE_FIRST;
			slow->frames = xrealloc(slow->frames, slow->cap * sizeof(struct frame *));
		}
	}
	slow->frames[slow->first + slow->count++] = frame;
	slow->bytes += frame->len;
}

/* The pending frame moves to the queue; its reference with it. */
static struct conn_slow *queue_pending(struct conn *conn)
{
	struct conn_slow *const slow = conn_ensure_slow(conn);
	if (conn->pending != NULL) {
		queue_push(slow, conn->pending);
		conn->pending = NULL;
	}
	return slow;
}

struct run {
	struct frame *const *frames;
	uint32_t count;
	uint32_t head_sent;
};

static ssize_t send_parts(struct conn *conn, const struct run *run)
{
	struct iovec parts[PARTS_MAX];
	struct msghdr message = {.msg_iov = parts};
	while (message.msg_iovlen < PARTS_MAX && message.msg_iovlen < run->count) {
		struct frame *const frame = run->frames[message.msg_iovlen];
		parts[message.msg_iovlen++] = (struct iovec){frame->bytes, frame->len};
	}
	parts[0].iov_base = (char *)parts[0].iov_base + run->head_sent;
	parts[0].iov_len -= run->head_sent;
	return sendmsg(conn->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* Joins as many frames as fit into the cork buffer; 0 if that is less than two. */
static size_t cork(struct conn *conn, const struct run *run)
{
	char *const buffer = conn->loop->cork_buffer;
	size_t len = 0;
	uint32_t count = 0;
	uint32_t skip = run->head_sent;
	while (count < run->count && run->frames[count]->len - skip <= LOOP_CORK_BYTES - len) {
		memcpy(buffer + len, run->frames[count]->bytes + skip, run->frames[count]->len - skip);
		len += run->frames[count]->len - skip;
		skip = 0;
		count++;
	}
	return count > 1 ? len : 0;
}

/* Through a layer: as many bytes as fit into the cork buffer, so that they become one record; a
 * frame alone needs no copy. */
static ssize_t send_layered(struct conn *conn, const struct run *run)
{
	struct conn_layer *const layer = conn->extra->layer;
	char *const buffer = conn->loop->cork_buffer;
	const char *bytes = run->frames[0]->bytes + run->head_sent;
	size_t len = run->frames[0]->len - run->head_sent;
	if (!layer->is_ready) {
		errno = ENOTCONN;
		return -1;
	}
	if (run->count > 1 && len < LOOP_CORK_BYTES) {
		memcpy(buffer, bytes, len);
		for (uint32_t i = 1; i < run->count && len < LOOP_CORK_BYTES; i++) {
			const size_t room = LOOP_CORK_BYTES - len;
			const size_t part = run->frames[i]->len < room ? run->frames[i]->len : room;
			memcpy(buffer + len, run->frames[i]->bytes, part);
			len += part;
		}
		bytes = buffer;
	}
	return layer->ops->send(layer, conn, bytes, len < LOOP_CORK_BYTES ? len : LOOP_CORK_BYTES);
}

/* One system call for the front of `run`. Returns as send() does. */
static ssize_t send_run(struct conn *conn, const struct run *run)
{
	conn->loop->metrics.sends++;
	if (__builtin_expect(conn->has_layer, 0)) {
		return send_layered(conn, run);
	}
	if (run->count == 1) {
		return send(conn->fd, run->frames[0]->bytes + run->head_sent,
			run->frames[0]->len - run->head_sent, MSG_DONTWAIT | MSG_NOSIGNAL);
	}
	const size_t corked = cork(conn, run);
	if (corked > 0) {
		return send(conn->fd, conn->loop->cork_buffer, corked, MSG_DONTWAIT | MSG_NOSIGNAL);
	}
	return send_parts(conn, run);
}

/* Takes `sent` bytes off the front, dropping the references of whole frames. */
static void consume(struct run *run, size_t sent)
{
	while (run->count > 0 && sent >= run->frames[0]->len - run->head_sent) {
		sent -= run->frames[0]->len - run->head_sent;
		run->head_sent = 0;
		frame_unref(run->frames[0]);
		run->frames++;
		run->count--;
	}
	run->head_sent += (uint32_t)sent; /* less than the frame's length */
}

static size_t run_bytes(const struct run *run)
{
	size_t bytes = 0;
	for (uint32_t i = 0; i < run->count; i++) {
		bytes += run->frames[i]->len;
	}
	return bytes - run->head_sent;
}

enum sent {
	SENT_ALL,
	SENT_BLOCKED,
	SENT_FAILED,
};

/* What the kernel still refuses of the layer's own bytes. */
static enum sent flush_layer(struct conn *conn)
{
	struct conn_layer *const layer = conn->extra->layer;
	if (layer->ops->flush(layer, conn) == 0) {
		return SENT_ALL;
	}
	if (errno == EAGAIN || errno == EWOULDBLOCK) {
		conn->loop->metrics.backlogs++;
		return SENT_BLOCKED;
	}
	conn_set_error(conn, errno);
	return SENT_FAILED;
}

/* Sends until nothing is left or the kernel takes no more. */
static enum sent send_all(struct conn *conn, struct run *run)
{
	while (run->count > 0) {
		const ssize_t sent = send_run(conn, run);
		if (sent >= 0) {
			consume(run, (size_t)sent);
		} else if (errno == EAGAIN || errno == EWOULDBLOCK) {
			conn->loop->metrics.backlogs++;
			return SENT_BLOCKED;
		} else if (errno != EINTR) {
			conn_set_error(conn, errno);
			return SENT_FAILED;
		}
	}
	return layer_output(conn) > 0 ? flush_layer(conn) : SENT_ALL;
}

static void on_blocked(struct conn *conn, bool has_moved)
{
	struct conn_slow *const slow = conn->slow;
	const bool was_blocked = conn->is_blocked;
	if (!was_blocked || has_moved) {
		slow->moved_ms = conn->loop->now_ms;
	}
	conn->is_blocked = true;
	if (conn->is_on_demand && !was_blocked) {
		conn_register(conn);
	}
	arm(conn);
}

void conn_watch_output(struct conn *conn)
{
	if (layer_output(conn) > 0 && !conn->is_blocked && !conn->is_closing) {
		conn_ensure_slow(conn);
		on_blocked(conn, true);
	}
}

static void shut(struct conn *conn)
{
	conn->is_shut = true;
	if (conn->is_ended || shutdown(conn->fd, SHUT_WR) != 0) {
		conn_close(conn);
		return;
	}
	conn_expire(conn, conn->slow->linger_ms);
}

/* The layer's last word, once. Returns whether it is on its way. */
static bool finish_layer(struct conn *conn)
{
	struct conn_layer *const layer = conn->has_layer ? conn->extra->layer : NULL;
	if (layer == NULL || layer->ops->finish == NULL || conn->extra->has_said_goodbye) {
		return true;
	}
	conn->extra->has_said_goodbye = true;
	layer->ops->finish(layer, conn);
	if (layer->output == 0) {
		return true;
	}
	conn_watch_output(conn);
	conn_expire(conn, conn->slow->linger_ms);
	return false;
}

void conn_on_drained(struct conn *conn)
{
	conn->is_discarding = false;
	if (conn->is_finishing && !conn->is_shut) {
		if (finish_layer(conn)) {
			shut(conn);
		}
	} else if (conn->slow != NULL && conn->slow->deadline_ms == 0) {
		conn_free_slow(conn);
	}
}

/* What is left of the pending frame after `run` was sent from it is the queue now; nothing if all
 * of it went into a layer that has output of its own. */
static void pending_to_queue(struct conn *conn, const struct run *run)
{
	if (run->count == 0) {
		conn->pending = NULL;
	}
	struct conn_slow *const slow = queue_pending(conn);
	slow->head_sent = run->head_sent;
	slow->bytes -= run->head_sent;
}

static void drop_output(struct conn *conn)
{
	struct conn_slow *const slow = conn->slow;
	frame_unref(conn->pending);
	conn->pending = NULL;
	for (uint32_t i = 0; slow != NULL && i < slow->count; i++) {
		frame_unref(slow->frames[slow->first + i]);
	}
	if (slow != NULL) {
		slow->first = 0;
		slow->count = 0;
		slow->head_sent = 0;
		slow->bytes = 0;
	}
}

/* A peer that takes nothing any more may have said something before it left: a publisher that ends
 * without waiting for its answers. That is read first. */
static void on_send_failed(struct conn *conn)
{
	if (conn->is_finishing || conn->is_ended) {
		conn_close(conn);
		return;
	}
	drop_output(conn);
	conn->is_broken = true;
	conn->is_mute = true;
	conn_read_again(conn);
}

static void flush_pending(struct conn *conn)
{
	struct run run = {&conn->pending, conn->pending != NULL ? 1 : 0, 0};
	const enum sent sent = send_all(conn, &run);
	if (sent == SENT_ALL) {
		conn->pending = NULL;
		if (conn->is_finishing || conn->slow != NULL) {
			conn_on_drained(conn);
		}
		return;
	}
	pending_to_queue(conn, &run);
	if (sent == SENT_FAILED) {
		on_send_failed(conn);
		return;
	}
	on_blocked(conn, true);
}

static void flush_queue(struct conn *conn)
{
	struct conn_slow *const slow = queue_pending(conn);
	struct run run = {slow->frames + slow->first, slow->count, slow->head_sent};
	const size_t before = slow->bytes;
	const size_t layer_before = layer_output(conn);
	const enum sent sent = send_all(conn, &run);
	slow->first = (uint32_t)(run.frames - slow->frames); /* within `cap` */
	slow->count = run.count;
	slow->head_sent = run.head_sent;
	slow->bytes = run_bytes(&run);
	if (sent == SENT_FAILED) {
		on_send_failed(conn);
		return;
	}
	if (sent == SENT_BLOCKED) {
		on_blocked(conn, slow->bytes < before || layer_output(conn) < layer_before);
		return;
	}
	slow->first = 0;
	conn_on_drained(conn);
}

void conn_flush(struct conn *conn)
{
	if (conn->is_blocked) {
		return;
	}
	if (conn_has_queue(conn)) {
		flush_queue(conn);
	} else {
		flush_pending(conn);
	}
}

static bool fits(const struct conn *conn, const struct frame *frame)
{
	const struct conn_slow *const slow = conn->slow;
	if (slow->count == 0) {
		return true;
	}
	size_t limit = conn->limits->backlog_bytes;
	size_t queued = slow->bytes;
	if (conn->is_discarding) {
		limit = CONN_LAST_WORD_BYTES;
		queued -= slow->head_sent > 0 ? slow->frames[slow->first]->len - slow->head_sent : 0;
	}
	return queued <= limit && frame->len <= limit - queued;
}

static void send_queued(struct conn *conn, struct frame *frame)
{
	struct conn_slow *slow = queue_pending(conn);
	if (!conn->is_blocked && (slow->bytes >= FLUSH_BYTES || !fits(conn, frame))) {
		conn_flush(conn);
		if (conn->is_mute) {
			return; /* it failed */
		}
		slow = conn_ensure_slow(conn); /* freed if all was sent */
	}
	if (!fits(conn, frame)) {
		overflow(conn);
		return;
	}
	queue_push(slow, frame_ref(frame));
	if (!conn->is_blocked) {
		conn_mark_dirty(conn);
	}
}

void conn_send(struct conn *conn, struct frame *frame)
{
	if (conn->is_mute) {
		return;
	}
	if (conn->slow != NULL || conn->pending != NULL || frame->len > PENDING_BYTES) {
		send_queued(conn, frame);
		return;
	}
	conn->pending = frame_ref(frame);
	conn_mark_dirty(conn);
}

size_t conn_backlog(const struct conn *conn)
{
	size_t bytes = conn->slow != NULL ? conn->slow->bytes : 0;
	bytes += conn->pending != NULL ? conn->pending->len : 0;
	return bytes + layer_output(conn);
}

void conn_discard_unsent(struct conn *conn)
{
	struct conn_slow *const slow = conn->slow;
	frame_unref(conn->pending);
	conn->pending = NULL;
	if (slow == NULL) {
		return;
	}
	const uint32_t kept = slow->count > 0 && slow->head_sent > 0 ? 1 : 0;
	while (slow->count > kept) {
		struct frame *const frame = slow->frames[slow->first + --slow->count];
		slow->bytes -= frame->len;
		frame_unref(frame);
	}
	conn->is_discarding = true;
}

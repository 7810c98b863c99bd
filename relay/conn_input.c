/* SPDX-License-Identifier: MIT
 *
 * A connection's input: into the loop's shared buffer, to the owner, and what the owner leaves into
 * memory of its own until more arrives.
 */
#include "conn_private.h"

#include "base/xalloc.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#define INPUT_FIRST 64
/* Kept input up to here is copied in front of what the next read brings; more than that is read
 * into where it is kept. */
#define INPUT_FRONT 16384

static void drop_input(struct conn *conn)
{
	free(conn->input);
	conn->input = NULL;
	conn->input_len = 0;
	conn->input_cap = 0;
}

/* Hands `bytes` to the owner, or to one owner after the other. Returns what is done with. */
static size_t offer(struct conn *conn, char *bytes, size_t len)
{
	size_t used = 0;
	do {
		conn->has_new_ops = false;
		used += conn->ops->on_data(conn, bytes + used, len - used);
		assert(used <= len);
	} while (conn->has_new_ops && used < len && !conn->is_closing && !conn->is_paused &&
			 !conn->is_finishing);
	return conn->is_closing || conn->is_finishing ? len : used;
}

static void input_reserve(struct conn *conn, size_t len)
{
	if (len > conn->input_cap) {
		size_t cap = conn->input_cap > 0 ? conn->input_cap : INPUT_FIRST;
		while (cap < len) {
			cap *= 2;
		}
		assert(cap <= UINT32_MAX);
		conn->input = xrealloc(conn->input, cap);
		conn->input_cap = (uint32_t)cap;
	}
}

/* Keeps what the owner did not consume, within the limit. */
static void keep(struct conn *conn, const char *rest, size_t len)
{
	if (len == 0) {
		drop_input(conn);
		return;
	}
	if (len > conn->limits->input_bytes) {
		conn->error = EMSGSIZE;
		conn_close(conn);
		return;
	}
	input_reserve(conn, len);
	memmove(conn->input, rest, len);
	conn->input_len = (uint32_t)len; /* at most input_cap */
}

/* Reads behind little kept input, all of it in the shared buffer. */
static ssize_t receive_shared(struct conn *conn)
{
	char *const at = conn->loop->read_buffer + INPUT_FRONT;
	const ssize_t got = recv(conn->fd, at, LOOP_READ_BYTES - INPUT_FRONT, MSG_DONTWAIT);
	if (got <= 0 || conn->is_finishing) {
		return got;
	}
	char *const begin = at - conn->input_len;
	const size_t len = conn->input_len + (size_t)got;
	if (conn->input_len > 0) {
		memcpy(begin, conn->input, conn->input_len);
	}
	const size_t used = offer(conn, begin, len);
	keep(conn, begin + used, len - used);
	return got;
}

/* Reads behind much kept input, where it is. */
static ssize_t receive_kept(struct conn *conn)
{
	if (conn->input_len == conn->input_cap) {
		input_reserve(conn, (size_t)conn->input_len + 1);
	}
	const ssize_t got = recv(
		conn->fd, conn->input + conn->input_len, conn->input_cap - conn->input_len, MSG_DONTWAIT);
	if (got <= 0) {
		return got;
	}
	conn->input_len += (uint32_t)got; /* at most input_cap */
	const size_t used = offer(conn, conn->input, conn->input_len);
	keep(conn, conn->input + used, conn->input_len - used);
	return got;
}

static void offer_kept(struct conn *conn)
{
	if (conn->input_len == 0) {
		return;
	}
	const size_t used = offer(conn, conn->input, conn->input_len);
	keep(conn, conn->input + used, conn->input_len - used);
}

static void end(struct conn *conn)
{
	conn->is_ended = true;
	if (conn->ops->on_end == NULL || conn->is_shut) {
		conn_close(conn);
	} else if (!conn->is_finishing) {
		conn->ops->on_end(conn);
	}
}

/* Returns false when there is nothing more to read now. */
static bool receive(struct conn *conn, size_t *budget)
{
	const ssize_t got = conn->input_len <= INPUT_FRONT ? receive_shared(conn) : receive_kept(conn);
	if (got > 0) {
		*budget -= (size_t)got < *budget ? (size_t)got : *budget;
		return true;
	}
	if (got == 0) {
		if (!conn->is_ended) {
			end(conn);
		}
		return false;
	}
	if (errno == EINTR) {
		return true;
	}
	if (errno != EAGAIN && errno != EWOULDBLOCK) {
		conn->error = errno;
		conn_close(conn);
	}
	return false;
}

/* Reads until nothing is there: with edge-triggered events a FIN that came with the last bytes
 * would not be announced again. */
void conn_read(struct conn *conn)
{
	size_t budget = LOOP_READ_BYTES;
	if (conn->is_finishing) {
		drop_input(conn);
	}
	if (conn->is_waiting && !conn->is_paused) {
		conn->is_waiting = false;
		offer_kept(conn);
	}
	while (!conn->is_closing && !conn->is_paused) {
		if (budget == 0) {
			conn_set_again(conn, true);
			return;
		}
		if (!receive(conn, &budget)) {
			if (conn->is_broken) {
				conn_close(conn);
			}
			return;
		}
	}
	conn->is_waiting = true;
}

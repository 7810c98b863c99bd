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

#define INPUT_FIRST (64 - sizeof(struct conn_input))
/* Kept input up to here is copied in front of what the next read brings; more than that is read
 * into where it is kept. */
#define INPUT_FRONT 16384

static struct conn_input *input_of(const struct conn *conn)
{
	return conn->extra != NULL ? conn->extra->input : NULL;
}

void conn_drop_input(struct conn *conn)
{
	struct conn_extra *const extra = conn->extra;
	if (input_of(conn) == NULL) {
		return;
	}
	free(extra->input);
	extra->input = NULL;
	if (extra->layer == NULL && !extra->is_trusted) {
		free(extra);
		conn->extra = NULL;
	}
}

static size_t kept_len(const struct conn *conn)
{
	const struct conn_input *const input = input_of(conn);
	return input != NULL ? input->len : 0;
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

static struct conn_input *input_reserve(struct conn *conn, size_t len)
{
	struct conn_extra *const extra = conn_ensure_extra(conn);
	const size_t old = extra->input != NULL ? extra->input->cap : 0;
	if (len <= old) {
		return extra->input;
	}
	size_t cap = old > 0 ? old : INPUT_FIRST;
	while (cap < len) {
		cap *= 2;
	}
	assert(cap <= UINT32_MAX);
	extra->input = xrealloc(extra->input, sizeof(*extra->input) + cap);
	extra->input->cap = (uint32_t)cap;
	extra->input->len = old > 0 ? extra->input->len : 0;
	return extra->input;
}

/* Keeps what the owner did not consume, within the limit. */
static void keep(struct conn *conn, const char *rest, size_t len)
{
	if (len == 0) {
		conn_drop_input(conn);
		return;
	}
	if (len > conn->limits->input_bytes) {
		conn_set_error(conn, EMSGSIZE);
		conn_close(conn);
		return;
	}
	struct conn_input *const input = input_reserve(conn, len);
	memmove(input->bytes, rest, len);
	input->len = (uint32_t)len; /* at most its cap */
}

struct cln_slice conn_kept(const struct conn *conn)
{
	const struct conn_input *const input = input_of(conn);
	return input != NULL ? cln_slice(input->bytes, input->len) : cln_slice(NULL, 0);
}

void conn_put_input(struct conn *conn, struct cln_slice input)
{
	if (input.len > 0) {
		struct conn_input *const kept = input_reserve(conn, input.len);
		memcpy(kept->bytes, input.ptr, input.len);
		kept->len = (uint32_t)input.len; /* at most its cap */
	}
	conn->is_waiting = true;
	conn_read_again(conn);
}

static ssize_t take(struct conn *conn, char *bytes, size_t cap)
{
	if (__builtin_expect(!conn->has_layer, 1)) {
		return recv(conn->fd, bytes, cap, MSG_DONTWAIT);
	}
	struct conn_layer *const layer = conn->extra->layer;
	const ssize_t got = layer->ops->receive(layer, conn, bytes, cap);
	const int saved = errno;
	conn_watch_output(conn);
	errno = saved;
	return got;
}

/* Reads behind little kept input, all of it in the shared buffer. */
static ssize_t receive_shared(struct conn *conn)
{
	char *const at = conn->loop->read_buffer + INPUT_FRONT;
	const ssize_t got = take(conn, at, LOOP_READ_BYTES - INPUT_FRONT);
	if (got <= 0 || conn->is_finishing) {
		return got;
	}
	const size_t kept = kept_len(conn);
	char *const begin = at - kept;
	const size_t len = kept + (size_t)got;
	if (kept > 0) {
		memcpy(begin, input_of(conn)->bytes, kept);
	}
	const size_t used = offer(conn, begin, len);
	keep(conn, begin + used, len - used);
	return got;
}

/* Offers what is kept, where it is. */
static void offer_kept(struct conn *conn)
{
	struct conn_input *const input = input_of(conn);
	if (input == NULL) {
		return;
	}
	const size_t len = input->len;
	const size_t used = offer(conn, input->bytes, len);
	keep(conn, input->bytes + used, len - used);
}

/* Reads behind much kept input, where it is. */
static ssize_t receive_kept(struct conn *conn)
{
	struct conn_input *input = input_of(conn);
	if (input->len == input->cap) {
		input = input_reserve(conn, (size_t)input->len + 1);
	}
	const ssize_t got = take(conn, input->bytes + input->len, input->cap - input->len);
	if (got > 0) {
		input->len += (uint32_t)got; /* at most its cap */
		offer_kept(conn);
	}
	return got;
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
	const ssize_t got = kept_len(conn) <= INPUT_FRONT ? receive_shared(conn) : receive_kept(conn);
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
		conn_set_error(conn, errno);
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
		conn_drop_input(conn);
	}
	if (conn->is_waiting && !conn->is_paused) {
		conn->is_waiting = false;
		offer_kept(conn);
	}
	while (!conn->is_closing && !conn->is_paused) {
		if (budget == 0) {
			conn_read_again(conn);
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

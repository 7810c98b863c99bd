/* SPDX-License-Identifier: MIT
 *
 * A link is waiting (for its next attempt), resolving, greeting (connected or on the way, the
 * login is sent) or up. One timer serves all: the next attempt, the deadline of an answer, or the
 * moment to probe.
 */
#include "redis_link.h"
#include "base/log.h"
#include "base/rand.h"
#include "base/xalloc.h"
#include "conn.h"
#include "resolve.h"

#include "../wire/resp.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKOFF_FIRST_MS 50
#define PROBE_AFTER_MS   10000 /* of silence */
#define BACKLOG_BYTES    (8 * 1024 * 1024)
#define INPUT_BYTES      1 /* everything is taken at once; what is not complete stays in the reader */

enum state {
	WAITING,
	RESOLVING,
	GREETING,
	UP,
};

struct redis_link {
	struct loop *loop;
	const struct redis_address *address;
	const struct redis_link_ops *ops;
	void *owner;
	size_t reply_max;
	enum state state;
	struct wheel_timer timer;
	struct resolve *resolve;
	struct addrinfo *found;      /* addresses of this attempt */
	const struct addrinfo *next; /* the one to try next */
	struct conn *conn;
	struct conn_limits limits;
	struct cln_reply_reader *reader;
	unsigned greetings; /* answers that the login still waits for */
	bool is_probing;    /* a PING of ours is unanswered */
	int64_t asked_ms;   /* the first command since Redis was last heard of, 0: none */
	int64_t heard_ms;
	int64_t backoff_ms;
	bool was_refused; /* the loss has been logged */
	bool is_failed;   /* fail() was called for this connection */
};

static void on_timer(struct wheel_timer *timer);
static void try_next(struct redis_link *link);

/* --- commands --- */

#define WORD_OVERHEAD 32 /* of length line and CRLF */

void redis_command(struct buf *out, const struct cln_slice *words, size_t count)
{
	size_t room = WORD_OVERHEAD;
	for (size_t i = 0; i < count; i++)
		room += words[i].len + WORD_OVERHEAD;
	buf_reserve(out, room);
	struct cln_out writer = {.ptr = out->bytes + out->len, .cap = room};
	cln_resp_array(&writer, count);
	for (size_t i = 0; i < count; i++)
		cln_resp_bulk(&writer, words[i]);
	out->len += writer.len;
}

static void set_timer(struct redis_link *link, int64_t delay_ms)
{
	loop_timer_set(link->loop, &link->timer, delay_ms, on_timer);
}

/* Redis answers every command, so silence after one has a limit. */
static void transmit(struct redis_link *link, struct buf *commands)
{
	if (link->asked_ms == 0) {
		link->asked_ms = link->loop->now_ms;
		set_timer(link, link->loop->conf->redis_timeout_ms);
	}
	struct frame *const frame = frame_copy(buf_slice(commands));
	conn_send(link->conn, frame);
	frame_unref(frame);
	commands->len = 0;
}

bool redis_link_send(struct redis_link *link, struct buf *commands)
{
	if (link->state != UP || conn_is_closing(link->conn) ||
		conn_backlog(link->conn) > BACKLOG_BYTES - commands->len)
		return false;
	transmit(link, commands);
	return true;
}

bool redis_link_is_up(const struct redis_link *link)
{
	return link->state == UP;
}

/* --- losing and trying again --- */

static void forget_addresses(struct redis_link *link)
{
	if (link->found != NULL)
		freeaddrinfo(link->found);
	link->found = NULL;
	link->next = NULL;
}

static void wait_and_retry(struct redis_link *link)
{
	const int64_t max_ms = link->loop->conf->redis_backoff_max_ms;
	if (link->backoff_ms > max_ms)
		link->backoff_ms = max_ms;
	link->state = WAITING;
	forget_addresses(link);
	set_timer(link, (int64_t)rand_below((uint64_t)link->backoff_ms + 1));
	link->backoff_ms *= 2;
}

/* Logged once per outage; counted each time. */
static void fail(struct redis_link *link, const char *reason)
{
	link->loop->metrics.redis_failures++;
	if (!link->was_refused)
		log_event(LOG_LEVEL_WARN, "redis_away", "worker=%u link=%s reason=\"%s\"",
			link->loop->index, link->ops->name, reason);
	link->was_refused = true;
	link->is_failed = true;
}

static void lose(struct redis_link *link, const char *reason)
{
	const bool was_up = link->state == UP;
	if (!link->is_failed)
		fail(link, reason);
	link->is_failed = false;
	if (was_up)
		link->ops->on_down(link->owner);
	if (link->next != NULL && !was_up)
		try_next(link);
	else
		wait_and_retry(link);
}

/* --- replies --- */

static void come_up(struct redis_link *link)
{
	link->state = UP;
	link->backoff_ms = BACKOFF_FIRST_MS;
	link->was_refused = false;
	link->loop->metrics.redis_connects++;
	forget_addresses(link);
	log_event(LOG_LEVEL_INFO, "redis_up", "worker=%u link=%s", link->loop->index, link->ops->name);
	set_timer(link, PROBE_AFTER_MS);
	link->ops->on_up(link->owner);
}

#define REASON_MAX 160

/* The last command of the login, the link's name, is a courtesy: a user of Redis may be allowed
 * nothing but what we need. */
static bool is_forgivable(const struct redis_link *link, const struct cln_reply *reply)
{
	return link->greetings == 1 && cln_slice_starts(reply->item[0].text, CLN_SLICE("NOPERM "));
}

static void on_greeting(struct redis_link *link, const struct cln_reply *reply)
{
	if (reply->type == CLN_REPLY_ERROR && !is_forgivable(link, reply)) {
		char reason[REASON_MAX];
		const struct cln_slice text = reply->item[0].text;
		snprintf(reason, sizeof(reason), "Redis refused the login or the database: %.*s",
			(int)(text.len > 100 ? 100 : text.len), text.ptr);
		fail(link, reason);
		conn_close(link->conn);
		return;
	}
	if (--link->greetings == 0)
		come_up(link);
}

/* PONG, or within a subscription ["pong", ""]. */
static bool is_pong(const struct cln_reply *reply)
{
	return reply->count > 0 && reply->item[0].text.len == 4 &&
		   (cln_slice_equal(reply->item[0].text, CLN_SLICE("PONG")) ||
			   cln_slice_equal(reply->item[0].text, CLN_SLICE("pong")));
}

static void on_reply(struct redis_link *link, const struct cln_reply *reply)
{
	if (link->state == GREETING) {
		on_greeting(link, reply);
	} else if (link->is_probing && is_pong(reply)) {
		link->is_probing = false;
	} else {
		link->ops->on_reply(link->owner, reply);
	}
}

static size_t on_data(struct conn *conn, char *bytes, size_t len)
{
	struct redis_link *const link = conn_user(conn);
	struct cln_reply reply;
	link->heard_ms = link->loop->now_ms;
	link->asked_ms = 0;
	int result = cln_reply_feed(link->reader, cln_slice(bytes, len));
	while (result == CLN_OK && !conn_is_closing(conn)) {
		result = cln_reply_next(link->reader, &reply);
		if (result == CLN_OK)
			on_reply(link, &reply);
	}
	if (result != CLN_OK && result != CLN_ERR_MORE) {
		fail(link, "Redis sent what is no reply, or one larger than any message");
		conn_close(conn);
	}
	return len;
}

static void on_closed(struct conn *conn)
{
	struct redis_link *const link = conn_user(conn);
	if (link == NULL)
		return; /* freed meanwhile */
	const int error = conn_error(conn);
	link->conn = NULL;
	cln_reply_reader_free(link->reader);
	link->reader = NULL;
	lose(link, error != 0 ? strerror(error) : "the connection was closed");
}

static const struct conn_ops link_ops = {
	.on_data = on_data,
	.on_closed = on_closed,
};

/* --- connecting --- */

static void greet(struct redis_link *link)
{
	struct buf commands = {0};
	const struct redis_address *const address = link->address;
	const struct cln_slice login[] = {
		CLN_SLICE("AUTH"), cln_slice_of(address->user), cln_slice_of(address->password)};
	const struct cln_slice password[] = {CLN_SLICE("AUTH"), cln_slice_of(address->password)};
	const struct cln_slice name[] = {
		CLN_SLICE("CLIENT"), CLN_SLICE("SETNAME"), CLN_SLICE("clairon-relay")};
	if (address->user[0] != '\0')
		redis_command(&commands, login, 3);
	else if (address->password[0] != '\0')
		redis_command(&commands, password, 2);
	link->greetings = commands.len > 0 ? 2 : 1;
	if (address->db != 0) {
		char text[16];
		const int len = snprintf(text, sizeof(text), "%u", address->db);
		const struct cln_slice select[] = {CLN_SLICE("SELECT"), {text, (size_t)len}};
		redis_command(&commands, select, 2);
		link->greetings++;
	}
	redis_command(&commands, name, 3);
	transmit(link, &commands);
	buf_deinit(&commands);
}

static void use(struct redis_link *link, int fd)
{
	const int on = 1;
	if (!link->address->is_unix) {
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	}
	link->conn = conn_new(link->loop, fd, &link->limits, &link_ops, link);
	if (link->conn == NULL) {
		lose(link, "libevent refused the socket");
		return;
	}
	/* Of replies that come together one read brings no more than this. */
	link->reader = cln_reply_reader_new(link->reply_max + LOOP_READ_BYTES);
	if (link->reader == NULL) {
		fail(link, "out of memory");
		conn_close(link->conn);
		return;
	}
	link->state = GREETING;
	link->is_probing = false;
	link->asked_ms = 0;
	greet(link);
}

/* A connecting socket, or -1 with errno. */
static int dial(int family, const struct sockaddr *address, socklen_t len)
{
	const int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (connect(fd, address, len) == 0 || errno == EINPROGRESS)
		return fd;
	const int error = errno;
	close(fd);
	errno = error;
	return -1;
}

static void try_unix(struct redis_link *link)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	memcpy(address.sun_path, link->address->host, strlen(link->address->host) + 1);
	const int fd = dial(AF_UNIX, (const struct sockaddr *)&address, sizeof(address));
	if (fd < 0)
		lose(link, strerror(errno));
	else
		use(link, fd);
}

static void try_next(struct redis_link *link)
{
	int error = ENOENT;
	while (link->next != NULL) {
		const struct addrinfo *const it = link->next;
		link->next = it->ai_next;
		const int fd = dial(it->ai_family, it->ai_addr, it->ai_addrlen);
		if (fd >= 0) {
			use(link, fd);
			return;
		}
		error = errno;
	}
	lose(link, strerror(error));
}

static void on_resolved(void *context, struct addrinfo *found, const char *error)
{
	struct redis_link *const link = context;
	link->resolve = NULL;
	link->found = found;
	link->next = found;
	if (found == NULL)
		lose(link, error);
	else
		try_next(link);
}

static void attempt(struct redis_link *link)
{
	if (link->address->is_unix) {
		try_unix(link);
		return;
	}
	link->state = RESOLVING;
	link->resolve =
		resolve_start(link->loop, link->address->host, link->address->port, on_resolved, link);
	if (link->resolve == NULL)
		lose(link, "no thread could be started for the name's resolution");
}

static void probe(struct redis_link *link)
{
	struct buf command = {0};
	redis_command(&command, &CLN_SLICE("PING"), 1);
	link->is_probing = true;
	transmit(link, &command);
	buf_deinit(&command);
}

/* The timer is set for an answer or for the next probe; what was heard meanwhile moved neither. */
static void check_silence(struct redis_link *link)
{
	const int64_t now_ms = link->loop->now_ms;
	const int64_t timeout_ms = link->loop->conf->redis_timeout_ms;
	if (link->asked_ms != 0 && now_ms - link->asked_ms >= timeout_ms) {
		fail(link, "Redis does not answer");
		conn_close(link->conn);
	} else if (link->asked_ms != 0) {
		set_timer(link, link->asked_ms + timeout_ms - now_ms);
	} else if (now_ms - link->heard_ms < PROBE_AFTER_MS) {
		set_timer(link, link->heard_ms + PROBE_AFTER_MS - now_ms);
	} else {
		probe(link);
	}
}

static void on_timer(struct wheel_timer *timer)
{
	struct redis_link *const link =
		(struct redis_link *)((char *)timer - offsetof(struct redis_link, timer));
	switch (link->state) {
	case WAITING:
		attempt(link);
		break;
	case RESOLVING:
		break;
	case GREETING:
	case UP:
		check_silence(link);
		break;
	}
}

/* --- life --- */

/* Of a connection that closes after its link is gone. */
static const struct conn_limits orphan_limits = {.input_bytes = INPUT_BYTES};

struct redis_link *redis_link_new(struct loop *loop, const struct redis_address *address,
	const struct redis_link_ops *ops, void *owner, size_t reply_max)
{
	struct redis_link *const link = xcalloc(1, sizeof(*link));
	link->loop = loop;
	link->address = address;
	link->ops = ops;
	link->owner = owner;
	link->reply_max = reply_max;
	link->backoff_ms = BACKOFF_FIRST_MS;
	link->limits.input_bytes = INPUT_BYTES;
	link->limits.backlog_bytes = BACKLOG_BYTES;
	link->limits.backlog_age_ms = loop->conf->redis_timeout_ms;
	return link;
}

void redis_link_start(struct redis_link *link)
{
	attempt(link);
}

void redis_link_free(struct redis_link *link)
{
	loop_timer_stop(link->loop, &link->timer);
	forget_addresses(link);
	if (link->resolve != NULL)
		resolve_cancel(link->resolve);
	if (link->conn != NULL) {
		conn_set_ops(link->conn, &orphan_limits, &link_ops, NULL);
		conn_close(link->conn);
	}
	if (link->reader != NULL)
		cln_reply_reader_free(link->reader);
	free(link);
}

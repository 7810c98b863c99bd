/* SPDX-License-Identifier: MIT
 *
 * See listen.h. Options of TCP are set on the listening socket: Linux hands them on to what it
 * accepts, which saves three system calls a connection.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* accept4() */
#endif
#include "listen.h"

#include "base/log.h"
#include "base/xalloc.h"

#include "../wire/err.h"
#include "../wire/limits.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <fcntl.h>
#include <grp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG          4096
#define ACCEPTS_PER_TURN 64
#define NOTSENT_LOWAT    16384 /* what is stale shall wait with us, where it can be dropped */
#define USER_TIMEOUT_MS  20000
#define PAUSE_MS         100 /* when the system is out of something */
#define MS_PER_S         1000
#define BUSY_READ_BYTES  4096
#define WAIT_MAX_S       10 /* in the queue: clients give an attempt up after 15 s */
#define MODE_GROUP       0660
#define MODE_ALL         0666
#define PORT_DIGITS      5

struct listener {
	struct wheel_timer timer; /* accepting is paused until then */
	struct event event;
	struct loop *loop;
	listen_accept_fn accept;
	void *context;
	int fd;
	int spare; /* a descriptor to give up when there are no others */
	bool is_unix;
	bool is_tls;
	dev_t device; /* of the Unix socket's path */
	ino_t inode;
	unsigned rate;
	int64_t tokens_ms; /* connections that may be accepted, each worth 1000 / rate */
	int64_t refilled_ms;
	struct log_limit log_limit;
	char address[LISTEN_ADDRESS_MAX];
};

__attribute__((format(printf, 2, 3))) static int explain(
	char error[LISTEN_ERROR_MAX], const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(error, LISTEN_ERROR_MAX, format, args);
	va_end(args);
	return CLN_ERR_SYSTEM;
}

/* --- TCP --- */

static int set_options(int fd, const struct addrinfo *info)
{
	const int on = 1;
	const int off = 0;
	const int lowat = NOTSENT_LOWAT;
	const int timeout_ms = USER_TIMEOUT_MS;
	if (info->ai_family == AF_INET6) {
		/* "[::]" means everybody; failing that it means IPv6, which is no reason to stop. */
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	}
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0 ||
		setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &lowat, sizeof(lowat)) != 0 ||
		setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, sizeof(timeout_ms)) != 0) {
		return CLN_ERR_SYSTEM;
	}
	return CLN_OK;
}

/* Returns the descriptor or -1 with errno. */
static int bind_one(const struct addrinfo *info)
{
	const int fd = socket(info->ai_family, info->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		return -1;
	}
	if (set_options(fd, info) != CLN_OK || bind(fd, info->ai_addr, info->ai_addrlen) != 0 ||
		listen(fd, BACKLOG) != 0) {
		const int saved = errno;
		close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

static void print_tcp_address(struct listener *listener)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);
	char host[NI_MAXHOST];
	char port[NI_MAXSERV];
	if (getsockname(listener->fd, (struct sockaddr *)&address, &len) != 0 ||
		getnameinfo((struct sockaddr *)&address, len, host, sizeof(host), port, sizeof(port),
			NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
		snprintf(listener->address, sizeof(listener->address), "unknown");
		return;
	}
	snprintf(listener->address, sizeof(listener->address),
		address.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
}

/* getaddrinfo() would cut a large number down to some other port. */
static bool is_port(const char *text)
{
	const size_t digits = strspn(text, "0123456789");
	return digits > 0 && digits <= PORT_DIGITS && text[digits] == '\0' &&
		   strtoul(text, NULL, 10) <= UINT16_MAX;
}

/* Splits "HOST:PORT" or "[HOST]:PORT"; "*" and "" mean every address. */
static bool split_address(const char *address, char host[NI_MAXHOST], char port[NI_MAXSERV])
{
	const char *const colon = strrchr(address, ':');
	if (colon == NULL || !is_port(colon + 1)) {
		return false;
	}
	const char *begin = address;
	size_t len = (size_t)(colon - address);
	if (len >= 2 && begin[0] == '[' && begin[len - 1] == ']') {
		begin++;
		len -= 2;
	} else if (memchr(begin, ':', len) != NULL) {
		return false; /* an IPv6 address without brackets */
	}
	if (len >= NI_MAXHOST) {
		return false;
	}
	memcpy(host, begin, len);
	host[len] = '\0';
	snprintf(port, NI_MAXSERV, "%s", colon + 1);
	return true;
}

static int open_tcp(struct listener *listener, const char *address, char error[LISTEN_ERROR_MAX])
{
	char host[NI_MAXHOST];
	char port[NI_MAXSERV];
	struct addrinfo *list;
	const struct addrinfo hints = {
		.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
	if (!split_address(address, host, port)) {
		return explain(error,
			"%s is no address to listen on; write HOST:PORT, or [HOST]:PORT for IPv6, with a port "
			"of at most 65535.",
			address);
	}
	const bool is_any = host[0] == '\0' || strcmp(host, "*") == 0;
	const int result = getaddrinfo(is_any ? NULL : host, port, &hints, &list);
	if (result != 0) {
		return explain(error, "%s can't be looked up: %s.", address, gai_strerror(result));
	}
	int last = 0;
	for (const struct addrinfo *info = list; info != NULL && listener->fd < 0;
		 info = info->ai_next) {
		listener->fd = bind_one(info);
		last = errno;
	}
	freeaddrinfo(list);
	if (listener->fd < 0) {
		return explain(error, "Can't listen on %s: %s.%s", address, strerror(last),
			last == EADDRINUSE ? " Another program has this port; stop it or choose another." : "");
	}
	print_tcp_address(listener);
	return CLN_OK;
}

/* --- Unix --- */

/* Whether somebody answers at the path. */
static bool is_alive(const struct sockaddr_un *address)
{
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		return true; /* not known, so nothing is removed */
	}
	/* EAGAIN: its queue is full, so there is one. */
	const bool alive = connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ||
					   errno != ECONNREFUSED;
	close(fd);
	return alive;
}

/* Removes what a relay that died has left behind. */
static int clear_path(const struct sockaddr_un *address, char error[LISTEN_ERROR_MAX])
{
	struct stat status;
	if (lstat(address->sun_path, &status) != 0) {
		return CLN_OK;
	}
	if (!S_ISSOCK(status.st_mode)) {
		return explain(error, "%s exists and is no socket; choose another path or remove it.",
			address->sun_path);
	}
	if (is_alive(address)) {
		return explain(error, "Another process listens on %s; stop it or choose another path.",
			address->sun_path);
	}
	if (unlink(address->sun_path) != 0) {
		return explain(
			error, "The stale socket %s can't be removed: %s.", address->sun_path, strerror(errno));
	}
	return CLN_OK;
}

/* No thread runs yet; getgrnam_r() would ask how many members a group may have. */
static int find_group(const char *name, gid_t *gid)
{
	const struct group *const found = getgrnam(name);
	char *end;
	if (found != NULL) {
		*gid = found->gr_gid;
		return CLN_OK;
	}
	const unsigned long number = strtoul(name, &end, 10);
	if (end == name || *end != '\0' || number >= UINT32_MAX) {
		return CLN_ERR_SYSTEM;
	}
	*gid = (gid_t)number;
	return CLN_OK;
}

static int grant(const char *path, const char *group, char error[LISTEN_ERROR_MAX])
{
	gid_t gid;
	if (group == NULL || group[0] == '\0') {
		return chmod(path, MODE_ALL) == 0
				   ? CLN_OK
				   : explain(error, "The mode of %s can't be set: %s.", path, strerror(errno));
	}
	if (find_group(group, &gid) != CLN_OK) {
		return explain(error, "There is no group %s for the socket %s.", group, path);
	}
	if (chown(path, (uid_t)-1, gid) != 0 || chmod(path, MODE_GROUP) != 0) {
		return explain(error,
			"The socket %s can't be given to group %s: %s. The relay's user must be a member.",
			path, group, strerror(errno));
	}
	return CLN_OK;
}

static int bind_unix(
	struct listener *listener, const struct sockaddr_un *address, char error[LISTEN_ERROR_MAX])
{
	struct stat status;
	listener->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	/* Nobody gets in before the mode is what it should be. */
	const mode_t mask = umask(S_IRWXG | S_IRWXO | S_IXUSR);
	const int result = listener->fd < 0
						   ? -1
						   : bind(listener->fd, (const struct sockaddr *)address, sizeof(*address));
	const int saved = errno;
	umask(mask);
	if (result != 0) {
		return explain(error, "Can't listen on unix:%s: %s.%s", address->sun_path, strerror(saved),
			saved == ENOENT ? " Create its folder first." : "");
	}
	if (stat(address->sun_path, &status) == 0) {
		listener->device = status.st_dev;
		listener->inode = status.st_ino;
	}
	return CLN_OK;
}

static int open_unix(struct listener *listener, const struct listen_options *options,
	const char *path, char error[LISTEN_ERROR_MAX])
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const size_t len = strlen(path);
	if (len == 0 || len > CLN_UNIX_PATH_MAX) {
		return explain(error,
			"A Unix socket's path has 1 to %d bytes; this one has %zu. Choose a shorter path.",
			CLN_UNIX_PATH_MAX, len);
	}
	memcpy(address.sun_path, path, len);
	listener->is_unix = true;
	snprintf(listener->address, sizeof(listener->address), "unix:%s", path);
	if (clear_path(&address, error) != CLN_OK || bind_unix(listener, &address, error) != CLN_OK ||
		grant(path, options->group, error) != CLN_OK) {
		return CLN_ERR_SYSTEM;
	}
	if (listen(listener->fd, BACKLOG) != 0) {
		return explain(error, "Can't listen on unix:%s: %s.", path, strerror(errno));
	}
	return CLN_OK;
}

static void remove_path(const struct listener *listener)
{
	const char *const path = listener->address + sizeof("unix:") - 1;
	struct stat status;
	if (stat(path, &status) == 0 && status.st_dev == listener->device &&
		status.st_ino == listener->inode) {
		(void)unlink(path); /* failing that, the next start finds it stale */
	}
}

/* --- life --- */

static int open_spare(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static const char *after(const char *address, const char *prefix)
{
	const size_t len = strlen(prefix);
	return strncmp(address, prefix, len) == 0 ? address + len : NULL;
}

struct listener *listen_open(const struct listen_options *options, char error[LISTEN_ERROR_MAX])
{
	struct listener *const listener = xcalloc(1, sizeof(*listener));
	const char *const path = after(options->address, "unix:");
	const char *const tcp = after(options->address, "tcp:");
	listener->fd = -1;
	listener->spare = open_spare();
	listener->rate = options->rate;
	listener->is_tls = options->is_tls;
	const int result = path != NULL
						   ? open_unix(listener, options, path, error)
						   : open_tcp(listener, tcp != NULL ? tcp : options->address, error);
	if (result != CLN_OK) {
		listen_close(listener);
		return NULL;
	}
	return listener;
}

void listen_close(struct listener *listener)
{
	if (listener->loop != NULL) {
		event_del(&listener->event);
		loop_timer_stop(listener->loop, &listener->timer);
	}
	if (listener->inode != 0) {
		remove_path(listener);
	}
	if (listener->fd >= 0) {
		close(listener->fd);
	}
	if (listener->spare >= 0) {
		close(listener->spare);
	}
	free(listener);
}

void listen_set_rate(struct listener *listener, unsigned rate)
{
	listener->rate = rate; /* what is saved up is cut with the next connection */
}

bool listen_is_tls(const struct listener *listener)
{
	return listener->is_tls;
}

const char *listen_address(const struct listener *listener)
{
	return listener->address;
}

/* --- accepting --- */

static void on_pause_end(struct wheel_timer *timer)
{
	struct listener *const listener = (struct listener *)timer; /* its first member */
	event_add(&listener->event, NULL);
}

static void pause_for(struct listener *listener, int64_t delay_ms)
{
	event_del(&listener->event);
	loop_timer_set(listener->loop, &listener->timer, delay_ms, on_pause_end);
}

/* One connection's worth of the rate, if there is one left. */
static bool take_token(struct listener *listener)
{
	const int64_t now_ms = listener->loop->now_ms;
	if (listener->rate == 0) {
		return true;
	}
	/* In thousandths of a connection; at most a second's worth is saved up. */
	listener->tokens_ms += (now_ms - listener->refilled_ms) * listener->rate;
	listener->refilled_ms = now_ms;
	if (listener->tokens_ms > (int64_t)listener->rate * MS_PER_S) {
		listener->tokens_ms = (int64_t)listener->rate * MS_PER_S;
	}
	if (listener->tokens_ms < MS_PER_S) {
		return false;
	}
	listener->tokens_ms -= MS_PER_S;
	return true;
}

/* Connections that wait to be accepted. */
static unsigned waiting(const struct listener *listener)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);
	if (listener->is_unix || getsockopt(listener->fd, IPPROTO_TCP, TCP_INFO, &info, &len) != 0) {
		return 0;
	}
	return info.tcpi_unacked; /* of a listening socket: the length of its queue */
}

/* A client that hears of it comes again after 15 s or more; one that waits in vain, too, but it
 * would have been served by then for nothing. */
static void say_busy(const struct listener *listener, int fd)
{
	static const char answer[] = "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n"
								 "Retry-After: 15\r\nContent-Length: 0\r\n\r\n";
	char request[BUSY_READ_BYTES];
	if (!listener->is_tls) {
		/* What is not read would turn the close into a reset, and take the answer away. */
		const ssize_t got = recv(fd, request, sizeof(request), MSG_DONTWAIT);
		(void)got;
		const ssize_t sent = send(fd, answer, sizeof(answer) - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
		(void)sent;
	}
}

/* Those for whom the rate leaves no room in time: the oldest, who have waited longest. */
static void shed(struct listener *listener)
{
	const uint64_t room = (uint64_t)listener->rate * WAIT_MAX_S;
	const unsigned queue = waiting(listener);
	uint64_t over = queue > room ? queue - room : 0;
	for (unsigned i = 0; i < ACCEPTS_PER_TURN && over > 0; i++, over--) {
		const int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0) {
			return;
		}
		say_busy(listener, fd);
		close(fd);
		listener->loop->metrics.connections_refused++;
	}
}

static void log_trouble(struct listener *listener, const char *error)
{
	log_event_limited(&listener->log_limit, listener->loop->now_ms, LOG_LEVEL_WARN, "accept_failed",
		"address=%s error=\"%s\"", listener->address, error);
}

/* Out of descriptors: the spare one lets the waiting connection be closed rather than left. */
static void turn_away(struct listener *listener)
{
	log_trouble(listener, strerror(EMFILE));
	if (listener->spare >= 0) {
		close(listener->spare);
		const int fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd >= 0) {
			close(fd);
			listener->loop->metrics.connections_refused++;
		}
	}
	listener->spare = open_spare();
	if (listener->spare < 0) {
		pause_for(listener, PAUSE_MS);
	}
}

/* After accept4() failed. Returns whether to try again at once. */
static bool on_accept_error(struct listener *listener, int error)
{
	switch (error) {
	case EAGAIN:
		return false;
	case EINTR:
	case ECONNABORTED:
	case EPROTO:
		return true; /* that one is gone */
	case EMFILE:
	case ENFILE:
		turn_away(listener);
		return false;
	default:
		log_trouble(listener, strerror(error));
		pause_for(listener, PAUSE_MS);
		return false;
	}
}

static void on_readable(evutil_socket_t socket, short what, void *context)
{
	struct listener *const listener = context;
	(void)socket;
	(void)what;
	loop_enter(listener->loop);
	for (unsigned i = 0; i < ACCEPTS_PER_TURN; i++) {
		if (!take_token(listener)) {
			shed(listener);
			pause_for(listener, MS_PER_S / listener->rate + 1);
			return;
		}
		const int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			listener->accept(listener->context, fd, listener->is_unix);
		} else if (!on_accept_error(listener, errno)) {
			listener->tokens_ms += listener->rate > 0 ? MS_PER_S : 0; /* not used */
			return;
		}
	}
}

int listen_start(
	struct listener *listener, struct loop *loop, listen_accept_fn accept, void *context)
{
	listener->accept = accept;
	listener->context = context;
	listener->refilled_ms = loop->now_ms;
	listener->tokens_ms = (int64_t)listener->rate * MS_PER_S;
	if (event_assign(&listener->event, loop->base, listener->fd, EV_READ | EV_PERSIST, on_readable,
			listener) != 0) {
		return CLN_ERR_SYSTEM;
	}
	listener->loop = loop;
	return event_add(&listener->event, NULL) == 0 ? CLN_OK : CLN_ERR_SYSTEM;
}

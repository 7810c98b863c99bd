/* SPDX-License-Identifier: MIT
 *
 * See dial.h. Sockets are non-blocking and closed on exec. A dead host is noticed by the kernel
 * (TCP_USER_TIMEOUT), so that an established link to a vanished peer ends by itself.
 */
#include "dial.h"

#include "php.h"
#include "main/php_network.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/un.h>
#include <unistd.h>

#define PEER_LOST_MS    10000
#define PORT_TEXT_BYTES 8
#define REASON_BYTES    128

void cln_target_describe(const struct cln_target *target, char out[CLN_ERROR_MAX])
{
	if (cln_target_is_unix(target)) {
		snprintf(out, CLN_ERROR_MAX, "unix:%s", target->path);
	} else if (strchr(target->host, ':') != NULL) {
		snprintf(out, CLN_ERROR_MAX, "[%.200s]:%d", target->host, target->port);
	} else {
		snprintf(out, CLN_ERROR_MAX, "%.200s:%d", target->host, target->port);
	}
}

void cln_error_join(char out[CLN_ERROR_MAX], const char *before, struct cln_slice text)
{
	const size_t start = MIN(strlen(before), CLN_ERROR_MAX - 1);
	const size_t len = MIN(text.len, CLN_ERROR_MAX - 1 - start);
	memcpy(out, before, start);
	if (len > 0) {
		memcpy(out + start, text.ptr, len);
	}
	out[start + len] = '\0';
}

static void say_errno(char error[CLN_ERROR_MAX], const char *what, int number)
{
	char reason[REASON_BYTES];
	/* Newer PHP leaves the buffer alone where the C library has the text at hand. */
	const char *const said = php_socket_strerror(number, reason, sizeof(reason));
	snprintf(error, CLN_ERROR_MAX, "%s: %s", what, said);
}

static void keep_addresses(const struct addrinfo *list, struct cln_addresses *addresses)
{
	for (; list != NULL && addresses->count < CLN_ADDRESSES_MAX; list = list->ai_next) {
		if (list->ai_addrlen > sizeof(addresses->address[0])) {
			continue;
		}
		memcpy(&addresses->address[addresses->count], list->ai_addr, list->ai_addrlen);
		addresses->len[addresses->count] = list->ai_addrlen;
		addresses->count++;
	}
}

static bool resolve(
	const struct cln_target *target, struct cln_addresses *addresses, char error[CLN_ERROR_MAX])
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
	struct addrinfo *list = NULL;
	char port[PORT_TEXT_BYTES];
	snprintf(port, sizeof(port), "%d", target->port);
	const int failed = getaddrinfo(target->host, port, &hints, &list);
	if (failed != 0) {
		snprintf(
			error, CLN_ERROR_MAX, "cannot resolve %.150s: %s", target->host, gai_strerror(failed));
		return false;
	}
	keep_addresses(list, addresses);
	freeaddrinfo(list);
	return addresses->count > 0;
}

static void keep_path(const struct cln_target *target, struct cln_addresses *addresses)
{
	struct sockaddr_un *address = (struct sockaddr_un *)&addresses->address[0];
	address->sun_family = AF_UNIX;
	memcpy(address->sun_path, target->path, strlen(target->path) + 1);
	addresses->len[0] = sizeof(*address);
	addresses->count = 1;
}

static int open_socket(int family)
{
#ifdef SOCK_CLOEXEC
	return socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
#else
	const int fd = socket(family, SOCK_STREAM, 0);
	if (fd >= 0) {
		fcntl(fd, F_SETFD, FD_CLOEXEC);
		fcntl(fd, F_SETFL, O_NONBLOCK);
	}
	return fd;
#endif
}

static void tune_tcp(int fd)
{
	const int on = 1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
#ifdef TCP_USER_TIMEOUT
	const unsigned lost_ms = PEER_LOST_MS;
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &lost_ms, sizeof(lost_ms));
#endif
}

static enum cln_dialled fail(int fd, char error[CLN_ERROR_MAX], const char *what, int number)
{
	say_errno(error, what, number);
	if (fd >= 0) {
		close(fd);
	}
	return CLN_DIALLED_FAILED;
}

enum cln_dialled cln_dial(const struct cln_target *target, struct cln_addresses *addresses, int *fd,
	char error[CLN_ERROR_MAX])
{
	if (addresses->count == 0) {
		if (cln_target_is_unix(target)) {
			keep_path(target, addresses);
		} else if (!resolve(target, addresses, error)) {
			return CLN_DIALLED_FAILED;
		}
	}
	const size_t nth = addresses->next;
	const struct sockaddr *address = (const struct sockaddr *)&addresses->address[nth];
	addresses->next = (nth + 1) % addresses->count;

	const int opened = open_socket(address->sa_family);
	if (opened < 0) {
		return fail(opened, error, "cannot make a socket", errno);
	}
	if (address->sa_family != AF_UNIX) {
		tune_tcp(opened);
	}
	if (connect(opened, address, addresses->len[nth]) == 0) {
		*fd = opened;
		return CLN_DIALLED_OPEN;
	}
	/* A Unix socket says EAGAIN when the listener's queue is full: that attempt is over. */
	if (errno == EINPROGRESS) {
		*fd = opened;
		return CLN_DIALLED_OPENING;
	}
	return fail(opened, error, "cannot connect", errno);
}

/* SPDX-License-Identifier: MIT
 *
 * The bare loop that the relay's delivery is measured beside; fixed, so that figures of different
 * days compare. It accepts its publisher and its clients and then does nothing but read a command
 * of a fixed size, blocking, and send a frame of a fixed size to every client.
 *
 *   bare UNIX-PATH CLIENTS COMMAND-BYTES FRAME-BYTES     prints the TCP port of 127.0.0.1
 */
#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define BYTES_MAX   65536
#define CLIENTS_MAX 65536
#define BACKLOG     4096

static char command[BYTES_MAX];
static char frame[BYTES_MAX];
static int clients[CLIENTS_MAX];

static int listen_tcp(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) != 0 || listen(fd, BACKLOG) != 0 ||
		getsockname(fd, (struct sockaddr *)&address, &len) != 0)
		err(1, "TCP socket");
	printf("%d\n", ntohs(address.sin_port));
	fflush(stdout);
	return fd;
}

static int listen_unix(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (strlen(path) >= sizeof address.sun_path)
		errx(1, "%s: too long for a Unix socket", path);
	memcpy(address.sun_path, path, strlen(path));
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
		listen(fd, BACKLOG) != 0)
		err(1, "%s", path);
	return fd;
}

static int accept_one(int listener)
{
	int fd = accept(listener, NULL, NULL);

	if (fd < 0)
		err(1, "accept");
	return fd;
}

static void deliver(int publisher, size_t command_bytes, size_t frame_bytes, int count)
{
	for (;;) {
		for (size_t got = 0; got < command_bytes;) {
			ssize_t n = read(publisher, command + got, command_bytes - got);

			if (n <= 0)
				return;
			got += (size_t)n;
		}
		for (int i = 0; i < count; i++)
			send(clients[i], frame, frame_bytes, MSG_DONTWAIT | MSG_NOSIGNAL);
	}
}

int main(int argc, char **argv)
{
	if (argc != 5)
		errx(2, "usage: bare UNIX-PATH CLIENTS COMMAND-BYTES FRAME-BYTES");

	const int count = (int)strtol(argv[2], NULL, 10);
	const long command_bytes = strtol(argv[3], NULL, 10), frame_bytes = strtol(argv[4], NULL, 10);
	const int one = 1;

	if (count < 0 || count > CLIENTS_MAX || command_bytes < 1 || command_bytes > BYTES_MAX ||
		frame_bytes < 1 || frame_bytes > BYTES_MAX)
		errx(2, "too many clients or bytes, or none");

	const int unix_listener = listen_unix(argv[1]), tcp_listener = listen_tcp();

	memset(frame, 'x', sizeof frame);
	for (int i = 0; i < count; i++) {
		clients[i] = accept_one(tcp_listener);
		setsockopt(clients[i], IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	}
	deliver(accept_one(unix_listener), (size_t)command_bytes, (size_t)frame_bytes, count);
	return 0;
}

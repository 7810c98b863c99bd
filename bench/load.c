/* SPDX-License-Identifier: MIT
 *
 * The load tool: opens clients, publishes over a Unix socket, and says what arrived. It does what
 * lines on its standard input say and answers each with one line:
 *
 *   open N       open clients until N are ready                            -> open N
 *   run COUNT    publish COUNT messages, each after the last one has
 *                reached every client                                      -> run DELIVERIES
 *   expect N     receive N messages that somebody else publishes           -> expect DELIVERIES P50
 * P99 (latencies in ns, from the stamps in them)
 *
 *   load sizes APP                                     prints COMMAND-BYTES FRAME-BYTES
 *   load relay PORT UNIX-PATH APP KEY SECRET
 *   load plain PORT UNIX-PATH APP                      beside bench/bare
 */
#include "clients.h"
#include "message.h"

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct load {
	struct clients *clients;
	struct samples latencies;
	struct cln_slice app;
	struct cln_slice secret;
	const char *path;
	bool is_plain;
	int publisher; /* -1 before the first message */
};

static void raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		err(1, "getrlimit");
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		err(1, "setrlimit");
}

static void write_whole(int fd, const char *bytes, size_t len)
{
	while (len) {
		ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);

		if (n < 0)
			err(1, "publish");
		bytes += n;
		len -= (size_t)n;
	}
}

static void connect_publisher(struct load *load)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char greeting[MESSAGE_COMMAND_MAX];

	if (strlen(load->path) >= sizeof address.sun_path)
		errx(1, "%s: too long for a Unix socket", load->path);
	memcpy(address.sun_path, load->path, strlen(load->path));
	load->publisher = socket(AF_UNIX, SOCK_STREAM, 0);
	if (load->publisher < 0 ||
		connect(load->publisher, (struct sockaddr *)&address, sizeof address) != 0)
		err(1, "%s", load->path);
	if (!load->is_plain)
		write_whole(load->publisher, greeting, message_greeting(greeting, load->app, load->secret));
}

/* Replies have to be read, or the relay stops reading from us; an error among them ends it all. */
static void drain_replies(const struct load *load)
{
	char replies[4096];
	ssize_t n;

	while ((n = recv(load->publisher, replies, sizeof replies - 1, MSG_DONTWAIT)) > 0) {
		replies[n] = '\0';
		if (replies[0] == '-' || strstr(replies, "\r\n-"))
			errx(1, "the relay answers: %s", replies);
	}
	if (n == 0)
		errx(1, "the publishing connection was closed");
}

static void run(struct load *load, size_t count)
{
	const size_t clients = clients_count(load->clients);
	char command[MESSAGE_COMMAND_MAX];

	if (load->publisher < 0)
		connect_publisher(load);
	for (size_t i = 0; i < count; i++) {
		write_whole(load->publisher, command, message_command(command, load->app));
		clients_receive(load->clients, clients, NULL);
		if (!load->is_plain)
			drain_replies(load);
	}
	printf("run %zu\n", count * clients);
}

static void expect(struct load *load, size_t count)
{
	const size_t deliveries = count * clients_count(load->clients);

	samples_clear(&load->latencies);
	clients_receive(load->clients, deliveries, &load->latencies);
	printf("expect %zu %lld %lld\n", deliveries,
		(long long)samples_percentile(&load->latencies, 50),
		(long long)samples_percentile(&load->latencies, 99));
}

static void obey(struct load *load)
{
	char line[128], verb[16];
	size_t number;

	while (fgets(line, sizeof line, stdin)) {
		if (sscanf(line, "%15s %zu", verb, &number) != 2)
			errx(2, "not a command: %s", line);
		if (strcmp(verb, "open") == 0) {
			clients_open(load->clients, number);
			printf("open %zu\n", number);
		} else if (strcmp(verb, "run") == 0) {
			run(load, number);
		} else if (strcmp(verb, "expect") == 0) {
			expect(load, number);
		} else {
			errx(2, "not a command: %s", line);
		}
		fflush(stdout);
	}
}

int main(int argc, char **argv)
{
	struct load load = {.publisher = -1};
	struct clients_options options = {.frame_bytes = message_frame_bytes()};
	char command[MESSAGE_COMMAND_MAX];

	if (argc == 3 && strcmp(argv[1], "sizes") == 0) {
		printf("%zu %zu\n", message_command(command, cln_slice_of(argv[2])), options.frame_bytes);
		return 0;
	}
	load.is_plain = argc == 5 && strcmp(argv[1], "plain") == 0;
	if (!load.is_plain && (argc != 7 || strcmp(argv[1], "relay") != 0))
		errx(2, "usage: load sizes APP | load plain PORT UNIX-PATH APP | "
				"load relay PORT UNIX-PATH APP KEY SECRET");
	options.port = (uint16_t)strtoul(argv[2], NULL, 10);
	load.path = argv[3];
	load.app = cln_slice_of(argv[4]);
	if (!load.is_plain) {
		options.key = argv[5];
		load.secret = cln_slice_of(argv[6]);
	}
	raise_file_limit();
	load.clients = clients_new(&options);
	obey(&load);
	return 0;
}

/* SPDX-License-Identifier: MIT
 *
 * The benchmark's load tool finds what a server does wrong: a fake one drops, doubles, reorders,
 * alters or misdirects one message, and the tool must end with a sentence that says so.
 *
 * sources: bench/ledger.c bench/message.c bench/samples.c bench/clients.c bench/speak.c
 * sources: bench/secure.c bench/inflater.c bench/publisher.c bench/http.c bench/commands.c
 * sources: wire/envelope.c wire/id.c wire/name.c wire/resp.c wire/sign.c
 * sources: relay/base/buf.c relay/base/hmac.c relay/base/log.c relay/base/xalloc.c
 * libs: libcrypto libssl zlib
 */
#include "bench/commands.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define CLIENTS      3
#define MESSAGES     5
#define FAULTY       3 /* number of the message that goes wrong, from 1 on */
#define VICTIM       1 /* the client that it goes wrong at */
#define REQUEST_MAX  4096
#define FRAME_HEAD   4
#define SOCKETS_MAX  (CLIENTS + 2)
#define PATIENCE_NS  INT64_C(60000000000)
#define SHORT_NS     INT64_C(2000000000) /* where it must come to its end */
#define OUTPUT_BYTES 4096

enum fault {
	NOTHING,
	DROPPED,
	LAST_DROPPED,
	DOUBLED,
	REORDERED,
	ALTERED,
	SHORTENED,
	OLDER_TEXT,
	NEVER_PUBLISHED,
	CLOSED,
};

/* ---- the fake server: upgrades GETs, and sends the body of each POST to all of those ---- */

struct server {
	enum fault fault;
	int client[CLIENTS];
	size_t clients;
	size_t published;
	char held[REQUEST_MAX]; /* a message that comes after the next one */
	char first[REQUEST_MAX];
};

static void send_text(int fd, const char *text)
{
	const size_t len = strlen(text);
	unsigned char frame[FRAME_HEAD + REQUEST_MAX] = {
		0x81, 126, (unsigned char)(len >> 8), (unsigned char)len};

	memcpy(frame + FRAME_HEAD, text, len);
	if (send(fd, frame, FRAME_HEAD + len, MSG_NOSIGNAL) < 0)
		_exit(0); /* the tool has seen enough */
}

/* What the victim gets in place of the message. */
static void spoil(struct server *server, int fd, char *text)
{
	switch (server->fault) {
	case NOTHING:
	case LAST_DROPPED:
		break;
	case DROPPED:
		return;
	case DOUBLED:
		send_text(fd, text);
		break;
	case REORDERED:
		snprintf(server->held, sizeof server->held, "%s", text);
		return;
	case ALTERED:
		text[strlen(text) - 5] ^= 1;
		break;
	case SHORTENED:
		text[strlen(text) - 1] = '\0';
		break;
	case OLDER_TEXT:
		send_text(fd, server->first);
		return;
	case NEVER_PUBLISHED:
		memset(strchr(text, '#') + 1, '7', 9);
		break;
	case CLOSED:
		shutdown(fd, SHUT_RDWR);
		return;
	}
	send_text(fd, text);
}

static void deliver(struct server *server, const char *text)
{
	char spoiled[REQUEST_MAX];

	server->published++;
	if (server->published == 1)
		snprintf(server->first, sizeof server->first, "%s", text);
	for (size_t i = 0; i < server->clients; i++) {
		if (i == VICTIM && server->published == FAULTY) {
			snprintf(spoiled, sizeof spoiled, "%s", text);
			spoil(server, server->client[i], spoiled);
			continue;
		}
		if (i == VICTIM && server->published == MESSAGES && server->fault == LAST_DROPPED)
			continue;
		send_text(server->client[i], text);
		if (i == VICTIM && *server->held) {
			send_text(server->client[i], server->held);
			*server->held = '\0';
		}
	}
}

static void answer(struct server *server, int fd, char *request, size_t len)
{
	static const char upgraded[] = "HTTP/1.1 101 Switching Protocols\r\n\r\n";
	static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
	char *body;

	request[len] = '\0';
	if (strncmp(request, "GET ", 4) == 0) {
		server->client[server->clients++] = fd;
		send(fd, upgraded, sizeof upgraded - 1, MSG_NOSIGNAL);
		return;
	}
	body = strstr(request, "\r\n\r\n");
	if (strncmp(request, "POST ", 5) != 0 || !body)
		_exit(1);
	send(fd, ok, sizeof ok - 1, MSG_NOSIGNAL);
	deliver(server, body + 4);
}

static _Noreturn void serve(int listener, enum fault fault)
{
	struct server server = {.fault = fault};
	struct pollfd sockets[SOCKETS_MAX] = {{.fd = listener, .events = POLLIN}};
	nfds_t count = 1;
	char request[REQUEST_MAX];

	while (poll(sockets, count, -1) > 0) {
		if (sockets[0].revents && count < SOCKETS_MAX)
			sockets[count++] =
				(struct pollfd){.fd = accept(listener, NULL, NULL), .events = POLLIN};
		for (nfds_t i = 1; i < count; i++) {
			ssize_t n;

			if (!sockets[i].revents)
				continue;
			n = recv(sockets[i].fd, request, sizeof request - 1, MSG_DONTWAIT);
			if (n > 0)
				answer(&server, sockets[i].fd, request, (size_t)n);
			else if (n == 0)
				sockets[i].fd = -1;
			sockets[i].revents = 0;
		}
	}
	_exit(0);
}

/* ---- the tool beside it ---- */

static int listen_anywhere(uint16_t *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof address;
	const int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(fd, SOCKETS_MAX), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	*port = ntohs(address.sin_port);
	return fd;
}

static _Noreturn void measure(uint16_t port, enum fault fault, int output)
{
	const struct options options = {.speak = SPEAK_WEBSOCKET,
		.publish = PUBLISH_HTTP,
		.port = port,
		.path = "/",
		.publish_path = "/publish",
		.payload = MESSAGE_TEXT_USUAL,
		.patience_ns = fault == LAST_DROPPED ? SHORT_NS : PATIENCE_NS};
	struct load load = {.options = &options};
	char command[32];

	dup2(output, STDOUT_FILENO);
	dup2(output, STDERR_FILENO);
	ledger_init(&load.ledger, options.payload);
	load.clients = clients_new(&options, &load.ledger);
	snprintf(command, sizeof command, "open %d", CLIENTS);
	commands_obey(&load, command);
	snprintf(command, sizeof command, "burst 1 %d", MESSAGES);
	commands_obey(&load, command);
	_exit(0);
}

/* Runs the tool beside a server with this fault; returns what it prints, and how it ended. */
static const char *run(enum fault fault, int *status)
{
	static char output[OUTPUT_BYTES];
	size_t len = 0;
	ssize_t n;
	uint16_t port;
	const int listener = listen_anywhere(&port);
	int pipes[2];
	pid_t server, tool;

	assert_int_equal(pipe(pipes), 0);
	fflush(NULL);
	server = fork();
	if (server == 0) {
		close(pipes[0]);
		close(pipes[1]); /* or the tool's output would have no end */
		serve(listener, fault);
	}
	tool = fork();
	if (tool == 0)
		measure(port, fault, pipes[1]);
	close(pipes[1]);
	close(listener);
	while ((n = read(pipes[0], output + len, sizeof output - 1 - len)) > 0)
		len += (size_t)n;
	output[len] = '\0';
	close(pipes[0]);
	waitpid(tool, status, 0);
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	return output;
}

static void assert_found(enum fault fault, const char *sentence)
{
	int status;
	const char *output = run(fault, &status);

	if (!WIFEXITED(status) || WEXITSTATUS(status) != 1 || !strstr(output, sentence))
		fail_msg("expected \"%s\" and exit status 1, got %d and: %s", sentence, status, output);
}

static void a_server_without_faults_is_measured(void **state)
{
	int status;
	const char *output = run(NOTHING, &status);

	(void)state;
	assert_int_equal(status, 0);
	assert_non_null(strstr(output, "open clients=3\nburst deliveries=15 p50="));
}

static void a_missing_message_is_found(void **state)
{
	(void)state;
	assert_found(DROPPED, "message 4 came where the one after message 2 was due");
	assert_found(
		LAST_DROPPED, "nothing arrived for 2 s: 3 of 3 clients ready, 1 deliveries missing");
}

static void a_message_too_many_or_out_of_order_is_found(void **state)
{
	(void)state;
	assert_found(DOUBLED, "message 3 came after message 3: doubled or out of order");
	assert_found(REORDERED, "message 4 came where the one after message 2 was due");
	assert_found(OLDER_TEXT, "message 1 came after message 2: doubled or out of order");
}

static void an_altered_message_is_found(void **state)
{
	(void)state;
	assert_found(ALTERED, "message 3 is not what was published");
	assert_found(SHORTENED, "message 3 is not what was published");
	assert_found(NEVER_PUBLISHED, "message 777777777 was not published");
}

static void a_lost_client_is_found(void **state)
{
	(void)state;
	assert_found(CLOSED, "a connection ended");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server_without_faults_is_measured),
		cmocka_unit_test(a_missing_message_is_found),
		cmocka_unit_test(a_message_too_many_or_out_of_order_is_found),
		cmocka_unit_test(an_altered_message_is_found),
		cmocka_unit_test(a_lost_client_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

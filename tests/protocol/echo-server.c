/* SPDX-License-Identifier: MIT
 *
 * echo-server [HOST:]PORT: answers every WebSocket message, at any path, by the same message: same
 * opcode, one frame, compressed if the client offers that. Built from the relay's own connection
 * and WebSocket modules, so that public conformance suites can be run against them. Prints the
 * address (port 0: one that is free); ends on SIGTERM or SIGINT.
 */
#include "../../relay/base/log.h"
#include "../../relay/http.h"
#include "../../relay/listen.h"
#include "../../relay/ws.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGE_BYTES     (16 * 1024 * 1024)
#define FRAGMENTS         65536
#define BACKLOG_BYTES     (64 * 1024 * 1024)
#define TIMEOUT_MS        10000
#define CLOSE_TIMEOUT_MS  2000
#define INPUT_BYTES       256
#define COMPRESSION_BYTES 1 /* whatever gets shorter, for those who offer it */
#define HEAD_BYTES        8192
#define ADDRESS_MAX       128

static void on_message(struct ws *ws, enum ws_opcode opcode, struct cln_slice message)
{
	struct frame *const frame = ws_frame_encode(opcode, &message, 1);
	ws_send(ws, frame);
	frame_unref(frame);
}

static void on_closed(struct ws *ws, uint16_t code)
{
	(void)ws;
	(void)code;
}

static const struct ws_ops ops = {
	.on_message = on_message,
	.on_closed = on_closed,
};

static const struct ws_limits limits = {
	.conn = {INPUT_BYTES, BACKLOG_BYTES, TIMEOUT_MS},
	.ops = &ops,
	.message_bytes = MESSAGE_BYTES,
	.fragments = FRAGMENTS,
	.close_timeout_ms = CLOSE_TIMEOUT_MS,
	.compression_bytes = COMPRESSION_BYTES,
};

static void on_request(struct conn *conn, struct http_request *request, void *context)
{
	(void)context;
	if (!request->is_upgrade) {
		http_respond(conn, 200, "text/plain; charset=utf-8",
			CLN_SLICE("This server echoes WebSocket messages.\n"));
	} else if (ws_check_upgrade(conn, request)) {
		ws_accept(conn, request, &limits);
	}
}

static void on_accept(void *context, int fd, bool is_unix)
{
	(void)is_unix;
	static struct http_limits http_limits = {
		.head_bytes = HEAD_BYTES,
		.body_bytes = HEAD_BYTES,
		.request_timeout_ms = TIMEOUT_MS,
		.idle_timeout_ms = TIMEOUT_MS,
	};
	http_limits.room_bytes = ws_room(0);
	http_accept(context, fd, &http_limits, on_request, NULL);
}

static void on_signal(evutil_socket_t number, short what, void *context)
{
	(void)number;
	(void)what;
	loop_stop(context);
}

static struct listener *listen_at(const char *argument)
{
	char address[ADDRESS_MAX];
	char error[LISTEN_ERROR_MAX];
	snprintf(
		address, sizeof(address), strchr(argument, ':') != NULL ? "%s" : "127.0.0.1:%s", argument);
	const struct listen_options options = {.address = address};
	struct listener *const listener = listen_open(&options, error);
	if (listener == NULL) {
		fprintf(stderr, "echo-server: %s\n", error);
	}
	return listener;
}

static void serve(struct loop *loop, struct listener *listener)
{
	static const int signals[] = {SIGTERM, SIGINT};
	struct event events[sizeof(signals) / sizeof(signals[0])];
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		event_assign(&events[i], loop->base, signals[i], EV_SIGNAL | EV_PERSIST, on_signal, loop);
		event_add(&events[i], NULL);
	}
	if (listen_start(listener, loop, on_accept, loop) == 0) {
		printf("listening on %s\n", listen_address(listener));
		fflush(stdout);
		loop_run(loop);
	}
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		event_del(&events[i]);
	}
}

int main(int argc, char **argv)
{
	static struct loop loop;
	struct loop *const peers[] = {&loop};
	if (argc != 2) {
		fprintf(stderr, "usage: echo-server [HOST:]PORT (0: any free port)\n");
		return EXIT_FAILURE;
	}
	struct listener *const listener = listen_at(argv[1]);
	if (listener == NULL || loop_init(&loop, 0, 1, peers, NULL) != 0) {
		return EXIT_FAILURE;
	}
	serve(&loop, listener);
	listen_close(listener);
	loop_deinit(&loop);
	return EXIT_SUCCESS;
}

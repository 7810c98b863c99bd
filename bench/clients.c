/* SPDX-License-Identifier: MIT
 *
 * See clients.h. Level-triggered epoll and one read a turn: what is measured is the other side, and
 * this one has a core of its own. Owns the sockets until the program ends.
 */
#include "clients.h"

#include "message.h"

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE_MS  20000 /* without any progress */
#define EVENTS_MAX   256
#define OPENING_MAX  64 /* at a time: the relay paces upgrades */
#define BUFFER_BYTES 4096
#define READ_BYTES   65536
#define CLIENTS_STEP 1024
#define SHORT_LENGTH 126
#define LONG_LENGTH  127
#define OPCODE_TEXT  1
#define OPCODE_PING  9
#define OPCODE_BITS  15
#define LENGTH_BITS  127
#define FIN_TEXT     0x81
#define FIN_PONG     0x8a
#define MASKED       0x80

enum stage {
	CONNECTING,
	UPGRADING,    /* waits for the answer to the upgrade */
	ESTABLISHING, /* waits for connection_established */
	SUBSCRIBING,  /* waits for subscription_succeeded */
	READY,
};

struct client {
	int fd;
	enum stage stage;
	size_t held;  /* bytes of an incomplete frame in `buffer`; plain: bytes of one */
	char *buffer; /* only while something is held */
};

struct clients {
	struct clients_options options;
	int epoll;
	struct client *client;
	size_t count;
	size_t ready;
	size_t delivered; /* since clients_receive() last took them */
	struct samples *latencies;
};

struct clients *clients_new(const struct clients_options *options)
{
	struct clients *clients = calloc(1, sizeof *clients);

	if (!clients)
		err(1, "clients");
	clients->options = *options;
	clients->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (clients->epoll < 0)
		err(1, "epoll");
	return clients;
}

size_t clients_count(const struct clients *clients)
{
	return clients->ready;
}

/* Requests are short and sent to an empty socket: a partial write means something is wrong. */
static void send_whole(int fd, const void *bytes, size_t len)
{
	if (send(fd, bytes, len, MSG_NOSIGNAL) != (ssize_t)len)
		err(1, "send");
}

/* Masked with zeros: allowed, and it costs the server what any mask costs. */
static void send_frame(int fd, unsigned char first, struct cln_slice payload)
{
	unsigned char frame[2 + 4 + SHORT_LENGTH] = {first, (unsigned char)(MASKED | payload.len)};

	if (payload.len >= SHORT_LENGTH)
		errx(1, "payload too long for a short frame");
	if (payload.len)
		memcpy(frame + 6, payload.ptr, payload.len);
	send_whole(fd, frame, 6 + payload.len);
}

static void set_interest(struct clients *clients, size_t i, int operation, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.u64 = i};

	if (epoll_ctl(clients->epoll, operation, clients->client[i].fd, &event) != 0)
		err(1, "epoll_ctl");
}

static void become_ready(struct clients *clients, struct client *client)
{
	client->stage = READY;
	clients->ready++;
}

static void connect_one(struct clients *clients)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
		.sin_port = htons(clients->options.port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct client *client;

	if (clients->count % CLIENTS_STEP == 0) {
		clients->client =
			realloc(clients->client, (clients->count + CLIENTS_STEP) * sizeof *clients->client);
		if (!clients->client)
			err(1, "clients");
	}
	client = &clients->client[clients->count];
	*client = (struct client){.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)};
	if (client->fd < 0)
		err(1, "socket %zu: raise the limit of open files", clients->count);
	if (connect(client->fd, (struct sockaddr *)&address, sizeof address) != 0 &&
		errno != EINPROGRESS)
		err(1, "connect");
	set_interest(clients, clients->count++, EPOLL_CTL_ADD, EPOLLOUT);
}

static void on_connected(struct clients *clients, size_t i)
{
	struct client *client = &clients->client[i];
	char request[512];
	int failure = 0, len;
	socklen_t size = sizeof failure;

	getsockopt(client->fd, SOL_SOCKET, SO_ERROR, &failure, &size);
	if (failure)
		errx(1, "connect: %s", strerror(failure));
	set_interest(clients, i, EPOLL_CTL_MOD, EPOLLIN);
	if (!clients->options.key) {
		become_ready(clients, client);
		return;
	}
	len = snprintf(request, sizeof request,
		"GET /app/%s?protocol=7&client=bench&version=1.0 HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n"
		"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
		"Sec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==\r\n\r\n",
		clients->options.key, (unsigned)clients->options.port);
	send_whole(client->fd, request, (size_t)len);
	client->stage = UPGRADING;
}

static void on_delivery(struct clients *clients, struct cln_slice text)
{
	int64_t stamp;

	clients->delivered++;
	if (!clients->latencies)
		return;
	stamp = message_stamp(text);
	if (stamp)
		samples_add(clients->latencies, message_now_ns() - stamp);
}

static void on_text(struct clients *clients, struct client *client, struct cln_slice text)
{
	static const char subscribe[] =
		"{\"event\":\"pusher:subscribe\",\"data\":{\"auth\":\"\",\"channel\":\"" MESSAGE_CHANNEL
		"\"}}";

	switch (client->stage) {
	case ESTABLISHING:
		if (!memmem(text.ptr, text.len, "connection_established", 22))
			errx(1, "refused: %.*s", (int)text.len, text.ptr);
		send_frame(client->fd, FIN_TEXT, CLN_SLICE(subscribe));
		client->stage = SUBSCRIBING;
		return;
	case SUBSCRIBING:
		if (!memmem(text.ptr, text.len, "subscription_succeeded", 22))
			errx(1, "refused: %.*s", (int)text.len, text.ptr);
		become_ready(clients, client);
		return;
	case READY:
		on_delivery(clients, text);
		return;
	case CONNECTING:
	case UPGRADING:
		break;
	}
	errx(1, "a frame before its time");
}

/* Takes one whole frame from the start of `bytes`; returns its length, 0 if it isn't all there. */
static size_t take_frame(struct clients *clients, struct client *client, struct cln_slice bytes)
{
	const unsigned char *b = (const unsigned char *)bytes.ptr;
	size_t head = 2, len;
	struct cln_slice payload;

	if (bytes.len < 2)
		return 0;
	len = b[1] & LENGTH_BITS;
	if (len == LONG_LENGTH)
		errx(1, "a frame longer than any that was published");
	if (len == SHORT_LENGTH) {
		head = 4;
		if (bytes.len < head)
			return 0;
		len = (size_t)b[2] << 8 | b[3];
	}
	if (bytes.len - head < len)
		return 0;
	payload = cln_slice(bytes.ptr + head, len);
	if ((b[0] & OPCODE_BITS) == OPCODE_TEXT)
		on_text(clients, client, payload);
	else if ((b[0] & OPCODE_BITS) == OPCODE_PING)
		send_frame(client->fd, FIN_PONG, payload);
	else
		errx(1, "the server closed a connection (opcode %d)", b[0] & OPCODE_BITS);
	return head + len;
}

/* The answer to the upgrade; returns its length, 0 if it isn't all there. */
static size_t take_answer(struct client *client, struct cln_slice bytes)
{
	const char *end = memmem(bytes.ptr, bytes.len, "\r\n\r\n", 4);

	if (!end)
		return 0;
	if (!cln_slice_starts(bytes, CLN_SLICE("HTTP/1.1 101 ")))
		errx(1, "upgrade refused: %.*s", (int)(end - bytes.ptr), bytes.ptr);
	client->stage = ESTABLISHING;
	return (size_t)(end - bytes.ptr) + 4;
}

static void keep(struct client *client, struct cln_slice rest)
{
	if (rest.len > BUFFER_BYTES)
		errx(1, "more bytes of one frame than any that was published");
	if (rest.len && !client->buffer) {
		client->buffer = malloc(BUFFER_BYTES);
		if (!client->buffer)
			err(1, "buffer");
	}
	if (rest.len) {
		memmove(client->buffer, rest.ptr, rest.len);
	} else {
		free(client->buffer);
		client->buffer = NULL;
	}
	client->held = rest.len;
}

static void on_websocket_bytes(
	struct clients *clients, struct client *client, struct cln_slice bytes)
{
	static char joined[BUFFER_BYTES + READ_BYTES];
	size_t taken;

	if (client->held) {
		memcpy(joined, client->buffer, client->held);
		memcpy(joined + client->held, bytes.ptr, bytes.len);
		bytes = cln_slice(joined, client->held + bytes.len);
	}
	do {
		taken = client->stage == UPGRADING ? take_answer(client, bytes)
										   : take_frame(clients, client, bytes);
		bytes = cln_slice_from(bytes, taken);
	} while (taken && bytes.len);
	keep(client, bytes);
}

static void on_readable(struct clients *clients, struct client *client)
{
	static char bytes[READ_BYTES];
	ssize_t n = read(client->fd, bytes, sizeof bytes);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0)
		errx(1, "a connection ended: %s", n < 0 ? strerror(errno) : "closed by the server");
	if (clients->options.key) {
		on_websocket_bytes(clients, client, cln_slice(bytes, (size_t)n));
		return;
	}
	client->held += (size_t)n;
	clients->delivered += client->held / clients->options.frame_bytes;
	client->held %= clients->options.frame_bytes;
}

static void turn(struct clients *clients)
{
	struct epoll_event events[EVENTS_MAX];
	int count = epoll_wait(clients->epoll, events, EVENTS_MAX, PATIENCE_MS);

	if (count < 0 && errno != EINTR)
		err(1, "epoll_wait");
	if (count == 0)
		errx(1, "nothing arrived for %d s: %zu of %zu clients ready, %zu deliveries",
			PATIENCE_MS / 1000, clients->ready, clients->count, clients->delivered);
	for (int i = 0; i < count; i++) {
		struct client *client = &clients->client[events[i].data.u64];

		if (client->stage == CONNECTING)
			on_connected(clients, events[i].data.u64);
		else
			on_readable(clients, client);
	}
}

void clients_open(struct clients *clients, size_t count)
{
	while (clients->ready < count) {
		while (clients->count < count && clients->count - clients->ready < OPENING_MAX)
			connect_one(clients);
		turn(clients);
	}
}

void clients_receive(struct clients *clients, size_t deliveries, struct samples *latencies)
{
	clients->latencies = latencies;
	while (clients->delivered < deliveries)
		turn(clients);
	clients->delivered -= deliveries;
	clients->latencies = NULL;
}

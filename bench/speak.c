/* SPDX-License-Identifier: MIT
 *
 * What is said on a client's connection: the upgrade, WebSocket frames (RFC 6455), Pusher's
 * subscriptions; or plain frames of a fixed size. Every text goes to the ledger.
 */
#include "clients_private.h"

#include "wire/sign.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define BUFFER_BYTES  (1 << 20) /* a presence channel's members fit */
#define BUFFER_STEP   4096
#define REQUEST_MAX   512
#define SUBSCRIBE_MAX 512
#define AUTH_MAX      400
#define USER_MAX      96
#define SHORT_LENGTH  126
#define LONG_LENGTH   127
#define OPCODE_TEXT   1
#define OPCODE_CLOSE  8
#define OPCODE_PING   9
#define OPCODE_BITS   15
#define RSV1          0x40
#define LENGTH_BITS   127
#define FIN_TEXT      0x81
#define FIN_PONG      0x8a
#define MASKED        0x80
#define MASK_BYTES    4
#define HEAD_SHORT    2
#define HEAD_MEDIUM   4
#define HEAD_LONG     10

/* Requests are short and sent to an empty socket: a partial write means something is wrong. */
static void send_whole(const struct client *client, const void *bytes, size_t len)
{
	const ssize_t n = client->secure ? secure_send(client->secure, bytes, len)
									 : send(client->fd, bytes, len, MSG_NOSIGNAL);

	if (n != (ssize_t)len)
		err(1, "send");
}

/* Masked with zeros: allowed, and it costs the server what any mask costs. */
static void send_frame(const struct client *client, unsigned char first, struct cln_slice payload)
{
	unsigned char frame[HEAD_MEDIUM + MASK_BYTES + SUBSCRIBE_MAX] = {first};
	size_t head = HEAD_SHORT;

	if (payload.len > SUBSCRIBE_MAX)
		errx(1, "%zu bytes are too many for a request", payload.len);
	if (payload.len < SHORT_LENGTH) {
		frame[1] = (unsigned char)(MASKED | payload.len);
	} else {
		frame[1] = MASKED | SHORT_LENGTH;
		frame[2] = (unsigned char)(payload.len >> 8);
		frame[3] = (unsigned char)payload.len;
		head = HEAD_MEDIUM;
	}
	if (payload.len)
		memcpy(frame + head + MASK_BYTES, payload.ptr, payload.len);
	send_whole(client, frame, head + MASK_BYTES + payload.len);
}

static bool holds(struct cln_slice text, const char *word)
{
	return memmem(text.ptr, text.len, word, strlen(word)) != NULL;
}

/* ---- the upgrade ---- */

static const char deflate_offer[] =
	"Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover; "
	"server_no_context_takeover\r\n";

void speak_start(struct clients *clients, struct client *client)
{
	const struct options *options = clients->options;
	char request[REQUEST_MAX], path[REQUEST_MAX / 2];
	int len;

	if (options->speak == SPEAK_PLAIN) {
		client_ready(clients, client);
		return;
	}
	snprintf(path, sizeof path, "/app/%.*s?protocol=7&client=bench&version=1.0",
		(int)options->key.len, options->key.ptr);
	len = snprintf(request, sizeof request,
		"GET %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n"
		"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
		"Sec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==\r\n%s\r\n",
		options->path ? options->path : path, (unsigned)options->port,
		options->has_deflate ? deflate_offer : "");
	if (len < 0 || (size_t)len >= sizeof request)
		errx(2, "--path is too long");
	send_whole(client, request, (size_t)len);
	client->stage = UPGRADING;
}

/* The answer to the upgrade; returns its length, 0 if it isn't all there. */
static size_t take_answer(struct clients *clients, struct client *client, struct cln_slice bytes)
{
	const char *end = memmem(bytes.ptr, bytes.len, "\r\n\r\n", 4);

	if (!end)
		return 0;
	if (!cln_slice_starts(bytes, CLN_SLICE("HTTP/1.1 101 ")))
		errx(1, "upgrade refused: %.*s", (int)(end - bytes.ptr), bytes.ptr);
	if (clients->inflater && !holds(bytes, "permessage-deflate"))
		errx(1, "the server does not offer permessage-deflate");
	if (clients->options->speak == SPEAK_WEBSOCKET)
		client_ready(clients, client);
	else
		client->stage = ESTABLISHING;
	return (size_t)(end - bytes.ptr) + 4;
}

/* ---- Pusher ---- */

/* The socket id in connection_established, whose data is JSON in a string. */
static struct cln_slice socket_id_of(struct cln_slice text)
{
	static const char key[] = "socket_id\\\":\\\"";
	const char *at = memmem(text.ptr, text.len, key, sizeof key - 1);
	const char *end;

	if (!at)
		errx(1, "no socket id: %.*s", (int)text.len, text.ptr);
	at += sizeof key - 1;
	end = memchr(at, '\\', (size_t)(text.ptr + text.len - at));
	return cln_slice(at, end ? (size_t)(end - at) : 0);
}

/* A channel's "auth", and for presence the "channel_data" that it signs, as JSON members. */
static void write_auth(char out[AUTH_MAX], struct clients *clients, struct cln_slice channel,
	struct cln_slice socket_id)
{
	const struct options *options = clients->options;
	const bool is_presence = cln_slice_starts(channel, CLN_SLICE("presence-"));
	char hex[CLN_SIGNATURE_HEX + 1] = "", data[USER_MAX], escaped[2 * USER_MAX] = "";
	struct cln_slice channel_data;

	if (!is_presence && !cln_slice_starts(channel, CLN_SLICE("private-"))) {
		snprintf(out, AUTH_MAX, "\"auth\":\"\"");
		return;
	}
	if (is_presence) {
		clients->users++;
		snprintf(data, sizeof data, "{\"user_id\":%zu,\"user_info\":{\"name\":\"User %zu\"}}",
			clients->users, clients->users);
		snprintf(escaped, sizeof escaped,
			",\"channel_data\":\"{\\\"user_id\\\":%zu,"
			"\\\"user_info\\\":{\\\"name\\\":\\\"User %zu\\\"}}\"",
			clients->users, clients->users);
		channel_data = cln_slice_of(data);
	}
	cln_sign_channel(options->secret, socket_id, channel, is_presence ? &channel_data : NULL, hex);
	if (snprintf(out, AUTH_MAX, "\"auth\":\"%.*s:%s\"%s", (int)options->key.len, options->key.ptr,
			hex, escaped) >= AUTH_MAX)
		errx(2, "--key is too long");
}

static void subscribe(struct clients *clients, const struct client *client, const char *channel,
	struct cln_slice socket_id)
{
	char request[SUBSCRIBE_MAX], auth[AUTH_MAX];
	int len;

	write_auth(auth, clients, cln_slice_of(channel), socket_id);
	len = snprintf(request, sizeof request,
		"{\"event\":\"pusher:subscribe\",\"data\":{%s,\"channel\":\"%s\"}}", auth, channel);
	send_frame(client, FIN_TEXT, cln_slice(request, (size_t)len)); /* which looks at its length */
}

static void on_established(struct clients *clients, struct client *client, struct cln_slice text)
{
	struct cln_slice socket_id;

	if (!holds(text, "connection_established"))
		errx(1, "refused: %.*s", (int)text.len, text.ptr);
	socket_id = socket_id_of(text);
	for (size_t k = 0; k < client->channel_count; k++)
		subscribe(clients, client,
			clients->ledger->channels[client_subscriptions(client)[k].channel].name, socket_id);
	client->stage = SUBSCRIBING;
}

/* "count" in the data of a presence channel, which is JSON in a string. */
static uint32_t listed_members(struct cln_slice text)
{
	static const char key[] = "\\\"count\\\":";
	const char *at = memmem(text.ptr, text.len, key, sizeof key - 1);

	if (!at)
		errx(1, "no count of members: %.*s", (int)text.len, text.ptr);
	return (uint32_t)strtoul(at + sizeof key - 1, NULL, 10);
}

static void on_subscribed(struct clients *clients, struct client *client, struct cln_slice text)
{
	if (!holds(text, "subscription_succeeded"))
		errx(1, "refused: %.*s", (int)text.len, text.ptr);
	if (clients->plan == PLAN_MEMBERS)
		client->listed = listed_members(text);
	if (--client->unanswered == 0)
		client_ready(clients, client);
}

/* What a ready client gets beside messages. */
static void on_other(const struct clients *clients, struct client *client, struct cln_slice text)
{
	if (clients->plan == PLAN_MEMBERS && holds(text, "pusher_internal:member_added"))
		client->added++;
	else if (clients->plan == PLAN_MEMBERS && holds(text, "pusher_internal:member_removed"))
		client->added--;
	else if (holds(text, "\"pusher:ping\""))
		send_frame(client, FIN_TEXT, CLN_SLICE("{\"event\":\"pusher:pong\",\"data\":{}}"));
	else
		errx(1, "not a message: %.*s", (int)text.len, text.ptr);
}

static void on_text(
	struct clients *clients, struct client *client, struct cln_slice text, int64_t now)
{
	switch (client->stage) {
	case READY:
		if (!ledger_deliver(
				clients->ledger, client_subscriptions(client), client->channel_count, text, now))
			on_other(clients, client, text);
		return;
	case CATCHING:
		ledger_catch_up(clients->ledger, client_subscriptions(client), client->channel_count, text);
		return;
	case ESTABLISHING:
		on_established(clients, client, text);
		return;
	case SUBSCRIBING:
		on_subscribed(clients, client, text);
		return;
	case CONNECTING:
	case SECURING:
	case UPGRADING:
	case STALLED:
	case GONE:
		break;
	}
	errx(1, "a frame before its time");
}

/* ---- frames ---- */

static void on_frame(struct clients *clients, struct client *client, unsigned char first,
	struct cln_slice payload, int64_t now)
{
	switch (first & OPCODE_BITS) {
	case OPCODE_TEXT:
		if (first & RSV1) {
			if (!clients->inflater)
				errx(1, "a compressed message that was not asked for");
			payload = inflater_text(clients->inflater, payload);
			clients->ledger->compressed++;
		}
		on_text(clients, client, payload, now);
		return;
	case OPCODE_PING:
		send_frame(client, FIN_PONG, payload);
		return;
	case OPCODE_CLOSE:
		if (client->stage == CATCHING)
			return; /* the policy for slow readers; the end follows */
		errx(1, "the server closed a connection: %.*s", payload.len > 2 ? (int)payload.len - 2 : 0,
			payload.ptr + 2);
	}
	errx(1, "a frame with opcode %d", first & OPCODE_BITS);
}

/* Bytes of the head and of the payload behind it; false if the head isn't all there. */
static bool measure(struct cln_slice bytes, size_t *head, size_t *len)
{
	const unsigned char *b = (const unsigned char *)bytes.ptr;

	if (bytes.len < HEAD_SHORT)
		return false;
	*len = b[1] & LENGTH_BITS;
	*head = *len == LONG_LENGTH ? HEAD_LONG : *len == SHORT_LENGTH ? HEAD_MEDIUM : HEAD_SHORT;
	if (bytes.len < *head)
		return false;
	if (*head == HEAD_SHORT)
		return true;
	*len = 0;
	for (size_t i = HEAD_SHORT; i < *head; i++)
		*len = *len << 8 | b[i];
	if (*len > BUFFER_BYTES - HEAD_LONG)
		errx(1, "a frame longer than any that was published");
	return true;
}

/* Takes one whole frame from the start of `bytes`; returns its length, 0 if it isn't all there. */
static size_t take_frame(
	struct clients *clients, struct client *client, struct cln_slice bytes, int64_t now)
{
	size_t head, len;

	if (!measure(bytes, &head, &len) || bytes.len - head < len)
		return 0;
	on_frame(clients, client, (unsigned char)bytes.ptr[0], cln_slice(bytes.ptr + head, len), now);
	return head + len;
}

static void keep(struct client *client, struct cln_slice rest)
{
	if (rest.len > client->cap) {
		client->cap = (uint32_t)(rest.len + BUFFER_STEP); /* a frame and a read: far below */
		client->buffer = realloc(client->buffer, client->cap);
		if (!client->buffer)
			err(1, "buffer");
	}
	if (rest.len) {
		memmove(client->buffer, rest.ptr, rest.len);
	} else {
		free(client->buffer);
		client->buffer = NULL;
		client->cap = 0;
	}
	client->held = (uint32_t)rest.len; /* at most cap */
}

static void take_frames(
	struct clients *clients, struct client *client, struct cln_slice bytes, int64_t now)
{
	static char joined[BUFFER_BYTES + CLIENT_READ_BYTES];
	size_t taken;

	if (client->held) {
		memcpy(joined, client->buffer, client->held);
		memcpy(joined + client->held, bytes.ptr, bytes.len);
		bytes = cln_slice(joined, client->held + bytes.len);
	}
	do {
		taken = client->stage == UPGRADING ? take_answer(clients, client, bytes)
										   : take_frame(clients, client, bytes, now);
		bytes = cln_slice_from(bytes, taken);
	} while (taken && bytes.len);
	keep(client, bytes);
}

/* bench/bare sends as many bytes as the frames would have. */
static void take_plain(struct clients *clients, struct client *client, size_t len, int64_t now)
{
	const size_t payload = clients->options->payload;
	const size_t frame = payload + (payload < SHORT_LENGTH ? HEAD_SHORT : HEAD_MEDIUM);

	for (len += client->held; len >= frame; len -= frame)
		ledger_deliver_plain(clients->ledger, &client->on.one, now);
	client->held = (uint32_t)len; /* less than a frame */
}

void speak_bytes(
	struct clients *clients, struct client *client, struct cln_slice bytes, int64_t now)
{
	if (clients->options->speak == SPEAK_PLAIN)
		take_plain(clients, client, bytes.len, now);
	else
		take_frames(clients, client, bytes, now);
}

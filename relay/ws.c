/* SPDX-License-Identifier: MIT
 *
 * See ws.h. A message that arrived in one piece is handed on where it lies in the read buffer; one
 * that came in pieces is collected in memory that grows with what has arrived and is freed with
 * the message, as is what the parser has to know in the middle of one: an idle WebSocket is eight
 * bytes. A compressed one is inflated into memory of its own, which is freed with it, too.
 */
#include "ws.h"

#include "deflate.h"

#include "base/hmac.h"
#include "base/utf8.h"
#include "base/xalloc.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define KEY_LEN           24 /* 16 bytes in base64 */
#define KEY_BYTES         16
#define ACCEPT_LEN        28 /* 20 bytes in base64 */
#define MESSAGE_FIRST     256
#define CONTROL_PERIOD_MS 1000
#define ANSWER_MAX        160 /* without extensions */
#define EXTENSIONS        "Sec-WebSocket-Extensions"
#define TEXT_TYPE         "text/plain; charset=utf-8"

_Static_assert(DEFLATE_KINDS <= FRAME_VARIANTS_MAX, "a frame keeps each kind");

/* At the beginning of its connection's room; the owner's part is behind it. */
struct ws {
	uint32_t control_ms;     /* when the period began that is counted, its low half */
	uint16_t code;           /* of the first close frame, either way; 1006: none so far */
	uint8_t control_count;   /* in that period */
	uint8_t window_bits : 4; /* of compressed messages to the peer; 0: it gets none */
	bool has_sent_close : 1;
	bool is_done : 1; /* nothing that still arrives is looked at */
};

/* The connection's user: of a message that has not arrived whole yet, NULL between messages. */
struct ws_message {
	struct ws_parser parser;
	uint32_t len;
	uint32_t cap;
	char *bytes; /* pieces so far; NULL while nothing is kept */
};

size_t ws_room(size_t owner_bytes)
{
	return sizeof(struct ws) + owner_bytes;
}

void *ws_user(struct ws *ws)
{
	return ws + 1;
}

struct ws *ws_of_user(void *user)
{
	return (struct ws *)user - 1;
}

struct conn *ws_conn(struct ws *ws)
{
	return conn_of_room(ws);
}

struct loop *ws_loop(struct ws *ws)
{
	return conn_loop(ws_conn(ws));
}

static const struct ws_limits *limits_of(struct ws *ws)
{
	return (const struct ws_limits *)conn_limits_of(ws_conn(ws)); /* its first member */
}

static const struct ws_ops *ops_of(struct ws *ws)
{
	return limits_of(ws)->ops;
}

/* --- the upgrade --- */

static bool has_token(struct cln_slice list, const char *token)
{
	const size_t len = strlen(token);
	while (list.len > 0) {
		const char *const comma = memchr(list.ptr, ',', list.len);
		struct cln_slice item =
			cln_slice(list.ptr, comma != NULL ? (size_t)(comma - list.ptr) : list.len);
		list = cln_slice_from(list, item.len + (comma != NULL ? 1 : 0));
		while (item.len > 0 && (item.ptr[0] == ' ' || item.ptr[0] == '\t')) {
			item = cln_slice_from(item, 1);
		}
		while (item.len > 0 && (item.ptr[item.len - 1] == ' ' || item.ptr[item.len - 1] == '\t')) {
			item.len--;
		}
		if (item.len == len && strncasecmp(item.ptr, token, len) == 0) {
			return true;
		}
	}
	return false;
}

static bool any_has_token(const struct http_request *request, const char *name, const char *token)
{
	for (size_t i = 0; i < request->header_count; i++) {
		const struct http_header *const header = &request->headers[i];
		if (header->name.len == strlen(name) &&
			strncasecmp(header->name.ptr, name, header->name.len) == 0 &&
			has_token(header->value, token)) {
			return true;
		}
	}
	return false;
}

/* NULL unless the field is there exactly once. */
static const struct http_header *find_single(const struct http_request *request, const char *name)
{
	const struct http_header *const found = http_find(request, name);
	for (size_t i = 0; i < request->header_count; i++) {
		const struct http_header *const header = &request->headers[i];
		if (header != found && header->name.len == strlen(name) &&
			strncasecmp(header->name.ptr, name, header->name.len) == 0) {
			return NULL;
		}
	}
	return found;
}

static bool is_key(struct cln_slice key)
{
	unsigned char bytes[KEY_LEN / 4 * 3];
	/* OpenSSL counts the padding as bytes: two '=' are what 16 bytes need. */
	return key.len == KEY_LEN && key.ptr[KEY_LEN - 1] == '=' && key.ptr[KEY_LEN - 2] == '=' &&
		   key.ptr[KEY_LEN - 3] != '=' &&
		   EVP_DecodeBlock(bytes, (const unsigned char *)key.ptr, KEY_LEN) == KEY_BYTES + 2;
}

/* The field may stand there several times. False: one of them can't be read. */
static bool read_offers(const struct http_request *request, struct deflate_terms *terms)
{
	*terms = (struct deflate_terms){0};
	for (size_t i = 0; i < request->header_count; i++) {
		const struct http_header *const header = &request->headers[i];
		if (header->name.len == strlen(EXTENSIONS) &&
			strncasecmp(header->name.ptr, EXTENSIONS, header->name.len) == 0 &&
			!deflate_read_offers(header->value, terms)) {
			return false;
		}
	}
	return true;
}

/* NULL if the request is right, else a sentence. */
static const char *upgrade_error(const struct http_request *request)
{
	const struct http_header *const key = find_single(request, "Sec-WebSocket-Key");
	if (!cln_slice_equal(request->method, CLN_SLICE("GET")) || request->minor < 1) {
		return "A WebSocket begins with a GET request of HTTP/1.1.\n";
	}
	if (!any_has_token(request, "Upgrade", "websocket") ||
		!any_has_token(request, "Connection", "upgrade")) {
		return "A WebSocket needs the header fields \"Upgrade: websocket\" and \"Connection: "
			   "Upgrade\".\n";
	}
	if (request->body.len > 0 || http_find(request, "Transfer-Encoding") != NULL) {
		return "A WebSocket's request has no body.\n";
	}
	if (key == NULL || !is_key(key->value)) {
		return "A WebSocket needs one Sec-WebSocket-Key of 16 bytes in base64.\n";
	}
	struct deflate_terms terms;
	if (!read_offers(request, &terms)) {
		return "Sec-WebSocket-Extensions is a list of names with parameters: NAME; KEY=VALUE.\n";
	}
	return NULL;
}

bool ws_check_upgrade(struct conn *conn, const struct http_request *request)
{
	const char *const error = upgrade_error(request);
	if (error != NULL) {
		conn_loop(conn)->metrics.http_errors++;
		http_respond(conn, 400, TEXT_TYPE, cln_slice_of(error));
		return false;
	}
	const struct http_header *const version = find_single(request, "Sec-WebSocket-Version");
	if (version == NULL || !cln_slice_equal(version->value, CLN_SLICE("13"))) {
		conn_loop(conn)->metrics.http_errors++;
		http_respond_with(conn, 426, "Sec-WebSocket-Version: 13\r\nUpgrade: websocket\r\n",
			TEXT_TYPE, CLN_SLICE("This server speaks version 13 of WebSocket.\n"));
		return false;
	}
	return true;
}

static void answer_upgrade(
	struct conn *conn, struct cln_slice key, const struct deflate_terms *terms)
{
	static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
	char text[KEY_LEN + sizeof(guid) - 1];
	unsigned char digest[HMAC_SHA1_BYTES];
	char accept[ACCEPT_LEN + 1];
	char extensions[DEFLATE_ANSWER_MAX] = "";
	char answer[ANSWER_MAX + sizeof(EXTENSIONS) + sizeof(extensions)];
	memcpy(text, key.ptr, KEY_LEN);
	memcpy(text + KEY_LEN, guid, sizeof(guid) - 1);
	hmac_sha1(cln_slice(text, sizeof(text)), digest);
	EVP_EncodeBlock((unsigned char *)accept, digest, sizeof(digest));
	if (terms->window_bits != 0) {
		deflate_print_answer(terms, extensions);
	}
	const bool has_any = terms->window_bits != 0;
	const int len = snprintf(answer, sizeof(answer),
		"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
		"Sec-WebSocket-Accept: %s\r\n%s%s%s\r\n",
		accept, has_any ? EXTENSIONS ": " : "", extensions, has_any ? "\r\n" : "");
	struct frame *const frame = frame_copy(cln_slice(answer, (size_t)len));
	conn_send(conn, frame);
	frame_unref(frame);
}

/* --- closing --- */

static struct ws_message *message_of(struct ws *ws)
{
	return conn_user(ws_conn(ws));
}

static void free_message(struct ws *ws)
{
	struct ws_message *const message = message_of(ws);
	if (message != NULL) {
		conn_set_user(ws_conn(ws), NULL);
		free(message->bytes);
		free(message);
	}
}

static void send_close(struct ws *ws, uint16_t code, struct cln_slice reason)
{
	struct frame *const frame = ws_frame_close(code, reason);
	conn_send(ws_conn(ws), frame);
	frame_unref(frame);
	if (ws->code == WS_CLOSE_ABNORMAL) {
		ws->code = code != 0 ? code : WS_CLOSE_NONE;
	}
	ws->has_sent_close = true;
}

/* The handshake is over, or can't be completed: FIN behind what is queued. */
static void finish(struct ws *ws)
{
	ws->is_done = true;
	conn_finish(ws_conn(ws), limits_of(ws)->close_timeout_ms);
}

static void fail(struct ws *ws, uint16_t code, const char *reason)
{
	ws_loop(ws)->metrics.ws_errors++;
	if (!ws->has_sent_close) {
		send_close(ws, code, cln_slice_of(reason));
	}
	finish(ws);
}

void ws_close(struct ws *ws, uint16_t code, struct cln_slice reason)
{
	if (ws->has_sent_close || ws->is_done || conn_is_closing(ws_conn(ws))) {
		return;
	}
	send_close(ws, code, reason);
	conn_resume(ws_conn(ws)); /* the peer's close frame has to be read */
	conn_expire(ws_conn(ws), limits_of(ws)->close_timeout_ms);
}

bool ws_is_closing(struct ws *ws)
{
	return ws->has_sent_close || ws->is_done || conn_is_closing(ws_conn(ws));
}

/* --- input --- */

static void on_close_frame(struct ws *ws, const struct ws_event *event)
{
	if (!ws->has_sent_close) {
		send_close(ws, event->code, cln_slice(NULL, 0));
	}
	finish(ws);
}

static bool is_flooding(struct ws *ws)
{
	const uint32_t now_ms = (uint32_t)ws_loop(ws)->now_ms;
	if (limits_of(ws)->control_per_second == 0) {
		return false;
	}
	if (now_ms - ws->control_ms >= CONTROL_PERIOD_MS) {
		ws->control_ms = now_ms;
		ws->control_count = 0;
	}
	if (ws->control_count < UINT8_MAX) {
		ws->control_count++;
	}
	return ws->control_count > limits_of(ws)->control_per_second;
}

static void on_control(struct ws *ws, const struct ws_event *event)
{
	if (event->opcode == WS_CLOSE) {
		on_close_frame(ws, event);
		return;
	}
	if (is_flooding(ws)) {
		fail(ws, WS_CLOSE_POLICY, "too many pings and pongs");
		return;
	}
	if (event->opcode == WS_PING && !ws->has_sent_close) {
		struct frame *const frame = ws_frame_encode(WS_PONG, &event->payload, 1);
		conn_send(ws_conn(ws), frame);
		frame_unref(frame);
	}
}

static struct ws_message *ensure_message(struct ws *ws)
{
	struct ws_message *message = message_of(ws);
	if (message == NULL) {
		message = xcalloc(1, sizeof(*message));
		conn_set_user(ws_conn(ws), message);
	}
	return message;
}

/* The parser has checked the message's length against its limit. */
static void keep(struct ws *ws, struct cln_slice piece)
{
	struct ws_message *const message = ensure_message(ws);
	const size_t limit = limits_of(ws)->message_bytes;
	const size_t wanted = message->len + piece.len;
	if (wanted > message->cap) {
		size_t cap = message->cap > 0 ? message->cap : MESSAGE_FIRST;
		while (cap < wanted) {
			cap *= 2;
		}
		/* The limit may have become lower since the message began. */
		cap = cap < limit || wanted > limit ? cap : limit;
		message->bytes = xrealloc(message->bytes, cap);
		message->cap = (uint32_t)cap;
	}
	memcpy(message->bytes + message->len, piece.ptr, piece.len);
	message->len = (uint32_t)wanted;
}

static void free_codec(void *codec)
{
	deflate_codec_free(codec);
}

static struct deflate_codec *codec_of(struct ws *ws)
{
	struct loop *const loop = ws_loop(ws);
	if (loop->codec == NULL) {
		loop->codec = deflate_codec_new();
		loop->free_codec = free_codec;
	}
	return loop->codec;
}

/* False: `payload` was no compressed message within the limits, and the connection closes. */
static bool inflate_message(
	struct ws *ws, const struct ws_event *event, struct cln_slice payload, struct buf *message)
{
	ws_loop(ws)->metrics.inflations++;
	switch (deflate_inflate(codec_of(ws), payload, limits_of(ws)->message_bytes, message)) {
	case DEFLATE_OK:
		if (event->opcode == WS_TEXT && !utf8_is_valid(buf_slice(message))) {
			fail(ws, WS_CLOSE_INVALID_DATA, "a text message is not UTF-8");
			return false;
		}
		return true;
	case DEFLATE_TOO_BIG:
		fail(ws, WS_CLOSE_TOO_BIG, "a message is larger than the limit");
		return false;
	case DEFLATE_BROKEN:
		fail(ws, WS_CLOSE_INVALID_DATA, "a compressed message can't be inflated");
		return false;
	}
	return false;
}

static void on_message(struct ws *ws, const struct ws_event *event, struct cln_slice message)
{
	struct buf inflated = {0};
	ws_loop(ws)->metrics.messages_in++;
	if (!event->is_compressed) {
		ops_of(ws)->on_message(ws, event->opcode, message);
	} else if (inflate_message(ws, event, message, &inflated)) {
		ops_of(ws)->on_message(ws, event->opcode, buf_slice(&inflated));
	}
	buf_deinit(&inflated);
}

static void on_piece(struct ws *ws, const struct ws_event *event)
{
	const struct ws_message *const message = message_of(ws);
	const bool is_kept = message != NULL && message->bytes != NULL;
	if (ws->has_sent_close) {
		return;
	}
	if (event->payload.len > 0 && (!event->is_last || is_kept)) {
		keep(ws, event->payload);
	}
	if (!event->is_last) {
		return;
	}
	if (!is_kept) {
		on_message(ws, event, event->payload);
		return;
	}
	/* The owner may close, but the memory stays ours until it returns. */
	on_message(ws, event, cln_slice(message->bytes, message->len));
	free_message(ws);
}

/* An idle parser is a fresh one. */
static struct ws_parser parser_of(struct ws *ws)
{
	const struct ws_message *const message = message_of(ws);
	if (message != NULL) {
		return message->parser;
	}
	const struct ws_limits *const limits = limits_of(ws);
	return (struct ws_parser){
		.message_max =
			(uint32_t)(limits->message_bytes < UINT32_MAX ? limits->message_bytes : UINT32_MAX),
		.fragments_max = limits->fragments,
		.has_rsv1 = ws->window_bits != 0,
	};
}

static void keep_parser(struct ws *ws, const struct ws_parser *parser)
{
	if (ws->is_done || ws_parser_is_idle(parser)) {
		free_message(ws);
	} else {
		ensure_message(ws)->parser = *parser;
	}
}

static void on_event(struct ws *ws, const struct ws_event *event)
{
	if (event->type == WS_EVENT_ERROR) {
		fail(ws, event->code, event->error);
		return;
	}
	if (ops_of(ws)->on_activity != NULL) {
		ops_of(ws)->on_activity(ws);
	}
	if (event->type == WS_EVENT_CONTROL) {
		on_control(ws, event);
	} else {
		on_piece(ws, event);
	}
}

static size_t on_data(struct conn *conn, char *bytes, size_t len)
{
	struct ws *const ws = conn_room(conn);
	struct ws_parser parser = parser_of(ws);
	size_t at = 0;
	bool has_more = true;
	while (has_more && !ws->is_done && !conn_is_closing(conn)) {
		struct ws_event event;
		at += ws_parse(&parser, bytes + at, len - at, &event);
		has_more = event.type != WS_EVENT_MORE;
		if (has_more) {
			on_event(ws, &event);
			has_more = !conn_is_paused(conn);
		}
	}
	keep_parser(ws, &parser);
	return has_more ? len : at; /* whoever closes takes all */
}

static void on_end(struct conn *conn)
{
	finish(conn_room(conn));
}

static void on_overflow(struct conn *conn)
{
	struct ws *const ws = conn_room(conn);
	if (ws->is_done || (ops_of(ws)->on_overflow == NULL && !ws->has_sent_close)) {
		conn_close(conn);
	} else if (ws->has_sent_close) {
		/* The close frame itself may be what did not fit. Its code shall arrive. */
		conn_discard_unsent(conn);
		send_close(ws, ws->code == WS_CLOSE_NONE ? 0 : ws->code, cln_slice(NULL, 0));
	} else {
		ops_of(ws)->on_overflow(ws);
	}
}

static void on_closed(struct conn *conn)
{
	struct ws *const ws = conn_room(conn);
	conn_loop(conn)->metrics.connections--;
	free_message(ws);
	ops_of(ws)->on_closed(ws, ws->code);
}

static const struct conn_ops conn_ops = {
	.on_data = on_data,
	.on_end = on_end,
	.on_overflow = on_overflow,
	.on_closed = on_closed,
};

struct ws *ws_accept(
	struct conn *conn, const struct http_request *request, const struct ws_limits *limits)
{
	struct ws *const ws = conn_room(conn);
	assert(conn_room_bytes(conn) >= ws_room(0));
	ws->code = WS_CLOSE_ABNORMAL;
	struct deflate_terms terms = {0};
	if (limits->compression_bytes > 0) {
		read_offers(request, &terms); /* ws_check_upgrade() has said what is malformed */
	}
	ws->window_bits = terms.window_bits;
	answer_upgrade(conn, http_find(request, "Sec-WebSocket-Key")->value, &terms);
	conn_set_ops(conn, &limits->conn, &conn_ops, NULL);
	conn_loop(conn)->metrics.upgrades++;
	return ws;
}

/* --- output --- */

/* The compressed form of a message, `frame` itself if none is worth it. */
static struct frame *compress(struct ws *ws, struct frame *frame, unsigned kind)
{
	const struct cln_slice payload = ws_frame_payload(frame);
	char *const out = xmalloc(deflate_room(payload.len));
	const size_t len = deflate_compress(codec_of(ws), kind, payload, out);
	struct frame *variant = frame;
	if (len > 0) {
		variant = ws_frame_compressed(ws_frame_opcode(frame), cln_slice(out, len));
	}
	free(out);
	ws_loop(ws)->metrics.compressions++;
	return frame_publish(frame, kind, variant);
}

/* The form of `frame` for a peer that inflates; borrowed. */
static struct frame *pick(struct ws *ws, struct frame *frame)
{
	const enum ws_opcode opcode = ws_frame_opcode(frame);
	const size_t least = limits_of(ws)->compression_bytes; /* 0 if it was switched off meanwhile */
	if ((opcode != WS_TEXT && opcode != WS_BINARY) || least == 0 ||
		ws_frame_payload(frame).len < least) {
		return frame;
	}
	const unsigned kind = deflate_kind(ws->window_bits);
	struct frame *const made = frame_variant(frame, kind);
	return made != NULL ? made : compress(ws, frame, kind);
}

void ws_send(struct ws *ws, struct frame *frame)
{
	if (ws->has_sent_close) {
		return;
	}
	conn_send(ws_conn(ws), ws->window_bits == 0 ? frame : pick(ws, frame));
}

void ws_send_all(struct ws *ws, const struct frame_run *run)
{
	if (ws->has_sent_close) {
		return;
	}
	if (ws->window_bits == 0) {
		conn_send(ws_conn(ws), run->joined);
		return;
	}
	for (size_t i = 0; i < run->count; i++) {
		conn_send(ws_conn(ws), pick(ws, run->frames[i]));
	}
}

void ws_ping(struct ws *ws)
{
	struct frame *const frame = ws_frame_encode(WS_PING, NULL, 0);
	ws_send(ws, frame);
	frame_unref(frame);
}

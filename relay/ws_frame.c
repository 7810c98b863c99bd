/* SPDX-License-Identifier: MIT
 *
 * See ws_frame.h. The parser leaves an incomplete header or control frame with the caller and keeps
 * only what the payload of a data frame needs, so that its state is small and the whole of it can
 * be seen in struct ws_parser.
 */
#include "ws_frame.h"

#include "base/utf8.h"

#include <assert.h>
#include <string.h>

#define FIN          0x80
#define RESERVED     0x70
#define RSV1         0x40
#define OPCODE       0x0f
#define CONTROL      0x08
#define MASKED       0x80
#define LENGTH       0x7f
#define LENGTH_16    126
#define LENGTH_64    127
#define LENGTH16_MAX 0xffff
#define BYTE_BITS    8
#define MASK_BYTES   4
#define CODE_BYTES   2

static uint64_t read_big_endian(const unsigned char *bytes, size_t len)
{
	uint64_t value = 0;
	for (size_t i = 0; i < len; i++) {
		value = value << BYTE_BITS | bytes[i];
	}
	return value;
}

/* Returns the header's length. */
static size_t write_header(unsigned char header[WS_HEADER_MAX], enum ws_opcode opcode, size_t len)
{
	size_t size = 2;
	unsigned extended = 0;
	header[0] = (unsigned char)(FIN | opcode);
	if (len < LENGTH_16) {
		header[1] = (unsigned char)len;
	} else if (len <= LENGTH16_MAX) {
		header[1] = LENGTH_16;
		extended = sizeof(uint16_t);
	} else {
		header[1] = LENGTH_64;
		extended = sizeof(uint64_t);
	}
	while (extended > 0) {
		extended--;
		header[size++] = (unsigned char)((uint64_t)len >> BYTE_BITS * extended & 0xff);
	}
	return size;
}

struct frame *ws_frame_encode(enum ws_opcode opcode, const struct cln_slice *parts, size_t count)
{
	unsigned char header[WS_HEADER_MAX];
	size_t len = 0;
	for (size_t i = 0; i < count; i++) {
		len += parts[i].len;
	}
	const size_t header_len = write_header(header, opcode, len);
	struct frame *const frame = frame_new(header_len + len);
	char *at = frame->bytes;
	memcpy(at, header, header_len);
	at += header_len;
	for (size_t i = 0; i < count; i++) {
		if (parts[i].len > 0) {
			memcpy(at, parts[i].ptr, parts[i].len);
			at += parts[i].len;
		}
	}
	return frame;
}

struct frame *ws_frame_close(uint16_t code, struct cln_slice reason)
{
	const char big_endian[CODE_BYTES] = {(char)(code >> BYTE_BITS), (char)(code & 0xff)};
	const struct cln_slice parts[] = {cln_slice(big_endian, sizeof(big_endian)), reason};
	assert(reason.len <= WS_CONTROL_MAX - sizeof(big_endian));
	return ws_frame_encode(WS_CLOSE, parts, code == 0 ? 0 : 2);
}

struct frame *ws_frame_compressed(enum ws_opcode opcode, struct cln_slice payload)
{
	struct frame *const frame = ws_frame_encode(opcode, &payload, 1);
	frame->bytes[0] = (char)(frame->bytes[0] | RSV1);
	return frame;
}

enum ws_opcode ws_frame_opcode(const struct frame *frame)
{
	return (enum ws_opcode)(frame->bytes[0] & OPCODE);
}

struct cln_slice ws_frame_payload(const struct frame *frame)
{
	size_t head = 2;
	const unsigned char marker = (unsigned char)frame->bytes[1];
	if (marker == LENGTH_16) {
		head += sizeof(uint16_t);
	} else if (marker == LENGTH_64) {
		head += sizeof(uint64_t);
	}
	return cln_slice(frame->bytes + head, frame->len - head);
}

bool ws_close_code_is_valid(uint16_t code)
{
	/* 1004 to 1006 and 1015 are reserved for reports that never go over the wire; 1016 to 2999 are
	 * the protocol's own future. */
	return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
		   (code >= 3000 && code <= 4999);
}

static void fail(struct ws_event *event, uint16_t code, const char *error)
{
	*event = (struct ws_event){.type = WS_EVENT_ERROR, .code = code, .error = error};
}

struct header {
	bool is_fin;
	bool is_compressed;
	uint8_t opcode;
	size_t len; /* of the header itself */
	uint64_t payload_len;
	const unsigned char *mask;
};

/* The rules that the first byte alone can break. */
static const char *check_first_byte(const struct ws_parser *parser, unsigned char byte)
{
	const uint8_t opcode = byte & OPCODE;
	const uint8_t reserved = byte & RESERVED;
	/* A message says with its first fragment whether it is compressed (RFC 7692, 6.1). */
	const bool is_first = opcode == WS_TEXT || opcode == WS_BINARY;
	if (reserved != 0 && !(reserved == RSV1 && is_first && parser->has_rsv1)) {
		return "a reserved bit is set that no extension agreed on gives a meaning here";
	}
	switch (opcode) {
	case WS_TEXT:
	case WS_BINARY:
		return parser->opcode != 0 ? "a new message begins before the last one ended" : NULL;
	case WS_CONTINUATION:
		return parser->opcode == 0 ? "a continuation without a message to continue" : NULL;
	case WS_CLOSE:
	case WS_PING:
	case WS_PONG:
		return (byte & FIN) == 0 ? "a control frame is fragmented" : NULL;
	default:
		return "an opcode that RFC 6455 does not define";
	}
}

/* The rules that the second byte alone can break. */
static const char *check_second_byte(uint8_t opcode, unsigned char byte)
{
	if ((byte & MASKED) == 0) {
		return "a client's frame is not masked";
	}
	if ((opcode & CONTROL) != 0 && (byte & LENGTH) > WS_CONTROL_MAX) {
		return "a control frame is longer than 125 bytes";
	}
	return NULL;
}

static const char *check_length(unsigned char marker, uint64_t len)
{
	if (marker == LENGTH_16 && len < LENGTH_16) {
		return "a length is not in its shortest form";
	}
	if (marker == LENGTH_64 && len <= LENGTH16_MAX) {
		return "a length is not in its shortest form";
	}
	if (marker == LENGTH_64 && len >> 63 != 0) {
		return "the top bit of a 64-bit length is set";
	}
	return NULL;
}

/* Returns NULL if no rule is broken so far; `header->len` is 0 as long as more is needed. */
static const char *read_header(
	const struct ws_parser *parser, const unsigned char *bytes, size_t len, struct header *header)
{
	const char *error;
	header->len = 0;
	if (len < 1) {
		return NULL;
	}
	header->is_fin = (bytes[0] & FIN) != 0;
	header->is_compressed = (bytes[0] & RSV1) != 0;
	header->opcode = bytes[0] & OPCODE;
	if ((error = check_first_byte(parser, bytes[0])) != NULL || len < 2) {
		return error;
	}
	if ((error = check_second_byte(header->opcode, bytes[1])) != NULL) {
		return error;
	}
	const unsigned char marker = bytes[1] & LENGTH;
	const size_t extended = marker == LENGTH_16   ? sizeof(uint16_t)
							: marker == LENGTH_64 ? sizeof(uint64_t)
												  : 0;
	if (len < 2 + extended) {
		return NULL;
	}
	header->payload_len = extended > 0 ? read_big_endian(bytes + 2, extended) : marker;
	if ((error = check_length(marker, header->payload_len)) != NULL) {
		return error;
	}
	if (len >= 2 + extended + MASK_BYTES) {
		header->len = 2 + extended + MASK_BYTES;
		header->mask = bytes + 2 + extended;
	}
	return NULL;
}

/* mask[0] is for bytes[0]; afterwards it is for the byte behind the last. */
static void unmask(char *bytes, size_t len, unsigned char mask[MASK_BYTES])
{
	unsigned char twice[sizeof(uint64_t)];
	uint64_t mask_word;
	size_t at = 0;
	memcpy(twice, mask, MASK_BYTES);
	memcpy(twice + MASK_BYTES, mask, MASK_BYTES);
	memcpy(&mask_word, twice, sizeof(mask_word));
	for (; len - at >= sizeof(uint64_t); at += sizeof(uint64_t)) {
		uint64_t word;
		memcpy(&word, bytes + at, sizeof(word));
		word ^= mask_word;
		memcpy(bytes + at, &word, sizeof(word));
	}
	const size_t tail = len - at;
	for (size_t i = 0; i < tail; i++) {
		bytes[at + i] = (char)(bytes[at + i] ^ twice[i]);
	}
	memcpy(mask, twice + tail % MASK_BYTES, MASK_BYTES);
}

static void read_close(struct ws_event *event)
{
	const struct cln_slice payload = event->payload;
	if (payload.len == 0) {
		event->code = 0;
		return;
	}
	if (payload.len < CODE_BYTES) {
		fail(event, WS_CLOSE_PROTOCOL, "a close frame with half a code");
		return;
	}
	event->code = (uint16_t)read_big_endian((const unsigned char *)payload.ptr, CODE_BYTES);
	event->payload = cln_slice_from(payload, CODE_BYTES);
	if (!ws_close_code_is_valid(event->code)) {
		fail(event, WS_CLOSE_PROTOCOL, "a close code that must not be sent");
	} else if (!utf8_is_valid(event->payload)) {
		fail(event, WS_CLOSE_INVALID_DATA, "the reason of a close frame is not UTF-8");
	}
}

static size_t read_control(
	const struct header *header, char *bytes, size_t len, struct ws_event *event)
{
	const size_t payload_len = (size_t)header->payload_len; /* checked: at most 125 */
	unsigned char mask[MASK_BYTES];
	if (len - header->len < payload_len) {
		return 0;
	}
	memcpy(mask, header->mask, sizeof(mask));
	unmask(bytes + header->len, payload_len, mask);
	*event = (struct ws_event){
		.type = WS_EVENT_CONTROL,
		.opcode = (enum ws_opcode)header->opcode,
		.payload = cln_slice(bytes + header->len, payload_len),
	};
	if (header->opcode == WS_CLOSE) {
		read_close(event);
	}
	return header->len + payload_len;
}

static bool begin_frame(
	struct ws_parser *parser, const struct header *header, struct ws_event *event)
{
	if (header->payload_len > parser->message_max - parser->message_len) {
		fail(event, WS_CLOSE_TOO_BIG, "a message is larger than the limit");
		return false;
	}
	if (parser->fragments >= parser->fragments_max) {
		fail(event, WS_CLOSE_TOO_BIG, "a message has more fragments than the limit");
		return false;
	}
	if (header->opcode != WS_CONTINUATION) {
		parser->opcode = header->opcode;
		parser->is_compressed = header->is_compressed;
		parser->utf8 = UTF8_START;
	}
	parser->fragments++;
	parser->remaining = (uint32_t)header->payload_len; /* at most message_max */
	parser->message_len += parser->remaining;
	parser->is_fin = header->is_fin;
	parser->in_frame = true;
	memcpy(parser->mask, header->mask, MASK_BYTES);
	return true;
}

/* A piece of the current frame's payload, or its end. Returns the bytes used. */
static size_t read_payload(
	struct ws_parser *parser, char *bytes, size_t len, struct ws_event *event)
{
	const size_t piece = len < parser->remaining ? len : parser->remaining;
	unmask(bytes, piece, parser->mask);
	parser->remaining -= (uint32_t)piece;
	const bool is_end = parser->remaining == 0;
	const bool is_last = is_end && parser->is_fin;
	if (parser->opcode == WS_TEXT && !parser->is_compressed) {
		if (!utf8_feed(&parser->utf8, bytes, piece) || (is_last && parser->utf8 != UTF8_START)) {
			fail(event, WS_CLOSE_INVALID_DATA, "a text message is not UTF-8");
			return piece;
		}
	}
	if (piece > 0 || is_last) {
		*event = (struct ws_event){
			.type = WS_EVENT_DATA,
			.opcode = (enum ws_opcode)parser->opcode,
			.is_last = is_last,
			.is_compressed = parser->is_compressed,
			.payload = cln_slice(bytes, piece),
		};
	}
	parser->in_frame = !is_end;
	if (is_last) {
		parser->opcode = 0;
		parser->message_len = 0;
		parser->fragments = 0;
	}
	return piece;
}

bool ws_parser_is_idle(const struct ws_parser *parser)
{
	return !parser->in_frame && parser->opcode == 0;
}

size_t ws_parse(struct ws_parser *parser, char *bytes, size_t len, struct ws_event *event)
{
	size_t used = 0;
	event->type = WS_EVENT_MORE;
	while (event->type == WS_EVENT_MORE) {
		if (parser->in_frame) {
			if (used == len && parser->remaining > 0) {
				break;
			}
			used += read_payload(parser, bytes + used, len - used, event);
			continue;
		}
		struct header header;
		const char *const error =
			read_header(parser, (const unsigned char *)bytes + used, len - used, &header);
		if (error != NULL) {
			fail(event, WS_CLOSE_PROTOCOL, error);
			break;
		}
		if (header.len == 0) {
			break;
		}
		if ((header.opcode & CONTROL) != 0) {
			used += read_control(&header, bytes + used, len - used, event);
			break;
		}
		if (begin_frame(parser, &header, event)) {
			used += header.len;
		}
	}
	return used;
}

/* SPDX-License-Identifier: MIT
 *
 * RFC 6455 frames: bytes in, events out; no socket, no allocation on the parsing side. The parser
 * is resumable at every byte and independent of how the input was cut.
 */
#ifndef WS_FRAME_H
#define WS_FRAME_H

#include "base/frame.h"

#include "../wire/err.h"

#include <stdbool.h>
#include <stdint.h>

enum ws_opcode {
	WS_CONTINUATION = 0,
	WS_TEXT = 1,
	WS_BINARY = 2,
	WS_CLOSE = 8,
	WS_PING = 9,
	WS_PONG = 10,
};

/* RFC 6455 section 7.4.1 */
enum ws_close_code {
	WS_CLOSE_NORMAL = 1000,
	WS_CLOSE_GOING_AWAY = 1001,
	WS_CLOSE_PROTOCOL = 1002,
	WS_CLOSE_UNSUPPORTED = 1003,
	WS_CLOSE_NONE = 1005,     /* never on the wire */
	WS_CLOSE_ABNORMAL = 1006, /* never on the wire */
	WS_CLOSE_INVALID_DATA = 1007,
	WS_CLOSE_POLICY = 1008,
	WS_CLOSE_TOO_BIG = 1009,
	WS_CLOSE_INTERNAL = 1011,
};

#define WS_HEADER_MAX  14
#define WS_CONTROL_MAX 125

enum ws_event_type {
	WS_EVENT_MORE,    /* all that can be used was used; come again with what follows */
	WS_EVENT_DATA,    /* a piece of a message, never empty but for the last */
	WS_EVENT_CONTROL, /* a whole ping, pong or close frame */
	WS_EVENT_ERROR,   /* the peer broke the rules; the parser must not be fed again */
};

struct ws_event {
	enum ws_event_type type;
	enum ws_opcode opcode; /* of the message or the control frame; never WS_CONTINUATION */
	bool is_last;          /* DATA: the message ends with this piece */
	bool is_compressed;    /* DATA: the message is compressed; its UTF-8 was not looked at */
	/* DATA: unmasked bytes, in the caller's input. CONTROL: likewise; of a close frame the reason.
	 */
	struct cln_slice payload;
	/* ERROR: the code to close with. Close frame: the peer's code, 0 if it is empty. */
	uint16_t code;
	const char *error; /* ERROR: what was wrong, at most 100 characters */
};

/* One direction of one connection. Zeroed, then the two limits and has_rsv1 set. */
struct ws_parser {
	uint32_t message_max; /* payload bytes of one message as sent, all fragments together */
	uint32_t fragments_max;
	uint32_t remaining;    /* payload bytes of the current data frame still to come */
	uint32_t message_len;  /* announced so far */
	uint32_t fragments;    /* of the current message */
	unsigned char mask[4]; /* turned so that mask[0] is for the next byte */
	uint8_t opcode;        /* of the current message, 0 between messages */
	uint8_t utf8;          /* state of base/utf8 */
	bool in_frame : 1;
	bool is_fin : 1;
	bool is_compressed : 1; /* the current message */
	bool has_rsv1 : 1;      /* permessage-deflate was agreed on: RSV1 marks compressed messages */
};

/* Finds the next event in `bytes`, which are unmasked in place as far as they are used. Returns
 * how many were used; the caller keeps the rest and comes again at once unless the event is
 * WS_EVENT_MORE. What is left then is an incomplete header or control frame, less than
 * WS_HEADER_MAX + WS_CONTROL_MAX bytes; payload is used as it arrives. */
size_t ws_parse(struct ws_parser *parser, char *bytes, size_t len, struct ws_event *event);

/* Whether it stands between two messages, where all but the limits and has_rsv1 is as it began. */
bool ws_parser_is_idle(const struct ws_parser *parser);

/* Whether a peer may send `code` in a close frame. */
bool ws_close_code_is_valid(uint16_t code);

/* One unmasked, unfragmented server frame of the concatenated parts; reference count 1. */
struct frame *ws_frame_encode(enum ws_opcode opcode, const struct cln_slice *parts, size_t count);
struct frame *ws_frame_close(uint16_t code, struct cln_slice reason); /* code 0: empty */
/* The same with RSV1, for a payload that is compressed. */
struct frame *ws_frame_compressed(enum ws_opcode opcode, struct cln_slice payload);

/* Of a frame made by the functions above. */
enum ws_opcode ws_frame_opcode(const struct frame *frame);
struct cln_slice ws_frame_payload(const struct frame *frame);

#endif

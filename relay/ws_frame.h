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
};

#define WS_HEADER_MAX  14
#define WS_CONTROL_MAX 125

/* One unmasked, unfragmented server frame of the concatenated parts; reference count 1. */
struct frame *ws_frame_encode(enum ws_opcode opcode, const struct cln_slice *parts, size_t count);
struct frame *ws_frame_close(uint16_t code, struct cln_slice reason); /* code 0: empty */

#endif

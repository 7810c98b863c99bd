/* SPDX-License-Identifier: MIT
 *
 * See ws_frame.h: the sending side. The receiving side is ws_parser.c.
 */
#include "ws_frame.h"

#include <assert.h>
#include <string.h>

#define FIN          0x80
#define LENGTH_16    126
#define LENGTH_64    127
#define LENGTH16_MAX 0xffff
#define BYTE_BITS    8

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
	const char big_endian[] = {(char)(code >> BYTE_BITS), (char)(code & 0xff)};
	const struct cln_slice parts[] = {cln_slice(big_endian, sizeof(big_endian)), reason};
	assert(reason.len <= WS_CONTROL_MAX - sizeof(big_endian));
	return ws_frame_encode(WS_CLOSE, parts, code == 0 ? 0 : 2);
}

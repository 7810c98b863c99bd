/* SPDX-License-Identifier: MIT
 *
 * Messages as frames, and socket ids: 64 random bits, written as two decimal numbers of 32 bits
 * with a dot between them.
 */
#include "msg.h"
#include "ws_frame.h"

#include "../wire/name.h"

#include <string.h>

struct frame *msg_frame(struct cln_slice text)
{
	return ws_frame_encode(WS_TEXT, &text, 1);
}

struct cln_slice msg_text(const struct frame *frame)
{
	return ws_frame_payload(frame);
}

/* The number up to `stop`, false if it needs more than 32 bits. */
static bool parse_half(struct cln_slice *text, char stop, uint64_t *half)
{
	uint64_t value = 0;
	size_t i = 0;
	while (i < text->len && text->ptr[i] != stop) {
		value = value * 10 + (uint64_t)(text->ptr[i] - '0');
		if (value > UINT32_MAX)
			return false;
		i++;
	}
	*text = cln_slice_from(*text, i < text->len ? i + 1 : i);
	*half = value;
	return true;
}

uint64_t msg_socket_parse(struct cln_slice socket_id)
{
	uint64_t high, low;
	if (!cln_socket_id_is_valid(socket_id))
		return 0;
	if (!parse_half(&socket_id, '.', &high) || !parse_half(&socket_id, '.', &low))
		return 0;
	return high << 32 | low;
}

/* In front of `end`; returns where it begins. */
static char *print_half(uint32_t half, char *end)
{
	do {
		*--end = (char)('0' + half % 10);
		half /= 10;
	} while (half > 0);
	return end;
}

size_t msg_socket_print(uint64_t id, char out[MSG_SOCKET_MAX])
{
	char text[MSG_SOCKET_MAX];
	char *const end = text + sizeof(text);
	char *at = print_half((uint32_t)id, end);
	*--at = '.';
	at = print_half((uint32_t)(id >> 32), at);
	const size_t len = (size_t)(end - at);
	memcpy(out, at, len);
	out[len] = '\0';
	return len;
}

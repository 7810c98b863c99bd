/* SPDX-License-Identifier: MIT */
/* sources: relay/ws_frame.c relay/base/frame.c relay/base/utf8.c relay/base/xalloc.c */
/* sources: relay/base/log.c relay/base/buf.c */
/*
 * A stream of client frames read in one piece and in pieces that the input's first byte chooses:
 * the same messages, control frames and errors must come out. Its top bit: whether compression was
 * agreed on.
 */
#include "support/fuzz.h"

#include "relay/base/buf.h"
#include "relay/ws_frame.h"

#define MESSAGE_MAX   4096
#define FRAGMENTS_MAX 8

static void write_down(struct buf *log, struct buf *message, const struct ws_event *event)
{
	if (event->type == WS_EVENT_DATA) {
		claim(event->payload.len > 0 || event->is_last);
		buf_append_slice(message, event->payload);
		claim(message->len <= MESSAGE_MAX);
		if (event->is_last) {
			buf_appendf(log, "%d%s:", event->opcode, event->is_compressed ? "z" : "");
			buf_append_slice(log, buf_slice(message));
			message->len = 0;
		}
	} else if (event->type == WS_EVENT_CONTROL) {
		claim(event->payload.len <= WS_CONTROL_MAX);
		buf_appendf(log, "%d/%u:", event->opcode, event->code);
		buf_append_slice(log, event->payload);
	} else if (event->type == WS_EVENT_ERROR) {
		claim(event->code == 1002 || event->code == 1007 || event->code == 1009);
		buf_appendf(log, "error %u", event->code);
	}
}

static void run(struct cln_slice input, size_t piece, bool has_rsv1, struct buf *log)
{
	struct ws_parser parser = {
		.message_max = MESSAGE_MAX, .fragments_max = FRAGMENTS_MAX, .has_rsv1 = has_rsv1};
	struct buf kept = {0};
	struct buf message = {0};
	struct ws_event event = {.type = WS_EVENT_MORE};
	while (input.len > 0 && event.type != WS_EVENT_ERROR) {
		const size_t len = piece < input.len ? piece : input.len;
		buf_append(&kept, input.ptr, len);
		input = cln_slice_from(input, len);
		do {
			struct cln_slice copy = exact(buf_slice(&kept));
			const size_t used = ws_parse(&parser, (char *)copy.ptr, copy.len, &event);
			claim(used <= copy.len);
			write_down(log, &message, &event);
			free((char *)copy.ptr);
			buf_consume(&kept, used);
		} while (event.type != WS_EVENT_MORE && event.type != WS_EVENT_ERROR);
		claim(event.type == WS_EVENT_ERROR || kept.len < WS_HEADER_MAX + WS_CONTROL_MAX);
	}
	buf_deinit(&kept);
	buf_deinit(&message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf whole = {0};
	struct buf pieces = {0};
	if (size < 2) {
		return 0;
	}
	const struct cln_slice input = cln_slice(data + 1, size - 1);
	const bool has_rsv1 = data[0] >= 0x80;
	run(input, input.len, has_rsv1, &whole);
	run(input, (size_t)data[0] % 32 + 1, has_rsv1, &pieces);
	claim(cln_slice_equal(buf_slice(&whole), buf_slice(&pieces)));
	buf_deinit(&whole);
	buf_deinit(&pieces);
	return 0;
}

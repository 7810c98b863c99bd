/* SPDX-License-Identifier: MIT
 *
 * See xhr_frame.h.
 */
#include "xhr_frame.h"

#include "../wire/limits.h"
#include "jslice.h"
#include "msg.h"

/* --- paths --- */

/* Takes what stands before the next '/' off `rest`; false if there is none, or nothing before it.
 */
static bool take_part(struct cln_slice *rest, struct cln_slice *part)
{
	const char *const slash = rest->len > 0 ? memchr(rest->ptr, '/', rest->len) : NULL;
	if (slash == NULL || slash == rest->ptr)
		return false;
	*part = cln_slice(rest->ptr, (size_t)(slash - rest->ptr));
	*rest = cln_slice_from(*rest, part->len + 1);
	return true;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

#define SERVER_MAX 3

static bool is_server(struct cln_slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (!is_digit(text.ptr[i]))
			return false;
	}
	return text.len <= SERVER_MAX;
}

static bool is_session(struct cln_slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		const char c = text.ptr[i];
		const char lower = (char)(c | 0x20);
		if (!is_digit(c) && (lower < 'a' || lower > 'z') && c != '-' && c != '_')
			return false;
	}
	return text.len >= XHR_SESSION_MIN && text.len <= XHR_SESSION_MAX;
}

static bool parse_kind(struct cln_slice text, enum xhr_kind *kind)
{
	static const struct cln_slice names[] = {
		[XHR_STREAMING] = {"xhr_streaming", sizeof("xhr_streaming") - 1},
		[XHR_POLLING] = {"xhr", sizeof("xhr") - 1},
		[XHR_SEND] = {"xhr_send", sizeof("xhr_send") - 1},
	};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (cln_slice_equal(names[i], text)) {
			*kind = (enum xhr_kind)i;
			return true;
		}
	}
	return false;
}

bool xhr_path_parse(struct cln_slice path, struct xhr_path *parsed)
{
	const struct cln_slice prefix = CLN_SLICE("/pusher");
	const struct cln_slice app = CLN_SLICE("/app/");
	struct cln_slice server, session;
	if (cln_slice_starts(path, prefix))
		path = cln_slice_from(path, prefix.len);
	if (!cln_slice_starts(path, app))
		return false;
	struct cln_slice rest = cln_slice_from(path, app.len);
	const char *const name = rest.ptr;
	if (!take_part(&rest, &parsed->key) || parsed->key.len > CLN_APP_KEY_MAX ||
		!take_part(&rest, &server) || !is_server(server) || !take_part(&rest, &session) ||
		!is_session(session))
		return false;
	parsed->name = cln_slice(name, (size_t)(session.ptr + session.len - name));
	return parse_kind(rest, &parsed->kind);
}

/* --- lines --- */

void xhr_memo_forget(struct xhr_memo *memo)
{
	frame_unref(memo->frame);
	memo->frame = NULL;
	buf_deinit(&memo->text);
}

/* A message that many get is escaped once. */
static void append_element(struct buf *out, struct xhr_memo *memo, struct frame *frame)
{
	if (memo->frame != frame) {
		frame_unref(memo->frame);
		memo->frame = frame_ref(frame);
		memo->text.len = 0;
		buf_append_byte(&memo->text, '"');
		jslice_escape(&memo->text, msg_text(frame));
		buf_append_byte(&memo->text, '"');
	}
	buf_append_slice(out, buf_slice(&memo->text));
}

void xhr_append_open(struct buf *out)
{
	buf_append_slice(out, CLN_SLICE("o\n"));
}

void xhr_append_messages(
	struct buf *out, struct xhr_memo *memo, struct frame *const *frames, size_t count)
{
	buf_append_slice(out, CLN_SLICE("a["));
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buf_append_byte(out, ',');
		append_element(out, memo, frames[i]);
	}
	buf_append_slice(out, CLN_SLICE("]\n"));
}

void xhr_append_heartbeat(struct buf *out)
{
	buf_append_slice(out, CLN_SLICE("h\n"));
}

void xhr_append_close(struct buf *out, unsigned code, struct cln_slice reason)
{
	buf_appendf(out, "c[%u,\"", code);
	jslice_escape(out, reason);
	buf_append_slice(out, CLN_SLICE("\"]\n"));
}

#define CONTINUATION_MASK 0xc0
#define CONTINUATION      0x80
#define LEAD_OF_FOUR      0xf0 /* such characters are a pair of surrogates */

size_t xhr_count_units(struct cln_slice text)
{
	size_t units = 0;
	for (size_t i = 0; i < text.len; i++) {
		const unsigned char byte = (unsigned char)text.ptr[i];
		units += (size_t)((byte & CONTINUATION_MASK) != CONTINUATION) + (byte >= LEAD_OF_FOUR);
	}
	return units;
}

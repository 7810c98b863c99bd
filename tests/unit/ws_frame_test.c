/* SPDX-License-Identifier: MIT */
/* sources: relay/ws_frame.c relay/base/frame.c relay/base/utf8.c relay/base/xalloc.c */
/* sources: relay/base/log.c relay/base/buf.c */
/*
 * The frame codec: each case of a table whole, byte by byte and cut at random places must give the
 * same transcript; limits at n-1, n, n+1; every first byte, close code and header form.
 */
#include "relay/base/buf.h"
#include "relay/ws_frame.h"

#include <stdarg.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#define MESSAGE_MAX   70000
#define FRAGMENTS_MAX 4
#define ROUNDS        200

/* --- input: a client's frames, masked --- */

static void put_header(struct buf *out, unsigned char first, uint64_t len, unsigned form)
{
	const unsigned bytes = form == 126 ? 2 : form == 127 ? 8 : 0;
	buf_append_byte(out, (char)first);
	buf_append_byte(out, (char)(0x80 | (bytes > 0 ? form : len)));
	for (unsigned i = bytes; i > 0; i--)
		buf_append_byte(out, (char)(len >> 8 * (i - 1) & 0xff));
}

static void put_masked(struct buf *out, const void *payload, size_t len)
{
	static const unsigned char mask[4] = {0x12, 0xfe, 0x00, 0x87};
	buf_append(out, mask, sizeof(mask));
	for (size_t i = 0; i < len; i++)
		buf_append_byte(out, (char)(((const unsigned char *)payload)[i] ^ mask[i % 4]));
}

static void put(struct buf *out, unsigned char first, const void *payload, size_t len)
{
	put_header(out, first, len, len < 126 ? 0 : len < 65536 ? 126 : 127);
	put_masked(out, payload, len);
}

static void put_text(struct buf *out, unsigned char first, const char *payload)
{
	put(out, first, payload, strlen(payload));
}

/* --- output: what the parser says, as text --- */

struct reader {
	struct ws_parser parser;
	struct buf kept;    /* input not used yet */
	struct buf message; /* pieces so far */
	struct buf log;
	bool is_over;
};

static void reader_init(struct reader *reader)
{
	*reader =
		(struct reader){.parser = {.message_max = MESSAGE_MAX, .fragments_max = FRAGMENTS_MAX}};
}

static void reader_deinit(struct reader *reader)
{
	buf_deinit(&reader->kept);
	buf_deinit(&reader->message);
	buf_deinit(&reader->log);
}

static void write_down(struct reader *reader, const struct ws_event *event)
{
	switch (event->type) {
	case WS_EVENT_MORE:
		break;
	case WS_EVENT_DATA:
		assert_true(event->payload.len > 0 || event->is_last);
		buf_append_slice(&reader->message, event->payload);
		if (event->is_last) {
			buf_appendf(&reader->log, "%s(", event->opcode == WS_TEXT ? "text" : "binary");
			buf_append_slice(&reader->log, buf_slice(&reader->message));
			buf_append_byte(&reader->log, ')');
			reader->message.len = 0;
		}
		break;
	case WS_EVENT_CONTROL:
		buf_appendf(&reader->log, "%s(",
			event->opcode == WS_PING   ? "ping"
			: event->opcode == WS_PONG ? "pong"
									   : "close");
		if (event->opcode == WS_CLOSE)
			buf_appendf(&reader->log, "%u:", event->code);
		buf_append_slice(&reader->log, event->payload);
		buf_append_byte(&reader->log, ')');
		break;
	case WS_EVENT_ERROR:
		assert_non_null(event->error);
		assert_true(strlen(event->error) <= 100);
		buf_appendf(&reader->log, "error(%u)", event->code);
		reader->is_over = true;
		break;
	}
}

/* As a connection does it: what is left is offered again with what follows. */
static void feed(struct reader *reader, const char *bytes, size_t len)
{
	buf_append(&reader->kept, bytes, len);
	while (!reader->is_over) {
		/* Exactly the bytes there are, so that a sanitizer sees a read past them. */
		const size_t there = reader->kept.len;
		char *const copy = malloc(there > 0 ? there : 1);
		struct ws_event event;
		if (there > 0)
			memcpy(copy, reader->kept.bytes, there);
		const size_t used = ws_parse(&reader->parser, copy, there, &event);
		assert_true(used <= there);
		write_down(reader, &event);
		free(copy);
		buf_consume(&reader->kept, used);
		if (event.type == WS_EVENT_MORE) {
			assert_true(reader->kept.len < WS_HEADER_MAX + WS_CONTROL_MAX);
			return;
		}
	}
}

static void assert_log(struct reader *reader, struct cln_slice expected)
{
	const struct cln_slice log = buf_slice(&reader->log);
	if (!cln_slice_equal(log, expected))
		fail_msg("got %.*s, expected %.*s", (int)log.len, log.ptr, (int)expected.len, expected.ptr);
}

static void in_pieces(struct cln_slice input, struct cln_slice expected, size_t piece_max)
{
	struct reader reader;
	reader_init(&reader);
	for (size_t at = 0; at < input.len;) {
		const size_t left = input.len - at;
		const size_t wanted = piece_max == 0 ? left
							  : piece_max == 1
								  ? 1
								  : (size_t)rand() % piece_max + 1; /* a fixed seed is fine */
		const size_t piece = wanted < left ? wanted : left;
		feed(&reader, input.ptr + at, piece);
		at += piece;
	}
	assert_log(&reader, expected);
	reader_deinit(&reader);
}

static void assert_transcript(struct buf *input, const char *expected)
{
	const struct cln_slice wanted = cln_slice_of(expected);
	in_pieces(buf_slice(input), wanted, 0);
	in_pieces(buf_slice(input), wanted, 1);
	for (unsigned i = 0; i < ROUNDS; i++)
		in_pieces(buf_slice(input), wanted, input->len / 2 + 1);
	buf_deinit(input);
}

/* --- tests --- */

static void messages_and_control_frames(void **state)
{
	struct buf in = {0};
	(void)state;
	put_text(&in, 0x81, "hello");
	put_text(&in, 0x82, "");
	put_text(&in, 0x89, "are you there?");
	put_text(&in, 0x8a, "");
	put_text(&in, 0x81, "h\xc3\xa9llo \xf0\x9f\x98\x80");
	put(&in, 0x88,
		"\x03\xe8"
		"bye",
		5);
	assert_transcript(&in, "text(hello)binary()ping(are you there?)pong()"
						   "text(h\xc3\xa9llo \xf0\x9f\x98\x80)close(1000:bye)");
}

static void fragments_with_control_frames_between(void **state)
{
	struct buf in = {0};
	(void)state;
	put_text(&in, 0x01, "one ");
	put_text(&in, 0x89, "p");
	put_text(&in, 0x00, "");
	put_text(&in, 0x00, "two ");
	put_text(&in, 0x8a, "q");
	put_text(&in, 0x80, "three");
	put_text(&in, 0x02, "");
	put_text(&in, 0x80, "");
	put(&in, 0x88, "", 0);
	assert_transcript(&in, "ping(p)pong(q)text(one two three)binary()close(0:)");
}

static void characters_cut_by_fragments(void **state)
{
	struct buf in = {0};
	(void)state;
	put_text(&in, 0x01, "\xf0\x9f");
	put_text(&in, 0x89, "");
	put_text(&in, 0x00, "\x98");
	put_text(&in, 0x80, "\x80");
	put_text(&in, 0x01, "\xe2\x82");
	put_text(&in, 0x80, "");
	assert_transcript(&in, "ping()text(\xf0\x9f\x98\x80)error(1007)");
}

static void every_length_of_payload(void **state)
{
	static const size_t lengths[] = {0, 1, 124, 125, 126, 127, 128, 65534, 65535, 65536, 65537};
	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		char *const payload = malloc(lengths[i] + 1);
		struct buf in = {0}, expected = {0};
		struct reader reader;
		for (size_t j = 0; j < lengths[i]; j++)
			payload[j] = (char)(j * 7);
		put(&in, 0x82, payload, lengths[i]);
		buf_append(&expected, "binary(", 7);
		buf_append(&expected, payload, lengths[i]);
		buf_append_byte(&expected, ')');
		in_pieces(buf_slice(&in), buf_slice(&expected), 0);
		in_pieces(buf_slice(&in), buf_slice(&expected), 997);
		/* Cut short, it is no message yet. */
		reader_init(&reader);
		feed(&reader, in.bytes, in.len - 1);
		if (lengths[i] > 0)
			assert_int_equal(reader.log.len, 0);
		reader_deinit(&reader);
		buf_deinit(&in);
		buf_deinit(&expected);
		free(payload);
	}
}

static void no_event_at_any_shorter_cut(void **state)
{
	struct buf in = {0};
	(void)state;
	put(&in, 0x88, "\x03\xe8 reason", 9);
	for (size_t cut = 0; cut < in.len; cut++) {
		struct reader reader;
		reader_init(&reader);
		feed(&reader, in.bytes, cut);
		assert_int_equal(reader.log.len, 0);
		reader_deinit(&reader);
	}
	buf_deinit(&in);
}

/* Fed this alone, the parser must refuse at once: fail fast, not at the frame's end. */
static void assert_refused(const char *bytes, size_t len, uint16_t code)
{
	char expected[32];
	struct reader reader;
	snprintf(expected, sizeof(expected), "error(%u)", code);
	reader_init(&reader);
	feed(&reader, bytes, len);
	assert_log(&reader, cln_slice_of(expected));
	reader_deinit(&reader);
}

static void every_first_byte(void **state)
{
	(void)state;
	for (unsigned first = 0; first <= 0xff; first++) {
		const unsigned opcode = first & 0x0f;
		const bool is_data = opcode == 1 || opcode == 2;
		const bool is_control = opcode >= 8 && opcode <= 10;
		const bool is_right =
			(first & 0x70) == 0 && (is_data || (is_control && (first & 0x80) != 0));
		const char byte = (char)first;
		struct reader reader;
		reader_init(&reader);
		feed(&reader, &byte, 1);
		assert_log(&reader, is_right ? cln_slice(NULL, 0) : CLN_SLICE("error(1002)"));
		reader_deinit(&reader);
	}
}

static void broken_headers(void **state)
{
	(void)state;
	assert_refused("\x81\x05", 2, 1002);                                  /* not masked */
	assert_refused("\x89\xfe", 2, 1002);                                  /* long ping */
	assert_refused("\x88\xff", 2, 1002);                                  /* long close */
	assert_refused("\x82\xfe\x00\x7d", 4, 1002);                          /* 125 in 16 bits */
	assert_refused("\x82\xff\x00\x00\x00\x00\x00\x00\xff\xff", 10, 1002); /* 65535 in 64 */
	assert_refused("\x82\xff\x80\x00\x00\x00\x00\x00\x00\x00", 10, 1002); /* top bit */
}

static void message_out_of_turn(void **state)
{
	struct buf in = {0};
	(void)state;
	put_text(&in, 0x01, "a");
	put_text(&in, 0x81, "b");
	assert_transcript(&in, "error(1002)");
	put_text(&in, 0x81, "a");
	put_text(&in, 0x80, "b");
	assert_transcript(&in, "text(a)error(1002)");
}

static void limit_of_the_message(void **state)
{
	struct buf in = {0};
	(void)state;
	put_header(&in, 0x82, MESSAGE_MAX, 127);
	struct reader reader;
	reader_init(&reader);
	buf_append(&in, "mask", 4);
	feed(&reader, in.bytes, in.len);
	assert_int_equal(reader.log.len, 0);
	reader_deinit(&reader);
	buf_deinit(&in);

	/* One more is refused with the header, before any of the payload. */
	put_header(&in, 0x82, MESSAGE_MAX + 1, 127);
	buf_append(&in, "mask", 4);
	assert_refused(in.bytes, in.len, 1009);
	buf_deinit(&in);
	put_header(&in, 0x82, UINT64_MAX >> 1, 127);
	buf_append(&in, "mask", 4);
	assert_refused(in.bytes, in.len, 1009);
	buf_deinit(&in);

	char *const payload = calloc(1, MESSAGE_MAX);
	put(&in, 0x02, payload, MESSAGE_MAX - 1);
	put(&in, 0x80, payload, 2);
	in_pieces(buf_slice(&in), CLN_SLICE("error(1009)"), 0);
	buf_deinit(&in);
	free(payload);
}

static void limit_of_fragments(void **state)
{
	struct buf in = {0};
	(void)state;
	put_text(&in, 0x01, "1");
	for (unsigned i = 2; i < FRAGMENTS_MAX; i++)
		put_text(&in, 0x00, "2");
	put_text(&in, 0x80, "3");
	put_text(&in, 0x01, "1");
	for (unsigned i = 1; i < FRAGMENTS_MAX; i++)
		put_text(&in, 0x00, "2");
	put_text(&in, 0x80, "3");
	assert_transcript(&in, "text(1223)error(1009)");
}

static void close_frames(void **state)
{
	(void)state;
	for (unsigned code = 0; code <= 0xffff; code++) {
		const unsigned char bytes[2] = {(unsigned char)(code >> 8), (unsigned char)code};
		const bool is_valid = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
							  (code >= 3000 && code <= 4999);
		char expected[32];
		struct buf in = {0};
		assert_int_equal(ws_close_code_is_valid((uint16_t)code), is_valid);
		put(&in, 0x88, bytes, sizeof(bytes));
		snprintf(expected, sizeof(expected), is_valid ? "close(%u:)" : "error(1002)", code);
		in_pieces(buf_slice(&in), cln_slice_of(expected), 0);
		buf_deinit(&in);
	}
}

static void close_payloads(void **state)
{
	struct buf in = {0};
	char reason[WS_CONTROL_MAX] = "\x03\xe8";
	(void)state;
	put(&in, 0x88, "\x03", 1);
	assert_transcript(&in, "error(1002)");
	put(&in, 0x88, "\x03\xe8\xff", 3);
	assert_transcript(&in, "error(1007)");
	put(&in, 0x88, "\x03\xe8\xe2\x82", 4); /* ends within a character */
	assert_transcript(&in, "error(1007)");
	memset(reason + 2, 'r', sizeof(reason) - 2);
	put(&in, 0x88, reason, sizeof(reason));
	char expected[160];
	snprintf(expected, sizeof(expected), "close(1000:%.123s)", reason + 2);
	assert_transcript(&in, expected);
}

/* The frame is announced longer than what is fed: the wrong byte alone must be enough. */
static void wrong_text_fails_fast(void **state)
{
	static const char *const wrong[] = {"\xc0", "\xff", "\x80", "\xe0\x80", "\xed\xa0", "\xf0\x80",
		"\xf4\x90", "\xf5", "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xf4\x90"};
	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct buf in = {0};
		put_header(&in, 0x81, 100, 0);
		put_masked(&in, wrong[i], strlen(wrong[i]));
		assert_refused(in.bytes, in.len, 1007);
		buf_deinit(&in);
	}
	struct buf in = {0};
	put_text(&in, 0x82, "\xff\xfe"); /* binary is not looked at */
	assert_transcript(&in, "binary(\xff\xfe)");
}

/* Random bytes: whatever they say, the way they are cut changes nothing. */
static void noise_is_read_the_same_in_any_pieces(void **state)
{
	(void)state;
	srand(1);
	for (unsigned round = 0; round < 2000; round++) {
		struct buf in = {0};
		const unsigned frames = (unsigned)rand() % 5 + 1;
		for (unsigned i = 0; i < frames; i++) {
			static const unsigned char firsts[] = {0x81, 0x82, 0x01, 0x00, 0x80, 0x89, 0x8a, 0x88};
			char payload[200];
			for (size_t j = 0; j < sizeof(payload); j++)
				payload[j] = (char)(rand() % 8 == 0 ? rand() : 'a');
			put(&in, firsts[(unsigned)rand() % 8], payload, (size_t)rand() % sizeof(payload));
		}
		struct reader whole;
		reader_init(&whole);
		feed(&whole, in.bytes, in.len);
		in_pieces(buf_slice(&in), buf_slice(&whole.log), 1);
		in_pieces(buf_slice(&in), buf_slice(&whole.log), 30);
		reader_deinit(&whole);
		buf_deinit(&in);
	}
}

/* With permessage-deflate agreed on, RSV1 marks a message by its first fragment. */
static struct ws_event first_event(const char *bytes, size_t len, bool has_rsv1)
{
	struct ws_parser parser = {
		.message_max = MESSAGE_MAX, .fragments_max = FRAGMENTS_MAX, .has_rsv1 = has_rsv1};
	struct ws_event event;
	char copy[32];
	assert_true(len <= sizeof(copy));
	memcpy(copy, bytes, len);
	ws_parse(&parser, copy, len, &event);
	return event;
}

static void rsv1_only_where_it_was_agreed_on(void **state)
{
	(void)state;
	for (unsigned first = 0; first <= 0xff; first++) {
		const unsigned opcode = first & 0x0f;
		const char byte = (char)first;
		if ((first & 0x70) == 0)
			continue;
		const bool is_right = (first & 0x70) == 0x40 && (opcode == 1 || opcode == 2);
		assert_int_equal(
			first_event(&byte, 1, true).type, is_right ? WS_EVENT_MORE : WS_EVENT_ERROR);
		assert_int_equal(first_event(&byte, 1, false).type, WS_EVENT_ERROR);
	}
}

static void compressed_messages_are_marked(void **state)
{
	struct ws_parser parser = {
		.message_max = MESSAGE_MAX, .fragments_max = FRAGMENTS_MAX, .has_rsv1 = true};
	struct buf in = {0};
	struct ws_event event;
	(void)state;
	put_text(&in, 0x41, "\xff"); /* no UTF-8, which is not looked at */
	put_text(&in, 0x89, "p");
	put_text(&in, 0x80, "\xfe");
	put_text(&in, 0x82, "plain");
	put_text(&in, 0x81, "\xff");
	static const struct {
		enum ws_event_type type;
		bool is_compressed;
	} expected[] = {{WS_EVENT_DATA, true}, {WS_EVENT_CONTROL, false}, {WS_EVENT_DATA, true},
		{WS_EVENT_DATA, false}, {WS_EVENT_ERROR, false}};
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		buf_consume(&in, ws_parse(&parser, in.bytes, in.len, &event));
		assert_int_equal(event.type, expected[i].type);
		assert_int_equal(event.is_compressed, expected[i].is_compressed);
	}
	buf_deinit(&in);
}

static void frames_tell_what_they_hold(void **state)
{
	static const size_t lengths[] = {0, 1, 125, 126, 65535, 65536};
	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		char *const payload = calloc(1, lengths[i] + 1);
		struct frame *const frame = ws_frame_compressed(WS_BINARY, cln_slice(payload, lengths[i]));
		assert_int_equal((unsigned char)frame->bytes[0], 0xc2);
		assert_int_equal(ws_frame_opcode(frame), WS_BINARY);
		assert_int_equal(ws_frame_payload(frame).len, lengths[i]);
		assert_ptr_equal(ws_frame_payload(frame).ptr + lengths[i], frame->bytes + frame->len);
		frame_unref(frame);
		free(payload);
	}
}

static void encoding(void **state)
{
	static const struct {
		size_t len, header;
	} sizes[] = {{0, 2}, {125, 2}, {126, 4}, {65535, 4}, {65536, 10}};
	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		char *const payload = calloc(1, sizes[i].len + 1);
		const struct cln_slice parts[] = {cln_slice(payload, sizes[i].len / 2),
			cln_slice(payload, sizes[i].len - sizes[i].len / 2)};
		struct frame *const frame = ws_frame_encode(WS_TEXT, parts, 2);
		assert_int_equal(frame->len, sizes[i].header + sizes[i].len);
		assert_int_equal((unsigned char)frame->bytes[0], 0x81);
		frame_unref(frame);
		free(payload);
	}
	struct frame *const close = ws_frame_close(4200, CLN_SLICE("bye"));
	assert_int_equal(close->len, 7);
	assert_memory_equal(close->bytes,
		"\x88\x05\x10\x68"
		"bye",
		7);
	frame_unref(close);
	struct frame *const empty = ws_frame_close(0, cln_slice(NULL, 0));
	assert_int_equal(empty->len, 2);
	assert_memory_equal(empty->bytes, "\x88\x00", 2);
	frame_unref(empty);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_and_control_frames),
		cmocka_unit_test(fragments_with_control_frames_between),
		cmocka_unit_test(characters_cut_by_fragments),
		cmocka_unit_test(every_length_of_payload),
		cmocka_unit_test(no_event_at_any_shorter_cut),
		cmocka_unit_test(every_first_byte),
		cmocka_unit_test(broken_headers),
		cmocka_unit_test(message_out_of_turn),
		cmocka_unit_test(limit_of_the_message),
		cmocka_unit_test(limit_of_fragments),
		cmocka_unit_test(close_frames),
		cmocka_unit_test(close_payloads),
		cmocka_unit_test(wrong_text_fails_fast),
		cmocka_unit_test(noise_is_read_the_same_in_any_pieces),
		cmocka_unit_test(rsv1_only_where_it_was_agreed_on),
		cmocka_unit_test(compressed_messages_are_marked),
		cmocka_unit_test(frames_tell_what_they_hold),
		cmocka_unit_test(encoding),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

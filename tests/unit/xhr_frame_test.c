/* SPDX-License-Identifier: MIT
 *
 * Paths and lines of the HTTP fallbacks.
 */
/* sources: relay/xhr_frame.c relay/jslice.c relay/msg.c relay/ws_frame.c relay/base/buf.c */
/* sources: relay/base/frame.c relay/base/utf8.c relay/base/xalloc.c relay/base/log.c */
/* sources: relay/base/clock.c wire/name.c */
#include "../../relay/msg.h"
#include "../../relay/xhr_frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define KEY_64 "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"
#define ID_32  "abcdefghijklmnopqrstuvwxyzABC-_9"

static void assert_slice(struct cln_slice slice, const char *expected)
{
	assert_int_equal(slice.len, strlen(expected));
	assert_memory_equal(slice.ptr, expected, slice.len);
}

static void paths_name_a_session(void **state)
{
	static const struct {
		const char *path;
		enum xhr_kind kind;
		const char *key;
		const char *name;
	} good[] = {
		{"/app/k/0/abcdefgh/xhr", XHR_POLLING, "k", "k/0/abcdefgh"},
		{"/pusher/app/k/999/abcdefgh/xhr_streaming", XHR_STREAMING, "k", "k/999/abcdefgh"},
		{"/pusher/app/a.b/07/" ID_32 "/xhr_send", XHR_SEND, "a.b", "a.b/07/" ID_32},
		{"/app/" KEY_64 "/1/abcdefgh/xhr", XHR_POLLING, KEY_64, KEY_64 "/1/abcdefgh"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct xhr_path path;
		assert_true(xhr_path_parse(cln_slice_of(good[i].path), &path));
		assert_int_equal(path.kind, good[i].kind);
		assert_slice(path.key, good[i].key);
		assert_slice(path.name, good[i].name);
	}
}

static void other_paths_are_none(void **state)
{
	static const char *const bad[] = {
		"",
		"/",
		"/app",
		"/app/",
		"/app/k",
		"/app/k/0/abcdefgh",
		"/app/k/0/abcdefgh/",
		"/app/k/0/abcdefgh/xhr/",
		"/app/k/0/abcdefgh/xhrs",
		"/app/k/0/abcdefgh/XHR",
		"/app/k/0/abcdefgh/websocket",
		"/app/k/0/abcdefg/xhr",
		"/app/k/0/" ID_32 "x/xhr",
		"/app/k/0/abcd.fgh/xhr",
		"/app/k/0/abcd%20gh/xhr",
		"/app/k/1000/abcdefgh/xhr",
		"/app/k/-1/abcdefgh/xhr",
		"/app/k//abcdefgh/xhr",
		"/app//0/abcdefgh/xhr",
		"/app/" KEY_64 "k/0/abcdefgh/xhr",
		"/pusher/pusher/app/k/0/abcdefgh/xhr",
		"/pusherapp/k/0/abcdefgh/xhr",
		"/x/app/k/0/abcdefgh/xhr",
	};
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct xhr_path path;
		if (xhr_path_parse(cln_slice_of(bad[i]), &path))
			fail_msg("%s was taken", bad[i]);
	}
}

/* Each prefix of a good path lies in memory of its own size, for the sanitizers. */
static void cut_paths_are_none(void **state)
{
	const char whole[] = "/pusher/app/k/0/abcdefgh/xhr_streaming";
	(void)state;
	for (size_t len = 0; len < sizeof(whole) - 1; len++) {
		char *const cut = malloc(len + 1);
		struct xhr_path path;
		memcpy(cut, whole, len);
		const bool is_xhr = len == sizeof("/pusher/app/k/0/abcdefgh/xhr") - 1;
		assert_int_equal(xhr_path_parse(cln_slice(cut, len), &path), is_xhr);
		free(cut);
	}
}

static void lines_hold_messages(void **state)
{
	struct buf out = {0};
	struct xhr_memo memo = {0};
	struct frame *const frames[] = {
		msg_frame(CLN_SLICE("{\"event\":\"a\"}")),
		msg_frame(CLN_SLICE("\n\x01\\\xc3\xa9")),
	};
	(void)state;
	xhr_append_open(&out);
	xhr_append_messages(&out, &memo, frames, 2);
	xhr_append_messages(&out, &memo, frames + 1, 1);
	xhr_append_messages(&out, &memo, NULL, 0);
	xhr_append_heartbeat(&out);
	xhr_append_close(&out, 4001, CLN_SLICE("no \"app\""));
	assert_slice(buf_slice(&out), "o\n"
								  "a[\"{\\\"event\\\":\\\"a\\\"}\",\"\\n\\u0001\\\\\xc3\xa9\"]\n"
								  "a[\"\\n\\u0001\\\\\xc3\xa9\"]\n"
								  "a[]\n"
								  "h\n"
								  "c[4001,\"no \\\"app\\\"\"]\n");
	/* The memo keeps its message, so that no other can be taken for it. */
	assert_int_equal(atomic_load(&frames[1]->refs), 2);
	xhr_memo_forget(&memo);
	assert_int_equal(atomic_load(&frames[1]->refs), 1);
	frame_unref(frames[0]);
	frame_unref(frames[1]);
	buf_deinit(&out);
}

static void units_are_those_of_javascript(void **state)
{
	(void)state;
	assert_int_equal(xhr_count_units(CLN_SLICE("")), 0);
	assert_int_equal(xhr_count_units(CLN_SLICE("abc\n")), 4);
	assert_int_equal(xhr_count_units(CLN_SLICE("\xc3\xa9")), 1);
	assert_int_equal(xhr_count_units(CLN_SLICE("\xe2\x82\xac")), 1);
	assert_int_equal(xhr_count_units(CLN_SLICE("\xef\xbf\xbf")), 1);
	assert_int_equal(xhr_count_units(CLN_SLICE("\xf0\x90\x80\x80")), 2);
	assert_int_equal(xhr_count_units(CLN_SLICE("a\xf4\x8f\xbf\xbf\xc3\xa9")), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_name_a_session),
		cmocka_unit_test(other_paths_are_none),
		cmocka_unit_test(cut_paths_are_none),
		cmocka_unit_test(lines_hold_messages),
		cmocka_unit_test(units_are_those_of_javascript),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* sources: relay/conn.c relay/conn_input.c relay/conn_output.c relay/loop.c relay/mailbox.c */
/* sources: relay/base/wheel.c relay/base/frame.c relay/base/xalloc.c relay/base/log.c */
/* sources: relay/base/clock.c relay/base/buf.c */
/* libs: libevent_core */
/*
 * Connections over socket pairs on a real loop: input kept and offered again, output joined,
 * queued, bounded and discarded, every way to end.
 */
#include "relay/conn.h"
#include "relay/conn_private.h"

#include <stdarg.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>

#include "support/loop.h"

#define BACKLOG_BYTES 100000
#define AGE_MS        50
#define LINGER_MS     5000

static const struct conn_limits limits = {
	.input_bytes = 300000, .backlog_bytes = BACKLOG_BYTES, .backlog_age_ms = 60000};

/* What the owner of the one connection under test saw and how it behaves. */
static struct {
	struct conn *conn;
	int fd; /* the peer's end */
	struct buf input;
	size_t wants; /* consumes only when so much is there, then exactly that; 0: everything */
	unsigned calls, ends, overflows, closed;
	bool pause_after_data, close_in_data;
	const struct conn_ops *next_ops;
} t;

static struct buf received; /* by the peer */
static size_t wanted;       /* bytes, for run_until() */

static size_t on_data(struct conn *conn, char *bytes, size_t len)
{
	t.calls++;
	if (t.wants > len)
		return 0;
	const size_t used = t.wants > 0 ? t.wants : len;
	buf_append(&t.input, bytes, used);
	if (t.pause_after_data)
		conn_pause(conn);
	if (t.close_in_data)
		conn_close(conn);
	if (t.next_ops != NULL) {
		conn_set_ops(conn, &limits, t.next_ops, NULL);
		t.next_ops = NULL;
	}
	return used;
}

static void on_end(struct conn *conn)
{
	(void)conn;
	t.ends++;
}

static void on_overflow(struct conn *conn)
{
	(void)conn;
	t.overflows++;
}

static void on_closed(struct conn *conn)
{
	assert_ptr_equal(conn, t.conn);
	t.closed++;
}

static const struct conn_ops ops = {on_data, on_end, on_overflow, on_closed};
static const struct conn_ops lazy_ops = {.on_data = on_data, .on_closed = on_closed};

static void open_conn(const struct conn_limits *own, const struct conn_ops *own_ops)
{
	int fds[2];
	make_pair(fds);
	t.conn = conn_new(&loop, fds[0], own, own_ops, &t);
	t.fd = fds[1];
	assert_non_null(t.conn);
	assert_ptr_equal(conn_user(t.conn), &t);
	assert_ptr_equal(conn_loop(t.conn), &loop);
}

static int start(void **state)
{
	memset(&t, 0, sizeof(t));
	received.len = 0;
	loop_start(state);
	open_conn(&limits, &ops);
	return 0;
}

static int stop(void **state)
{
	loop_end(state);
	assert_int_equal(t.closed, 1);
	close(t.fd);
	buf_deinit(&t.input);
	buf_deinit(&received);
	return 0;
}

static bool has_input(void)
{
	return t.input.len >= wanted;
}

static bool was_called(void)
{
	return t.calls >= wanted;
}

static bool has_ended(void)
{
	return t.ends > 0;
}

static bool has_overflowed(void)
{
	return t.overflows > 0;
}

static bool is_closed(void)
{
	return t.closed > 0;
}

static bool has_error(void)
{
	return conn_error(t.conn) != 0;
}

static bool has_received(void)
{
	drain(t.fd, &received);
	return received.len >= wanted;
}

static bool has_fin(void)
{
	return !drain(t.fd, &received);
}

static void put(const char *bytes, size_t len)
{
	assert_int_equal(send(t.fd, bytes, len, MSG_NOSIGNAL), len);
}

static void send_frame(const char *bytes, size_t len)
{
	struct frame *const frame = frame_copy(cln_slice(bytes, len));
	conn_send(t.conn, frame);
	frame_unref(frame);
}

/* A frame whose bytes tell where they belong. */
static void send_counted(size_t *position, size_t len)
{
	struct frame *const frame = frame_new(len);
	for (size_t i = 0; i < len; i++)
		frame->bytes[i] = (char)((*position)++ % 251);
	conn_send(t.conn, frame);
	frame_unref(frame);
}

static void assert_counted(size_t len)
{
	for (size_t i = 0; i < len; i++)
		assert_int_equal((unsigned char)received.bytes[i], i % 251);
}

/* --- input --- */

static void input_is_kept_until_it_is_enough(void **state)
{
	(void)state;
	t.wants = 5;
	put("he", 2);
	wanted = 1;
	run_until(was_called);
	assert_int_equal(t.input.len, 0);
	put("llohe", 5);
	wanted = 5;
	run_until(has_input);
	put("llo", 3);
	wanted = 10;
	run_until(has_input);
	assert_memory_equal(t.input.bytes, "hellohello", 10);
}

static void byte_by_byte(void **state)
{
	(void)state;
	t.wants = 7;
	for (unsigned i = 0; i < 21; i++) {
		put(&"abcdefg"[i % 7], 1);
		wanted = i + 1;
		run_until(was_called);
	}
	assert_int_equal(t.input.len, 21);
	assert_memory_equal(t.input.bytes, "abcdefgabcdefgabcdefg", 21);
}

/* Sends `len` bytes and lets the loop read them, a little at a time. */
static void put_much(size_t len)
{
	char block[10000];
	memset(block, 'x', sizeof(block));
	while (len > 0) {
		const size_t piece = len < sizeof(block) ? len : sizeof(block);
		put(block, piece);
		wanted = t.calls + 1;
		run_until(was_called);
		len -= piece;
	}
}

static void much_input_is_kept(void **state)
{
	(void)state;
	t.wants = limits.input_bytes;
	put_much(limits.input_bytes - 1);
	assert_int_equal(t.input.len, 0);
	put("y", 1);
	wanted = limits.input_bytes;
	run_until(has_input);
	assert_int_equal(t.input.bytes[limits.input_bytes - 2], 'x');
	assert_int_equal(t.input.bytes[limits.input_bytes - 1], 'y');
	assert_false(conn_is_closing(t.conn));
}

static void more_input_than_the_limit_closes(void **state)
{
	(void)state;
	t.wants = limits.input_bytes + 2;
	put_much(limits.input_bytes);
	assert_int_equal(t.closed, 0);
	put("y", 1);
	run_until(is_closed);
}

static void data_and_fin_in_one_go(void **state)
{
	(void)state;
	put("bye", 3);
	shutdown(t.fd, SHUT_WR);
	run_until(has_ended);
	assert_memory_equal(t.input.bytes, "bye", 3);
	assert_false(conn_is_closing(t.conn));
}

static void fin_closes_where_nobody_cares(void **state)
{
	(void)state;
	conn_set_ops(t.conn, &limits, &lazy_ops, &t);
	shutdown(t.fd, SHUT_WR);
	run_until(is_closed);
}

static void paused_input_waits(void **state)
{
	(void)state;
	conn_pause(t.conn);
	put("hello", 5);
	run_some_turns();
	assert_int_equal(t.calls, 0);
	conn_resume(t.conn);
	wanted = 5;
	run_until(has_input);
}

static void pausing_within_the_callback_keeps_the_rest(void **state)
{
	(void)state;
	t.wants = 3;
	t.pause_after_data = true;
	put("abcdef", 6);
	wanted = 3;
	run_until(has_input);
	run_some_turns();
	assert_int_equal(t.input.len, 3);
	t.pause_after_data = false;
	conn_resume(t.conn);
	wanted = 6;
	run_until(has_input);
	assert_memory_equal(t.input.bytes, "abcdef", 6);
}

static struct buf others_input;

static size_t other_on_data(struct conn *conn, char *bytes, size_t len)
{
	(void)conn;
	buf_append(&others_input, bytes, len);
	return len;
}

static void the_next_owner_gets_the_rest(void **state)
{
	static const struct conn_ops other = {.on_data = other_on_data, .on_closed = on_closed};
	(void)state;
	t.wants = 3;
	t.next_ops = &other;
	put("abcdef", 6);
	wanted = 3;
	run_until(has_input);
	assert_int_equal(others_input.len, 3);
	assert_memory_equal(others_input.bytes, "def", 3);
	buf_deinit(&others_input);
}

static void closing_within_the_callback(void **state)
{
	(void)state;
	t.close_in_data = true;
	put("abc", 3);
	run_until(is_closed);
	assert_true(has_fin());
}

/* --- output --- */

static void frames_of_a_turn_leave_in_one_call(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 10; i++)
		send_frame(&"0123456789"[i], 1);
	assert_int_equal(conn_backlog(t.conn), 10);
	wanted = 10;
	run_until(has_received);
	assert_memory_equal(received.bytes, "0123456789", 10);
	assert_int_equal(loop.metrics.sends, 1);
	assert_int_equal(conn_backlog(t.conn), 0);
}

static void four_frames_need_no_queue(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++)
		send_frame("x", 1);
	wanted = 4;
	run_until(has_received);
	assert_int_equal(loop.metrics.sends, 1);
}

static void large_frames_among_small_ones(void **state)
{
	size_t position = 0;
	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		send_counted(&position, 10);
		send_counted(&position, i % 5 == 0 ? 20000 : 1000);
		wanted = position;
		if (i % 7 == 6)
			run_until(has_received);
	}
	wanted = position;
	run_until(has_received);
	assert_int_equal(received.len, position);
	assert_counted(position);
}

/* Fills the peer's and the kernel's buffers until frames are queued. */
static void fill(size_t *position, size_t backlog)
{
	while (conn_backlog(t.conn) < backlog) {
		send_counted(position, 1000);
		if (conn_backlog(t.conn) < 4000)
			run_some_turns();
	}
}

static void the_backlog_leaves_when_the_peer_reads(void **state)
{
	size_t position = 0;
	(void)state;
	fill(&position, BACKLOG_BYTES / 2);
	assert_true(loop.metrics.backlogs > 0);
	wanted = position;
	run_until(has_received);
	assert_int_equal(conn_backlog(t.conn), 0);
	assert_counted(position);
	send_counted(&position, 100);
	wanted = position;
	run_until(has_received);
	assert_counted(position);
	assert_int_equal(t.overflows, 0);
}

static bool looks_out_for_room(void)
{
	return (event_get_events(&t.conn->event) & EV_WRITE) != 0;
}

static void room_on_demand_is_looked_out_for_while_output_waits(void **state)
{
	size_t position = 0;
	(void)state;
	assert_true(looks_out_for_room());
	conn_watch_room_on_demand(t.conn);
	assert_false(looks_out_for_room());
	for (unsigned time = 0; time < 3; time++) {
		fill(&position, BACKLOG_BYTES / 2);
		assert_true(looks_out_for_room());
		wanted = position;
		run_until(has_received);
		assert_counted(position);
		assert_false(looks_out_for_room());
	}
	assert_int_equal(write(t.fd, "still read", 10), 10);
	wanted = 10;
	run_until(has_input);
	assert_int_equal(t.overflows, 0);
}

static void overflow_is_told_once_and_a_last_word_follows(void **state)
{
	size_t position = 0;
	(void)state;
	fill(&position, BACKLOG_BYTES - 1000);
	for (unsigned i = 0; i < 10; i++)
		send_counted(&position, 1000);
	for (unsigned i = 0; i < 200; i++)
		send_counted(&position, 1000);
	assert_int_equal(t.overflows, 0); /* not from within conn_send() */
	run_until(has_overflowed);
	run_some_turns();
	assert_int_equal(t.overflows, 1);
	assert_true(conn_backlog(t.conn) <= BACKLOG_BYTES);

	conn_discard_unsent(t.conn);
	assert_true(conn_backlog(t.conn) < 1000); /* at most the frame that has begun */
	send_frame("last word", 9);
	conn_finish(t.conn, LINGER_MS);
	run_until(has_fin);
	assert_memory_equal(received.bytes + received.len - 9, "last word", 9);
	assert_int_equal((received.len - 9) % 1000, 0); /* whole frames in front of it */
	assert_counted(received.len - 9);
}

static void one_frame_may_be_larger_than_the_backlog(void **state)
{
	size_t position = 0;
	(void)state;
	send_counted(&position, 5 * BACKLOG_BYTES);
	wanted = position;
	run_until(has_received);
	assert_counted(position);
	assert_int_equal(t.overflows, 0);
}

/* The close frame behind a frame that has begun and is larger than the backlog's limit. */
static void a_last_word_behind_a_large_frame(void **state)
{
	size_t position = 0;
	(void)state;
	send_counted(&position, 20 * BACKLOG_BYTES);
	run_some_turns();
	assert_true(conn_backlog(t.conn) > BACKLOG_BYTES);
	conn_discard_unsent(t.conn);
	send_frame("last word", 9);
	assert_true(conn_backlog(t.conn) > BACKLOG_BYTES);
	conn_finish(t.conn, LINGER_MS);
	run_until(has_fin);
	assert_int_equal(received.len, position + 9);
	assert_counted(position);
	assert_memory_equal(received.bytes + position, "last word", 9);
}

/* TCP cuts anywhere, also within a frame that was not queued yet. */
static void frames_over_tcp_cut_anywhere(void **state)
{
	size_t position = 0;
	(void)state;
	conn_close(t.conn);
	run_until(is_closed);
	close(t.fd);
	t.closed = 0;
	int fds[2];
	make_tcp_pair(fds);
	t.conn = conn_new(&loop, fds[0], &limits, &ops, &t);
	t.fd = fds[1];
	srand(3);
	for (unsigned round = 0; round < 300; round++) {
		const unsigned frames = (unsigned)rand() % 4 + 1;
		for (unsigned i = 0; i < frames; i++)
			send_counted(&position, (size_t)rand() % 15000 + 1);
		run_turn();
		if (conn_backlog(t.conn) > 0) {
			wanted = position;
			run_until(has_received);
		}
	}
	wanted = position;
	run_until(has_received);
	assert_int_equal(received.len, position);
	assert_counted(position);
	assert_true(loop.metrics.backlogs > 0);
	assert_int_equal(t.overflows, 0);
}

static void an_old_backlog_overflows(void **state)
{
	static const struct conn_limits impatient = {1000, BACKLOG_BYTES, AGE_MS};
	size_t position = 0;
	(void)state;
	conn_set_ops(t.conn, &impatient, &ops, &t);
	fill(&position, 20000);
	run_until(has_overflowed);
}

static void overflow_closes_where_nobody_cares(void **state)
{
	size_t position = 0;
	(void)state;
	conn_set_ops(t.conn, &limits, &lazy_ops, &t);
	while (t.closed == 0) {
		send_counted(&position, 10000);
		if (position % 100000 == 0)
			run_some_turns();
	}
}

static void sending_to_a_peer_that_is_gone(void **state)
{
	(void)state;
	close(t.fd);
	t.fd = -1;
	send_frame("x", 1);
	run_until(is_closed); /* and no SIGPIPE */
}

static struct {
	struct wheel_timer timer;
	const char *last_words;
} leaver;

/* Between the turn's reading and its sending: the peer says something more and is gone. */
static void on_leave(struct wheel_timer *timer)
{
	(void)timer;
	send_frame("an answer", 9);
	put(leaver.last_words, strlen(leaver.last_words));
	close(t.fd);
	t.fd = -1;
}

static void what_a_peer_said_before_it_left_is_heard(void **state)
{
	(void)state;
	leaver.last_words = "the last words";
	loop_timer_set(&loop, &leaver.timer, 1, on_leave);
	run_until(is_closed);
	assert_int_equal(t.input.len, strlen(leaver.last_words));
	assert_memory_equal(t.input.bytes, leaver.last_words, t.input.len);
	assert_int_equal(t.overflows, 0);
}

static void a_paused_owner_hears_it_when_it_resumes(void **state)
{
	(void)state;
	leaver.last_words = "the last words";
	conn_pause(t.conn);
	loop_timer_set(&loop, &leaver.timer, 1, on_leave);
	run_until(has_error);
	assert_int_equal(t.input.len, 0);
	assert_int_equal(t.closed, 0);
	conn_resume(t.conn);
	run_until(is_closed);
	assert_int_equal(t.input.len, strlen(leaver.last_words));
}

/* --- the end --- */

static void finish_sends_what_is_queued_and_waits_for_fin(void **state)
{
	size_t position = 0;
	(void)state;
	fill(&position, 50000);
	conn_finish(t.conn, LINGER_MS);
	send_frame("too late", 8);
	assert_true(conn_is_finishing(t.conn));
	run_until(has_fin);
	assert_int_equal(received.len, position);
	assert_counted(position);
	put("ignored", 7);
	run_some_turns();
	assert_int_equal(t.calls, 0);
	assert_int_equal(t.closed, 0);
	shutdown(t.fd, SHUT_WR);
	run_until(is_closed);
}

static void finish_does_not_wait_for_ever(void **state)
{
	(void)state;
	conn_finish(t.conn, AGE_MS);
	run_until(is_closed);
	assert_true(has_fin());
}

static void finish_with_a_peer_that_never_reads(void **state)
{
	static const struct conn_limits impatient = {1000, BACKLOG_BYTES, AGE_MS};
	size_t position = 0;
	(void)state;
	conn_set_ops(t.conn, &impatient, &ops, &t);
	fill(&position, 20000);
	conn_finish(t.conn, LINGER_MS);
	run_until(is_closed);
}

static void finish_after_the_peers_fin(void **state)
{
	(void)state;
	shutdown(t.fd, SHUT_WR);
	run_until(has_ended);
	send_frame("answer", 6);
	conn_finish(t.conn, LINGER_MS);
	run_until(is_closed);
	assert_true(has_fin());
	assert_memory_equal(received.bytes, "answer", 6);
}

static void expiry_closes_and_can_be_taken_back(void **state)
{
	(void)state;
	conn_expire(t.conn, AGE_MS);
	conn_expire(t.conn, 0);
	const int64_t later_ms = clock_monotonic_ms() + 2 * AGE_MS;
	while (clock_monotonic_ms() < later_ms)
		run_some_turns();
	assert_int_equal(t.closed, 0);
	conn_expire(t.conn, AGE_MS);
	run_until(is_closed);
}

static void closed_twice_and_used_after(void **state)
{
	(void)state;
	send_frame("x", 1);
	conn_close(t.conn);
	conn_close(t.conn);
	assert_true(conn_is_closing(t.conn));
	send_frame("y", 1);
	conn_finish(t.conn, 1);
	conn_expire(t.conn, 1);
	conn_pause(t.conn);
	conn_resume(t.conn);
	conn_discard_unsent(t.conn);
	run_until(is_closed);
	assert_int_equal(t.closed, 1);
}

/* --- moving --- */

/* Another owner, as on another worker. */
static struct {
	struct conn *conn;
	struct conn_parts parts;
	struct buf input;
	unsigned closed;
	bool detach_in_data;
} moved;

static size_t moved_on_data(struct conn *conn, char *bytes, size_t len)
{
	assert_ptr_equal(conn_user(conn), &moved);
	buf_append(&moved.input, bytes, len);
	return len;
}

static void moved_on_closed(struct conn *conn)
{
	assert_ptr_equal(conn, moved.conn);
	moved.closed++;
}

static const struct conn_ops moved_ops = {.on_data = moved_on_data, .on_closed = moved_on_closed};

static int start_moving(void **state)
{
	memset(&moved, 0, sizeof(moved));
	return start(state);
}

static int stop_moving(void **state)
{
	loop_end(state);
	assert_int_equal(t.closed, 0); /* its owner let go */
	assert_int_equal(moved.closed, moved.conn != NULL ? 1 : 0);
	close(t.fd);
	buf_deinit(&t.input);
	buf_deinit(&received);
	buf_deinit(&moved.input);
	return 0;
}

static void attach(struct loop *to, const char *input)
{
	moved.conn = conn_attach(to, &moved.parts, cln_slice_of(input), &limits, &moved_ops, &moved);
	assert_non_null(moved.conn);
	assert_ptr_equal(conn_loop(moved.conn), to);
}

static bool has_moved_input(void)
{
	return moved.input.len >= wanted;
}

static void a_connection_moves_with_what_was_read(void **state)
{
	(void)state;
	put("unread", 6);
	conn_detach(t.conn, &moved.parts);
	assert_true(conn_is_closing(t.conn));
	send_frame("dropped", 7);
	conn_finish(t.conn, LINGER_MS);
	conn_close(t.conn);
	run_some_turns(); /* frees it */
	assert_false(has_fin());
	attach(&loop, "read before, ");
	wanted = 19;
	run_until(has_moved_input);
	assert_memory_equal(moved.input.bytes, "read before, unread", 19);
	assert_int_equal(t.calls, 0);
	t.conn = moved.conn;
	send_frame("answer", 6);
	wanted = 6;
	run_until(has_received);
	assert_memory_equal(received.bytes, "answer", 6);
	assert_false(conn_is_secure(moved.conn));
}

static size_t on_data_detach(struct conn *conn, char *bytes, size_t len)
{
	t.calls++;
	buf_append(&t.input, bytes, len);
	conn_detach(conn, &moved.parts);
	return 0;
}

static bool is_detached(void)
{
	return moved.parts.fd != 0;
}

static void moving_from_within_on_data(void **state)
{
	static const struct conn_ops detaching = {.on_data = on_data_detach, .on_closed = on_closed};
	(void)state;
	conn_set_ops(t.conn, &limits, &detaching, &t);
	conn_expire(t.conn, AGE_MS); /* a timer goes with it */
	put("request", 7);
	run_until(is_detached);
	put(" more", 5);
	run_some_turns();
	buf_append(&t.input, "", 1);
	attach(&loop, t.input.bytes);
	wanted = 12;
	run_until(has_moved_input);
	assert_memory_equal(moved.input.bytes, "request more", 12);
	assert_int_equal(t.calls, 1);
}

static void moving_to_another_loop(void **state)
{
	static struct loop other;
	static struct loop *const peers[] = {&loop, &other};
	(void)state;
	assert_int_equal(loop_init(&other, 1, 2, peers, NULL), 0);
	conn_detach(t.conn, &moved.parts);
	attach(&other, "");
	put("hello", 5);
	struct mail *const mail = calloc(1, sizeof(*mail));
	mail->deliver = test_stop;
	loop_post(&other, mail);
	loop_run(&other);
	assert_int_equal(moved.input.len, 5);
	loop_deinit(&other);
	assert_int_equal(moved.closed, 1);
	assert_true(has_fin());
}

static void paused_and_moved(void **state)
{
	(void)state;
	conn_pause(t.conn);
	conn_detach(t.conn, &moved.parts);
	attach(&loop, "kept");
	conn_pause(moved.conn);
	run_some_turns();
	assert_int_equal(moved.input.len, 0);
	conn_resume(moved.conn);
	wanted = 4;
	run_until(has_moved_input);
}

static void parts_that_nobody_wants(void **state)
{
	(void)state;
	conn_detach(t.conn, &moved.parts);
	conn_parts_close(&moved.parts);
	assert_true(has_fin());
}

static void peers_have_names(void **state)
{
	char name[CONN_PEER_MAX];
	(void)state;
	conn_peer(t.conn, name);
	assert_string_equal(name, "unix");
}

struct letter {
	struct mail mail;
};

static bool has_mail;

static void on_letter(struct loop *to, struct mail *mail)
{
	assert_ptr_equal(to, &loop);
	free(mail);
	has_mail = true;
}

static bool got_mail(void)
{
	return has_mail;
}

static void mail_reaches_the_own_loop(void **state)
{
	struct letter *const letter = calloc(1, sizeof(*letter));
	(void)state;
	letter->mail.deliver = on_letter;
	has_mail = false;
	loop_post(&loop, &letter->mail);
	run_until(got_mail);
}

#define TEST(name)        cmocka_unit_test_setup_teardown(name, start, stop)
#define MOVING_TEST(name) cmocka_unit_test_setup_teardown(name, start_moving, stop_moving)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(input_is_kept_until_it_is_enough),
		TEST(byte_by_byte),
		TEST(much_input_is_kept),
		TEST(more_input_than_the_limit_closes),
		TEST(data_and_fin_in_one_go),
		TEST(fin_closes_where_nobody_cares),
		TEST(paused_input_waits),
		TEST(pausing_within_the_callback_keeps_the_rest),
		TEST(the_next_owner_gets_the_rest),
		TEST(closing_within_the_callback),
		TEST(frames_of_a_turn_leave_in_one_call),
		TEST(four_frames_need_no_queue),
		TEST(large_frames_among_small_ones),
		TEST(the_backlog_leaves_when_the_peer_reads),
		TEST(room_on_demand_is_looked_out_for_while_output_waits),
		TEST(overflow_is_told_once_and_a_last_word_follows),
		TEST(one_frame_may_be_larger_than_the_backlog),
		TEST(a_last_word_behind_a_large_frame),
		TEST(frames_over_tcp_cut_anywhere),
		TEST(an_old_backlog_overflows),
		TEST(overflow_closes_where_nobody_cares),
		TEST(sending_to_a_peer_that_is_gone),
		TEST(what_a_peer_said_before_it_left_is_heard),
		TEST(a_paused_owner_hears_it_when_it_resumes),
		TEST(finish_sends_what_is_queued_and_waits_for_fin),
		TEST(finish_does_not_wait_for_ever),
		TEST(finish_with_a_peer_that_never_reads),
		TEST(finish_after_the_peers_fin),
		TEST(expiry_closes_and_can_be_taken_back),
		TEST(closed_twice_and_used_after),
		MOVING_TEST(a_connection_moves_with_what_was_read),
		MOVING_TEST(moving_from_within_on_data),
		MOVING_TEST(moving_to_another_loop),
		MOVING_TEST(paused_and_moved),
		MOVING_TEST(parts_that_nobody_wants),
		TEST(peers_have_names),
		TEST(mail_reaches_the_own_loop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

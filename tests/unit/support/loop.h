/* SPDX-License-Identifier: MIT
 *
 * For tests of what lives on a loop: one loop, socket pairs, and running until something has
 * happened. The test's end of a pair is non-blocking. Include after cmocka.h.
 */
#ifndef TEST_LOOP_H
#define TEST_LOOP_H

#include "relay/base/buf.h"
#include "relay/base/clock.h"
#include "relay/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#define TEST_WAIT_MS 10000
#define TEST_STEP_MS 1

static struct loop loop;

struct test_watch {
	struct wheel_timer timer; /* first */
	bool (*is_done)(void);
	int64_t deadline_ms;
	bool is_late;
};

static void test_watch(struct wheel_timer *timer)
{
	struct test_watch *const watch = (struct test_watch *)timer;
	const bool is_done = watch->is_done();
	if (is_done || loop.now_ms > watch->deadline_ms) {
		watch->is_late = !is_done;
		loop_stop(&loop);
	} else {
		loop_timer_set(&loop, timer, TEST_STEP_MS, test_watch);
	}
}

/* Runs the loop until `is_done`; the test fails after TEST_WAIT_MS. */
static void run_until(bool (*is_done)(void))
{
	struct test_watch watch = {
		.is_done = is_done, .deadline_ms = clock_monotonic_ms() + TEST_WAIT_MS};
	loop_timer_set(&loop, &watch.timer, 0, test_watch);
	loop_run(&loop);
	assert_false(watch.is_late);
}

static unsigned test_turns;

static bool test_some_turns(void)
{
	return test_turns-- == 0;
}

/* For showing that nothing happens: a few turns, each with whatever is ready. */
static inline void run_some_turns(void)
{
	test_turns = 4;
	run_until(test_some_turns);
}

static int loop_start(void **state)
{
	static struct loop *const peers[] = {&loop};
	(void)state;
	return loop_init(&loop, 0, 1, peers, NULL);
}

static int loop_end(void **state)
{
	(void)state;
	loop_deinit(&loop);
	return 0;
}

static void set_non_blocking(int fd)
{
	assert_int_equal(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK), 0);
}

/* `fds[0]` is for the connection under test. */
static void make_pair(int fds[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	set_non_blocking(fds[0]);
	set_non_blocking(fds[1]);
}

/* Appends what is there. False once the other side has sent FIN (or RST). */
static inline bool drain(int fd, struct buf *into)
{
	char bytes[65536];
	for (;;) {
		const ssize_t got = recv(fd, bytes, sizeof(bytes), 0);
		if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return true;
		if (got <= 0)
			return false;
		buf_append(into, bytes, (size_t)got);
	}
}

#endif

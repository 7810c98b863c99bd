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
#include <netinet/in.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define TEST_WAIT_MS 10000

static struct loop loop;

static void test_stop(struct loop *own, struct mail *mail)
{
	free(mail);
	loop_stop(own);
}

/* One pass over what is ready now, and the work of the turn's end. */
static inline void run_turn(void)
{
	struct mail *const mail = calloc(1, sizeof(*mail));
	mail->deliver = test_stop;
	loop_post(&loop, mail);
	loop_run(&loop);
}

/* Runs the loop until `is_done`; the test fails after TEST_WAIT_MS. */
static inline void run_until(bool (*is_done)(void))
{
	const int64_t deadline_ms = clock_monotonic_ms() + TEST_WAIT_MS;
	while (!is_done()) {
		assert_true(clock_monotonic_ms() < deadline_ms);
		run_turn();
		sched_yield();
	}
}

/* For showing that nothing happens. */
static inline void run_some_turns(void)
{
	for (unsigned i = 0; i < 4; i++)
		run_turn();
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

static inline void set_non_blocking(int fd)
{
	assert_int_equal(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK), 0);
}

/* `fds[0]` is for the connection under test. */
static inline void make_pair(int fds[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	set_non_blocking(fds[0]);
	set_non_blocking(fds[1]);
}

/* The same over TCP, with small buffers. */
static inline void make_tcp_pair(int fds[2])
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	const int size = 4096;
	const int listener = socket(AF_INET, SOCK_STREAM, 0);
	fds[1] = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(listener, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	setsockopt(fds[1], SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	assert_int_equal(bind(listener, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
	assert_int_equal(connect(fds[1], (struct sockaddr *)&address, len), 0);
	fds[0] = accept(listener, NULL, NULL);
	assert_true(fds[0] >= 0);
	close(listener);
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

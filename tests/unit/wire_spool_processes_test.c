/* SPDX-License-Identifier: MIT */
/* sources: wire/spool.c wire/spool_replay.c wire/spool_format.c wire/crc32c.c wire/name.c */
/*
 * The spool between processes: locks, forks, appending while another replays, death in the middle,
 * a full disk, a file that one may not open.
 */
#include "wire/spool.h"

#include "support/spool.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#define WRITERS      2
#define EACH         2000
#define KILLS        12
#define NOBODY       65534
#define UNTIL_MS     30000
#define BOUND_OF_TRY 1000 /* ms: a try ends after one, also on a busy machine */

static struct cln_spool spool;
static struct numbers numbers;

static void open_spool(struct cln_spool *opened)
{
	if (cln_spool_open(opened, spool_file, APP, true) != CLN_OK)
		abort();
}

static int close_spool(void **state)
{
	cln_spool_close(&spool);
	return remove_spool(state);
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int status_of(pid_t child)
{
	int status;

	if (waitpid(child, &status, 0) != child)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void a_held_lock_is_not_waited_for(void **state)
{
	const int fd = (open_spool(&spool), open(spool_file, O_RDWR));
	const int64_t before = now_ms();

	(void)state;
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(append_number(&spool, 0), CLN_ERR_MORE);
	assert_in_range(now_ms() - before, 0, BOUND_OF_TRY);
	assert_true(cln_spool_is_empty(&spool)); /* looking needs no lock */
	close(fd);
	assert_int_equal(append_number(&spool, 0), CLN_OK);
}

static void one_replays(void **state)
{
	struct cln_spool other;

	(void)state;
	open_spool(&spool);
	open_spool(&other);
	assert_true(cln_spool_claim(&spool));
	assert_true(cln_spool_claim(&spool));
	assert_false(cln_spool_claim(&other));
	assert_int_equal(append_number(&other, 0), CLN_OK);
	cln_spool_unclaim(&spool);
	assert_true(cln_spool_claim(&other));
	assert_false(cln_spool_claim(&spool));
	cln_spool_close(&other);
	assert_true(cln_spool_claim(&spool));
}

/* What the child of a replayer does says nothing about its parent's claim. */
static int child_of_a_replayer(void)
{
	struct cln_spool_progress progress = {0};

	if (cln_spool_advance(&spool, &progress) != CLN_ERR_PROTOCOL || cln_spool_claim(&spool))
		return 1;
	if (append_number(&spool, 1) != CLN_OK)
		return 2;
	cln_spool_close(&spool);
	return 0;
}

static void a_fork_leaves_the_claim_to_the_parent(void **state)
{
	struct cln_spool other;
	pid_t child;

	(void)state;
	open_spool(&spool);
	assert_int_equal(append_number(&spool, 0), CLN_OK);
	assert_true(cln_spool_claim(&spool));
	child = fork();
	if (child == 0)
		_exit(child_of_a_replayer());
	assert_int_equal(status_of(child), 0);
	open_spool(&other);
	assert_false(cln_spool_claim(&other));
	cln_spool_close(&other);
	replay_all(&spool, &numbers);
	assert_int_equal(numbers.count, 2);
}

/* A child that lives on with the descriptor open doesn't keep what its parent gave up. */
static void a_fork_does_not_keep_the_claim(void **state)
{
	struct cln_spool other;
	pid_t child;

	(void)state;
	open_spool(&spool);
	assert_true(cln_spool_claim(&spool));
	child = fork();
	if (child == 0) {
		pause();
		_exit(0);
	}
	cln_spool_unclaim(&spool);
	open_spool(&other);
	assert_true(cln_spool_claim(&other));
	cln_spool_close(&other);
	kill(child, SIGKILL);
	assert_int_equal(status_of(child), -SIGKILL);
}

/* ---- appending while another replays ---- */

static int append_many(uint32_t first)
{
	struct cln_spool own;

	open_spool(&own);
	for (uint32_t i = 0; i < EACH; i++) {
		int result;

		while ((result = append_number(&own, first + i)) == CLN_ERR_MORE)
			;
		if (result != CLN_OK)
			return 1;
	}
	return 0;
}

static void assert_all_came_once(void)
{
	assert_int_equal(numbers.count, WRITERS * EACH);
	for (uint32_t i = 0; i < WRITERS * EACH; i++)
		assert_int_equal(numbers.seen[i], 1);
}

static void two_append_while_a_third_replays(void **state)
{
	const int64_t until = now_ms() + UNTIL_MS;
	pid_t writers[WRITERS];

	(void)state;
	open_spool(&spool);
	assert_true(cln_spool_claim(&spool));
	for (uint32_t i = 0; i < WRITERS; i++) {
		writers[i] = fork();
		if (writers[i] == 0)
			_exit(append_many(i * EACH));
	}
	memset(&numbers, 0, sizeof numbers);
	while (numbers.count < WRITERS * EACH && now_ms() < until) {
		if (!replay_some(&spool, &numbers))
			sched_yield();
	}
	for (uint32_t i = 0; i < WRITERS; i++)
		assert_int_equal(status_of(writers[i]), 0);
	assert_all_came_once();
	assert_true(cln_spool_is_empty(&spool));
	assert_int_equal(size_of_spool(), CLN_SPOOL_HEADER);
}

/* ---- death in the middle ---- */

/* Appends until it is killed and tells of each number that was taken. */
static void append_until_killed(int told)
{
	struct cln_spool own;

	open_spool(&own);
	for (uint32_t number = 0; number < NUMBERS_MAX; number++) {
		if (append_number(&own, number) != CLN_OK ||
			write(told, &number, sizeof number) != (ssize_t)sizeof number)
			_exit(1);
	}
	_exit(0);
}

/* The count of numbers that the child told of before it was killed, after at least `least`. */
static uint32_t kill_an_appender(uint32_t least)
{
	int pipe_fd[2];
	uint32_t number, told = 0;
	pid_t child;

	assert_int_equal(pipe(pipe_fd), 0);
	child = fork();
	if (child == 0)
		append_until_killed(pipe_fd[1]);
	close(pipe_fd[1]);
	while (read(pipe_fd[0], &number, sizeof number) == (ssize_t)sizeof number) {
		if (++told == least)
			kill(child, SIGKILL);
	}
	close(pipe_fd[0]);
	assert_int_equal(status_of(child), -SIGKILL);
	return told;
}

static void killed_while_appending(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < KILLS; i++) {
		const uint32_t told = kill_an_appender(20 + 7 * i);

		open_spool(&spool);
		assert_int_equal(append_number(&spool, NUMBERS_MAX - 1), CLN_OK);
		assert_true(cln_spool_claim(&spool));
		replay_all(&spool, &numbers);
		for (uint32_t number = 0; number < told; number++)
			assert_int_equal(numbers.seen[number], 1);
		/* One may have been taken that it could not tell of any more. */
		assert_in_range(numbers.count, told + 1, told + 2);
		assert_int_equal(numbers.last, NUMBERS_MAX - 1);
		assert_true(cln_spool_is_empty(&spool));
		close_spool(NULL);
	}
}

/* Replays one record at a time until it is killed. */
static void replay_until_killed(int told)
{
	struct cln_spool own;
	char bytes[RECORD_LEN];
	uint64_t offset;
	size_t len;

	open_spool(&own);
	if (!cln_spool_claim(&own))
		_exit(1);
	while (offset = 0, cln_spool_read(&own, bytes, sizeof bytes, &len, &offset) == CLN_OK && len) {
		const struct cln_spool_progress progress = {.offset = offset + len, .replayed = 1};

		if (write(told, "x", 1) != 1 || cln_spool_advance(&own, &progress) != CLN_OK)
			_exit(2);
	}
	_exit(3); /* it should have been killed before */
}

static size_t kill_a_replayer(size_t least)
{
	int pipe_fd[2];
	size_t told = 0;
	pid_t child;
	char x;

	assert_int_equal(pipe(pipe_fd), 0);
	child = fork();
	if (child == 0)
		replay_until_killed(pipe_fd[1]);
	close(pipe_fd[1]);
	while (read(pipe_fd[0], &x, 1) == 1) {
		if (++told == least)
			kill(child, SIGKILL);
	}
	close(pipe_fd[0]);
	assert_int_equal(status_of(child), -SIGKILL);
	return told;
}

/* The next replayer begins with the record that was not finished, or the one behind it. */
static void killed_while_replaying(void **state)
{
	(void)state;
	for (size_t i = 0; i < KILLS; i++) {
		size_t told;

		open_spool(&spool);
		for (uint32_t number = 0; number < EACH; number++)
			assert_int_equal(append_number(&spool, number), CLN_OK);
		told = kill_a_replayer(1 + 5 * i);
		assert_true(cln_spool_claim(&spool));
		replay_all(&spool, &numbers);
		assert_in_range(numbers.count + told, EACH, EACH + 1);
		assert_int_equal(numbers.last, EACH - 1);
		assert_true(numbers.in_order);
		close_spool(NULL);
	}
}

/* ---- what the system refuses ---- */

/* A bound on files stands for a full disk: the write comes back short, then fails. The signal that
 * comes with the bound, and ends a process, does not come. */
static int append_to_a_full_disk(void)
{
	const rlim_t room = CLN_SPOOL_HEADER + 2 * RECORD_LEN + RECORD_LEN / 2;
	const struct rlimit limit = {.rlim_cur = room, .rlim_max = RLIM_INFINITY};
	char two[2 * RECORD_LEN], second[RECORD_LEN];

	open_spool(&spool);
	if (append_number(&spool, 0) != CLN_OK || setrlimit(RLIMIT_FSIZE, &limit) != 0)
		return 1;
	numbered(two, 1);
	memcpy(two + RECORD_LEN, numbered(second, 2).ptr, RECORD_LEN);
	if (cln_spool_append(&spool, cln_slice(two, sizeof two), 2, MAX_BYTES) != CLN_ERR_SYSTEM ||
		errno != EFBIG)
		return 2;
	if (size_of_spool() != CLN_SPOOL_HEADER + RECORD_LEN)
		return 3;
	return append_number(&spool, 1) == CLN_OK ? 0 : 4;
}

static void a_full_disk_leaves_the_file_as_it_was(void **state)
{
	const pid_t child = fork();

	(void)state;
	if (child == 0)
		_exit(append_to_a_full_disk());
	assert_int_equal(status_of(child), 0);
	open_spool(&spool);
	assert_true(cln_spool_claim(&spool));
	replay_all(&spool, &numbers);
	assert_int_equal(numbers.count, 2);
	assert_int_equal(numbers.seen[0] + numbers.seen[1], 2);
}

/* No room for the header either: no half file is left. */
static int make_on_a_full_disk(void)
{
	const struct rlimit limit = {.rlim_cur = 100, .rlim_max = RLIM_INFINITY};

	if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
		return 1;
	if (cln_spool_open(&spool, spool_file, APP, true) != CLN_ERR_SYSTEM || errno != EFBIG)
		return 2;
	return append_number(&spool, 0) == CLN_ERR_SYSTEM && size_of_spool() == 0 ? 0 : 3;
}

static void a_full_disk_makes_no_half_header(void **state)
{
	const pid_t child = fork();

	(void)state;
	if (child == 0)
		_exit(make_on_a_full_disk());
	assert_int_equal(status_of(child), 0);
	open_spool(&spool);
	assert_int_equal(append_number(&spool, 0), CLN_OK);
}

/* As somebody else where that can be (root), else as its owner, who took the right from himself but
 * could still make the file of the claim. */
static int open_without_the_right(void)
{
	const bool is_root = geteuid() == 0;

	if (is_root && (setgid(NOBODY) != 0 || setuid(NOBODY) != 0))
		return 1;
	if (cln_spool_open(&spool, spool_file, APP, true) != CLN_ERR_SYSTEM || errno != EACCES)
		return 2;
	if (append_number(&spool, 0) != CLN_ERR_SYSTEM || !cln_spool_is_empty(&spool))
		return 3;
	return is_root && cln_spool_claim(&spool) ? 4 : 0;
}

static void a_file_of_another_user(void **state)
{
	pid_t child;

	(void)state;
	open_spool(&spool);
	assert_int_equal(chmod(spool_file, geteuid() == 0 ? 0600 : 0), 0);
	child = fork();
	if (child == 0)
		_exit(open_without_the_right());
	assert_int_equal(status_of(child), 0);
}

static void descriptors_are_not_inherited_by_programs(void **state)
{
	(void)state;
	open_spool(&spool);
	assert_true(cln_spool_claim(&spool));
	assert_int_equal(fcntl(spool.fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	assert_int_equal(fcntl(spool.replay_fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_held_lock_is_not_waited_for, close_spool),
		cmocka_unit_test_teardown(one_replays, close_spool),
		cmocka_unit_test_teardown(a_fork_leaves_the_claim_to_the_parent, close_spool),
		cmocka_unit_test_teardown(a_fork_does_not_keep_the_claim, close_spool),
		cmocka_unit_test_teardown(two_append_while_a_third_replays, close_spool),
		cmocka_unit_test_teardown(killed_while_appending, close_spool),
		cmocka_unit_test_teardown(killed_while_replaying, close_spool),
		cmocka_unit_test_teardown(a_full_disk_leaves_the_file_as_it_was, close_spool),
		cmocka_unit_test_teardown(a_full_disk_makes_no_half_header, close_spool),
		cmocka_unit_test_teardown(a_file_of_another_user, close_spool),
		cmocka_unit_test_teardown(descriptors_are_not_inherited_by_programs, close_spool),
	};

	return cmocka_run_group_tests(tests, make_spool_folder, remove_spool_folder);
}

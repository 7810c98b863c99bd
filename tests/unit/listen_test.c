/* SPDX-License-Identifier: MIT */
/* sources: relay/listen.c relay/loop.c relay/mailbox.c */
/* sources: relay/conn.c relay/conn_input.c relay/conn_output.c */
/* sources: relay/base/wheel.c relay/base/frame.c relay/base/xalloc.c relay/base/log.c */
/* sources: relay/base/clock.c relay/base/buf.c */
/* libs: libevent_core */
/*
 * Listening sockets: addresses right and wrong, the Unix socket's file, options that connections
 * inherit, the pace of accepting, and a process without descriptors.
 */
#include "relay/base/log.h"
#include "relay/listen.h"

#include <stdarg.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <grp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "support/loop.h"

#define FDS_MAX  16
#define PATH_LEN 100

static char folder[] = "/tmp/listen-test-XXXXXX";
static char error[LISTEN_ERROR_MAX];
static struct listener *listener;
static int accepted[FDS_MAX];
static unsigned accepted_count, wanted;

static void on_accept(void *context, int fd, bool is_unix)
{
	assert_ptr_equal(context, &loop);
	assert_int_equal(is_unix, strncmp(listen_address(listener), "unix:", 5) == 0);
	assert_true(accepted_count < FDS_MAX);
	assert_true((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
	accepted[accepted_count++] = fd;
}

static bool has_accepted(void)
{
	return accepted_count >= wanted;
}

static struct listener *open_at(const char *address, const char *group, unsigned rate)
{
	const struct listen_options options = {.address = address, .group = group, .rate = rate};
	snprintf(error, sizeof(error), "none");
	listener = listen_open(&options, error);
	return listener;
}

static void begin(void)
{
	accepted_count = 0;
	assert_int_equal(listen_start(listener, &loop, on_accept, &loop), 0);
}

static void end(void)
{
	while (accepted_count > 0)
		close(accepted[--accepted_count]);
	listen_close(listener);
}

static void assert_refused(const char *address, const char *group, const char *words)
{
	if (open_at(address, group, 0) != NULL)
		fail_msg("%s should not be possible", address);
	if (strstr(error, words) == NULL)
		fail_msg("%s: \"%s\" does not say \"%s\"", address, error, words);
}

static int connect_tcp(void)
{
	const char *const colon = strrchr(listen_address(listener), ':');
	struct sockaddr_in to = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const int fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

static int connect_unix(const char *path)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	memcpy(to.sun_path, path, strlen(path));
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

static void in_folder(char out[PATH_LEN], const char *prefix, const char *name)
{
	snprintf(out, PATH_LEN, "%s%s/%s", prefix, folder, name);
}

static int option(int fd, int level, int name)
{
	int value = -1;
	socklen_t len = sizeof(value);
	assert_int_equal(getsockopt(fd, level, name, &value, &len), 0);
	return value;
}

static void chosen_port_and_inherited_options(void **state)
{
	(void)state;
	assert_non_null(open_at("127.0.0.1:0", NULL, 0));
	assert_int_equal(strncmp(listen_address(listener), "127.0.0.1:", 10), 0);
	assert_string_not_equal(listen_address(listener), "127.0.0.1:0");
	begin();
	const int fd = connect_tcp();
	wanted = 1;
	run_until(has_accepted);
	assert_int_equal(option(accepted[0], IPPROTO_TCP, TCP_NODELAY), 1);
	assert_int_equal(option(accepted[0], IPPROTO_TCP, TCP_NOTSENT_LOWAT), 16384);
	assert_int_equal(option(accepted[0], IPPROTO_TCP, TCP_USER_TIMEOUT), 20000);
	close(fd);
	end();
}

static void kinds_of_addresses(void **state)
{
	static const char *const right[] = {
		"localhost:0", "tcp:127.0.0.1:0", "*:0", ":0", "0.0.0.0:0", "[::1]:0", "[::]:0"};
	(void)state;
	for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
		if (open_at(right[i], NULL, 0) == NULL)
			fail_msg("%s: %s", right[i], error);
		listen_close(listener);
	}
	assert_refused("127.0.0.1", NULL, "HOST:PORT");
	assert_refused("127.0.0.1:", NULL, "HOST:PORT");
	assert_refused("::1:0", NULL, "[HOST]:PORT");
	assert_refused("no.such.host.invalid:0", NULL, "looked up");
	assert_refused("127.0.0.1:65536", NULL, "at most 65535");
	assert_refused("127.0.0.1:http", NULL, "HOST:PORT");
	assert_refused("192.0.2.1:0", NULL, "Can't listen");
}

static void port_in_use(void **state)
{
	char address[128];
	(void)state;
	assert_non_null(open_at("127.0.0.1:0", NULL, 0));
	struct listener *const first = listener;
	snprintf(address, sizeof(address), "%s", listen_address(first));
	assert_refused(address, NULL, "Another program has this port");
	listen_close(first);
	assert_non_null(open_at(address, NULL, 0));
	listen_close(listener);
}

static void unix_socket_and_its_file(void **state)
{
	char address[PATH_LEN], path[PATH_LEN];
	struct stat status;
	(void)state;
	in_folder(address, "unix:", "a.sock");
	in_folder(path, "", "a.sock");
	assert_non_null(open_at(address, NULL, 0));
	assert_string_equal(listen_address(listener), address);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0666);
	begin();
	const int fd = connect_unix(path);
	wanted = 1;
	run_until(has_accepted);
	close(fd);
	end();
	assert_int_not_equal(stat(path, &status), 0); /* removed */

	char group[16];
	snprintf(group, sizeof(group), "%u", (unsigned)getgid());
	assert_non_null(open_at(address, group, 0));
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0660);
	assert_int_equal(status.st_gid, getgid());
	listen_close(listener);
	assert_refused(address, "no-such-group", "no group no-such-group");
}

/* Stands in for the C library's: every group has more members than fit. */
int getgrnam_r(
	const char *name, struct group *group, char *buffer, size_t size, struct group **found)
{
	(void)name;
	(void)group;
	(void)buffer;
	(void)size;
	*found = NULL;
	return ERANGE;
}

static void a_group_may_have_many_members(void **state)
{
	char address[PATH_LEN];
	const struct group *const own = getgrgid(getgid());
	(void)state;
	in_folder(address, "unix:", "members.sock");
	if (own == NULL) {
		/* Our group has no name, so a foreign one has to be found and must be refused. */
		assert_refused(address, "daemon", "The relay's user must be a member");
		return;
	}
	assert_non_null(open_at(address, own->gr_name, 0));
	listen_close(listener);
}

static void a_live_socket_is_left_alone_and_a_stale_one_replaced(void **state)
{
	char address[PATH_LEN], path[PATH_LEN];
	struct stat before, after;
	(void)state;
	in_folder(address, "unix:", "b.sock");
	in_folder(path, "", "b.sock");
	assert_non_null(open_at(address, NULL, 0));
	struct listener *const first = listener;
	assert_int_equal(stat(path, &before), 0);
	assert_refused(address, NULL, "Another process listens");
	assert_int_equal(stat(path, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	listen_close(first);

	/* What a process that was killed leaves behind. */
	const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	memcpy(at.sun_path, path, strlen(path));
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	close(fd);
	if (open_at(address, NULL, 0) == NULL)
		fail_msg("%s", error);
	/* Not ours any more: left to whoever replaced it. */
	assert_int_equal(unlink(path), 0);
	fclose(fopen(path, "w"));
	listen_close(listener);
	assert_int_equal(stat(path, &after), 0);
	assert_refused(address, NULL, "no socket");
	unlink(path);
}

static void paths_that_cannot_be(void **state)
{
	char address[256] = "unix:";
	(void)state;
	assert_refused("unix:", NULL, "1 to 107 bytes");
	in_folder(address, "unix:", "none/a.sock");
	assert_refused(address, NULL, "Create its folder first");
	/* 107 bytes are right, 108 are not. */
	const size_t begin_len = strlen("unix:") + strlen(folder) + 1;
	snprintf(address, sizeof(address), "unix:%s/", folder);
	memset(address + begin_len, 'p', sizeof("unix:") - 1 + 108 - begin_len);
	address[sizeof("unix:") - 1 + 108] = '\0';
	assert_refused(address, NULL, "108. Choose a shorter path");
	address[sizeof("unix:") - 1 + 107] = '\0';
	assert_non_null(open_at(address, NULL, 0));
	assert_string_equal(listen_address(listener), address);
	listen_close(listener);
}

static void accepting_is_paced(void **state)
{
	int fds[8];
	(void)state;
	assert_non_null(open_at("127.0.0.1:0", NULL, 4));
	begin();
	for (unsigned i = 0; i < 8; i++)
		fds[i] = connect_tcp();
	wanted = 4;
	run_until(has_accepted);
	const int64_t burst_ms = clock_monotonic_ms();
	run_some_turns();
	assert_true(accepted_count <= 5);
	wanted = 8;
	run_until(has_accepted);
	assert_true(clock_monotonic_ms() - burst_ms >= 700); /* four more at four a second */
	for (unsigned i = 0; i < 8; i++)
		close(fds[i]);
	end();
}

static int highest_fd(void)
{
	const int fd = dup(0);
	close(fd);
	return fd;
}

static bool was_refused(void)
{
	return loop.metrics.connections_refused >= wanted;
}

static void without_descriptors_connections_are_turned_away(void **state)
{
	struct rlimit before, now;
	char byte;
	(void)state;
	assert_non_null(open_at("127.0.0.1:0", NULL, 0));
	begin();
	const int fd = connect_tcp();
	const int late = connect_tcp();
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	now = before;
	now.rlim_cur = (rlim_t)highest_fd();
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
	wanted = 2;
	log_init(-1, LOG_LEVEL_ERROR);
	run_until(was_refused);
	log_init(STDERR_FILENO, LOG_LEVEL_INFO);
	assert_int_equal(recv(fd, &byte, 1, 0), 0);
	assert_int_equal(accepted_count, 0);
	/* With room again, everything is as before. */
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	const int again = connect_tcp();
	wanted = 1;
	run_until(has_accepted);
	close(fd);
	close(late);
	close(again);
	end();
}

static int start(void **state)
{
	if (mkdtemp(folder) == NULL)
		return -1;
	return loop_start(state);
}

static int stop(void **state)
{
	rmdir(folder);
	return loop_end(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chosen_port_and_inherited_options),
		cmocka_unit_test(kinds_of_addresses),
		cmocka_unit_test(port_in_use),
		cmocka_unit_test(unix_socket_and_its_file),
		cmocka_unit_test(a_group_may_have_many_members),
		cmocka_unit_test(a_live_socket_is_left_alone_and_a_stale_one_replaced),
		cmocka_unit_test(paths_that_cannot_be),
		cmocka_unit_test(accepting_is_paced),
		cmocka_unit_test(without_descriptors_connections_are_turned_away),
	};
	return cmocka_run_group_tests(tests, start, stop);
}

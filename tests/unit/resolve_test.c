/* SPDX-License-Identifier: MIT */
/* sources: relay/resolve.c relay/conn.c relay/conn_input.c relay/conn_output.c relay/loop.c */
/* sources: relay/mailbox.c relay/base/wheel.c relay/base/frame.c relay/base/xalloc.c */
/* sources: relay/base/log.c relay/base/clock.c relay/base/buf.c */
/* libs: libevent_core */
/*
 * Resolving a name on the side, against a resolver that answers when the test lets it: an answer,
 * an error, and giving up while the resolver hangs.
 */
#include "relay/resolve.h"

#include <netdb.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>

#include "support/loop.h"

#define HANGING_MS 5000

static sem_t asked, may_answer, has_answered;
static int outcome; /* of the resolver */
static struct addrinfo nowhere;

static struct {
	unsigned answers;
	struct addrinfo *found;
	const char *error;
} t;

/* Stand in for the C library's. */
int getaddrinfo(
	const char *host, const char *port, const struct addrinfo *hints, struct addrinfo **found)
{
	(void)host;
	(void)port;
	(void)hints;
	sem_post(&asked);
	sem_wait(&may_answer);
	*found = outcome == 0 ? &nowhere : NULL;
	sem_post(&has_answered);
	return outcome;
}

void freeaddrinfo(struct addrinfo *found)
{
	assert_ptr_equal(found, &nowhere);
}

static void on_answer(void *context, struct addrinfo *found, const char *error)
{
	assert_ptr_equal(context, &t);
	t.answers++;
	t.found = found;
	t.error = error;
}

static bool is_answered(void)
{
	return t.answers > 0;
}

static int start(void **state)
{
	memset(&t, 0, sizeof(t));
	sem_init(&asked, 0, 0);
	sem_init(&may_answer, 0, 0);
	sem_init(&has_answered, 0, 0);
	outcome = 0;
	return loop_start(state);
}

static struct resolve *ask(void)
{
	struct resolve *const resolve = resolve_start(&loop, "name", "1", on_answer, &t);
	assert_non_null(resolve);
	sem_wait(&asked);
	return resolve;
}

static void an_answer_comes_by_mail(void **state)
{
	(void)state;
	ask();
	run_some_turns();
	assert_int_equal(t.answers, 0);
	sem_post(&may_answer);
	run_until(is_answered);
	assert_ptr_equal(t.found, &nowhere);
	assert_null(t.error);
}

static void an_error_is_told(void **state)
{
	(void)state;
	outcome = EAI_NONAME;
	ask();
	sem_post(&may_answer);
	run_until(is_answered);
	assert_null(t.found);
	assert_string_equal(t.error, gai_strerror(EAI_NONAME));
}

static void giving_up_does_not_wait_for_the_resolver(void **state)
{
	(void)state;
	struct resolve *const resolve = ask();
	alarm(HANGING_MS / 1000); /* ends the program if this waits */
	resolve_cancel(resolve);
	alarm(0);
	run_some_turns();
	sem_post(&may_answer);
	sem_wait(&has_answered);
	run_some_turns();
	assert_int_equal(t.answers, 0);
}

static void giving_up_after_the_answer(void **state)
{
	(void)state;
	struct resolve *const resolve = ask();
	sem_post(&may_answer);
	sem_wait(&has_answered);
	resolve_cancel(resolve);
	run_some_turns();
	assert_int_equal(t.answers, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, loop_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_answer_comes_by_mail),
		TEST(an_error_is_told),
		TEST(giving_up_does_not_wait_for_the_resolver),
		TEST(giving_up_after_the_answer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

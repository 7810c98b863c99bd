/* SPDX-License-Identifier: MIT
 *
 * The struct belongs to the loop's thread; the helper thread reads the names, writes the result
 * and posts the struct back as mail, after which it touches nothing. A thread whose answer is not
 * wanted any more keeps the struct and frees it: which of the two came first, `is_over` decides.
 */
#include "resolve.h"
#include "base/xalloc.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>

struct resolve {
	struct mail mail;
	struct loop *loop;
	pthread_t thread;
	bool is_joined;
	atomic_bool is_over; /* answered or cancelled */
	char *host;
	char *port;
	struct addrinfo *found;
	int error;
	resolve_fn answer; /* NULL: cancelled */
	void *context;
};

/* With what was found, unless somebody has taken it. */
static void resolve_free(struct resolve *resolve)
{
	if (resolve->found != NULL)
		freeaddrinfo(resolve->found);
	free(resolve->host);
	free(resolve->port);
	free(resolve);
}

static void on_mail(struct loop *loop, struct mail *mail)
{
	struct resolve *const resolve = (struct resolve *)mail;
	(void)loop;
	if (!resolve->is_joined)
		pthread_join(resolve->thread, NULL);
	struct addrinfo *const found = resolve->found;
	if (resolve->answer != NULL) {
		resolve->found = NULL;
		resolve->answer(
			resolve->context, found, found == NULL ? gai_strerror(resolve->error) : NULL);
	}
	resolve_free(resolve);
}

static void *run(void *context)
{
	struct resolve *const resolve = context;
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
	resolve->error = getaddrinfo(resolve->host, resolve->port, &hints, &resolve->found);
	if (resolve->error != 0)
		resolve->found = NULL;
	if (atomic_exchange(&resolve->is_over, true))
		resolve_free(resolve);
	else
		loop_post(resolve->loop, &resolve->mail);
	return NULL;
}

/* Signals are the main thread's. */
static int start_quiet_thread(struct resolve *resolve)
{
	sigset_t all, old;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	const int error = pthread_create(&resolve->thread, NULL, run, resolve);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return error;
}

struct resolve *resolve_start(
	struct loop *loop, const char *host, const char *port, resolve_fn answer, void *context)
{
	struct resolve *const resolve = xcalloc(1, sizeof(*resolve));
	resolve->mail.deliver = on_mail;
	resolve->loop = loop;
	resolve->host = xstrdup(host);
	resolve->port = xstrdup(port);
	resolve->answer = answer;
	resolve->context = context;
	if (start_quiet_thread(resolve) == 0)
		return resolve;
	resolve_free(resolve);
	return NULL;
}

void resolve_cancel(struct resolve *resolve)
{
	const pthread_t thread = resolve->thread;
	resolve->answer = NULL;
	if (!atomic_exchange(&resolve->is_over, true)) {
		pthread_detach(thread); /* the struct is the thread's now */
		return;
	}
	pthread_join(thread, NULL);
	resolve->is_joined = true;
}

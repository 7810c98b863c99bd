/* SPDX-License-Identifier: MIT
 *
 * See signals.h: signalfd(2) on the loop's libevent base.
 */
#include "signals.h"

#include "base/log.h"
#include "base/xalloc.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

struct signals {
	struct event event;
	struct loop *loop;
	signals_fn on_signal;
	void *context;
	int fd;
};

static sigset_t wanted(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	return set;
}

void signals_block(void)
{
	const sigset_t set = wanted();
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a log that may not grow any more ends no connection */
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

/* A terminal that went away is the end, not a wish to reload: that one comes from the kernel, the
 * wish from a process. */
static int meaning(const struct signalfd_siginfo *info)
{
	const int number = (int)info->ssi_signo; /* a signal's small number */
	return number == SIGHUP && info->ssi_code == SI_KERNEL ? SIGTERM : number;
}

static void on_readable(evutil_socket_t socket, short what, void *context)
{
	struct signals *const signals = context;
	struct signalfd_siginfo info;
	(void)socket;
	(void)what;
	loop_enter(signals->loop);
	while (read(signals->fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		signals->on_signal(signals->context, meaning(&info));
	}
}

struct signals *signals_new(struct loop *loop, signals_fn on_signal, void *context)
{
	const sigset_t set = wanted();
	struct signals *const signals = xcalloc(1, sizeof(*signals));
	signals->on_signal = on_signal;
	signals->context = context;
	signals->fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (signals->fd >= 0 &&
		event_assign(&signals->event, loop->base, signals->fd, EV_READ | EV_PERSIST, on_readable,
			signals) == 0 &&
		event_add(&signals->event, NULL) == 0) {
		signals->loop = loop;
		return signals;
	}
	log_event(LOG_LEVEL_ERROR, "signals_failed",
		"reason=\"the system refuses a descriptor for signals\" error=\"%s\"", strerror(errno));
	signals_free(signals);
	return NULL;
}

void signals_free(struct signals *signals)
{
	if (signals == NULL) {
		return;
	}
	if (signals->loop != NULL) {
		event_del(&signals->event);
	}
	if (signals->fd >= 0) {
		close(signals->fd);
	}
	free(signals);
}

/* SPDX-License-Identifier: MIT
 *
 * See worker.h. A worker's parts belong to its thread while it runs, and to the main thread before
 * and after. What crosses threads is mail, and the counters of open connections, which worker 0
 * reads without order: a stale one costs balance only.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* pthread_setname_np() */
#endif
#include "worker.h"

#include "base/log.h"
#include "base/xalloc.h"
#include "http.h"
#include "proxy.h"
#include "route.h"
#include "session.h"
#include "tls.h"
#include "ws.h"

#include "../wire/err.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define LISTENERS_MAX   (2 * CONF_LISTEN_MAX + CONF_INGEST_MAX)
#define FD_RESERVE      64 /* for links, files and ingest when clients take all others */
#define FD_RESERVE_PART 8  /* of a small limit, as a part of it */
#define NAME_MAX_LEN    16

struct worker {
	struct loop loop;
	struct http_limits http_limits; /* in place, since connections borrow them */
	struct hub *hub;
	struct proxy_list proxies;
	struct router router;
	struct workers *workers;
	uint64_t handed; /* client sockets given to it; worker 0's thread */
	pthread_t thread;
	bool is_running;
};

struct workers {
	const struct conf *conf;
	struct tls *tls; /* NULL: no listener speaks it */
	unsigned count;
	unsigned next_ingest; /* worker 0's thread */
	int fd_limit;         /* client sockets from this number on are turned away */
	bool is_stopped;      /* set while no thread runs */
	struct listener *clients[LISTENERS_MAX];
	size_t client_count;
	struct listener *ingest[LISTENERS_MAX];
	size_t ingest_count;
	struct loop *loops[CONF_WORKERS_MAX];
	struct worker list[];
};

/* --- handing over descriptors --- */

struct handed {
	struct mail mail;
	int fd;
	bool is_unix;
	bool is_tls;
};

static void serve_client(struct worker *worker, int fd, bool is_tls)
{
	const struct workers *const workers = worker->workers;
	/* Failing that, the descriptor is closed, and the client comes again. */
	struct conn *const conn =
		http_accept(&worker->loop, fd, &worker->http_limits, route_request, &worker->router);
	if (conn == NULL) {
		return;
	}
	if (is_tls && tls_accept(workers->tls, conn) != CLN_OK) {
		conn_close(conn);
		return;
	}
	proxy_greet(&worker->proxies, worker->router.conf->proxy_protocol, conn);
}

static void on_client(struct loop *loop, struct mail *mail)
{
	struct handed *const handed = (struct handed *)mail; /* its first member */
	struct worker *const worker = loop->worker;
	if (worker->workers->is_stopped) {
		close(handed->fd);
	} else {
		serve_client(worker, handed->fd, handed->is_tls);
	}
	free(handed);
}

static void on_ingest(struct loop *loop, struct mail *mail)
{
	struct handed *const handed = (struct handed *)mail; /* its first member */
	struct worker *const worker = loop->worker;
	if (worker->workers->is_stopped) {
		close(handed->fd);
	} else {
		hub_accept_ingest(worker->hub, handed->fd, handed->is_unix);
	}
	free(handed);
}

static void hand_over(struct worker *worker, const struct handed *what)
{
	struct handed *const handed = xmalloc(sizeof(*handed));
	*handed = *what;
	loop_post(&worker->loop, &handed->mail);
}

/* Open sockets, with those on their way to the worker. */
static uint64_t load_of(const struct worker *worker)
{
	const struct metrics *const metrics = &worker->loop.metrics;
	const uint64_t open = __atomic_load_n(&metrics->connections, __ATOMIC_RELAXED);
	const uint64_t taken = __atomic_load_n(&metrics->connections_total, __ATOMIC_RELAXED);
	return open + (worker->handed > taken ? worker->handed - taken : 0);
}

static struct worker *least_loaded(struct workers *workers)
{
	struct worker *best = &workers->list[0];
	for (unsigned i = 1; i < workers->count; i++) {
		if (load_of(&workers->list[i]) < load_of(best)) {
			best = &workers->list[i];
		}
	}
	return best;
}

/* Descriptors run short: an answer that needs none but this. */
static void turn_away(struct workers *workers, int fd)
{
	static const char answer[] = "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n"
								 "Content-Length: 0\r\n\r\n";
	const ssize_t sent = send(fd, answer, sizeof(answer) - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	(void)sent;
	close(fd);
	workers->list[0].loop.metrics.connections_refused++;
}

static void give_client(struct workers *workers, int fd, bool is_tls)
{
	if (fd >= workers->fd_limit) {
		turn_away(workers, fd);
		return;
	}
	struct worker *const worker = least_loaded(workers);
	worker->handed++;
	if (worker == &workers->list[0]) {
		serve_client(worker, fd, is_tls);
	} else {
		hand_over(worker, &(struct handed){.mail.deliver = on_client, .fd = fd, .is_tls = is_tls});
	}
}

static void accept_client(void *context, int fd, bool is_unix)
{
	(void)is_unix;
	give_client(context, fd, false);
}

static void accept_tls(void *context, int fd, bool is_unix)
{
	(void)is_unix;
	give_client(context, fd, true);
}

static void accept_ingest(void *context, int fd, bool is_unix)
{
	struct workers *const workers = context;
	struct worker *const worker = &workers->list[workers->next_ingest];
	workers->next_ingest = (workers->next_ingest + 1) % workers->count;
	if (worker == &workers->list[0]) {
		hub_accept_ingest(worker->hub, fd, is_unix);
	} else {
		hand_over(
			worker, &(struct handed){.mail.deliver = on_ingest, .fd = fd, .is_unix = is_unix});
	}
}

/* --- life --- */

static int fd_limit(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > INT32_MAX) {
		return INT32_MAX;
	}
	const int files = (int)limit.rlim_cur;
	const int part = files / FD_RESERVE_PART;
	return files - (part < FD_RESERVE ? part : FD_RESERVE);
}

static void set_http_limits(struct worker *worker, const struct conf *conf)
{
	worker->http_limits = (struct http_limits){
		.head_bytes = conf->http_head_bytes,
		.body_bytes = conf->http_body_bytes,
		.request_timeout_ms = conf->request_timeout_ms,
		.idle_timeout_ms = conf->activity_timeout_ms,
		.room_bytes = ws_room(session_bytes()),
	};
}

static int worker_init(struct worker *worker, struct workers *workers, unsigned index)
{
	const int result =
		loop_init(&worker->loop, index, workers->count, workers->loops, workers->conf);
	if (result != CLN_OK) {
		return result;
	}
	worker->workers = workers;
	worker->loop.worker = worker;
	set_http_limits(worker, workers->conf);
	proxy_list_init(&worker->proxies, workers->conf);
	workers->loops[index] = &worker->loop;
	return CLN_OK;
}

static void init_hubs(
	struct workers *workers, struct hub_shared *shared, const atomic_bool *is_draining)
{
	for (unsigned i = 0; i < workers->count; i++) {
		struct worker *const worker = &workers->list[i];
		worker->hub = hub_new(shared, &worker->loop);
		worker->router = (struct router){
			.hub = worker->hub,
			.shared = shared,
			.conf = workers->conf,
			.is_draining = is_draining,
			.proxies = &worker->proxies,
		};
		hub_serve(worker->hub, &worker->http_limits, route_request, &worker->router);
	}
	for (unsigned i = 0; i < workers->count; i++) {
		hub_start(workers->list[i].hub);
	}
}

struct workers *workers_new(
	const struct conf *conf, struct hub_shared *shared, const atomic_bool *is_draining)
{
	struct workers *const workers =
		xcalloc(1, sizeof(*workers) + conf->workers * sizeof(struct worker));
	workers->conf = conf;
	workers->count = conf->workers;
	workers->fd_limit = fd_limit();
	for (unsigned i = 0; i < workers->count; i++) {
		if (worker_init(&workers->list[i], workers, i) != CLN_OK) {
			while (i-- > 0) {
				loop_deinit(&workers->list[i].loop);
				proxy_list_deinit(&workers->list[i].proxies);
			}
			free(workers);
			return NULL;
		}
	}
	init_hubs(workers, shared, is_draining);
	return workers;
}

int workers_listen_clients(struct workers *workers, struct listener *listener)
{
	workers->clients[workers->client_count++] = listener;
	return listen_start(listener, &workers->list[0].loop, accept_client, workers);
}

int workers_listen_tls(struct workers *workers, struct listener *listener, struct tls *tls)
{
	workers->tls = tls;
	workers->clients[workers->client_count++] = listener;
	return listen_start(listener, &workers->list[0].loop, accept_tls, workers);
}

int workers_listen_ingest(struct workers *workers, struct listener *listener)
{
	workers->ingest[workers->ingest_count++] = listener;
	return listen_start(listener, &workers->list[0].loop, accept_ingest, workers);
}

static void *thread_main(void *context)
{
	struct worker *const worker = context;
	char name[NAME_MAX_LEN];
	snprintf(name, sizeof(name), "worker-%u", worker->loop.index);
	(void)pthread_setname_np(pthread_self(), name); /* for top and debuggers only */
	loop_run(&worker->loop);
	return NULL;
}

int workers_start(struct workers *workers)
{
	sigset_t all;
	sigset_t before;
	int error = 0;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before); /* threads inherit the mask */
	for (unsigned i = 0; i < workers->count && error == 0; i++) {
		struct worker *const worker = &workers->list[i];
		error = pthread_create(&worker->thread, NULL, thread_main, worker);
		worker->is_running = error == 0;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error != 0) {
		log_event(LOG_LEVEL_ERROR, "worker_failed",
			"reason=\"a thread can't be started; lower the number of workers\" error=\"%s\"",
			strerror(error));
		return CLN_ERR_SYSTEM;
	}
	return CLN_OK;
}

static void post_all(struct workers *workers, mail_deliver_fn deliver)
{
	for (unsigned i = 0; i < workers->count; i++) {
		struct mail *const mail = xcalloc(1, sizeof(*mail));
		mail->deliver = deliver;
		loop_post(&workers->list[i].loop, mail);
	}
}

static void close_listeners(struct listener **listeners, size_t *count)
{
	while (*count > 0) {
		listen_close(listeners[--*count]);
	}
}

/* --- another configuration --- */

struct round {
	enum workers_visit visit;
	const struct conf *conf;
	struct workers_done done;
	unsigned left;
};

struct visit {
	struct mail mail;
	struct round *round;
};

/* On the main thread. */
static void on_visited(struct loop *loop, struct mail *mail)
{
	struct round *const round = ((struct visit *)mail)->round;
	(void)loop;
	free(mail);
	if (--round->left > 0) {
		return;
	}
	const struct workers_done done = round->done;
	free(round);
	done.done(done.context);
}

static void learn(struct worker *worker, const struct conf *conf)
{
	struct workers *const workers = worker->workers;
	hub_learn(worker->hub, conf);
	worker->router.conf = conf;
	set_http_limits(worker, conf);
	proxy_list_deinit(&worker->proxies);
	proxy_list_init(&worker->proxies, conf);
	if (worker->loop.index != 0) {
		return;
	}
	for (size_t i = 0; i < workers->client_count; i++) {
		const bool is_tls = listen_is_tls(workers->clients[i]);
		listen_set_rate(workers->clients[i], is_tls ? conf->tls_rate : conf->upgrade_rate);
	}
}

static void on_visit(struct loop *loop, struct mail *mail)
{
	struct worker *const worker = loop->worker;
	const struct round *const round = ((struct visit *)mail)->round;
	switch (round->visit) {
	case WORKERS_LEARN:
		learn(worker, round->conf);
		break;
	case WORKERS_SWITCH:
		hub_switch(worker->hub, round->conf);
		break;
	case WORKERS_SETTLE:
		break;
	}
	mail->deliver = on_visited;
	loop_post(round->done.main, mail);
}

void workers_visit(struct workers *workers, enum workers_visit visit, const struct conf *conf,
	const struct workers_done *done)
{
	struct round *const round = xcalloc(1, sizeof(*round));
	*round = (struct round){visit, conf, *done, workers->count};
	workers->conf = conf;
	for (unsigned i = 0; i < workers->count; i++) {
		struct visit *const mail = xcalloc(1, sizeof(*mail));
		*mail = (struct visit){.mail.deliver = on_visit, .round = round};
		loop_post(&workers->list[i].loop, &mail->mail);
	}
}

static void on_drain(struct loop *loop, struct mail *mail)
{
	struct worker *const worker = loop->worker;
	struct workers *const workers = worker->workers;
	free(mail);
	/* A client that is told to come again shall not come here. */
	if (loop->index == 0) {
		close_listeners(workers->clients, &workers->client_count);
	}
	hub_drain(worker->hub);
}

void workers_drain(struct workers *workers)
{
	post_all(workers, on_drain);
}

unsigned workers_session_count(const struct workers *workers)
{
	unsigned count = 0;
	for (unsigned i = 0; i < workers->count; i++) {
		count += hub_session_count(workers->list[i].hub);
	}
	return count;
}

static void on_stop(struct loop *loop, struct mail *mail)
{
	free(mail);
	loop_stop(loop);
}

void workers_stop(struct workers *workers)
{
	post_all(workers, on_stop);
	for (unsigned i = 0; i < workers->count; i++) {
		if (workers->list[i].is_running) {
			pthread_join(workers->list[i].thread, NULL);
			workers->list[i].is_running = false;
		}
	}
	workers->is_stopped = true;
}

/* Connections and mail may bring forth mail for each other: until nothing is left. */
static void settle(struct workers *workers)
{
	bool has_mail;
	do {
		has_mail = false;
		for (unsigned i = 0; i < workers->count; i++) {
			struct loop *const loop = &workers->list[i].loop;
			loop_close_all(loop);
			has_mail = loop_deliver(loop) || has_mail;
		}
	} while (has_mail);
}

void workers_free(struct workers *workers)
{
	close_listeners(workers->clients, &workers->client_count);
	close_listeners(workers->ingest, &workers->ingest_count);
	for (unsigned i = 0; i < workers->count; i++) {
		hub_stop(workers->list[i].hub);
	}
	settle(workers);
	for (unsigned i = 0; i < workers->count; i++) {
		loop_deinit(&workers->list[i].loop);
	}
	for (unsigned i = 0; i < workers->count; i++) {
		hub_free(workers->list[i].hub);
		proxy_list_deinit(&workers->list[i].proxies);
	}
	free(workers);
}

void workers_metrics(const struct workers *workers, struct metrics *sum)
{
	*sum = (struct metrics){0};
	for (unsigned i = 0; i < workers->count; i++) {
		metrics_add(sum, &workers->list[i].loop.metrics);
	}
}

/* SPDX-License-Identifier: MIT
 *
 * All workers of the process: one thread each with its loop, hub and router, nothing shared but
 * the mailboxes. Worker 0 accepts and hands each descriptor to a worker: client sockets to the one
 * with the fewest, ingest connections in turn.
 *
 * Life: workers_new(), workers_listen() for each listener, workers_start(); then, on SIGTERM,
 * workers_drain(), workers_stop(), workers_free(). All of these on the main thread.
 */
#ifndef WORKER_H
#define WORKER_H

#include "conf.h"
#include "hub.h"
#include "listen.h"
#include "metrics.h"

#include <stdatomic.h>

struct tls;
struct workers;

/* `conf.workers` loops with hubs and engines; NULL if the system lacks something, the reason is in
 * the log. All is borrowed. */
struct workers *workers_new(
	const struct conf *conf, struct hub_shared *shared, const atomic_bool *is_draining);

/* Takes over an open listener. Before workers_start(). 0 or CLN_ERR_SYSTEM. */
int workers_listen_clients(struct workers *workers, struct listener *listener);
/* The same for clients that speak TLS; `tls` is borrowed until workers_free(). */
int workers_listen_tls(struct workers *workers, struct listener *listener, struct tls *tls);
int workers_listen_ingest(struct workers *workers, struct listener *listener);

/* 0 or CLN_ERR_SYSTEM, with the reason in the log; workers_stop() and workers_free() are due all
 * the same. Threads run with all signals blocked. */
int workers_start(struct workers *workers);

/* The configuration was read again: the first two in this order, each after the one before is done.
 */
enum workers_visit {
	WORKERS_LEARN,  /* hub_learn() */
	WORKERS_SWITCH, /* hub_switch() */
	WORKERS_SETTLE, /* nothing: what they had sent to homes before is on its way to subscribers */
};

/* Called on `main`'s thread when all workers have been visited. */
struct workers_done {
	struct loop *main;
	void (*done)(void *context);
	void *context;
};

void workers_visit(struct workers *workers, enum workers_visit visit, const struct conf *conf,
	const struct workers_done *done);

/* Clients' listeners are closed, every session gets 4200. Returns at once. */
void workers_drain(struct workers *workers);
/* Sockets that still hold a session. */
unsigned workers_session_count(const struct workers *workers);
/* Ends the loops, after their current turn, and joins the threads. */
void workers_stop(struct workers *workers);
/* Closes what connections are left. */
void workers_free(struct workers *workers);

/* The sum over all workers, a little late for those that run. */
void workers_metrics(const struct workers *workers, struct metrics *sum);

#endif

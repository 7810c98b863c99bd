/* SPDX-License-Identifier: MIT
 *
 * A worker's hub: its sessions, its side of the channels that they subscribe to, and the home side
 * of the channels whose home this worker is (hash of application and channel). Joins the parts
 * that know no sockets (channel, home, presence, fanout) to the loop, to other workers' hubs (by
 * mail) and to the engine.
 *
 * Life: hub_shared_new(); hub_new() for every loop; hub_start() for every hub; the loops run;
 * hub_drain(); the loops end; hub_stop() for every hub; what mail is left is delivered (and thus
 * freed); hub_free() for every hub; hub_shared_free().
 */
#ifndef HUB_H
#define HUB_H

#include "conf.h"
#include "http.h"
#include "loop.h"

#include <stdbool.h>

struct hub;
struct webhooks;
struct hub_shared; /* what all hubs of the process share: counts, quotas, each other's address */

/* `main` is the main thread's loop, which outlives it. */
struct hub_shared *hub_shared_new(const struct conf *conf, struct loop *main);
/* Before hub_new(); borrowed, has to outlive the workers. */
void hub_shared_set_webhooks(struct hub_shared *shared, struct webhooks *webhooks);
void hub_shared_free(struct hub_shared *shared);
/* Makes room for the counters of the applications of `conf`. Main thread, before hub_learn(). */
void hub_shared_grow(struct hub_shared *shared, const struct conf *conf);
/* For what asks without a worker, before workers learn it: the indexes of the one before are good
 * in it, too. Main thread. */
void hub_shared_set_conf(struct hub_shared *shared, const struct conf *conf);
/* For /up?ready=1, any thread: every worker's engine has its messages flowing and nothing drains.
 */
bool hub_shared_is_ready(const struct hub_shared *shared);

/* After loop_init() of all loops and before their threads start. */
struct hub *hub_new(struct hub_shared *shared, struct loop *loop);
/* Before the loop runs, on any thread, after hub_new() of all workers: starts the engine. */
void hub_start(struct hub *hub);
/* Takes over an accepted, non-blocking ingest connection (RESP). */
void hub_accept_ingest(struct hub *hub, int fd, bool is_unix);
/* Reading the configuration again, step 1: the hub knows the applications of `conf` and goes by its
 * settings; who connects is still judged by the applications that were. Own thread. */
void hub_learn(struct hub *hub, const struct conf *conf);
/* Step 2, when every hub has done step 1: new applications are found, those that are gone are not;
 * sessions that may not stay are closed (4001, 4003, 4000). Own thread. */
void hub_switch(struct hub *hub, const struct conf *conf);
/* Closes every session with 4200 and refuses new ones the same way. Own thread. */
void hub_drain(struct hub *hub);
/* Sockets that still hold a session, those in their closing handshake included. Any thread. */
unsigned hub_session_count(const struct hub *hub);
/* After the loop has ended; closes the engine's links. Mail delivered later is only freed. */
void hub_stop(struct hub *hub);
/* After loop_deinit() has closed all connections. */
void hub_free(struct hub *hub);

/* Where connections that other workers pass on are served, as by http_accept(). Before the loop
 * runs; all is borrowed. */
void hub_serve(
	struct hub *hub, const struct http_limits *limits, http_router_fn router, void *context);

struct loop *hub_loop(const struct hub *hub);

#endif

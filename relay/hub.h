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
#include "loop.h"

#include <stdbool.h>

struct hub;
struct hub_shared; /* what all hubs of the process share: counts, quotas, each other's address */

/* `main` is the main thread's loop, which outlives it. */
struct hub_shared *hub_shared_new(const struct conf *conf, struct loop *main);
void hub_shared_free(struct hub_shared *shared);
/* For /up?ready=1, any thread: every worker's engine has its messages flowing and nothing drains.
 */
bool hub_shared_is_ready(const struct hub_shared *shared);

/* After loop_init() of all loops and before their threads start. */
struct hub *hub_new(struct hub_shared *shared, struct loop *loop);
/* Before the loop runs, on any thread, after hub_new() of all workers: starts the engine. */
void hub_start(struct hub *hub);
/* Takes over an accepted, non-blocking ingest connection (RESP). */
void hub_accept_ingest(struct hub *hub, int fd, bool is_unix);
/* Closes every session with 4200 and refuses new ones the same way. Own thread. */
void hub_drain(struct hub *hub);
/* Sockets that still hold a session, those in their closing handshake included. Any thread. */
unsigned hub_session_count(const struct hub *hub);
/* After the loop has ended; closes the engine's links. Mail delivered later is only freed. */
void hub_stop(struct hub *hub);
/* After loop_deinit() has closed all connections. */
void hub_free(struct hub *hub);

struct loop *hub_loop(const struct hub *hub);

#endif

/* SPDX-License-Identifier: MIT
 *
 * The engine: where a worker's channels get their messages from. `local` is the relay itself, by
 * way of its ingest sockets; `redis` is a Redis server that several relays share. One engine per
 * worker, for the channels whose home that worker is; used on its thread only, is_ready() apart.
 *
 * An engine reports back by hub_on_live(), hub_on_lost() and intake_envelope().
 */
#ifndef ENGINE_H
#define ENGINE_H

#include "msg.h"

#include <stdbool.h>

struct app;
struct engine;
struct hub;

struct engine_ops {
	const char *name;
	void (*start)(struct engine *engine);
	/* Frees the engine. */
	void (*stop)(struct engine *engine);
	/* Whether messages flow now; callable from any thread. */
	bool (*is_ready)(const struct engine *engine);
	/* Answered by hub_on_live(), possibly before this returns. Asked once per channel until
	 * unsubscribe(); after a loss the engine subscribes again by itself and answers again. */
	void (*subscribe)(struct engine *engine, struct app *app, struct cln_slice channel);
	void (*unsubscribe)(struct engine *engine, struct app *app, struct cln_slice channel);
	/* A client event that this relay has delivered to its own sockets: for the other relays. */
	void (*publish)(struct engine *engine, const struct app *app, const struct msg *msg);
	/* An event that its publisher could not send: to every subscriber, those of other relays too.
	 * False: not now, nothing was done. */
	bool (*forward)(struct engine *engine, const struct app *app, const struct msg *msg);
	/* What became of the forwarded ones: CLN_OK, all are where they belong; CLN_ERR_MORE, some are
	 * on their way; CLN_ERR_SYSTEM, said once: some may be lost, forward them again. */
	int (*forwarded)(struct engine *engine);
};

/* Put first into an engine's own struct. */
struct engine {
	const struct engine_ops *ops;
	struct hub *hub;
};

struct engine *engine_local_new(struct hub *hub);
struct engine *engine_redis_new(struct hub *hub);

#endif

/* SPDX-License-Identifier: MIT
 *
 * The engine without a broker: publishers speak to this relay's own ingest sockets (ingest.h), so
 * every channel is live at once and there is nobody else to tell.
 */
#include "hub_private.h"

static void start(struct engine *engine)
{
	(void)engine;
}

static void stop(struct engine *engine)
{
	free(engine);
}

static bool is_ready(const struct engine *engine)
{
	(void)engine;
	return true;
}

static void subscribe(struct engine *engine, struct app *app, struct cln_slice channel)
{
	hub_on_live(engine->hub, app, channel);
}

static void unsubscribe(struct engine *engine, struct app *app, struct cln_slice channel)
{
	(void)engine;
	(void)app;
	(void)channel;
}

static void publish(struct engine *engine, const struct app *app, const struct msg *msg)
{
	(void)engine;
	(void)app;
	(void)msg;
}

static bool forward(struct engine *engine, const struct app *app, const struct msg *msg)
{
	struct hub *const hub = engine->hub;
	const uint64_t refused = hub->loop->metrics.mail_refused;
	(void)app;
	hub_publish(hub, msg);
	return hub->loop->metrics.mail_refused == refused;
}

static int forwarded(struct engine *engine)
{
	(void)engine;
	return CLN_OK;
}

static const struct engine_ops local_ops = {
	.name = "local",
	.start = start,
	.stop = stop,
	.is_ready = is_ready,
	.subscribe = subscribe,
	.unsubscribe = unsubscribe,
	.publish = publish,
	.forward = forward,
	.forwarded = forwarded,
};

struct engine *engine_local_new(struct hub *hub)
{
	struct engine *const engine = xcalloc(1, sizeof(*engine));
	engine->ops = &local_ops;
	engine->hub = hub;
	return engine;
}

/* SPDX-License-Identifier: MIT
 *
 * One endpoint of an application: the events that wait for it, in order and bounded, and the one
 * request that is under way or waits to be tried again. Main thread only.
 */
#ifndef WEBHOOK_ENDPOINT_H
#define WEBHOOK_ENDPOINT_H

#include "webhook_http.h"
#include "webhook_item.h"

/* What all endpoints share; the owner changes it on reload. */
struct webhook_rules {
	struct loop *loop;
	struct webhook_http *http;
	int64_t timeout_ms;
	int64_t retry_ms;
	int64_t give_up_ms;
	size_t batch;
	size_t queue;
	size_t queue_bytes;
	char ca[CONF_PATH_MAX];
};

struct webhook_endpoint;

/* `item` is one of app->webhooks and valid; `rules` is borrowed. */
struct webhook_endpoint *webhook_endpoint_new(
	const struct webhook_rules *rules, const struct conf_app *app, const char *item);
/* What waits is dropped and counted. */
void webhook_endpoint_free(struct webhook_endpoint *endpoint);

/* True if `item` names this endpoint of `app`: perhaps with other filters. */
bool webhook_endpoint_is(
	const struct webhook_endpoint *endpoint, const struct conf_app *app, const char *item);
/* New keys and filters for what comes. */
void webhook_endpoint_set(
	struct webhook_endpoint *endpoint, const struct conf_app *app, const char *item);

bool webhook_endpoint_wants(
	const struct webhook_endpoint *endpoint, enum webhook_kind kind, struct cln_slice channel);
unsigned webhook_endpoint_kinds(const struct webhook_endpoint *endpoint);

/* Takes a reference of its own. */
void webhook_endpoint_put(struct webhook_endpoint *endpoint, struct webhook_item *item);

/* From now on nothing is tried twice. */
void webhook_endpoint_finish(struct webhook_endpoint *endpoint);
/* Nothing waits and nothing is under way. */
bool webhook_endpoint_is_idle(const struct webhook_endpoint *endpoint);

#endif

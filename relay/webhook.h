/* SPDX-License-Identifier: MIT
 *
 * Webhooks (Pusher docs, "Webhooks"): what happened on channels, posted to the application's
 * endpoints. Workers emit; the main thread's loop debounces, batches, signs, sends by libcurl and
 * retries. Delivery to clients never waits for any of it: what passes a bound is dropped and
 * counted.
 */
#ifndef WEBHOOK_H
#define WEBHOOK_H

#include "conf_webhook.h"
#include "loop.h"

#include <stdint.h>

/* Borrowed for the call. Members that the kind does not have are zero. */
struct webhook_event {
	enum webhook_kind kind;
	unsigned app; /* index in conf.apps */
	struct cln_slice channel;
	struct cln_slice user_id; /* of members, and of client events on presence channels */
	struct cln_slice event;   /* of a client event: its name */
	struct cln_slice data;    /* of a client event: the text that receivers' handlers get */
	uint64_t socket;          /* of a client event: its sender */
	unsigned count;           /* of subscription_count */
};

struct webhooks;

/* Sends on `main`, the main thread's loop, which outlives it. Both on the main thread. */
struct webhooks *webhooks_new(struct loop *main, const struct conf *conf);
/* Takes over a configuration that was reloaded. Main thread, while no worker emits by the old one's
 * endpoints any more than by the new one's: what waits for endpoints that are gone is dropped. */
void webhooks_reload(struct webhooks *webhooks, const struct conf *conf);
/* After the workers have ended: runs the loop until everything that waits, what was held back
 * included, has been tried once, for `timeout_ms` at most. */
void webhooks_finish(struct webhooks *webhooks, int64_t timeout_ms);
/* What waits is lost and counted; called after the workers have ended. */
void webhooks_free(struct webhooks *webhooks);

/* Any worker's thread; `from` is its loop. Does next to nothing if no endpoint of the application
 * wants the kind. `webhooks` may be NULL. */
void webhooks_emit(struct webhooks *webhooks, struct loop *from, const struct webhook_event *event);

#endif

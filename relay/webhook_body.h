/* SPDX-License-Identifier: MIT
 *
 * The text of a webhook request (Pusher docs, "Webhooks"): {"time_ms":..,"events":[..]}, and its
 * signature. Pure.
 */
#ifndef WEBHOOK_BODY_H
#define WEBHOOK_BODY_H

#include "base/buf.h"
#include "webhook.h"

/* Begin, one or more events, end; `body` starts empty. */
void webhook_body_begin(struct buf *body, int64_t time_ms);
void webhook_body_add(struct buf *body, const struct webhook_event *event);
void webhook_body_end(struct buf *body);

/* X-Pusher-Signature of the raw body, NUL included. */
#define WEBHOOK_SIGNATURE_MAX (CLN_SIGNATURE_HEX + 1)
void webhook_body_sign(
	struct cln_slice body, struct cln_slice secret, char out[WEBHOOK_SIGNATURE_MAX]);

#endif

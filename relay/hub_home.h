/* SPDX-License-Identifier: MIT
 *
 * What the files of the hub's home side (hub_home.c, hub_count.c) share.
 */
#ifndef HUB_HOME_H
#define HUB_HOME_H

#include "hub_private.h"

/* `frame` to everybody on the channel but the socket `except`, 0: to all; drops the caller's
 * reference. */
void home_deliver(struct hub *hub, const struct home *home, struct frame *frame, uint64_t except);
/* Tells the webhooks of something on the channel; `event` without application and channel. Not
 * while the relay drains: everybody comes back elsewhere. */
void home_emit(struct hub *hub, const struct home *home, const struct webhook_event *event);

/* The number of the channel's clients is another one: tells it where the application wants that
 * (Pusher docs, "Subscription count"). */
void home_count_changed(struct hub *hub, struct home *home);
/* What is still to be told is not told any more; before the home is freed. */
void home_count_forget(struct hub *hub, struct home *home);

#endif

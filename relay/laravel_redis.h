/* SPDX-License-Identifier: MIT
 *
 * The door for Laravel's own `redis` broadcaster: what it publishes at Redis is delivered as if it
 * had come from a publisher of ours, to the applications that have laravel_redis on, so that a
 * project can change the server first and the driver later. Works with every engine; worker 0
 * listens for all. Each relay on that Redis hears for itself, so nothing is passed on.
 *
 * Redis channels are laravel_redis_prefix and the channel's name; the payload is the JSON object
 * {"event":..,"data":..,"socket":..}. What does not fit is refused and counted, but with an empty
 * prefix only if it was meant for us: the name is a channel's and the payload an object with an
 * event. Names of our own bus are never looked at.
 *
 * Whoever may publish at Redis may broadcast here: these messages carry no signature.
 */
#ifndef LARAVEL_REDIS_H
#define LARAVEL_REDIS_H

struct hub;

/* Listens for what the applications of hub->apps and the settings of its loop ask for, and no
 * longer for what they don't. At start and after each reload; every worker's thread may call it. */
void laravel_redis_update(struct hub *hub);
/* Closes the link. */
void laravel_redis_stop(struct hub *hub);

#endif

/* SPDX-License-Identifier: MIT
 *
 * Picks up what publishers of this machine left in their spools (wire/spool.h): at the start, and
 * then from time to time, for who replays when no publisher does. Worker 0 only.
 *
 * A spool that a publisher replays is left to it. What is in the file is believed no more than what
 * comes from Redis: every event must be signed with its application's secret. Each turn of the loop
 * takes a portion; a portion is done in the file when the engine has it.
 */
#ifndef SPOOL_PICKUP_H
#define SPOOL_PICKUP_H

struct hub;
struct spool_pickup;

/* NULL if the configuration names no spools. Before the loop runs. */
struct spool_pickup *spool_pickup_new(struct hub *hub);
/* What is on its way stays in the file for the next one. NULL is fine. */
void spool_pickup_free(struct spool_pickup *pickup);

#endif

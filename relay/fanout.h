/* SPDX-License-Identifier: MIT
 *
 * Messages to all live subscribers of a channel of this worker: no lock and no system call here (a
 * subscriber queues a reference, the loop sends at the turn's end).
 *
 * What one turn brings for one channel is gathered and given out together: then a subscriber queues
 * one frame that holds all of it, made once, however many messages there are. Order is kept in
 * every respect: whoever is about to change a channel's subscribers, or to say something else to
 * one of them, first calls fanout_flush().
 */
#ifndef FANOUT_H
#define FANOUT_H

#include "channel.h"

#define FANOUT_FRAMES_MAX 128
#define FANOUT_BYTES_MAX  (16 * 1024) /* together; a larger message is alone */

/* Zeroed: empty. */
struct fanout {
	const struct channel *channel;
	size_t count;
	size_t bytes;
	struct frame *frames[FANOUT_FRAMES_MAX]; /* a reference each */
};

/* Gathers; what waits already is given out first if `frame` does not belong to it. Returns how many
 * will get it. */
size_t fanout_add(struct fanout *fanout, const struct channel *channel, struct frame *frame);
/* Gives out what waits. */
void fanout_flush(struct fanout *fanout);

/* At once, to everybody but `except` (may be NULL). Returns how many got it. */
size_t fanout_deliver(
	const struct channel *channel, struct frame *frame, const struct subscriber *except);

#endif

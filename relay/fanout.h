/* SPDX-License-Identifier: MIT
 *
 * One message to all live subscribers of a channel of this worker: no allocation, no lock, no
 * system call here (a subscriber queues a reference, the loop sends at the turn's end).
 */
#ifndef FANOUT_H
#define FANOUT_H

#include "channel.h"

/* To everybody but `except` (may be NULL). Returns how many got it. */
size_t fanout_deliver(
	const struct channel *channel, struct frame *frame, const struct subscriber *except);

#endif

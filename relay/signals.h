/* SPDX-License-Identifier: MIT
 *
 * Signals as events of one loop: SIGTERM, SIGINT and SIGHUP are blocked for the whole process and
 * read from a descriptor, so that a handler may do whatever other events may.
 */
#ifndef SIGNALS_H
#define SIGNALS_H

#include "loop.h"

struct signals;

/* Called on the loop's thread, once per signal that came. SIGHUP of a terminal that went away
 * counts as SIGTERM. */
typedef void (*signals_fn)(void *context, int number);

/* Before any thread starts: threads inherit the mask. SIGPIPE is ignored. */
void signals_block(void);

/* NULL, with the reason in the log, if the system refuses the descriptor. */
struct signals *signals_new(struct loop *loop, signals_fn on_signal, void *context);
/* Before loop_deinit(). */
void signals_free(struct signals *signals);

#endif

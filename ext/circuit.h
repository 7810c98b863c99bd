/* SPDX-License-Identifier: MIT
 *
 * When a link goes by the spool and when it comes back: direct, spooling, replaying, direct. The
 * order of a process's events on a channel is kept by one rule: while one of them may wait in the
 * spool, the next one goes there, too, unless all that wait are on their way in a batch, which it
 * then follows on the same connection.
 */
#ifndef CLN_CIRCUIT_H
#define CLN_CIRCUIT_H

#include "link.h"

/* From now on events go to the spool. The connection is given up already. */
void cln_circuit_open(struct cln_link *link);

/* What the link writes from, NULL if nothing but a greeting may leave. */
struct cln_outbox *cln_circuit_queue(struct cln_link *link);

/* Whether something of that has not been written yet. */
bool cln_circuit_has_unwritten(struct cln_link *link);

/* Goes on as far as the spool and the replies allow, without sending: afterwards
 * cln_circuit_queue() may have something to write; a new batch only if `may_take`. */
void cln_circuit_step(struct cln_link *link, bool may_take);

/* Whether what is for the spool may stay in memory for now: a web request's events go there all at
 * once, when it ends, so that publishing costs it no system call on the way. */
bool cln_circuit_may_keep(struct cln_link *link);

/* Moves the outbox to the spool if that is where events go now. */
void cln_circuit_store(struct cln_link *link);

#endif

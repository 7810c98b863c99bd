/* SPDX-License-Identifier: MIT
 *
 * Pusher's protocol, what clients say: one table of verbs (pusher.c). Everything a client does
 * wrong is answered by a sentence and leaves the connection and its other channels as they are.
 */
#ifndef PUSHER_H
#define PUSHER_H

#include "session_private.h"

/* One text message, valid UTF-8. */
void pusher_handle(struct session *session, struct cln_slice text);

#endif

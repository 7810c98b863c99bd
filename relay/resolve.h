/* SPDX-License-Identifier: MIT
 *
 * Names to addresses without stopping the loop: getaddrinfo() runs in a thread of its own for this
 * one question and answers by mail.
 */
#ifndef RESOLVE_H
#define RESOLVE_H

#include "loop.h"

#include <netdb.h>

struct resolve;

/* `found` is NULL if the name has no address (`error` says why); the callback owns it
 * (freeaddrinfo). Called on the loop's thread, after resolve_start() has returned. */
typedef void (*resolve_fn)(void *context, struct addrinfo *found, const char *error);

/* NULL if no thread could be started. */
struct resolve *resolve_start(
	struct loop *loop, const char *host, const char *port, resolve_fn answer, void *context);
/* The answer is not wanted any more. Does not wait for the system's resolver, which may hang for
 * long. Not after the answer came. */
void resolve_cancel(struct resolve *resolve);

#endif

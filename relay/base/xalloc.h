/* SPDX-License-Identifier: MIT
 *
 * Allocation of sizes the relay itself chooses: never NULL, the process ends on exhaustion with a
 * log line. Sizes that a peer chooses meet a limit before they get here.
 */
#ifndef XALLOC_H
#define XALLOC_H

#include <stddef.h>

void *xmalloc(size_t size) __attribute__((malloc, returns_nonnull, warn_unused_result));
/* Zeroed. */
void *xcalloc(size_t count, size_t size)
	__attribute__((malloc, returns_nonnull, warn_unused_result));
void *xrealloc(void *old, size_t size) __attribute__((returns_nonnull, warn_unused_result));
char *xstrdup(const char *string) __attribute__((malloc, returns_nonnull, warn_unused_result));

#endif

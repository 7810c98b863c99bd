/* SPDX-License-Identifier: MIT
 *
 * See xalloc.h. A relay without memory can keep no promise to anybody; ending at once lets the
 * supervisor start a fresh one, and clients reconnect by themselves.
 */
#include "xalloc.h"

#include "log.h"

#include <stdlib.h>
#include <string.h>

static void die(size_t size)
{
	log_event(LOG_LEVEL_ERROR, "out_of_memory", "bytes=%zu", size);
	abort();
}

void *xmalloc(size_t size)
{
	void *const memory = malloc(size > 0 ? size : 1);
	if (memory == NULL) {
		die(size);
	}
	return memory;
}

void *xcalloc(size_t count, size_t size)
{
	void *const memory = calloc(count > 0 ? count : 1, size > 0 ? size : 1);
	if (memory == NULL) {
		die(size);
	}
	return memory;
}

void *xrealloc(void *old, size_t size)
{
	void *const memory = realloc(old, size > 0 ? size : 1);
	if (memory == NULL) {
		die(size);
	}
	return memory;
}

char *xstrdup(const char *string)
{
	const size_t size = strlen(string) + 1;
	return memcpy(xmalloc(size), string, size);
}

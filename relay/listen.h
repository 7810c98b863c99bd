/* SPDX-License-Identifier: MIT
 *
 * Listening sockets, TCP and Unix: opened at start, where an error ends the process with a
 * sentence, then accepting on a loop. Paces accepting, and survives the lack of descriptors by
 * turning connections away instead of spinning.
 */
#ifndef LISTEN_H
#define LISTEN_H

#include "loop.h"

#include <stdbool.h>

#define LISTEN_ERROR_MAX   256
#define LISTEN_ADDRESS_MAX 128

struct listener;

struct listen_options {
	const char *address; /* HOST:PORT, [IPV6]:PORT, tcp:HOST:PORT or unix:PATH; port 0: any */
	const char *group;   /* Unix: owner group and mode 0660; NULL or "": mode 0666 */
	unsigned rate;       /* connections a second; 0: no limit */
	bool is_tls;         /* what it is for; nothing here depends on it */
};

/* Takes over the connected, non-blocking descriptor. */
typedef void (*listen_accept_fn)(void *context, int fd, bool is_unix);

/* Before threads start. NULL, and a sentence in `error`, if the address can't be used. */
struct listener *listen_open(const struct listen_options *options, char error[LISTEN_ERROR_MAX]);
/* Begins to accept; the loop's thread, or before it runs. 0 or CLN_ERR_SYSTEM. */
int listen_start(
	struct listener *listener, struct loop *loop, listen_accept_fn accept, void *context);
/* Stops accepting and frees; removes the Unix socket's path if it still is ours. The loop's thread,
 * or after it has ended. */
void listen_close(struct listener *listener);

/* The loop's thread. */
void listen_set_rate(struct listener *listener, unsigned rate);
bool listen_is_tls(const struct listener *listener);
/* As it is bound, with the chosen port: "127.0.0.1:6001", "[::1]:6001", "unix:/run/..." */
const char *listen_address(const struct listener *listener);

#endif

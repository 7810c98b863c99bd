/* SPDX-License-Identifier: MIT
 *
 * Opens a socket to a target without waiting for it. Host names are resolved once and kept; only
 * that may take time, and numeric addresses and socket paths need none.
 */
#ifndef CLN_DIAL_H
#define CLN_DIAL_H

#include "target.h"

#include <sys/socket.h>

#define CLN_ADDRESSES_MAX 8
#define CLN_ERROR_MAX     256

/* Zeroed bytes: nothing resolved yet. */
struct cln_addresses {
	struct sockaddr_storage address[CLN_ADDRESSES_MAX];
	socklen_t len[CLN_ADDRESSES_MAX];
	size_t count;
	size_t next; /* the one to try at the next dialling */
};

enum cln_dialled {
	CLN_DIALLED_OPEN,
	CLN_DIALLED_OPENING, /* the connection is on its way */
	CLN_DIALLED_FAILED,  /* `error` says why; no descriptor is left */
};

/* One attempt at the next address. */
enum cln_dialled cln_dial(const struct cln_target *target, struct cln_addresses *addresses, int *fd,
	char error[CLN_ERROR_MAX]);

/* "unix:PATH" or "HOST:PORT", for messages: no credentials. */
void cln_target_describe(const struct cln_target *target, char out[CLN_ERROR_MAX]);

/* `before` and as much of `text` as fits. PHP's snprintf has no use for it: its %.*s looks for a
 * NUL first, and a slice has none. */
void cln_error_join(char out[CLN_ERROR_MAX], const char *before, struct cln_slice text);

#endif

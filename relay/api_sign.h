/* SPDX-License-Identifier: MIT
 *
 * Signatures of HTTP API requests (Pusher docs, "Authenticating requests"): whether a request was
 * signed with one of the application's secrets, lately, and as it arrived. Knows no connections;
 * the clock is given.
 */
#ifndef API_SIGN_H
#define API_SIGN_H

#include "api_params.h"
#include "app.h"

#include <stdint.h>

/* How far a request's time may be from ours, before or behind (Pusher docs). */
#define API_SIGN_WINDOW_S 600

struct api_signed {
	struct cln_slice method;
	struct cln_slice path; /* raw, from "/apps/" on: a prefix in front is not signed */
	const struct api_params *params;
	struct cln_slice body; /* as received, chunks joined */
};

/* Checks in this order: the key is one of `keys`, the version, the time, the body's MD5, the
 * signature. If any is wrong, `reason` gets a sentence that says which and what to do. */
bool api_sign_check(const struct api_signed *request, const struct app_pair *keys, size_t key_count,
	int64_t now_s, struct buf *reason);

#endif

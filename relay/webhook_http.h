/* SPDX-License-Identifier: MIT
 *
 * POST by libcurl on a loop: the one place that knows libcurl. Follows no redirects, takes no proxy
 * and no credentials from the environment, verifies TLS, reads answers only to throw them away.
 * Names are resolved in a thread (resolve.h), so that nothing here stops the loop.
 */
#ifndef WEBHOOK_HTTP_H
#define WEBHOOK_HTTP_H

#include "loop.h"

#include "../wire/slice.h"

struct webhook_http;
struct webhook_post;

/* NULL if libcurl can't start; the reason is in the log. */
struct webhook_http *webhook_http_new(struct loop *loop);
/* Cancels what is under way. */
void webhook_http_free(struct webhook_http *http);

/* Copied, but for the body, which has to stay until the answer or the cancellation. */
struct webhook_request {
	const char *url;
	const char *key;
	const char *signature;
	struct cln_slice body;
	const char *ca; /* PEM file, "": the system's authorities */
	int64_t timeout_ms;
};

/* `status` is that of the answer, 0 if there was none; then `error` says why. Called once, in a
 * later turn; the post is gone then. */
typedef void (*webhook_answer_fn)(void *context, long status, const char *error);

/* NULL if the URL can't be used. */
struct webhook_post *webhook_http_post(struct webhook_http *http,
	const struct webhook_request *request, webhook_answer_fn answer, void *context);
/* Without an answer. */
void webhook_post_cancel(struct webhook_post *post);

#endif

/* SPDX-License-Identifier: MIT
 *
 * Publishing over HTTP/1.1 on a kept connection: the text as the body of a POST, or Pusher's HTTP
 * API with its signature.
 */
#ifndef BENCH_HTTP_H
#define BENCH_HTTP_H

#include "options.h"
#include "relay/base/buf.h"

/* Appends the request that publishes `text` on `channel`. */
void http_request(struct buf *out, const struct options *options, struct cln_slice channel,
	struct cln_slice text);

/* The length of the first whole answer in `bytes`, 0 if it isn't all there. Ends the program if the
 * answer is not one of success. */
size_t http_answer(struct cln_slice bytes);

/* Whether the server closes the connection behind this whole answer. */
bool http_closes(struct cln_slice answer);

#endif

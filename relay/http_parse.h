/* SPDX-License-Identifier: MIT
 *
 * One HTTP request out of bytes that come in any pieces: the wrapper around llhttp or http_parser,
 * and the rules that neither checks. Between http_parse.c and http.c; nobody else includes it.
 */
#ifndef HTTP_PARSE_H
#define HTTP_PARSE_H

#include "http.h"

enum http_parse_result {
	HTTP_PARSE_MORE, /* everything was used, the request is not complete */
	HTTP_PARSE_DONE, /* http_parse_request() has it; what follows it was not used */
	HTTP_PARSE_BAD,  /* http_parse_status() and _reason() say why */
};

struct http_parse;

struct http_parse *http_parse_new(const struct http_limits *limits); /* borrowed */
void http_parse_free(struct http_parse *parse);
/* For the next request of the same connection. */
void http_parse_reset(struct http_parse *parse);

enum http_parse_result http_parse_feed(
	struct http_parse *parse, const char *bytes, size_t len, size_t *used);

/* After HTTP_PARSE_DONE. The slices live until the next reset or free. */
void http_parse_request(const struct http_parse *parse, struct http_request *request);

/* After HTTP_PARSE_BAD: the status to answer and a sentence. */
unsigned http_parse_status(const struct http_parse *parse);
const char *http_parse_reason(const struct http_parse *parse);

/* True once per request: its head is complete, it has a body and asks for "100 Continue". */
bool http_parse_wants_continue(struct http_parse *parse);

#endif

/* SPDX-License-Identifier: MIT */
/* sources: relay/http_parse.c relay/base/xalloc.c relay/base/log.c relay/base/buf.c */
/* libs: -lhttp_parser */
/*
 * Requests on one connection read in one piece and in pieces that the input's first byte chooses:
 * the same requests and the same refusal must come out, and no limit may be passed.
 */
#include "support/fuzz.h"

#include "relay/base/buf.h"
#include "relay/http_parse.h"

static const struct http_limits limits = {
	.head_bytes = 512, .body_bytes = 128, .request_timeout_ms = 1, .idle_timeout_ms = 1};

static void write_down(struct buf *log, const struct http_parse *parse)
{
	struct http_request request;
	http_parse_request(parse, &request);
	claim(request.header_count <= HTTP_HEADERS_MAX);
	claim(request.body.len <= limits.body_bytes);
	buf_appendf(log, "%.*s|", (int)request.method.len, request.method.ptr);
	buf_append_slice(log, request.path);
	buf_append_byte(log, '?');
	buf_append_slice(log, request.query);
	for (size_t i = 0; i < request.header_count; i++) {
		buf_append_slice(log, request.headers[i].name);
		buf_append_byte(log, ':');
		buf_append_slice(log, request.headers[i].value);
	}
	buf_appendf(log, "|%d%d%u|", request.is_keep_alive, request.is_upgrade, request.minor);
	buf_append_slice(log, request.body);
}

static void run(struct cln_slice input, size_t piece, struct buf *log)
{
	struct http_parse *const parse = http_parse_new(&limits);
	enum http_parse_result result = HTTP_PARSE_MORE;
	while (input.len > 0 && result != HTTP_PARSE_BAD) {
		struct cln_slice copy = exact(cln_slice(input.ptr, piece < input.len ? piece : input.len));
		size_t used;
		result = http_parse_feed(parse, copy.ptr, copy.len, &used);
		claim(used <= copy.len);
		claim(result != HTTP_PARSE_MORE || used == copy.len);
		free((char *)copy.ptr);
		input = cln_slice_from(input, used);
		if (result == HTTP_PARSE_DONE) {
			write_down(log, parse);
			http_parse_reset(parse);
		}
	}
	if (result == HTTP_PARSE_BAD) {
		claim(http_parse_reason(parse) != NULL);
		buf_appendf(log, "refused %u", http_parse_status(parse));
	}
	http_parse_free(parse);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf whole = {0};
	struct buf pieces = {0};
	if (size < 2) {
		return 0;
	}
	const struct cln_slice input = cln_slice(data + 1, size - 1);
	run(input, input.len, &whole);
	run(input, (size_t)data[0] % 32 + 1, &pieces);
	claim(cln_slice_equal(buf_slice(&whole), buf_slice(&pieces)));
	buf_deinit(&whole);
	buf_deinit(&pieces);
	return 0;
}

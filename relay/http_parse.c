/* SPDX-License-Identifier: MIT
 *
 * See http_parse.h. The text of the request (URL, names and values of headers, body) is collected
 * one after the other in one buffer; what a request consists of are offsets into it. The parser
 * library is asked to stop at the end of every request.
 */
#include "http_parse.h"

#include "base/buf.h"
#include "base/xalloc.h"

#include <stdlib.h>
#include <strings.h>

#if defined(CLAIRON_HTTP_PARSER) || !__has_include(<llhttp.h>)
#include <http_parser.h>
#define LIBRARY_IS_LLHTTP 0
typedef struct http_parser library_parser;
typedef struct http_parser_settings library_settings;
#else
#include <llhttp.h>
#define LIBRARY_IS_LLHTTP 1
typedef llhttp_t library_parser;
typedef llhttp_settings_t library_settings;
#endif

/* A callback's answers to the library. */
#define GO_ON 0
#define STOP  (-1)

/* Memory that a request may leave behind for the next one. */
#define TEXT_KEPT 4096

struct span {
	uint32_t offset;
	uint32_t len;
};

struct field {
	struct span name;
	struct span value;
};

struct http_parse {
	library_parser parser;
	const struct http_limits *limits;
	struct buf text;
	struct span url;
	struct span body;
	struct field fields[HTTP_HEADERS_MAX];
	size_t field_count;
	size_t head_used;
	bool has_begun;   /* something came but the empty lines that clients may send in front */
	bool is_word;     /* the first byte looks like a method's */
	bool is_in_value; /* of the last field */
	bool is_head_done;
	bool is_done;
	bool is_keep_alive;
	bool is_upgrade;
	bool wants_continue;
	unsigned status; /* 0: nothing wrong so far */
	const char *reason;
};

static int refuse(struct http_parse *parse, unsigned status, const char *reason)
{
	if (parse->status == 0) {
		parse->status = status;
		parse->reason = reason;
	}
	return STOP;
}

/* Everything in `text` was limited before it is added: by the head's limit or the body's. */
static void add(struct http_parse *parse, struct span *span, const char *bytes, size_t len)
{
	if (span->len == 0) {
		span->offset = (uint32_t)parse->text.len;
	}
	buf_append(&parse->text, bytes, len);
	span->len += (uint32_t)len;
}

static struct cln_slice text_of(const struct http_parse *parse, struct span span)
{
	return cln_slice(parse->text.bytes + span.offset, span.len);
}

static bool equals(struct cln_slice text, const char *word)
{
	return text.len == strlen(word) && strncasecmp(text.ptr, word, text.len) == 0;
}

static struct cln_slice trimmed(struct cln_slice text)
{
	while (text.len > 0 && (text.ptr[0] == ' ' || text.ptr[0] == '\t')) {
		text = cln_slice_from(text, 1);
	}
	while (text.len > 0 && (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\t')) {
		text.len--;
	}
	return text;
}

/* How often a field is there; `value` gets the last. */
static size_t count_fields(
	const struct http_parse *parse, const char *name, struct cln_slice *value)
{
	size_t count = 0;
	for (size_t i = 0; i < parse->field_count; i++) {
		if (equals(text_of(parse, parse->fields[i].name), name)) {
			*value = trimmed(text_of(parse, parse->fields[i].value));
			count++;
		}
	}
	return count;
}

static int on_url(library_parser *parser, const char *bytes, size_t len)
{
	struct http_parse *const parse = parser->data;
	add(parse, &parse->url, bytes, len);
	return GO_ON;
}

static int on_field(library_parser *parser, const char *bytes, size_t len)
{
	struct http_parse *const parse = parser->data;
	if (parse->is_head_done) {
		return GO_ON; /* trailers mean nothing to us */
	}
	/* "Name : value": one of the libraries goes by the name, others may not. */
	if (memchr(bytes, ' ', len) != NULL) {
		return refuse(parse, 400, "The request has a header field with a blank in its name.");
	}
	if (parse->field_count == 0 || parse->is_in_value) {
		if (parse->field_count == HTTP_HEADERS_MAX) {
			return refuse(parse, 431, "The request has too many header fields.");
		}
		parse->fields[parse->field_count++] = (struct field){0};
		parse->is_in_value = false;
	}
	add(parse, &parse->fields[parse->field_count - 1].name, bytes, len);
	return GO_ON;
}

static int on_value(library_parser *parser, const char *bytes, size_t len)
{
	struct http_parse *const parse = parser->data;
	if (parse->is_head_done) {
		return GO_ON;
	}
	if (parse->field_count == 0) {
		return refuse(parse, 400, "The request is malformed.");
	}
	parse->is_in_value = true;
	add(parse, &parse->fields[parse->field_count - 1].value, bytes, len);
	return GO_ON;
}

static bool is_length_given(const struct http_parse *parse)
{
	struct cln_slice value;
	return count_fields(parse, "Content-Length", &value) > 0;
}

static int check_head(struct http_parse *parse)
{
	struct cln_slice value = {0};
	const size_t hosts = count_fields(parse, "Host", &value);
	if (parse->parser.http_major != 1) {
		return refuse(parse, 505, "This server speaks HTTP/1.1.");
	}
	if (hosts > 1 || (hosts == 0 && parse->parser.http_minor > 0)) {
		return refuse(parse, 400, "The request needs exactly one Host header field.");
	}
	const size_t encodings = count_fields(parse, "Transfer-Encoding", &value);
	if (encodings > 1 || (encodings == 1 && !equals(value, "chunked"))) {
		return refuse(parse, 501, "The only transfer encoding understood here is chunked.");
	}
	if (encodings > 0 && parse->parser.http_minor == 0) {
		return refuse(parse, 400, "HTTP/1.0 has no transfer encodings.");
	}
	if (encodings > 0 && is_length_given(parse)) {
		return refuse(parse, 400, "Content-Length and Transfer-Encoding exclude each other.");
	}
	if (is_length_given(parse) && parse->parser.content_length > parse->limits->body_bytes) {
		return refuse(parse, 413, "The body of the request is too large.");
	}
	const bool has_body =
		encodings > 0 || (is_length_given(parse) && parse->parser.content_length > 0);
	parse->wants_continue = has_body && parse->parser.http_minor > 0 &&
							count_fields(parse, "Expect", &value) == 1 &&
							equals(value, "100-continue");
	return GO_ON;
}

static int on_headers_complete(library_parser *parser)
{
	struct http_parse *const parse = parser->data;
	parse->is_head_done = true;
	return check_head(parse);
}

static int on_body(library_parser *parser, const char *bytes, size_t len)
{
	struct http_parse *const parse = parser->data;
	if (len > parse->limits->body_bytes - parse->body.len) {
		return refuse(parse, 413, "The body of the request is too large.");
	}
	add(parse, &parse->body, bytes, len);
	return GO_ON;
}

static int on_message_complete(library_parser *parser);

static const library_settings settings = {
	.on_url = on_url,
	.on_header_field = on_field,
	.on_header_value = on_value,
	.on_headers_complete = on_headers_complete,
	.on_body = on_body,
	.on_message_complete = on_message_complete,
};

#if LIBRARY_IS_LLHTTP

static int on_message_complete(library_parser *parser)
{
	struct http_parse *const parse = parser->data;
	parse->is_done = true;
	parse->is_keep_alive = llhttp_should_keep_alive(parser) != 0;
	parse->is_upgrade = parser->upgrade != 0;
	return HPE_PAUSED;
}

static void library_init(library_parser *parser)
{
	llhttp_init(parser, HTTP_REQUEST, &settings);
}

/* Returns how many bytes were used; `*is_bad` if they are no HTTP. */
static size_t library_execute(library_parser *parser, const char *bytes, size_t len, bool *is_bad)
{
	const llhttp_errno_t result = llhttp_execute(parser, bytes, len);
	*is_bad = result != HPE_OK && result != HPE_PAUSED && result != HPE_PAUSED_UPGRADE;
	return result == HPE_OK ? len : (size_t)(llhttp_get_error_pos(parser) - bytes);
}

static bool library_refused_method(const library_parser *parser)
{
	return llhttp_get_errno(parser) == HPE_INVALID_METHOD;
}

static const char *library_method(const library_parser *parser)
{
	return llhttp_method_name((llhttp_method_t)parser->method);
}

#else

static int on_message_complete(library_parser *parser)
{
	struct http_parse *const parse = parser->data;
	parse->is_done = true;
	parse->is_keep_alive = http_should_keep_alive(parser) != 0;
	parse->is_upgrade = parser->upgrade != 0;
	http_parser_pause(parser, 1);
	return GO_ON;
}

static void library_init(library_parser *parser)
{
	http_parser_init(parser, HTTP_REQUEST);
}

static size_t library_execute(library_parser *parser, const char *bytes, size_t len, bool *is_bad)
{
	const size_t used = http_parser_execute(parser, &settings, bytes, len);
	*is_bad = HTTP_PARSER_ERRNO(parser) != HPE_OK && HTTP_PARSER_ERRNO(parser) != HPE_PAUSED;
	return used;
}

static bool library_refused_method(const library_parser *parser)
{
	return HTTP_PARSER_ERRNO(parser) == HPE_INVALID_METHOD;
}

static const char *library_method(const library_parser *parser)
{
	return http_method_str((enum http_method)parser->method);
}

#endif

static void start(struct http_parse *parse)
{
	library_init(&parse->parser);
	parse->parser.data = parse;
}

struct http_parse *http_parse_new(const struct http_limits *limits)
{
	struct http_parse *const parse = xcalloc(1, sizeof(*parse));
	parse->limits = limits;
	start(parse);
	return parse;
}

void http_parse_free(struct http_parse *parse)
{
	if (parse == NULL) {
		return;
	}
	buf_deinit(&parse->text);
	free(parse);
}

void http_parse_reset(struct http_parse *parse)
{
	struct buf text = parse->text;
	text.len = 0;
	if (text.cap > TEXT_KEPT) {
		buf_deinit(&text);
	}
	*parse = (struct http_parse){.limits = parse->limits, .text = text};
	start(parse);
}

/* Why the library gave up, if none of our own rules was broken. */
static void refuse_syntax(struct http_parse *parse)
{
	if (library_refused_method(&parse->parser) && parse->is_word) {
		refuse(parse, 501, "This request method is not known here.");
	} else if (library_refused_method(&parse->parser)) {
		refuse(parse, 400, "This port speaks plain HTTP and WebSocket; what came was neither.");
	} else {
		refuse(parse, 400, "The request is malformed.");
	}
}

static void refuse_head(struct http_parse *parse)
{
	if (parse->field_count == 0) {
		refuse(parse, 414, "The request line is too long.");
	} else {
		refuse(parse, 431, "The header of the request is too large.");
	}
}

enum http_parse_result http_parse_feed(
	struct http_parse *parse, const char *bytes, size_t len, size_t *used)
{
	*used = 0;
	for (size_t i = 0; i < len && !parse->has_begun; i++) {
		parse->has_begun = bytes[i] != '\r' && bytes[i] != '\n';
		parse->is_word = bytes[i] >= 'A' && bytes[i] <= 'Z';
	}
	while (*used < len && !parse->is_done) {
		size_t piece = len - *used;
		const bool is_head = !parse->is_head_done;
		if (is_head && piece > parse->limits->head_bytes - parse->head_used) {
			piece = parse->limits->head_bytes - parse->head_used;
		}
		if (piece == 0) {
			refuse_head(parse);
			return HTTP_PARSE_BAD;
		}
		bool is_bad;
		const size_t done = library_execute(&parse->parser, bytes + *used, piece, &is_bad);
		if (is_bad || parse->status != 0) {
			refuse_syntax(parse);
			return HTTP_PARSE_BAD;
		}
		*used += done;
		parse->head_used += is_head ? done : 0;
	}
	return parse->is_done ? HTTP_PARSE_DONE : HTTP_PARSE_MORE;
}

/* How many bytes "http://" or "https://" has in front of `url`. */
static size_t scheme_len(struct cln_slice url)
{
	static const struct cln_slice schemes[] = {{"http://", 7}, {"https://", 8}};
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		if (cln_slice_starts(url, schemes[i])) {
			return schemes[i].len;
		}
	}
	return 0;
}

/* The path of "/path?query", and of "http://host/path?query" as it is sent to proxies. */
static void split_url(struct cln_slice url, struct http_request *request)
{
	const size_t scheme = scheme_len(url);
	if (scheme > 0) {
		const struct cln_slice rest = cln_slice_from(url, scheme);
		const char *const slash = memchr(rest.ptr, '/', rest.len);
		url = slash != NULL ? cln_slice_from(rest, (size_t)(slash - rest.ptr)) : CLN_SLICE("/");
	}
	const char *const hash = memchr(url.ptr, '#', url.len);
	url.len = hash != NULL ? (size_t)(hash - url.ptr) : url.len;
	const char *const mark = memchr(url.ptr, '?', url.len);
	request->path = cln_slice(url.ptr, mark != NULL ? (size_t)(mark - url.ptr) : url.len);
	request->query =
		mark != NULL ? cln_slice_from(url, (size_t)(mark + 1 - url.ptr)) : cln_slice(NULL, 0);
}

void http_parse_request(const struct http_parse *parse, struct http_request *request)
{
	request->method = cln_slice_of(library_method(&parse->parser));
	split_url(text_of(parse, parse->url), request);
	for (size_t i = 0; i < parse->field_count; i++) {
		request->headers[i].name = text_of(parse, parse->fields[i].name);
		request->headers[i].value = trimmed(text_of(parse, parse->fields[i].value));
	}
	request->header_count = parse->field_count;
	request->body = text_of(parse, parse->body);
	/* Whether CONNECT has a body is understood in two ways: nothing is read behind it. */
	request->is_keep_alive =
		parse->is_keep_alive && !cln_slice_equal(request->method, CLN_SLICE("CONNECT"));
	request->is_upgrade = parse->is_upgrade;
	request->minor = parse->parser.http_minor;
}

unsigned http_parse_status(const struct http_parse *parse)
{
	return parse->status;
}

const char *http_parse_reason(const struct http_parse *parse)
{
	return parse->reason;
}

bool http_parse_wants_continue(struct http_parse *parse)
{
	const bool wants = parse->wants_continue && !parse->is_done;
	parse->wants_continue = false;
	return wants;
}

/* SPDX-License-Identifier: MIT
 *
 * See deflate.h. The window and level are measured: for messages of up to 10 KB a window of 4 KB
 * compresses as well as one of 32 KB, and costs 32 KB per worker instead of 268. Clients that allow
 * a larger window get the same bytes.
 *
 * A compressed message is a run of DEFLATE blocks that ends with an empty stored block, of which
 * the last four bytes (TAIL) are left out. A peer may also end streams (BFINAL) within a message.
 */
#include "deflate.h"

#include "base/xalloc.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define ZLIB_CONST
#include <zlib.h>

#define WINDOW_BITS_LEAST 8 /* that an offer may name */
#define WINDOW_BITS_MIN   9 /* zlib makes no smaller ones */
#define WINDOW_BITS_MAX   15
#define WINDOW_BITS_USED  12
#define LEVEL             5
#define MEMORY_LEVEL      5
#define GAIN              10 /* a compressed form has to save this part of the message */
#define TAIL              "\x00\x00\xff\xff"
#define TAIL_BYTES        4
#define VALUE_MAX         8 /* of a parameter; no value of ours is longer */
#define WINDOW_MAX        ((size_t)1 << WINDOW_BITS_MAX)
#define STREAMS_MAX       64 /* that end within one message: each costs a copy of the window */
#define AT_BLOCK_BOUNDARY 128
#define BITS_LEFT         63

_Static_assert(WINDOW_BITS_USED - WINDOW_BITS_MIN + 1 == DEFLATE_KINDS, "DEFLATE_KINDS");

/* --- negotiation --- */

static bool is_token_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		   (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static void skip_blanks(struct cln_slice *rest)
{
	while (rest->len > 0 && (rest->ptr[0] == ' ' || rest->ptr[0] == '\t')) {
		*rest = cln_slice_from(*rest, 1);
	}
}

/* Whether `c` comes next, blanks left out; takes it. */
static bool take(struct cln_slice *rest, char c)
{
	skip_blanks(rest);
	if (rest->len == 0 || rest->ptr[0] != c) {
		return false;
	}
	*rest = cln_slice_from(*rest, 1);
	return true;
}

/* Empty if none comes next. */
static struct cln_slice take_token(struct cln_slice *rest)
{
	size_t len = 0;
	skip_blanks(rest);
	while (len < rest->len && is_token_byte(rest->ptr[len])) {
		len++;
	}
	const struct cln_slice token = cln_slice(rest->ptr, len);
	*rest = cln_slice_from(*rest, len);
	return token;
}

struct parameter {
	struct cln_slice name;
	bool has_value;
	char value[VALUE_MAX];
	size_t value_len; /* more than VALUE_MAX: it was cut */
};

static void add_to_value(struct parameter *parameter, char c)
{
	if (parameter->value_len < VALUE_MAX) {
		parameter->value[parameter->value_len] = c;
	}
	parameter->value_len++;
}

/* What stands within the quotes has to be a token (RFC 6455, 9.1). */
static bool read_quoted(struct cln_slice *rest, struct parameter *parameter)
{
	while (rest->len > 0 && rest->ptr[0] != '"') {
		if (rest->ptr[0] == '\\') {
			*rest = cln_slice_from(*rest, 1);
		}
		if (rest->len == 0 || !is_token_byte(rest->ptr[0])) {
			return false;
		}
		add_to_value(parameter, rest->ptr[0]);
		*rest = cln_slice_from(*rest, 1);
	}
	return take(rest, '"') && parameter->value_len > 0;
}

static bool read_parameter(struct cln_slice *rest, struct parameter *parameter)
{
	*parameter = (struct parameter){.name = take_token(rest)};
	if (parameter->name.len == 0) {
		return false;
	}
	parameter->has_value = take(rest, '=');
	if (!parameter->has_value) {
		return true;
	}
	if (take(rest, '"')) {
		return read_quoted(rest, parameter);
	}
	const struct cln_slice token = take_token(rest);
	for (size_t i = 0; i < token.len; i++) {
		add_to_value(parameter, token.ptr[i]);
	}
	return token.len > 0;
}

/* 8 to 15 without leading zeros; 0 if it is anything else. */
static uint8_t window_bits_of(const struct parameter *parameter)
{
	const char *const digits = parameter->value;
	if (parameter->value_len == 1 && digits[0] >= '8' && digits[0] <= '9') {
		return (uint8_t)(digits[0] - '0');
	}
	if (parameter->value_len == 2 && digits[0] == '1' && digits[1] >= '0' && digits[1] <= '5') {
		return (uint8_t)(10 + (digits[1] - '0'));
	}
	return 0;
}

enum known_parameter {
	SERVER_TAKEOVER,
	CLIENT_TAKEOVER,
	SERVER_WINDOW,
	CLIENT_WINDOW,
	UNKNOWN_PARAMETER,
};

static enum known_parameter know(struct cln_slice name)
{
	static const char *const names[] = {
		[SERVER_TAKEOVER] = "server_no_context_takeover",
		[CLIENT_TAKEOVER] = "client_no_context_takeover",
		[SERVER_WINDOW] = "server_max_window_bits",
		[CLIENT_WINDOW] = "client_max_window_bits",
	};
	unsigned i = 0;
	while (i < UNKNOWN_PARAMETER && !cln_slice_equal(name, cln_slice_of(names[i]))) {
		i++;
	}
	return (enum known_parameter)i;
}

/* What the client's window may be is of no concern: we inflate with the largest. */
static bool accept_parameter(
	const struct parameter *parameter, enum known_parameter known, struct deflate_terms *terms)
{
	const uint8_t bits = window_bits_of(parameter);
	switch (known) {
	case SERVER_TAKEOVER:
	case CLIENT_TAKEOVER:
		return !parameter->has_value;
	case SERVER_WINDOW:
		terms->window_bits = bits;
		terms->is_bounded = true;
		return bits >= WINDOW_BITS_MIN;
	case CLIENT_WINDOW:
		return !parameter->has_value || bits >= WINDOW_BITS_LEAST;
	case UNKNOWN_PARAMETER:
		return false;
	}
	return false;
}

/* One offer, its name included. False: malformed. `terms` is zeroed unless it is acceptable. */
static bool read_offer(struct cln_slice *rest, struct deflate_terms *terms)
{
	const struct cln_slice name = take_token(rest);
	bool is_acceptable = cln_slice_equal(name, CLN_SLICE("permessage-deflate"));
	unsigned seen = 0;
	*terms = (struct deflate_terms){.window_bits = WINDOW_BITS_MAX};
	if (name.len == 0) {
		return false;
	}
	while (take(rest, ';')) {
		struct parameter parameter;
		if (!read_parameter(rest, &parameter)) {
			return false;
		}
		const enum known_parameter known = know(parameter.name);
		is_acceptable = is_acceptable && (seen & 1U << known) == 0 &&
						accept_parameter(&parameter, known, terms);
		seen |= 1U << known;
	}
	if (!is_acceptable) {
		*terms = (struct deflate_terms){0};
	}
	return true;
}

bool deflate_read_offers(struct cln_slice field, struct deflate_terms *terms)
{
	bool has_offer = false;
	for (;;) {
		struct deflate_terms offered;
		while (take(&field, ',')) {
			/* a list may have empty elements (RFC 9110, 5.6.1.2) */
		}
		if (field.len == 0) {
			return has_offer;
		}
		if (!read_offer(&field, &offered)) {
			return false;
		}
		has_offer = true;
		if (terms->window_bits == 0) {
			*terms = offered;
		}
		skip_blanks(&field);
		if (field.len > 0 && field.ptr[0] != ',') {
			return false;
		}
	}
}

size_t deflate_print_answer(const struct deflate_terms *terms, char out[DEFLATE_ANSWER_MAX])
{
	static const char always[] =
		"permessage-deflate; server_no_context_takeover; client_no_context_takeover";
	const int len = terms->is_bounded
						? snprintf(out, DEFLATE_ANSWER_MAX, "%s; server_max_window_bits=%u", always,
							  (unsigned)terms->window_bits)
						: snprintf(out, DEFLATE_ANSWER_MAX, "%s", always);
	return (size_t)len;
}

/* --- the codec --- */

struct deflate_codec {
	z_stream packers[DEFLATE_KINDS];
	z_stream inflater;
	bool has_packer[DEFLATE_KINDS];
	bool has_inflater;
};

static void *allocate(void *context, unsigned count, unsigned size)
{
	(void)context;
	return xcalloc(count, size);
}

static void release(void *context, void *memory)
{
	(void)context;
	free(memory);
}

struct deflate_codec *deflate_codec_new(void)
{
	return xcalloc(1, sizeof(struct deflate_codec));
}

void deflate_codec_free(struct deflate_codec *codec)
{
	if (codec == NULL) {
		return;
	}
	for (unsigned kind = 0; kind < DEFLATE_KINDS; kind++) {
		if (codec->has_packer[kind]) {
			deflateEnd(&codec->packers[kind]);
		}
	}
	if (codec->has_inflater) {
		inflateEnd(&codec->inflater);
	}
	free(codec);
}

/* --- compressing --- */

unsigned deflate_kind(unsigned window_bits)
{
	const unsigned used = window_bits < WINDOW_BITS_USED ? window_bits : WINDOW_BITS_USED;
	return used - WINDOW_BITS_MIN;
}

static z_stream *fresh_packer(struct deflate_codec *codec, unsigned kind)
{
	z_stream *const packer = &codec->packers[kind];
	int status;
	if (codec->has_packer[kind]) {
		status = deflateReset(packer);
	} else {
		packer->zalloc = allocate;
		packer->zfree = release;
		status = deflateInit2(packer, LEVEL, Z_DEFLATED, -(int)(WINDOW_BITS_MIN + kind),
			MEMORY_LEVEL, Z_DEFAULT_STRATEGY);
		codec->has_packer[kind] = true;
	}
	assert(status == Z_OK); /* it fails only for want of memory or for wrong arguments */
	return packer;
}

size_t deflate_room(size_t len)
{
	return len - len / GAIN + TAIL_BYTES;
}

size_t deflate_compress(
	struct deflate_codec *codec, unsigned kind, struct cln_slice message, char *out)
{
	assert(kind < DEFLATE_KINDS && message.len <= UINT32_MAX);
	z_stream *const packer = fresh_packer(codec, kind);
	packer->next_in = (const unsigned char *)message.ptr;
	packer->avail_in = (unsigned)message.len;
	packer->next_out = (unsigned char *)out;
	packer->avail_out = (unsigned)deflate_room(message.len);
	/* Room that was used up may have been too little. */
	if (deflate(packer, Z_SYNC_FLUSH) != Z_OK || packer->avail_out == 0) {
		return 0;
	}
	const size_t len = (size_t)((char *)packer->next_out - out);
	assert(len > TAIL_BYTES && memcmp(out + len - TAIL_BYTES, TAIL, TAIL_BYTES) == 0);
	return len - TAIL_BYTES;
}

/* --- inflating --- */

/* A message on its way out of the inflater. */
struct inflating {
	z_stream *stream;
	struct buf *out;
	size_t max;
	unsigned streams; /* that ended so far */
	bool is_ended;    /* the current one */
};

static z_stream *fresh_inflater(struct deflate_codec *codec)
{
	z_stream *const inflater = &codec->inflater;
	int status;
	if (codec->has_inflater) {
		status = inflateReset(inflater);
	} else {
		inflater->zalloc = allocate;
		inflater->zfree = release;
		status = inflateInit2(inflater, -WINDOW_BITS_MAX);
		codec->has_inflater = true;
	}
	assert(status == Z_OK);
	return inflater;
}

/* Another stream within the message; it may refer to what the ones before it said. */
static void begin_stream(struct inflating *inflating)
{
	const struct buf *const out = inflating->out;
	const size_t len = out->len < WINDOW_MAX ? out->len : WINDOW_MAX;
	inflateReset(inflating->stream);
	inflateSetDictionary(
		inflating->stream, (const unsigned char *)out->bytes + (out->len - len), (unsigned)len);
	inflating->is_ended = false;
}

/* Room for more output: twice as much as before, never more than one byte above the limit. */
static void make_room(struct inflating *inflating)
{
	struct buf *const out = inflating->out;
	if (out->len < out->cap) {
		return;
	}
	const size_t most = inflating->max + 1 > DEFLATE_FIRST ? inflating->max + 1 : DEFLATE_FIRST;
	const size_t wanted = out->cap > 0 ? out->cap * 2 : DEFLATE_FIRST;
	out->cap = wanted < most ? wanted : most;
	out->bytes = xrealloc(out->bytes, out->cap);
}

static int inflate_some(struct inflating *inflating)
{
	z_stream *const stream = inflating->stream;
	struct buf *const out = inflating->out;
	make_room(inflating);
	stream->next_out = (unsigned char *)out->bytes + out->len;
	stream->avail_out = (unsigned)(out->cap - out->len);
	const int status = inflate(stream, Z_SYNC_FLUSH);
	out->len = out->cap - stream->avail_out;
	return status;
}

/* Inflates until `bytes` are used up. */
static enum deflate_result feed(struct inflating *inflating, struct cln_slice bytes)
{
	z_stream *const stream = inflating->stream;
	stream->next_in = (const unsigned char *)bytes.ptr;
	stream->avail_in = (unsigned)bytes.len;
	for (;;) {
		if (inflating->is_ended) {
			if (stream->avail_in == 0) {
				return DEFLATE_OK;
			}
			if (++inflating->streams > STREAMS_MAX) {
				return DEFLATE_BROKEN;
			}
			begin_stream(inflating);
		}
		const int status = inflate_some(inflating);
		if (inflating->out->len > inflating->max) {
			return DEFLATE_TOO_BIG;
		}
		if (status == Z_STREAM_END) {
			inflating->is_ended = true;
		} else if (status != Z_OK && status != Z_BUF_ERROR) {
			return DEFLATE_BROKEN;
		} else if (stream->avail_in == 0 && stream->avail_out > 0) {
			return DEFLATE_OK;
		}
	}
}

enum deflate_result deflate_inflate(
	struct deflate_codec *codec, struct cln_slice payload, size_t max, struct buf *out)
{
	assert(payload.len <= UINT32_MAX && max < UINT32_MAX);
	struct inflating inflating = {.stream = fresh_inflater(codec), .out = out, .max = max};
	if (payload.len == 0) {
		return DEFLATE_OK;
	}
	enum deflate_result result = feed(&inflating, payload);
	if (result != DEFLATE_OK || inflating.is_ended) {
		return result;
	}
	/* They have to be the rest of an empty block: data cut short would take them for data. */
	const size_t len = out->len;
	result = feed(&inflating, cln_slice(TAIL, TAIL_BYTES));
	const int state = inflating.stream->data_type;
	const bool is_at_boundary = (state & AT_BLOCK_BOUNDARY) != 0 && (state & BITS_LEFT) == 0;
	const bool is_whole = out->len == len && (inflating.is_ended || is_at_boundary);
	return result == DEFLATE_OK && !is_whole ? DEFLATE_BROKEN : result;
}

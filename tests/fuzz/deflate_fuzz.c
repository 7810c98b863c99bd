/* SPDX-License-Identifier: MIT */
/* sources: relay/deflate.c relay/base/xalloc.c relay/base/log.c relay/base/buf.c */
/* libs: zlib */
/*
 * permessage-deflate. The input's first byte chooses: a Sec-WebSocket-Extensions field, a
 * compressed message to inflate within a limit, or a message that must be the same after having
 * been compressed and inflated.
 */
#include "support/fuzz.h"

#include "relay/deflate.h"

#include <string.h>

static void read_field(struct cln_slice field)
{
	struct deflate_terms terms = {0};
	char answer[DEFLATE_ANSWER_MAX];
	if (deflate_read_offers(field, &terms) && terms.window_bits != 0) {
		claim(terms.window_bits >= 9 && terms.window_bits <= 15);
		claim(deflate_kind(terms.window_bits) < DEFLATE_KINDS);
		claim(deflate_print_answer(&terms, answer) == strlen(answer));
		/* What we answer is what we would accept. */
		struct deflate_terms again = {0};
		claim(deflate_read_offers(cln_slice_of(answer), &again));
		claim(again.window_bits == terms.window_bits && again.is_bounded == terms.is_bounded);
	}
}

static void inflate_within(struct deflate_codec *codec, struct cln_slice payload, size_t max)
{
	struct buf out = {0};
	struct buf again = {0};
	const enum deflate_result result = deflate_inflate(codec, payload, max, &out);
	claim(out.cap <= (max + 1 > DEFLATE_FIRST ? max + 1 : DEFLATE_FIRST));
	claim(result != DEFLATE_OK || out.len <= max);
	/* Nothing is left behind in the codec. */
	claim(deflate_inflate(codec, payload, max, &again) == result);
	claim(cln_slice_equal(buf_slice(&out), buf_slice(&again)));
	buf_deinit(&out);
	buf_deinit(&again);
}

static void there_and_back(struct deflate_codec *codec, unsigned kind, struct cln_slice message)
{
	struct buf out = {0};
	char *const packed = malloc(deflate_room(message.len));
	const size_t len = deflate_compress(codec, kind, message, packed);
	if (len > 0) {
		claim(len < message.len);
		claim(deflate_inflate(codec, cln_slice(packed, len), message.len, &out) == DEFLATE_OK);
		claim(cln_slice_equal(buf_slice(&out), message));
		buf_deinit(&out);
		claim(deflate_inflate(codec, cln_slice(packed, len), message.len - 1, &out) ==
			  DEFLATE_TOO_BIG);
	}
	buf_deinit(&out);
	free(packed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const size_t limits[] = {0, 1, 100, 1024, 10240, 100000};
	if (size < 2) {
		return 0;
	}
	const struct cln_slice input = exact(cln_slice(data + 1, size - 1));
	struct deflate_codec *const codec = deflate_codec_new();
	switch (data[0] % 3) {
	case 0:
		read_field(input);
		break;
	case 1:
		inflate_within(codec, input, limits[data[0] / 3 % (sizeof(limits) / sizeof(limits[0]))]);
		break;
	default:
		there_and_back(codec, data[0] / 3 % DEFLATE_KINDS, input);
	}
	deflate_codec_free(codec);
	free((char *)input.ptr);
	return 0;
}

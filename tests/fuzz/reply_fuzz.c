/* SPDX-License-Identifier: MIT */
/* sources: wire/reply.c */
/* libs: hiredis */
/*
 * A stream of replies fed whole and fed in pieces gives the same replies and the same end.
 */
#include "support/fuzz.h"
#include "wire/reply.h"

#define BYTES_MAX 65536

struct run {
	uint64_t hash;
	bool has_failed;
};

static uint64_t mix_reply(uint64_t hash, const struct cln_reply *reply)
{
	claim(reply->count <= CLN_REPLY_ITEMS_MAX);
	hash = mix_number(hash, reply->type);
	for (size_t i = 0; i < reply->count; i++) {
		hash = mix_number(hash, reply->item[i].type);
		hash = mix_number(hash, reply->item[i].integer);
		hash = mix(hash, reply->item[i].text);
	}
	return hash;
}

static void read_replies(struct run *run, struct cln_reply_reader *reader, struct cln_slice bytes)
{
	struct cln_slice copy = exact(bytes);
	struct cln_reply reply;
	int result;

	if (cln_reply_feed(reader, copy) != CLN_OK)
		claim(run->has_failed || copy.len > BYTES_MAX);
	free((char *)copy.ptr);
	while ((result = cln_reply_next(reader, &reply)) == CLN_OK)
		run->hash = mix_reply(run->hash, &reply);
	claim(!run->has_failed || result != CLN_ERR_MORE);
	if (result != CLN_ERR_MORE && !run->has_failed) {
		run->hash = mix_number(run->hash, result);
		run->has_failed = true;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t seed = (uint32_t)size * 2654435761u + (size ? data[size - 1] : 0);
	struct run whole = {0}, pieces = {0};
	struct cln_reply_reader *reader = cln_reply_reader_new(BYTES_MAX);

	read_replies(&whole, reader, cln_slice(data, size));
	cln_reply_reader_free(reader);
	reader = cln_reply_reader_new(BYTES_MAX);
	for (size_t at = 0; at < size;) {
		size_t len = next_cut(&seed, size - at);

		read_replies(&pieces, reader, cln_slice(data + at, len));
		at += len;
	}
	cln_reply_reader_free(reader);
	claim(whole.hash == pieces.hash && whole.has_failed == pieces.has_failed);
	return 0;
}

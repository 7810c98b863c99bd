/* SPDX-License-Identifier: MIT */
/* sources: wire/resp.c */
/*
 * A stream of requests read whole and read in pieces gives the same requests and the same end;
 * `need` never asks for more than the request turns out to have.
 */
#include "support/fuzz.h"
#include "wire/resp.h"

#define BULK_MAX 256

/* What was said of the input so far, and how much of it is done with. */
struct run {
	uint64_t hash;
	size_t done;
	size_t need;
	bool has_failed;
};

/* Reads all requests of which `bytes` has enough. */
static void read_requests(struct run *run, struct cln_slice bytes)
{
	while (!run->has_failed) {
		struct cln_slice copy = exact(cln_slice_from(bytes, run->done));
		struct cln_resp_request request;
		int result = cln_resp_request(copy, BULK_MAX, &request);

		if (result == CLN_OK) {
			claim(request.consumed > 0 && request.consumed <= copy.len);
			claim(request.consumed >= run->need && request.argc <= CLN_RESP_ARGS_MAX);
			for (size_t i = 0; i < request.argc; i++) {
				claim(request.argv[i].ptr >= copy.ptr);
				claim(request.argv[i].ptr + request.argv[i].len <= copy.ptr + request.consumed);
				run->hash = mix(run->hash, request.argv[i]);
			}
			run->hash = mix_number(run->hash, (long long)request.consumed);
			run->done += request.consumed;
			run->need = 0;
		} else if (result == CLN_ERR_MORE) {
			claim(request.need > copy.len);
			run->need = request.need;
		} else {
			claim(request.error != NULL);
			run->hash = mix_number(run->hash, result);
			run->has_failed = true;
		}
		free((char *)copy.ptr);
		if (result == CLN_ERR_MORE)
			return;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct cln_slice bytes = cln_slice(data, size);
	uint32_t seed = (uint32_t)size * 2654435761u + (size ? data[size - 1] : 0);
	struct run whole = {0}, pieces = {0};

	read_requests(&whole, bytes);
	for (size_t len = 0; len < size;) {
		len += next_cut(&seed, size - len);
		read_requests(&pieces, cln_slice(data, len));
	}
	claim(whole.hash == pieces.hash && whole.done == pieces.done);
	claim(whole.has_failed == pieces.has_failed);
	return 0;
}

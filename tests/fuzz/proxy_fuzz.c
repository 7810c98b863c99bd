/* SPDX-License-Identifier: MIT */
/* sources: relay/proxy.c relay/conn.c relay/conn_input.c relay/conn_output.c relay/loop.c */
/* sources: relay/mailbox.c relay/base/wheel.c relay/base/frame.c relay/base/xalloc.c */
/* sources: relay/base/log.c relay/base/clock.c relay/base/buf.c */
/* libs: libevent_core */
/*
 * The PROXY header and addresses of X-Forwarded-For. Read as it arrives, asking for no more than
 * it has, a header means the same as whole; what follows it changes nothing; an address that was
 * read is read again from its text.
 */
#include "support/fuzz.h"

#include "relay/proxy.h"

#include <arpa/inet.h>

static enum proxy_result parse(struct cln_slice bytes, struct proxy_header *header)
{
	const struct cln_slice copy = exact(bytes);
	const enum proxy_result result =
		proxy_parse_header((const unsigned char *)copy.ptr, copy.len, header);
	claim(result != PROXY_BAD || header->reason != NULL);
	claim(result != PROXY_DONE || header->wanted <= bytes.len);
	claim(result != PROXY_MORE || header->wanted > bytes.len);
	claim(header->wanted <= PROXY_HEADER_MAX);
	free((char *)copy.ptr);
	return result;
}

static void parse_in_pieces(
	struct cln_slice all, const struct proxy_header *whole, enum proxy_result result)
{
	struct proxy_header header;
	enum proxy_result step;
	uint32_t seed = (uint32_t)all.len;
	size_t len = 0;
	while ((step = parse(cln_slice(all.ptr, len), &header)) == PROXY_MORE && len < all.len) {
		const size_t left = header.wanted < all.len ? header.wanted - len : all.len - len;
		len += next_cut(&seed, left);
	}
	claim(step == result);
	if (result == PROXY_DONE) {
		claim(len == whole->wanted && header.wanted == whole->wanted);
		claim(header.origin.has_address == whole->origin.has_address);
		claim(header.origin.is_secure == whole->origin.is_secure);
		claim(header.origin.address.port == whole->origin.address.port);
		claim(memcmp(&header.origin.address.ip, &whole->origin.address.ip,
				  sizeof(struct in6_addr)) == 0);
	}
}

static void parse_address(struct cln_slice text)
{
	struct conn_address address;
	struct conn_address again;
	char printed[INET6_ADDRSTRLEN];
	const struct cln_slice copy = exact(text);
	if (proxy_parse_address(copy, &address)) {
		claim(inet_ntop(AF_INET6, &address.ip, printed, sizeof(printed)) != NULL);
		claim(proxy_parse_address(cln_slice_of(printed), &again));
		claim(again.port == 0 && memcmp(&again.ip, &address.ip, sizeof(address.ip)) == 0);
	}
	free((char *)copy.ptr);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct cln_slice all = cln_slice(data, size);
	struct proxy_header header;
	const enum proxy_result result = parse(all, &header);
	parse_in_pieces(all, &header, result);
	parse_address(all);
	return 0;
}

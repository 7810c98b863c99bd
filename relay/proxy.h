/* SPDX-License-Identifier: MIT
 *
 * Proxies in front of the relay: which of them are trusted, and what they say of a connection
 * (PROXY protocol, version 2) or of a request (forwarded.h). Addresses of both families are one:
 * IPv4 is mapped into IPv6.
 */
#ifndef PROXY_H
#define PROXY_H

#include "conf.h"
#include "conn_layer.h"

#define PROXY_HEADER_MAX 2048 /* of a PROXY header, with its TLVs */

struct proxy_range {
	struct in6_addr ip;
	unsigned bits;
};

struct proxy_list {
	struct proxy_range *ranges;
	size_t count;
};

/* From trusted_proxies, which were checked when the configuration was loaded. */
void proxy_list_init(struct proxy_list *list, const struct conf *conf);
void proxy_list_deinit(struct proxy_list *list);
bool proxy_list_has(const struct proxy_list *list, const struct conn_address *address);

/* A word of X-Forwarded-For: ADDRESS, ADDRESS:PORT or [ADDRESS]:PORT. */
bool proxy_parse_address(struct cln_slice text, struct conn_address *address);

enum proxy_result {
	PROXY_MORE, /* `wanted` bytes are needed to go on */
	PROXY_DONE, /* the header is `wanted` bytes long */
	PROXY_BAD,  /* the reason is in `reason` */
};

struct proxy_header {
	struct conn_origin origin; /* without an address: the proxy speaks for itself */
	size_t wanted;
	const char *reason;
};

/* The beginning of a PROXY header, version 2. */
enum proxy_result proxy_parse_header(
	const unsigned char *bytes, size_t len, struct proxy_header *header);

/* For a connection that was just accepted, after tls_accept(): if it comes from a trusted proxy,
 * its words are believed from now on, and a PROXY header has to come first if `has_header`. */
void proxy_greet(const struct proxy_list *list, bool has_header, struct conn *conn);

#endif

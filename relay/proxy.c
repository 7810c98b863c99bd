/* SPDX-License-Identifier: MIT
 *
 * See proxy.h. The header is read as a layer before all others, never a byte more than it has: what
 * follows belongs to TLS or to the owner. Anything but a header ends the connection, since a proxy
 * that is set up otherwise would pass on its clients under its own name.
 */
#include "proxy.h"

#include "base/log.h"
#include "base/xalloc.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define MAPPED_BITS  96 /* in front of an IPv4 address within an IPv6 one */
#define BYTE_BITS    8
#define DECIMAL      10
#define PORT_DIGITS  5
#define ADDRESS_TEXT (INET6_ADDRSTRLEN)

/* --- addresses --- */

static void map_v4(const void *v4, struct in6_addr *ip)
{
	static const unsigned char mapped[MAPPED_BITS / BYTE_BITS] = {[10] = 0xff, [11] = 0xff};
	memcpy(ip->s6_addr, mapped, sizeof(mapped));
	memcpy(ip->s6_addr + sizeof(mapped), v4, sizeof(struct in_addr));
}

/* Returns the number of bits in front of the address's own, -1 if it is none. */
static int parse_ip(struct cln_slice text, struct in6_addr *ip)
{
	char word[ADDRESS_TEXT];
	struct in_addr v4;
	if (text.len >= sizeof(word) || memchr(text.ptr, '\0', text.len) != NULL) {
		return -1;
	}
	memcpy(word, text.ptr, text.len);
	word[text.len] = '\0';
	if (inet_pton(AF_INET, word, &v4) == 1) {
		map_v4(&v4, ip);
		return MAPPED_BITS;
	}
	return inet_pton(AF_INET6, word, ip) == 1 ? 0 : -1;
}

static bool parse_port(struct cln_slice text, uint16_t *port)
{
	unsigned number = 0;
	if (text.len == 0 || text.len > PORT_DIGITS) {
		return false;
	}
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9') {
			return false;
		}
		number = number * DECIMAL + (unsigned)(text.ptr[i] - '0');
	}
	*port = (uint16_t)number; /* was looked at before */
	return number <= UINT16_MAX;
}

bool proxy_parse_address(struct cln_slice text, struct conn_address *address)
{
	struct cln_slice host = text;
	struct cln_slice port = {0};
	address->port = 0;
	if (text.len == 0) {
		return false;
	}
	const char *const first = memchr(text.ptr, ':', text.len);
	if (text.ptr[0] == '[') {
		const char *const end = memchr(text.ptr, ']', text.len);
		if (end == NULL) {
			return false;
		}
		host = cln_slice(text.ptr + 1, (size_t)(end - text.ptr - 1));
		port = cln_slice_from(text, host.len + 2);
	} else if (first != NULL && memchr(first + 1, ':', text.len - (size_t)(first + 1 - text.ptr)) ==
									NULL) { /* one colon: no IPv6 */
		host.len = (size_t)(first - text.ptr);
		port = cln_slice_from(text, host.len);
	}
	if (port.len > 0 &&
		(port.ptr[0] != ':' || !parse_port(cln_slice_from(port, 1), &address->port))) {
		return false;
	}
	return parse_ip(host, &address->ip) >= 0;
}

/* --- who is trusted --- */

static void parse_range(const char *text, struct proxy_range *range)
{
	const char *const slash = strchr(text, '/');
	const size_t len = slash != NULL ? (size_t)(slash - text) : strlen(text);
	const int skipped = parse_ip(cln_slice(text, len), &range->ip);
	range->bits = sizeof(range->ip) * BYTE_BITS;
	if (skipped >= 0 && slash != NULL) {
		range->bits = (unsigned)strtoul(slash + 1, NULL, DECIMAL) + (unsigned)skipped;
	}
}

void proxy_list_init(struct proxy_list *list, const struct conf *conf)
{
	list->count = conf->trusted_proxies_count;
	list->ranges = list->count > 0 ? xcalloc(list->count, sizeof(*list->ranges)) : NULL;
	for (size_t i = 0; i < list->count; i++) {
		parse_range(conf->trusted_proxies[i], &list->ranges[i]);
	}
}

void proxy_list_deinit(struct proxy_list *list)
{
	free(list->ranges);
	*list = (struct proxy_list){0};
}

static bool is_within(const struct proxy_range *range, const struct in6_addr *ip)
{
	const size_t whole = range->bits / BYTE_BITS;
	const unsigned rest = range->bits % BYTE_BITS;
	if (memcmp(range->ip.s6_addr, ip->s6_addr, whole) != 0) {
		return false;
	}
	const unsigned mask = 0xff00U >> rest & 0xffU;
	return rest == 0 || ((range->ip.s6_addr[whole] ^ ip->s6_addr[whole]) & mask) == 0;
}

bool proxy_list_has(const struct proxy_list *list, const struct conn_address *address)
{
	for (size_t i = 0; i < list->count; i++) {
		if (is_within(&list->ranges[i], &address->ip)) {
			return true;
		}
	}
	return false;
}

/* --- the header --- */

#define HEAD_BYTES    16
#define COMMAND_AT    12
#define FAMILY_AT     13
#define LENGTH_AT     14
#define LOCAL         0x20
#define PROXIED       0x21
#define FAMILY_NONE   0x00
#define FAMILY_TCP4   0x11
#define FAMILY_TCP6   0x21
#define FAMILY_UNIX   0x31
#define TCP4_BYTES    12
#define TCP6_BYTES    36
#define UNIX_BYTES    216
#define TLV_HEAD      3
#define TLV_SSL       0x20
#define TLV_SSL_BYTES 5
#define CLIENT_SSL    0x01

static const unsigned char signature[COMMAND_AT] = "\r\n\r\n\0\r\nQUIT\n";

static size_t number_at(const unsigned char *bytes)
{
	return (size_t)bytes[0] << BYTE_BITS | bytes[1];
}

static enum proxy_result bad(struct proxy_header *header, const char *reason)
{
	header->reason = reason;
	return PROXY_BAD;
}

static enum proxy_result more(struct proxy_header *header, size_t wanted)
{
	header->wanted = wanted;
	return PROXY_MORE;
}

/* Goes over all of them, so that a length that points elsewhere is seen. */
static bool parse_tlvs(const unsigned char *bytes, size_t len, struct proxy_header *header)
{
	while (len > 0) {
		const size_t size = len >= TLV_HEAD ? number_at(bytes + 1) : 0;
		if (len < TLV_HEAD || size > len - TLV_HEAD) {
			return false;
		}
		if (bytes[0] == TLV_SSL && size >= TLV_SSL_BYTES) {
			header->origin.is_secure = (bytes[TLV_HEAD] & CLIENT_SSL) != 0;
		}
		bytes += TLV_HEAD + size;
		len -= TLV_HEAD + size;
	}
	return true;
}

/* Addresses come as source, destination, source's port, destination's port. */
static enum proxy_result parse_body(
	const unsigned char *bytes, size_t len, unsigned family, struct proxy_header *header)
{
	struct conn_address *const address = &header->origin.address;
	const size_t size = family == FAMILY_TCP4   ? TCP4_BYTES
						: family == FAMILY_TCP6 ? TCP6_BYTES
												: UNIX_BYTES;
	if (len < size) {
		return bad(header, "the PROXY header is too short for its addresses");
	}
	if (family == FAMILY_TCP4) {
		map_v4(bytes, &address->ip);
		address->port = (uint16_t)number_at(bytes + 2 * sizeof(struct in_addr));
	} else if (family == FAMILY_TCP6) {
		memcpy(&address->ip, bytes, sizeof(address->ip));
		address->port = (uint16_t)number_at(bytes + 2 * sizeof(struct in6_addr));
	}
	header->origin.has_address = family != FAMILY_UNIX;
	if (!parse_tlvs(bytes + size, len - size, header)) {
		return bad(header, "the PROXY header has extensions (TLVs) that don't fit in it");
	}
	return PROXY_DONE;
}

static enum proxy_result check_head(
	const unsigned char *bytes, size_t len, struct proxy_header *header)
{
	const size_t known = len < sizeof(signature) ? len : sizeof(signature);
	if (memcmp(bytes, signature, known) != 0) {
		return bad(header, bytes[0] == 'P'
							   ? "no PROXY header of version 2; set the proxy to version 2"
							   : "no PROXY header; set the proxy to send it, or proxy_protocol to "
								 "false");
	}
	if (len > COMMAND_AT && bytes[COMMAND_AT] != LOCAL && bytes[COMMAND_AT] != PROXIED) {
		return bad(header, "a PROXY header of an unknown version or command");
	}
	return PROXY_DONE;
}

enum proxy_result proxy_parse_header(
	const unsigned char *bytes, size_t len, struct proxy_header *header)
{
	*header = (struct proxy_header){0};
	if (len == 0) {
		return more(header, HEAD_BYTES);
	}
	if (check_head(bytes, len, header) != PROXY_DONE) {
		return PROXY_BAD;
	}
	if (len < HEAD_BYTES) {
		return more(header, HEAD_BYTES);
	}
	const unsigned family = bytes[FAMILY_AT];
	const size_t body = number_at(bytes + LENGTH_AT);
	if (body > PROXY_HEADER_MAX - HEAD_BYTES) {
		return bad(header, "the PROXY header is too long");
	}
	if (len < HEAD_BYTES + body) {
		return more(header, HEAD_BYTES + body);
	}
	header->wanted = HEAD_BYTES + body;
	if (bytes[COMMAND_AT] == LOCAL || family == FAMILY_NONE) {
		return PROXY_DONE; /* a health check, or a client without an address */
	}
	if (family != FAMILY_TCP4 && family != FAMILY_TCP6 && family != FAMILY_UNIX) {
		return bad(header, "a PROXY header of an unknown address family");
	}
	return parse_body(bytes + HEAD_BYTES, body, family, header);
}

/* --- the layer that reads it --- */

struct proxy_stream {
	struct conn_layer layer;
	struct conn_layer *next; /* TLS, or NULL */
	const char *reason;      /* what was wrong */
	size_t len;
	unsigned char bytes[PROXY_HEADER_MAX];
};

static void stream_free(struct conn_layer *layer)
{
	struct proxy_stream *const stream = (struct proxy_stream *)layer; /* its first member */
	if (stream->next != NULL) {
		stream->next->ops->free(stream->next);
	}
	free(stream);
}

/* The next layer takes over; asks to be called again. */
static ssize_t pass_on(
	struct proxy_stream *stream, struct conn *conn, const struct proxy_header *header)
{
	conn_set_origin(conn, &header->origin);
	conn_set_layer(conn, stream->next);
	stream->next = NULL;
	stream_free(&stream->layer);
	errno = EINTR;
	return -1;
}

static ssize_t stream_receive(struct conn_layer *layer, struct conn *conn, char *bytes, size_t cap)
{
	struct proxy_stream *const stream = (struct proxy_stream *)layer; /* its first member */
	struct proxy_header header;
	enum proxy_result result;
	(void)bytes;
	(void)cap;
	while ((result = proxy_parse_header(stream->bytes, stream->len, &header)) == PROXY_MORE) {
		const ssize_t got = recv(
			conn_fd(conn), stream->bytes + stream->len, header.wanted - stream->len, MSG_DONTWAIT);
		if (got <= 0) {
			return got;
		}
		stream->len += (size_t)got;
	}
	if (result == PROXY_DONE) {
		return pass_on(stream, conn, &header);
	}
	stream->reason = header.reason;
	errno = EPROTO;
	return -1;
}

static void stream_on_close(struct conn_layer *layer, struct conn *conn)
{
	const struct proxy_stream *const stream = (struct proxy_stream *)layer; /* its first member */
	char peer[CONN_PEER_MAX];
	struct loop *const loop = conn_loop(conn);
	if (stream->len == 0) {
		return; /* somebody wanted to know whether the port is open */
	}
	loop->metrics.proxy_refused++;
	conn_peer(conn, peer);
	log_event_limited(&loop->log_peers, loop->now_ms, LOG_LEVEL_WARN, "proxy_refused",
		"peer=%s reason=\"%s\"", peer,
		stream->reason != NULL ? stream->reason : "the PROXY header did not come to its end");
}

static const struct conn_layer_ops stream_ops = {
	.receive = stream_receive,
	.on_close = stream_on_close,
	.free = stream_free,
};

void proxy_greet(const struct proxy_list *list, bool has_header, struct conn *conn)
{
	struct conn_address address;
	if (list->count == 0 || !conn_socket_address(conn, &address) ||
		!proxy_list_has(list, &address)) {
		return;
	}
	conn_trust(conn);
	if (has_header) {
		struct proxy_stream *const stream = xcalloc(1, sizeof(*stream));
		stream->layer.ops = &stream_ops;
		stream->next = conn_set_layer(conn, &stream->layer);
	}
}

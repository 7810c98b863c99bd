/* SPDX-License-Identifier: MIT */
/* sources: relay/proxy.c relay/forwarded.c */
/* sources: relay/conn.c relay/conn_input.c relay/conn_output.c relay/loop.c relay/mailbox.c */
/* sources: relay/base/wheel.c relay/base/frame.c relay/base/xalloc.c relay/base/log.c */
/* sources: relay/base/clock.c relay/base/buf.c */
/* libs: libevent_core */
/*
 * What proxies say: ranges of addresses, the PROXY header (vectors, every truncation, mutations, a
 * byte at a time over a socket), and how far X-Forwarded-* headers are believed.
 */
#include "relay/forwarded.h"
#include "relay/proxy.h"

#include <stdarg.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>

#include "support/loop.h"

/* --- addresses --- */

static struct conn_address address_of(const char *text)
{
	struct conn_address address;
	assert_true(proxy_parse_address(cln_slice_of(text), &address));
	return address;
}

static void assert_bad_address(const char *text)
{
	struct conn_address address;
	assert_false(proxy_parse_address(cln_slice_of(text), &address));
}

static void addresses_of_all_kinds(void **state)
{
	(void)state;
	assert_int_equal(address_of("192.0.2.1").port, 0);
	assert_int_equal(address_of("192.0.2.1:65535").port, 65535);
	assert_int_equal(address_of("[2001:db8::1]:443").port, 443);
	assert_int_equal(address_of("[2001:db8::1]").port, 0);
	assert_int_equal(address_of("2001:db8::1").ip.s6_addr[15], 1);
	const struct conn_address mapped = address_of("::ffff:192.0.2.1");
	const struct conn_address plain = address_of("192.0.2.1");
	assert_memory_equal(&mapped.ip, &plain.ip, sizeof(plain.ip));
}

static void what_is_no_address(void **state)
{
	static const char *const texts[] = {"", "unknown", "_hidden", "192.0.2",
		"192.0.2.1:", "192.0.2.1:65536", "192.0.2.1:123456", "192.0.2.1:8x", "[2001:db8::1",
		"[2001:db8::1]x", "[2001:db8::1]:", "[]", ":", "::g", "192.0.2.1 ",
		"2001:db8:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:1"};
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_bad_address(texts[i]);
	struct conn_address address;
	assert_false(proxy_parse_address(CLN_SLICE("192.0.2.1\0x"), &address));
}

static struct proxy_list list;

static void trust(const char *first, const char *second)
{
	const char *ranges[] = {first, second};
	struct conf conf = {.trusted_proxies = ranges, .trusted_proxies_count = second != NULL ? 2 : 1};
	proxy_list_init(&list, &conf);
}

static bool is_trusted(const char *text)
{
	const struct conn_address address = address_of(text);
	return proxy_list_has(&list, &address);
}

static void ranges_of_addresses(void **state)
{
	(void)state;
	trust("10.1.2.3/12", "2001:db8:8000::/33");
	assert_true(is_trusted("10.0.0.0"));
	assert_true(is_trusted("10.15.255.255"));
	assert_true(is_trusted("::ffff:10.15.0.1"));
	assert_false(is_trusted("10.16.0.0"));
	assert_false(is_trusted("9.255.255.255"));
	assert_false(is_trusted("::10.0.0.1"));
	assert_true(is_trusted("2001:db8:8000::"));
	assert_true(is_trusted("2001:db8:ffff::1"));
	assert_false(is_trusted("2001:db8:7fff::1"));
	proxy_list_deinit(&list);
	trust("192.0.2.7", "2001:db8::7");
	assert_true(is_trusted("192.0.2.7"));
	assert_false(is_trusted("192.0.2.6"));
	assert_true(is_trusted("2001:db8::7"));
	assert_false(is_trusted("2001:db8::6"));
	proxy_list_deinit(&list);
	trust("0.0.0.0/0", NULL);
	assert_true(is_trusted("203.0.113.9"));
	assert_false(is_trusted("2001:db8::1"));
	proxy_list_deinit(&list);
	assert_false(is_trusted("203.0.113.9"));
}

/* --- the header --- */

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define V4_BODY                                                                                    \
	"\xc0\x00\x02\x01"                                                                             \
	"\xc0\x00\x02\x02"                                                                             \
	"\x12\x34"                                                                                     \
	"\x01\xbb"
#define V6                                                                                         \
	"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"                                                   \
	"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02"                                                   \
	"\x12\x34"                                                                                     \
	"\x01\xbb"
#define NOOP    "\x04\0\x03xyz"
#define SSL_ON  "\x20\0\x05\x01\0\0\0\0"
#define SSL_OFF "\x20\0\x05\x00\0\0\0\0"
#define VECTOR(text)                                                                               \
	{                                                                                              \
		text, sizeof(text) - 1                                                                     \
	}

struct vector {
	const char *bytes;
	size_t len;
};

static const struct vector v4 = VECTOR(SIGNATURE "\x21\x11\x00\x0c" V4_BODY);
static const struct vector v4_tlvs = VECTOR(SIGNATURE "\x21\x11\x00\x1a" V4_BODY NOOP SSL_ON);
static const struct vector v6 = VECTOR(SIGNATURE "\x21\x21\x00\x24" V6);

static enum proxy_result parse(const struct vector *vector, struct proxy_header *header)
{
	/* A copy of its own, so that a read behind the end is seen. */
	unsigned char *const copy = malloc(vector->len + 1);
	memcpy(copy, vector->bytes, vector->len);
	unsigned char *const exact = realloc(copy, vector->len > 0 ? vector->len : 1);
	const enum proxy_result result = proxy_parse_header(exact, vector->len, header);
	free(exact);
	return result;
}

static void assert_origin(const struct proxy_header *header, const char *text, bool is_secure)
{
	const struct conn_address wanted = address_of(text);
	assert_true(header->origin.has_address);
	assert_memory_equal(&header->origin.address.ip, &wanted.ip, sizeof(wanted.ip));
	assert_int_equal(header->origin.address.port, wanted.port);
	assert_int_equal(header->origin.is_secure, is_secure);
}

static void headers_with_addresses(void **state)
{
	static const struct vector off = VECTOR(SIGNATURE "\x21\x11\x00\x14" V4_BODY SSL_OFF);
	struct proxy_header header;
	(void)state;
	assert_int_equal(parse(&v4, &header), PROXY_DONE);
	assert_int_equal(header.wanted, v4.len);
	assert_origin(&header, "192.0.2.1:4660", false);
	assert_int_equal(parse(&v4_tlvs, &header), PROXY_DONE);
	assert_int_equal(header.wanted, v4_tlvs.len);
	assert_origin(&header, "192.0.2.1:4660", true);
	assert_int_equal(parse(&v6, &header), PROXY_DONE);
	assert_origin(&header, "[2001:db8::1]:4660", false);
	assert_int_equal(parse(&off, &header), PROXY_DONE);
	assert_origin(&header, "192.0.2.1:4660", false);
}

/* The proxy's own health check; a family without IP addresses. */
static void headers_without_addresses(void **state)
{
	static const struct vector vectors[] = {
		VECTOR(SIGNATURE "\x20\x00\x00\x00"),
		VECTOR(SIGNATURE "\x20\x11\x00\x0c" V4_BODY),
		VECTOR(SIGNATURE "\x21\x00\x00\x00"),
		VECTOR(SIGNATURE "\x21\x00\x00\x06" NOOP),
		VECTOR(SIGNATURE "\x20\x00\x00\x03 \xff\xff"),
	};
	struct proxy_header header;
	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		assert_int_equal(parse(&vectors[i], &header), PROXY_DONE);
		assert_int_equal(header.wanted, vectors[i].len);
		assert_false(header.origin.has_address);
	}
	char path[16 + 216] = SIGNATURE "\x21\x31\x00\xd8";
	const struct vector socket_path = {path, sizeof(path)};
	assert_int_equal(parse(&socket_path, &header), PROXY_DONE);
	assert_false(header.origin.has_address);
}

static void what_is_no_header(void **state)
{
	static const struct vector vectors[] = {
		VECTOR("PROXY TCP4 192.0.2.1 192.0.2.2 4660 443\r\n"),
		VECTOR("GET / HTTP/1.1\r\n"),
		VECTOR("\x16\x03\x01"),
		VECTOR("\r\n\r\n\0\r\nQUIT\r"),
		VECTOR(SIGNATURE "\x11"),
		VECTOR(SIGNATURE "\x22\x11\x00\x0c" V4_BODY),
		VECTOR(SIGNATURE "\x21\x12\x00\x0c" V4_BODY), /* UDP */
		VECTOR(SIGNATURE "\x21\x41\x00\x0c" V4_BODY),
		VECTOR(SIGNATURE "\x21\x11\x00\x0b\xc0\x00\x02\x01\xc0\x00\x02\x02\x12\x34\x01"),
		VECTOR(SIGNATURE "\x21\x21\x00\x0c" V4_BODY),
		VECTOR(SIGNATURE "\x21\x31\x00\x0c" V4_BODY),
		VECTOR(SIGNATURE "\x21\x11\x00\x0d" V4_BODY "\x04"),
		VECTOR(SIGNATURE "\x21\x11\x00\x0f" V4_BODY "\x04\x00\x01"),
		VECTOR(SIGNATURE "\x21\x11\x00\x0f" V4_BODY "\x04\xff\xff"),
	};
	struct proxy_header header;
	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		assert_int_equal(parse(&vectors[i], &header), PROXY_BAD);
		assert_non_null(header.reason);
	}
}

static void headers_have_a_limit(void **state)
{
	struct proxy_header header;
	char text[PROXY_HEADER_MAX] = SIGNATURE "\x20\x00";
	struct vector vector = {text, 16};
	(void)state;
	text[14] = (char)((PROXY_HEADER_MAX - 16) >> 8);
	text[15] = (char)((PROXY_HEADER_MAX - 16) & 0xff);
	assert_int_equal(parse(&vector, &header), PROXY_MORE);
	assert_int_equal(header.wanted, PROXY_HEADER_MAX);
	vector.len = PROXY_HEADER_MAX;
	assert_int_equal(parse(&vector, &header), PROXY_DONE);
	vector.len = 16;
	text[15]++;
	assert_int_equal(parse(&vector, &header), PROXY_BAD);
}

/* Each beginning wants more, and never more than the whole has. */
static void truncated_anywhere(void **state)
{
	const struct vector *const vectors[] = {&v4, &v4_tlvs, &v6};
	struct proxy_header header;
	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		for (size_t len = 0; len < vectors[i]->len; len++) {
			const struct vector part = {vectors[i]->bytes, len};
			assert_int_equal(parse(&part, &header), PROXY_MORE);
			assert_true(header.wanted > len && header.wanted <= vectors[i]->len);
		}
	}
}

static void mutated_anywhere(void **state)
{
	struct proxy_header header;
	char bytes[64];
	(void)state;
	srand(7);
	for (unsigned round = 0; round < 200000; round++) {
		const struct vector *const from = round % 2 == 0 ? &v4_tlvs : &v6;
		memcpy(bytes, from->bytes, from->len);
		const struct vector vector = {bytes, (size_t)rand() % (from->len + 1)};
		for (unsigned i = 0; i <= round % 3; i++)
			bytes[(size_t)rand() % from->len] = (char)rand();
		const enum proxy_result result = parse(&vector, &header);
		if (result == PROXY_DONE)
			assert_true(header.wanted <= vector.len);
		else if (result == PROXY_MORE)
			assert_true(header.wanted > vector.len && header.wanted <= PROXY_HEADER_MAX);
		else
			assert_non_null(header.reason);
	}
}

/* --- over a socket --- */

static const struct conn_limits limits = {
	.input_bytes = 4096, .backlog_bytes = 65536, .backlog_age_ms = 60000};

static struct {
	struct conn *conn;
	int fd;
	struct buf input;
	unsigned closed;
	size_t wanted;
} t;

static size_t on_data(struct conn *conn, char *bytes, size_t len)
{
	(void)conn;
	buf_append(&t.input, bytes, len);
	return len;
}

static void on_closed(struct conn *conn)
{
	(void)conn;
	t.closed++;
}

static const struct conn_ops ops = {.on_data = on_data, .on_closed = on_closed};

static void open_conn(bool has_header)
{
	int fds[2];
	memset(&t, 0, sizeof(t));
	make_tcp_pair(fds);
	t.conn = conn_new(&loop, fds[0], &limits, &ops, NULL);
	t.fd = fds[1];
	assert_non_null(t.conn);
	proxy_greet(&list, has_header, t.conn);
}

static int start(void **state)
{
	loop_start(state);
	trust("127.0.0.0/8", "10.0.0.0/8");
	return 0;
}

static int stop(void **state)
{
	loop_end(state);
	assert_int_equal(t.closed, 1);
	close(t.fd);
	buf_deinit(&t.input);
	proxy_list_deinit(&list);
	return 0;
}

static void put(const char *bytes, size_t len)
{
	assert_int_equal(send(t.fd, bytes, len, MSG_NOSIGNAL), len);
}

static bool has_input(void)
{
	return t.input.len >= t.wanted;
}

static bool is_closed(void)
{
	return t.closed > 0;
}

static void assert_peer(const char *wanted)
{
	char peer[CONN_PEER_MAX];
	conn_peer(t.conn, peer);
	assert_string_equal(peer, wanted);
}

static void the_header_comes_before_all_else(void **state)
{
	(void)state;
	open_conn(true);
	put(v4_tlvs.bytes, v4_tlvs.len);
	put("hello", 5);
	t.wanted = 5;
	run_until(has_input);
	assert_memory_equal(t.input.bytes, "hello", 5);
	assert_peer("192.0.2.1:4660");
	assert_true(conn_is_secure(t.conn));
	assert_int_equal(loop.metrics.proxy_refused, 0);
}

static void the_header_byte_by_byte(void **state)
{
	(void)state;
	open_conn(true);
	for (size_t i = 0; i < v6.len; i++) {
		put(v6.bytes + i, 1);
		run_turn();
	}
	put("x", 1);
	t.wanted = 1;
	run_until(has_input);
	assert_peer("[2001:db8::1]:4660");
	assert_false(conn_is_secure(t.conn));
}

static void a_health_check_keeps_the_proxys_name(void **state)
{
	(void)state;
	open_conn(true);
	put(SIGNATURE "\x20\x00\x00\x00x", 17);
	t.wanted = 1;
	run_until(has_input);
	char peer[CONN_PEER_MAX];
	conn_peer(t.conn, peer);
	assert_memory_equal(peer, "127.0.0.1:", 10);
}

static void anything_else_is_closed(void **state)
{
	(void)state;
	open_conn(true);
	put("GET / HTTP/1.1\r\n\r\n", 18);
	run_until(is_closed);
	assert_int_equal(loop.metrics.proxy_refused, 1);
	assert_int_equal(t.input.len, 0);
}

static void half_a_header_is_counted(void **state)
{
	(void)state;
	open_conn(true);
	put(v4.bytes, 20);
	shutdown(t.fd, SHUT_WR);
	run_until(is_closed);
	assert_int_equal(loop.metrics.proxy_refused, 1);
}

static void a_late_header_is_counted(void **state)
{
	(void)state;
	open_conn(true);
	put(v4.bytes, 20);
	run_some_turns();
	conn_finish(t.conn, 1000); /* as HTTP does when its time is over */
	run_until(is_closed);
	assert_int_equal(loop.metrics.proxy_refused, 1);
}

static void a_knock_is_not_counted(void **state)
{
	(void)state;
	open_conn(true);
	shutdown(t.fd, SHUT_WR);
	run_until(is_closed);
	assert_int_equal(loop.metrics.proxy_refused, 0);
}

static void nothing_can_be_sent_before_the_header(void **state)
{
	(void)state;
	open_conn(true);
	struct frame *const frame = frame_copy(CLN_SLICE("early"));
	conn_send(t.conn, frame);
	frame_unref(frame);
	run_until(is_closed);
}

static void strangers_need_no_header(void **state)
{
	(void)state;
	proxy_list_deinit(&list);
	trust("10.0.0.0/8", NULL);
	open_conn(true);
	put(v4.bytes, v4.len);
	t.wanted = v4.len;
	run_until(has_input);
	assert_memory_equal(t.input.bytes, v4.bytes, v4.len);
	assert_false(conn_is_proxied(t.conn));
	char peer[CONN_PEER_MAX];
	conn_peer(t.conn, peer);
	assert_memory_equal(peer, "127.0.0.1:", 10);
}

static void the_word_of_the_proxy_moves_along(void **state)
{
	struct conn_parts parts;
	(void)state;
	open_conn(true);
	put(v4_tlvs.bytes, v4_tlvs.len);
	put("x", 1);
	t.wanted = 1;
	run_until(has_input);
	conn_detach(t.conn, &parts);
	t.conn = conn_attach(&loop, &parts, CLN_SLICE(""), &limits, &ops, NULL);
	assert_peer("192.0.2.1:4660");
	assert_true(conn_is_secure(t.conn));
}

/* --- X-Forwarded-* --- */

static void forward(size_t count, const char *const headers[][2])
{
	static struct http_request request;
	request.header_count = count;
	for (size_t i = 0; i < count; i++) {
		request.headers[i].name = cln_slice_of(headers[i][0]);
		request.headers[i].value = cln_slice_of(headers[i][1]);
	}
	forwarded_apply(&list, t.conn, &request);
}

#define FORWARD(...)                                                                               \
	forward(sizeof((const char *[][2]){__VA_ARGS__}) / sizeof(char *[2]),                          \
		(const char *const[][2]){__VA_ARGS__})

static void the_last_untrusted_address_counts(void **state)
{
	(void)state;
	open_conn(false);
	FORWARD({"X-Forwarded-For", "203.0.113.9"});
	assert_peer("203.0.113.9");
	FORWARD({"x-forwarded-for", "1.1.1.1, 203.0.113.9 ,10.0.0.1,127.0.0.3"});
	assert_peer("203.0.113.9");
	FORWARD({"X-Forwarded-For", "1.1.1.1, 203.0.113.9"}, {"Host", "x"},
		{"X-Forwarded-For", "10.0.0.1"});
	assert_peer("203.0.113.9");
	FORWARD({"X-Forwarded-For", "[2001:db8::9]:80"});
	assert_peer("[2001:db8::9]:80");
	FORWARD({"X-Forwarded-For", "10.0.0.2, 10.0.0.1"}); /* all trusted: the first */
	assert_peer("10.0.0.2");
	FORWARD({"X-Forwarded-For", "203.0.113.9, unknown, 10.0.0.1"});
	assert_peer("10.0.0.1");
}

static void what_is_missing_is_not_inherited(void **state)
{
	char before[CONN_PEER_MAX];
	(void)state;
	open_conn(false);
	conn_peer(t.conn, before);
	FORWARD({"X-Forwarded-For", "203.0.113.9"}, {"X-Forwarded-Proto", "https"});
	assert_true(conn_is_secure(t.conn));
	FORWARD({"Host", "x"}); /* the proxy's next request on this connection */
	assert_peer(before);
	assert_false(conn_is_secure(t.conn));
	FORWARD({"X-Forwarded-For", ""}, {"X-Forwarded-Proto", ""});
	assert_peer(before);
	FORWARD({"X-Forwarded-For", ",,,"});
	assert_peer(before);
}

static void https_and_wss_are_secure(void **state)
{
	static const struct {
		const char *value;
		bool is_secure;
	} words[] = {{"https", true}, {"WSS", true}, {"http", false}, {"http, https", true},
		{"https, http", false}, {"httpsx", false}, {" https ", true}};
	(void)state;
	open_conn(false);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		FORWARD({"X-Forwarded-Proto", words[i].value});
		assert_int_equal(conn_is_secure(t.conn), words[i].is_secure);
	}
	FORWARD({"X-Forwarded-Proto", "https"}, {"X-Forwarded-Proto", "http"});
	assert_false(conn_is_secure(t.conn));
}

static void strangers_are_not_believed(void **state)
{
	char before[CONN_PEER_MAX];
	(void)state;
	proxy_list_deinit(&list);
	trust("10.0.0.0/8", NULL);
	open_conn(false);
	conn_peer(t.conn, before);
	FORWARD({"X-Forwarded-For", "203.0.113.9"}, {"X-Forwarded-Proto", "https"});
	assert_peer(before);
	assert_false(conn_is_secure(t.conn));
}

/* A balancer that passes on TCP: what is in HTTP was written by whom it names. */
static void both_kinds_of_proxies(void **state)
{
	static const struct vector cdn =
		VECTOR(SIGNATURE "\x21\x11\x00\x0c\x0a\0\0\x01\xc0\x00\x02\x02\x12\x34\x01\xbb");
	(void)state;
	open_conn(true);
	put(v4.bytes, v4.len);
	put("x", 1);
	t.wanted = 1;
	run_until(has_input);
	FORWARD({"X-Forwarded-For", "203.0.113.9"}, {"X-Forwarded-Proto", "https"});
	assert_peer("192.0.2.1:4660");
	assert_false(conn_is_secure(t.conn));
	conn_close(t.conn);
	run_until(is_closed);
	close(t.fd);
	buf_deinit(&t.input);

	open_conn(true);
	put(cdn.bytes, cdn.len);
	put("x", 1);
	t.wanted = 1;
	run_until(has_input);
	FORWARD({"X-Forwarded-For", "203.0.113.9"}, {"X-Forwarded-Proto", "https"});
	assert_peer("203.0.113.9");
	assert_true(conn_is_secure(t.conn));
	FORWARD({"Host", "x"});
	assert_peer("10.0.0.1:4660");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_of_all_kinds),
		cmocka_unit_test(what_is_no_address),
		cmocka_unit_test(ranges_of_addresses),
		cmocka_unit_test(headers_with_addresses),
		cmocka_unit_test(headers_without_addresses),
		cmocka_unit_test(what_is_no_header),
		cmocka_unit_test(headers_have_a_limit),
		cmocka_unit_test(truncated_anywhere),
		cmocka_unit_test(mutated_anywhere),
		TEST(the_header_comes_before_all_else),
		TEST(the_header_byte_by_byte),
		TEST(a_health_check_keeps_the_proxys_name),
		TEST(anything_else_is_closed),
		TEST(half_a_header_is_counted),
		TEST(a_late_header_is_counted),
		TEST(a_knock_is_not_counted),
		TEST(nothing_can_be_sent_before_the_header),
		TEST(strangers_need_no_header),
		TEST(the_word_of_the_proxy_moves_along),
		TEST(the_last_untrusted_address_counts),
		TEST(what_is_missing_is_not_inherited),
		TEST(https_and_wss_are_secure),
		TEST(strangers_are_not_believed),
		TEST(both_kinds_of_proxies),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

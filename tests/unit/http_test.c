/* SPDX-License-Identifier: MIT */
/* sources: relay/http.c relay/http_parse.c relay/ws.c relay/ws_frame.c relay/deflate.c */
/* sources: relay/conn.c relay/conn_input.c relay/conn_output.c relay/loop.c relay/mailbox.c */
/* sources: relay/base/wheel.c relay/base/frame.c relay/base/xalloc.c relay/base/log.c */
/* sources: relay/base/clock.c relay/base/buf.c relay/base/utf8.c relay/base/hmac.c */
/* libs: libevent_core libcrypto zlib -lhttp_parser */
/*
 * HTTP over a socket pair: tables of requests and the statuses they get, whole and byte by byte;
 * limits at n and n+1; time-outs; answers that come later, whole and in pieces; upgrades.
 */
#include "relay/http.h"
#include "relay/ws.h"

#include <stdarg.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/loop.h"

#define HEAD_BYTES 1024
#define BODY_BYTES 100
#define TIMEOUT_MS 60000

static struct http_limits limits;

static struct {
	int fd;
	unsigned requests;
	char seen[4096]; /* the last request, as text */
	char query[64];
	struct ws *ws;
	struct buf message;
	struct http_ticket *ticket; /* of the last request to /later */
	unsigned gone;
} t;

static struct buf received;
static unsigned wanted;

static void on_message(struct ws *ws, enum ws_opcode opcode, struct cln_slice message)
{
	(void)ws;
	(void)opcode;
	buf_append_slice(&t.message, message);
}

static void on_ws_closed(struct ws *ws, uint16_t code)
{
	(void)ws;
	(void)code;
	t.ws = NULL;
}

static const struct ws_ops ws_ops = {.on_message = on_message, .on_closed = on_ws_closed};
static const struct ws_limits ws_limits = {.conn = {256, 100000, 10000},
	.ops = &ws_ops,
	.message_bytes = 1000,
	.fragments = 10,
	.close_timeout_ms = 100};

static void route(struct conn *conn, struct http_request *request, void *context)
{
	assert_ptr_equal(context, &t);
	t.requests++;
	snprintf(t.seen, sizeof(t.seen), "%.*s %.*s ?%.*s body=%.*s", (int)request->method.len,
		request->method.ptr, (int)request->path.len, request->path.ptr, (int)request->query.len,
		request->query.ptr, (int)request->body.len, request->body.ptr);
	if (!http_query(request, "q", t.query, sizeof(t.query)))
		snprintf(t.query, sizeof(t.query), "-");
	if (request->is_upgrade) {
		if (ws_check_upgrade(conn, request))
			t.ws = ws_accept(conn, request, &ws_limits);
	} else if (cln_slice_equal(request->path, CLN_SLICE("/later"))) {
		t.ticket = http_defer(conn);
	} else if (cln_slice_equal(request->path, CLN_SLICE("/at-once"))) {
		http_ticket_respond(http_defer(conn), 200, "", "text/plain", CLN_SLICE("ok"));
	} else if (!cln_slice_equal(request->path, CLN_SLICE("/silent"))) {
		http_respond(conn, 200, "text/plain", CLN_SLICE("ok"));
	}
}

static void open_client(void)
{
	int fds[2];
	make_pair(fds);
	t.fd = fds[1];
	t.requests = 0;
	received.len = 0;
	assert_non_null(http_accept(&loop, fds[0], &limits, route, &t));
}

static int start(void **state)
{
	limits = (struct http_limits){HEAD_BYTES, BODY_BYTES, TIMEOUT_MS, TIMEOUT_MS, ws_room(0)};
	memset(&t, 0, sizeof(t));
	loop_start(state);
	return 0;
}

static int stop(void **state)
{
	loop_end(state);
	buf_deinit(&received);
	buf_deinit(&t.message);
	return 0;
}

/* --- reading answers --- */

static unsigned count_answers(void)
{
	unsigned count = 0;
	buf_append_byte(&received, '\0');
	for (const char *at = received.bytes; (at = strstr(at, "HTTP/1.1 ")) != NULL; at++)
		count++;
	received.len--;
	return count;
}

static bool has_answers(void)
{
	drain(t.fd, &received);
	return count_answers() >= wanted;
}

static bool has_fin(void)
{
	return !drain(t.fd, &received);
}

static unsigned status_of(unsigned index)
{
	const char *at = received.bytes;
	for (unsigned i = 0; i <= index; i++)
		at = strstr(at + (i > 0), "HTTP/1.1 ");
	return (unsigned)strtoul(at + 9, NULL, 10);
}

static bool answer_has(const char *text)
{
	return strstr(received.bytes, text) != NULL;
}

static void put(const char *bytes, size_t len)
{
	assert_int_equal(send(t.fd, bytes, len, MSG_NOSIGNAL), len);
}

static void put_text(const char *text)
{
	put(text, strlen(text));
}

static void put_bytewise(const char *text)
{
	for (size_t i = 0; text[i] != '\0'; i++) {
		if (send(t.fd, text + i, 1, MSG_NOSIGNAL) != 1)
			return; /* refused already, and closed */
		run_turn();
	}
}

static void close_client(void)
{
	shutdown(t.fd, SHUT_RDWR);
	close(t.fd);
	run_some_turns();
}

/* --- tests --- */

#define HOST "Host: h\r\n"

static const struct {
	const char *request;
	unsigned status;
	const char *seen; /* NULL: not handed on */
} cases[] = {
	{"GET / HTTP/1.1\r\n" HOST "\r\n", 200, "GET / ? body="},
	{"GET /a/b?c=d&e HTTP/1.1\r\n" HOST "\r\n", 200, "GET /a/b ?c=d&e body="},
	{"GET http://h:1/a?b HTTP/1.1\r\n" HOST "\r\n", 200, "GET /a ?b body="},
	{"GET http://h HTTP/1.1\r\n" HOST "\r\n", 200, "GET / ? body="},
	{"GET https://h:1/a?b HTTP/1.1\r\n" HOST "\r\n", 200, "GET /a ?b body="},
	{"HEAD / HTTP/1.1\r\n" HOST "\r\n", 200, "HEAD / ? body="},
	{"GET / HTTP/1.0\r\n\r\n", 200, "GET / ? body="},
	{"\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n", 200, "GET / ? body="},
	{"POST /p HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc", 200, "POST /p ? body=abc"},
	{"POST /p HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
		200, "POST /p ? body=abc"},
	{"POST /p HTTP/1.1\r\n" HOST
	 "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-Trailer: 1\r\n\r\n",
		200, "POST /p ? body=a"},
	{"GET /silent HTTP/1.1\r\n" HOST "\r\n", 500, "GET /silent ? body="},
	/* malformed */
	{"GET / HTTP/1.x\r\n" HOST "\r\n", 400, NULL},
	{"GET / HTTP/1.1\r\nHost h\r\n\r\n", 400, NULL},
	{"GET / HTTP/1.1\r\nBad Name: x\r\n\r\n", 400, NULL},
	{"GET / HTTP/1.1\r\n" HOST "Bad Name: x\r\n\r\n", 400, NULL},
	{"GET / HTTP/1.1\r\n X: folded\r\n" HOST "\r\n", 400, NULL},
	/* what proxies may understand in another way */
	{"POST / HTTP/1.1\r\n" HOST "Content-Length : 3\r\n\r\nabc", 400, NULL},
	{"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400, NULL},
	{"POST / HTTP/1.0\r\n" HOST
	 "Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		400, NULL},
	{"GET / HTTP/1.1\r\n\r\n", 400, NULL},              /* no Host */
	{"GET / HTTP/1.1\r\n" HOST HOST "\r\n", 400, NULL}, /* two */
	{"get / HTTP/1.1\r\n" HOST "\r\n", 400, NULL},
	{"BREW / HTTP/1.1\r\n" HOST "\r\n", 501, NULL},
	{"GET / HTTP/2.0\r\n" HOST "\r\n", 505, NULL},
	{"POST / HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\n", 400, NULL},
	{"POST / HTTP/1.1\r\n" HOST "Content-Length: 1x\r\n\r\n", 400, NULL},
	{"POST / HTTP/1.1\r\n" HOST "Content-Length: 99999999999999999999\r\n\r\n", 400, NULL},
	{"POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400, NULL},
	{"POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400,
		NULL},
	{"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n", 501, NULL},
	{"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", 400, NULL},
	{"POST / HTTP/1.1\r\n" HOST "Content-Length: 101\r\n\r\n", 413, NULL},
};

static void assert_case(size_t i)
{
	wanted = 1;
	run_until(has_answers);
	if (status_of(0) != cases[i].status)
		fail_msg("case %zu: got %u, expected %u", i, status_of(0), cases[i].status);
	if (cases[i].seen != NULL) {
		assert_int_equal(t.requests, 1);
		assert_string_equal(t.seen, cases[i].seen);
	} else {
		assert_int_equal(t.requests, 0);
		assert_true(answer_has("Connection: close\r\n"));
		run_until(has_fin);
	}
	assert_int_equal(count_answers(), 1);
	close_client();
}

static void requests_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		open_client();
		put_text(cases[i].request);
		assert_case(i);
	}
}

static void requests_bytewise(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		open_client();
		put_bytewise(cases[i].request);
		assert_case(i);
	}
}

static void keep_alive_and_pipelining(void **state)
{
	(void)state;
	open_client();
	put_text(
		"GET /1 HTTP/1.1\r\n" HOST "\r\nGET /2 HTTP/1.1\r\n" HOST "\r\nHEAD /3 HTTP/1.1\r\n" HOST
		"\r\nGET /4 HTTP/1.1\r\n" HOST "Connection: close\r\n\r\nGET /5 HTTP/1.1\r\n" HOST "\r\n");
	run_until(has_fin);
	assert_int_equal(count_answers(), 4);
	assert_int_equal(t.requests, 4);
	/* HEAD has the length but no body. */
	assert_int_equal(
		received.len > 2 && memcmp(received.bytes + received.len - 2, "ok", 2) == 0, 1);
	unsigned bodies = 0;
	for (const char *at = received.bytes; (at = strstr(at, "\r\n\r\nok")) != NULL; at++)
		bodies++;
	assert_int_equal(bodies, 3);
	close_client();
}

/* Where one server sees a body, another sees the next request: there is no next one. */
static void nothing_follows_connect(void **state)
{
	(void)state;
	open_client();
	put_text(
		"CONNECT h:1 HTTP/1.1\r\n" HOST "Content-Length: 27\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n");
	run_until(has_fin);
	assert_int_equal(count_answers(), 1);
	assert_int_equal(t.requests, 1);
	close_client();
}

static void old_clients(void **state)
{
	(void)state;
	open_client();
	put_text("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
	wanted = 1;
	run_until(has_answers);
	assert_true(answer_has("Connection: keep-alive\r\n"));
	put_text("GET / HTTP/1.0\r\n\r\n");
	run_until(has_fin);
	assert_int_equal(count_answers(), 2);
	close_client();
}

static void half_closed_client_gets_its_answer(void **state)
{
	(void)state;
	open_client();
	put_text("GET / HTTP/1.1\r\n" HOST "\r\n");
	shutdown(t.fd, SHUT_WR);
	run_until(has_fin);
	assert_int_equal(count_answers(), 1);
	close(t.fd);
}

/* A TLS handshake: no answer would be understood. */
static void tls_is_turned_away(void **state)
{
	(void)state;
	open_client();
	put("\x16\x03\x01\x02\x00\x01\x00", 7);
	run_until(has_fin);
	assert_int_equal(received.len, 0);
	assert_int_equal(loop.metrics.http_errors, 1);
	close(t.fd);
}

/* A request whose head is `len` bytes, by a long field. */
static void put_head(size_t len)
{
	static const char begin[] = "GET / HTTP/1.1\r\n" HOST "X: ";
	char head[2 * HEAD_BYTES];
	memset(head, 'x', sizeof(head));
	memcpy(head, begin, sizeof(begin) - 1);
	memcpy(head + len - 4, "\r\n\r\n", 4);
	put(head, len);
}

static void limit_of_the_head(void **state)
{
	static const struct {
		size_t len;
		unsigned status;
	} heads[] = {{HEAD_BYTES - 1, 200}, {HEAD_BYTES, 200}, {HEAD_BYTES + 1, 431}};
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		open_client();
		put_head(heads[i].len);
		wanted = 1;
		run_until(has_answers);
		assert_int_equal(status_of(0), heads[i].status);
		close_client();
	}
	open_client();
	char url[HEAD_BYTES + 10];
	memset(url, 'u', sizeof(url));
	memcpy(url, "GET /", 5);
	put(url, sizeof(url));
	wanted = 1;
	run_until(has_answers);
	assert_int_equal(status_of(0), 414);
	close_client();
}

static void limit_of_the_fields(void **state)
{
	(void)state;
	for (unsigned fields = HTTP_HEADERS_MAX; fields <= HTTP_HEADERS_MAX + 1; fields++) {
		open_client();
		put_text("GET / HTTP/1.1\r\n" HOST);
		for (unsigned i = 1; i < fields; i++)
			put_text("a:b\r\n");
		put_text("\r\n");
		wanted = 1;
		run_until(has_answers);
		assert_int_equal(status_of(0), fields <= HTTP_HEADERS_MAX ? 200 : 431);
		close_client();
	}
}

static void limit_of_the_body(void **state)
{
	char body[BODY_BYTES + 1];
	(void)state;
	memset(body, 'b', sizeof(body));
	for (unsigned len = BODY_BYTES - 1; len <= BODY_BYTES + 1; len++) {
		char head[200];
		open_client();
		snprintf(head, sizeof(head),
			"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n%x\r\n", len);
		put_text(head);
		put(body, len);
		put_text("\r\n0\r\n\r\n");
		wanted = 1;
		run_until(has_answers);
		assert_int_equal(status_of(0), len <= BODY_BYTES ? 200 : 413);
		close_client();
	}
}

static void expect_continue(void **state)
{
	(void)state;
	open_client();
	put_text("POST / HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
	wanted = 1;
	run_until(has_answers);
	assert_int_equal(status_of(0), 100);
	put_text("ab");
	wanted = 2;
	run_until(has_answers);
	assert_int_equal(status_of(1), 200);
	close_client();
}

static void slow_requests_end(void **state)
{
	(void)state;
	limits.request_timeout_ms = 50;
	open_client();
	put_text("GET / HTTP/1.1\r\n");
	wanted = 1;
	run_until(has_answers);
	assert_int_equal(status_of(0), 408);
	run_until(has_fin);
	close_client();
	/* Nothing sent at all: closed without a word. */
	open_client();
	run_until(has_fin);
	assert_int_equal(received.len, 0);
	close_client();
	/* Between two requests, and within the second. */
	limits.request_timeout_ms = TIMEOUT_MS;
	limits.idle_timeout_ms = 50;
	open_client();
	put_text("GET / HTTP/1.1\r\n" HOST "\r\n");
	run_until(has_fin);
	assert_int_equal(count_answers(), 1);
	close_client();
	limits.idle_timeout_ms = TIMEOUT_MS;
	open_client();
	put_text("GET / HTTP/1.1\r\n" HOST "\r\n");
	wanted = 1;
	run_until(has_answers);
	limits.request_timeout_ms = 50;
	put_text("G");
	run_until(has_fin);
	assert_int_equal(status_of(1), 408);
	close_client();
}

static void query_values(void **state)
{
	static const struct {
		const char *url, *value;
	} queries[] = {
		{"/", "-"},
		{"/?q", ""},
		{"/?q=", ""},
		{"/?a=1&q=2&q=3", "2"},
		{"/?qq=1", "-"},
		{"/?&&q=a%20b+c%2B", "a b c+"},
		{"/?q=%C3%a9", "\xc3\xa9"},
		{"/?q=%", "-"},
		{"/?q=%2", "-"},
		{"/?q=%zz", "-"},
		{"/?q=a%00b", "-"},
		{"/?q=1234567890123456789012345678901234567890123456789012345678901234", "-"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
		char request[256];
		open_client();
		snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\n" HOST "\r\n", queries[i].url);
		put_text(request);
		wanted = 1;
		run_until(has_answers);
		assert_string_equal(t.query, queries[i].value);
		close_client();
	}
}

/* --- answers that come later --- */

#define LATER "GET /later HTTP/1.1\r\n" HOST "\r\n"
#define OTHER "GET /other HTTP/1.1\r\n" HOST "\r\n"

static bool has_ticket(void)
{
	return t.ticket != NULL;
}

static bool is_gone(void)
{
	return t.gone > 0;
}

static void count_gone(void *user)
{
	assert_ptr_equal(user, &t);
	t.gone++;
}

static void defer(const char *request)
{
	t.ticket = NULL;
	t.gone = 0;
	put_text(request);
	run_until(has_ticket);
}

static void answer_later(const char *text)
{
	http_ticket_respond(t.ticket, 200, "X-Later: 1\r\n", "text/plain", cln_slice_of(text));
	t.ticket = NULL;
}

/* What comes behind waits its turn, in order. */
static void later_answers_keep_order(void **state)
{
	(void)state;
	open_client();
	defer(LATER OTHER LATER OTHER);
	run_some_turns();
	assert_int_equal(t.requests, 1);
	put_text(OTHER);
	run_some_turns();
	drain(t.fd, &received);
	assert_int_equal(received.len, 0);
	assert_int_equal(t.requests, 1);
	answer_later("first");
	run_until(has_ticket);
	assert_int_equal(t.requests, 3);
	wanted = 2;
	run_until(has_answers);
	answer_later("third");
	wanted = 5;
	run_until(has_answers);
	assert_int_equal(t.requests, 5);
	buf_append_byte(&received, '\0');
	const char *const first =
		strstr(received.bytes, "X-Later: 1\r\nContent-Length: 5\r\n\r\nfirst");
	const char *const second = first == NULL ? NULL : strstr(first, "\r\n\r\nok");
	assert_non_null(second);
	assert_non_null(strstr(second, "X-Later: 1\r\nContent-Length: 5\r\n\r\nthird"));
	close_client();
}

static void later_answers_bytewise_behind(void **state)
{
	(void)state;
	open_client();
	defer(LATER);
	put_bytewise(OTHER);
	assert_int_equal(t.requests, 1);
	answer_later("x");
	wanted = 2;
	run_until(has_answers);
	assert_int_equal(t.requests, 2);
	close_client();
}

static void ticket_used_within_the_call(void **state)
{
	(void)state;
	open_client();
	put_text("GET /at-once HTTP/1.1\r\n" HOST "\r\n" OTHER "GET /at-once HTTP/1.0\r\n\r\n");
	run_until(has_fin);
	assert_int_equal(count_answers(), 3);
	close_client();
}

static void later_answer_to_head(void **state)
{
	(void)state;
	open_client();
	defer("HEAD /later HTTP/1.1\r\n" HOST "\r\n");
	answer_later("four");
	wanted = 1;
	run_until(has_answers);
	assert_true(answer_has("Content-Length: 4\r\n"));
	assert_memory_equal(received.bytes + received.len - 4, "\r\n\r\n", 4);
	close_client();
}

/* Neither the request's nor the idle time runs while an answer is awaited. */
static void no_time_out_while_waiting(void **state)
{
	(void)state;
	limits.request_timeout_ms = limits.idle_timeout_ms = 20;
	open_client();
	defer(LATER);
	const int64_t until_ms = clock_monotonic_ms() + 60;
	while (clock_monotonic_ms() < until_ms)
		run_turn();
	assert_false(http_ticket_is_gone(t.ticket));
	answer_later("late");
	run_until(has_fin); /* the idle time is back */
	assert_int_equal(count_answers(), 1);
	assert_int_equal(status_of(0), 200);
	close_client();
}

static void peer_leaves_before_the_answer(void **state)
{
	(void)state;
	open_client();
	defer(LATER);
	http_ticket_on_gone(t.ticket, count_gone, &t);
	assert_non_null(http_ticket_conn(t.ticket));
	close_client();
	run_until(is_gone);
	assert_true(http_ticket_is_gone(t.ticket));
	assert_null(http_ticket_conn(t.ticket));
	answer_later("nobody hears");
	run_some_turns();
	assert_int_equal(t.gone, 1);
	/* Nobody asked to be told: the answer goes nowhere. */
	open_client();
	defer(LATER);
	close_client();
	answer_later("nobody hears");
	run_some_turns();
	/* With a request behind, the end is seen when the answer is sent. */
	open_client();
	defer(LATER OTHER);
	close_client();
	answer_later("nobody hears");
	run_some_turns();
}

static void half_closed_client_gets_its_later_answer(void **state)
{
	(void)state;
	open_client();
	defer(LATER);
	shutdown(t.fd, SHUT_WR);
	run_some_turns();
	answer_later("still here");
	run_until(has_fin);
	assert_int_equal(count_answers(), 1);
	close(t.fd);
}

static void loop_ends_with_a_ticket_open(void **state)
{
	(void)state;
	open_client();
	defer(LATER OTHER);
	http_ticket_on_gone(t.ticket, count_gone, &t);
	loop_close_all(&loop);
	assert_int_equal(t.gone, 1);
	answer_later("nobody hears");
	close(t.fd);
}

static void stream(void)
{
	http_ticket_begin(t.ticket, 200, "", "text/plain");
	http_ticket_send(t.ticket, CLN_SLICE("hello "));
	http_ticket_send(t.ticket, CLN_SLICE(""));
	run_turn();
	http_ticket_send(t.ticket, CLN_SLICE("seventeen letters"));
	http_ticket_end(t.ticket);
	t.ticket = NULL;
}

static void answer_in_pieces(void **state)
{
	(void)state;
	open_client();
	defer(LATER OTHER);
	stream();
	wanted = 2;
	run_until(has_answers);
	assert_true(answer_has("Transfer-Encoding: chunked\r\n\r\n6\r\nhello \r\n"
						   "11\r\nseventeen letters\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n"));
	close_client();
	/* To HEAD there are no pieces; the next request's answer follows. */
	open_client();
	defer("HEAD /later HTTP/1.1\r\n" HOST "\r\n" OTHER);
	stream();
	wanted = 2;
	run_until(has_answers);
	assert_false(answer_has("hello"));
	close_client();
}

static void answer_in_pieces_to_old_clients(void **state)
{
	(void)state;
	open_client();
	defer("GET /later HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
	stream();
	run_until(has_fin);
	buf_append_byte(&received, '\0');
	assert_non_null(strstr(received.bytes, "Connection: close\r\n"));
	assert_non_null(strstr(received.bytes, "\r\n\r\nhello seventeen letters"));
	assert_null(strstr(received.bytes, "chunked"));
	close_client();
}

static void peer_leaves_a_stream(void **state)
{
	(void)state;
	open_client();
	defer(LATER);
	http_ticket_on_gone(t.ticket, count_gone, &t);
	http_ticket_begin(t.ticket, 200, "", "text/plain");
	http_ticket_send(t.ticket, CLN_SLICE("hello "));
	shutdown(t.fd, SHUT_WR); /* of one side is enough here */
	run_until(is_gone);
	http_ticket_send(t.ticket, CLN_SLICE("nobody hears"));
	http_ticket_end(t.ticket);
	t.ticket = NULL;
	run_until(has_fin);
	close(t.fd);
	/* Also when it goes before the beginning. */
	open_client();
	defer(LATER);
	close_client();
	stream();
}

static void answer_without_content(void **state)
{
	(void)state;
	open_client();
	defer("OPTIONS /later HTTP/1.1\r\n" HOST "\r\n");
	http_ticket_respond(t.ticket, 204, "Allow: GET\r\n", "text/plain", CLN_SLICE("x"));
	wanted = 1;
	run_until(has_answers);
	assert_false(answer_has("Content-"));
	assert_true(answer_has("Allow: GET\r\n\r\n"));
	close_client();
}

#define KEY     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define VERSION "Sec-WebSocket-Version: 13\r\n"
#define UPGRADE "Upgrade: websocket\r\nConnection: Upgrade\r\n"

static const struct {
	const char *request;
	unsigned status;
} upgrades[] = {
	{"GET /x HTTP/1.1\r\n" HOST UPGRADE VERSION KEY "\r\n", 101},
	{"GET /x HTTP/1.1\r\n" HOST
	 "Upgrade: h2c, WebSocket\r\nConnection: keep-alive, upgrade\r\n" VERSION KEY "\r\n",
		101},
	{"GET /x HTTP/1.1\r\n" HOST UPGRADE VERSION KEY
	 "Sec-WebSocket-Protocol: a, b\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
		101},
	{"POST /x HTTP/1.1\r\n" HOST UPGRADE VERSION KEY "\r\n", 400},
	{"GET /x HTTP/1.0\r\n" HOST UPGRADE VERSION KEY "\r\n", 400},
	{"GET /x HTTP/1.1\r\n" HOST UPGRADE VERSION "\r\n", 400},
	{"GET /x HTTP/1.1\r\n" HOST UPGRADE VERSION KEY KEY "\r\n", 400},
	{"GET /x HTTP/1.1\r\n" HOST HOST UPGRADE VERSION KEY "\r\n", 400},
	{"GET /x HTTP/1.1\r\n" HOST UPGRADE VERSION "Sec-WebSocket-Key: c2hvcnQ=\r\n\r\n", 400},
	{"GET /x HTTP/1.1\r\n" HOST UPGRADE VERSION
	 "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ!!\r\n\r\n",
		400},
	{"GET /x HTTP/1.1\r\n" HOST UPGRADE VERSION KEY "Content-Length: 2\r\n\r\nab", 400},
	{"GET /x HTTP/1.1\r\n" HOST UPGRADE VERSION KEY
	 "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
		400},
	{"GET /x HTTP/1.1\r\n" HOST UPGRADE KEY "\r\n", 426},
	{"GET /x HTTP/1.1\r\n" HOST UPGRADE "Sec-WebSocket-Version: 8\r\n" KEY "\r\n", 426},
	{"GET /x HTTP/1.1\r\n" HOST "Upgrade: h2c\r\nConnection: Upgrade\r\n\r\n", 400},
};

static void upgrade_requests(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(upgrades) / sizeof(upgrades[0]); i++) {
		open_client();
		put_text(upgrades[i].request);
		wanted = 1;
		run_until(has_answers);
		if (status_of(0) != upgrades[i].status)
			fail_msg("upgrade %zu: %u instead of %u", i, status_of(0), upgrades[i].status);
		assert_false(answer_has("Sec-WebSocket-Protocol"));
		assert_false(answer_has("Sec-WebSocket-Extensions"));
		assert_int_equal(status_of(0) == 426, answer_has("Sec-WebSocket-Version: 13\r\n"));
		if (status_of(0) == 101)
			assert_true(answer_has("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
		close_client();
	}
}

static bool has_message(void)
{
	return t.message.len >= wanted;
}

static void frames_behind_the_upgrade(void **state)
{
	(void)state;
	open_client();
	put_text(upgrades[0].request);
	put("\x81\x82\0\0\0\0hi", 8);
	wanted = 2;
	run_until(has_message);
	assert_memory_equal(t.message.bytes, "hi", 2);
	close_client();
	assert_null(t.ws);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(requests_whole),
		TEST(requests_bytewise),
		TEST(keep_alive_and_pipelining),
		TEST(nothing_follows_connect),
		TEST(old_clients),
		TEST(half_closed_client_gets_its_answer),
		TEST(tls_is_turned_away),
		TEST(limit_of_the_head),
		TEST(limit_of_the_fields),
		TEST(limit_of_the_body),
		TEST(expect_continue),
		TEST(slow_requests_end),
		TEST(query_values),
		TEST(later_answers_keep_order),
		TEST(later_answers_bytewise_behind),
		TEST(ticket_used_within_the_call),
		TEST(later_answer_to_head),
		TEST(no_time_out_while_waiting),
		TEST(peer_leaves_before_the_answer),
		TEST(half_closed_client_gets_its_later_answer),
		TEST(loop_ends_with_a_ticket_open),
		TEST(answer_in_pieces),
		TEST(answer_in_pieces_to_old_clients),
		TEST(peer_leaves_a_stream),
		TEST(answer_without_content),
		TEST(upgrade_requests),
		TEST(frames_behind_the_upgrade),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* sources: relay/tls.c relay/tls_stream.c */
/* sources: relay/conn.c relay/conn_input.c relay/conn_output.c relay/loop.c relay/mailbox.c */
/* sources: relay/base/wheel.c relay/base/frame.c relay/base/xalloc.c relay/base/log.c */
/* sources: relay/base/clock.c relay/base/buf.c */
/* libs: libevent_core libssl libcrypto */
/*
 * TLS beneath a connection, with OpenSSL as the peer at the other end of small TCP buffers: both
 * directions, slow peers, every way to end, certificates of two types, reloading, and files that
 * are wrong.
 */
#include "relay/tls.h"

#include <stdarg.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "support/loop.h"

#define BACKLOG_BYTES 200000
#define LINGER_MS     5000
#define RSA_BITS      2048
#define DAY_S         86400L

/* --- certificates --- */

static char folder[] = "/tmp/clairon-tls-XXXXXX";

static const char *file_of(const char *name)
{
	static char paths[8][128];
	static unsigned next;
	char *const path = paths[next++ % 8];
	snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

static void write_file(const char *name, const char *text)
{
	FILE *const file = fopen(file_of(name), "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static EVP_PKEY *new_key(int type)
{
	EVP_PKEY *key = NULL;
	EVP_PKEY_CTX *const context = EVP_PKEY_CTX_new_id(type, NULL);
	assert_int_equal(EVP_PKEY_keygen_init(context), 1);
	if (type == EVP_PKEY_EC)
		assert_true(EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context, NID_X9_62_prime256v1) > 0);
	else
		assert_true(EVP_PKEY_CTX_set_rsa_keygen_bits(context, RSA_BITS) > 0);
	assert_int_equal(EVP_PKEY_keygen(context, &key), 1);
	EVP_PKEY_CTX_free(context);
	return key;
}

static X509 *new_certificate(EVP_PKEY *key, long serial, long from_s, long to_s)
{
	X509 *const certificate = X509_new();
	X509_NAME *const name = X509_get_subject_name(certificate);
	X509_set_version(certificate, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial);
	X509_gmtime_adj(X509_getm_notBefore(certificate), from_s);
	X509_gmtime_adj(X509_getm_notAfter(certificate), to_s);
	X509_set_pubkey(certificate, key);
	X509_NAME_add_entry_by_txt(
		name, "CN", MBSTRING_ASC, (const unsigned char *)"localhost", -1, -1, 0);
	X509_set_issuer_name(certificate, name);
	assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
	return certificate;
}

/* NAME.pem and NAME.key. */
static void make_pair_files(const char *name, int type, long serial, long from_s, long to_s)
{
	char file[64];
	EVP_PKEY *const key = new_key(type);
	X509 *const certificate = new_certificate(key, serial, from_s, to_s);
	snprintf(file, sizeof(file), "%s.pem", name);
	FILE *out = fopen(file_of(file), "w");
	PEM_write_X509(out, certificate);
	fclose(out);
	snprintf(file, sizeof(file), "%s.key", name);
	out = fopen(file_of(file), "w");
	PEM_write_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL);
	fclose(out);
	snprintf(file, sizeof(file), "%s.locked", name);
	out = fopen(file_of(file), "w");
	PEM_write_PKCS8PrivateKey(out, key, EVP_aes_128_cbc(), "word", 4, NULL, NULL);
	fclose(out);
	X509_free(certificate);
	EVP_PKEY_free(key);
}

static int make_files(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN); /* of the client; ours sends without it */
	if (mkdtemp(folder) == NULL)
		return -1;
	make_pair_files("ec", EVP_PKEY_EC, 1, 0, DAY_S);
	make_pair_files("rsa", EVP_PKEY_RSA, 2, 0, DAY_S);
	make_pair_files("new", EVP_PKEY_EC, 3, 0, DAY_S);
	make_pair_files("old", EVP_PKEY_EC, 4, -2 * DAY_S, -DAY_S);
	make_pair_files("early", EVP_PKEY_EC, 5, DAY_S, 2 * DAY_S);
	write_file("empty", "");
	write_file("text", "this is no certificate\n");
	write_file("broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
	return 0;
}

static int remove_files(void **state)
{
	char command[128];
	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

/* --- the server --- */

static int log_pipe[2];

/* What was logged since the last call. */
static const char *logged(void)
{
	static char text[8192];
	const ssize_t got = read(log_pipe[0], text, sizeof(text) - 1);
	text[got > 0 ? got : 0] = '\0';
	return text;
}

static void assert_logged(const char *wanted)
{
	const char *const text = logged();
	if (strstr(text, wanted) == NULL)
		fail_msg("\"%s\" is not in the log: %s", wanted, text);
}

static struct tls *tls;

static struct conf conf_of(
	const char *first, const char *first_key, const char *second, const char *second_key)
{
	static const char *certificates[2];
	static const char *keys[2];
	certificates[0] = file_of(first);
	keys[0] = file_of(first_key);
	certificates[1] = second != NULL ? file_of(second) : NULL;
	keys[1] = second != NULL ? file_of(second_key) : NULL;
	const size_t count = second != NULL ? 2 : 1;
	return (struct conf){
		.tls_certificate = certificates,
		.tls_certificate_count = count,
		.tls_key = keys,
		.tls_key_count = count,
	};
}

static const struct conn_limits limits = {
	.input_bytes = 300000, .backlog_bytes = BACKLOG_BYTES, .backlog_age_ms = 60000};

static struct {
	struct conn *conn;
	struct buf input;
	unsigned ends, overflows, closed;
	int error; /* when it closed */
	size_t wanted;
} t;

static size_t on_data(struct conn *conn, char *bytes, size_t len)
{
	(void)conn;
	buf_append(&t.input, bytes, len);
	return len;
}

static void on_end(struct conn *conn)
{
	t.ends++;
	conn_finish(conn, LINGER_MS);
}

static void on_overflow(struct conn *conn)
{
	(void)conn;
	t.overflows++;
}

static void on_closed(struct conn *conn)
{
	t.error = conn_error(conn);
	t.closed++;
}

static const struct conn_ops ops = {on_data, on_end, on_overflow, on_closed};

static bool has_input(void)
{
	return t.input.len >= t.wanted;
}

static bool is_closed(void)
{
	return t.closed > 0;
}

/* --- the client --- */

static struct {
	SSL_CTX *context;
	SSL *ssl;
	int fd;
	struct buf received;
	bool is_ended; /* close_notify came */
	bool is_cut;   /* FIN or RST without it */
} peer;

static void open_pair(void)
{
	int fds[2];
	memset(&t, 0, sizeof(t));
	make_tcp_pair(fds);
	t.conn = conn_new(&loop, fds[0], &limits, &ops, NULL);
	assert_non_null(t.conn);
	assert_int_equal(tls_accept(tls, t.conn), 0);
	memset(&peer, 0, sizeof(peer));
	peer.fd = fds[1];
	peer.context = SSL_CTX_new(TLS_client_method());
	peer.ssl = SSL_new(peer.context);
	SSL_set_fd(peer.ssl, peer.fd);
	SSL_set_mode(peer.ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_set_connect_state(peer.ssl);
}

static void close_pair(void)
{
	SSL_free(peer.ssl);
	SSL_CTX_free(peer.context);
	close(peer.fd);
	buf_deinit(&peer.received);
	buf_deinit(&t.input);
}

static int start(void **state)
{
	const struct conf conf = conf_of("ec.pem", "ec.key", "rsa.pem", "rsa.key");
	assert_int_equal(pipe(log_pipe), 0);
	set_non_blocking(log_pipe[0]);
	set_non_blocking(log_pipe[1]);
	log_init(log_pipe[1], LOG_LEVEL_INFO);
	tls = tls_new(&conf);
	assert_non_null(tls);
	logged();
	loop_start(state);
	open_pair();
	return 0;
}

static int stop(void **state)
{
	loop_end(state);
	assert_int_equal(t.closed, 1);
	close_pair();
	tls_free(tls);
	close(log_pipe[0]);
	close(log_pipe[1]);
	log_init(STDERR_FILENO, LOG_LEVEL_INFO);
	ERR_clear_error();
	return 0;
}

static bool has_shaken_hands(void)
{
	ERR_clear_error();
	const int result = SSL_do_handshake(peer.ssl);
	assert_true(result == 1 || SSL_get_error(peer.ssl, result) == SSL_ERROR_WANT_READ);
	return result == 1 && conn_is_secure(t.conn) && loop.metrics.tls_handshakes > 0;
}

static bool was_refused(void)
{
	ERR_clear_error();
	const int result = SSL_do_handshake(peer.ssl);
	return t.closed > 0 && result < 0 && SSL_get_error(peer.ssl, result) == SSL_ERROR_SSL;
}

static void client_read(void)
{
	char bytes[16384];
	ERR_clear_error();
	int got;
	while ((got = SSL_read(peer.ssl, bytes, sizeof(bytes))) > 0)
		buf_append(&peer.received, bytes, (size_t)got);
	const int error = SSL_get_error(peer.ssl, got);
	peer.is_ended = peer.is_ended || error == SSL_ERROR_ZERO_RETURN;
	peer.is_cut = peer.is_cut || error == SSL_ERROR_SYSCALL || error == SSL_ERROR_SSL;
}

static bool has_received(void)
{
	client_read();
	return peer.received.len >= t.wanted;
}

static bool has_ended(void)
{
	client_read();
	assert_false(peer.is_cut);
	return peer.is_ended;
}

static bool is_cut(void)
{
	client_read();
	return peer.is_cut || peer.is_ended;
}

static void client_put(const char *bytes, size_t len)
{
	while (len > 0) {
		ERR_clear_error();
		const int sent = SSL_write(peer.ssl, bytes, (int)len);
		if (sent > 0) {
			bytes += sent;
			len -= (size_t)sent;
		} else {
			assert_int_equal(SSL_get_error(peer.ssl, sent), SSL_ERROR_WANT_WRITE);
			run_turn();
		}
	}
}

static void send_counted(size_t *position, size_t len)
{
	struct frame *const frame = frame_new(len);
	for (size_t i = 0; i < len; i++)
		frame->bytes[i] = (char)((*position)++ % 251);
	conn_send(t.conn, frame);
	frame_unref(frame);
}

static void assert_counted(const struct buf *bytes, size_t len)
{
	assert_true(bytes->len >= len);
	for (size_t i = 0; i < len; i++)
		assert_int_equal((unsigned char)bytes->bytes[i], i % 251);
}

/* --- both directions --- */

static void hello_both_ways(void **state)
{
	size_t position = 0;
	(void)state;
	run_until(has_shaken_hands);
	client_put("hello", 5);
	t.wanted = 5;
	run_until(has_input);
	assert_memory_equal(t.input.bytes, "hello", 5);
	send_counted(&position, 100);
	t.wanted = 100;
	run_until(has_received);
	assert_counted(&peer.received, 100);
	assert_int_equal(loop.metrics.tls_handshakes, 1);
	assert_int_equal(loop.metrics.tls_failures, 0);
}

/* Eight frames with their queue are one record, thus one system call. */
static void frames_of_a_turn_are_one_record(void **state)
{
	size_t position = 0;
	(void)state;
	run_until(has_shaken_hands);
	for (unsigned i = 0; i < 8; i++)
		send_counted(&position, 100);
	t.wanted = position;
	run_until(has_received);
	assert_int_equal(loop.metrics.sends, 1);
	assert_counted(&peer.received, position);
}

static void much_both_ways(void **state)
{
	size_t position = 0;
	(void)state;
	run_until(has_shaken_hands);
	char block[50000];
	for (size_t i = 0; i < sizeof(block); i++)
		block[i] = (char)(i % 251);
	for (unsigned round = 0; round < 20; round++) {
		t.input.len = 0;
		t.wanted = sizeof(block);
		client_put(block, sizeof(block));
		run_until(has_input);
		assert_counted(&t.input, sizeof(block));
		send_counted(&position, 1);
		send_counted(&position, 40000);
		for (unsigned i = 0; i < 9; i++)
			send_counted(&position, 1000 * i + 1);
		t.wanted = position;
		run_until(has_received);
	}
	assert_counted(&peer.received, position);
	assert_int_equal(t.overflows, 0);
}

static void a_slow_peer_gets_all_in_the_end(void **state)
{
	size_t position = 0;
	(void)state;
	run_until(has_shaken_hands);
	while (conn_backlog(t.conn) < BACKLOG_BYTES / 2) {
		send_counted(&position, 1000);
		run_turn();
	}
	assert_true(loop.metrics.backlogs > 0);
	run_some_turns();
	t.wanted = position;
	run_until(has_received);
	assert_counted(&peer.received, position);
	assert_int_equal(conn_backlog(t.conn), 0);
	assert_int_equal(t.overflows, 0);
}

static void a_peer_that_never_reads_overflows(void **state)
{
	size_t position = 0;
	(void)state;
	run_until(has_shaken_hands);
	while (t.overflows == 0) {
		send_counted(&position, 1000);
		run_turn();
	}
	/* What follows the part that is under way is whole frames. */
	conn_discard_unsent(t.conn);
	struct frame *const frame = frame_copy(CLN_SLICE("last word"));
	conn_send(t.conn, frame);
	frame_unref(frame);
	conn_finish(t.conn, LINGER_MS);
	run_until(has_ended);
	assert_memory_equal(peer.received.bytes + peer.received.len - 9, "last word", 9);
	assert_int_equal((peer.received.len - 9) % 1000, 0);
	assert_counted(&peer.received, peer.received.len - 9);
}

/* The kernel takes the client's bytes one at a time: every record in pieces. */
static void bytewise(void **state)
{
	BIO *const in = BIO_new(BIO_s_mem());
	BIO *const out = BIO_new(BIO_s_mem());
	bool is_done = false;
	(void)state;
	SSL_set_bio(peer.ssl, in, out);
	for (unsigned round = 0; round < 20000 && !is_done; round++) {
		char byte;
		char bytes[4096];
		if (SSL_do_handshake(peer.ssl) == 1 && t.input.len == 0 && BIO_pending(out) == 0)
			SSL_write(peer.ssl, "x", 1);
		if (BIO_read(out, &byte, 1) == 1)
			assert_int_equal(send(peer.fd, &byte, 1, MSG_NOSIGNAL), 1);
		run_turn();
		const ssize_t got = recv(peer.fd, bytes, sizeof(bytes), MSG_DONTWAIT);
		if (got > 0)
			BIO_write(in, bytes, (int)got);
		is_done = t.input.len > 0;
	}
	assert_true(is_done);
	assert_int_equal(t.input.bytes[0], 'x');
}

static void key_updates_in_between(void **state)
{
	size_t position = 0;
	(void)state;
	run_until(has_shaken_hands);
	if (SSL_version(peer.ssl) != TLS1_3_VERSION)
		skip();
	for (unsigned i = 0; i < 10; i++) {
		assert_int_equal(SSL_key_update(peer.ssl, SSL_KEY_UPDATE_REQUESTED), 1);
		client_put("x", 1);
		t.wanted = i + 1;
		run_until(has_input);
		send_counted(&position, 10);
		t.wanted = position;
		run_until(has_received);
	}
	assert_counted(&peer.received, position);
}

/* Each asks for an answer, and none is read: bounded. */
static void a_flood_of_key_updates_ends(void **state)
{
	(void)state;
	run_until(has_shaken_hands);
	while (t.closed == 0) {
		ERR_clear_error();
		SSL_key_update(peer.ssl, SSL_KEY_UPDATE_REQUESTED);
		(void)SSL_write(peer.ssl, "x", 1);
		run_turn();
	}
	assert_int_equal(t.error, ENOBUFS);
}

static bool has_given_up(void)
{
	ERR_clear_error();
	(void)SSL_do_handshake(peer.ssl);
	return t.closed > 0;
}

static void renegotiation_is_refused(void **state)
{
	(void)state;
	SSL_set_max_proto_version(peer.ssl, TLS1_2_VERSION);
	run_until(has_shaken_hands);
	assert_int_equal(SSL_renegotiate(peer.ssl), 1);
	run_until(has_given_up); /* the client, when it was told no */
	assert_int_equal(loop.metrics.tls_handshakes, 1);
}

/* --- moving --- */

static void a_secure_connection_moves(void **state)
{
	struct conn_parts parts;
	size_t position = 0;
	(void)state;
	run_until(has_shaken_hands);
	client_put("later", 5); /* not read yet */
	conn_detach(t.conn, &parts);
	run_some_turns();
	t.conn = conn_attach(&loop, &parts, CLN_SLICE("early, "), &limits, &ops, NULL);
	t.wanted = 12;
	run_until(has_input);
	assert_memory_equal(t.input.bytes, "early, later", 12);
	send_counted(&position, 100);
	t.wanted = 100;
	run_until(has_received);
	assert_counted(&peer.received, 100);
	assert_true(conn_is_secure(t.conn));
}

/* --- the end --- */

static void finish_says_goodbye(void **state)
{
	size_t position = 0;
	(void)state;
	run_until(has_shaken_hands);
	send_counted(&position, 100000);
	conn_finish(t.conn, LINGER_MS);
	run_until(has_ended);
	assert_int_equal(peer.received.len, position);
	assert_int_equal(t.closed, 0);
	shutdown(peer.fd, SHUT_WR);
	run_until(is_closed);
}

static void the_peer_says_goodbye(void **state)
{
	(void)state;
	run_until(has_shaken_hands);
	client_put("bye", 3);
	SSL_shutdown(peer.ssl);
	run_until(is_closed);
	assert_memory_equal(t.input.bytes, "bye", 3);
	assert_int_equal(t.ends, 1);
	assert_int_equal(loop.metrics.tls_failures, 0);
}

static void the_peer_just_leaves(void **state)
{
	(void)state;
	run_until(has_shaken_hands);
	client_put("bye", 3);
	shutdown(peer.fd, SHUT_WR);
	run_until(is_closed);
	assert_memory_equal(t.input.bytes, "bye", 3);
	assert_int_equal(t.ends, 1);
	assert_int_equal(loop.metrics.tls_failures, 0);
}

static void the_peer_sends_rubbish(void **state)
{
	char rubbish[64] = "\x17\x03\x03\x00\x20";
	(void)state;
	run_until(has_shaken_hands);
	assert_int_equal(send(peer.fd, rubbish, 37, MSG_NOSIGNAL), 37);
	run_until(is_closed);
	assert_int_equal(loop.metrics.tls_failures, 1);
	assert_int_equal(t.input.len, 0);
	assert_logged("event=tls_refused peer=127.0.0.1:");
	assert_true(is_cut());
}

static void rubbish_instead_of_a_handshake(void **state)
{
	(void)state;
	assert_int_equal(send(peer.fd, "\x16\x03\x01\xff\xff\xff\xff", 7, MSG_NOSIGNAL), 7);
	run_until(is_closed);
	assert_int_equal(loop.metrics.tls_failures, 1);
}

static void half_a_handshake(void **state)
{
	(void)state;
	(void)SSL_do_handshake(peer.ssl);
	run_some_turns();
	shutdown(peer.fd, SHUT_WR);
	run_until(is_closed);
	assert_int_equal(loop.metrics.tls_failures, 1);
	assert_logged("did not come to its end");
}

static void a_handshake_that_takes_too_long(void **state)
{
	(void)state;
	assert_int_equal(send(peer.fd, "\x16", 1, MSG_NOSIGNAL), 1);
	run_some_turns();
	conn_finish(t.conn, LINGER_MS); /* as HTTP does when its time is over */
	run_until(is_closed);
	assert_int_equal(loop.metrics.tls_failures, 1);
}

static void a_knock_is_no_failure(void **state)
{
	(void)state;
	shutdown(peer.fd, SHUT_WR);
	run_until(is_closed);
	assert_int_equal(loop.metrics.tls_failures, 0);
}

static bool has_answer(void)
{
	return !drain(peer.fd, &peer.received);
}

static void plain_http_gets_a_plain_answer(void **state)
{
	static const char request[] = "GET /app/key HTTP/1.1\r\nHost: x\r\n\r\n";
	(void)state;
	assert_int_equal(
		send(peer.fd, request, sizeof(request) - 1, MSG_NOSIGNAL), sizeof(request) - 1);
	run_until(has_answer);
	buf_append(&peer.received, "", 1);
	assert_memory_equal(peer.received.bytes, "HTTP/1.1 400 ", 13);
	const char *const body = strstr(peer.received.bytes, "\r\n\r\n");
	assert_non_null(body);
	assert_string_equal(body + 4, "This port speaks TLS: use https:// or wss:// here.");
	assert_non_null(strstr(peer.received.bytes, "Content-Length: 50\r\n"));
	assert_int_equal(loop.metrics.tls_failures, 1);
	assert_logged("a plain HTTP request on a TLS port");
	shutdown(peer.fd, SHUT_WR);
	run_until(is_closed);
}

/* --- versions, certificates --- */

static void old_versions_are_refused(void **state)
{
	(void)state;
	SSL_set_security_level(peer.ssl, 0);
	SSL_set_min_proto_version(peer.ssl, TLS1_VERSION);
	SSL_set_max_proto_version(peer.ssl, TLS1_1_VERSION);
	SSL_set_cipher_list(peer.ssl, "ALL:@SECLEVEL=0");
	run_until(was_refused);
	assert_int_equal(loop.metrics.tls_failures, 1);
	assert_logged("reason=\"unsupported protocol\"");
}

static long serial_of_peer(void)
{
	X509 *const certificate = SSL_get_peer_certificate(peer.ssl);
	const long serial = ASN1_INTEGER_get(X509_get0_serialNumber(certificate));
	X509_free(certificate);
	return serial;
}

static void the_certificate_that_the_client_can_read(void **state)
{
	(void)state;
	run_until(has_shaken_hands);
	assert_int_equal(serial_of_peer(), 1);
	conn_close(t.conn);
	run_until(is_closed);
	close_pair();

	open_pair();
	SSL_set_max_proto_version(peer.ssl, TLS1_2_VERSION);
	SSL_set_cipher_list(peer.ssl, "ECDHE-RSA-AES128-GCM-SHA256");
	run_until(has_shaken_hands);
	assert_int_equal(serial_of_peer(), 2);
}

static void only_http_1_1_is_spoken(void **state)
{
	const unsigned char *protocol;
	unsigned len;
	(void)state;
	SSL_set_alpn_protos(peer.ssl, (const unsigned char *)"\2h2\10http/1.1", 12);
	run_until(has_shaken_hands);
	SSL_get0_alpn_selected(peer.ssl, &protocol, &len);
	assert_int_equal(len, 8);
	assert_memory_equal(protocol, "http/1.1", 8);
	conn_close(t.conn);
	run_until(is_closed);
	close_pair();

	open_pair();
	SSL_set_alpn_protos(peer.ssl, (const unsigned char *)"\2h2", 3);
	run_until(was_refused);
}

static void sessions_are_resumed(void **state)
{
	const int versions[] = {TLS1_3_VERSION, TLS1_2_VERSION};
	SSL_SESSION *session;
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		SSL_set_max_proto_version(peer.ssl, versions[i]);
		run_until(has_shaken_hands);
		run_some_turns();
		client_read(); /* the ticket */
		session = SSL_get1_session(peer.ssl);
		SSL_set_shutdown(peer.ssl, SSL_SENT_SHUTDOWN); /* else the client thinks ill of it */
		conn_close(t.conn);
		run_until(is_closed);
		close_pair();
		open_pair();
		SSL_set_max_proto_version(peer.ssl, versions[i]);
		SSL_set_session(peer.ssl, session);
		SSL_SESSION_free(session);
		run_until(has_shaken_hands);
		assert_int_equal(SSL_session_reused(peer.ssl), 1);
		conn_close(t.conn);
		run_until(is_closed);
		close_pair();
		open_pair();
	}
	conn_close(t.conn);
	run_until(is_closed);
}

static void reloading_keeps_old_connections(void **state)
{
	const struct conf next = conf_of("new.pem", "new.key", NULL, NULL);
	size_t position = 0;
	(void)state;
	run_until(has_shaken_hands);
	assert_int_equal(serial_of_peer(), 1);
	assert_int_equal(tls_reload(tls, &next), 0);
	assert_logged("event=tls_reloaded certificates=1");
	send_counted(&position, 100);
	t.wanted = 100;
	run_until(has_received);
	client_put("x", 1);
	t.wanted = 1;
	run_until(has_input);
	conn_close(t.conn);
	run_until(is_closed);
	close_pair();

	open_pair();
	run_until(has_shaken_hands);
	assert_int_equal(serial_of_peer(), 3);
}

static void a_wrong_reload_changes_nothing(void **state)
{
	const struct conf next = conf_of("new.pem", "ec.key", NULL, NULL);
	(void)state;
	assert_true(tls_reload(tls, &next) < 0);
	assert_logged("the former certificates stay in use");
	run_until(has_shaken_hands);
	assert_int_equal(serial_of_peer(), 1);
}

static void assert_refused(struct conf conf, const char *file, const char *reason)
{
	assert_null(tls_new(&conf));
	const char *const text = logged();
	if (strstr(text, file) == NULL || strstr(text, reason) == NULL)
		fail_msg("neither %s nor \"%s\" in: %s", file, reason, text);
}

static void files_that_are_wrong(void **state)
{
	(void)state;
	assert_refused(
		conf_of("none.pem", "ec.key", NULL, NULL), "none.pem", "can't be read: No such file");
	assert_refused(conf_of("ec.pem", "none.key", NULL, NULL), "none.key", "can't be read");
	assert_refused(conf_of("empty", "ec.key", NULL, NULL), "empty", "holds no certificate");
	assert_refused(conf_of("text", "ec.key", NULL, NULL), "text", "holds no certificate");
	assert_refused(conf_of("broken.pem", "ec.key", NULL, NULL), "broken.pem", "no certificate");
	assert_refused(conf_of("", "ec.key", NULL, NULL), folder, "no certificate");
	assert_refused(conf_of("ec.key", "ec.pem", NULL, NULL), "ec.key", "holds no certificate");
	assert_refused(conf_of("ec.pem", "text", NULL, NULL), "text", "holds no private key");
	assert_refused(conf_of("ec.pem", "ec.pem", NULL, NULL), "ec.pem", "holds no private key");
	assert_refused(conf_of("ec.pem", "ec.locked", NULL, NULL), "ec.locked", "passphrase");
	assert_refused(conf_of("ec.pem", "rsa.key", NULL, NULL), "rsa.key", "does not belong");
	assert_refused(conf_of("ec.pem", "new.key", NULL, NULL), "new.key", "does not belong");
	assert_refused(
		conf_of("ec.pem", "ec.key", "new.pem", "new.key"), "new.pem", "second certificate");
	conn_close(t.conn);
	run_until(is_closed);
}

/* A wrong clock here is no reason to refuse everybody. */
static void dates_are_a_warning(void **state)
{
	struct conf conf = conf_of("old.pem", "old.key", NULL, NULL);
	(void)state;
	struct tls *other = tls_new(&conf);
	assert_non_null(other);
	assert_logged("has expired");
	tls_free(other);
	conf = conf_of("early.pem", "early.key", NULL, NULL);
	other = tls_new(&conf);
	assert_non_null(other);
	assert_logged("not valid yet");
	tls_free(other);
	conn_close(t.conn);
	run_until(is_closed);
}

static void a_chain_behind_the_certificate(void **state)
{
	char command[512];
	(void)state;
	snprintf(command, sizeof(command), "cat %s %s > %s", file_of("ec.pem"), file_of("rsa.pem"),
		file_of("chain.pem"));
	assert_int_equal(system(command), 0);
	struct conf next = conf_of("chain.pem", "ec.key", NULL, NULL);
	assert_int_equal(tls_reload(tls, &next), 0);
	conn_close(t.conn);
	run_until(is_closed);
	close_pair();
	open_pair();
	run_until(has_shaken_hands);
	assert_int_equal(sk_X509_num(SSL_get_peer_cert_chain(peer.ssl)), 2);
	snprintf(command, sizeof(command), "cat %s %s > %s", file_of("ec.pem"), file_of("broken.pem"),
		file_of("chain.pem"));
	assert_int_equal(system(command), 0);
	next = conf_of("chain.pem", "ec.key", NULL, NULL);
	assert_true(tls_reload(tls, &next) < 0);
	assert_logged("chain.pem is broken");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(hello_both_ways),
		TEST(frames_of_a_turn_are_one_record),
		TEST(much_both_ways),
		TEST(a_slow_peer_gets_all_in_the_end),
		TEST(a_peer_that_never_reads_overflows),
		TEST(bytewise),
		TEST(key_updates_in_between),
		TEST(a_flood_of_key_updates_ends),
		TEST(renegotiation_is_refused),
		TEST(a_secure_connection_moves),
		TEST(finish_says_goodbye),
		TEST(the_peer_says_goodbye),
		TEST(the_peer_just_leaves),
		TEST(the_peer_sends_rubbish),
		TEST(rubbish_instead_of_a_handshake),
		TEST(half_a_handshake),
		TEST(a_handshake_that_takes_too_long),
		TEST(a_knock_is_no_failure),
		TEST(plain_http_gets_a_plain_answer),
		TEST(old_versions_are_refused),
		TEST(the_certificate_that_the_client_can_read),
		TEST(only_http_1_1_is_spoken),
		TEST(sessions_are_resumed),
		TEST(reloading_keeps_old_connections),
		TEST(a_wrong_reload_changes_nothing),
		TEST(files_that_are_wrong),
		TEST(dates_are_a_warning),
		TEST(a_chain_behind_the_certificate),
	};
	return cmocka_run_group_tests(tests, make_files, remove_files);
}

/* SPDX-License-Identifier: MIT
 *
 * See tls.h: the layer between a connection and its socket. OpenSSL reads and writes through a BIO
 * of our own, which takes every write whole: what the kernel refuses waits in `output` and leaves
 * with the write edge. So a record is never half accepted, and reading that must write (or writing
 * that must read) needs no state of its own.
 */
#include "conn_layer.h"
#include "tls_private.h"

#include "base/log.h"
#include "base/xalloc.h"

#include "../wire/err.h"

#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define OUTPUT_MAX (64 * 1024) /* a flight, or a record with answers to key updates */
#define LINGER_MS  1000

struct tls_stream {
	struct conn_layer layer;
	SSL *ssl;
	char *output; /* ciphertext that the kernel refused; NULL if there is none */
	uint32_t first;
	int fd;
	int error;          /* errno of the socket */
	bool is_ended;      /* the socket's FIN was read */
	bool has_begun;     /* something was read */
	const char *reason; /* what ended it, a string of OpenSSL's; NULL: nothing did */
};

/* --- the socket, as OpenSSL sees it --- */

static int socket_read(BIO *bio, char *bytes, int cap)
{
	struct tls_stream *const stream = BIO_get_data(bio);
	BIO_clear_retry_flags(bio);
	const ssize_t got = recv(stream->fd, bytes, (size_t)cap, MSG_DONTWAIT);
	if (got > 0) {
		stream->has_begun = true;
		return (int)got; /* at most `cap` */
	}
	if (got == 0) {
		stream->is_ended = true;
		return 0;
	}
	if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) {
		BIO_set_retry_read(bio);
	} else {
		stream->error = errno;
	}
	return -1;
}

/* Until the kernel refuses, so that a write edge will come. Bytes sent, or -1 with errno. */
static ssize_t send_some(int fd, const char *bytes, size_t len)
{
	size_t sent = 0;
	while (sent < len) {
		const ssize_t part = send(fd, bytes + sent, len - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (part >= 0) {
			sent += (size_t)part;
		} else if (errno == EAGAIN || errno == EWOULDBLOCK) {
			break;
		} else if (errno != EINTR) {
			return -1;
		}
	}
	return (ssize_t)sent;
}

static void keep_output(struct tls_stream *stream, const char *bytes, size_t len)
{
	if (stream->first > 0) {
		memmove(stream->output, stream->output + stream->first, stream->layer.output);
		stream->first = 0;
	}
	stream->output = xrealloc(stream->output, stream->layer.output + len);
	memcpy(stream->output + stream->layer.output, bytes, len);
	stream->layer.output += (uint32_t)len; /* at most OUTPUT_MAX in all */
}

static int socket_write(BIO *bio, const char *bytes, int count)
{
	struct tls_stream *const stream = BIO_get_data(bio);
	const size_t len = (size_t)count;
	BIO_clear_retry_flags(bio);
	if (len > OUTPUT_MAX - stream->layer.output) {
		stream->error = ENOBUFS;
		return -1;
	}
	const ssize_t sent = stream->layer.output > 0 ? 0 : send_some(stream->fd, bytes, len);
	if (sent < 0) {
		stream->error = errno;
		return -1;
	}
	if ((size_t)sent < len) {
		keep_output(stream, bytes + sent, len - (size_t)sent);
	}
	return count;
}

static long socket_control(BIO *bio, int command, long number, void *pointer)
{
	const struct tls_stream *const stream = BIO_get_data(bio);
	(void)number;
	(void)pointer;
	switch (command) {
	case BIO_CTRL_FLUSH:
		return 1;
	case BIO_CTRL_EOF:
		return stream->is_ended;
	default: /* of OpenSSL's many, the rest means nothing here */
		return 0;
	}
}

BIO_METHOD *tls_socket_type(void)
{
	BIO_METHOD *const type = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "connection");
	if (type != NULL) {
		BIO_meth_set_read(type, socket_read);
		BIO_meth_set_write(type, socket_write);
		BIO_meth_set_ctrl(type, socket_control);
	}
	return type;
}

/* --- the layer --- */

static void log_failure(struct conn *conn, const char *reason)
{
	char peer[CONN_PEER_MAX];
	struct loop *const loop = conn_loop(conn);
	loop->metrics.tls_failures++;
	conn_peer(conn, peer);
	log_event_limited(&loop->log_peers, loop->now_ms, LOG_LEVEL_INFO, "tls_refused",
		"peer=%s reason=\"%s\"", peer, reason);
}

static void stream_free(struct conn_layer *layer)
{
	struct tls_stream *const stream = (struct tls_stream *)layer; /* its first member */
	SSL_free(stream->ssl);
	free(stream->output);
	free(stream);
}

/* Somebody wrote http:// where https:// belongs: they get an answer that can be read. */
static ssize_t answer_plain(struct tls_stream *stream, struct conn *conn)
{
	static const char answer[] = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n"
								 "Content-Type: text/plain; charset=utf-8\r\n"
								 "Content-Length: 50\r\n\r\n"
								 "This port speaks TLS: use https:// or wss:// here.";
	log_failure(conn, "a plain HTTP request on a TLS port");
	/* A fresh connection has room for it; failing that the peer sees the end only. */
	(void)send_some(stream->fd, answer, sizeof(answer) - 1);
	conn_set_layer(conn, NULL);
	stream_free(&stream->layer);
	conn_finish(conn, LINGER_MS);
	errno = EINTR; /* what else it sent is read and thrown away */
	return -1;
}

static bool is_plain_request(void)
{
	const int reason = ERR_GET_REASON(ERR_peek_error());
	return reason == SSL_R_HTTP_REQUEST || reason == SSL_R_HTTPS_PROXY_REQUEST;
}

/* After OpenSSL returned `result`; as the layer's receive(). */
static ssize_t on_stopped(struct tls_stream *stream, struct conn *conn, int result)
{
	const int error = SSL_get_error(stream->ssl, result);
	if (error == SSL_ERROR_WANT_READ) {
		errno = EAGAIN;
		return -1;
	}
	if (error == SSL_ERROR_ZERO_RETURN || stream->is_ended) {
		return 0; /* peers end without close_notify, too; messages have ends of their own */
	}
	if (!stream->layer.is_ready && is_plain_request()) {
		return answer_plain(stream, conn);
	}
	const char *const reason = ERR_reason_error_string(ERR_peek_error());
	stream->reason = stream->error != 0 ? NULL : reason != NULL ? reason : "unknown";
	errno = stream->error != 0 ? stream->error : EPROTO;
	return -1;
}

static ssize_t stream_receive(struct conn_layer *layer, struct conn *conn, char *bytes, size_t cap)
{
	struct tls_stream *const stream = (struct tls_stream *)layer; /* its first member */
	ERR_clear_error();
	if (!layer->is_ready) {
		const int result = SSL_do_handshake(stream->ssl);
		if (result != 1) {
			return on_stopped(stream, conn, result);
		}
		layer->is_ready = true;
		conn_loop(conn)->metrics.tls_handshakes++;
	}
	const int got = SSL_read(stream->ssl, bytes, cap < INT_MAX ? (int)cap : INT_MAX);
	return got > 0 ? got : on_stopped(stream, conn, got);
}

static int stream_flush(struct conn_layer *layer, struct conn *conn)
{
	struct tls_stream *const stream = (struct tls_stream *)layer; /* its first member */
	(void)conn;
	const ssize_t sent = send_some(stream->fd, stream->output + stream->first, layer->output);
	if (sent < 0) {
		return -1;
	}
	stream->first += (uint32_t)sent; /* at most `output` */
	layer->output -= (uint32_t)sent;
	if (layer->output > 0) {
		errno = EAGAIN;
		return -1;
	}
	free(stream->output);
	stream->output = NULL;
	stream->first = 0;
	return 0;
}

static ssize_t stream_send(
	struct conn_layer *layer, struct conn *conn, const char *bytes, size_t len)
{
	struct tls_stream *const stream = (struct tls_stream *)layer; /* its first member */
	if (layer->output > 0 && stream_flush(layer, conn) != 0) {
		return -1;
	}
	ERR_clear_error();
	const int sent = SSL_write(stream->ssl, bytes, len < INT_MAX ? (int)len : INT_MAX);
	if (sent > 0) {
		return sent;
	}
	errno = stream->error != 0 ? stream->error : EPROTO;
	return -1;
}

static void stream_finish(struct conn_layer *layer, struct conn *conn)
{
	struct tls_stream *const stream = (struct tls_stream *)layer; /* its first member */
	(void)conn;
	ERR_clear_error();
	(void)SSL_shutdown(stream->ssl); /* close_notify; the peer's is not waited for */
}

static void stream_on_close(struct conn_layer *layer, struct conn *conn)
{
	const struct tls_stream *const stream = (struct tls_stream *)layer; /* its first member */
	if (stream->reason != NULL) {
		log_failure(conn, stream->reason);
	} else if (stream->has_begun && !layer->is_ready) {
		log_failure(conn, "the handshake did not come to its end");
	}
}

static const struct conn_layer_ops stream_ops = {
	.receive = stream_receive,
	.send = stream_send,
	.flush = stream_flush,
	.finish = stream_finish,
	.on_close = stream_on_close,
	.free = stream_free,
};

/* The context as it is now, with a reference. */
static SSL_CTX *ref_context(struct tls *tls)
{
	pthread_mutex_lock(&tls->lock);
	SSL_CTX *const context = tls->context;
	SSL_CTX_up_ref(context);
	pthread_mutex_unlock(&tls->lock);
	return context;
}

int tls_accept(struct tls *tls, struct conn *conn)
{
	SSL_CTX *const context = ref_context(tls);
	SSL *const ssl = SSL_new(context);
	BIO *const bio = BIO_new(tls->socket_type);
	SSL_CTX_free(context);
	if (ssl == NULL || bio == NULL) {
		SSL_free(ssl);
		BIO_free(bio);
		ERR_clear_error();
		return CLN_ERR_SYSTEM;
	}
	struct tls_stream *const stream = xcalloc(1, sizeof(*stream));
	stream->layer.ops = &stream_ops;
	stream->layer.is_secure = true;
	stream->ssl = ssl;
	stream->fd = conn_fd(conn);
	BIO_set_data(bio, stream);
	BIO_set_init(bio, 1);
	SSL_set_bio(ssl, bio, bio);
	SSL_set_accept_state(ssl);
	conn_set_layer(conn, &stream->layer);
	return CLN_OK;
}

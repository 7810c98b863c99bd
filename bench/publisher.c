/* SPDX-License-Identifier: MIT
 *
 * See publisher.h. Commands are put together with wire/ as the extension does it; all of one
 * payload have the same size.
 */
#include "publisher.h"

#include "http.h"
#include "message.h"
#include "relay/base/buf.h"
#include "wire/envelope.h"
#include "wire/id.h"
#include "wire/name.h"
#include "wire/resp.h"

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define COMMAND_MAX  (MESSAGE_TEXT_MAX + 1024)
#define REPLY_BYTES  65536
#define NS_PER_MS    INT64_C(1000000)
#define PUBLISHER_ID UINT64_C(0x62656e6368)
#define SHORT_FRAME  125 /* longest payload whose length fits the second byte of a header */

struct publisher {
	const struct options *options;
	struct cln_id_source ids;
	uint64_t sequence;
	struct buf out;
	size_t sent;       /* of `out` */
	size_t sendable;   /* of `out`: HTTP sends one request at a time */
	struct buf ends;   /* HTTP: size_t each, where the requests that wait end in `out` */
	struct buf answer; /* HTTP: what there is of the next one */
	bool is_asking;    /* HTTP: a request is not answered yet */
	bool is_closed;    /* HTTP: by the server, behind an answer or while idle */
	int fd;
	bool is_at_line; /* the next byte of the answers begins a line */
};

static int connect_unix(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof address.sun_path)
		errx(1, "%s: too long for a Unix socket", path);
	memcpy(address.sun_path, path, strlen(path));
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
		err(1, "%s", path);
	return fd;
}

static int connect_tcp(uint16_t port)
{
	const struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof address) != 0)
		err(1, "port %u", (unsigned)port);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	return fd;
}

static int connect_to(const struct options *options)
{
	char *end;
	unsigned long port;

	if (!options->to)
		return connect_tcp(options->port);
	port = strtoul(options->to, &end, 10);
	return *end == '\0' ? connect_tcp((uint16_t)port) : connect_unix(options->to);
}

static bool is_http(const struct publisher *publisher)
{
	return publisher->options->publish == PUBLISH_HTTP ||
		   publisher->options->publish == PUBLISH_PUSHER_HTTP;
}

static void greet(struct publisher *publisher)
{
	const struct options *options = publisher->options;
	char bytes[COMMAND_MAX];
	struct cln_out out = {.ptr = bytes, .cap = sizeof bytes};

	cln_resp_array(&out, 3);
	cln_resp_bulk(&out, CLN_SLICE("AUTH"));
	cln_resp_bulk(&out, options->app);
	cln_resp_bulk(&out, options->secret);
	cln_resp_array(&out, 2);
	cln_resp_bulk(&out, CLN_SLICE("HELLO"));
	cln_resp_bulk(&out, CLN_SLICE("2"));
	if (out.is_full)
		errx(2, "--secret is too long");
	buf_append(&publisher->out, out.ptr, out.len);
	publisher_serve(publisher);
}

struct publisher *publisher_new(const struct options *options)
{
	struct publisher *publisher;

	if (options->publish == PUBLISH_NONE)
		return NULL;
	publisher = calloc(1, sizeof *publisher);
	if (!publisher)
		err(1, "publisher");
	publisher->options = options;
	publisher->is_at_line = true;
	publisher->fd = connect_to(options);
	if (options->publish == PUBLISH_RESP)
		greet(publisher);
	return publisher;
}

int publisher_fd(const struct publisher *publisher)
{
	return publisher->fd;
}

bool publisher_reopen(struct publisher *publisher)
{
	if (!publisher->is_closed)
		return false;
	close(publisher->fd);
	publisher->fd = connect_to(publisher->options);
	publisher->is_closed = false;
	return true;
}

size_t publisher_pending(const struct publisher *publisher)
{
	return publisher->out.len - publisher->sent + publisher->is_asking;
}

static void write_command(struct publisher *publisher, struct cln_out *out,
	struct cln_slice channel, struct cln_slice text)
{
	static const unsigned char random[10] = "benchmark";
	const struct cln_slice app = publisher->options->app;
	struct cln_envelope envelope = {
		.publisher = PUBLISHER_ID, .sequence = ++publisher->sequence, .text = text};
	char head[CLN_ENVELOPE_HEAD_MAX], bus[CLN_BUS_CHANNEL_MAX];
	size_t head_len;

	cln_id_next(&publisher->ids, message_now_ns() / NS_PER_MS, random, envelope.id);
	head_len = cln_envelope_head(head, &envelope,
		publisher->options->is_signed ? &publisher->options->secret : NULL, app, channel);
	cln_resp_array(out, 3);
	cln_resp_bulk(out, CLN_SLICE("PUBLISH"));
	cln_resp_bulk(
		out, cln_slice(bus, cln_bus_channel(bus, CLN_SLICE(CLN_BUS_PREFIX_DEFAULT), app, channel)));
	cln_resp_bulk_head(out, head_len + text.len);
	cln_out_bytes(out, cln_slice(head, head_len));
	cln_out_bytes(out, text);
	cln_out_bytes(out, CLN_SLICE("\r\n"));
}

static void add_command(
	struct publisher *publisher, struct cln_slice channel, struct cln_slice text)
{
	struct cln_out out = {.cap = COMMAND_MAX};

	buf_reserve(&publisher->out, COMMAND_MAX);
	out.ptr = publisher->out.bytes + publisher->out.len;
	write_command(publisher, &out, channel, text);
	if (out.is_full)
		errx(1, "a command longer than %d bytes", COMMAND_MAX);
	publisher->out.len += out.len;
}

void publisher_add(struct publisher *publisher, struct cln_slice channel, struct cln_slice text)
{
	if (publisher_pending(publisher) == 0)
		publisher->sent = publisher->out.len = 0;
	if (is_http(publisher)) {
		http_request(&publisher->out, publisher->options, channel, text);
		buf_append(&publisher->ends, &publisher->out.len, sizeof publisher->out.len);
	} else {
		add_command(publisher, channel, text);
	}
}

/* Answers to commands have to be read, or the server stops reading from us. */
static void read_replies(struct publisher *publisher, struct cln_slice bytes)
{
	for (size_t i = 0; i < bytes.len; i++) {
		if (publisher->is_at_line && bytes.ptr[i] == '-')
			errx(1, "the server answers: %.*s", (int)(bytes.len - i), bytes.ptr + i);
		publisher->is_at_line = bytes.ptr[i] == '\n';
	}
}

static void read_http(struct publisher *publisher, struct cln_slice bytes)
{
	size_t len;

	buf_append_slice(&publisher->answer, bytes);
	len = http_answer(buf_slice(&publisher->answer));
	if (len == 0)
		return;
	if (!publisher->is_asking)
		errx(1, "an answer that was not asked for");
	publisher->is_closed = http_closes(cln_slice(publisher->answer.bytes, len));
	buf_consume(&publisher->answer, len);
	publisher->is_asking = false;
}

static void read_answers(struct publisher *publisher)
{
	static char bytes[REPLY_BYTES];
	ssize_t n;

	while ((n = recv(publisher->fd, bytes, sizeof bytes, MSG_DONTWAIT)) > 0) {
		if (is_http(publisher))
			read_http(publisher, cln_slice(bytes, (size_t)n));
		else
			read_replies(publisher, cln_slice(bytes, (size_t)n));
	}
	if (n == 0 && is_http(publisher) && !publisher->is_asking)
		publisher->is_closed = true;
	else if (n == 0)
		errx(1, "the publishing connection was closed");
	else if (errno != EAGAIN)
		err(1, "the publishing connection");
}

/* How far `out` may be sent: HTTP waits for the answer to one request before the next. */
static size_t sendable(struct publisher *publisher)
{
	if (!is_http(publisher))
		return publisher->out.len;
	if (!publisher->is_asking && publisher->ends.len) {
		memcpy(&publisher->sendable, publisher->ends.bytes, sizeof publisher->sendable);
		buf_consume(&publisher->ends, sizeof publisher->sendable);
		publisher->is_asking = true;
	}
	return publisher->is_asking ? publisher->sendable : publisher->sent;
}

void publisher_serve(struct publisher *publisher)
{
	size_t end;

	if (publisher->options->publish != PUBLISH_PLAIN)
		read_answers(publisher);
	if (publisher->is_closed)
		return;
	end = sendable(publisher);
	if (end > publisher->sent) {
		const ssize_t n = send(publisher->fd, publisher->out.bytes + publisher->sent,
			end - publisher->sent, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno != EAGAIN)
			err(1, "publish");
		if (n > 0)
			publisher->sent += (size_t)n;
	}
}

void publisher_sizes(const struct options *options, size_t *command, size_t *frame)
{
	const struct cln_slice channel = CLN_SLICE(MESSAGE_CHANNEL);
	struct publisher publisher = {.options = options};
	char bytes[COMMAND_MAX], text[MESSAGE_TEXT_MAX];
	struct cln_out out = {.ptr = bytes, .cap = sizeof bytes};

	message_write(text, options->payload, channel, 0, 0);
	write_command(&publisher, &out, channel, cln_slice(text, options->payload));
	*command = out.len;
	*frame = options->payload + (options->payload <= SHORT_FRAME ? 2 : 4);
}

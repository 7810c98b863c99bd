/* SPDX-License-Identifier: MIT
 *
 * See http.h. Answers are read as far as needed to know where they end.
 */
#include "http.h"

#include "message.h"
#include "relay/base/hmac.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>

#define BODY_MAX   (MESSAGE_TEXT_MAX + 256)
#define TARGET_MAX 512
#define PATH_BYTES 128

static void hex_of(const unsigned char *bytes, size_t count, char *out)
{
	for (size_t i = 0; i < count; i++)
		snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

/* "/apps/A/events?..." with the signature of Pusher's HTTP API. */
static void write_signed_target(
	char target[TARGET_MAX], const struct options *options, struct cln_slice body)
{
	unsigned char md5[HMAC_MD5_BYTES], signature[CLN_SIGNATURE_BYTES];
	char md5_hex[2 * HMAC_MD5_BYTES + 1], hex[CLN_SIGNATURE_HEX + 1];
	char path[PATH_BYTES], query[TARGET_MAX / 2];

	if (!hmac_md5(body, md5))
		errx(1, "OpenSSL has no MD5 here, which Pusher's HTTP API needs");
	hex_of(md5, sizeof md5, md5_hex);
	snprintf(path, sizeof path, "/apps/%.*s/events", (int)options->app.len, options->app.ptr);
	snprintf(query, sizeof query, "auth_key=%.*s&auth_timestamp=%lld&auth_version=1.0&body_md5=%s",
		(int)options->key.len, options->key.ptr, (long long)time(NULL), md5_hex);
	const struct cln_slice parts[] = {
		CLN_SLICE("POST\n"), cln_slice_of(path), CLN_SLICE("\n"), cln_slice_of(query)};

	cln_hmac_sha256(options->secret, parts, sizeof parts / sizeof *parts, signature);
	hex_of(signature, sizeof signature, hex);
	if (snprintf(target, TARGET_MAX, "%s?%s&auth_signature=%s", path, query, hex) >= TARGET_MAX)
		errx(2, "--app and --key are too long");
}

static void append_request(
	struct buf *out, const struct options *options, const char *target, struct cln_slice body)
{
	buf_appendf(out,
		"POST %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nContent-Type: application/json\r\n"
		"Content-Length: %zu\r\n\r\n",
		target, (unsigned)options->port, body.len);
	buf_append_slice(out, body);
}

void http_request(
	struct buf *out, const struct options *options, struct cln_slice channel, struct cln_slice text)
{
	char target[TARGET_MAX], body[BODY_MAX];
	const struct cln_slice data = message_data(text);
	int len;

	if (options->publish == PUBLISH_HTTP) {
		append_request(out, options, options->publish_path, text);
		return;
	}
	len = snprintf(body, sizeof body,
		"{\"name\":\"" MESSAGE_EVENT "\",\"channels\":[\"%.*s\"],\"data\":\"%.*s\"}",
		(int)channel.len, channel.ptr, (int)data.len, data.ptr);
	write_signed_target(target, options, cln_slice(body, (size_t)len));
	append_request(out, options, target, cln_slice(body, (size_t)len));
}

/* The value of a header, NULL if it is not there. */
static const char *header(struct cln_slice head, const char *name)
{
	const char *const end = head.ptr + head.len;

	for (const char *line = head.ptr; line < end;) {
		const char *const next = memchr(line, '\n', (size_t)(end - line));

		if (!next)
			return NULL;
		line = next + 1;
		if ((size_t)(end - line) > strlen(name) && strncasecmp(line, name, strlen(name)) == 0)
			return line + strlen(name);
	}
	return NULL;
}

size_t http_answer(struct cln_slice bytes)
{
	static const char chunks_end[] = "0\r\n\r\n";
	const char *end = bytes.len ? memmem(bytes.ptr, bytes.len, "\r\n\r\n", 4) : NULL;
	const char *length;
	struct cln_slice head, body;
	size_t body_len;

	if (!end)
		return 0;
	head = cln_slice(bytes.ptr, (size_t)(end - bytes.ptr) + 4);
	body = cln_slice_from(bytes, head.len);
	if (!cln_slice_starts(head, CLN_SLICE("HTTP/1.1 2")))
		errx(1, "the server answers a publish with %.*s", (int)bytes.len, bytes.ptr);
	length = header(head, "content-length:");
	if (length) {
		body_len = strtoul(length, NULL, 10);
		return body.len < body_len ? 0 : head.len + body_len;
	}
	if (!header(head, "transfer-encoding:"))
		return head.len;
	end = body.len ? memmem(body.ptr, body.len, chunks_end, sizeof chunks_end - 1) : NULL;
	return end ? head.len + (size_t)(end - body.ptr) + sizeof chunks_end - 1 : 0;
}

bool http_closes(struct cln_slice answer)
{
	static const char word[] = " close\r";
	const char *value = header(answer, "connection:");

	return value && strncasecmp(value, word, sizeof word - 1) == 0;
}

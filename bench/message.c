/* SPDX-License-Identifier: MIT
 *
 * See message.h. The text has the size of a chat message as Laravel broadcasts it.
 */
#include "message.h"

#include "wire/envelope.h"
#include "wire/id.h"
#include "wire/name.h"
#include "wire/resp.h"

#include <err.h>
#include <stdio.h>
#include <time.h>

#define STAMP_DIGITS   19
#define SHORT_FRAME    125 /* longest payload whose length fits the second byte of a header */
#define NS_PER_SECOND  INT64_C(1000000000)
#define NS_PER_MS      INT64_C(1000000)
#define PUBLISHER_ID   UINT64_C(0x62656e6368)
#define TEXT_BYTES_MAX 1024

static const char text_format[] =
	"{\"event\":\"App\\\\Events\\\\MessageSent\",\"data\":\"{\\\"id\\\":\\\"@%0*lld\\\","
	"\\\"content\\\":"
	"\\\"See you at the station at eight, I have the "
	"tickets.\\\",\\\"sender_id\\\":1,\\\"receiver_id\\\":"
	"2,\\\"created_at\\\":\\\"2026-01-01T12:00:00.000000Z\\\",\\\"formatted_time\\\":\\\"12:00\\\","
	"\\\"sender\\\":{\\\"id\\\":1,\\\"name\\\":\\\"Alice\\\",\\\"avatar\\\":null}}\",\"channel\":"
	"\"%s\"}";

int64_t message_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

static size_t write_text(char out[TEXT_BYTES_MAX], int64_t stamp)
{
	int len =
		snprintf(out, TEXT_BYTES_MAX, text_format, STAMP_DIGITS, (long long)stamp, MESSAGE_CHANNEL);

	return (size_t)len;
}

static size_t finish(const struct cln_out *out)
{
	if (out->is_full)
		errx(1, "MESSAGE_COMMAND_MAX is too small");
	return out->len;
}

size_t message_greeting(
	char out[MESSAGE_COMMAND_MAX], struct cln_slice app, struct cln_slice secret)
{
	struct cln_out to = {.ptr = out, .cap = MESSAGE_COMMAND_MAX};

	cln_resp_array(&to, 3);
	cln_resp_bulk(&to, CLN_SLICE("AUTH"));
	cln_resp_bulk(&to, app);
	cln_resp_bulk(&to, secret);
	cln_resp_array(&to, 2);
	cln_resp_bulk(&to, CLN_SLICE("HELLO"));
	cln_resp_bulk(&to, CLN_SLICE("2"));
	return finish(&to);
}

size_t message_command(char out[MESSAGE_COMMAND_MAX], struct cln_slice app)
{
	static struct cln_id_source ids;
	static uint64_t sequence;
	const unsigned char random[10] = "benchmark";
	const struct cln_slice channel = CLN_SLICE(MESSAGE_CHANNEL);
	struct cln_envelope envelope = {.publisher = PUBLISHER_ID, .sequence = ++sequence};
	struct cln_out to = {.ptr = out, .cap = MESSAGE_COMMAND_MAX};
	const int64_t now = message_now_ns();
	char text[TEXT_BYTES_MAX], head[CLN_ENVELOPE_HEAD_MAX], bus[CLN_BUS_CHANNEL_MAX];
	size_t head_len;

	cln_id_next(&ids, now / NS_PER_MS, random, envelope.id);
	envelope.text = cln_slice(text, write_text(text, now));
	head_len = cln_envelope_head(head, &envelope, NULL, app, channel);
	cln_resp_array(&to, 3);
	cln_resp_bulk(&to, CLN_SLICE("PUBLISH"));
	cln_resp_bulk(
		&to, cln_slice(bus, cln_bus_channel(bus, CLN_SLICE(CLN_BUS_PREFIX_DEFAULT), app, channel)));
	cln_resp_bulk_head(&to, head_len + envelope.text.len);
	cln_out_bytes(&to, cln_slice(head, head_len));
	cln_out_bytes(&to, envelope.text);
	cln_out_bytes(&to, CLN_SLICE("\r\n"));
	return finish(&to);
}

size_t message_frame_bytes(void)
{
	char text[TEXT_BYTES_MAX];
	const size_t len = write_text(text, 0);

	return len + (len <= SHORT_FRAME ? 2 : 4);
}

int64_t message_stamp(struct cln_slice text)
{
	const char *at = text.len ? memchr(text.ptr, '@', text.len) : NULL;
	int64_t stamp = 0;

	if (!at || text.ptr + text.len - at <= STAMP_DIGITS)
		return 0;
	for (int i = 1; i <= STAMP_DIGITS; i++) {
		if (at[i] < '0' || at[i] > '9')
			return 0;
		stamp = stamp * 10 + (at[i] - '0');
	}
	return stamp;
}

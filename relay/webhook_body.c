/* SPDX-License-Identifier: MIT
 *
 * Every event has `name` and `channel`: server libraries read both of each one. What a kind does
 * not have is left out.
 */
#include "webhook_body.h"
#include "jslice.h"
#include "msg.h"

#include "../wire/sign.h"

#include <inttypes.h>

static void put_string(struct buf *body, const char *name, struct cln_slice value)
{
	buf_appendf(body, ",\"%s\":\"", name);
	jslice_escape(body, value);
	buf_append_byte(body, '"');
}

static void put_client_event(struct buf *body, const struct webhook_event *event)
{
	char socket_id[MSG_SOCKET_MAX];
	const size_t len = msg_socket_print(event->socket, socket_id);
	put_string(body, "event", event->event);
	put_string(body, "data", event->data);
	put_string(body, "socket_id", cln_slice(socket_id, len));
}

void webhook_body_begin(struct buf *body, int64_t time_ms)
{
	buf_appendf(body, "{\"time_ms\":%" PRId64 ",\"events\":[", time_ms);
}

void webhook_body_add(struct buf *body, const struct webhook_event *event)
{
	if (body->bytes[body->len - 1] == '}')
		buf_append_byte(body, ',');
	buf_appendf(body, "{\"name\":\"%s\"", conf_webhook_name(event->kind));
	put_string(body, "channel", event->channel);
	if (event->kind == WEBHOOK_CLIENT_EVENT)
		put_client_event(body, event);
	if (event->user_id.len > 0)
		put_string(body, "user_id", event->user_id);
	if (event->kind == WEBHOOK_SUBSCRIPTION_COUNT)
		buf_appendf(body, ",\"subscription_count\":%u", event->count);
	buf_append_byte(body, '}');
}

void webhook_body_end(struct buf *body)
{
	buf_append_slice(body, CLN_SLICE("]}"));
}

void webhook_body_sign(
	struct cln_slice body, struct cln_slice secret, char out[WEBHOOK_SIGNATURE_MAX])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char mac[CLN_SIGNATURE_BYTES];
	cln_hmac_sha256(secret, &body, 1, mac);
	for (size_t i = 0; i < sizeof(mac); i++) {
		out[2 * i] = digits[mac[i] >> 4];
		out[2 * i + 1] = digits[mac[i] & 0xf];
	}
	out[CLN_SIGNATURE_HEX] = '\0';
}

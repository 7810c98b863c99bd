/* SPDX-License-Identifier: MIT
 *
 * See command.h. The client text is written straight to its place in the command; the envelope's
 * head goes in front of it afterwards, since a signature covers the text.
 */
#include "command.h"

#include "../wire/name.h"
#include "../wire/resp.h"
#include "php.h"

/* *3, $7, PUBLISH, two bulk lengths, line ends. */
#define RESP_BYTES_MAX 64

#define TEXT_EVENT   "{\"event\":"
#define TEXT_CHANNEL ",\"channel\":\""
#define TEXT_DATA    "\",\"data\":"
#define TEXT_END     "}"

static size_t text_size(const struct cln_event *event, struct cln_slice channel)
{
	return sizeof(TEXT_EVENT TEXT_CHANNEL TEXT_DATA TEXT_END) - 1 + event->name.len + channel.len +
		   event->data.len;
}

size_t cln_command_bound(const struct cln_event *event, struct cln_slice channel)
{
	return RESP_BYTES_MAX + CLN_BUS_CHANNEL_MAX + CLN_ENVELOPE_HEAD_MAX + text_size(event, channel);
}

/* Channel names need no escaping: their alphabet has neither quotes nor backslashes. */
static void put_text(struct cln_out *out, const struct cln_event *event, struct cln_slice channel)
{
	cln_out_bytes(out, CLN_SLICE(TEXT_EVENT));
	cln_out_bytes(out, event->name);
	cln_out_bytes(out, CLN_SLICE(TEXT_CHANNEL));
	cln_out_bytes(out, channel);
	cln_out_bytes(out, CLN_SLICE(TEXT_DATA));
	cln_out_bytes(out, event->data);
	cln_out_bytes(out, CLN_SLICE(TEXT_END));
}

static struct cln_envelope make_envelope(
	const struct cln_event *event, struct cln_slice channel, const struct cln_numbering *numbering)
{
	struct cln_envelope envelope = {
		.publisher = numbering->publisher,
		.sequence = numbering->sequence,
		.channel_sequence = numbering->channel_sequence,
		.socket_id = event->exclude,
		.text = {NULL, text_size(event, channel)},
	};
	memcpy(envelope.id, event->id, sizeof(envelope.id));
	return envelope;
}

size_t cln_command_write(char *out, const struct cln_target *target, const struct cln_event *event,
	struct cln_slice channel, const struct cln_numbering *numbering)
{
	/* The local socket has proven itself by AUTH APPID SECRET; everywhere else the envelope does.
	 */
	const bool is_signed = target->transport != CLN_TRANSPORT_RELAY_UNIX;
	const struct cln_slice app = cln_target_app(target);
	const struct cln_slice secret = cln_target_secret(target);
	struct cln_envelope envelope = make_envelope(event, channel, numbering);
	const size_t size = cln_envelope_size(&envelope, is_signed);
	const size_t head_size = size - envelope.text.len;

	char bus[CLN_BUS_CHANNEL_MAX];
	const struct cln_slice prefix = cln_slice(target->prefix, target->prefix_len);
	const size_t bus_len = cln_bus_channel(bus, prefix, app, channel);

	struct cln_out command = {.ptr = out, .cap = cln_command_bound(event, channel)};
	cln_out_bytes(&command, CLN_SLICE("*3\r\n$7\r\nPUBLISH\r\n"));
	cln_resp_bulk(&command, cln_slice(bus, bus_len));
	cln_resp_bulk_head(&command, size);

	char *head = command.ptr + command.len;
	command.len += head_size;
	envelope.text.ptr = command.ptr + command.len;
	put_text(&command, event, channel);
	cln_envelope_head(head, &envelope, is_signed ? &secret : NULL, app, channel);
	cln_out_bytes(&command, CLN_SLICE("\r\n"));
	ZEND_ASSERT(!command.is_full);
	return command.len;
}

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
#define PUBLISH_WORDS  3

#define TEXT_END "}"

static size_t text_size(const struct cln_route *route, const struct cln_event *event)
{
	return route->text_len + event->data.len + sizeof(TEXT_END) - 1;
}

size_t cln_command_bound(const struct cln_route *route, const struct cln_event *event)
{
	return RESP_BYTES_MAX + route->head_len + CLN_ENVELOPE_HEAD_MAX + text_size(route, event);
}

/* The local socket has proven itself by AUTH APPID SECRET; everywhere else the envelope does. */
static bool is_signed_for(const struct cln_target *target)
{
	return target->transport != CLN_TRANSPORT_RELAY_UNIX;
}

static struct cln_envelope make_envelope(const struct cln_route *route,
	const struct cln_event *event, const struct cln_numbering *numbering)
{
	struct cln_envelope envelope = {
		.publisher = numbering->publisher,
		.sequence = numbering->sequence,
		.channel_sequence = numbering->channel_sequence,
		.socket_id = event->exclude,
		.text = {NULL, text_size(route, event)},
	};
	memcpy(envelope.id, event->id, sizeof(envelope.id));
	return envelope;
}

size_t cln_command_write(char *out, const struct cln_target *target, const struct cln_route *route,
	const struct cln_event *event, const struct cln_numbering *numbering)
{
	const bool is_signed = is_signed_for(target);
	const struct cln_slice secret = cln_target_secret(target);
	struct cln_envelope envelope = make_envelope(route, event, numbering);
	const size_t size = cln_envelope_size(&envelope, is_signed);

	struct cln_out command = {.ptr = out, .cap = cln_command_bound(route, event)};
	cln_out_bytes(&command, cln_slice(route->head, route->head_len));
	cln_resp_bulk_head(&command, size);
	char *head = command.ptr + command.len;
	command.len += size - envelope.text.len;
	envelope.text.ptr = command.ptr + command.len;
	cln_out_bytes(&command, cln_slice(route->text, route->text_len));
	cln_out_bytes(&command, event->data);
	cln_out_bytes(&command, CLN_SLICE(TEXT_END));
	cln_envelope_head(head, &envelope, is_signed ? &secret : NULL, cln_target_app(target),
		cln_slice(route->channel, route->channel_len));
	cln_out_bytes(&command, CLN_SLICE("\r\n"));
	ZEND_ASSERT(!command.is_full);
	return command.len;
}

/* ---- parcels ---- */

void cln_command_read(
	struct cln_slice command, const struct cln_target *target, struct cln_parcel *parcel)
{
	struct cln_resp_request request;
	struct cln_slice app;
	const struct cln_slice prefix = cln_slice(target->prefix, target->prefix_len);
	/* It was written by cln_command_write(), so none of this fails. */
	int result = cln_resp_request(command, command.len, &request);
	ZEND_ASSERT(result == CLN_OK && request.argc == PUBLISH_WORDS);
	result = cln_bus_channel_parse(request.argv[1], prefix, &app, &parcel->channel);
	ZEND_ASSERT(result == CLN_OK);
	parcel->bytes = request.argv[2];
	result = cln_envelope_decode(parcel->bytes, &parcel->envelope);
	ZEND_ASSERT(result == CLN_OK);
}

size_t cln_parcel_signed_bound(const struct cln_parcel *parcel)
{
	return CLN_ENVELOPE_HEAD_MAX + parcel->envelope.text.len;
}

size_t cln_parcel_sign(char *out, const struct cln_target *target, const struct cln_parcel *parcel)
{
	if (parcel->envelope.signature.len > 0) {
		memcpy(out, parcel->bytes.ptr, parcel->bytes.len);
		return parcel->bytes.len;
	}
	const struct cln_slice secret = cln_target_secret(target);
	const size_t head =
		cln_envelope_head(out, &parcel->envelope, &secret, cln_target_app(target), parcel->channel);
	memcpy(out + head, parcel->envelope.text.ptr, parcel->envelope.text.len);
	return head + parcel->envelope.text.len;
}

/* Everything up to the envelope. */
static void put_head(struct cln_out *command, const struct cln_target *target,
	struct cln_slice channel, size_t envelope_size)
{
	char bus[CLN_BUS_CHANNEL_MAX];
	const struct cln_slice prefix = cln_slice(target->prefix, target->prefix_len);
	const size_t bus_len = cln_bus_channel(bus, prefix, cln_target_app(target), channel);
	cln_out_bytes(command, CLN_SLICE("*3\r\n$7\r\nPUBLISH\r\n"));
	cln_resp_bulk(command, cln_slice(bus, bus_len));
	cln_resp_bulk_head(command, envelope_size);
}

size_t cln_parcel_bound(const struct cln_parcel *parcel)
{
	return RESP_BYTES_MAX + CLN_BUS_CHANNEL_MAX + cln_parcel_signed_bound(parcel);
}

size_t cln_parcel_write(char *out, const struct cln_target *target, const struct cln_parcel *parcel,
	const struct cln_numbering *numbering)
{
	const bool is_signed = is_signed_for(target);
	const struct cln_slice secret = cln_target_secret(target);
	struct cln_envelope envelope = parcel->envelope;
	envelope.publisher = numbering->publisher;
	envelope.sequence = numbering->sequence;
	envelope.channel_sequence = numbering->channel_sequence;

	struct cln_out command = {.ptr = out, .cap = cln_parcel_bound(parcel)};
	put_head(&command, target, parcel->channel, cln_envelope_size(&envelope, is_signed));
	command.len += cln_envelope_head(command.ptr + command.len, &envelope,
		is_signed ? &secret : NULL, cln_target_app(target), parcel->channel);
	cln_out_bytes(&command, envelope.text);
	cln_out_bytes(&command, CLN_SLICE("\r\n"));
	ZEND_ASSERT(!command.is_full);
	return command.len;
}

/* SPDX-License-Identifier: MIT
 *
 * Writing and reading envelopes; the layout is the table in envelope.h. Works on borrowed bytes
 * and keeps nothing. The offsets below are that table's.
 */
#include "envelope.h"

#include "bytes.h"
#include "name.h"
#include "sign.h"
#include "version.h"

#include <assert.h>

enum offset {
	AT_VERSION = 0,
	AT_FLAGS = 1,
	AT_SOCKET_ID_LEN = 2,
	AT_RESERVED = 3,
	AT_TEXT_LEN = 4,
	AT_ID = 8,
	AT_PUBLISHER = 24,
	AT_SEQUENCE = 32,
	AT_CHANNEL_SEQUENCE = 40,
};

/* The one place that names what a signature covers. */
static void sign(const char *fixed, struct cln_slice socket_id, struct cln_slice text,
	struct cln_slice secret, struct cln_slice app, struct cln_slice channel,
	unsigned char digest[CLN_SIGNATURE_BYTES])
{
	const struct cln_slice parts[] = {
		app,
		CLN_SLICE(":"),
		channel,
		CLN_SLICE("\n"),
		{fixed, CLN_ENVELOPE_FIXED},
		socket_id,
		text,
	};

	cln_hmac_sha256(secret, parts, sizeof parts / sizeof *parts, digest);
}

size_t cln_envelope_size(const struct cln_envelope *envelope, bool is_signed)
{
	return CLN_ENVELOPE_FIXED + (is_signed ? (size_t)CLN_SIGNATURE_BYTES : 0) +
		   envelope->socket_id.len + envelope->text.len;
}

size_t cln_envelope_head(char *out, const struct cln_envelope *envelope,
	const struct cln_slice *secret, struct cln_slice app, struct cln_slice channel)
{
	size_t len = CLN_ENVELOPE_FIXED;

	assert(envelope->socket_id.len <= CLN_SOCKET_ID_MAX);
	assert(envelope->text.len <= UINT32_MAX);
	out[AT_VERSION] = CLN_ENVELOPE_VERSION;
	out[AT_FLAGS] = secret ? CLN_ENVELOPE_SIGNED : 0;
	out[AT_SOCKET_ID_LEN] = (char)envelope->socket_id.len; /* asserted above */
	out[AT_RESERVED] = 0;
	cln_put_u32(out + AT_TEXT_LEN, (uint32_t)envelope->text.len); /* asserted above */
	memcpy(out + AT_ID, envelope->id, CLN_ID_BYTES);
	cln_put_u64(out + AT_PUBLISHER, envelope->publisher);
	cln_put_u64(out + AT_SEQUENCE, envelope->sequence);
	cln_put_u64(out + AT_CHANNEL_SEQUENCE, envelope->channel_sequence);
	if (secret) {
		unsigned char digest[CLN_SIGNATURE_BYTES];

		sign(out, envelope->socket_id, envelope->text, *secret, app, channel, digest);
		memcpy(out + len, digest, sizeof digest);
		len += sizeof digest;
	}
	if (envelope->socket_id.len) {
		memcpy(out + len, envelope->socket_id.ptr, envelope->socket_id.len);
		len += envelope->socket_id.len;
	}
	return len;
}

/* The version stands first and is read first: all else may differ in another version. */
static int check_fixed(struct cln_slice bytes)
{
	unsigned char version;

	if (bytes.len == 0)
		return CLN_ERR_PROTOCOL;
	version = (unsigned char)bytes.ptr[AT_VERSION];
	if (version < CLN_ENVELOPE_VERSION_MIN || version > CLN_ENVELOPE_VERSION)
		return CLN_ERR_VERSION;
	if (bytes.len < CLN_ENVELOPE_FIXED)
		return CLN_ERR_PROTOCOL;
	if ((bytes.ptr[AT_FLAGS] & ~CLN_ENVELOPE_SIGNED) != 0 || bytes.ptr[AT_RESERVED] != 0)
		return CLN_ERR_PROTOCOL;
	return CLN_OK;
}

int cln_envelope_decode(struct cln_slice bytes, struct cln_envelope *envelope)
{
	int result = check_fixed(bytes);
	size_t signature_len, socket_id_len, text_len;
	const char *at;

	if (result != CLN_OK)
		return result;
	signature_len = bytes.ptr[AT_FLAGS] & CLN_ENVELOPE_SIGNED ? CLN_SIGNATURE_BYTES : 0;
	socket_id_len = (unsigned char)bytes.ptr[AT_SOCKET_ID_LEN];
	text_len = cln_get_u32(bytes.ptr + AT_TEXT_LEN);
	if (bytes.len - CLN_ENVELOPE_FIXED < signature_len + socket_id_len ||
		bytes.len - CLN_ENVELOPE_FIXED - signature_len - socket_id_len != text_len)
		return CLN_ERR_PROTOCOL;

	at = bytes.ptr + CLN_ENVELOPE_FIXED;
	envelope->signature = cln_slice(at, signature_len);
	at += signature_len;
	envelope->socket_id = cln_slice(at, socket_id_len);
	envelope->text = cln_slice(at + socket_id_len, text_len);
	if (socket_id_len && !cln_socket_id_is_valid(envelope->socket_id))
		return CLN_ERR_PROTOCOL;
	memcpy(envelope->id, bytes.ptr + AT_ID, CLN_ID_BYTES);
	envelope->publisher = cln_get_u64(bytes.ptr + AT_PUBLISHER);
	envelope->sequence = cln_get_u64(bytes.ptr + AT_SEQUENCE);
	envelope->channel_sequence = cln_get_u64(bytes.ptr + AT_CHANNEL_SEQUENCE);
	return CLN_OK;
}

int cln_envelope_verify(struct cln_slice bytes, const struct cln_envelope *envelope,
	struct cln_slice secret, struct cln_slice app, struct cln_slice channel)
{
	unsigned char digest[CLN_SIGNATURE_BYTES];

	if (envelope->signature.len != sizeof digest)
		return CLN_ERR_SIGNATURE;
	sign(bytes.ptr, envelope->socket_id, envelope->text, secret, app, channel, digest);
	if (!cln_equal_constant_time(envelope->signature, cln_slice(digest, sizeof digest)))
		return CLN_ERR_SIGNATURE;
	return CLN_OK;
}

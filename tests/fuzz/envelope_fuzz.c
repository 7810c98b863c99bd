/* SPDX-License-Identifier: MIT */
/* sources: wire/envelope.c wire/name.c wire/sign.c relay/base/hmac.c relay/base/log.c */
/* libs: libcrypto */
/*
 * Whatever decodes is written again as the same bytes, and only these bytes verify.
 */
#include "support/fuzz.h"
#include "wire/envelope.h"
#include "wire/name.h"

static void write_again(struct cln_slice bytes, const struct cln_envelope *envelope)
{
	char head[CLN_ENVELOPE_HEAD_MAX];
	size_t len = cln_envelope_head(head, envelope, NULL, CLN_SLICE("a"), CLN_SLICE("c"));

	claim(len + envelope->text.len == bytes.len);
	claim(memcmp(head, bytes.ptr, len) == 0);
	claim(envelope->text.ptr == bytes.ptr + len);
}

static void sign_and_verify(const struct cln_envelope *envelope)
{
	const struct cln_slice secret = CLN_SLICE("secret"), app = CLN_SLICE("app"),
						   channel = CLN_SLICE("c");
	const size_t size = cln_envelope_size(envelope, true);
	char *bytes = malloc(size);
	struct cln_slice whole = cln_slice(bytes, size);
	struct cln_envelope again;
	size_t len = cln_envelope_head(bytes, envelope, &secret, app, channel);

	if (envelope->text.len)
		memcpy(bytes + len, envelope->text.ptr, envelope->text.len);
	claim(cln_envelope_decode(whole, &again) == CLN_OK);
	claim(cln_envelope_verify(whole, &again, secret, app, channel) == CLN_OK);
	bytes[size - 1] = (char)(bytes[size - 1] ^ 1);
	claim(cln_envelope_decode(whole, &again) != CLN_OK ||
		  cln_envelope_verify(whole, &again, secret, app, channel) == CLN_ERR_SIGNATURE);
	free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cln_slice bytes = exact(cln_slice(data, size));
	struct cln_envelope envelope;

	if (cln_envelope_decode(bytes, &envelope) == CLN_OK) {
		claim(cln_envelope_size(&envelope, envelope.signature.len > 0) == size);
		claim(envelope.socket_id.len == 0 || cln_socket_id_is_valid(envelope.socket_id));
		claim(cln_envelope_verify(bytes, &envelope, CLN_SLICE("s"), CLN_SLICE("a"),
				  CLN_SLICE("c")) == CLN_ERR_SIGNATURE);
		if (envelope.signature.len == 0)
			write_again(bytes, &envelope);
		sign_and_verify(&envelope);
	}
	free((char *)bytes.ptr);
	return 0;
}

/* SPDX-License-Identifier: MIT
 *
 * The checks, cheapest first, and the encoding of the frame.
 */
#include "intake.h"
#include "hub_private.h"

#include "../wire/version.h"

/* By a secret that the application has now. */
static bool is_signed(const struct app *app, struct cln_slice channel, struct cln_slice bytes,
	const struct cln_envelope *envelope)
{
	struct app_pair pairs[APP_PAIRS_MAX];
	const unsigned count = app_pairs(app, pairs);
	for (unsigned i = 0; i < count; i++) {
		if (cln_envelope_verify(bytes, envelope, pairs[i].secret, app_id(app), channel) >= 0)
			return true;
	}
	return false;
}

static const char *decode(const struct app *app, struct cln_slice channel, struct cln_slice bytes,
	bool must_verify, struct cln_envelope *envelope)
{
	const int result = cln_envelope_decode(bytes, envelope);
	if (result == CLN_ERR_VERSION)
		return "this relay (" CLN_VERSION ") does not know that envelope version: install "
			   "extension and relay from the same release";
	if (result < 0)
		return "malformed envelope";
	if (channel.len > app->conf->channel_name_bytes)
		return "the channel's name is longer than the application's channel_name_bytes allow";
	/* What comes by Redis may have been published by HTTP at another relay and hold any text, six
	 * bytes a byte when escaped; JSON text needs two. */
	const size_t room = (must_verify ? 3 : 1) * app->conf->payload_bytes;
	if (envelope->text.len > CLN_CLIENT_TEXT_MAX(room))
		return "the event is larger than the application's payload_bytes allow";
	if (must_verify && !is_signed(app, channel, bytes, envelope))
		return "the envelope is not signed with the application's secret";
	if (envelope->text.len == 0 || !cln_utf8_is_valid(envelope->text))
		return "the event is not valid UTF-8";
	return NULL;
}

const char *intake_check(struct hub *hub, struct app *app, struct cln_slice channel,
	struct cln_slice bytes, bool must_verify, struct cln_envelope *envelope)
{
	const char *const error = decode(app, channel, bytes, must_verify, envelope);
	if (error != NULL)
		hub->loop->metrics.envelopes_refused++;
	return error;
}

struct msg intake_msg(
	const struct app *app, struct cln_slice channel, const struct cln_envelope *envelope)
{
	struct msg msg = {
		.app = app->index,
		.channel = channel,
		.frame = msg_frame(envelope->text),
		.except = msg_socket_parse(envelope->socket_id),
		.has_id = true,
	};
	memcpy(msg.id, envelope->id, sizeof(msg.id));
	return msg;
}

const char *intake_envelope(struct hub *hub, struct app *app, struct cln_slice channel,
	struct cln_slice bytes, bool must_verify, struct cln_envelope *envelope)
{
	const char *const error = intake_check(hub, app, channel, bytes, must_verify, envelope);
	if (error != NULL)
		return error;
	hub->loop->metrics.publishes++;
	const struct msg msg = intake_msg(app, channel, envelope);
	hub_publish(hub, &msg);
	frame_unref(msg.frame);
	return NULL;
}

/* SPDX-License-Identifier: MIT */
/* sources: relay/api_event.c relay/api_params.c relay/api_sign.c relay/jslice.c relay/msg.c */
/* sources: relay/ws_frame.c relay/base/buf.c relay/base/xalloc.c relay/base/log.c */
/* sources: relay/base/clock.c relay/base/map.c relay/base/rand.c relay/base/frame.c */
/* sources: relay/base/utf8.c relay/base/hmac.c wire/name.c wire/sign.c */
/* libs: libxxhash libcrypto */
/*
 * Requests of the HTTP API: up to the first newline a query, behind it a body. Nobody guesses a
 * signature; what is accepted as an event keeps to the limits and becomes a valid client text; a
 * query written as a body is valid JSON if it was UTF-8.
 */
#include "support/fuzz.h"

#include "relay/api_event.h"
#include "relay/api_sign.h"

#include "wire/name.h"

#define NOW 1700000000

static const struct conf_app conf = {
	.payload_bytes = 64,
	.channel_name_bytes = 20,
	.event_name_bytes = 20,
	.event_channels = 4,
	.batch_events = 3,
};

static void check_event(const struct api_event *event)
{
	struct buf text = {0};
	struct jslice object, data;
	char decoded[4096];
	size_t len;
	claim(event->channel_count >= 1 && event->channel_count <= conf.event_channels);
	for (size_t i = 0; i < event->channel_count; i++) {
		claim(event->channels[i].len <= conf.channel_name_bytes);
		api_event_text(event, event->channels[i], &text);
		claim(jslice_parse(buf_slice(&text), &object) == CLN_OK);
		claim(jslice_find(&object, CLN_SLICE("data"), &data) && data.type == JSLICE_STRING);
		claim(jslice_string(&data, decoded, sizeof(decoded), &len) == CLN_OK);
		claim(len <= conf.payload_bytes);
		for (size_t k = 0; k < i; k++)
			claim(!cln_slice_equal(event->channels[i], event->channels[k]));
	}
	buf_deinit(&text);
}

static void check_body(struct cln_slice body, bool is_batch)
{
	struct api_events events;
	struct api_refusal refusal = {0};
	if (api_events_parse(&events, &conf, body, is_batch, &refusal)) {
		claim(refusal.status == 0 && (is_batch || events.count == 1));
		for (size_t i = 0; i < events.count; i++)
			check_event(&events.list[i]);
	} else {
		claim(refusal.status >= 400 && refusal.reason.len > 0);
	}
	api_events_deinit(&events);
	buf_deinit(&refusal.reason);
}

static void check_params(const struct api_params *params, struct cln_slice body)
{
	static const struct app_pair key = {{"key1", 4}, {"secret1", 7}};
	const struct api_signed request = {
		.method = CLN_SLICE("POST"),
		.path = CLN_SLICE("/apps/app1/%65vents"),
		.params = params,
		.body = body,
	};
	struct buf reason = {0};
	struct buf written = {0};
	claim(!api_sign_check(&request, &key, 1, NOW, &reason) && reason.len > 0);
	api_body_of_params(params, NULL, &written);
	struct jslice object;
	claim(jslice_parse(buf_slice(&written), &object) == CLN_OK ||
		  !cln_utf8_is_valid(buf_slice(&written)));
	check_body(buf_slice(&written), false);
	buf_deinit(&reason);
	buf_deinit(&written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct api_params params;
	const uint8_t *const newline = size == 0 ? NULL : memchr(data, '\n', size);
	const size_t len = newline == NULL ? size : (size_t)(newline - data);
	const size_t skip = newline == NULL ? len : len + 1;
	const struct cln_slice query = exact(cln_slice(data, len));
	const struct cln_slice body = exact(cln_slice(data + skip, size - skip));
	if (api_params_init(&params, query))
		check_params(&params, body);
	api_params_deinit(&params);
	check_body(body, false);
	check_body(body, true);
	free((char *)query.ptr);
	free((char *)body.ptr);
	return 0;
}

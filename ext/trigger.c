/* SPDX-License-Identifier: MIT
 *
 * See trigger.h. Between the checks and the write no PHP code runs, so what was checked is what is
 * sent.
 */
#include "private.h"

#include "../wire/name.h"
#include "encode.h"
#include "exception.h"
#include "plain.h"
#include "publisher.h"
#include "report.h"
#include "trigger.h"
#include "zend_exceptions.h"

static struct cln_slice slice_of(const zend_string *string)
{
	return cln_slice(ZSTR_VAL(string), ZSTR_LEN(string));
}

zend_result clairon_draft_encode(struct clairon_draft *draft, zval *data)
{
	struct cln_text *text = &CLAIRON_G(text);
	smart_str json = {0};
	draft->literal_at = text->len;
	if (clairon_plain_literal(text, data)) {
		draft->literal_len = text->len - draft->literal_at;
		return SUCCESS;
	}
	if (clairon_encode_json(&json, data, "the event's data") == FAILURE) {
		return FAILURE;
	}
	draft->json = json.s; /* not cut to size: it lives for this call only */
	return SUCCESS;
}

void clairon_draft_free(struct clairon_draft *draft)
{
	if (draft->json != NULL) {
		zend_string_release(draft->json);
		draft->json = NULL;
	}
}

/* ---- checks ---- */

static size_t smaller_limit(size_t own, size_t of_peer)
{
	return of_peer > 0 && of_peer < own ? of_peer : own;
}

static zend_result check_channel(uint32_t arg, zval *value, const struct cln_link *link)
{
	const size_t max = smaller_limit(CLN_CHANNEL_NAME_MAX, link->limits.channel_max);
	ZVAL_DEREF(value);
	if (Z_TYPE_P(value) != IS_STRING) {
		zend_argument_type_error(
			arg, "must contain only strings, %s given", zend_zval_type_name(value));
		return FAILURE;
	}
	if (Z_STRLEN_P(value) > max) {
		zend_argument_value_error(arg, "must be a channel name of at most %zu bytes", max);
		return FAILURE;
	}
	if (cln_channel_check(slice_of(Z_STR_P(value)), NULL) != CLN_OK) {
		zend_argument_value_error(arg, "must be a channel name: letters, digits and _ - = @ , . ;");
		return FAILURE;
	}
	return SUCCESS;
}

static zend_result check_channels(const struct clairon_draft *draft, const struct cln_link *link)
{
	if (Z_TYPE_P(draft->channels) == IS_STRING) {
		return check_channel(draft->channels_arg, draft->channels, link);
	}
	const uint32_t count = zend_hash_num_elements(Z_ARRVAL_P(draft->channels));
	if (count == 0 || count > CLN_TRIGGER_CHANNELS_MAX) {
		zend_argument_value_error(draft->channels_arg,
			"must contain 1 to %d channel names, %u given", CLN_TRIGGER_CHANNELS_MAX, count);
		return FAILURE;
	}
	zval *channel;
	ZEND_HASH_FOREACH_VAL(Z_ARRVAL_P(draft->channels), channel)
	{
		if (check_channel(draft->channels_arg, channel, link) == FAILURE) {
			return FAILURE;
		}
	}
	ZEND_HASH_FOREACH_END();
	return SUCCESS;
}

static zend_result check_name(const struct clairon_draft *draft, const struct cln_link *link)
{
	const size_t max = smaller_limit(CLN_EVENT_NAME_MAX, link->limits.event_max);
	if (ZSTR_LEN(draft->name) > max) {
		zend_argument_value_error(
			draft->name_arg, "must be an event name of at most %zu bytes", max);
		return FAILURE;
	}
	if (cln_event_check(slice_of(draft->name)) != CLN_OK) {
		zend_argument_value_error(draft->name_arg,
			"must be an event name: valid UTF-8, not empty, "
			"not beginning with pusher: or pusher_internal:");
		return FAILURE;
	}
	return SUCCESS;
}

/* Bytes of the JSON text. */
static size_t json_size(const struct clairon_draft *draft)
{
	if (draft->json != NULL) {
		return ZSTR_LEN(draft->json);
	}
	const char *literal = CLAIRON_G(text).bytes + draft->literal_at;
	size_t size = draft->literal_len - 2; /* the quotes */
	for (size_t i = 1; i + 1 < draft->literal_len; i++) {
		if (literal[i] == '\\') {
			size--;
			i++;
		}
	}
	return size;
}

static zend_result check_payload(
	const struct clairon_draft *draft, const struct cln_bounds *bounds, const struct cln_link *link)
{
	const size_t max = smaller_limit(bounds->payload_bytes, link->limits.payload_max);
	if (draft->json == NULL && draft->literal_len <= max) {
		return SUCCESS; /* a literal is longer than its text */
	}
	const size_t size = json_size(draft);
	if (size <= max) {
		return SUCCESS;
	}
	zend_throw_exception_ex(clairon_payload_exception_ce, 0,
		"the event's data has %zu bytes as JSON; at most %zu are allowed", size, max);
	return FAILURE;
}

/* Whether the last event had the same names, which are good then. */
static bool is_known(const struct clairon_draft *draft, const struct cln_link *link)
{
	return Z_TYPE_P(draft->channels) == IS_STRING &&
		   cln_route_is(&link->route, slice_of(Z_STR_P(draft->channels)), slice_of(draft->name));
}

zend_result clairon_draft_check(
	const struct clairon_draft *draft, const struct cln_bounds *bounds, const struct cln_link *link)
{
	if (!is_known(draft, link) &&
		(check_channels(draft, link) == FAILURE || check_name(draft, link) == FAILURE)) {
		return FAILURE;
	}
	if (draft->exclude != NULL && !cln_socket_id_is_valid(slice_of(draft->exclude))) {
		zend_argument_value_error(
			draft->exclude_arg, "must be a socket id: two numbers and a dot, as in 123.456");
		return FAILURE;
	}
	return check_payload(draft, bounds, link);
}

/* ---- sending ---- */

static bool has_room(const struct cln_link *link, const struct cln_bounds *bounds, size_t size)
{
	return cln_link_has_room(link, bounds->outbox_events, bounds->outbox_bytes, size);
}

static enum cln_drop_reason reason_to_drop(
	const struct cln_link *link, const struct cln_bounds *bounds)
{
	if (link->spooling.cause != CLN_DROP_REASONS) {
		return link->spooling.cause;
	}
	return link->outbox.unsent + link->outbox.sent >= bounds->outbox_events ? CLN_DROP_OUTBOX_EVENTS
																			: CLN_DROP_OUTBOX_BYTES;
}

/* Whether it helps to wait for room: a peer that is away leaves that to the spool. */
static bool may_wait(const struct cln_link *link, const struct cln_bounds *bounds, size_t size)
{
	return clairon_may_wait() && bounds->cli_wait_ms > 0 && !link->is_stuck &&
		   size <= bounds->outbox_bytes && (!cln_link_has_spool(link) || link->fd >= 0);
}

/* Whether the spool may take what the outbox holds. To break a connection in favour of one that
 * takes nothing would only prolong the outage that has just ended. */
static bool may_spool(const struct cln_link *link)
{
	return !cln_link_sends(link) || !cln_spooling_is_failing(&link->spooling);
}

/* The event has no room within the bounds. What waits is written once more; a CLI process waits
 * for room; then the spool takes it all. Where that does not help the event is lost and counted.
 * Returns whether there is room now. */
static bool outbox_overflow(struct cln_link *link, const struct cln_bounds *bounds, size_t size)
{
	if (!link->is_blocked) {
		cln_link_pump(link, CLN_DRAIN_NOW);
	}
	if (!has_room(link, bounds, size) && may_wait(link, bounds, size)) {
		link->is_stuck = !cln_link_wait_room(
			link, bounds->outbox_events, bounds->outbox_bytes, size, bounds->cli_wait_ms);
	}
	if (!has_room(link, bounds, size) && size <= bounds->outbox_bytes && may_spool(link)) {
		cln_link_break(link, "the peer takes events too slowly: the outbox is full");
	}
	if (has_room(link, bounds, size)) {
		return true;
	}
	link->stats.dropped[reason_to_drop(link, bounds)]++;
	link->has_news = true;
	return false;
}

static bool push(struct cln_link *link, const struct cln_bounds *bounds,
	const struct cln_event *event, const zend_string *channel, const zend_string *name)
{
	const struct cln_route *route = cln_link_route(link, slice_of(channel), slice_of(name));
	const size_t size = cln_command_bound(route, event);
	if (!has_room(link, bounds, size) && !outbox_overflow(link, bounds, size)) {
		return false;
	}
	cln_link_append(link, route, event);
	return true;
}

/* The data's literal; one that is made here goes behind all others. */
static struct cln_slice literal_of(const struct clairon_draft *draft, struct cln_text *text)
{
	if (draft->json == NULL) {
		return cln_slice(text->bytes + draft->literal_at, draft->literal_len);
	}
	const size_t at = text->len;
	clairon_encode_text_literal(text, draft->json);
	return cln_slice(text->bytes + at, text->len - at);
}

/* One event to all of its channels; whether all of them were accepted. */
static bool push_draft(
	const struct clairon_draft *draft, const struct cln_bounds *bounds, struct cln_link *link)
{
	struct cln_event event = {.data = literal_of(draft, &CLAIRON_G(text))};
	if (draft->exclude != NULL) {
		event.exclude = slice_of(draft->exclude);
	}
	cln_stamp_id(&CLAIRON_G(stamp), event.id);

	if (Z_TYPE_P(draft->channels) == IS_STRING) {
		return push(link, bounds, &event, Z_STR_P(draft->channels), draft->name);
	}
	bool all = true;
	zval *channel;
	ZEND_HASH_FOREACH_VAL(Z_ARRVAL_P(draft->channels), channel)
	{
		ZVAL_DEREF(channel);
		all = push(link, bounds, &event, Z_STR_P(channel), draft->name) && all;
	}
	ZEND_HASH_FOREACH_END();
	return all;
}

int clairon_drafts_send(const struct clairon_draft *drafts, size_t count,
	const struct cln_bounds *bounds, struct cln_link *link, bool is_held)
{
	bool all = true;
	if (!link->spares_calls && !link->is_held && cln_link_has_to_look(link)) {
		cln_link_pump(link, CLN_DRAIN_NOW); /* a batch goes in front, it has the next numbers */
	}
	for (size_t i = 0; i < count; i++) {
		all = push_draft(&drafts[i], bounds, link) && all;
	}
	if (is_held) {
		link->is_held = true;
	} else {
		cln_link_pump(link, CLN_DRAIN_WHEN_DUE);
	}
	if (!cln_link_has_spool(link)) {
		cln_outbox_forget(&link->outbox, bounds->outbox_events, bounds->outbox_bytes);
	}
	clairon_report(link);
	if (!all) {
		link->dropped_in_a_row++;
		return CLAIRON_DROPPED;
	}
	if (link->outbox.unsent > 0 || !cln_link_sends(link)) {
		return CLAIRON_PENDING;
	}
	link->dropped_in_a_row = 0;
	return CLAIRON_SENT;
}

/* SPDX-License-Identifier: MIT
 *
 * See api_event.h. Names and data are JSON strings already and go into the client text as they
 * came, so that no byte of data changes; what is decoded (channels, the idempotency key) goes to
 * one buffer that is reserved once and never moves.
 */
#include "api_event.h"

#include "base/map.h"
#include "msg.h"

#include "../wire/name.h"

#include <stdarg.h>
#include <stdio.h>

#define QUOTED_MAX 200 /* of a name, in an answer */
#define REASON_MAX 1024

#define STATUS_BAD_REQUEST 400
#define STATUS_TOO_LARGE   413

void api_refuse(struct api_refusal *refusal, unsigned status, const char *format, ...)
{
	char text[REASON_MAX];
	va_list values;
	va_start(values, format);
	vsnprintf(text, sizeof(text), format, values);
	va_end(values);
	refusal->status = status;
	buf_append_slice(&refusal->reason, cln_slice_of(text));
}

/* What is read and where to: one event of the body. */
struct reading {
	struct api_events *events;
	struct api_event *event;
	const struct conf_app *conf;
	struct api_refusal *refusal;
	const char *where; /* " of event 3", or nothing */
};

static bool bad(const struct reading *reading, const char *field, const char *what)
{
	api_refuse(reading->refusal, STATUS_BAD_REQUEST, "%s%s %s.", field, reading->where, what);
	return false;
}

static int quoted_len(struct cln_slice text)
{
	return (int)(text.len < QUOTED_MAX ? text.len : QUOTED_MAX);
}

/* The decoded text of a valid JSON string, in the events' buffer only if it has escapes. */
static struct cln_slice decode(struct api_events *events, const struct jslice *string)
{
	const struct cln_slice inner = cln_slice(string->raw.ptr + 1, string->raw.len - 2);
	if (inner.len == 0 || memchr(inner.ptr, '\\', inner.len) == NULL)
		return inner;
	char *const at = events->text.bytes + events->text.len;
	size_t len = 0;
	(void)jslice_string(string, at, string->raw.len, &len); /* always has room */
	events->text.len += len;
	return cln_slice(at, len);
}

/* null counts as absent. */
static bool find(const struct jslice *object, const char *name, struct jslice *value)
{
	return jslice_find(object, cln_slice_of(name), value) && value->type != JSLICE_NULL;
}

/* --- name and data --- */

static bool read_name(const struct reading *reading, const struct jslice *object)
{
	struct jslice value;
	if (!find(object, "name", &value))
		return bad(reading, "name", "is missing: it is the event's name");
	if (value.type != JSLICE_STRING)
		return bad(reading, "name", "must be a string");
	const struct cln_slice name = decode(reading->events, &value);
	if (name.len == 0)
		return bad(reading, "name", "is empty");
	if (name.len > reading->conf->event_name_bytes) {
		api_refuse(reading->refusal, STATUS_BAD_REQUEST,
			"name%s is too long: %zu bytes where %u are allowed.", reading->where, name.len,
			reading->conf->event_name_bytes);
		return false;
	}
	if (cln_event_check(name) < 0)
		return bad(reading, "name", "must not begin with pusher: or pusher_internal:");
	reading->event->name = value.raw;
	return true;
}

static bool too_large(const struct reading *reading)
{
	api_refuse(reading->refusal, STATUS_TOO_LARGE,
		"The data content of this event exceeds the allowed maximum (%zu bytes)%s. Send a "
		"reference to the data, or raise payload_bytes of the application.",
		reading->conf->payload_bytes, reading->where);
	return false;
}

/* The text has many escapes, perhaps such as nobody needs: it is to be escaped anew. No relay takes
 * a longer one from Redis than that with the largest payload there is. */
static bool unescape(const struct reading *reading, struct cln_slice decoded)
{
	struct buf escaped = {0};
	jslice_escape(&escaped, decoded);
	const bool fits = escaped.len <= 2 * CLN_PAYLOAD_BYTES_MAX;
	buf_deinit(&escaped);
	if (!fits)
		return too_large(reading);
	reading->event->data = decoded;
	reading->event->is_data_decoded = true;
	return true;
}

static bool read_data(const struct reading *reading, const struct jslice *object)
{
	struct jslice value;
	const size_t limit = reading->conf->payload_bytes;
	if (!jslice_find(object, CLN_SLICE("data"), &value))
		return bad(reading, "data", "is missing");
	if (value.type != JSLICE_STRING)
		return bad(reading, "data",
			"must be a string: encode what is to be sent as JSON, and send that text");
	reading->event->data = value.raw;
	const size_t raw_len = value.raw.len - 2;
	if (raw_len <= limit)
		return true;
	const struct cln_slice decoded = decode(reading->events, &value);
	if (decoded.len > limit)
		return too_large(reading);
	return raw_len <= 2 * limit || unescape(reading, decoded);
}

/* --- channels --- */

static bool check_channel(const struct reading *reading, struct cln_slice name)
{
	if (name.len > reading->conf->channel_name_bytes) {
		api_refuse(reading->refusal, STATUS_BAD_REQUEST,
			"A channel's name%s is too long: %zu bytes where %u are allowed.", reading->where,
			name.len, reading->conf->channel_name_bytes);
		return false;
	}
	if (cln_channel_check(name, NULL) < 0) {
		api_refuse(reading->refusal, STATUS_BAD_REQUEST,
			"\"%.*s\"%s is no channel's name: letters, digits and _ - = @ , . ; are allowed, and "
			"\"#server-to-user-\" in front of a user's id.",
			quoted_len(name), name.ptr, reading->where);
		return false;
	}
	return true;
}

static bool add_channel(const struct reading *reading, const struct jslice *value)
{
	if (value->type != JSLICE_STRING)
		return bad(reading, "channels", "must hold names, as strings");
	const struct cln_slice name = decode(reading->events, value);
	if (!check_channel(reading, name))
		return false;
	struct api_event *const event = reading->event;
	event->channels[event->channel_count++] = name;
	return true;
}

static size_t count_elements(const struct jslice *array)
{
	struct cln_slice rest = array->raw;
	struct jslice element;
	size_t count = 0;
	while (jslice_next_element(&rest, &element))
		count++;
	return count;
}

static bool add_channels(const struct reading *reading, const struct jslice *array)
{
	struct cln_slice rest = array->raw;
	struct jslice element;
	while (jslice_next_element(&rest, &element)) {
		if (!add_channel(reading, &element))
			return false;
	}
	return true;
}

/* Leaves each name once. A table of indices, twice as large as needed. */
static void drop_doubles(struct api_event *event)
{
	size_t slots = 2;
	while (slots < 2 * event->channel_count)
		slots *= 2;
	uint32_t *const table = xcalloc(slots, sizeof(*table)); /* index + 1 */
	size_t kept = 0;
	for (size_t i = 0; i < event->channel_count; i++) {
		const struct cln_slice name = event->channels[i];
		size_t at = map_hash(name.ptr, name.len) & (slots - 1);
		while (table[at] != 0 && !cln_slice_equal(event->channels[table[at] - 1], name))
			at = (at + 1) & (slots - 1);
		if (table[at] == 0) {
			event->channels[kept] = name;
			table[at] = (uint32_t)++kept; /* at most event_channels */
		}
	}
	event->channel_count = kept;
	free(table);
}

static bool read_channels(const struct reading *reading, const struct jslice *object)
{
	struct jslice one, many;
	const bool has_one = find(object, "channel", &one);
	const bool has_many = find(object, "channels", &many);
	if (has_many && many.type != JSLICE_ARRAY)
		return bad(reading, "channels", "must be an array of names");
	if (has_one && one.type != JSLICE_STRING)
		return bad(reading, "channel", "must be a string");
	const size_t count = (has_many ? count_elements(&many) : 0) + (has_one ? 1 : 0);
	if (count == 0)
		return bad(reading, "channels", "is missing or empty: it says where the event goes");
	if (count > reading->conf->event_channels) {
		api_refuse(reading->refusal, STATUS_BAD_REQUEST,
			"channels has %zu names, %u are allowed; send several events.", count,
			reading->conf->event_channels);
		return false;
	}
	struct api_events *const events = reading->events;
	events->channels = xcalloc(count, sizeof(*events->channels));
	reading->event->channels = events->channels;
	if (has_many && !add_channels(reading, &many))
		return false;
	if (has_one && !add_channel(reading, &one))
		return false;
	if (count > 1)
		drop_doubles(reading->event);
	return true;
}

/* Of an event of a batch; its array is there already. */
static bool read_channel(const struct reading *reading, const struct jslice *object)
{
	struct jslice value;
	if (!find(object, "channel", &value))
		return bad(reading, "channel", "is missing: each event of a batch goes to one channel");
	if (value.type != JSLICE_STRING)
		return bad(reading, "channel", "must be a string");
	return add_channel(reading, &value);
}

/* --- socket_id and info --- */

static bool read_socket(const struct reading *reading, const struct jslice *object)
{
	struct jslice value;
	if (!find(object, "socket_id", &value))
		return true;
	if (value.type != JSLICE_STRING)
		return bad(reading, "socket_id", "must be a string");
	const struct cln_slice id = decode(reading->events, &value);
	if (id.len > 0 && !cln_socket_id_is_valid(id))
		return bad(reading, "socket_id", "is none: it looks like \"123.456\"");
	reading->event->except = msg_socket_parse(id);
	return true;
}

bool api_info_parse(
	struct cln_slice list, unsigned allowed, unsigned *info, struct api_refusal *refusal)
{
	static const struct {
		struct cln_slice name;
		unsigned bit;
	} attributes[] = {
		{{"user_count", 10}, QUERY_USER_COUNT},
		{{"subscription_count", 18}, QUERY_SUBSCRIPTION_COUNT},
		{{"cache", 5}, QUERY_CACHE},
	};
	while (list.len > 0) {
		const char *const comma = memchr(list.ptr, ',', list.len);
		const struct cln_slice name =
			cln_slice(list.ptr, comma != NULL ? (size_t)(comma - list.ptr) : list.len);
		unsigned bit = name.len == 0 ? allowed : 0;
		for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++) {
			if (cln_slice_equal(name, attributes[i].name))
				bit = attributes[i].bit & allowed;
		}
		if (bit == 0) {
			api_refuse(refusal, STATUS_BAD_REQUEST,
				"info: \"%.*s\" can't be asked for here; %s can.", quoted_len(name), name.ptr,
				allowed & QUERY_CACHE ? "user_count, subscription_count and cache"
									  : "user_count and subscription_count");
			return false;
		}
		*info |= name.len == 0 ? 0 : bit;
		list = cln_slice_from(list, name.len + (comma != NULL ? 1 : 0));
	}
	return true;
}

static bool read_info(const struct reading *reading, const struct jslice *object)
{
	struct jslice value;
	if (!find(object, "info", &value))
		return true;
	if (value.type != JSLICE_STRING)
		return bad(reading, "info", "must be a string, names with commas between them");
	return api_info_parse(decode(reading->events, &value),
		QUERY_USER_COUNT | QUERY_SUBSCRIPTION_COUNT, &reading->event->info, reading->refusal);
}

/* --- the body --- */

static bool read_event(const struct reading *reading, const struct jslice *object, bool is_batch)
{
	return read_name(reading, object) && read_data(reading, object) &&
		   (is_batch ? read_channel(reading, object) : read_channels(reading, object)) &&
		   read_socket(reading, object) && read_info(reading, object);
}

static bool read_batch(struct reading *reading, const struct jslice *body)
{
	struct api_events *const events = reading->events;
	struct jslice array, element;
	char where[32];
	if (!find(body, "batch", &array) || array.type != JSLICE_ARRAY)
		return bad(reading, "batch", "must be an array of events");
	const size_t count = count_elements(&array);
	if (count > reading->conf->batch_events) {
		api_refuse(reading->refusal, STATUS_BAD_REQUEST,
			"batch has %zu events, %u are allowed; send several batches.", count,
			reading->conf->batch_events);
		return false;
	}
	events->list = xcalloc(count + 1, sizeof(*events->list));
	events->channels = xcalloc(count + 1, sizeof(*events->channels));
	struct cln_slice rest = array.raw;
	while (jslice_next_element(&rest, &element)) {
		snprintf(where, sizeof(where), " of batch[%zu]", events->count);
		reading->where = where;
		reading->event = &events->list[events->count];
		reading->event->channels = &events->channels[events->count++];
		if (element.type != JSLICE_OBJECT)
			return bad(reading, "The value", "must be an object");
		if (!read_event(reading, &element, true))
			return false;
	}
	return true;
}

static bool read_key(const struct reading *reading, const struct jslice *body)
{
	struct jslice value;
	if (!find(body, "idempotency_key", &value))
		return true;
	if (value.type != JSLICE_STRING)
		return bad(reading, "idempotency_key", "must be a string");
	reading->events->idempotency_key = decode(reading->events, &value);
	return true;
}

bool api_events_parse(struct api_events *events, const struct conf_app *conf, struct cln_slice body,
	bool is_batch, struct api_refusal *refusal)
{
	struct jslice object;
	struct reading reading = {.events = events, .conf = conf, .refusal = refusal, .where = ""};
	*events = (struct api_events){0};
	const int result = jslice_parse(body, &object);
	if (result < 0 || object.type != JSLICE_OBJECT) {
		api_refuse(refusal, STATUS_BAD_REQUEST, "The body %s.",
			result == CLN_ERR_LIMIT ? "is nested too deeply"
									: "must be a JSON object, in valid UTF-8");
		return false;
	}
	buf_reserve(&events->text, body.len + 1);
	if (!read_key(&reading, &object))
		return false;
	if (is_batch)
		return read_batch(&reading, &object);
	events->list = xcalloc(1, sizeof(*events->list));
	events->count = 1;
	reading.event = &events->list[0];
	return read_event(&reading, &object, false);
}

void api_events_deinit(struct api_events *events)
{
	free(events->list);
	free(events->channels);
	buf_deinit(&events->text);
}

/* --- parameters in the query --- */

static void append_string(struct buf *body, struct cln_slice text)
{
	buf_append_byte(body, '"');
	jslice_escape(body, text);
	buf_append_byte(body, '"');
}

static void append_array(struct buf *body, const struct api_params *params, struct cln_slice name)
{
	bool is_first = true;
	for (size_t i = 0; i < params->count; i++) {
		const struct api_param *const param = &params->list[i];
		if (param->brackets.len == 0 || !cln_slice_equal(param->name, name))
			continue;
		if (body->len > 1)
			buf_append_byte(body, ',');
		if (is_first)
			buf_append_slice(body, CLN_SLICE("\"channels\":["));
		append_string(body, param->value);
		is_first = false;
	}
	if (!is_first)
		buf_append_byte(body, ']');
}

static void append_member(struct buf *body, const char *name, struct cln_slice value)
{
	if (body->len > 1)
		buf_append_byte(body, ',');
	buf_appendf(body, "\"%s\":", name);
	append_string(body, value);
}

void api_body_of_params(
	const struct api_params *params, const struct api_old_event *old, struct buf *body)
{
	static const char *const names[] = {
		"name", "data", "channel", "socket_id", "info", "idempotency_key"};
	buf_append_byte(body, '{');
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct api_param *const param = api_params_find(params, cln_slice_of(names[i]));
		if (param != NULL)
			append_member(body, names[i], param->value);
	}
	if (old == NULL) {
		append_array(body, params, CLN_SLICE("channels"));
	} else {
		append_member(body, "channel", old->channel);
		append_member(body, "data", old->data);
	}
	buf_append_byte(body, '}');
}

void api_event_text(const struct api_event *event, struct cln_slice channel, struct buf *text)
{
	text->len = 0;
	buf_append_slice(text, CLN_SLICE("{\"event\":"));
	buf_append_slice(text, event->name);
	buf_append_slice(text, CLN_SLICE(",\"data\":"));
	if (event->is_data_decoded)
		append_string(text, event->data);
	else
		buf_append_slice(text, event->data);
	buf_append_slice(text, CLN_SLICE(",\"channel\":\""));
	buf_append_slice(text, channel); /* has nothing to escape */
	buf_append_slice(text, CLN_SLICE("\"}"));
}

/* SPDX-License-Identifier: MIT
 *
 * Publishing by HTTP: everything is checked, then everything is delivered, then `info` is asked
 * for. A request with an idempotency key asks for its turn in between: it keeps its body until
 * then, and delivers and settles its answer even if its connection is gone, so that a repetition
 * finds the answer. Refused requests leave nothing behind: the key may be used once they are right.
 */
#include "api_private.h"

#include "../wire/sign.h"

#include <assert.h>

/* The body may be missing where all is in the query. */
struct publish_kind {
	bool is_batch;
	unsigned status; /* of success; but for API_OK it has no body */
};

static const struct publish_kind event_kind = {.is_batch = false, .status = API_OK};
static const struct publish_kind batch_kind = {.is_batch = true, .status = API_OK};
static const struct publish_kind old_kind = {.is_batch = false, .status = API_ACCEPTED};

/* A request that can't be answered at once. */
struct publication {
	struct hub *hub;
	struct http_ticket *ticket;
	struct app *app;
	const struct publish_kind *kind;
	struct buf body; /* what `events` point into, if there is a key */
	struct api_events events;
	bool is_first; /* of its key: others may wait for its answer */
	size_t key_len;
	char key[IDEMPOTENCY_KEY_MAX];
};

/* --- delivering --- */

static void deliver(struct hub *hub, const struct app *app, const struct api_event *event)
{
	struct buf text = {0};
	struct msg msg = {.app = app->index, .except = event->except, .is_api = true, .has_id = true};
	hub_next_id(hub, msg.id);
	for (size_t i = 0; i < event->channel_count; i++) {
		api_event_text(event, event->channels[i], &text);
		msg.channel = event->channels[i];
		msg.frame = msg_frame(buf_slice(&text));
		hub_publish(hub, &msg);
		frame_unref(msg.frame);
	}
	buf_deinit(&text);
	hub->loop->metrics.api_events++;
}

static void deliver_all(struct hub *hub, const struct app *app, const struct api_events *events)
{
	for (size_t i = 0; i < events->count; i++)
		deliver(hub, app, &events->list[i]);
}

static bool asks_info(const struct api_events *events)
{
	for (size_t i = 0; i < events->count; i++) {
		if (events->list[i].info != 0)
			return true;
	}
	return false;
}

/* One item per channel of an event, one per event of a batch. */
static void ask_info(
	struct publication *publication, const struct api_events *events, query_done_fn done)
{
	const bool is_batch = publication->kind->is_batch;
	const size_t count = is_batch ? events->count : events->list[0].channel_count;
	struct query_item *const items = xcalloc(count + 1, sizeof(*items));
	for (size_t i = 0; i < count; i++) {
		const struct api_event *const event = &events->list[is_batch ? i : 0];
		items[i].channel = event->channels[is_batch ? 0 : i];
		items[i].info = event->info;
	}
	query_channels(publication->hub, publication->app->index, items, count,
		is_batch ? QUERY_ARRAY : QUERY_MAP, done, publication);
	free(items);
}

/* --- answering --- */

static struct publication *publication_new(struct api_call *call, const struct publish_kind *kind)
{
	struct publication *const publication = xcalloc(1, sizeof(*publication));
	publication->hub = call->hub;
	publication->app = call->app;
	publication->kind = kind;
	publication->ticket = http_defer(call->conn);
	return publication;
}

static void answer_and_free(struct publication *publication, unsigned status, struct cln_slice body)
{
	api_answer_later(publication->hub, publication->ticket, status, body);
	api_events_deinit(&publication->events);
	buf_deinit(&publication->body);
	free(publication);
}

static void succeed(struct publication *publication, struct cln_slice json)
{
	const unsigned status = publication->kind->status;
	answer_and_free(publication, status, status == API_OK ? json : CLN_SLICE(""));
}

static void refuse_at_end(struct publication *publication)
{
	answer_and_free(
		publication, API_SERVICE_UNAVAILABLE, CLN_SLICE("The relay is shutting down.\n"));
}

/* A query_done_fn. */
static void on_info(void *user, const struct cln_slice *json)
{
	struct publication *const publication = user;
	if (json == NULL) {
		refuse_at_end(publication);
		return;
	}
	if (publication->is_first) {
		struct frame *const answer = frame_copy(*json);
		api_repeat_settle(publication->hub, publication->app->index,
			cln_slice(publication->key, publication->key_len), answer);
		frame_unref(answer);
	}
	succeed(publication, *json);
}

/* --- with an idempotency key --- */

static void publish_in_turn(struct publication *publication)
{
	const struct cln_slice nothing = CLN_SLICE("{}");
	deliver_all(publication->hub, publication->app, &publication->events);
	if (asks_info(&publication->events))
		ask_info(publication, &publication->events, on_info);
	else
		on_info(publication, &nothing);
}

/* An api_turn_fn. */
static void on_turn(void *user, enum api_turn turn, struct frame *answer)
{
	struct publication *const publication = user;
	switch (turn) {
	case API_TURN_FIRST:
		publication->is_first = true;
		publish_in_turn(publication);
		break;
	case API_TURN_FREE:
		publish_in_turn(publication);
		break;
	case API_TURN_REPEAT:
		publication->hub->loop->metrics.api_repeats++;
		succeed(publication, cln_slice(answer->bytes, answer->len));
		break;
	case API_TURN_OTHER:
		answer_and_free(publication, API_UNPROCESSABLE,
			CLN_SLICE("The idempotency key was used for another request. Use a new key for each "
					  "request, and the same only to repeat it.\n"));
		break;
	case API_TURN_NONE:
		refuse_at_end(publication);
		break;
	}
}

/* Repetitions are signed anew, so their query differs; path and body are what counts. */
static void take_print(
	const struct api_call *call, struct cln_slice body, unsigned char print[IDEMPOTENCY_PRINT])
{
	const struct cln_slice parts[] = {call->path, CLN_SLICE("\n"), body};
	cln_hmac_sha256(CLN_SLICE("idempotency"), parts, sizeof(parts) / sizeof(parts[0]), print);
}

static void publish_by_key(struct api_call *call, const struct publish_kind *kind,
	struct cln_slice body, struct cln_slice key)
{
	unsigned char print[IDEMPOTENCY_PRINT];
	struct api_refusal refusal = {0};
	struct publication *const publication = publication_new(call, kind);
	publication->key_len = key.len;
	memcpy(publication->key, key.ptr, key.len);
	take_print(call, body, print);
	/* The request's own bytes go with the router's call. They were read well a moment ago. */
	buf_append_slice(&publication->body, body);
	const bool is_good = api_events_parse(&publication->events, call->app->conf,
		buf_slice(&publication->body), kind->is_batch, &refusal);
	assert(is_good);
	api_repeat_claim(call->hub, call->app->index, cln_slice(publication->key, publication->key_len),
		print, on_turn, publication);
}

/* The header's value, or the body's member. A quoted value is a string as structured fields have
 * it (RFC 8941). */
static struct cln_slice find_key(
	const struct http_request *request, const struct api_events *events)
{
	const struct http_header *header = http_find(request, "Idempotency-Key");
	if (header == NULL)
		header = http_find(request, "X-Idempotency-Key");
	if (header == NULL)
		return events->idempotency_key;
	const struct cln_slice value = header->value;
	if (value.len >= 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"')
		return cln_slice(value.ptr + 1, value.len - 2);
	return value;
}

/* --- publishing --- */

static void publish_now(
	struct api_call *call, const struct publish_kind *kind, const struct api_events *events)
{
	deliver_all(call->hub, call->app, events);
	if (asks_info(events))
		ask_info(publication_new(call, kind), events, on_info);
	else
		api_answer(call, kind->status, kind->status == API_OK ? CLN_SLICE("{}") : CLN_SLICE(""));
}

static void publish_checked(struct api_call *call, const struct publish_kind *kind,
	struct cln_slice body, const struct api_events *events)
{
	const struct cln_slice key = find_key(call->request, events);
	if (key.len > IDEMPOTENCY_KEY_MAX)
		api_answer_error(call, API_BAD_REQUEST, "The idempotency key has more than %d bytes.",
			IDEMPOTENCY_KEY_MAX);
	else if (!hub_shared_is_ready(call->hub->shared))
		/* A publish that is accepted reaches all relays. */
		api_answer_error(call, API_SERVICE_UNAVAILABLE,
			"The relay can't publish now: it has no connection to Redis, or is shutting down. "
			"Try again.");
	else if (key.len > 0 && call->hub->loop->conf->idempotency_keys > 0)
		publish_by_key(call, kind, body, key);
	else
		publish_now(call, kind, events);
}

static void publish(struct api_call *call, const struct publish_kind *kind, struct cln_slice body)
{
	struct api_events events;
	struct api_refusal refusal = {0};
	if (api_events_parse(&events, call->app->conf, body, kind->is_batch, &refusal))
		publish_checked(call, kind, body, &events);
	else
		api_answer_refusal(call, &refusal);
	api_events_deinit(&events);
	buf_deinit(&refusal.reason);
}

void api_post_event(struct api_call *call)
{
	struct buf body = {0};
	if (call->request->body.len == 0)
		api_body_of_params(call->params, NULL, &body);
	publish(call, &event_kind, body.len > 0 ? buf_slice(&body) : call->request->body);
	buf_deinit(&body);
}

void api_post_batch(struct api_call *call)
{
	publish(call, &batch_kind, call->request->body);
}

void api_post_old_event(struct api_call *call)
{
	const struct api_old_event old = {.channel = call->name, .data = call->request->body};
	struct buf body = {0};
	api_body_of_params(call->params, &old, &body);
	publish(call, &old_kind, buf_slice(&body));
	buf_deinit(&body);
}

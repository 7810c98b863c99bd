/* SPDX-License-Identifier: MIT
 *
 * States: idle; gathering (a timer of the next tick, so that what is ready together leaves
 * together); sending; pausing before the request is tried again. One request at a time keeps the
 * order. A request is the same bytes in every attempt, so that a receiver may know it again; its
 * signature is made anew, since secrets may change meanwhile.
 */
#include "webhook_endpoint.h"
#include "base/log.h"
#include "base/rand.h"
#include "base/xalloc.h"
#include "webhook_body.h"
#include "webhook_queue.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define BODY_BYTES_MAX 1048576 /* a batch gets no further event beyond that */
#define DOUBLINGS_MAX  6       /* of the pause; then it stays */
#define JITTER_PART    10      /* a pause is longer by up to this part of it */
#define OK_FIRST       200
#define OK_LAST        299
#define REASON_MAX     300

enum state {
	IDLE,
	GATHERING,
	SENDING,
	PAUSING,
};

struct webhook_endpoint {
	const struct webhook_rules *rules;
	struct conf_webhook conf;
	char shown[CONF_ADDRESS_MAX];
	char app_id[CLN_APP_ID_MAX + 1];
	char key[CLN_APP_KEY_MAX + 1]; /* that sign: the oldest that are in use */
	char secret[CLN_APP_SECRET_MAX + 1];
	enum state state;
	bool is_finishing;
	struct webhook_queue queue;
	struct buf body; /* of the request, empty: none */
	size_t body_events;
	int64_t first_ms;  /* when it was tried first */
	unsigned attempts; /* at it */
	unsigned failures; /* of the endpoint in a row, over several requests if they are given up */
	struct webhook_post *post;
	struct wheel_timer timer;
	struct log_limit log;
};

static struct metrics *metrics_of(const struct webhook_endpoint *endpoint)
{
	return &endpoint->rules->loop->metrics;
}

static void on_timer(struct wheel_timer *timer);

static void wait_for(struct webhook_endpoint *endpoint, enum state state, int64_t wait_ms)
{
	endpoint->state = state;
	loop_timer_set(endpoint->rules->loop, &endpoint->timer, wait_ms, on_timer);
}

static void drop_body(struct webhook_endpoint *endpoint)
{
	buf_deinit(&endpoint->body);
	endpoint->body_events = 0;
}

/* --- a request's end --- */

static void go_on(struct webhook_endpoint *endpoint)
{
	if (endpoint->queue.count > 0) {
		wait_for(endpoint, GATHERING, 0);
		return;
	}
	endpoint->state = IDLE;
}

static void succeed(struct webhook_endpoint *endpoint)
{
	metrics_of(endpoint)->webhook_requests++;
	if (endpoint->failures > 0) {
		log_event_limited(&endpoint->log, endpoint->rules->loop->now_ms, LOG_LEVEL_INFO,
			"webhook_recovered", "app=%s endpoint=%s failures=%u", endpoint->app_id,
			endpoint->shown, endpoint->failures);
	}
	endpoint->failures = 0;
	drop_body(endpoint);
	go_on(endpoint);
}

static void give_up(struct webhook_endpoint *endpoint, const char *reason)
{
	metrics_of(endpoint)->webhook_dropped += endpoint->body_events;
	log_event_limited(&endpoint->log, endpoint->rules->loop->now_ms, LOG_LEVEL_ERROR,
		"webhook_given_up", "app=%s endpoint=%s events=%zu attempts=%u reason=\"%s\"",
		endpoint->app_id, endpoint->shown, endpoint->body_events, endpoint->attempts, reason);
	drop_body(endpoint);
}

/* Twice as long each time, and a little longer by chance, so that endpoints of one host that broke
 * down together don't come back together. */
static int64_t pause_ms(const struct webhook_endpoint *endpoint)
{
	const unsigned doublings =
		endpoint->failures > DOUBLINGS_MAX ? DOUBLINGS_MAX : endpoint->failures - 1;
	const int64_t pause = endpoint->rules->retry_ms << doublings;
	return pause + (int64_t)rand_below((uint64_t)pause / JITTER_PART + 1);
}

static void fail(struct webhook_endpoint *endpoint, const char *reason)
{
	const struct webhook_rules *const rules = endpoint->rules;
	metrics_of(endpoint)->webhook_failures++;
	endpoint->failures++;
	const int64_t wait_ms = pause_ms(endpoint);
	const int64_t age_ms = rules->loop->now_ms - endpoint->first_ms;
	if (endpoint->is_finishing) {
		give_up(endpoint, reason);
		endpoint->state = IDLE; /* what still waits is not tried: the relay is about to end */
		return;
	}
	if (wait_ms > rules->give_up_ms - age_ms) {
		give_up(endpoint, reason);
	} else {
		log_event_limited(&endpoint->log, rules->loop->now_ms, LOG_LEVEL_WARN, "webhook_failed",
			"app=%s endpoint=%s events=%zu retry_ms=%" PRId64 " reason=\"%s\"", endpoint->app_id,
			endpoint->shown, endpoint->body_events, wait_ms, reason);
	}
	wait_for(endpoint, PAUSING, wait_ms);
}

static void on_answer(void *context, long status, const char *error)
{
	struct webhook_endpoint *const endpoint = context;
	char reason[REASON_MAX];
	endpoint->post = NULL;
	if (status >= OK_FIRST && status <= OK_LAST) {
		succeed(endpoint);
		return;
	}
	if (status != 0)
		snprintf(reason, sizeof(reason), "it answered %ld", status);
	else
		snprintf(reason, sizeof(reason), "%s", error);
	fail(endpoint, reason);
}

/* --- a request --- */

static void attempt(struct webhook_endpoint *endpoint)
{
	const struct webhook_rules *const rules = endpoint->rules;
	char signature[WEBHOOK_SIGNATURE_MAX];
	const struct cln_slice body = buf_slice(&endpoint->body);
	webhook_body_sign(body, cln_slice_of(endpoint->secret), signature);
	const struct webhook_request request = {
		.url = endpoint->conf.url,
		.key = endpoint->key,
		.signature = signature,
		.body = body,
		.ca = rules->ca,
		.timeout_ms = rules->timeout_ms,
	};
	endpoint->state = SENDING;
	endpoint->attempts++;
	endpoint->post = webhook_http_post(rules->http, &request, on_answer, endpoint);
	if (endpoint->post == NULL)
		fail(endpoint, "its URL can't be used");
}

/* What waited longer than a request is retried is too old to be told. */
static void drop_old(struct webhook_endpoint *endpoint)
{
	const struct webhook_rules *const rules = endpoint->rules;
	const struct webhook_item *first = webhook_queue_first(&endpoint->queue);
	while (first != NULL && rules->loop->now_ms - first->at_ms > rules->give_up_ms) {
		webhook_item_unref(webhook_queue_take(&endpoint->queue));
		metrics_of(endpoint)->webhook_dropped++;
		first = webhook_queue_first(&endpoint->queue);
	}
}

static void make_body(struct webhook_endpoint *endpoint)
{
	const struct webhook_rules *const rules = endpoint->rules;
	webhook_body_begin(&endpoint->body, rules->loop->wall_ms);
	while (endpoint->queue.count > 0 && endpoint->body_events < rules->batch &&
		   endpoint->body.len < BODY_BYTES_MAX) {
		struct webhook_item *const item = webhook_queue_take(&endpoint->queue);
		webhook_body_add(&endpoint->body, &item->event);
		endpoint->body_events++;
		webhook_item_unref(item);
	}
	webhook_body_end(&endpoint->body);
	endpoint->first_ms = rules->loop->now_ms;
	endpoint->attempts = 0;
}

/* Gathered or paused long enough. */
static void on_timer(struct wheel_timer *timer)
{
	struct webhook_endpoint *const endpoint =
		(struct webhook_endpoint *)((char *)timer - offsetof(struct webhook_endpoint, timer));
	drop_old(endpoint);
	if (endpoint->body_events == 0 && endpoint->queue.count > 0)
		make_body(endpoint);
	if (endpoint->body_events > 0) {
		attempt(endpoint);
		return;
	}
	endpoint->failures = 0;
	endpoint->state = IDLE;
}

/* --- what waits --- */

static bool is_over(const struct webhook_endpoint *endpoint)
{
	const struct webhook_queue *const queue = &endpoint->queue;
	return queue->count > endpoint->rules->queue || queue->bytes > endpoint->rules->queue_bytes;
}

void webhook_endpoint_put(struct webhook_endpoint *endpoint, struct webhook_item *item)
{
	webhook_queue_put(&endpoint->queue, webhook_item_ref(item));
	metrics_of(endpoint)->webhook_events++;
	while (is_over(endpoint)) {
		webhook_item_unref(webhook_queue_take(&endpoint->queue));
		metrics_of(endpoint)->webhook_dropped++;
	}
	if (endpoint->state == IDLE && endpoint->queue.count > 0)
		wait_for(endpoint, GATHERING, 0);
}

/* --- life --- */

void webhook_endpoint_set(
	struct webhook_endpoint *endpoint, const struct conf_app *app, const char *item)
{
	const bool has_old_key = app->previous_key[0] != '\0';
	const bool has_old_secret = app->previous_secret[0] != '\0';
	(void)conf_webhook_parse(&endpoint->conf, item); /* the configuration has checked it */
	conf_webhook_show(&endpoint->conf, endpoint->shown);
	snprintf(endpoint->app_id, sizeof(endpoint->app_id), "%s", app->id);
	snprintf(
		endpoint->key, sizeof(endpoint->key), "%s", has_old_key ? app->previous_key : app->key);
	snprintf(endpoint->secret, sizeof(endpoint->secret), "%s",
		has_old_secret ? app->previous_secret : app->secret);
}

struct webhook_endpoint *webhook_endpoint_new(
	const struct webhook_rules *rules, const struct conf_app *app, const char *item)
{
	struct webhook_endpoint *const endpoint = xcalloc(1, sizeof(*endpoint));
	endpoint->rules = rules;
	webhook_endpoint_set(endpoint, app, item);
	return endpoint;
}

void webhook_endpoint_free(struct webhook_endpoint *endpoint)
{
	if (endpoint->post != NULL)
		webhook_post_cancel(endpoint->post);
	loop_timer_stop(endpoint->rules->loop, &endpoint->timer);
	metrics_of(endpoint)->webhook_dropped += endpoint->body_events + endpoint->queue.count;
	while (endpoint->queue.count > 0)
		webhook_item_unref(webhook_queue_take(&endpoint->queue));
	buf_deinit(&endpoint->body);
	free(endpoint);
}

bool webhook_endpoint_is(
	const struct webhook_endpoint *endpoint, const struct conf_app *app, const char *item)
{
	struct conf_webhook conf;
	return conf_webhook_parse(&conf, item) == NULL && strcmp(endpoint->app_id, app->id) == 0 &&
		   strcmp(endpoint->conf.url, conf.url) == 0;
}

bool webhook_endpoint_wants(
	const struct webhook_endpoint *endpoint, enum webhook_kind kind, struct cln_slice channel)
{
	return conf_webhook_wants(&endpoint->conf, kind, channel);
}

unsigned webhook_endpoint_kinds(const struct webhook_endpoint *endpoint)
{
	return endpoint->conf.kinds;
}

void webhook_endpoint_finish(struct webhook_endpoint *endpoint)
{
	endpoint->is_finishing = true;
	if (endpoint->state == PAUSING)
		wait_for(endpoint, PAUSING, 0);
}

bool webhook_endpoint_is_idle(const struct webhook_endpoint *endpoint)
{
	return endpoint->state == IDLE;
}

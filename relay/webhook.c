/* SPDX-License-Identifier: MIT
 *
 * Intake and life: workers mail copies of events, bounded by count (the main loop's mailbox) and
 * by bytes; the main thread holds ends back for a while (webhook_hold.h) and hands the rest to the
 * endpoints that want it (webhook_endpoint.h).
 *
 * What workers read is the bits of wanted kinds of each application, written on the main thread
 * only. A stale bit costs a mail for nothing, or the first event after a reload.
 */
#include "base/log.h"
#include "base/xalloc.h"
#include "webhook_endpoint.h"
#include "webhook_hold.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define FINISH_POLL_MS 20

/* Of one application. */
struct endpoints {
	size_t count;
	struct webhook_endpoint **list;
};

/* What is wanted of PAGE_APPS applications: WEBHOOK_BIT()s, with those that undo them. */
#define PAGE_APPS 256
#define PAGES     (CONF_APPS_MAX / PAGE_APPS + 1)
struct page {
	atomic_uint wanted[PAGE_APPS];
};

struct webhooks {
	_Atomic(struct page *) pages[PAGES]; /* made when an application needs one, then stay */
	atomic_size_t mailed;                /* bytes on their way from workers */
	atomic_size_t mailed_max;
	struct webhook_rules rules;
	struct webhook_hold hold;
	struct wheel_timer hold_timer;
	struct endpoints *apps; /* by index; as many as there were applications at most */
	size_t app_count;
};

/* --- workers' side --- */

static void on_item(struct loop *loop, struct mail *mail);

static bool has_room(struct webhooks *webhooks, size_t size)
{
	const size_t max = atomic_load_explicit(&webhooks->mailed_max, memory_order_relaxed);
	const size_t mailed = atomic_fetch_add_explicit(&webhooks->mailed, size, memory_order_relaxed);
	if (mailed <= max && size <= max - mailed)
		return true;
	atomic_fetch_sub_explicit(&webhooks->mailed, size, memory_order_relaxed);
	return false;
}

static bool is_wanted_at_all(const struct webhooks *webhooks, const struct webhook_event *event)
{
	const struct page *const page =
		atomic_load_explicit(&webhooks->pages[event->app / PAGE_APPS], memory_order_acquire);
	return page != NULL &&
		   (atomic_load_explicit(&page->wanted[event->app % PAGE_APPS], memory_order_relaxed) &
			   WEBHOOK_BIT(event->kind)) != 0;
}

void webhooks_emit(struct webhooks *webhooks, struct loop *from, const struct webhook_event *event)
{
	if (webhooks == NULL || !is_wanted_at_all(webhooks, event))
		return;
	const size_t size = webhook_item_size(event);
	if (!has_room(webhooks, size)) {
		from->metrics.webhook_dropped++;
		return;
	}
	struct webhook_item *const item = webhook_item_new(event);
	item->mail.deliver = on_item;
	item->webhooks = webhooks;
	if (loop_offer(webhooks->rules.loop, &item->mail))
		return;
	atomic_fetch_sub_explicit(&webhooks->mailed, size, memory_order_relaxed);
	webhook_item_unref(item);
	from->metrics.webhook_dropped++;
}

/* --- the main thread's side --- */

static bool is_wanted(
	const struct endpoints *endpoints, enum webhook_kind kind, struct cln_slice channel)
{
	for (size_t i = 0; i < endpoints->count; i++) {
		if (webhook_endpoint_wants(endpoints->list[i], kind, channel))
			return true;
	}
	return false;
}

/* Takes over a reference. */
static void hand_out(struct webhooks *webhooks, struct webhook_item *item)
{
	const struct webhook_event *const event = &item->event;
	const struct endpoints *const endpoints = &webhooks->apps[event->app];
	for (size_t i = 0; i < endpoints->count; i++) {
		if (webhook_endpoint_wants(endpoints->list[i], event->kind, event->channel))
			webhook_endpoint_put(endpoints->list[i], item);
	}
	webhook_item_unref(item);
}

static void on_hold_timer(struct wheel_timer *timer);

static void release_held(struct webhooks *webhooks)
{
	struct loop *const loop = webhooks->rules.loop;
	struct webhook_item *item;
	while ((item = webhook_hold_take(&webhooks->hold, loop->now_ms)) != NULL) {
		item->at_ms = loop->now_ms;
		hand_out(webhooks, item);
	}
	const int64_t wait_ms = webhook_hold_wait(&webhooks->hold, loop->now_ms);
	if (wait_ms >= 0)
		loop_timer_set(loop, &webhooks->hold_timer, wait_ms, on_hold_timer);
}

static void on_hold_timer(struct wheel_timer *timer)
{
	release_held((struct webhooks *)((char *)timer - offsetof(struct webhooks, hold_timer)));
}

/* The kind that undoes an end, or the end that a kind undoes; else the kind itself. */
static enum webhook_kind other_of(enum webhook_kind kind)
{
	switch (kind) {
	case WEBHOOK_CHANNEL_OCCUPIED:
		return WEBHOOK_CHANNEL_VACATED;
	case WEBHOOK_CHANNEL_VACATED:
		return WEBHOOK_CHANNEL_OCCUPIED;
	case WEBHOOK_MEMBER_ADDED:
		return WEBHOOK_MEMBER_REMOVED;
	case WEBHOOK_MEMBER_REMOVED:
		return WEBHOOK_MEMBER_ADDED;
	case WEBHOOK_CLIENT_EVENT:
	case WEBHOOK_CACHE_MISS:
	case WEBHOOK_SUBSCRIPTION_COUNT:
	case WEBHOOK_KINDS:
		break;
	}
	return kind;
}

static bool is_end(enum webhook_kind kind)
{
	return kind == WEBHOOK_CHANNEL_VACATED || kind == WEBHOOK_MEMBER_REMOVED;
}

static void on_item(struct loop *loop, struct mail *mail)
{
	struct webhook_item *const item = (struct webhook_item *)mail; /* its first member */
	struct webhooks *const webhooks = item->webhooks;
	const struct webhook_event *const event = &item->event;
	const struct endpoints *const endpoints = &webhooks->apps[event->app];
	const enum webhook_kind other = other_of(event->kind);
	atomic_fetch_sub_explicit(&webhooks->mailed, item->size, memory_order_relaxed);
	item->at_ms = loop->now_ms;
	if (!is_wanted(endpoints, event->kind, event->channel) &&
		!is_wanted(endpoints, other, event->channel)) {
		webhook_item_unref(item);
	} else if (is_end(event->kind)) {
		webhook_hold_put(&webhooks->hold, item);
		release_held(webhooks);
	} else if (other != event->kind && webhook_hold_cancel(&webhooks->hold, event)) {
		webhook_item_unref(item);
	} else {
		hand_out(webhooks, item);
	}
}

/* --- life --- */

static void set_rules(struct webhooks *webhooks, const struct conf *conf)
{
	struct webhook_rules *const rules = &webhooks->rules;
	rules->timeout_ms = conf->webhook_timeout_ms;
	rules->retry_ms = conf->webhook_retry_ms;
	rules->give_up_ms = conf->webhook_give_up_ms;
	rules->batch = conf->webhook_batch;
	rules->queue = conf->webhook_queue;
	rules->queue_bytes = conf->webhook_queue_bytes;
	snprintf(rules->ca, sizeof(rules->ca), "%s", conf->webhook_ca);
	webhooks->hold.delay_ms = conf->webhook_delay_ms;
	webhooks->hold.count_max = conf->webhook_queue;
	webhooks->hold.bytes_max = conf->webhook_queue_bytes;
	atomic_store_explicit(&webhooks->mailed_max, conf->webhook_queue_bytes, memory_order_relaxed);
}

/* The endpoint of `old` that `item` names, taken out of it, or a new one. */
static struct webhook_endpoint *ensure_endpoint(const struct webhooks *webhooks,
	struct endpoints *old, const struct conf_app *app, const char *item)
{
	for (size_t i = 0; i < old->count; i++) {
		struct webhook_endpoint *const endpoint = old->list[i];
		if (webhook_endpoint_is(endpoint, app, item)) {
			old->list[i] = old->list[--old->count];
			webhook_endpoint_set(endpoint, app, item);
			return endpoint;
		}
	}
	return webhook_endpoint_new(&webhooks->rules, app, item);
}

static unsigned kinds_of(const struct endpoints *endpoints)
{
	unsigned kinds = 0;
	for (size_t i = 0; i < endpoints->count; i++)
		kinds |= webhook_endpoint_kinds(endpoints->list[i]);
	for (unsigned kind = 0; kind < WEBHOOK_KINDS; kind++) {
		if ((kinds & WEBHOOK_BIT(kind)) != 0)
			kinds |= WEBHOOK_BIT(other_of(kind));
	}
	return kinds;
}

static void publish_wanted(struct webhooks *webhooks, size_t index, unsigned kinds)
{
	_Atomic(struct page *) *const slot = &webhooks->pages[index / PAGE_APPS];
	struct page *page = atomic_load_explicit(slot, memory_order_relaxed);
	if (page == NULL && kinds != 0) {
		page = xcalloc(1, sizeof(*page));
		atomic_store_explicit(slot, page, memory_order_release);
	}
	if (page != NULL)
		atomic_store_explicit(&page->wanted[index % PAGE_APPS], kinds, memory_order_relaxed);
}

/* `app` is NULL at the end. */
static void set_app(struct webhooks *webhooks, size_t index, const struct conf_app *app)
{
	struct endpoints *const endpoints = &webhooks->apps[index];
	struct endpoints old = *endpoints;
	const bool has_any = app != NULL && webhooks->rules.http != NULL;
	const size_t count = has_any ? app->webhooks_count : 0;
	*endpoints = (struct endpoints){0};
	if (count > 0)
		endpoints->list = xcalloc(count, sizeof(struct webhook_endpoint *));
	while (endpoints->count < count) {
		endpoints->list[endpoints->count] =
			ensure_endpoint(webhooks, &old, app, app->webhooks[endpoints->count]);
		endpoints->count++;
	}
	publish_wanted(webhooks, index, kinds_of(endpoints));
	while (old.count > 0)
		webhook_endpoint_free(old.list[--old.count]);
	free(old.list);
}

/* Indexes stay, so there are never less. */
static void ensure_apps(struct webhooks *webhooks, size_t count)
{
	if (count <= webhooks->app_count)
		return;
	webhooks->apps = xrealloc(webhooks->apps, count * sizeof(struct endpoints));
	memset(&webhooks->apps[webhooks->app_count], 0,
		(count - webhooks->app_count) * sizeof(struct endpoints));
	webhooks->app_count = count;
}

static bool has_webhooks(const struct conf *conf)
{
	for (size_t i = 0; i < conf->app_count; i++) {
		if (conf->apps[i].webhooks_count > 0)
			return true;
	}
	return false;
}

void webhooks_reload(struct webhooks *webhooks, const struct conf *conf)
{
	set_rules(webhooks, conf);
	/* Who has no webhooks does not pay for libcurl. */
	if (webhooks->rules.http == NULL && has_webhooks(conf))
		webhooks->rules.http = webhook_http_new(webhooks->rules.loop);
	ensure_apps(webhooks, conf->app_count);
	for (size_t i = 0; i < conf->app_count; i++)
		set_app(webhooks, i, &conf->apps[i]);
	release_held(webhooks);
}

struct webhooks *webhooks_new(struct loop *main, const struct conf *conf)
{
	struct webhooks *const webhooks = xcalloc(1, sizeof(*webhooks));
	webhooks->rules.loop = main;
	webhook_hold_init(&webhooks->hold);
	webhooks_reload(webhooks, conf);
	return webhooks;
}

/* --- the end --- */

static bool is_idle(const struct webhooks *webhooks)
{
	for (size_t i = 0; i < webhooks->app_count; i++) {
		const struct endpoints *const endpoints = &webhooks->apps[i];
		for (size_t j = 0; j < endpoints->count; j++) {
			if (!webhook_endpoint_is_idle(endpoints->list[j]))
				return false;
		}
	}
	return true;
}

struct finishing {
	struct wheel_timer timer;
	struct webhooks *webhooks;
	int64_t until_ms;
};

static void on_finish_timer(struct wheel_timer *timer)
{
	struct finishing *const finishing = (struct finishing *)timer; /* its first member */
	struct loop *const loop = finishing->webhooks->rules.loop;
	if (is_idle(finishing->webhooks) || loop->now_ms >= finishing->until_ms)
		loop_stop(loop);
	else
		loop_timer_set(loop, timer, FINISH_POLL_MS, on_finish_timer);
}

void webhooks_finish(struct webhooks *webhooks, int64_t timeout_ms)
{
	struct loop *const loop = webhooks->rules.loop;
	struct finishing finishing = {.webhooks = webhooks};
	loop_enter(loop);
	(void)loop_deliver(loop);
	webhooks->hold.delay_ms = 0;
	release_held(webhooks);
	for (size_t i = 0; i < webhooks->app_count; i++) {
		for (size_t j = 0; j < webhooks->apps[i].count; j++)
			webhook_endpoint_finish(webhooks->apps[i].list[j]);
	}
	finishing.until_ms = loop->now_ms + timeout_ms;
	if (timeout_ms > 0 && !is_idle(webhooks)) {
		loop_timer_set(loop, &finishing.timer, FINISH_POLL_MS, on_finish_timer);
		loop_run(loop);
		loop_timer_stop(loop, &finishing.timer); /* another may have stopped the loop */
	}
}

static void log_lost(const struct webhooks *webhooks, uint64_t before)
{
	const uint64_t lost = webhooks->rules.loop->metrics.webhook_dropped - before;
	if (lost > 0)
		log_event(LOG_LEVEL_WARN, "webhooks_lost", "events=%" PRIu64, lost);
}

void webhooks_free(struct webhooks *webhooks)
{
	if (webhooks == NULL)
		return;
	struct loop *const loop = webhooks->rules.loop;
	const uint64_t before = loop->metrics.webhook_dropped;
	(void)loop_deliver(loop);
	loop->metrics.webhook_dropped += webhooks->hold.count;
	for (size_t i = 0; i < webhooks->app_count; i++)
		set_app(webhooks, i, NULL);
	log_lost(webhooks, before);
	loop_timer_stop(loop, &webhooks->hold_timer);
	webhook_hold_deinit(&webhooks->hold);
	if (webhooks->rules.http != NULL)
		webhook_http_free(webhooks->rules.http);
	for (size_t i = 0; i < PAGES; i++)
		free(atomic_load_explicit(&webhooks->pages[i], memory_order_relaxed));
	free(webhooks->apps);
	free(webhooks);
}

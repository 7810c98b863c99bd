/* SPDX-License-Identifier: MIT
 *
 * See loop.h. A turn is one pass of libevent (which sleeps only if nothing is left to do) and the
 * end-of-turn work. One libevent timer stands for the whole wheel; it is moved only to fire
 * earlier, since a wake too early is cheaper than re-arming it in every turn.
 */
#include "loop.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "conf.h"
#include "conn.h"

#include "../wire/err.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdlib.h>

#define MAILBOX_LIMIT_DEFAULT 65536
#define MS_PER_S              1000
#define US_PER_MS             1000

struct loop_private {
	struct event mail;
	struct event wake; /* the wheel's next work */
	int64_t wake_ms;   /* when `wake` fires, 0: not set */
	bool is_fresh;     /* the time was read in this turn */
	bool is_stopped;
};

void loop_enter(struct loop *loop)
{
	if (!loop->private_->is_fresh) {
		loop->now_ms = clock_monotonic_ms();
		loop->wall_ms = clock_wall_ms();
		loop->private_->is_fresh = true;
	}
}

bool loop_deliver(struct loop *loop)
{
	struct mail *mail = mailbox_take(loop->mailbox);
	const bool has_mail = mail != NULL;
	while (mail != NULL) {
		struct mail *const next = mail->next;
		mail->deliver(loop, mail);
		mail = next;
	}
	return has_mail;
}

static void on_mail(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	loop_enter(context);
	loop_deliver(context);
}

static void on_wake(evutil_socket_t fd, short what, void *context)
{
	struct loop *const loop = context;
	(void)fd;
	(void)what;
	loop_enter(loop);
	loop->private_->wake_ms = 0; /* the wheel itself is turned at the turn's end */
}

static struct event_base *new_base(void)
{
	struct event_config *const config = event_config_new();
	if (config == NULL) {
		return NULL;
	}
	event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_IGNORE_ENV);
	event_config_require_features(config, EV_FEATURE_ET | EV_FEATURE_O1);
	struct event_base *const base = event_base_new_with_config(config);
	event_config_free(config);
	return base;
}

static void init_state(struct loop *loop)
{
	const struct conf *const conf = loop->conf;
	loop->mailbox = mailbox_new(conf != NULL ? conf->mailbox_limit : MAILBOX_LIMIT_DEFAULT);
	loop->read_buffer = xmalloc(LOOP_READ_BYTES);
	loop->cork_buffer = xmalloc(LOOP_CORK_BYTES);
	loop->private_ = xcalloc(1, sizeof(*loop->private_));
	loop->now_ms = clock_monotonic_ms();
	loop->wall_ms = clock_wall_ms();
	wheel_init(&loop->wheel, loop->now_ms);
}

static void free_state(struct loop *loop)
{
	if (loop->base != NULL) {
		event_base_free(loop->base);
	}
	if (loop->codec != NULL) {
		loop->free_codec(loop->codec);
	}
	mailbox_free(loop->mailbox);
	conn_forget_all(loop);
	free(loop->read_buffer);
	free(loop->cork_buffer);
	free(loop->private_);
	*loop = (struct loop){0};
}

int loop_init(struct loop *loop, unsigned index, unsigned count, struct loop *const *peers,
	const struct conf *conf)
{
	*loop = (struct loop){.index = index, .count = count, .peers = peers, .conf = conf};
	init_state(loop);
	struct loop_private *const p = loop->private_;
	loop->base = new_base();
	if (loop->base == NULL ||
		event_assign(&p->mail, loop->base, mailbox_fd(loop->mailbox), EV_READ | EV_PERSIST, on_mail,
			loop) != 0 ||
		event_assign(&p->wake, loop->base, -1, 0, on_wake, loop) != 0 ||
		event_add(&p->mail, NULL) != 0) {
		log_event(LOG_LEVEL_ERROR, "loop_failed",
			"worker=%u reason=\"libevent could not start; check the limit of open files\"", index);
		free_state(loop);
		return CLN_ERR_SYSTEM;
	}
	return CLN_OK;
}

void loop_close_all(struct loop *loop)
{
	loop_enter(loop);
	conn_close_all(loop);
	loop->private_->is_fresh = false;
}

void loop_deinit(struct loop *loop)
{
	do {
		loop_close_all(loop);
	} while (loop_deliver(loop));
	event_del(&loop->private_->mail);
	event_del(&loop->private_->wake);
	free_state(loop);
}

static void arm(struct loop *loop)
{
	struct loop_private *const p = loop->private_;
	const int64_t wait_ms = wheel_next(&loop->wheel, loop->now_ms);
	if (wait_ms < 0 || (p->wake_ms != 0 && p->wake_ms <= loop->now_ms + wait_ms)) {
		return;
	}
	const struct timeval wait = {
		.tv_sec = wait_ms / MS_PER_S,
		.tv_usec = wait_ms % MS_PER_S * US_PER_MS,
	};
	if (event_add(&p->wake, &wait) == 0) {
		p->wake_ms = loop->now_ms + wait_ms;
	}
}

/* Returns whether something is left that cannot wait for an event. */
static bool end_turn(struct loop *loop)
{
	loop_enter(loop);
	wheel_advance(&loop->wheel, loop->now_ms);
	const bool has_more = conn_end_turn(loop);
	arm(loop);
	loop->private_->is_fresh = false;
	return has_more;
}

void loop_run(struct loop *loop)
{
	bool has_more = end_turn(loop);
	while (!loop->private_->is_stopped) {
		if (event_base_loop(loop->base, EVLOOP_ONCE | (has_more ? EVLOOP_NONBLOCK : 0)) < 0) {
			log_event(LOG_LEVEL_ERROR, "loop_failed",
				"worker=%u reason=\"the event loop ended by itself\"", loop->index);
			abort();
		}
		has_more = end_turn(loop);
	}
	loop->private_->is_stopped = false;
}

void loop_stop(struct loop *loop)
{
	loop->private_->is_stopped = true;
}

void loop_post(struct loop *to, struct mail *mail)
{
	mailbox_post(to->mailbox, mail);
}

bool loop_offer(struct loop *to, struct mail *mail)
{
	return mailbox_offer(to->mailbox, mail);
}

void loop_timer_set(
	struct loop *loop, struct wheel_timer *timer, int64_t delay_ms, wheel_timer_fn fire)
{
	wheel_set(&loop->wheel, timer, loop->now_ms + delay_ms, fire);
}

void loop_timer_stop(struct loop *loop, struct wheel_timer *timer)
{
	wheel_stop(&loop->wheel, timer);
}

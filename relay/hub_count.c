/* SPDX-License-Identifier: MIT
 *
 * Subscription counts at a channel's home. With up to COUNT_EAGER_MAX subscribers each change is
 * told at once. With more, one in subscription_count_ms is: the first at once, the state that the
 * others led to when the pause is over.
 */
#include "hub_home.h"
#include "pusher_frame.h"

#define COUNT_EAGER_MAX 100 /* Pusher docs */

struct home_counting {
	struct wheel_timer timer; /* runs while a change waits to be told */
	struct hub *hub;
	struct home *home;
	int64_t told_ms;
};

static bool is_wanted(const struct hub *hub, const struct home *home)
{
	return home->app->conf->subscription_count && !home->type.is_presence &&
		   !atomic_load_explicit(&hub->shared->is_draining, memory_order_relaxed);
}

static void tell(struct hub *hub, const struct home *home)
{
	const struct webhook_event event = {
		.kind = WEBHOOK_SUBSCRIPTION_COUNT, .count = home_subscription_count(home)};
	if (event.count > 0)
		home_deliver(hub, home, pusher_frame_subscription_count(home_name(home), event.count), 0);
	home_emit(hub, home, &event);
}

static void on_timer(struct wheel_timer *timer)
{
	struct home_counting *const counting =
		(struct home_counting *)((char *)timer - offsetof(struct home_counting, timer));
	counting->told_ms = counting->hub->loop->now_ms;
	if (is_wanted(counting->hub, counting->home))
		tell(counting->hub, counting->home);
}

static void tell_now_and_then(struct hub *hub, struct home *home)
{
	const int64_t now_ms = hub->loop->now_ms;
	const int64_t pause_ms = hub->loop->conf->subscription_count_ms;
	struct home_counting *counting = home->counting;
	if (counting == NULL) {
		counting = home->counting = xcalloc(1, sizeof(*counting));
		counting->hub = hub;
		counting->home = home;
		counting->told_ms = now_ms - pause_ms;
	}
	if (counting->timer.is_running)
		return;
	const int64_t wait_ms = counting->told_ms + pause_ms - now_ms;
	if (wait_ms > 0) {
		loop_timer_set(hub->loop, &counting->timer, wait_ms, on_timer);
		return;
	}
	counting->told_ms = now_ms;
	tell(hub, home);
}

void home_count_changed(struct hub *hub, struct home *home)
{
	const bool is_eager = home_subscription_count(home) <= COUNT_EAGER_MAX;
	if (is_eager)
		home_count_forget(hub, home);
	if (!is_wanted(hub, home))
		return;
	if (is_eager)
		tell(hub, home);
	else
		tell_now_and_then(hub, home);
}

void home_count_forget(struct hub *hub, struct home *home)
{
	if (home->counting == NULL)
		return;
	loop_timer_stop(hub->loop, &home->counting->timer);
	free(home->counting);
	home->counting = NULL;
}

/* SPDX-License-Identifier: MIT
 *
 * Channels, delivery, homes and presence with subscribers that only count.
 */
/* sources: relay/channel.c relay/fanout.c relay/home.c relay/presence.c relay/app.c */
/* sources: relay/jslice.c relay/base/buf.c relay/base/utf8.c */
/* sources: relay/base/map.c relay/base/table.c relay/base/rand.c */
/* sources: relay/base/xalloc.c relay/base/log.c relay/base/clock.c relay/base/frame.c wire/name.c
 */
/* libs: libxxhash */
#include "../../relay/fanout.h"
#include "../../relay/home.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define PEOPLE 20

struct person {
	struct subscriber subscriber;
	unsigned got;
};

const struct conf_app *conf_app_by_key(const struct conf *conf, struct cln_slice key)
{
	(void)key;
	return &conf->apps[0];
}

const struct conf_app *conf_app_by_id(const struct conf *conf, struct cln_slice id)
{
	(void)id;
	return &conf->apps[0];
}

static void deliver(
	struct subscriber *subscriber, const struct channel *channel, struct frame *frame)
{
	(void)channel;
	(void)frame;
	((struct person *)subscriber)->got++;
}

static void close_person(struct subscriber *subscriber, uint16_t code, struct cln_slice reason)
{
	(void)subscriber;
	(void)code;
	(void)reason;
}

static void describe(const struct subscriber *subscriber, char *out, size_t cap)
{
	(void)subscriber;
	snprintf(out, cap, "person");
}

static const struct subscriber_ops ops = {
	.deliver = deliver, .close = close_person, .describe = describe};
static struct app app;
static struct person people[PEOPLE];
static struct frame *frame;

static int set_up(void **state)
{
	(void)state;
	app = (struct app){0};
	frame = frame_copy(CLN_SLICE("x"));
	for (size_t i = 0; i < PEOPLE; i++) {
		people[i].got = 0;
		subscriber_init(&people[i].subscriber, &ops, i + 1);
	}
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	frame_unref(frame);
	return 0;
}

static struct channel *new_channel(const char *name)
{
	struct cln_channel_type type;
	assert_int_equal(cln_channel_check(cln_slice_of(name), &type), CLN_OK);
	return channel_new(&app, cln_slice_of(name), &type);
}

static struct subscription *join(struct channel *channel, struct person *person)
{
	return subscription_new(channel, &person->subscriber, person->subscriber.id, CLN_SLICE(""));
}

static void who_waits_gets_nothing(void **state)
{
	(void)state;
	struct channel *const channel = new_channel("a");
	struct subscription *const one = join(channel, &people[0]);
	struct subscription *const two = join(channel, &people[1]);
	assert_true(subscription_is_waiting(one));
	assert_int_equal(fanout_deliver(channel, frame, NULL), 0);
	subscription_enter(two);
	assert_int_equal(fanout_deliver(channel, frame, NULL), 1);
	assert_int_equal(people[0].got, 0);
	assert_int_equal(people[1].got, 1);
	subscription_free(one);
	assert_false(channel_is_empty(channel));
	subscription_free(two);
	assert_true(channel_is_empty(channel));
	channel_free(channel);
	assert_int_equal(app.channels.count, 0);
}

static void the_excluded_one_is_left_out(void **state)
{
	(void)state;
	struct channel *const channel = new_channel("a");
	struct subscription *all[3];
	for (size_t i = 0; i < 3; i++)
		subscription_enter(all[i] = join(channel, &people[i]));
	assert_int_equal(fanout_deliver(channel, frame, &people[1].subscriber), 2);
	assert_int_equal(people[0].got, 1);
	assert_int_equal(people[1].got, 0);
	assert_int_equal(people[2].got, 1);
	for (size_t i = 0; i < 3; i++)
		subscription_free(all[i]);
	channel_free(channel);
}

/* Everybody leaves, in each of a few orders; who is still there gets every message once. */
static void leaving_keeps_the_others(void **state)
{
	(void)state;
	static const size_t steps[] = {1, 3, 7, 9, 19};
	for (size_t s = 0; s < sizeof(steps) / sizeof(steps[0]); s++) {
		struct channel *const channel = new_channel("a");
		struct subscription *all[PEOPLE];
		unsigned sent = 0;
		for (size_t i = 0; i < PEOPLE; i++) {
			people[i].got = 0;
			subscription_enter(all[i] = join(channel, &people[i]));
		}
		for (size_t i = 0, who = 0; i < PEOPLE; i++, who = (who + steps[s]) % PEOPLE) {
			assert_int_equal(fanout_deliver(channel, frame, NULL), PEOPLE - i);
			assert_int_equal(people[who].got, ++sent);
			assert_int_equal(people[who].subscriber.count, 1);
			subscription_free(all[who]);
			assert_int_equal(people[who].subscriber.count, 0);
			assert_null(subscription_find(&people[who].subscriber, channel));
		}
		assert_true(channel_is_empty(channel));
		channel_free(channel);
	}
}

static void names_find_channels(void **state)
{
	(void)state;
	struct channel *const a = new_channel("presence-a");
	struct channel *const b = new_channel("presence-b");
	assert_ptr_equal(channel_find(&app, CLN_SLICE("presence-a")), a);
	assert_ptr_equal(channel_find(&app, CLN_SLICE("presence-b")), b);
	assert_null(channel_find(&app, CLN_SLICE("presence-")));
	assert_null(channel_find(&app, CLN_SLICE("presence-ab")));
	assert_true(a->type.is_presence);
	struct subscription *const one = join(a, &people[0]);
	assert_ptr_equal(subscription_find(&people[0].subscriber, a), one);
	struct subscription *const two =
		subscription_new(b, &people[0].subscriber, 9, CLN_SLICE("seven"));
	assert_ptr_equal(subscription_find(&people[0].subscriber, b), two);
	assert_true(cln_slice_equal(subscription_user(two), CLN_SLICE("seven")));
	assert_int_equal(people[0].subscriber.count, 2);
	subscription_free(two);
	subscription_free(subscription_find(&people[0].subscriber, a));
	assert_null(subscription_last(&people[0].subscriber));
	channel_free(a);
	channel_free(b);
}

#define CHANNELS 300

static struct channel *channels[CHANNELS];

static void make_channels(void)
{
	for (size_t c = 0; c < CHANNELS; c++) {
		char name[CLN_CHANNEL_NAME_MAX];
		snprintf(name, sizeof(name), "channel-%zu", c);
		channels[c] = new_channel(name);
	}
}

static void free_channels(void)
{
	for (size_t c = 0; c < CHANNELS; c++) {
		assert_true(channel_is_empty(channels[c]));
		channel_free(channels[c]);
	}
}

/* A step without a factor in common with the number: each comes once. */
static size_t nth(size_t i, size_t step)
{
	return (i * step + step) % CHANNELS;
}

/* Both sides of all subscriptions of two people agree, whoever of them is in which channel. */
static void check_places(const bool is_in[2][CHANNELS])
{
	for (size_t c = 0; c < CHANNELS; c++) {
		unsigned live = 0;
		for (size_t p = 0; p < 2; p++) {
			const struct subscription *const found =
				subscription_find(&people[p].subscriber, channels[c]);
			assert_int_equal(found != NULL, is_in[p][c]);
			if (found == NULL)
				continue;
			assert_ptr_equal(subscription_subscriber(found), &people[p].subscriber);
			live += !subscription_is_waiting(found);
		}
		assert_int_equal(channels[c]->live_count, live);
		people[0].got = people[1].got = 0;
		assert_int_equal(fanout_deliver(channels[c], frame, NULL), live);
		assert_true(people[0].got <= is_in[0][c] && people[1].got <= is_in[1][c]);
	}
}

/* Two people on 300 channels: one leaves them in another order than the other, some of them before
 * having been let in. */
static void many_channels_in_any_order(void **state)
{
	(void)state;
	static const size_t steps[] = {1, 7, 77, 151, 299};
	for (size_t s = 0; s < sizeof(steps) / sizeof(steps[0]); s++) {
		bool is_in[2][CHANNELS] = {{false}};
		make_channels();
		for (size_t i = 0; i < 2 * CHANNELS; i++) {
			const size_t c = nth(i / 2, i % 2 == 0 ? 1 : 7);
			is_in[i % 2][c] = true;
			struct subscription *const made = join(channels[c], &people[i % 2]);
			if (c % 5 != 0)
				subscription_enter(made);
		}
		check_places(is_in);
		for (size_t i = 0; i < 2 * CHANNELS; i++) {
			const size_t p = i % 2;
			const size_t c = nth(i / 2, p == 0 ? steps[s] : 11);
			subscription_free(subscription_find(&people[p].subscriber, channels[c]));
			is_in[p][c] = false;
			if (i % 50 == 0 || i >= 2 * CHANNELS - 8)
				check_places(is_in);
		}
		assert_int_equal(people[0].subscriber.cap, 0);
		free_channels();
	}
}

/* Who is let in while others of the same subscriber wait, and the other way round. */
static void waiting_ones_are_found_where_they_moved(void **state)
{
	(void)state;
	struct channel *const a = new_channel("a");
	struct channel *const b = new_channel("b");
	struct channel *const c = new_channel("presence-c");
	join(a, &people[0]);
	join(b, &people[0]);
	subscription_new(c, &people[0].subscriber, 77, CLN_SLICE("me"));
	join(b, &people[1]);
	subscription_free(subscription_find(&people[0].subscriber, a));
	assert_ptr_equal(channel_waiting(c), subscription_find(&people[0].subscriber, c));
	assert_int_equal(subscription_token(channel_waiting(c)), 77);
	assert_true(cln_slice_equal(subscription_user(channel_waiting(c)), CLN_SLICE("me")));
	struct subscription *const waiting = channel_waiting(b);
	struct subscription *const next = subscription_next_waiting(waiting);
	assert_non_null(next);
	assert_null(subscription_next_waiting(next));
	subscription_enter(waiting);
	assert_ptr_equal(channel_waiting(b), next);
	subscription_enter(next);
	assert_null(channel_waiting(b));
	assert_int_equal(subscription_token(next), 0);
	subscription_enter(channel_waiting(c));
	subscription_free(subscription_find(&people[0].subscriber, b));
	struct subscription *const member = subscription_last(&people[0].subscriber);
	assert_ptr_equal(member->channel, c);
	assert_true(cln_slice_equal(subscription_user(member), CLN_SLICE("me")));
	subscription_free(member);
	subscription_free(subscription_last(&people[1].subscriber));
	channel_free(a);
	channel_free(b);
	channel_free(c);
}

static void members_are_users(void **state)
{
	(void)state;
	struct presence presence = {0};
	const struct cln_slice a = CLN_SLICE("a");
	const struct cln_slice b = CLN_SLICE("b");
	assert_int_equal(presence_join(&presence, a, CLN_SLICE("1"), 2), PRESENCE_FIRST);
	assert_int_equal(presence_join(&presence, a, CLN_SLICE("2"), 2), PRESENCE_AGAIN);
	assert_int_equal(presence_join(&presence, b, CLN_SLICE("3"), 2), PRESENCE_FIRST);
	assert_int_equal(presence_join(&presence, CLN_SLICE("c"), CLN_SLICE("4"), 2), PRESENCE_FULL);
	assert_int_equal(presence_join(&presence, b, CLN_SLICE("5"), 2), PRESENCE_AGAIN);
	assert_int_equal(presence_count(&presence), 2);
	assert_true(cln_slice_equal(member_id(presence.members), a));
	assert_true(cln_slice_equal(member_info(presence.members), CLN_SLICE("1")));
	assert_false(presence_leave(&presence, CLN_SLICE("c")));
	assert_false(presence_leave(&presence, a));
	assert_true(presence_leave(&presence, a));
	assert_false(presence_leave(&presence, a));
	assert_int_equal(presence_count(&presence), 1);
	assert_int_equal(presence_join(&presence, CLN_SLICE("c"), CLN_SLICE("4"), 2), PRESENCE_FIRST);
	presence_deinit(&presence);
	assert_int_equal(presence_count(&presence), 0);
}

static void lists_are(const struct presence *presence, const char *ids, const char *hash)
{
	char text[256];
	const struct cln_slice both[] = {presence_ids(presence), presence_hash(presence)};
	for (size_t i = 0; i < 2; i++) {
		size_t len = 0;
		for (size_t k = 0; k < both[i].len; k++) {
			if (both[i].ptr[k] != ' ')
				text[len++] = both[i].ptr[k];
		}
		text[len] = '\0';
		assert_string_equal(text, i == 0 ? ids : hash);
	}
}

/* Who leaves first, last or in between leaves no comma too much. */
static void the_lists_follow_the_members(void **state)
{
	(void)state;
	struct presence presence = {0};
	lists_are(&presence, "", "");
	presence_join(&presence, CLN_SLICE("a"), CLN_SLICE("1"), 9);
	presence_join(&presence, CLN_SLICE("b\""), CLN_SLICE("{\"n\":\"x\"}"), 9);
	presence_join(&presence, CLN_SLICE("c"), CLN_SLICE("3"), 9);
	presence_join(&presence, CLN_SLICE("a"), CLN_SLICE("8"), 9);
	lists_are(&presence, "\\\"a\\\",\\\"b\\\\\\\"\\\",\\\"c\\\"",
		"\\\"a\\\":1,\\\"b\\\\\\\"\\\":{\\\"n\\\":\\\"x\\\"},\\\"c\\\":3");
	presence_leave(&presence, CLN_SLICE("b\""));
	lists_are(&presence, "\\\"a\\\",\\\"c\\\"", "\\\"a\\\":1,\\\"c\\\":3");
	presence_leave(&presence, CLN_SLICE("a"));
	lists_are(&presence, "\\\"a\\\",\\\"c\\\"", "\\\"a\\\":1,\\\"c\\\":3");
	presence_leave(&presence, CLN_SLICE("a"));
	lists_are(&presence, "\\\"c\\\"", "\\\"c\\\":3");
	presence_join(&presence, CLN_SLICE("d"), CLN_SLICE("4"), 9);
	presence_leave(&presence, CLN_SLICE("d"));
	lists_are(&presence, "\\\"c\\\"", "\\\"c\\\":3");
	presence_leave(&presence, CLN_SLICE("c"));
	lists_are(&presence, "", "");
	presence_join(&presence, CLN_SLICE("e"), CLN_SLICE("5"), 9);
	lists_are(&presence, "\\\"e\\\"", "\\\"e\\\":5");
	presence_deinit(&presence);
}

static void a_home_stays_while_anybody_needs_it(void **state)
{
	(void)state;
	struct home *const home = home_new(&app, CLN_SLICE("presence-a"), 2);
	assert_ptr_equal(home_find(&app, CLN_SLICE("presence-a")), home);
	assert_true(home_is_idle(home));
	home->interested = 2;
	assert_false(home_is_idle(home));
	home->interested = 0;
	home->holds++;
	assert_false(home_is_idle(home));
	home->holds--;
	home_join_new(home, 1, 77, 5, CLN_SLICE("id"), CLN_SLICE("{}"));
	assert_false(home_is_idle(home));
	home_join_cancel(home, 0, 5);
	home_join_cancel(home, 1, 6);
	assert_true(cln_slice_equal(home_join_id(TAILQ_FIRST(&home->joins)), CLN_SLICE("id")));
	assert_true(cln_slice_equal(home_join_info(TAILQ_FIRST(&home->joins)), CLN_SLICE("{}")));
	home_join_cancel(home, 1, 5);
	assert_true(home_is_idle(home));
	presence_join(&home->presence, CLN_SLICE("u"), CLN_SLICE("{}"), 1);
	assert_false(home_is_idle(home));
	home_join_new(home, 1, 77, 5, CLN_SLICE("id"), CLN_SLICE("{}"));
	home_free(home);
	assert_null(home_find(&app, CLN_SLICE("presence-a")));
}

static void watchers_are_no_clients(void **state)
{
	(void)state;
	struct channel *const channel = new_channel("a");
	struct person watcher = {0};
	subscriber_init(&watcher.subscriber, &ops, 0);
	struct subscription *const watching = join(channel, &watcher);
	struct subscription *const one = join(channel, &people[0]);
	struct subscription *const waiting = join(channel, &people[1]);
	assert_int_equal(channel->clients, 0);
	subscription_enter(watching);
	assert_int_equal(channel->clients, 0);
	subscription_enter(one);
	assert_int_equal(channel->clients, 1);
	subscription_free(waiting);
	assert_int_equal(channel->clients, 1);
	subscription_free(one);
	assert_int_equal(channel->clients, 0);
	assert_int_equal(channel->live_count, 1);
	subscription_free(watching);
	channel_free(channel);
}

static void a_home_adds_up_its_workers(void **state)
{
	(void)state;
	struct home *const home = home_new(&app, CLN_SLICE("private-cache-a"), 3);
	assert_true(home->type.is_cache);
	assert_false(home->type.is_presence);
	assert_int_equal(home_subscription_count(home), 0);
	home_set_clients(home, 0, 5);
	home_set_clients(home, 2, 7);
	assert_int_equal(home_subscription_count(home), 12);
	home_set_clients(home, 0, 2);
	assert_int_equal(home_subscription_count(home), 9);
	home_set_clients(home, 2, 0);
	home_set_clients(home, 0, 0);
	assert_int_equal(home_subscription_count(home), 0);
	home_join_new(home, 1, 77, 5, (struct cln_slice){0}, (struct cln_slice){0});
	assert_int_equal(home_join_id(TAILQ_FIRST(&home->joins)).len, 0);
	home_free(home);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(who_waits_gets_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_excluded_one_is_left_out, set_up, tear_down),
		cmocka_unit_test_setup_teardown(leaving_keeps_the_others, set_up, tear_down),
		cmocka_unit_test_setup_teardown(names_find_channels, set_up, tear_down),
		cmocka_unit_test_setup_teardown(many_channels_in_any_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(waiting_ones_are_found_where_they_moved, set_up, tear_down),
		cmocka_unit_test_setup_teardown(members_are_users, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_lists_follow_the_members, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_home_stays_while_anybody_needs_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(watchers_are_no_clients, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_home_adds_up_its_workers, set_up, tear_down),
	};
	map_seed_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

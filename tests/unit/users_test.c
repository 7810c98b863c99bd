/* SPDX-License-Identifier: MIT
 *
 * Users across several workers, with mail that waits between them until the test lets it go: who is
 * told what, and that nothing is left behind. One test compares long random runs with a model.
 */
/* sources: relay/users.c relay/hub_users.c relay/pusher_frame.c relay/jslice.c relay/msg.c */
/* sources: relay/note.c relay/presence.c relay/ws_frame.c relay/base/buf.c relay/base/frame.c */
/* sources: relay/base/utf8.c relay/base/xalloc.c relay/base/log.c relay/base/clock.c */
/* sources: relay/base/map.c relay/base/rand.c wire/name.c */
/* libs: libxxhash zlib */
#include "../../relay/hub_private.h"
#include "../../relay/hub_users.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define WORKERS  3
#define SESSIONS 4 /* of each worker */
#define TIMERS   (WORKERS * SESSIONS)

struct seat {
	struct session session;
	struct buf heard; /* what it was told since the last look, one line each */
	bool is_open;
};

static unsigned workers;
static struct loop loops[WORKERS];
static struct hub hubs[WORKERS];
static struct app apps[WORKERS];
static struct seat seats[WORKERS][SESSIONS];
static struct wheel_timer *timers[TIMERS];
static wheel_timer_fn fire_timer;
static struct letter *mail[WORKERS][WORKERS]; /* from, to: oldest first */

/* --- the fakes --- */

struct app *hub_app(const struct hub *hub, unsigned index)
{
	assert_int_equal(index, 0);
	return &apps[hub->index];
}

/* By the last byte of the id, so that tests choose homes. */
unsigned hub_home_of(const struct hub *hub, unsigned app, struct cln_slice id)
{
	(void)hub;
	(void)app;
	return (unsigned char)id.ptr[id.len - 1] % workers;
}

void hub_send(struct hub *hub, unsigned worker, const struct note *note)
{
	assert_int_equal(note->from, hub->index);
	if (worker == hub->index) {
		hub_users_handle(hub, note);
		return;
	}
	struct letter **end = &mail[hub->index][worker];
	while (*end != NULL)
		end = (struct letter **)&(*end)->mail.next;
	*end = note_copy(note, &hubs[worker]);
	(*end)->mail.next = NULL;
}

void session_say(struct session *session, struct frame *frame)
{
	struct seat *const seat = (struct seat *)session;
	buf_append_slice(&seat->heard, msg_text(frame));
	buf_append_byte(&seat->heard, '\n');
	frame_unref(frame);
}

void session_close(struct session *session, uint16_t code, struct cln_slice reason)
{
	struct seat *const seat = (struct seat *)session;
	assert_true(seat->is_open);
	seat->is_open = false;
	buf_appendf(&seat->heard, "close %u %.*s\n", code, (int)reason.len, reason.ptr);
	hub_sign_out(session->app->hub, session);
}

void loop_timer_set(
	struct loop *loop, struct wheel_timer *timer, int64_t delay_ms, wheel_timer_fn fire)
{
	(void)loop;
	assert_true(delay_ms > 0);
	fire_timer = fire; /* all of them have the same */
	size_t place = TIMERS;
	for (size_t i = 0; i < TIMERS; i++) {
		if (timers[i] == timer)
			return;
		if (timers[i] == NULL)
			place = i;
	}
	assert_true(place < TIMERS);
	timers[place] = timer;
}

void loop_timer_stop(struct loop *loop, struct wheel_timer *timer)
{
	(void)loop;
	for (size_t i = 0; i < TIMERS; i++) {
		if (timers[i] == timer)
			timers[i] = NULL;
	}
}

/* --- the stage --- */

static void begin(unsigned count)
{
	workers = count;
	for (unsigned w = 0; w < count; w++) {
		loops[w] = (struct loop){.index = w, .count = count};
		hubs[w] = (struct hub){.loop = &loops[w], .index = w};
		apps[w] = (struct app){.hub = &hubs[w]};
		for (unsigned s = 0; s < SESSIONS; s++) {
			seats[w][s] = (struct seat){.is_open = true};
			seats[w][s].session.app = &apps[w];
		}
	}
}

/* Lets the oldest letter of one way go. False: none waits there. */
static bool deliver_one(unsigned from, unsigned to)
{
	struct letter *const letter = mail[from][to];
	if (letter == NULL)
		return false;
	mail[from][to] = (struct letter *)letter->mail.next;
	hub_users_handle(letter->to, &letter->note);
	letter_free(letter);
	return true;
}

static void deliver_all(void)
{
	bool is_busy = true;
	while (is_busy) {
		is_busy = false;
		for (unsigned i = 0; i < workers * workers; i++)
			is_busy |= deliver_one(i / workers, i % workers);
	}
}

static void fire_timers(void)
{
	for (size_t i = 0; i < TIMERS; i++) {
		struct wheel_timer *const timer = timers[i];
		timers[i] = NULL;
		if (timer != NULL)
			fire_timer(timer);
	}
}

static void settle(void)
{
	deliver_all();
	fire_timers();
}

/* `watchlist`: ids of one letter each. */
static void sign_in(unsigned worker, unsigned seat, const char *id, const char *watchlist)
{
	struct cln_slice ids[64];
	const size_t count = strlen(watchlist);
	assert_true(count <= 64);
	for (size_t i = 0; i < count; i++)
		ids[i] = cln_slice(watchlist + i, 1);
	const struct hub_identity identity = {
		.id = cln_slice_of(id), .info = CLN_SLICE("{}"), .watchlist = ids, .watch_count = count};
	hub_sign_in(&hubs[worker], &seats[worker][seat].session, &identity);
}

static void sign_out(unsigned worker, unsigned seat)
{
	hub_sign_out(&hubs[worker], &seats[worker][seat].session);
}

/* All that the session was told since the last look. */
static void expect(unsigned worker, unsigned seat, const char *text)
{
	struct buf *const heard = &seats[worker][seat].heard;
	buf_append_byte(heard, '\0');
	assert_string_equal(heard->bytes, text);
	heard->len = 0;
}

#define EVENTS(list)                                                                               \
	"{\"event\":\"pusher_internal:watchlist_events\",\"data\":\"{\\\"events\\\":[" list "]}\"}\n"
#define ONLINE(ids)  "{\\\"name\\\":\\\"online\\\",\\\"user_ids\\\":[" ids "]}"
#define OFFLINE(ids) "{\\\"name\\\":\\\"offline\\\",\\\"user_ids\\\":[" ids "]}"
#define ID(letter)   "\\\"" letter "\\\""

static void end(void)
{
	for (unsigned i = 0; i < workers * SESSIONS; i++)
		sign_out(i / SESSIONS, i % SESSIONS);
	deliver_all();
	for (unsigned w = 0; w < workers; w++) {
		assert_null(apps[w].users);
		assert_null(apps[w].user_homes);
		for (unsigned s = 0; s < SESSIONS; s++)
			buf_deinit(&seats[w][s].heard);
	}
	for (size_t i = 0; i < TIMERS; i++)
		assert_null(timers[i]);
}

/* --- the tests --- */

static void the_first_list_is_one_frame(void **state)
{
	(void)state;
	for (unsigned count = 1; count <= WORKERS; count++) {
		begin(count);
		sign_in(0, 0, "a", "");
		deliver_all();
		expect(0, 0, "");
		sign_in(count - 1, 1, "w", "abca");
		deliver_all();
		expect(count - 1, 1, EVENTS(ONLINE(ID("a")) "," OFFLINE(ID("b") "," ID("c"))));
		sign_in(0, 2, "v", "aw");
		deliver_all();
		expect(0, 2, EVENTS(ONLINE(ID("a") "," ID("w"))));
		sign_in(0, 3, "u", "xy");
		deliver_all();
		expect(0, 3, EVENTS(OFFLINE(ID("x") "," ID("y"))));
		settle();
		expect(0, 0, "");
		end();
	}
}

static void a_user_that_watches_itself_is_online(void **state)
{
	(void)state;
	for (unsigned count = 1; count <= WORKERS; count++) {
		begin(count);
		sign_in(0, 0, "a", "a");
		settle();
		expect(0, 0, EVENTS(ONLINE(ID("a"))));
		end();
	}
}

static void the_first_list_waits_for_all_homes(void **state)
{
	(void)state;
	begin(3);
	/* the homes of a, b and c are workers 1, 2 and 0 */
	sign_in(0, 0, "w", "abc");
	expect(0, 0, "");
	assert_true(deliver_one(0, 1));
	assert_true(deliver_one(1, 0));
	fire_timers();
	expect(0, 0, "");
	/* what changes meanwhile is in it, too */
	sign_in(1, 0, "a", "");
	while (deliver_one(1, 0))
		;
	fire_timers();
	expect(0, 0, "");
	deliver_all();
	expect(0, 0, EVENTS(ONLINE(ID("a")) "," OFFLINE(ID("b") "," ID("c"))));
	settle();
	expect(0, 0, "");
	end();
}

static void changes_of_a_moment_are_one_frame(void **state)
{
	(void)state;
	for (unsigned count = 1; count <= WORKERS; count++) {
		const unsigned last = count - 1;
		begin(count);
		sign_in(0, 0, "w", "abcd");
		sign_in(last, 1, "a", "");
		settle();
		seats[0][0].heard.len = 0;
		sign_out(last, 1);
		sign_in(0, 2, "b", "");
		sign_in(last, 3, "c", "");
		settle();
		expect(0, 0, EVENTS(ONLINE(ID("b") "," ID("c")) "," OFFLINE(ID("a"))));
		/* there and back again is nothing */
		sign_out(0, 2);
		deliver_all();
		sign_in(last, 2, "b", "");
		settle();
		expect(0, 0, "");
		end();
	}
}

static void a_user_is_online_while_one_session_is(void **state)
{
	(void)state;
	begin(3);
	sign_in(0, 0, "w", "a");
	sign_in(0, 1, "a", "");
	sign_in(1, 1, "a", "");
	sign_in(2, 1, "a", "");
	sign_in(2, 2, "a", "");
	settle();
	seats[0][0].heard.len = 0;
	static const unsigned order[][2] = {{2, 1}, {0, 1}, {1, 1}};
	for (size_t i = 0; i < 3; i++) {
		sign_out(order[i][0], order[i][1]);
		settle();
		expect(0, 0, "");
	}
	sign_out(2, 2);
	settle();
	expect(0, 0, EVENTS(OFFLINE(ID("a"))));
	end();
}

static void a_sign_in_may_be_repeated(void **state)
{
	(void)state;
	for (unsigned count = 1; count <= WORKERS; count++) {
		begin(count);
		sign_in(0, 0, "w", "ab");
		sign_in(0, 1, "x", "w");
		settle();
		expect(0, 1, EVENTS(ONLINE(ID("w"))));
		seats[0][0].heard.len = 0;
		sign_in(0, 0, "w", "bc");
		settle();
		expect(0, 0, EVENTS(OFFLINE(ID("b") "," ID("c"))));
		expect(0, 1, ""); /* nobody sees a repeated sign-in as leaving */
		sign_in(0, 2, "a", "");
		sign_in(0, 3, "c", "");
		settle();
		expect(0, 0, EVENTS(ONLINE(ID("c"))));
		end();
	}
}

static void who_signs_out_hears_nothing_more(void **state)
{
	(void)state;
	begin(2);
	sign_in(0, 0, "w", "a");
	sign_in(0, 1, "v", "a");
	settle();
	expect(0, 0, EVENTS(OFFLINE(ID("a"))));
	expect(0, 1, EVENTS(OFFLINE(ID("a"))));
	sign_in(1, 0, "a", "");
	deliver_all(); /* the timer runs */
	sign_out(0, 0);
	settle();
	expect(0, 0, "");
	expect(0, 1, EVENTS(ONLINE(ID("a"))));
	sign_out(0, 1);
	sign_out(0, 1);
	sign_out(1, 0);
	settle();
	expect(0, 1, "");
	/* an answer that comes when nobody waits for it any more */
	sign_in(0, 2, "u", "a");
	sign_out(0, 2);
	settle();
	expect(0, 2, "");
	end();
}

static void ids_are_escaped(void **state)
{
	(void)state;
	begin(1);
	sign_in(0, 0, "w", "\"\n");
	settle();
	expect(0, 0, EVENTS(OFFLINE(ID("\\\\\\\"") "," ID("\\\\n"))));
	end();
}

static void termination_closes_a_users_sessions_and_no_others(void **state)
{
	(void)state;
	begin(2);
	sign_in(0, 0, "a", "");
	sign_in(0, 1, "a", "b");
	sign_in(1, 0, "a", "");
	sign_in(0, 2, "b", "a");
	sign_in(1, 1, "aa", "");
	settle();
	seats[0][1].heard.len = seats[0][2].heard.len = 0;
	for (unsigned w = 0; w < 2; w++) {
		const struct note note = {.kind = NOTE_TERMINATE, .user_id = CLN_SLICE("a")};
		hub_users_handle(&hubs[w], &note);
	}
	settle();
	expect(0, 0, "close 4009 You got disconnected by the app.\n");
	expect(0, 1, "close 4009 You got disconnected by the app.\n");
	expect(1, 0, "close 4009 You got disconnected by the app.\n");
	expect(1, 1, "");
	expect(0, 2, EVENTS(OFFLINE(ID("a"))));
	assert_int_equal(loops[0].metrics.terminated, 2);
	assert_int_equal(loops[1].metrics.terminated, 1);
	const struct note note = {.kind = NOTE_TERMINATE, .user_id = CLN_SLICE("nobody")};
	hub_users_handle(&hubs[0], &note);
	end();
}

static void homes_go_with_their_worker(void **state)
{
	(void)state;
	begin(2);
	sign_in(0, 0, "a", "b"); /* homes: worker 1 and 0 */
	settle();
	assert_non_null(apps[1].user_homes);
	assert_non_null(user_home_find(&apps[0], CLN_SLICE("b")));
	/* at the end nothing is sent any more */
	const unsigned count = workers;
	sign_out(0, 0);
	while (mail[0][1] != NULL) {
		struct letter *const letter = mail[0][1];
		mail[0][1] = (struct letter *)letter->mail.next;
		letter_free(letter);
	}
	for (unsigned w = 0; w < count; w++)
		user_homes_free(&apps[w]);
	end();
}

/* --- the model --- */

#define MODEL_STEPS 20000
#define MODEL_USERS 6

struct model_seat {
	char user; /* 0: nobody */
	char watchlist[MODEL_USERS + 1];
	char believes[MODEL_USERS]; /* of 'a' and so on: + online, - offline, 0 not told */
};

static struct model_seat model[WORKERS][SESSIONS];

/* What a session knows after what it was told: each id of a frame once, and no state told twice. */
static void learn(struct seat *seat, struct model_seat *believer)
{
	char name = 0;
	for (size_t i = 0; i + 8 < seat->heard.len; i++) {
		const char *const at = seat->heard.bytes + i;
		if (memcmp(at, "online", 6) == 0)
			name = '+';
		else if (memcmp(at, "offline", 7) == 0)
			name = '-';
		else if (i > 0 && memcmp(at - 1, "\\\"", 2) == 0 && memcmp(at + 2, "\\\"", 2) == 0 &&
				 at[1] >= 'a') {
			const int index = at[1] - 'a';
			assert_in_range(index, 0, MODEL_USERS - 1);
			assert_int_not_equal(believer->believes[index], name);
			believer->believes[index] = name;
		}
	}
	seat->heard.len = 0;
}

static bool is_online(char user)
{
	for (unsigned i = 0; i < workers * SESSIONS; i++) {
		if (model[i / SESSIONS][i % SESSIONS].user == user)
			return true;
	}
	return false;
}

static void check_model(void)
{
	for (unsigned i = 0; i < workers * SESSIONS; i++) {
		struct model_seat *const seat = &model[i / SESSIONS][i % SESSIONS];
		learn(&seats[i / SESSIONS][i % SESSIONS], seat);
		for (int user = 0; user < MODEL_USERS; user++) {
			const bool is_watched = seat->user != 0 && strchr(seat->watchlist, 'a' + user) != NULL;
			const char truth = !is_watched ? 0 : is_online((char)('a' + user)) ? '+' : '-';
			assert_int_equal(seat->believes[user], truth);
		}
	}
}

static uint32_t random_state;

static unsigned random_below(unsigned limit)
{
	random_state = random_state * 1664525 + 1013904223;
	return (random_state >> 8) % limit;
}

static void random_sign_in(unsigned w, unsigned s)
{
	struct model_seat *const seat = &model[w][s];
	const char user = seat->user != 0 ? seat->user : (char)('a' + random_below(MODEL_USERS));
	size_t count = 0;
	for (int i = 0; i < MODEL_USERS; i++) {
		if (random_below(2) == 0)
			seat->watchlist[count++] = (char)('a' + i);
	}
	seat->watchlist[count] = '\0';
	seat->user = user;
	seats[w][s].heard.len = 0;
	memset(seat->believes, 0, sizeof(seat->believes));
	const char id[] = {user, '\0'};
	sign_in(w, s, id, seat->watchlist);
}

static void long_runs_agree_with_the_model(void **state)
{
	(void)state;
	for (unsigned count = 1; count <= WORKERS; count++) {
		begin(count);
		memset(model, 0, sizeof(model));
		random_state = count;
		for (unsigned step = 0; step < MODEL_STEPS; step++) {
			const unsigned w = random_below(count);
			const unsigned s = random_below(SESSIONS);
			switch (random_below(8)) {
			case 0:
			case 1:
				random_sign_in(w, s);
				break;
			case 2:
				model[w][s].user = 0;
				memset(model[w][s].believes, 0, sizeof(model[w][s].believes));
				sign_out(w, s);
				seats[w][s].heard.len = 0;
				break;
			case 3:
				fire_timers();
				break;
			case 4:
				settle();
				check_model();
				break;
			default:
				deliver_one(w, random_below(count));
			}
			learn(&seats[w][s], &model[w][s]);
		}
		settle();
		check_model();
		end();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_list_is_one_frame),
		cmocka_unit_test(a_user_that_watches_itself_is_online),
		cmocka_unit_test(the_first_list_waits_for_all_homes),
		cmocka_unit_test(changes_of_a_moment_are_one_frame),
		cmocka_unit_test(a_user_is_online_while_one_session_is),
		cmocka_unit_test(a_sign_in_may_be_repeated),
		cmocka_unit_test(who_signs_out_hears_nothing_more),
		cmocka_unit_test(ids_are_escaped),
		cmocka_unit_test(termination_closes_a_users_sessions_and_no_others),
		cmocka_unit_test(homes_go_with_their_worker),
		cmocka_unit_test(long_runs_agree_with_the_model),
	};
	map_seed_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT
 *
 * See commands.h and the table in load.c. A command ends when everybody has everything.
 */
#include "commands.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NS_PER_SECOND  INT64_C(1000000000)
#define MESSAGES_USUAL 20 /* a second, while clients connect */
#define PER_MILLE      1000
#define PENDING_MAX    65536 /* bytes that wait for the publishing socket while it is saturated */
#define BURST_MAX      512
#define WINDOW         64 /* messages under way at a time while it is saturated */

/* The tool was too busy or too late to say something about the server. */
#define BUSY_MAX    950 /* of 1000 */
#define LATE_MAX_NS (INT64_C(1000) * 1000)

struct arguments {
	size_t number[3];
	char word[16];
};

/* ---- parts ---- */

static int64_t cpu_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return time.tv_sec * NS_PER_SECOND + time.tv_nsec;
}

static void serve(struct load *load)
{
	publisher_serve(load->publisher);
	if (publisher_reopen(load->publisher)) {
		clients_watch(load->clients, publisher_fd(load->publisher));
		publisher_serve(load->publisher);
	}
}

static void begin(struct load *load)
{
	if (load->options->publish != PUBLISH_NONE && !load->publisher) {
		load->publisher = publisher_new(load->options);
		clients_watch(load->clients, publisher_fd(load->publisher));
	}
	load->ledger.is_data_only = load->options->publish == PUBLISH_PUSHER_HTTP;
	load->ledger.delivered = 0;
	load->ledger.compressed = 0;
	samples_clear(&load->ledger.each);
	samples_clear(&load->ledger.slowest);
	samples_clear(&load->late);
	samples_clear(&load->opened);
	load->start = message_now_ns();
	load->cpu_start = cpu_ns();
}

static void publish(struct load *load, int64_t intended)
{
	struct cln_slice channel, text;

	if (!load->publisher)
		errx(2, "nothing to publish to: --publish and --to");
	if (load->ledger.targets == 0)
		errx(2, "no channel to publish on: open comes first");
	text = ledger_publish(&load->ledger, intended, &channel);
	publisher_add(load->publisher, channel, text);
}

static void turn(struct load *load, int64_t deadline)
{
	if (load->publisher)
		serve(load);
	clients_turn(load->clients, deadline);
}

static void settle(struct load *load)
{
	for (;;) {
		if (load->publisher)
			serve(load);
		/* Behind what that took: the answer to the last request may be all that was missing. */
		if (!load->ledger.outstanding && (!load->publisher || !publisher_pending(load->publisher)))
			return;
		clients_turn(load->clients, CLIENTS_NO_DEADLINE);
	}
}

static void report_percentiles(struct load *load)
{
	struct ledger *ledger = &load->ledger;

	printf(" p50=%lld p99=%lld max=%lld last_p50=%lld last_p99=%lld",
		(long long)samples_percentile(&ledger->each, 50),
		(long long)samples_percentile(&ledger->each, 99),
		(long long)samples_percentile(&ledger->each, 100),
		(long long)samples_percentile(&ledger->slowest, 50),
		(long long)samples_percentile(&ledger->slowest, 99));
}

/* How busy and how late the tool itself was, and whether that was too much. */
static void report_self(struct load *load)
{
	const int64_t wall = message_now_ns() - load->start;
	const int64_t busy = (cpu_ns() - load->cpu_start) * PER_MILLE / (wall ? wall : 1);
	const int64_t late = samples_percentile(&load->late, 99);

	if (load->options->has_deflate)
		printf(" compressed=%zu", load->ledger.compressed);
	printf(" late_p99=%lld busy=%lld bottleneck=%d\n", (long long)late, (long long)busy,
		busy > BUSY_MAX || late > LATE_MAX_NS);
}

/* ---- commands ---- */

static void open_clients(struct load *load, const struct arguments *arguments)
{
	static const struct {
		const char *word;
		enum plan plan;
	} plans[] = {{"", PLAN_COMMON}, {"common", PLAN_COMMON}, {"private", PLAN_PRIVATE},
		{"spread", PLAN_SPREAD}, {"many", PLAN_MANY}};

	for (size_t i = 0; i < sizeof plans / sizeof *plans; i++) {
		if (strcmp(arguments->word, plans[i].word) != 0)
			continue;
		clients_plan(load->clients, arguments->number[0], plans[i].plan, arguments->number[1]);
		clients_open(load->clients, arguments->number[0]);
		printf("open clients=%zu\n", clients_count(load->clients));
		return;
	}
	errx(2, "open N common, private, spread C or many C; not %s", arguments->word);
}

static void close_clients(struct load *load, const struct arguments *arguments)
{
	clients_close(load->clients, arguments->number[0]);
	printf("close clients=%zu\n", clients_count(load->clients));
}

static void run(struct load *load, const struct arguments *arguments)
{
	for (size_t i = 0; i < arguments->number[0]; i++) {
		publish(load, message_now_ns());
		settle(load);
	}
	printf("run deliveries=%zu\n", load->ledger.delivered);
}

/* Messages at their times, whether or not the ones before have arrived. */
static void spaced(struct load *load, const struct arguments *arguments)
{
	const size_t count = arguments->number[0], rate = arguments->number[1];

	if (rate == 0)
		errx(2, "spaced COUNT RATE: the rate is a number of messages a second");
	load->ledger.is_timed = true;
	for (size_t sent = 0; sent < count; sent++) {
		const int64_t intended = load->start + (int64_t)sent * NS_PER_SECOND / (int64_t)rate;

		while (message_now_ns() < intended)
			turn(load, intended);
		publish(load, intended);
		serve(load);
		samples_add(&load->late, message_now_ns() - intended);
	}
	settle(load);
	load->ledger.is_timed = false;
	printf("spaced deliveries=%zu", load->ledger.delivered);
	report_percentiles(load);
	report_self(load);
}

static void burst(struct load *load, const struct arguments *arguments)
{
	const size_t count = arguments->number[0], size = arguments->number[1];

	if (size == 0 || size > BURST_MAX)
		errx(2, "burst COUNT SIZE: 1 to %d messages in one write", BURST_MAX);
	load->ledger.is_timed = true;
	for (size_t i = 0; i < count; i++) {
		const int64_t now = message_now_ns();

		for (size_t k = 0; k < size; k++)
			publish(load, now);
		settle(load);
	}
	load->ledger.is_timed = false;
	printf("burst deliveries=%zu", load->ledger.delivered);
	report_percentiles(load);
	report_self(load);
}

/* As fast as the publishing socket takes them, but with no more than WINDOW messages under way to
 * the slowest client: as many as its receive buffer holds one by one, so that no server has to drop
 * any and none waits for TCP to send again. */
static void saturate(struct load *load, const struct arguments *arguments)
{
	struct ledger *ledger = &load->ledger;
	const size_t count = arguments->number[0];
	int64_t done;

	ledger->is_timed = true;
	for (size_t sent = 0; sent < count || ledger->outstanding;) {
		while (sent < count && publisher_pending(load->publisher) < PENDING_MAX &&
			   ledger_under_way(ledger) < WINDOW) {
			publish(load, message_now_ns());
			sent++;
		}
		turn(load, CLIENTS_NO_DEADLINE);
	}
	done = message_now_ns();
	ledger->is_timed = false;
	printf("saturate deliveries=%zu wall=%lld last=%lld", ledger->delivered,
		(long long)(done - load->start), (long long)samples_last(&ledger->slowest));
	report_percentiles(load);
	report_self(load);
}

static void expect(struct load *load, const struct arguments *arguments)
{
	struct ledger *ledger = &load->ledger;

	if (ledger->targets != 1)
		errx(2, "expect: open N common comes first");
	if (load->options->speak == SPEAK_PLAIN && arguments->number[1] == 0)
		errx(2, "expect COUNT RATE START: frames of the bare loop don't say when they were sent");
	ledger_expect(
		ledger, arguments->number[0], arguments->number[1], (int64_t)arguments->number[2]);
	ledger->is_timed = true;
	settle(load);
	ledger->is_timed = false;
	ledger->is_foreign = false;
	printf("expect deliveries=%zu", ledger->delivered);
	report_percentiles(load);
	report_self(load);
}

/* How many of `rate` a second are due `ns` after the start. */
static size_t due(int64_t ns, size_t rate)
{
	return (size_t)(ns * (int64_t)rate / NS_PER_SECOND) + 1;
}

static int64_t time_of(const struct load *load, size_t i, size_t rate)
{
	return load->start + (int64_t)i * NS_PER_SECOND / (int64_t)rate;
}

/* Opens `count` more at their times; meanwhile `messages` a second. */
static void open_spaced(struct load *load, size_t count, size_t rate, size_t messages)
{
	const size_t before = clients_open_count(load->clients);
	const size_t sends = messages ? count * messages / rate : 0;
	size_t opened = 0, sent = 0;

	load->ledger.is_timed = true;
	clients_time_openings(load->clients, &load->opened);
	while (opened < count || sent < sends || clients_count(load->clients) < before + count) {
		const int64_t now = message_now_ns();
		int64_t next = CLIENTS_NO_DEADLINE;

		for (; opened < count && opened < due(now - load->start, rate); opened++)
			clients_connect(load->clients, time_of(load, opened, rate));
		for (; sent < sends && sent < due(now - load->start, messages); sent++) {
			publish(load, time_of(load, sent, messages));
			serve(load);
			samples_add(&load->late, message_now_ns() - time_of(load, sent, messages));
		}
		if (opened < count)
			next = time_of(load, opened, rate);
		if (sent < sends && time_of(load, sent, messages) < next)
			next = time_of(load, sent, messages);
		turn(load, next);
	}
	settle(load);
	clients_time_openings(load->clients, NULL);
	load->ledger.is_timed = false;
}

static void report_openings(struct load *load)
{
	printf(" open_p50=%lld open_p99=%lld", (long long)samples_percentile(&load->opened, 50),
		(long long)samples_percentile(&load->opened, 99));
}

static void connects(struct load *load, const struct arguments *arguments)
{
	const size_t rate = arguments->number[0], count = rate * arguments->number[1];

	if (count == 0)
		errx(2, "connects RATE SECONDS [MESSAGES]");
	clients_step_aside(load->clients, count);
	open_spaced(load, count, rate, arguments->number[2] ? arguments->number[2] : MESSAGES_USUAL);
	printf("connects opened=%zu deliveries=%zu", count, load->ledger.delivered);
	report_percentiles(load);
	report_openings(load);
	report_self(load);
}

static void members(struct load *load, const struct arguments *arguments)
{
	const size_t count = arguments->number[0], rate = arguments->number[1];

	if (rate == 0)
		errx(2, "members N RATE: the rate is a number of clients a second");
	clients_plan(load->clients, clients_open_count(load->clients) + count, PLAN_MEMBERS, 0);
	open_spaced(load, count, rate, 0);
	clients_hear(load->clients);
	printf("members joined=%zu clients=%zu", count, clients_count(load->clients));
	report_openings(load);
	report_self(load);
}

static void stall(struct load *load, const struct arguments *arguments)
{
	clients_stall(load->clients, arguments->number[0]);
	printf("stall clients=%zu\n", arguments->number[0]);
}

static void resume(struct load *load, const struct arguments *arguments)
{
	const size_t closed = clients_resume(load->clients);

	(void)arguments;
	printf("resume closed=%zu clients=%zu\n", closed, clients_count(load->clients));
}

void commands_obey(struct load *load, const char *line)
{
	static const struct {
		const char *verb;
		void (*obey)(struct load *load, const struct arguments *arguments);
	} commands[] = {{"open", open_clients}, {"close", close_clients}, {"run", run},
		{"spaced", spaced}, {"burst", burst}, {"saturate", saturate}, {"expect", expect},
		{"connects", connects}, {"members", members}, {"stall", stall}, {"resume", resume}};
	struct arguments arguments = {0};
	char verb[16] = "";

	sscanf(line, "%15s %zu %zu %zu", verb, &arguments.number[0], &arguments.number[1],
		&arguments.number[2]);
	if (strcmp(verb, "open") == 0)
		sscanf(line, "%*s %*s %15s %zu", arguments.word, &arguments.number[1]);
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
		if (strcmp(verb, commands[i].verb) != 0)
			continue;
		begin(load);
		commands[i].obey(load, &arguments);
		fflush(stdout);
		return;
	}
	errx(2, "not a command: %s", line);
}

/* SPDX-License-Identifier: MIT
 *
 * The life of a connection: open, greet, write, read replies, fail, try again later.
 *
 * Between calls: fd is -1 or a non-blocking socket; the reader exists exactly when fd does; what
 * outbox.written counts was written on this fd. A command that was written in part is either
 * completed on the same fd or sent as a whole on the next one.
 */
#include "link.h"

#include "circuit.h"
#include "link_news.h"
#include "php.h"
#include "main/php_network.h"
#include "stamp.h"

#include <errno.h>
#include <stdio.h>
#include <sys/uio.h>
#include <unistd.h>

#define OPEN_WITHIN_MS     5000
#define BACKOFF_FIRST_MS   200
#define BACKOFF_MAX_MS     5000
#define LOOKUP_PAUSE_MS    60000
#define RELAYS_WITHIN_MS   15000 /* a relay's pauses are at most 5 s */
#define DRAIN_EVERY        32
#define DRAIN_ROUNDS_MAX   64
#define DRAIN_BYTES        8192
#define REPLY_BYTES_MAX    65536
#define TCP_CHECK_AFTER_MS 50
#define REPLAY_AT          64 /* events of one request */
/* A connection that turns out dead is replaced within the same call, once. */
#define PUMP_ATTEMPTS 2

static void close_fd(struct cln_link *link)
{
	if (link->fd >= 0) {
		cln_link_leave_news(link);
		close(link->fd);
		link->fd = -1;
	}
	cln_reply_reader_free(link->reader);
	link->reader = NULL;
	link->is_open = false;
	link->is_blocked = false;
	link->awaiting_ms = 0;
	ZEND_SECURE_ZERO(&link->greeting, sizeof(link->greeting));
}

static void back_off(struct cln_link *link)
{
	link->backoff_ms =
		link->backoff_ms == 0 ? BACKOFF_FIRST_MS : MIN(link->backoff_ms * 2, BACKOFF_MAX_MS);
	link->retry_at_ms = cln_now_ms() + link->backoff_ms;
}

static void say(struct cln_link *link, const char *error)
{
	snprintf(link->last_error, sizeof(link->last_error), "%s", error);
}

/* A peer that had answered may have been restarted: try again at once; else wait, longer each
 * time, and let events go by the spool. */
void cln_link_fail(struct cln_link *link, const char *error)
{
	const bool is_first = link->mode == CLN_MODE_DIRECT;
	say(link, error);
	close_fd(link);
	cln_outbox_rewind(&link->outbox);
	if (!is_first) {
		cln_circuit_open(link); /* again: a batch may have been on its way */
	}
	if (link->is_proven) {
		link->is_proven = false;
		return;
	}
	link->stats.connect_failures++;
	link->has_news = link->has_news || link->backoff_ms == 0;
	back_off(link);
	if (is_first && cln_link_has_spool(link)) {
		cln_circuit_open(link);
	}
}

static void fail_errno(struct cln_link *link, const char *what, int number)
{
	char reason[CLN_ERROR_MAX / 2];
	char error[CLN_ERROR_MAX];
	const char *const said = php_socket_strerror(number, reason, sizeof(reason));
	snprintf(error, sizeof(error), "%s: %s", what, said);
	cln_link_fail(link, error);
}

/* The peer won't have us. What it got is rejected, for it would refuse it again, unless there is a
 * spool to keep it until the settings are right. */
static void refused(struct cln_link *link, const char *error)
{
	if (!cln_link_has_spool(link)) {
		link->stats.rejected += cln_outbox_take_written(&link->outbox);
	}
	link->is_proven = false;
	link->has_news = true;
	cln_link_fail(link, error);
}

static bool open_link(struct cln_link *link)
{
	char error[CLN_ERROR_MAX];
	if (cln_now_ms() < link->retry_at_ms) {
		return false;
	}
	const enum cln_dialled dialled = cln_dial(&link->target, &link->addresses, &link->fd, error);
	if (dialled == CLN_DIALLED_FAILED) {
		link->fd = -1;
		cln_link_fail(link, error);
		if (link->addresses.count == 0) {
			/* The name: looking it up blocks, a dead name server for seconds. */
			link->retry_at_ms = cln_now_ms() + LOOKUP_PAUSE_MS;
		}
		return false;
	}
	link->reader = cln_reply_reader_new(REPLY_BYTES_MAX);
	if (link->reader == NULL) {
		cln_link_fail(link, "no memory for a connection");
		return false;
	}
	link->is_open = dialled == CLN_DIALLED_OPEN;
	link->open_until_ms = cln_now_ms() + OPEN_WITHIN_MS;
	link->writes_since_drain = 0;
	link->has_looked = false;
	link->stats.connects += link->is_open;
	cln_greeting_compose(&link->greeting, &link->target);
	return true;
}

/* ---- replies ---- */

static void all_is_well(struct cln_link *link)
{
	link->backoff_ms = 0;
	link->retry_at_ms = 0;
}

/* With a spool only an event that was taken ends the pauses: a Redis that still loads its data
 * greets as well as any. */
static void proven(struct cln_link *link)
{
	link->is_proven = true;
	if (!cln_link_has_spool(link)) {
		all_is_well(link);
	}
}

static bool starts_with_one(struct cln_slice text, const struct cln_slice *prefixes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (cln_slice_starts(text, prefixes[i])) {
			return true;
		}
	}
	return false;
}

/* Errors that pass by themselves, or with another server behind the same address: the events are
 * kept and sent again. The last ones need somebody to put something right, which may take longer
 * than an outbox lasts. */
static bool is_passing_error(struct cln_slice text, bool has_spool)
{
	static const struct cln_slice passing[] = {{"LOADING ", 8}, {"READONLY ", 9},
		{"MASTERDOWN ", 11}, {"CLUSTERDOWN ", 12}, {"TRYAGAIN ", 9}, {"BUSY ", 5}};
	static const struct cln_slice repairable[] = {{"NOAUTH ", 7}, {"OOM ", 4}};
	return starts_with_one(text, passing, sizeof(passing) / sizeof(passing[0])) ||
		   (has_spool &&
			   starts_with_one(text, repairable, sizeof(repairable) / sizeof(repairable[0])));
}

/* All of these return false if the connection was given up. */

/* After an outage of Redis the relays are back later than Redis is, and what is published before
 * that reaches nobody. Fewer than before are waited for a while: somebody may have taken one away.
 */
static bool are_relays_back(struct cln_link *link)
{
	const long long relays = link->greeting.relays;
	if (relays >= 0 && relays < link->relays) {
		const int64_t now_ms = cln_now_ms();
		if (link->relays_until_ms == 0) {
			link->relays_until_ms = now_ms + RELAYS_WITHIN_MS;
		}
		if (now_ms < link->relays_until_ms) {
			return false;
		}
	}
	link->relays = relays;
	link->relays_until_ms = 0;
	return true;
}

static bool on_greeting_answer(struct cln_link *link, const struct cln_reply *reply)
{
	char error[CLN_ERROR_MAX];
	if (!cln_greeting_answer(&link->greeting, reply, &link->limits, error)) {
		refused(link, error);
		return false;
	}
	if (!cln_greeting_is_answered(&link->greeting)) {
		return true;
	}
	if (link->greeting.is_news) {
		cln_link_take_news(link);
		return true;
	}
	link->route.channel_len = 0; /* its names were checked against other limits */
	if (!are_relays_back(link)) {
		cln_link_fail(link, "Redis answers, but not all relays listen there again yet");
		link->backoff_ms = BACKOFF_FIRST_MS; /* it is a matter of moments */
		link->retry_at_ms = cln_now_ms() + link->backoff_ms;
		return false;
	}
	proven(link);
	return true;
}

/* The event that a reply is for: a batch begins when nothing else awaits any. False if there is
 * none. */
static bool acknowledge(struct cln_link *link, bool is_accepted)
{
	if (!cln_outbox_awaits_replies(&link->spooling.lane)) {
		return cln_outbox_acknowledge(&link->outbox);
	}
	cln_outbox_acknowledge(&link->spooling.lane);
	cln_spooling_answered(&link->spooling, &link->stats, is_accepted);
	return true;
}

static bool answered_too_much(struct cln_link *link)
{
	cln_link_fail(link, "the peer answered more than was asked");
	return false;
}

static bool accepted(struct cln_link *link)
{
	if (!acknowledge(link, true)) {
		return answered_too_much(link);
	}
	link->stats.acknowledged++;
	all_is_well(link);
	return true;
}

static bool on_publish_reply(struct cln_link *link, const struct cln_reply *reply)
{
	const struct cln_slice text = reply->item[0].text;
	const bool is_accepted = reply->type != CLN_REPLY_ERROR;
	if (!is_accepted && is_passing_error(text, cln_link_has_spool(link))) {
		char error[CLN_ERROR_MAX];
		cln_error_join(error, "", text);
		link->is_proven = false;
		cln_link_fail(link, error);
		return false;
	}
	if (is_accepted) {
		cln_link_note_receivers(link, reply->item[0].integer);
		return accepted(link);
	}
	if (!acknowledge(link, false)) {
		return answered_too_much(link);
	}
	link->stats.rejected++;
	link->has_news = true;
	cln_error_join(link->last_error, "event rejected: ", text);
	return true;
}

/* The answers to PUBLISH that nothing is wrong with, which most are; `bytes` moves behind them. */
static bool read_numbers(struct cln_link *link, struct cln_slice *bytes)
{
	if (!cln_greeting_is_answered(&link->greeting)) {
		return true;
	}
	long long most = 0;
	for (size_t left = cln_reply_count_integers(link->reader, bytes, &most); left > 0; left--) {
		if (!accepted(link)) {
			return false;
		}
	}
	cln_link_note_receivers(link, most);
	return true;
}

static bool read_replies(struct cln_link *link, struct cln_slice bytes)
{
	struct cln_reply reply;
	if (!read_numbers(link, &bytes)) {
		return false;
	}
	if (cln_reply_feed(link->reader, bytes) != CLN_OK) {
		cln_link_fail(link, "the peer's reply is too long");
		return false;
	}
	for (;;) {
		const int result = cln_reply_next(link->reader, &reply);
		if (result == CLN_ERR_MORE) {
			return true;
		}
		if (result != CLN_OK) {
			cln_link_fail(link, "the peer does not speak RESP");
			return false;
		}
		const bool is_good = cln_greeting_is_answered(&link->greeting)
								 ? on_publish_reply(link, &reply)
								 : on_greeting_answer(link, &reply);
		if (!is_good) {
			return false;
		}
	}
}

/* Something was answered: the time for the next answer begins. */
static void restart_ack_timer(struct cln_link *link)
{
	if (cln_link_has_spool(link)) {
		link->awaiting_ms = cln_link_awaits_replies(link) ? cln_coarse_now_ms() : 0;
	}
}

static bool drain(struct cln_link *link)
{
	char bytes[DRAIN_BYTES];
	link->writes_since_drain = 0;
	for (int round = 0; round < DRAIN_ROUNDS_MAX; round++) {
		const ssize_t got = recv(link->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
		if (got == 0) {
			cln_link_fail(link, "the peer closed the connection");
			return false;
		}
		if (got < 0) {
			if (errno == EINTR) {
				continue;
			}
			if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOTCONN) {
				return true;
			}
			fail_errno(link, "cannot read", errno);
			return false;
		}
		if (!read_replies(link, cln_slice(bytes, (size_t)got))) {
			return false;
		}
		restart_ack_timer(link);
		if ((size_t)got < sizeof(bytes)) {
			return true;
		}
	}
	return true;
}

/* ---- writing ---- */

static void count_written(struct cln_link *link, size_t written)
{
	struct cln_greeting *greeting = &link->greeting;
	const size_t of_greeting = MIN(greeting->len - greeting->written, written);
	if (of_greeting > 0) {
		greeting->written += of_greeting;
		if (greeting->written == greeting->len) {
			ZEND_SECURE_ZERO(greeting->bytes, sizeof(greeting->bytes));
		}
	}
	struct cln_outbox *queue = cln_circuit_queue(link);
	if (queue != NULL) {
		const struct cln_outbox_progress progress = cln_outbox_wrote(queue, written - of_greeting);
		link->stats.sent += progress.sent;
		link->stats.resent += progress.resent;
		link->stats.repeated += progress.resent;
		link->writes_since_drain += (unsigned)(progress.sent + progress.resent);
	}
	if (link->awaiting_ms == 0 && cln_link_has_spool(link)) {
		link->awaiting_ms = cln_coarse_now_ms();
	}
}

/* One system call for the greeting, if it is not out yet, and everything that waits. */
static ssize_t write_once(struct cln_link *link, size_t *wanted)
{
	struct cln_greeting *greeting = &link->greeting;
	const struct cln_outbox *queue = cln_circuit_queue(link);
	const struct cln_slice rest = queue != NULL ? cln_outbox_unwritten(queue) : cln_slice(NULL, 0);
	const size_t greeting_left = greeting->len - greeting->written;
	*wanted = greeting_left + rest.len;
	if (greeting_left == 0) {
		return send(link->fd, rest.ptr, rest.len, MSG_NOSIGNAL | MSG_DONTWAIT);
	}
	struct iovec parts[] = {
		{greeting->bytes + greeting->written, greeting_left}, {(void *)rest.ptr, rest.len}};
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = rest.len > 0 ? 2 : 1};
	return sendmsg(link->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static bool is_opening_error(const struct cln_link *link, int number)
{
	return !link->is_open && (number == ENOTCONN || number == EINPROGRESS || number == EALREADY);
}

/* The write failed for good. What the peer said before it went is worth more than errno. */
static void on_write_error(struct cln_link *link, int number)
{
	if (link->is_open && !drain(link)) {
		return;
	}
	fail_errno(link, link->is_open ? "cannot write" : "cannot connect", number);
}

/* False if the connection was given up. */
static bool write_some(struct cln_link *link)
{
	size_t wanted;
	ssize_t written;
	do {
		written = write_once(link, &wanted);
	} while (written < 0 && errno == EINTR);
	link->stats.writes++;
	if (written < 0) {
		if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS ||
			is_opening_error(link, errno)) {
			link->is_blocked = true;
			return true;
		}
		on_write_error(link, errno);
		return false;
	}
	if (!link->is_open) {
		link->is_open = true;
		link->stats.connects++;
	}
	link->is_stuck = false;
	link->is_blocked = (size_t)written < wanted;
	link->stats.partial_writes += link->is_blocked;
	count_written(link, (size_t)written);
	return true;
}

/* Whether the peer has been silent for too long, as far as was read. */
static bool is_overdue(const struct cln_link *link)
{
	return link->awaiting_ms != 0 &&
		   cln_coarse_now_ms() - link->awaiting_ms > link->target.ack_timeout_ms;
}

/* Whether replies are read before the next write, because what they say matters. A Unix socket
 * tells a dead peer at once by the write; TCP may take one write of a peer that is gone, so an idle
 * link is looked at first. */
static bool is_drain_due(struct cln_link *link)
{
	if (!cln_greeting_is_answered(&link->greeting) || link->is_blocked ||
		link->mode != CLN_MODE_DIRECT || is_overdue(link)) {
		return true;
	}
	if (cln_target_is_unix(&link->target)) {
		return false;
	}
	const int64_t now_ms = cln_coarse_now_ms();
	const bool was_idle = now_ms - link->used_ms > TCP_CHECK_AFTER_MS;
	link->used_ms = now_ms;
	return was_idle;
}

/* The peer hangs, or the way to it is cut. */
static void give_up_waiting(struct cln_link *link)
{
	char error[CLN_ERROR_MAX];
	snprintf(error, sizeof(error), "the peer has answered nothing for %" PRId64 " ms",
		link->target.ack_timeout_ms);
	link->is_proven = false;
	cln_link_fail(link, error);
}

/* Whether a call that publishes may send a batch. In a web request only one that would else bring
 * more to the spool than leaves it. */
static bool may_replay(const struct cln_link *link)
{
	return !link->spares_calls || link->outbox.unsent >= REPLAY_AT;
}

static bool has_unwritten(struct cln_link *link)
{
	return link->greeting.written < link->greeting.len || cln_circuit_has_unwritten(link);
}

/* The greeting and a batch, then what follows it. False if the connection was given up. */
static bool write_all(struct cln_link *link)
{
	for (int i = 0; i < 2 && has_unwritten(link); i++) {
		if (!write_some(link)) {
			return false;
		}
		if (link->is_blocked) {
			break;
		}
	}
	return true;
}

/* False if the connection was given up. */
static bool pump_open(struct cln_link *link, enum cln_drain how)
{
	if (link->greeting.written > 0 && (how == CLN_DRAIN_NOW || is_drain_due(link)) &&
		!drain(link)) {
		return false;
	}
	if (cln_link_has_spool(link)) {
		if (is_overdue(link)) {
			give_up_waiting(link);
			return false;
		}
		cln_circuit_step(link, how == CLN_DRAIN_NOW || may_replay(link));
	}
	if (!cln_link_awaits_replies(link)) {
		cln_link_compose_news(link);
	}
	if (!write_all(link)) {
		return false;
	}
	/* Taking replies off a Unix socket wakes a relay that sleeps (it might want to write), which
	 * costs ten times the rest of a call. Right behind a write it is being woken anyway. */
	if (how == CLN_DRAIN_WHEN_DUE && link->mode == CLN_MODE_DIRECT &&
		link->writes_since_drain >= DRAIN_EVERY && !drain(link)) {
		return false;
	}
	if (!link->is_open && cln_now_ms() > link->open_until_ms) {
		cln_link_fail(link, "no connection within 5 seconds");
		return false;
	}
	return true;
}

static bool wants_connection(struct cln_link *link)
{
	return link->mode != CLN_MODE_DIRECT || cln_circuit_has_unwritten(link);
}

void cln_link_pump(struct cln_link *link, enum cln_drain how)
{
	link->is_held = false;
	for (int attempt = 0; attempt < PUMP_ATTEMPTS; attempt++) {
		if (link->fd < 0 && (!wants_connection(link) || !open_link(link))) {
			break;
		}
		if (pump_open(link, how)) {
			break;
		}
	}
	if (cln_link_sends(link)) {
		return;
	}
	if (how == CLN_DRAIN_NOW || !cln_circuit_may_keep(link)) {
		cln_circuit_store(link);
	}
}

void cln_link_break(struct cln_link *link, const char *error)
{
	if (!cln_link_has_spool(link) || cln_link_is_settled(link)) {
		return;
	}
	/* On the detour a connection carries nothing of the outbox: it may go on. */
	if (cln_link_sends(link)) {
		link->is_proven = false;
		if (link->fd >= 0) {
			cln_link_fail(link, error);
		}
		cln_circuit_open(link);
	}
	cln_circuit_store(link);
}

/* ---- the outbox, the end ---- */

const struct cln_route *cln_link_route(
	struct cln_link *link, struct cln_slice channel, struct cln_slice name)
{
	if (!cln_route_is(&link->route, channel, name)) {
		cln_route_make(&link->route, &link->target, channel, name);
	}
	return &link->route;
}

void cln_link_append(
	struct cln_link *link, const struct cln_route *route, const struct cln_event *event)
{
	/* What goes to the spool gets its numbers when it is sent. */
	struct cln_numbering numbering = {.publisher = link->numbers.publisher};
	if (cln_link_sends(link)) {
		const struct cln_slice channel = cln_slice(route->channel, route->channel_len);
		numbering = cln_numbers_next(&link->numbers, &link->target, channel);
	}
	char *out = cln_outbox_reserve(&link->outbox, cln_command_bound(route, event));
	const size_t size = cln_command_write(out, &link->target, route, event, &numbering);
	cln_outbox_commit(&link->outbox, size);
}

void cln_link_forked(struct cln_link *link, uint64_t publisher)
{
	close_fd(link);
	cln_outbox_deinit(&link->outbox);
	cln_spooling_deinit(&link->spooling);
	cln_numbers_anew(&link->numbers, publisher);
	memset(&link->stats, 0, sizeof(link->stats));
	memset(link->told, 0, sizeof(link->told));
	link->last_error[0] = '\0';
	link->mode = CLN_MODE_DIRECT;
	link->goes_behind = false;
	link->is_proven = false;
	link->is_stuck = false;
	link->is_held = false;
	link->kept_ms = 0;
	link->dropped_in_a_row = 0;
	link->has_news = false;
	link->backoff_ms = 0;
	link->retry_at_ms = 0;
}

void cln_link_deinit(struct cln_link *link)
{
	close_fd(link);
	cln_outbox_deinit(&link->outbox);
	cln_spooling_deinit(&link->spooling);
	cln_numbers_anew(&link->numbers, 0);
}

/* SPDX-License-Identifier: MIT
 *
 * See clients.h. Level-triggered epoll and one read a turn: what is measured is the other side, and
 * this one has a core of its own. Owns the sockets until the program ends.
 */
#include "clients_private.h"

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define EVENTS_MAX    512
#define OPENING_MAX   64 /* at a time: the relay paces upgrades */
#define NS_PER_SECOND INT64_C(1000000000)
#define WATCHED       UINT64_MAX /* in place of a client's number */

/* A source address has 28,000 ports, and each stays taken for a minute after its connection: the
 * connections go round many addresses, so many on each. */
#define SOURCE_PORTS   2000
#define SOURCE_FIRST   0x7f000002 /* 127.0.0.2 */
#define SOURCE_MODULUS 200

static const char *const plan_prefix[] = {
	[PLAN_COMMON] = MESSAGE_CHANNEL,
	[PLAN_PRIVATE] = "private-" MESSAGE_CHANNEL,
	[PLAN_SPREAD] = MESSAGE_CHANNEL,
	[PLAN_MANY] = MESSAGE_CHANNEL,
	[PLAN_MEMBERS] = "presence-" MESSAGE_CHANNEL,
};

struct clients *clients_new(const struct options *options, struct ledger *ledger)
{
	struct clients *clients = calloc(1, sizeof *clients);

	if (!clients)
		err(1, "clients");
	clients->options = options;
	clients->ledger = ledger;
	if (options->has_deflate)
		clients->inflater = inflater_new();
	if (options->has_tls)
		clients->secure = secure_context_new();
	clients->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (clients->epoll < 0)
		err(1, "epoll");
	return clients;
}

size_t clients_count(const struct clients *clients)
{
	return clients->ready;
}

size_t clients_open_count(const struct clients *clients)
{
	return clients->count;
}

static void set_interest(struct clients *clients, size_t i, int operation, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.u64 = i};

	if (epoll_ctl(clients->epoll, operation, clients->client[i].fd, &event) != 0)
		err(1, "epoll_ctl");
}

void clients_watch(struct clients *clients, int fd)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.u64 = WATCHED};

	if (epoll_ctl(clients->epoll, EPOLL_CTL_ADD, fd, &event) != 0)
		err(1, "epoll_ctl");
}

/* ---- which channels ---- */

static size_t channels_of(const struct clients *clients, size_t i)
{
	const size_t channels = clients->plan_channels, total = clients->total;

	switch (clients->plan) {
	case PLAN_COMMON:
	case PLAN_PRIVATE:
	case PLAN_MEMBERS:
		return 1;
	case PLAN_SPREAD:
		return channels <= total ? 1 : (channels - i - 1) / total + 1;
	case PLAN_MANY:
		return channels;
	}
	errx(1, "no plan");
}

static uint32_t channel_of(const struct clients *clients, size_t i, size_t k)
{
	switch (clients->plan) {
	case PLAN_COMMON:
	case PLAN_MEMBERS:
		return clients->is_aside; /* 0 or the one behind it */
	case PLAN_PRIVATE:
		return (uint32_t)i;
	case PLAN_SPREAD:
		return (uint32_t)((i + k * clients->total) % clients->plan_channels);
	case PLAN_MANY:
		return (uint32_t)k;
	}
	errx(1, "no plan");
}

static void join(struct clients *clients, size_t i)
{
	struct client *client = &clients->client[i];

	client->channel_count = (uint32_t)channels_of(clients, i);
	client->unanswered = client->channel_count;
	if (client->channel_count != 1) {
		client->on.many = calloc(client->channel_count, sizeof *client->on.many);
		if (!client->on.many)
			err(1, "subscriptions");
	}
	for (size_t k = 0; k < client->channel_count; k++)
		ledger_join(clients->ledger, &client_subscriptions(client)[k], channel_of(clients, i, k));
}

static void leave(struct clients *clients, struct client *client)
{
	for (size_t k = 0; k < client->channel_count; k++)
		ledger_leave(clients->ledger, &client_subscriptions(client)[k]);
}

static void reserve(struct clients *clients, size_t count)
{
	if (count <= clients->cap)
		return;
	clients->client = realloc(clients->client, count * sizeof *clients->client);
	if (!clients->client)
		err(1, "clients");
	clients->cap = count;
}

static size_t channels_wanted(size_t total, enum plan plan, size_t channels)
{
	switch (plan) {
	case PLAN_COMMON:
	case PLAN_MEMBERS:
		return 1;
	case PLAN_PRIVATE:
		return total;
	case PLAN_SPREAD:
	case PLAN_MANY:
		return channels;
	}
	errx(1, "no plan");
}

void clients_plan(struct clients *clients, size_t total, enum plan plan, size_t channels)
{
	struct ledger *ledger = clients->ledger;
	const bool is_common = plan == PLAN_COMMON || plan == PLAN_MEMBERS;

	if (clients->count == 0)
		ledger_clear_channels(ledger);
	else if (plan != clients->plan || channels != clients->plan_channels || clients->is_aside)
		errx(2, "another plan while clients are open: close them first");
	if ((plan == PLAN_SPREAD || plan == PLAN_MANY) && channels == 0)
		errx(2, "open N spread C, open N many C: say how many channels");
	clients->plan = plan;
	clients->plan_channels = channels;
	clients->total = total;
	clients->is_aside = false;
	ledger->targets = channels_wanted(total, plan, channels);
	ledger_channels(ledger, ledger->targets, plan_prefix[plan], is_common);
	reserve(clients, total);
}

void clients_step_aside(struct clients *clients, size_t more)
{
	if (clients->plan != PLAN_COMMON || clients->count == 0)
		errx(2, "open N common comes first");
	if (!clients->is_aside)
		clients->aside_from = clients->count;
	clients->is_aside = true;
	ledger_channels(clients->ledger, 2, MESSAGE_CHANNEL "-aside", true);
	reserve(clients, clients->count + more);
}

/* ---- opening and closing ---- */

static void bind_source(struct clients *clients, int fd)
{
	const size_t source = clients->sources++ / SOURCE_PORTS % SOURCE_MODULUS;
	const struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(SOURCE_FIRST + (uint32_t)source)};
	const int one = 1;

	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
	if (bind(fd, (const struct sockaddr *)&address, sizeof address) != 0)
		err(1, "bind");
}

void clients_connect(struct clients *clients, int64_t intended)
{
	const struct sockaddr_in address = {.sin_family = AF_INET,
		.sin_port = htons(clients->options->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const size_t i = clients->count++;
	struct client *client = &clients->client[i];

	*client = (struct client){
		.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), .intended = intended};
	if (client->fd < 0)
		err(1, "socket %zu: raise the limit of open files", i);
	bind_source(clients, client->fd);
	if (connect(client->fd, (const struct sockaddr *)&address, sizeof address) != 0 &&
		errno != EINPROGRESS)
		err(1, "connect");
	join(clients, i);
	set_interest(clients, i, EPOLL_CTL_ADD, EPOLLOUT);
}

static void on_handshake(struct clients *clients, struct client *client)
{
	if (secure_handshake(client->secure))
		speak_start(clients, client);
}

static void on_connected(struct clients *clients, size_t i)
{
	struct client *client = &clients->client[i];
	int failure = 0;
	socklen_t size = sizeof failure;

	getsockopt(client->fd, SOL_SOCKET, SO_ERROR, &failure, &size);
	if (failure)
		errx(1, "connect: %s", strerror(failure));
	set_interest(clients, i, EPOLL_CTL_MOD, EPOLLIN);
	if (!clients->secure) {
		speak_start(clients, client);
		return;
	}
	client->secure = secure_new(clients->secure, client->fd);
	client->stage = SECURING;
	on_handshake(clients, client);
}

void client_ready(struct clients *clients, struct client *client)
{
	client->stage = READY;
	clients->ready++;
	if (clients->opened)
		samples_add(clients->opened, message_now_ns() - client->intended);
}

void clients_time_openings(struct clients *clients, struct samples *opened)
{
	clients->opened = opened;
}

void clients_open(struct clients *clients, size_t count)
{
	clients->progress = message_now_ns();
	while (clients->ready < count) {
		while (clients->count < count && clients->count - clients->ready < OPENING_MAX)
			clients_connect(clients, message_now_ns());
		clients_turn(clients, CLIENTS_NO_DEADLINE);
	}
}

static void forget(struct clients *clients, struct client *client)
{
	secure_free(client->secure);
	close(client->fd);
	free(client->buffer);
	if (client->channel_count != 1)
		free(client->on.many);
	client->stage = GONE;
	clients->ready--;
}

/* Waits until the server has closed its side too; what still comes is dropped. */
static void await_end(const struct clients *clients, const struct client *client)
{
	const struct timeval patience = {.tv_sec = clients->options->patience_ns / NS_PER_SECOND};
	static char bytes[CLIENT_READ_BYTES];
	ssize_t n;

	setsockopt(client->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	do
		n = recv(client->fd, bytes, sizeof bytes, 0);
	while (n > 0);
	if (n < 0 && errno != ECONNRESET)
		err(1, "the server did not close a connection that was closed");
}

void clients_close(struct clients *clients, size_t count)
{
	if (count > clients->count)
		errx(2, "close %zu: there are only %zu", count, clients->count);
	const size_t first = clients->count - count;

	for (size_t i = first; i < clients->count; i++) {
		set_interest(clients, i, EPOLL_CTL_DEL, 0);
		fcntl(clients->client[i].fd, F_SETFL, 0); /* blocking from here on */
		leave(clients, &clients->client[i]);
		shutdown(clients->client[i].fd, SHUT_WR);
	}
	for (size_t i = first; i < clients->count; i++) {
		if (clients->options->speak != SPEAK_PLAIN)
			await_end(clients, &clients->client[i]);
		forget(clients, &clients->client[i]);
	}
	clients->count = first;
	if (first <= clients->aside_from)
		clients->is_aside = false;
}

/* ---- reading ---- */

static void on_end(struct clients *clients, struct client *client, const char *why)
{
	if (client->stage != CATCHING)
		errx(1, "a connection ended: %s", why);
	forget(clients, client);
}

static void on_readable(struct clients *clients, struct client *client)
{
	static char bytes[CLIENT_READ_BYTES];
	ssize_t n;

	do { /* TLS may hold more than one read gives */
		n = client->secure ? secure_read(client->secure, bytes, sizeof bytes)
						   : read(client->fd, bytes, sizeof bytes);
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0) {
			on_end(clients, client, n < 0 ? strerror(errno) : "closed by the server");
			return;
		}
		speak_bytes(clients, client, cln_slice(bytes, (size_t)n), message_now_ns());
	} while (client->secure);
}

static void on_event(struct clients *clients, size_t i)
{
	struct client *client = &clients->client[i];

	if (client->stage == CONNECTING)
		on_connected(clients, i);
	else if (client->stage == SECURING)
		on_handshake(clients, client);
	else
		on_readable(clients, client);
}

static struct timespec timespec_of(int64_t ns)
{
	return (struct timespec){.tv_sec = ns / NS_PER_SECOND, .tv_nsec = ns % NS_PER_SECOND};
}

/* Sleeps, or naps and then looks; returns the number of events. */
static int look(struct clients *clients, struct epoll_event *events, int64_t deadline)
{
	const int64_t now = message_now_ns(), nap = clients->options->nap_ns;
	const int64_t patience = clients->options->patience_ns / 2;
	int64_t left = deadline <= now ? 0 : deadline - now;
	struct timespec time;

	if (nap && left) {
		time = timespec_of(left < nap ? left : nap);
		if (!clients->is_more)
			nanosleep(&time, NULL);
		left = 0;
	}
	time = timespec_of(left < patience ? left : patience);
	return epoll_pwait2(clients->epoll, events, EVENTS_MAX, &time, NULL);
}

static long long seconds_of(int64_t ns)
{
	return ns / NS_PER_SECOND;
}

static void check_patience(const struct clients *clients)
{
	const bool is_waited_for = clients->ready < clients->count || clients->ledger->outstanding > 0;

	if (is_waited_for && message_now_ns() - clients->progress > clients->options->patience_ns)
		errx(1, "nothing arrived for %lld s: %zu of %zu clients ready, %zu deliveries missing",
			seconds_of(clients->options->patience_ns), clients->ready, clients->count,
			clients->ledger->outstanding);
}

void clients_turn(struct clients *clients, int64_t deadline)
{
	struct epoll_event events[EVENTS_MAX];
	const int count = look(clients, events, deadline);

	if (count < 0 && errno != EINTR)
		err(1, "epoll_wait");
	for (int i = 0; i < count; i++)
		if (events[i].data.u64 != WATCHED)
			on_event(clients, events[i].data.u64);
	clients->is_more = count == EVENTS_MAX;
	if (count > 0)
		clients->progress = message_now_ns();
	else
		check_patience(clients);
}

/* For what the ledger doesn't know of: ends the program if nothing comes for long. */
static void await_more(struct clients *clients, const char *what)
{
	clients_turn(clients, message_now_ns() + NS_PER_SECOND);
	if (message_now_ns() - clients->progress > clients->options->patience_ns)
		errx(1, "nothing arrived for %lld s: %s", seconds_of(clients->options->patience_ns), what);
}

/* ---- presence ---- */

static size_t unheard(const struct clients *clients)
{
	size_t count = 0;

	for (size_t i = 0; i < clients->count; i++)
		count += clients->ready - clients->client[i].listed - clients->client[i].added;
	return count;
}

void clients_hear(struct clients *clients)
{
	clients->progress = message_now_ns();
	while (unheard(clients))
		await_more(clients, "members have not heard of every other");
}

/* ---- slow readers ---- */

void clients_stall(struct clients *clients, size_t count)
{
	if (clients->stalled || count > clients->ready)
		errx(2, "stall %zu: there are not so many that read", count);
	clients->stalled = count;
	for (size_t i = clients->count - count; i < clients->count; i++) {
		set_interest(clients, i, EPOLL_CTL_DEL, 0);
		clients->client[i].stage = STALLED;
		leave(clients, &clients->client[i]);
	}
}

static bool has_caught_up(const struct clients *clients, struct client *client)
{
	for (size_t k = 0; k < client->channel_count; k++) {
		const struct subscription *subscription = &client_subscriptions(client)[k];

		if (subscription->last != clients->ledger->channels[subscription->channel].last)
			return false;
	}
	return true;
}

static void read_again(struct clients *clients, size_t first)
{
	for (size_t i = first; i < clients->count; i++) {
		clients->client[i].stage = CATCHING;
		set_interest(clients, i, EPOLL_CTL_ADD, EPOLLIN);
	}
}

static size_t still_catching(struct clients *clients, size_t first)
{
	size_t count = 0;

	for (size_t i = first; i < clients->count; i++)
		count +=
			clients->client[i].stage == CATCHING && !has_caught_up(clients, &clients->client[i]);
	return count;
}

/* Closes the gaps of those that are gone; the rest takes part again. */
static void close_ranks(struct clients *clients, size_t first)
{
	size_t kept = first;

	for (size_t i = first; i < clients->count; i++) {
		struct client *client = &clients->client[kept];

		if (clients->client[i].stage == GONE)
			continue;
		*client = clients->client[i];
		client->stage = READY;
		for (size_t k = 0; k < client->channel_count; k++)
			ledger_join(clients->ledger, &client_subscriptions(client)[k],
				client_subscriptions(client)[k].channel);
		set_interest(clients, kept++, EPOLL_CTL_MOD, EPOLLIN);
	}
	clients->count = kept;
}

size_t clients_resume(struct clients *clients)
{
	const size_t before = clients->count, first = before - clients->stalled;

	clients->progress = message_now_ns();
	read_again(clients, first);
	while (still_catching(clients, first))
		await_more(clients, "clients that read again got neither what they missed nor an end");
	close_ranks(clients, first);
	clients->stalled = 0;
	return before - clients->count;
}

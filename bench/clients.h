/* SPDX-License-Identifier: MIT
 *
 * The receiving side: many TCP connections on one epoll. Whoever is refused, closed or gets a wrong
 * message ends the program: a measurement with fewer clients is none.
 */
#ifndef BENCH_CLIENTS_H
#define BENCH_CLIENTS_H

#include "ledger.h"
#include "options.h"

/* Which channels a client is on. */
enum plan {
	PLAN_COMMON,  /* all on one */
	PLAN_PRIVATE, /* each on a private one of its own */
	PLAN_SPREAD,  /* client i on channel i mod C; with more channels than clients, on several */
	PLAN_MANY,    /* each on the same C channels */
	PLAN_MEMBERS, /* all on one presence channel, each a user of its own */
};

struct clients;

struct clients *clients_new(const struct options *options, struct ledger *ledger);

/* What the clients to come will be on, once there are `total`; `channels` is the plan's C. The same
 * as before while clients are open. */
void clients_plan(struct clients *clients, size_t total, enum plan plan, size_t channels);
/* Those to come are on a channel of their own, on which nothing is published: they don't change who
 * gets the messages. Needs PLAN_COMMON. */
void clients_step_aside(struct clients *clients, size_t more);

/* Opens one more connection, which was meant to be opened at `intended`. */
void clients_connect(struct clients *clients, int64_t intended);
/* Where the times from there until each is ready go; NULL: nowhere. */
void clients_time_openings(struct clients *clients, struct samples *opened);

/* Presence: returns when every member has heard of every other. */
void clients_hear(struct clients *clients);

/* Opens connections until `count` are ready to receive. */
void clients_open(struct clients *clients, size_t count);

/* Closes the last `count`; returns when the server has closed them too. */
void clients_close(struct clients *clients, size_t count);

/* Looks at the sockets, once: sleeps until something comes, or naps, but not beyond `deadline` (of
 * CLOCK_MONOTONIC; at once if it is past). Ends the program if nothing has come for long although
 * something is waited for. */
void clients_turn(struct clients *clients, int64_t deadline);

#define CLIENTS_NO_DEADLINE INT64_MAX

/* Wakes clients_turn() when `fd` can be read or written again (edge-triggered). */
void clients_watch(struct clients *clients, int fd);

/* The last `count` read nothing any more, and are not waited for; */
void clients_stall(struct clients *clients, size_t count);
/* until they read everything again. Returns how many of them the server has closed meanwhile. */
size_t clients_resume(struct clients *clients);

size_t clients_count(const struct clients *clients); /* that are ready */
size_t clients_open_count(const struct clients *clients);

#endif

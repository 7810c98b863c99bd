/* SPDX-License-Identifier: MIT
 *
 * The load tool: opens clients, publishes, and says what arrived. Every message is checked byte by
 * byte, in its order, at every client; a wrong or missing one ends the program with a sentence.
 *
 *   load --port N [--speak pusher|websocket|plain] [--path /PATH]
 *        [--publish resp|plain|http|pusher-http|none] [--to UNIX-PATH|PORT]
 *        [--publish-path /PATH] [--signed]
 *        [--app A --key K --secret S] [--payload BYTES] [--nap-us N] [--deflate] [--tls]
 *        [--patience-s N]
 *   load sizes [...]        prints COMMAND-BYTES FRAME-BYTES for bench/bare
 *
 * speak: pusher (upgrade, connection_established, subscribe), websocket (ready when upgraded),
 * plain (bench/bare). publish: resp (the relay's Unix socket, envelopes --signed or not), plain
 * (the same bytes, unasked), http (each text is the body of a POST to --publish-path), pusher-http
 * (Pusher's HTTP API, signed).
 * With --nap-us 0 it sleeps until something comes, which is quick, and each send() of the server
 * pays for waking it; with 1000 it looks at the sockets once a millisecond.
 *
 * A command is a line on standard input; its answer is a line of words NAME=VALUE, times in ns:
 *
 *   open N [common|private|spread C|many C]
 *                       opens clients until N are ready: all on one channel; each on a private one
 *                       of its own; client i on channel i mod C; each on the same C channels
 *   close N             the last N go; answers when the server has closed them too
 *   run COUNT           messages, each after the last one has reached everybody
 *   spaced COUNT RATE   so many a second, from intended times
 *   burst COUNT SIZE    SIZE messages in one write, COUNT times, each after everybody has the last
 *   saturate COUNT      as fast as the socket takes them; wall: until everybody had everything,
 *                       last: of the last message
 *   expect COUNT [RATE START]
 *                       somebody else publishes "@STAMP#SERIAL" in its data, SERIAL from 1 on; the
 *                       times are counted from the stamps, or from START (of CLOCK_MONOTONIC) and
 *                       1/RATE, which bench/bare needs, whose frames say nothing
 *   connects RATE SECONDS [MESSAGES]
 *                       opens so many clients a second, on a channel aside, while MESSAGES (20) a
 *                       second go to the others
 *   members N RATE      N more join a presence channel, each a user of its own, so many a second;
 *                       answers when everybody has heard of everybody
 *   stall N | resume    the last N stop reading; read again, those that the server has closed go
 *
 * open_p50= open_p99= (from the time a client was to be opened until it was ready), compressed=.
 * deliveries=, p50= p99= max= (of each delivery), last_p50= last_p99= (until the last client had a
 * message), late_p99= (how late the tool sent), busy= (its CPU in per mille), bottleneck=1 if that
 * was too much for the figures to say something about the server.
 */
#include "commands.h"

#include <err.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#define LINE_MAX_BYTES 256

static void raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		err(1, "getrlimit");
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		err(1, "setrlimit");
}

static void print_sizes(const struct options *options)
{
	size_t command, frame;

	publisher_sizes(options, &command, &frame);
	printf("%zu %zu\n", command, frame);
}

/* What arrives after everybody had everything is a message too many. */
static void look_once_more(struct load *load)
{
	clients_turn(load->clients, 0);
}

int main(int argc, char **argv)
{
	struct options options;
	struct load load = {.options = &options};
	char line[LINE_MAX_BYTES];

	if (argc > 1 && strcmp(argv[1], "sizes") == 0) {
		options_read(&options, argc - 1, argv + 1);
		print_sizes(&options);
		return 0;
	}
	options_read(&options, argc, argv);
	if (options.port == 0)
		errx(2, "--port is missing; the comment of bench/load.c has the options");
	prctl(PR_SET_TIMERSLACK, 1L);
	raise_file_limit();
	ledger_init(&load.ledger, options.payload);
	load.clients = clients_new(&options, &load.ledger);
	while (fgets(line, sizeof line, stdin))
		commands_obey(&load, line);
	look_once_more(&load);
	return 0;
}

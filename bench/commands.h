/* SPDX-License-Identifier: MIT
 *
 * The commands of the load tool, see load.c.
 */
#ifndef BENCH_COMMANDS_H
#define BENCH_COMMANDS_H

#include "clients.h"
#include "ledger.h"
#include "options.h"
#include "publisher.h"

struct load {
	const struct options *options;
	struct ledger ledger;
	struct clients *clients;
	struct publisher *publisher; /* NULL before the first message */
	struct samples late;         /* ns that messages were sent after their intended time */
	struct samples opened;       /* ns from the intended time until a client was ready */
	int64_t cpu_start, start;    /* of the command, for its report */
};

/* Does what a line says and prints the answer; ends the program if the line is no command. */
void commands_obey(struct load *load, const char *line);

#endif
